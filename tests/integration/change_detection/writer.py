"""A session that begins and ends a change at given points of somebody else's step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from tests.integration.change_detection.changes import Change

# The other writer was there first: it changed what this one's snapshot sees, or attached or detached the same table.
_OVERTAKEN = (
    psycopg.errors.SerializationFailure, psycopg.errors.WrongObjectType, psycopg.errors.UndefinedTable,
    psycopg.errors.DuplicateTable,
)  # fmt: skip


@dataclass
class Writer:
    """A session that carries one change out."""

    connection: psycopg.Connection[Any]
    change: Change
    begin_at: int
    end_at: int
    names: dict[str, object]
    state: str = "waiting"  # then open, then done
    overtaken_by: str | None = None

    def advance(self, point: int) -> None:
        """Do what is to be done by this point, unless the step is in the way."""
        if self.state == "waiting" and point >= self.begin_at:
            self._run(self.change.begin, "open")
        if self.state == "open" and point >= self.end_at:
            self._run(self.change.end, "done")

    def end(self) -> None:
        """Now: the step waits for it."""
        if self.state == "open":
            self._run(self.change.end, "done")

    def _run(self, statements: tuple[str, ...], state: str) -> None:
        try:
            for statement in statements:
                text = statement.format(**self.names).encode()
                if statement.startswith("COPY"):
                    with self.connection.cursor() as cursor, cursor.copy(text) as copy:
                        copy.write(b"b\t5\n" if "region" in statement else b"5\n")
                else:
                    self.connection.execute(text)
        except psycopg.errors.LockNotAvailable:
            self.connection.execute("ROLLBACK")
            state = "waiting"
        except _OVERTAKEN as error:
            self.overtaken_by = type(error).__name__
            self.connection.execute("ROLLBACK")
            state = "done"
        self.state = state
