"""Which slicings to keep: those by which the tables that change most touch the fewest rows, and as few as will do.

Estimates decide only how much work a refresh will be. What is true of a slicing was proved before."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log10, prod
from typing import TypeAlias

from refresh_task.incremental.proof.definition import Definition, Table
from refresh_task.incremental.proof.expressions import bare_column, inner, kind, read, references
from refresh_task.incremental.proof.slices import Touch

_MOST_SLICINGS = 3
_MOST_CANDIDATES = 14
# Of what a full refresh costs: by how much another slicing must make it better. That is for one changed row, and a
# hundred or more come together: 200 rows touched of four million are much for each of them.
_FOR_EACH_SLICING = 0.000001
_UNKNOWN_VALUES = 100.0  # how many values an expression has that no statistics are kept of
_LEAST_WEIGHT = 0.01  # of a table that hardly changes: of the others' changes, for it may change one day

# By the OID of a table and the name of an output column: how its rows name a slice of that column alone.
Singles: TypeAlias = Mapping[int, Mapping[str, Touch]]


@dataclass(frozen=True, slots=True)
class _Candidate:
    columns: tuple[str, ...]
    parts: Mapping[int, float]  # by OID: the part of the result that a changed row of the table touches
    lookups: int  # how many tables look a slice up


def choose(
    definition: Definition, singles: Singles, keys: Sequence[Sequence[str]], groups: Sequence[Sequence[str]]
) -> tuple[tuple[str, ...], ...]:
    """The slicings, best first; () where no table is direct on any. A table that is direct on each of several columns
    is direct on them together. `groups`: output columns by which rows were grouped or told apart."""
    weights = _weights(definition.tables)
    whole = sum(weights.values())

    def cost(chosen: Sequence[_Candidate]) -> tuple[float, int]:
        touched = sum(
            weight * min((candidate.parts.get(oid, 1.0) for candidate in chosen), default=1.0)
            for oid, weight in weights.items()
        )
        lookups = sum(candidate.lookups for candidate in chosen)
        return (touched / whole + len(chosen) * _FOR_EACH_SLICING if whole else 1.0), lookups

    candidates = [
        _Candidate(columns, parts := _parts(definition, singles, columns), _count_lookups(singles, columns, parts))
        for columns in dict.fromkeys(_worth_trying(definition, singles, keys, groups))
        if columns
    ]
    candidates = sorted((found for found in candidates if found.parts), key=lambda found: cost([found]))
    chosen = min(
        (
            several
            for count in range(1, _MOST_SLICINGS + 1)
            for several in combinations(candidates[:_MOST_CANDIDATES], count)
        ),
        key=cost,
        default=(),
    )
    return tuple(candidate.columns for candidate in chosen)


def assign(definition: Definition, table: Table, direct: Sequence[Mapping[int, Touch]]) -> int | None:
    """Which slicing, counted from 0, a changed row of the table touches least of; None: it is direct on none. One whose
    slices it names itself, before one for which it looks them up."""
    found = [
        (part_touched(definition, table, [touches[table.oid]]), touches[table.oid].lookup is not None, number)
        for number, touches in enumerate(direct)
        if table.oid in touches
    ]
    return min(found)[-1] if found else None


def part_touched(definition: Definition, table: Table, touches: Sequence[Touch]) -> float:
    """The part of the result that one row touches, as far as statistics tell: 0.01 where there are 100 slices.
    `touches`: together they are one slicing."""
    values = prod(_touch_values(definition, table, touch) for touch in touches)
    return 1 / max(1.0, min(values, float(max(table.row_count, 1_000))))


def _touch_values(definition: Definition, table: Table, touch: Touch) -> float:
    if touch.lookup is None:
        return prod(_values(table, expression) for expression in touch.expressions)
    other = definition.table(touch.lookup.relation)
    is_own = [number not in touch.lookup.positions for number in range(1, len(touch.expressions) + 1)]
    own = prod(_values(table, said) for said, mine in zip(touch.expressions, is_own, strict=True) if mine)
    looked_up = prod(_values(other, said) for said, mine in zip(touch.expressions, is_own, strict=True) if not mine)
    # no more rows are found than are looked for
    return own * min(looked_up, prod(_values(table, said) for said, _ in touch.lookup.pairs))


def _weights(tables: Sequence[Table]) -> dict[int, float]:
    """By OID. In powers of ten: what is chosen is not to be another one with each row that is written."""
    magnitudes = {table.oid: 10.0 ** round(log10(1 + table.changes)) for table in tables}
    least = _LEAST_WEIGHT * max(magnitudes.values(), default=1.0)
    return {oid: max(least, magnitude) for oid, magnitude in magnitudes.items()}


def _parts(definition: Definition, singles: Singles, columns: Sequence[str]) -> dict[int, float]:
    parts = {
        table.oid: part_touched(definition, table, [singles[table.oid][column] for column in columns])
        for table in definition.tables
        if table.oid in singles and all(column in singles[table.oid] for column in columns)
    }
    return {oid: part for oid, part in parts.items() if part < 1}


def _count_lookups(singles: Singles, columns: Sequence[str], tables: Collection[int]) -> int:
    return sum(any(singles[oid][column].lookup is not None for column in columns) for oid in tables)


def _worth_trying(
    definition: Definition, singles: Singles, keys: Sequence[Sequence[str]], groups: Sequence[Sequence[str]]
) -> Iterator[tuple[str, ...]]:
    by_table = {table: singles.get(table.oid, {}) for table in definition.tables}
    for columns in (*keys, *groups):
        yield tuple(columns)
        for direct in by_table.values():
            yield tuple(column for column in columns if column in direct)
    for table, direct in by_table.items():
        # columns that carry a key of the table: a row of it touches what was made of it alone
        own = [(column, touch.expressions[0]) for column, touch in direct.items() if touch.lookup is None]
        carried = {expression: column for column, expression in reversed(own)}
        for key in table.unique_keys:
            if all(column in carried for column in key):
                yield tuple(carried[column] for column in key)
    for direct in by_table.values():
        yield from ((column,) for column in direct)


def _values(table: Table, expression: str) -> float:
    tree = read(expression)
    if tree is None or references(tree) == set():
        return 1.0
    while kind(inner(tree)) == "TypeCast":
        tree = inner(tree).arg
    name = bare_column(tree)
    column = table.columns.get(name[-1]) if name is not None else None
    if column is None:
        return _UNKNOWN_VALUES
    if (column.name,) in table.unique_keys:
        return max(float(table.row_count), 1_000.0)
    return column.distinct_values or _UNKNOWN_VALUES
