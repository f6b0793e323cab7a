"""The local server's connections: psycopg_pool, whose connections are opened as the task opens its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import DictRow
from psycopg_pool import ConnectionPool, PoolTimeout

from api.database.database import ApiSession
from refresh_task.database.connection import open_connection
from refresh_task.errors import DatabaseUnavailableError
from refresh_task.settings import Settings

__all__ = ["PooledConnections"]


class PooledConnections:
    """At most `most` connections; who finds all of them lent waits for `patience_s`."""

    def __init__(
        self, settings: Settings, environment: Mapping[str, str], *, most: int = 10, patience_s: float = 10.0
    ) -> None:
        self._server = "the database"

        def connect() -> psycopg.Connection[DictRow]:
            connection, self._server = open_connection(settings, environment)
            ApiSession(connection, server=self._server).configure(settings, "read committed")
            return connection

        self._pool: ConnectionPool[psycopg.Connection[DictRow]] = ConnectionPool(
            connection_class=_Opened,
            kwargs={"connect": connect},
            check=ConnectionPool.check_connection,
            min_size=1,
            max_size=most,
            timeout=patience_s,
            open=True,
            name="vistafresca",
        )

    @contextmanager
    def lend(self) -> Iterator[ApiSession]:
        """A session that nobody else has."""
        try:
            connection = self._pool.getconn()
        except PoolTimeout:
            raise DatabaseUnavailableError(
                "no connection became free in time.",
                subject=self._server,
                remedy="Try again; where it stays so, see the server's log for why it cannot connect.",
                sqlstate="53300",
            ) from None
        try:
            yield ApiSession(connection, server=self._server)
        finally:
            self._pool.putconn(connection)

    def close(self) -> None:
        """Close what is not lent."""
        self._pool.close()


class _Opened(psycopg.Connection[Any]):
    """Stands in for the class whose connect() the pool calls: how to connect is read anew each time, for a password
    may have been rotated."""

    @classmethod
    def connect(cls, conninfo: str = "", **kwargs: Any) -> Any:  # noqa: ARG003  # the pool's own arguments
        open_one: Callable[[], psycopg.Connection[DictRow]] = kwargs["connect"]
        return open_one()
