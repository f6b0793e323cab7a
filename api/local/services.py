"""What the routes of the local server are handed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from api.database import ApiDatabase
from api.database.pool import PooledConnections
from api.identity import LocalIdentity
from api.services import Services
from refresh_task.settings import Settings

__all__ = ["local_services"]


@contextmanager
def local_services(settings: Settings, environment: Mapping[str, str], *, token_required: bool) -> Iterator[Services]:
    """Open until the block ends. The database may come later: until then requests are answered with 503."""
    database = ApiDatabase(PooledConnections(settings, environment))
    try:
        yield Services(database=database, identify=LocalIdentity(token_required=token_required), settings=settings)
    finally:
        database.close()
