"""The views that may be read through the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from api.database import ApiDatabase

__all__ = ["PublishedViews"]


class PublishedViews:
    """Reads rows of published views; one per application, for its guards are shared by all routes."""

    def __init__(self, database: ApiDatabase, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
