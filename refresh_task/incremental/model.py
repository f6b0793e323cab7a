"""What can be proved of a definition: how it is cut into slices, and which slices a change of a table it reads touches.

A slice is the rows of the result in which some output columns have one value each. A table is direct on a slicing when
the planner proved that the slice c = x is made from no other rows of the table than those with e = x. A changed row
then touches the slices e(old row) and e(new row), and no other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NullSlice = Literal["any", "rows"]


@dataclass(frozen=True, slots=True)
class Slide:
    """A window over a direct source that moves with time: rows between the bound then and now enter or leave.

    Both are SQL text. In `bound` the moment of the transaction is written `$1`, a timestamp with time zone:
    `($1 - '30 days'::interval)`, `(($1 AT TIME ZONE 'America/Caracas')::date - 90)`, `($1)::date` for CURRENT_DATE. The
    caller puts then and now in its place, under the session settings that the contents were made with. Rows for which
    `column` is between the two values, both included, are the only ones whose membership can have changed.

    Where `operator` is known, no other rows are read than those for which `column operator bound`: a changed row for
    which it holds neither then nor now touches nothing."""

    column: str  # over the source's bare column names; nearly always one of them, quoted where it must be
    bound: str  # over no column
    operator: str | None = None  # <, <=, =, <>, >= or >; None: not of every scan
    is_absolute: bool = False  # `column operator bound` says the same whatever a session's settings are


@dataclass(frozen=True, slots=True)
class Lookup:
    """One row of another table at most is joined to each row of a source, and says which slice that is in."""

    relation: int  # OID of the topmost of the other table's tree
    name: str  # of that, qualified, and quoted where it must be
    pairs: tuple[tuple[str, str], ...]  # SQL over the source's bare columns, and over the other's: equal to each other
    positions: tuple[int, ...]  # which of Source.expressions are over the other's bare columns, counted from 1


@dataclass(frozen=True, slots=True)
class Source:
    """What a change of one table, or of any member of its tree, does to the result."""

    relation: int  # OID of the topmost of its tree: the partitioned table, or the one that all others inherit from
    name: str  # of that, qualified, and quoted where it must be
    slice: int | None  # which of Proof.slices its rows touch, counted from 1; None: indirect, they may touch every row
    expressions: tuple[str, ...]  # SQL over its bare column names, one per column of the slice; empty when indirect
    lookup: Lookup | None  # of another table's row, over whose columns some of the expressions are
    columns: tuple[str, ...]  # its raw columns that expressions, lookup and slides need: what is captured
    null_slice: (
        NullSlice  # what touches rows with a NULL in a column of the slice: any change, or rows with a NULL there
    )
    slides: tuple[Slide, ...]
    reason: str | None  # why it is indirect, in words; None when it is direct
    unreadable: tuple[str, ...] = ()  # columns that the view's owner may not read himself


@dataclass(frozen=True, slots=True)
class StageSuggestion:
    """A grouped CTE or subquery which, kept as a table of its own, would make direct what is indirect in the whole."""

    name: str  # of the CTE, as the definition writes it
    keys: tuple[str, ...]  # its output columns that tell its rows apart
    helps: tuple[str, ...]  # names of the tables that are direct on it, and are not on the whole
    words: str  # for people


@dataclass(frozen=True, slots=True)
class Proof:
    """What is known of a definition. Nothing here is a guess: what could not be proved is indirect, moving or an
    obstacle."""

    slices: tuple[tuple[str, ...], ...]  # output columns of each slicing, bare names; empty: there is none
    sources: tuple[Source, ...]  # every table and materialized view that it reads, by name
    key: tuple[str, ...] | None  # output columns that are unique together and never NULL; None: rows matched as wholes
    obstacles: tuple[str, ...]  # why it can never be refreshed incrementally, in words; empty: it can
    moving: tuple[str, ...]  # uses of the date or the time that are no slide: in full when they move
    suggestions: tuple[StageSuggestion, ...]
    remarks: tuple[str, ...]  # what may differ between two computations of equal data: sums of floats, say
