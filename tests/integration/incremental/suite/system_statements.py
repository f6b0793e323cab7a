"""Statements at random over tables that are known by their catalogs alone: rows change columns, come as copies of
others, and go. Which rows is decided by a hash of them, so that a history can be replayed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import psycopg

# Their own tables, without what is generated; whether a column has a default that can tell a copy from the original.
_COLUMNS = """
    SELECT
        a.attrelid::regclass::text, quote_ident(a.attname), format_type(a.atttypid, NULL),
        EXISTS (
            SELECT FROM pg_index AS i WHERE i.indrelid = a.attrelid AND i.indisunique AND a.attnum = ANY (i.indkey)
        ),
        a.atthasdef OR a.attidentity <> '', a.attnotnull
    FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
    WHERE a.attrelid IN (SELECT relation FROM bi_refresh.view_sources(%s::oid[])) AND c.relkind IN ('r', 'p')
        AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity <> 'a'
    ORDER BY 1, a.attnum
"""


@dataclass(frozen=True, slots=True)
class Column:
    """Of a table that a view reads."""

    table: str
    name: str
    type: str
    is_unique: bool
    has_default: bool
    is_required: bool


class SystemStatements:
    """`choice` decides everything."""

    def __init__(self, choice: random.Random, columns: list[Column]) -> None:
        self.choice = choice
        self.columns = columns
        self.tables = sorted({column.table for column in columns})

    def __call__(self) -> str:
        """One more."""
        table = self.choice.choice(self.tables)
        columns = [column for column in self.columns if column.table == table]
        kind = self.choice.choices(["change", "empty", "move", "copy", "delete", "truncate"], [5, 2, 3, 3, 2, 0.05])[0]
        if kind == "delete":
            return f"DELETE FROM {table} AS changed WHERE {self._some()}"
        if kind == "truncate":
            return f"TRUNCATE {table} CASCADE"
        if kind == "copy":
            return self._copy(table, columns)
        moments = [column for column in columns if column.type.startswith(("timestamp", "date"))]
        if kind == "move" and moments:
            column = self.choice.choice(moments).name
            days = self.choice.choice([-400, -40, -7, -1, 1, 3, 31])
            return f"UPDATE {table} AS changed SET {column} = {column} + interval '{days} days' WHERE {self._some()}"
        chosen = self.choice.choice([column for column in columns if not column.is_unique] or columns)
        column = chosen.name
        value = "NULL" if kind == "empty" and not chosen.is_required else self._value(table, column)
        return f"UPDATE {table} AS changed SET {column} = {value} WHERE {self._some()}"

    def _some(self) -> str:
        """A condition that a few rows meet."""
        parts = self.choice.choice([10, 100, 500])
        seed = self.choice.randint(0, 10_000)
        return f"abs(hashtextextended(changed::text, {seed})) % {parts} = 0"

    def _value(self, table: str, column: str) -> str:
        """One of the column's own."""
        seed = self.choice.randint(0, 10_000)
        return f"(SELECT x.{column} FROM {table} AS x ORDER BY hashtextextended(x::text, {seed}) LIMIT 1)"

    def _copy(self, table: str, columns: list[Column]) -> str:
        copied = [column.name for column in columns if not (column.is_unique and column.has_default)]
        listed = ", ".join(copied)
        return f"INSERT INTO {table} ({listed}) SELECT {listed} FROM {table} AS changed WHERE {self._some()} LIMIT 20"


def columns_of(session: psycopg.Connection[Any], views: list[str]) -> list[Column]:
    """Of all tables that the views read."""
    oids = [
        oid
        for view in views
        for (oid,) in session.execute("SELECT %s::regclass::oid", [view]).fetchall()
    ]  # fmt: skip
    return [Column(*row) for row in session.execute(_COLUMNS, [oids]).fetchall()]
