"""What happened to the base tables and when which view was refreshed: a value that can be replayed, cut down and
printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

# In statements: a name for a prepared transaction that no other database of the server has.
GID = "{gid}"


@dataclass(frozen=True, slots=True)
class Write:
    """A transaction of a writer. One that fails is rolled back."""

    statements: tuple[str, ...]
    ending: str = "COMMIT"
    isolation: str = "READ COMMITTED"
    session: str = "writer"

    def __str__(self) -> str:
        begin = f"BEGIN ISOLATION LEVEL {self.isolation}"
        return "\n".join(_printed(statement) for statement in (begin, *self.statements, self.ending))


@dataclass(frozen=True, slots=True)
class Run:
    """A statement on its own."""

    statement: str
    session: str = "writer"

    def __str__(self) -> str:
        return _printed(self.statement)


@dataclass(frozen=True, slots=True)
class Refresh:
    """One refresh, after which the view has to be equal to its definition."""

    view: str
    settings: tuple[str, ...] = ()
    isolation: str = "REPEATABLE READ"
    # What others do between its snapshot and its work.
    meanwhile: tuple[Write | Run, ...] = ()

    def __str__(self) -> str:
        lines = [_printed(statement) for statement in (*self.settings, f"BEGIN ISOLATION LEVEL {self.isolation}")]
        if self.meanwhile:
            lines += ["SELECT 1;", *(f"-- in another session:\n{event}" for event in self.meanwhile), "-- and here:"]
        return "\n".join([*lines, f"SELECT * FROM bi_refresh.refresh_bi_views(ARRAY['{self.view}']);", "COMMIT;"])


@dataclass(frozen=True, slots=True)
class Keep:
    """What every run of the task does first."""

    def __str__(self) -> str:
        return "-- vistafresca: keep_captures() and keep_proofs()"


Event = Write | Run | Refresh | Keep
History = Sequence[Event]


def script(history: History) -> str:
    """It as statements for psql."""
    return "\n\n".join(str(event) for event in history)


def perform(session: psycopg.Connection[Any], statement: str, name: str) -> None:
    """Execute a statement of a history; `name` is of this database alone."""
    head, _, data = statement.partition("\n")
    if data:
        with session.cursor().copy(head.encode()) as copy:
            copy.write(data + "\n")
    else:
        session.execute(statement.replace(GID, name).encode())


def _printed(statement: str) -> str:
    head, _, data = statement.partition("\n")
    return f"{head};\n{data}\n\\." if data else f"{head};"
