"""Whether a view can be refreshed while it is read, and by which key."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from math import prod

from refresh_task.inspection.facts import Column, Facts, Index, ViewFacts
from refresh_task.inspection.finding import Code, Finding, Level
from refresh_task.inspection.words import listing

_MOST_KEY_COLUMNS = 3
_CONSIDERED_COLUMNS = 8  # keys stand in front; trying all combinations of many columns proves nothing


def examine_keys(_facts: Facts, view: ViewFacts) -> Iterator[Finding]:
    """Populated, a usable unique index, NULLs in it."""
    if not view.is_populated:
        yield Finding(
            Code.NOT_POPULATED,
            Level.PROBLEM,
            "It is not populated.",
            "Reading it fails (SQLSTATE 55000), as after a restore or CREATE … WITH NO DATA, and it cannot be "
            "refreshed concurrently; its first refresh is exclusive, which disturbs nobody.",
            view.name,
            f"REFRESH MATERIALIZED VIEW {view.name};",
        )
    if view.is_maintained:
        return  # rows are matched by the key that was proved, or as wholes
    if view.usable_indexes:
        yield Finding(
            Code.USABLE_KEY,
            Level.OK,
            f"Readers go on while it is refreshed, by its unique index {view.usable_indexes[0].name}.",
            "",
            view.name,
        )
    else:
        yield _no_unique_index(view)
    yield from _indexes(view)
    yield from _null_keys(view)


def candidate_key(view: ViewFacts) -> tuple[tuple[str, ...], str]:
    """Columns that identify a row, and how that is known, in words; () where nothing says so."""
    if view.proven_key:
        return view.proven_key, "its query groups by it, so no two rows can share it"
    known = [column for column in view.columns if _may_be_key(column)]
    if alone := [column for column in known if column.distinct_values == -1]:
        return (alone[0].name,), "no two of its rows had the same value, and none was NULL, when it was last analyzed"
    rows = view.row_count if view.is_analyzed else None
    for count in range(2, _MOST_KEY_COLUMNS + 1):
        for columns in combinations(known[:_CONSIDERED_COLUMNS], count):
            if rows and prod(_distinct(column, rows) for column in columns) >= rows:
                return tuple(column.name for column in columns), (
                    "a guess by how many values each column has, which PostgreSQL checks while it creates the index"
                )
    return (), ""


def unique_index_ddl(view: ViewFacts) -> str:
    """The statement that would give it the unique index it lacks."""
    columns, _ = candidate_key(view)
    quoted = {column.name: column.quoted for column in view.columns}
    listed = ", ".join(quoted[column] for column in columns)
    if not columns:
        listed = f"<the columns that identify a row, out of: {listing(tuple(quoted.values()), most=6)}>"
    return f"CREATE UNIQUE INDEX ON {view.name} ({listed});"


def _no_unique_index(view: ViewFacts) -> Finding:
    columns, evidence = candidate_key(view)
    unusable = [f"{index.name} {_why_unusable(index)}" for index in view.indexes]
    what = "It has no unique index on plain columns."
    if unusable:
        what = f"It has no unique index that counts: {listing(unusable)}."
    why = "It cannot be refreshed without blocking its readers, so its refreshes fail (SQLSTATE 55000)."
    if columns:
        why += f" A candidate is proposed below: {evidence}."
    elif not view.is_readable:
        why += " Which columns would do is not known to a role that may not read it."
    else:
        why += f" No column stands out by itself. (Not analyzed? ANALYZE {view.name}; and ask again.)"
    return Finding(Code.NO_UNIQUE_INDEX, Level.PROBLEM, what, why, view.name, unique_index_ddl(view))


def _why_unusable(index: Index) -> str:
    if not index.is_valid:
        return "is invalid (its creation failed)"
    if index.is_partial:
        return "has a WHERE clause"
    return "is on an expression" if index.has_expressions else "is not checked at once"


def _indexes(view: ViewFacts) -> Iterator[Finding]:
    for index in view.indexes:
        if not index.is_valid:
            yield Finding(
                Code.INVALID_INDEX,
                Level.ADVICE,
                f"Its unique index {index.name} is invalid: creating it failed.",
                "Every refresh maintains it, and nothing can use it.",
                view.name,
                f"DROP INDEX {index.name}; and create it again once the duplicate rows are gone.",
            )
    if len(view.usable_indexes) > 1:
        first, *others = view.usable_indexes
        yield Finding(
            Code.EXTRA_UNIQUE_INDEX,
            Level.ADVICE,
            f"It has {len(view.usable_indexes)} unique indexes; {first.name} alone would do.",
            "A concurrent refresh compares old and new rows by the columns of all of them and maintains each.",
            view.name,
            " ".join(f"DROP INDEX {index.name};" for index in others) + " (unless queries need them)",
        )


def _null_keys(view: ViewFacts) -> Iterator[Finding]:
    by_name = {column.name: column for column in view.columns}
    keys = [by_name[name] for name in view.key_columns if name in by_name]
    nullable = [(column.quoted, column.null_fraction) for column in keys if column.null_fraction]
    if view.null_key_rows:
        rows, columns = f"{view.null_key_rows:,} of {view.counted_rows:,} rows", [column.quoted for column in keys]
    elif nullable:
        share = max(share for _, share in nullable)
        rows = "some rows" if view.row_count is None else f"about {max(1, round(view.row_count * share)):,} rows"
        columns = [name for name, _ in nullable]
    else:
        return
    yield Finding(
        Code.NULL_KEYS,
        Level.ADVICE,
        f"NULL stands in its key ({', '.join(columns)}) in {rows}.",
        "NULL equals nothing, so a concurrent refresh deletes and inserts those rows every time although nothing "
        "changed: the view grows, and so does the log that replicas receive. NULLS NOT DISTINCT does not help.",
        view.name,
        f"Let its query give another value, coalesce({columns[0]}, …) AS {columns[0]}, or leave those rows out.",
    )


def _may_be_key(column: Column) -> bool:
    return column.has_order and not column.is_float and column.null_fraction == 0 and bool(column.distinct_values)


def _distinct(column: Column, rows: int) -> float:
    values = column.distinct_values or 0
    return -values * rows if values < 0 else values
