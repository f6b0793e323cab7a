"""Captured tables and tables that are maintained from them, as `vistafresca incremental enable` writes them down."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.fix_database import Database

_MAINTAINED = """
    INSERT INTO bi_refresh.view_policy (view_name) VALUES (%(view)s) ON CONFLICT DO NOTHING;
    INSERT INTO bi_refresh.incremental_view (view_name, status, query)
        VALUES (%(view)s, 'enabled', '') ON CONFLICT DO NOTHING;
"""


@dataclass(frozen=True)
class Captured:
    """One captured table."""

    database: Database
    id: int
    table: str
    columns: tuple[str, ...]

    @property
    def log(self) -> str:
        """Its log's name."""
        return f"bi_refresh_incremental.log_{self.id}"

    @property
    def pending(self) -> str:
        """The name of what waits for maintained tables."""
        return f"bi_refresh_incremental.pending_{self.id}"

    def entries(self) -> Counter[tuple[Any, ...]]:
        """The log's entries, each (weight, values of the captured columns …)."""
        names = "".join(f', "{name}"' for name in self.columns)
        return Counter(self.database.rows(f"SELECT bi_refresh_weight{names} FROM {self.log}"))

    def entries_of(self, connection: psycopg.Connection[Any], write: str) -> Counter[tuple[Any, ...]]:
        """What statements write to the log, which are rolled back then; the connection is in autocommit mode."""
        names = "".join(f', "{name}"' for name in self.columns)
        connection.execute("BEGIN")
        try:
            for statement in write.split("; "):
                connection.execute(statement.encode())
            return Counter(connection.execute(f"SELECT bi_refresh_weight{names} FROM {self.log}".encode()).fetchall())
        finally:
            connection.execute("ROLLBACK")

    def problems(self) -> list[str]:
        """What capture_problems() says of it."""
        found = self.database.rows("SELECT problem FROM bi_refresh.capture_problems(%s)", [self.id])
        return [problem for (problem,) in found]

    def structure(self) -> str:
        """What capture_structure() says of it."""
        return str(self.database.value("SELECT bi_refresh.capture_structure(%s)", [self.id]))


def capture(database: Database, table: str, *columns: str) -> Captured:
    """Have a table captured."""
    with database.connect(row_factory=psycopg.rows.dict_row) as connection:
        row = connection.execute(
            "SELECT * FROM bi_refresh.capture_table(%s::regclass, %s::name[])", [table, list(columns)]
        ).fetchone()
    assert row is not None
    return Captured(database, row["id"], table, tuple(row["columns"]))


def maintain(
    database: Database,
    *sources: Captured,
    view: str = "public.a",
    kind: str = "slices",
    is_direct: bool = True,
    relation: str | None = None,
) -> int:
    """A maintained table that each change of the sources matters to. Returns its number."""
    with database.connect(autocommit=False) as connection:
        for statement in _MAINTAINED.strip().split(";\n"):
            if statement.strip():
                connection.execute(statement.encode(), {"view": view})
        (table,) = connection.execute(
            "INSERT INTO bi_refresh.maintained_table (view_name, position, kind, relation) SELECT %s, count(*), %s,"
            " to_regclass(%s) FROM bi_refresh.maintained_table RETURNING id",
            [view, kind, relation],
        ).fetchone() or (0,)
        for source in sources:
            connection.execute(
                "INSERT INTO bi_refresh.maintained_source (table_id, capture_id, slice, expressions, layout)"
                " SELECT %s, c.id, %s, c.columns, c.layout FROM bi_refresh.captured_table AS c WHERE c.id = %s",
                [table, 1 if is_direct else None, source.id],
            )
    return int(table)


def give_up(database: Database, *tables: int) -> None:
    """Maintain these tables no more."""
    database.execute("DELETE FROM bi_refresh.maintained_table WHERE id = ANY (%s)", list(tables))
    database.execute(
        "DELETE FROM bi_refresh.incremental_view AS v WHERE NOT EXISTS"
        " (SELECT FROM bi_refresh.maintained_table AS t WHERE t.view_name = v.view_name)"
    )


@dataclass(frozen=True)
class Claim:
    """What one claim gave of one source."""

    is_everything: bool
    changes: int
    rows: Counter[tuple[Any, ...]]


def claim(
    connection: psycopg.Connection[Any], table: int, *, isolation: str = "REPEATABLE READ", commit: bool = True
) -> dict[int, Claim]:
    """Claim a maintained table's changes in a transaction of an autocommit connection, by captured table."""
    connection.execute(f"BEGIN ISOLATION LEVEL {isolation}".encode())
    claimed = {}
    for capture_id, is_everything, changes in connection.execute(
        "SELECT * FROM bi_refresh.claim_changes(%s)", [table]
    ).fetchall():
        rows: Counter[tuple[Any, ...]] = Counter()
        if changes and not is_everything:
            rows = Counter(connection.execute(f"TABLE pg_temp.changed_{table}_{capture_id}".encode()).fetchall())
        claimed[capture_id] = Claim(is_everything, changes, rows)
    if commit:
        connection.execute("COMMIT")
    return claimed
