"""The local server's connections: psycopg_pool, whose connections are opened as the task opens its own."""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg.rows import DictRow
from psycopg_pool import ConnectionPool, PoolTimeout

from api.database.connections import TRUSTED_FOR_S
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
        self._used_at: WeakKeyDictionary[psycopg.Connection[DictRow], float] = WeakKeyDictionary()

        def connect() -> psycopg.Connection[DictRow]:
            connection, self._server = open_connection(settings, environment)
            ApiSession(connection, server=self._server).configure(settings, "read committed")
            return connection

        self._pool: ConnectionPool[psycopg.Connection[DictRow]] = ConnectionPool(
            connection_class=_Opened,
            kwargs={"connect": connect},
            check=self._check,
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
            self._used_at[connection] = time.monotonic()
            self._pool.putconn(connection)

    def _check(self, connection: psycopg.Connection[DictRow]) -> None:
        """Ask the server whether the connection still works, unless it did a moment ago and has not been ended since.

        Raises psycopg.OperationalError where it does not: the pool then opens another one.
        """
        used_at = self._used_at.get(connection)
        if used_at is None or time.monotonic() - used_at > TRUSTED_FOR_S or _has_heard(connection):
            ConnectionPool.check_connection(connection)

    def close(self) -> None:
        """Close what is not lent."""
        self._pool.close()


def _has_heard(connection: psycopg.Connection[DictRow]) -> bool:
    """Whether the server has sent something since the last statement: mostly its farewell. Costs no round trip."""
    ready = select.poll()  # not select(), which knows no descriptor above 1023
    ready.register(connection.fileno(), select.POLLIN)
    return bool(ready.poll(0))


class _Opened(psycopg.Connection[Any]):
    """Stands in for the class whose connect() the pool calls: how to connect is read anew each time, for a password
    may have been rotated."""

    @classmethod
    def connect(cls, conninfo: str = "", **kwargs: Any) -> Any:  # noqa: ARG003  # the pool's own arguments
        open_one: Callable[[], psycopg.Connection[DictRow]] = kwargs["connect"]
        return open_one()
