"""Sessions: how they are opened, what every one of them is set to, and what the driver's errors become."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import sql
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
    server = _server(parameters, environment)
    try:
        connection = psycopg.connect(**parameters, autocommit=True, prepare_threshold=None, row_factory=dict_row)
    except psycopg.Error as error:
        if not (settings.database_secret_arn and error.pgconn is not None and error.pgconn.used_password):
            raise _unavailable(error, server) from None
        # The password may have been rotated since the secret was read: read it once more, and only once.
        parameters = connection_parameters(settings, environment)
        try:
            connection = psycopg.connect(**parameters, autocommit=True, prepare_threshold=None, row_factory=dict_row)
        except psycopg.Error as second_error:
            raise _unavailable(second_error, server) from None
    session = Session(connection, server=server)
    try:
        session.configure(settings)
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
        self._backend_pid = 0
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
        return self._backend_pid

    @property
    def is_usable(self) -> bool:
        """Whether a further statement can be tried."""
        return not self._connection.closed

    def configure(self, settings: Settings) -> None:
        """Set what every session of ours has set."""
        row = self.fetch_one(
            "configure_session",
            statement_timeout_ms=round(settings.statement_timeout_s * 1000),
            lock_timeout_ms=round(settings.lock_timeout_s * 1000),
        )
        self._backend_pid = row["backend_pid"]

    def fetch_all(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        """Run queries/<query>.sql and return its rows. Raises StatementFailedError, or ConfigurationError for a
        missing grant."""
        return self._fetch(_statement(query), parameters)

    def fetch_composed(self, statement: sql.Composed) -> list[dict[str, Any]]:
        """The rows of a statement whose names are known only now."""
        return self._fetch(statement, None)

    def fetch_one(self, query: str, **parameters: Any) -> dict[str, Any]:
        """The only row of queries/<query>.sql."""
        (row,) = self.fetch_all(query, **parameters)
        return row

    def execute(self, query: str, **parameters: Any) -> None:
        """Run queries/<query>.sql for its effect."""
        self.fetch_all(query, **parameters)

    def _fetch(self, statement: bytes | sql.Composed, parameters: Mapping[str, Any] | None) -> list[dict[str, Any]]:
        try:
            cursor = self._connection.execute(statement, parameters)
            return cursor.fetchall() if cursor.description is not None else []
        except psycopg.Error as error:
            raise self._failure(error) from None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements of the block in one transaction, rolled back if it raises. Raises StatementFailedError if it
        cannot be committed."""
        try:
            with self._connection.transaction():
                yield
        except psycopg.Error as error:
            raise self._failure(error) from None

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
            remedy=error.diag.message_hint or _STATEMENT_REMEDIES.get(error.sqlstate or "", _SEE_THE_LOG),
            sqlstate=error.sqlstate,
            connection_lost=self._connection.closed,
        )


_SEE_THE_LOG = "See the server's log of this moment for the statement and its context."
_STATEMENT_REMEDIES = {"25006": "This server only reads, as a replica does: connect to the writer."}


@cache
def _statement(query: str) -> bytes:
    return (_QUERIES / f"{query}.sql").read_bytes()


def _server(parameters: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    host = parameters.get("host") or environment.get("PGHOST") or "the default socket"
    port = parameters.get("port") or environment.get("PGPORT") or "5432"
    dbname = parameters.get("dbname") or environment.get("PGDATABASE") or "the default database"
    return f"PostgreSQL {dbname} at {host}:{port}"


# By what the message says: no SQLSTATE comes with a refused connection. A server that speaks another language gets the
# last one.
_REMEDIES = {
    r"certificate verify failed|server certificate for|root certificate|does not support SSL": (
        "The server's identity is not proven, so no password was sent. Check that PGHOST is the name in its "
        "certificate and that PGSSLROOTCERT names its certificate authority (default: AWS's, renewed by "
        "python -m scripts.refresh_rds_bundle)."
    ),
    r"password|authentication failed|no pg_hba.conf entry": (
        "Check the user's password, or the secret that holds it, and that the server lets this user in from here."
    ),
    r"database .* does not exist": "Check the database's name (dbname, PGDATABASE), or create it.",
    r"role .* does not exist": "Check the user's name (user, PGUSER), or create the role.",
    r"too many|remaining connection slots": "Raise max_connections, or end sessions that nobody needs.",
    "": "Check the host, the port, the security groups between the task and the database, and that it is up.",
}


def _unavailable(error: psycopg.Error, server: str) -> DatabaseUnavailableError | ConfigurationError:
    # libpq's text names hosts, users and databases, and never a password.
    reason = re.sub("^(connection failed|connection is bad): ", "", str(error).strip()).splitlines()[0].rstrip(".")
    if isinstance(error, psycopg.ProgrammingError) or re.match("invalid .* value", reason):
        return ConfigurationError(
            f"a connection parameter cannot be used: {reason}.",
            subject=server,
            remedy="Correct it in DATABASE_URL or in libpq's PG… variables.",
        )
    if server.endswith("the default socket:5432"):
        return DatabaseUnavailableError(
            f"cannot connect: {reason}.",
            subject=server,
            remedy="Set DATABASE_URL, or PGHOST and the other PG... variables.",
        )
    remedy = next(remedy for pattern, remedy in _REMEDIES.items() if re.search(pattern, reason))
    return DatabaseUnavailableError(f"cannot connect: {reason}.", subject=server, remedy=remedy)
