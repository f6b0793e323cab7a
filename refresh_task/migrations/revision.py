"""What an Alembic revision file of ours consists of: two SQL files beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alembic import op
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from refresh_task.errors import VistafrescaError


def sql_migration(revision_file: str) -> tuple[Callable[[], None], Callable[[], None]]:
    """The `upgrade` and `downgrade` of a revision: the .up.sql and .down.sql of the same name."""
    stem = Path(revision_file).with_suffix("")
    up, down = stem.with_suffix(".up.sql"), stem.with_suffix(".down.sql")
    return lambda: run_file(op.get_bind(), up), lambda: run_file(op.get_bind(), down)


def run_file(connection: Connection, file: Path) -> None:
    """Run a file's statements in the connection's transaction. Raises VistafrescaError naming the file."""
    try:
        # Without parameters the driver sends the text as it is: no % is doubled, no PL/pgSQL body is split.
        connection.exec_driver_sql(file.read_text(encoding="utf-8"), execution_options={"no_parameters": True})
    except DBAPIError as error:
        raise VistafrescaError(
            f"it failed, and nothing was changed: {str(error.orig).splitlines()[0]}.",
            subject=file.name,
            remedy="Mend the cause and run it again.",
        ) from error
