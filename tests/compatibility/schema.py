"""What a program may rely on in the schema bi_refresh, and what a newer schema has taken away from it."""

from __future__ import annotations

from dataclasses import dataclass

from tests.fix_database import Database

_COLUMNS = """
    SELECT c.relname || '.' || a.attname, c.relkind IN ('r', 'p'), pg_catalog.format_type(a.atttypid, a.atttypmod),
           a.attnotnull, a.atthasdef OR a.attidentity <> ''
    FROM pg_class AS c
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = 'bi_refresh'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
"""
# With the modes and names of what is given out: a caller names them.
_FUNCTIONS = """
    SELECT p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', pg_get_function_result(p.oid)
    FROM pg_proc AS p WHERE p.pronamespace = 'bi_refresh'::regnamespace
"""
# What a write may violate, but for NOT NULL, which PostgreSQL 18 lists among them, and the columns say already.
_CONSTRAINTS = """
    SELECT DISTINCT i.indrelid::regclass::text, pg_get_indexdef(i.indexrelid)
    FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
    WHERE c.relnamespace = 'bi_refresh'::regnamespace AND i.indisunique
    UNION ALL
    SELECT DISTINCT conrelid::regclass::text, pg_get_constraintdef(oid)
    FROM pg_constraint
    WHERE connamespace = 'bi_refresh'::regnamespace AND contype IN ('c', 'f', 'x') AND conrelid <> 0
"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table or view."""

    is_of_a_table: bool
    type: str
    is_required: bool
    has_default: bool


@dataclass(frozen=True, slots=True)
class Schema:
    """Columns by relation.column, functions by signature, constraints as (table, definition)."""

    columns: dict[str, Column]
    functions: dict[str, str]
    constraints: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, database: Database) -> Schema:
        return cls(
            columns={name: Column(*facts) for name, *facts in database.rows(_COLUMNS)},
            functions=dict(database.rows(_FUNCTIONS)),
            constraints=frozenset(database.rows(_CONSTRAINTS)),
        )

    @property
    def tables(self) -> set[str]:
        return {name.split(".")[0] for name, column in self.columns.items() if column.is_of_a_table}


def taken_away(before: Schema, after: Schema) -> list[str]:
    """One sentence for everything that a program written for `before` may miss in `after`."""
    said = []
    for name, column in before.columns.items():
        now = after.columns.get(name)
        if now is None:
            said.append(f"column {name} is gone")
            continue
        if now.type != column.type:
            said.append(f"column {name} was {column.type} and is {now.type}")
        if now.is_required and not column.is_required:
            said.append(f"column {name} must not be NULL any more")
        if now.is_required and column.has_default and not now.has_default:
            said.append(f"column {name} has no default any more")
    for name in after.columns.keys() - before.columns.keys():
        now = after.columns[name]
        if name.split(".")[0] in before.tables and now.is_required and not now.has_default:
            said.append(f"column {name} is new and must be given a value")
    for signature, result in before.functions.items():
        if signature not in after.functions:
            said.append(f"function {signature} is gone")
        elif after.functions[signature] != result:
            said.append(f"function {signature} returned {result} and returns {after.functions[signature]}")
    said += [
        f"table {table.removeprefix('bi_refresh.')} has a new constraint: {definition}"
        for table, definition in after.constraints - before.constraints
        if table.removeprefix("bi_refresh.") in before.tables
    ]
    return sorted(said)
