"""Which slicings to keep: those by which the tables that change most touch the fewest rows, and as few as will do.

Estimates decide only how much work a refresh will be. What is true of a slicing was proved before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log10, prod
from typing import TypeAlias

from refresh_task.incremental.proof.definition import Definition, Table
from refresh_task.incremental.proof.expressions import bare_column, inner, kind, read, references

_MOST_SLICINGS = 3
_MOST_CANDIDATES = 14
_FOR_EACH_SLICING = 0.0001  # of what a full refresh costs: by how much another slicing must make it better
_UNKNOWN_VALUES = 100.0  # how many values an expression has that no statistics are kept of
_LEAST_WEIGHT = 0.01  # of a table that hardly changes: of the others' changes, for it may change one day

# By the OID of a table and the name of an output column: the expression by which the table is direct on it.
Singles: TypeAlias = Mapping[int, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class _Candidate:
    columns: tuple[str, ...]
    parts: Mapping[int, float]  # by OID: the part of the result that a changed row of the table touches


def choose(
    definition: Definition, singles: Singles, keys: Sequence[Sequence[str]], groups: Sequence[Sequence[str]]
) -> tuple[tuple[str, ...], ...]:
    """The slicings, best first; () where no table is direct on any. A table that is direct on each of several columns
    is direct on them together. `groups`: output columns by which rows were grouped or told apart."""
    weights = _weights(definition.tables)
    whole = sum(weights.values())

    def cost(chosen: Sequence[_Candidate]) -> float:
        touched = sum(
            weight * min((candidate.parts.get(oid, 1.0) for candidate in chosen), default=1.0)
            for oid, weight in weights.items()
        )
        return touched / whole + len(chosen) * _FOR_EACH_SLICING if whole else 1.0

    candidates = [
        _Candidate(columns, _parts(definition, singles, columns))
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


def assign(table: Table, direct: Sequence[Mapping[int, tuple[str, ...]]]) -> int | None:
    """Which slicing, counted from 0, a changed row of the table touches least of; None: it is direct on none."""
    found = [
        (part_touched(table, expressions[table.oid]), number)
        for number, expressions in enumerate(direct)
        if table.oid in expressions
    ]
    return min(found)[1] if found else None


def part_touched(table: Table, expressions: Sequence[str]) -> float:
    """The part of the result that one row touches, as far as statistics tell: 0.01 where there are 100 slices."""
    values = prod(_values(table, expression) for expression in expressions)
    return 1 / max(1.0, min(values, float(max(table.row_count, 1_000))))


def _weights(tables: Sequence[Table]) -> dict[int, float]:
    """By OID. In powers of ten: what is chosen is not to be another one with each row that is written."""
    magnitudes = {table.oid: 10.0 ** round(log10(1 + table.changes)) for table in tables}
    least = _LEAST_WEIGHT * max(magnitudes.values(), default=1.0)
    return {oid: max(least, magnitude) for oid, magnitude in magnitudes.items()}


def _parts(definition: Definition, singles: Singles, columns: Sequence[str]) -> dict[int, float]:
    parts = {
        table.oid: part_touched(table, [singles[table.oid][column] for column in columns])
        for table in definition.tables
        if table.oid in singles and all(column in singles[table.oid] for column in columns)
    }
    return {oid: part for oid, part in parts.items() if part < 1}


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
        carried = {expression: column for column, expression in reversed(list(direct.items()))}
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
