"""Sessions: how they are opened, and what every one of them is set to."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import psycopg
from psycopg import pq, sql
from psycopg.rows import DictRow, dict_row, tuple_row
from psycopg.types.numeric import Oid
from psycopg.types.string import StrDumper

from refresh_task.database.credentials import connection_parameters
from refresh_task.database.failures import failure, unavailable
from refresh_task.database.portable import portable_statement, with_maintained
from refresh_task.errors import NotGrantedError, SchemaMissingError, StatementFailedError
from refresh_task.settings import Settings

_QUERIES = Path(__file__).parent / "queries"
_CANCEL_TIMEOUT_S = 5.0

Isolation = Literal["read committed", "repeatable read"]


def connect(
    settings: Settings,
    *,
    environment: Mapping[str, str] = os.environ,
    schema_required: bool = True,
    isolation: Isolation = "read committed",
) -> Session:
    """Open a session with the timeouts of the settings, whose statements each run under `isolation`. Close it, or use
    it as a context manager.

    Raises DatabaseUnavailableError (unreachable, refused), SchemaMissingError (not migrated; unless not
    `schema_required`) and ConfigurationError (connection settings that make no sense).
    """
    connection, server = open_connection(settings, environment)
    session = Session(connection, server=server)
    try:
        session.configure(settings, isolation)
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


def open_connection(settings: Settings, environment: Mapping[str, str]) -> tuple[psycopg.Connection[DictRow], str]:
    """A connection in autocommit mode with nothing set yet, and what to call its server. Raises as connect() does."""
    parameters = connection_parameters(settings, environment)
    server = _server(parameters, environment)
    try:
        connection = psycopg.connect(**parameters, autocommit=True, prepare_threshold=None, row_factory=dict_row)
    except psycopg.Error as error:
        if not (settings.database_secret_arn and error.pgconn is not None and error.pgconn.used_password):
            raise unavailable(error, server) from None
        # The password may have been rotated since the secret was read: read it once more, and only once.
        parameters = connection_parameters(settings, environment)
        try:
            connection = psycopg.connect(**parameters, autocommit=True, prepare_threshold=None, row_factory=dict_row)
        except psycopg.Error as second_error:
            raise unavailable(second_error, server) from None
    return connection, server


class Session:
    """One connection in autocommit mode: each named query is one statement and one transaction.

    Several threads may share it for such single statements: psycopg lets one at a time through, each with a cursor and
    a result of its own, and without a transaction block there is no state that one thread's failure could leave to
    another. transaction() is for a session that nobody shares.
    """

    def __init__(self, connection: psycopg.Connection[DictRow], *, server: str) -> None:
        self._connection = connection
        self._backend_pid = 0
        self._reads_maintained: bool | None = None
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
    def address(self) -> tuple[str | None, int, str, str]:
        """Host (None: a socket of this machine), port, database and user."""
        info = self._connection.info
        return None if info.host.startswith("/") else info.host, info.port, info.dbname, info.user

    @property
    def is_usable(self) -> bool:
        """Whether a further statement can be tried."""
        return not self._connection.closed

    def configure(self, settings: Settings, isolation: Isolation) -> None:
        """Set what every session of ours has set."""
        row = self.fetch_one(
            "configure_session",
            isolation=isolation,
            statement_timeout_ms=round(settings.statement_timeout_s * 1000),
            lock_timeout_ms=round(settings.lock_timeout_s * 1000),
        )
        self._backend_pid = row["backend_pid"]

    def fetch_all(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        """Run queries/<query>.sql and return its rows. Raises StatementFailedError, or NotGrantedError for a
        missing grant."""
        return self._fetch(_statement(query), parameters)

    def fetch_anywhere(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        """As fetch_all(), of a query that asks for incremental views, too, on a database that may have none."""
        return self._fetch(with_maintained(_statement(query), is_readable=self.reads_maintained), parameters)

    def fetch_composed(self, statement: sql.Composed) -> list[dict[str, Any]]:
        """The rows of a statement whose names are known only now."""
        return self._fetch(statement, None)

    def describe(self, statement: sql.Composed) -> list[tuple[str, int]]:
        """The columns of a statement's result: names, and OIDs of their types. It is neither run nor planned: planning
        runs functions that are marked IMMUTABLE, with this session's rights."""
        server = self._connection.pgconn
        encoding = self._connection.info.encoding
        for result in (server.prepare(b"", statement.as_bytes(self._connection)), server.describe_prepared(b"")):
            if result.status != pq.ExecStatus.COMMAND_OK:
                raise self._failure(psycopg.errors.error_from_result(result, encoding=encoding)) from None
        return [
            ((result.fname(number) or b"").decode(encoding), result.ftype(number)) for number in range(result.nfields)
        ]

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

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """All statements of the block see one moment and can change nothing: the server itself refuses what would."""
        with self.transaction():
            self._fetch(b"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY", None)
            yield

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """All statements of the block see one moment, and may change what is there."""
        with self.transaction():
            self._fetch(b"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", None)
            yield

    @contextmanager
    def trial(self) -> Iterator[None]:
        """As snapshot(), and all that the block changes is undone."""
        with self.snapshot():
            yield
            raise psycopg.Rollback

    def fetch_portable(self, function: str, array: Sequence[int] | Sequence[str]) -> list[dict[str, Any]]:
        """The rows that sql/bi_refresh/functions/<function>.sql gives for an array of OIDs or of texts, on a database
        that may not have that function: its body is sent as a statement."""
        typed = [Oid(value) if isinstance(value, int) else value for value in array]
        try:
            cursor = psycopg.RawCursor(self._connection, row_factory=dict_row)
            cursor.adapters.register_dumper(str, StrDumper)  # as text, and not of unknown type
            statement = with_maintained(portable_statement(function), is_readable=self.reads_maintained)
            return cursor.execute(statement, [typed]).fetchall() if typed else []
        except psycopg.Error as error:
            raise self._failure(error) from None

    @property
    def reads_maintained(self) -> bool:
        """Whether what incremental views are made from can be read here; asked once."""
        if self._reads_maintained is None:
            self._reads_maintained = bool(self.fetch_one("reads_maintained")["is_readable"])
        return self._reads_maintained

    def set_statement_timeout(self, timeout_s: float) -> None:
        """How long each of the following statements may take."""
        self.fetch_one("set_statement_timeout", statement_timeout_ms=round(timeout_s * 1000))

    def vacuum(self, schema: str, relation: str) -> str | None:
        """Remove a relation's dead rows and gather its statistics, without waiting for a lock and without ever taking
        one that readers wait for (TRUNCATE false). The server's own words where it left the relation alone (locked, not
        allowed); None: it is done."""
        warnings: list[str] = []

        def hear(diagnostic: psycopg.errors.Diagnostic) -> None:
            if diagnostic.severity_nonlocalized == "WARNING" and diagnostic.message_primary is not None:
                warnings.append(diagnostic.message_primary)

        statement = sql.SQL("VACUUM (ANALYZE, SKIP_LOCKED, TRUNCATE false) {}").format(sql.Identifier(schema, relation))
        self._connection.add_notice_handler(hear)
        try:
            self._fetch(statement, None)
        finally:
            self._connection.remove_notice_handler(hear)
        return warnings[0] if warnings else None

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

    def _failure(self, error: psycopg.Error) -> StatementFailedError | NotGrantedError:
        return failure(error, self._connection, self.server)


@cache
def _statement(query: str) -> bytes:
    return (_QUERIES / f"{query}.sql").read_bytes()


def _server(parameters: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    host = parameters.get("host") or environment.get("PGHOST") or "the default socket"
    port = parameters.get("port") or environment.get("PGPORT") or "5432"
    dbname = parameters.get("dbname") or environment.get("PGDATABASE") or "the default database"
    return f"PostgreSQL {dbname} at {host}:{port}"
