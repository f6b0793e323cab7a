"""What an Alembic revision file of ours consists of: two SQL files beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alembic import op


def sql_migration(revision_file: str) -> tuple[Callable[[], None], Callable[[], None]]:
    """The `upgrade` and `downgrade` of a revision: the .up.sql and .down.sql of the same name."""
    stem = Path(revision_file).with_suffix("")
    return _run(stem.with_suffix(".up.sql")), _run(stem.with_suffix(".down.sql"))


def _run(file: Path) -> Callable[[], None]:
    def run() -> None:
        # Without parameters the driver sends the text as it is: no % is doubled, no PL/pgSQL body is split.
        op.get_bind().exec_driver_sql(file.read_text(), execution_options={"no_parameters": True})

    return run
