"""Sample rows for the source systems of sql/systems, each of which brings its own generator."""

from __future__ import annotations

from typing import Any

from psycopg import sql

from refresh_task.database.connection import Session
from refresh_task.errors import ConfigurationError, StatementFailedError

_NOT_THERE = ("3F000", "42883")  # no such schema, no such function
_HOURS_S = 4 * 3600.0  # tens of millions of rows take minutes


def generate_sample_data(session: Session, system: str, size: int) -> list[dict[str, Any]]:
    """Fill the empty tables of a system that is installed; one row per table: table_name, row_count.

    `size` counts the system's main rows (fluxion: sales). Raises ConfigurationError where the system is not installed,
    StatementFailedError where its tables hold rows already.
    """
    session.set_statement_timeout(_HOURS_S)
    statement = sql.SQL("SELECT table_name, row_count FROM {}.generate_sample_data({})")
    try:
        return session.fetch_composed(statement.format(sql.Identifier(system), sql.Literal(size)))
    except StatementFailedError as error:
        if error.sqlstate not in _NOT_THERE:
            raise
        raise ConfigurationError(
            "this database has no such source system.",
            subject=system,
            remedy=f"Run: vistafresca migrate --system {system}",
        ) from None
