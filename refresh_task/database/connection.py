"""Sessions: how they are opened, what every one of them is set to, and what the driver's errors become."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg.rows import DictRow, dict_row, tuple_row

from refresh_task.database.credentials import connection_parameters
from refresh_task.errors import (
    ConfigurationError,
    DatabaseUnavailableError,
    SchemaMissingError,
    StatementFailedError,
)
from refresh_task.settings import Settings

_QUERIES = Path(__file__).parent / "queries"
_CANCEL_TIMEOUT_S = 5.0


def connect(
    settings: Settings, *, environment: Mapping[str, str] = os.environ, schema_required: bool = True
) -> Session:
    """Open a session with the timeouts of the settings. Close it, or use it as a context manager.

    Raises DatabaseUnavailableError (unreachable, refused), SchemaMissingError (not migrated; unless not
    `schema_required`) and ConfigurationError (connection settings that make no sense).
    """
    parameters = connection_parameters(settings, environment)
    try:
        connection = psycopg.connect(**parameters, autocommit=True, row_factory=dict_row)
    except psycopg.OperationalError as error:
        if not (settings.database_secret_arn and error.pgconn is not None and error.pgconn.used_password):
            raise _unavailable(error, parameters) from None
        # The password may have been rotated since the secret was read: read it once more, and only once.
        parameters = connection_parameters(settings, environment)
        try:
            connection = psycopg.connect(**parameters, autocommit=True, row_factory=dict_row)
        except psycopg.OperationalError as second_error:
            raise _unavailable(second_error, parameters) from None
    session = Session(connection, server=_server(parameters))
    try:
        session.fetch_one(
            "configure_session",
            statement_timeout_ms=round(settings.statement_timeout_s * 1000),
            lock_timeout_ms=round(settings.lock_timeout_s * 1000),
        )
        if schema_required and not session.fetch_one("schema_exists")["schema_exists"]:
            raise SchemaMissingError(
                "there is no bi_refresh schema, or an older one.",
                subject=session.server,
                remedy="Run: vistafresca migrate",
            )
    except BaseException:
        session.close()
        raise
    return session


class Session:
    """One connection in autocommit mode: each named query is one statement and one transaction."""

    def __init__(self, connection: psycopg.Connection[DictRow], *, server: str) -> None:
        self._connection = connection
        self.server = server

    def lend_connection(self) -> psycopg.Connection[Any]:
        """The driver's own connection, with transactions and rows as the DB-API has them: for the migrations, which
        use nothing else of this session afterwards."""
        self._connection.autocommit = False
        lent: psycopg.Connection[Any] = self._connection
        lent.row_factory = tuple_row
        return lent

    @property
    def backend_pid(self) -> int:
        """The server process of this session."""
        return self._connection.info.backend_pid

    @property
    def is_usable(self) -> bool:
        """Whether a further statement can be tried."""
        return not self._connection.closed

    def fetch_all(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        """Run queries/<query>.sql and return its rows. Raises StatementFailedError, or ConfigurationError for a
        missing grant."""
        try:
            cursor = self._connection.execute(_statement(query), parameters)
            return cursor.fetchall() if cursor.description is not None else []
        except psycopg.Error as error:
            raise self._failure(error) from None

    def fetch_one(self, query: str, **parameters: Any) -> dict[str, Any]:
        """The only row of queries/<query>.sql."""
        (row,) = self.fetch_all(query, **parameters)
        return row

    def execute(self, query: str, **parameters: Any) -> None:
        """Run queries/<query>.sql for its effect."""
        self.fetch_all(query, **parameters)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements of the block in one transaction, rolled back if it raises."""
        with self._connection.transaction():
            yield

    def set_statement_timeout(self, timeout_s: float) -> None:
        """How long each of the following statements may take."""
        self.fetch_one("set_statement_timeout", statement_timeout_ms=round(timeout_s * 1000))

    def cancel(self) -> None:
        """Ask the server to cancel the statement under way. Safe to call from another thread, and when nothing is
        under way."""
        try:
            self._connection.cancel_safe(timeout=_CANCEL_TIMEOUT_S)
        except psycopg.Error as error:
            raise self._failure(error) from None

    def close(self) -> None:
        """End the session, and with it its locks."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _failure(self, error: psycopg.Error) -> StatementFailedError | ConfigurationError:
        message = error.diag.message_primary or str(error).strip() or type(error).__name__
        if isinstance(error, psycopg.errors.InsufficientPrivilege):
            user = self._connection.info.user
            return ConfigurationError(
                f"{message}.",
                subject=self.server,
                remedy=f'As the schema\'s owner: GRANT bi_refresh_refresher TO "{user}";',
            )
        return StatementFailedError(
            message if message.endswith(".") else f"{message}.",
            subject=self.server,
            remedy="See the server's log of this moment for the statement and its context.",
            sqlstate=error.sqlstate,
            connection_lost=self._connection.closed,
        )


@cache
def _statement(query: str) -> bytes:
    return (_QUERIES / f"{query}.sql").read_bytes()


def _server(parameters: Mapping[str, Any]) -> str:
    host = parameters.get("host") or os.environ.get("PGHOST") or "the default socket"
    port = parameters.get("port") or os.environ.get("PGPORT") or "5432"
    dbname = parameters.get("dbname") or os.environ.get("PGDATABASE") or "the default database"
    return f"PostgreSQL {dbname} at {host}:{port}"


def _unavailable(error: psycopg.OperationalError, parameters: Mapping[str, Any]) -> DatabaseUnavailableError:
    # libpq's text names hosts, users and databases, and never a password.
    reason = str(error).strip().removeprefix("connection failed: ").splitlines()[0]
    refused = error.pgconn is not None and error.pgconn.used_password
    return DatabaseUnavailableError(
        f"cannot connect: {reason}.",
        subject=_server(parameters),
        remedy="Check the user's password, or the secret that holds it."
        if refused
        else "Check the host, the port, the security groups between the task and the database, and that it is up.",
    )
