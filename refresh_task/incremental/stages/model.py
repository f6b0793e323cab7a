"""What splitting a definition into stages gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class OrdinaryView:
    """A view that the definition reads."""

    relation: int  # OID
    query: str


# What the ordinary views beneath a definition say, by schema and name.
OrdinaryViews = Mapping[tuple[str, str], OrdinaryView]


@dataclass(frozen=True, slots=True)
class Reference:
    """Where the name of a stage's table belongs."""

    stage: str


@dataclass(frozen=True, slots=True)
class Text:
    """A query in which the names of stages' tables are left open: they may not exist yet."""

    parts: tuple[str | Reference, ...]

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that it reads, each once."""
        return tuple(dict.fromkeys(part.stage for part in self.parts if isinstance(part, Reference)))

    def render(self, table_of: Callable[[str], str]) -> str:
        """The query as SQL. `table_of` gives a stage's table as it is written in SQL: qualified, quoted where it must
        be."""
        return "".join(part if isinstance(part, str) else table_of(part.stage) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Stage:
    """A query of a WITH list that becomes a table of its own."""

    name: str
    query: Text
    columns: tuple[str, ...]
    # What tells its rows apart: output columns that the query groups by, or is distinct on; None: nothing does. Whether
    # one of them may be NULL is not seen here.
    key: tuple[str, ...] | None
    # the WITH query's own SQL, for whoever looks closer at it
    body: str


@dataclass(frozen=True, slots=True)
class Split:
    """A definition as a chain: each stage reads tables and earlier stages, the output what is left."""

    stages: tuple[Stage, ...]
    output: Text
    # Ordinary views whose query was put in the place of their name: the definition depends on them as before, and the
    # database does not know it any more.
    expanded: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Linear:
    """How a stage is kept by the changes alone.

    `stage` is the stage with its additional columns; `columns` are those of the base table that are captured;
    `measures` what maintain_linear() goes by (docs/incremental-internals.md has its form)."""

    stage: Stage
    schema: str
    table: str
    columns: tuple[str, ...]
    measures: dict[str, Any]
