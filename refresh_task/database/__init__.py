"""The only door to the driver: connections, credentials and the named queries of queries/."""

from refresh_task.database.connection import Session, connect

__all__ = ["Session", "connect"]
