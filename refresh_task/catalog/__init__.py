"""What views there are now, and what each depends on."""

from refresh_task.catalog.status import read_view_status
from refresh_task.catalog.views import adopt_views, read_now, read_views

__all__ = ["adopt_views", "read_now", "read_view_status", "read_views"]
