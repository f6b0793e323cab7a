"""What the driver's errors become."""

from __future__ import annotations

import re
from typing import Any

import psycopg

from refresh_task.errors import (
    ConfigurationError,
    DatabaseUnavailableError,
    NotGrantedError,
    StatementFailedError,
)

_LONGEST_DETAIL = 500  # as refresh_view() has it
_SEE_THE_LOG = "See the server's log of this moment for the statement and its context."
_STATEMENT_REMEDIES = {"25006": "This server only reads, as a replica does: connect to the writer."}
# By what the message says, for no SQLSTATE comes with a refused connection: the one that it amounts to, and the remedy.
# A server that speaks another language gets the last one.
_REMEDIES: dict[str, tuple[str | None, str]] = {
    r"certificate verify failed|server certificate for|root certificate|does not support SSL": (
        None,
        (
            "The server's identity is not proven, so no password was sent. Check that PGHOST is the name in its "
            "certificate and that PGSSLROOTCERT names its certificate authority (default: AWS's, renewed by "
            "python -m scripts.refresh_rds_bundle)."
        ),
    ),
    r"password|authentication failed|no pg_hba.conf entry": (
        None,
        "Check the user's password, or the secret that holds it, and that the server lets this user in from here.",
    ),
    r"database .* does not exist": (None, "Check the database's name (dbname, PGDATABASE), or create it."),
    r"role .* does not exist": (None, "Check the user's name (user, PGUSER), or create the role."),
    r"too many|remaining connection slots": (
        "53300",
        "Raise max_connections, or end sessions that nobody needs.",
    ),
    r"starting up|shutting down|not yet accepting|in recovery mode": (
        "57P03",
        "The server is starting or stopping: check that it comes up.",
    ),
    "": (
        "08001",
        "Check the host, the port, the security groups between the task and the database, and that it is up.",
    ),
}


def unavailable(error: psycopg.Error, server: str) -> DatabaseUnavailableError | ConfigurationError:
    """Why there is no connection."""
    # libpq's text names hosts, users and databases, and never a password.
    reason = re.sub("^(connection failed|connection is bad): ", "", str(error).strip()).splitlines()[0].rstrip(".")
    if isinstance(error, psycopg.ProgrammingError) or re.match("invalid .* value", reason):
        return ConfigurationError(
            f"a connection parameter cannot be used: {reason}.",
            subject=server,
            remedy="Correct it in DATABASE_URL or in libpq's PG… variables.",
        )
    sqlstate, remedy = next(found for pattern, found in _REMEDIES.items() if re.search(pattern, reason))
    if server.endswith("the default socket:5432"):
        remedy = "Set DATABASE_URL, or PGHOST and the other PG... variables."
    return DatabaseUnavailableError(f"cannot connect: {reason}.", subject=server, remedy=remedy, sqlstate=sqlstate)


def failure(
    error: psycopg.Error, connection: psycopg.Connection[Any], server: str
) -> StatementFailedError | NotGrantedError:
    """Why a statement failed that this connection ran."""
    message = error.diag.message_primary or str(error).strip() or type(error).__name__
    # A view that may not be refreshed is that view's failure, and refresh_view() names it; a missing grant on our
    # own schema is everything's.
    if isinstance(error, psycopg.errors.InsufficientPrivilege) and error.diag.table_name is None:
        user = connection.info.user
        return NotGrantedError(
            f"{message}.",
            subject=server,
            remedy=error.diag.message_hint or f'As the schema\'s owner: GRANT bi_refresh_refresher TO "{user}";',
        )
    return StatementFailedError(
        message if message.endswith(".") else f"{message}.",
        subject=server,
        remedy=error.diag.message_hint or _STATEMENT_REMEDIES.get(error.sqlstate or "", _SEE_THE_LOG),
        sqlstate=error.sqlstate,
        connection_lost=connection.closed,
        table_name=error.diag.table_name,
        # other details show rows
        detail=(error.diag.message_detail or "")[:_LONGEST_DETAIL] or None if error.sqlstate == "23505" else None,
        hint=error.diag.message_hint,
    )
