"""The only door to the driver: connections, credentials and the named queries of queries/."""

from refresh_task.database.connection import Session, connect
from refresh_task.database.storage import read_free_storage

__all__ = ["Session", "connect", "read_free_storage"]
