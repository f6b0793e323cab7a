"""Sessions as the API's routes borrow them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import DictRow, tuple_row

from api.database.connections import Connections
from refresh_task.database import Session
from refresh_task.database.connection import open_connection
from refresh_task.errors import SchemaMissingError
from refresh_task.settings import Settings

__all__ = ["ApiDatabase", "ApiSession", "open_api_session"]

_QUERIES = Path(__file__).parent / "queries"
_ASKED_OFTEN = 5  # times
_BEGIN_READING = sql.SQL(
    "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL statement_timeout = {}; SET LOCAL TimeZone = 'UTC'"
)


class ApiSession(Session):
    """One connection, lent to one borrower: the task's named queries (fetch_all), the API's own (ask), and statements
    composed of names that are known only at run time."""

    def __init__(self, connection: psycopg.Connection[DictRow], *, server: str) -> None:
        super().__init__(connection, server=server)
        self._backend_pid = connection.info.backend_pid
        # The few statements that every read asks are planned once per connection: that spares each half a millisecond.
        # (The task's are asked once, and prepare nothing.)
        connection.prepare_threshold = _ASKED_OFTEN

    def ask(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        """The rows of api/database/queries/<query>.sql. Raises as fetch_all does."""
        return self._fetch(_statement(query), parameters)

    def ask_one(self, query: str, **parameters: Any) -> dict[str, Any]:
        """The only row."""
        (row,) = self.ask(query, **parameters)
        return row

    def ask_composed(self, statement: sql.Composed, parameters: Mapping[str, Any] | None) -> list[dict[str, Any]]:
        """The rows of a composed statement with bound parameters."""
        return self._fetch(statement, parameters)

    @contextmanager
    def reading(self, *, timeout_s: float) -> Iterator[None]:
        """The statements of the block see one moment, can change nothing, and each end after `timeout_s` seconds. Times
        are written in UTC, whatever the role or the database prefers."""
        # One round trip instead of four: a read has few others.
        self.ask_composed(_BEGIN_READING.format(sql.Literal(max(1, round(timeout_s * 1000)))), None)
        try:
            yield
        except BaseException:
            with suppress(psycopg.OperationalError):  # the first error is the one to tell; the connection is gone
                self._connection.rollback()
            raise
        try:
            self._connection.commit()
        except psycopg.Error as error:
            raise self._failure(error) from None

    def stream(
        self, statement: sql.Composed, parameters: Mapping[str, Any], *, limit: int, piece: int
    ) -> Iterator[list[Any]]:
        """The first column of a query's rows, of which there are `limit` at most, `piece` at a time: what is not taken
        yet stays with the server. Within reading()."""
        try:
            if limit <= piece:  # nothing would stay there
                with self._connection.cursor(row_factory=tuple_row) as whole:
                    if rows := whole.execute(statement, parameters).fetchall():
                        yield [value for (value,) in rows]
                return
            with self._connection.cursor("vistafresca_rows", row_factory=tuple_row) as cursor:
                cursor.execute(statement, parameters)
                while rows := cursor.fetchmany(piece):
                    yield [value for (value,) in rows]
                    if len(rows) < piece:
                        return
        except psycopg.Error as error:
            raise self._failure(error) from None


class ApiDatabase:
    """Where sessions come from: a pool locally, one connection in a Lambda function."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def session(self) -> AbstractContextManager[ApiSession]:
        """Borrow a session in autocommit mode, for as long as the block runs. Raises DatabaseUnavailableError."""
        return self._connections.lend()

    def close(self) -> None:
        """Close all connections that are not lent."""
        self._connections.close()


def open_api_session(settings: Settings, environment: Mapping[str, str]) -> ApiSession:
    """A new session with what every one of the task's has set. Raises DatabaseUnavailableError, SchemaMissingError."""
    connection, server = open_connection(settings, environment)
    session = ApiSession(connection, server=server)
    try:
        session.configure(settings, "read committed")
        if not session.fetch_one("schema_exists")["schema_exists"]:
            raise SchemaMissingError(
                "there is no bi_refresh schema, or an older one.", subject=server, remedy="Run: vistafresca migrate"
            )
    except BaseException:
        session.close()
        raise
    return session


@cache
def _statement(query: str) -> bytes:
    return (_QUERIES / f"{query}.sql").read_bytes()
