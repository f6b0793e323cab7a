"""A linear table made by hand, and refreshes of it alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import psycopg

from refresh_task.incremental.stages import read_linear, split
from tests.fix_database import Database

VIEW = "public.linear_view"


@dataclass(frozen=True)
class LinearTable:
    """A row of maintained_table."""

    database: Database
    id: int

    @property
    def definition(self) -> str:
        return f"bi_refresh_incremental.definition_{self.id}"

    @property
    def table(self) -> str:
        return f"bi_refresh_incremental.table_{self.id}"

    def refresh(self, connection: psycopg.Connection[Any] | None = None) -> tuple[Any, ...]:
        """One refresh of the table alone in a transaction of its own: strategy, reason, groups that changed."""
        if connection is None:
            with self.database.connect() as own:
                return self.refresh(own)
        with connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            row = self.maintain(connection)
            assert differences(connection, self.definition, self.table) == []
            return row

    def maintain(self, connection: psycopg.Connection[Any]) -> tuple[Any, ...]:
        """The same in the connection's transaction, compared with nothing."""
        row = connection.execute(
            "SELECT o.strategy, o.reason, o.changed_keys FROM bi_refresh.maintained_table AS m"
            " INNER JOIN bi_refresh.maintained_structures(ARRAY[m.view_name]) AS s ON s.table_id = m.id"
            " CROSS JOIN LATERAL bi_refresh.maintain(m, s.structure, m.moments,"
            " CASE WHEN m.structure IS DISTINCT FROM s.structure THEN 'its structure changed' END, NULL) AS o"
            " WHERE m.id = %s",
            [self.id],
        ).fetchone()
        assert row is not None
        return tuple(row)


def differences(connection: psycopg.Connection[Any], definition: str, table: str) -> list[tuple[Any, ...]]:
    """Rows that one of the two has more often than the other, told apart to the last digit shown."""
    return connection.execute(
        f"WITH image AS (SELECT d::text AS row, 1 AS weight FROM {definition} AS d"
        f" UNION ALL SELECT t::text, -1 FROM {table} AS t)"
        " SELECT row, sum(weight) FROM image GROUP BY row HAVING sum(weight) <> 0 ORDER BY row".encode()
    ).fetchall()


def make_linear_table(database: Database, query: str, source: str, *, stage: str = "stage") -> LinearTable:
    """Keep the WITH query `stage` of a query, which reads `source`, as a linear table, filled. Fails where it is not
    linear."""
    with database.session() as session:
        # in PostgreSQL's own spelling, as the product has it
        database.execute(f"CREATE OR REPLACE VIEW public.spelled AS {query}")
        text = database.value(
            "SELECT set_config('search_path', '', false) || pg_get_viewdef('public.spelled'::regclass)"
        )
        (found,) = split(text, [stage], subject=VIEW).stages
        linear = read_linear(session, found, str, subject=VIEW)
    assert not isinstance(linear, str), linear
    database.execute("INSERT INTO bi_refresh.view_policy (view_name) VALUES (%s) ON CONFLICT DO NOTHING", VIEW)
    database.execute(
        "INSERT INTO bi_refresh.incremental_view (view_name, status, query) VALUES (%s, 'enabled', %s)"
        " ON CONFLICT DO NOTHING",
        VIEW, query,
    )  # fmt: skip
    owner = database.value("SELECT relowner FROM pg_class WHERE oid = %s::regclass", source)
    number = database.value(
        "INSERT INTO bi_refresh.maintained_table (view_name, position, stage, kind, measures)"
        " SELECT %s, count(*) + 1, %s, 'linear', %s::jsonb FROM bi_refresh.maintained_table RETURNING id",
        VIEW, stage, json.dumps(linear.measures),
    )  # fmt: skip
    with database.connect() as connection:
        for statement, parameters in (
            ("SELECT bi_refresh.make_definition(%s, %s, %s)", (number, linear.stage.query.render(str), owner)),
            ("SELECT bi_refresh.make_maintained_table(%s)", (number,)),
            ("SELECT bi_refresh.make_maintain_function(%s)", (number,)),
        ):
            connection.execute(statement, parameters)
        connection.execute(
            "INSERT INTO bi_refresh.maintained_source (table_id, capture_id, slice, expressions, layout)"
            " SELECT %s, c.id, 1, %s, c.layout FROM bi_refresh.capture_table(%s::regclass, %s::name[]) AS c",
            [number, [key["expression"] for key in linear.measures["keys"]], source, list(linear.columns)],
        )
        connection.execute(
            "UPDATE bi_refresh.incremental_view SET proved_structure = bi_refresh.proof_structure(view_name)"
        )
        with connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            connection.execute("SELECT bi_refresh.fill_table(%s)", [number])
    return LinearTable(database, number)
