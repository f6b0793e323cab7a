"""Incremental views made by hand: what the rest of the product sees of one, whatever refreshes it."""

from __future__ import annotations

from collections.abc import Mapping

from tests.fix_database import Database


def make_maintained_view(
    database: Database,
    name: str,
    *,
    query: str = "SELECT id, label FROM source",
    key: str | None = "id",
    stages: Mapping[str, str] | None = None,
    status: str = "enabled",
    output: str = "table",
    is_refreshed: bool = True,
) -> str:
    """A managed view in schema public that stands as enabled for incremental refresh: a table filled from its defining
    view, or a materialized view over its stages. A query names a stage as {stage}. Returns the view's full name."""
    view = f"public.{name}"
    database.execute("CREATE TABLE IF NOT EXISTS source (id integer, label text)")
    database.execute(
        "INSERT INTO bi_refresh.view_policy (view_name) SELECT %s WHERE NOT EXISTS ("
        "SELECT FROM bi_refresh.view_policy WHERE view_name = %s)",
        view, view,
    )  # fmt: skip
    database.execute(
        "INSERT INTO bi_refresh.incremental_view (view_name, status, output, query) VALUES (%s, %s, %s, %s)",
        view, status, output, query,
    )  # fmt: skip
    tables: dict[str, str] = {}
    for position, (stage, body) in enumerate((stages or {}).items(), start=1):
        number = _maintained(database, view, position, stage)
        tables[stage] = f"bi_refresh_incremental.table_{number}"
        _make_table(database, number, tables[stage], body.format(**tables))
    number = _maintained(database, view, len(tables) + 1, None)
    if output == "table":
        _make_table(database, number, view, query.format(**tables))
    else:
        database.execute(f"CREATE MATERIALIZED VIEW {view} AS {query.format(**tables)}")
        database.execute("UPDATE bi_refresh.maintained_table SET relation = %s::regclass WHERE id = %s", view, number)
    if key is not None:
        database.execute(f"CREATE UNIQUE INDEX {name}_key ON {view} ({key})")
    if is_refreshed:
        database.execute(
            "INSERT INTO bi_refresh.view_state (view_name, view_oid, data_timestamp, global_data_timestamp,"
            " last_success_at, refreshed_at) VALUES (%s, %s::regclass, now(), now(), now(), now())",
            view, view,
        )  # fmt: skip
        database.execute("UPDATE bi_refresh.maintained_table SET compared_at = now() WHERE view_name = %s", view)
    return view


def _maintained(database: Database, view: str, position: int, stage: str | None) -> int:
    insert = "INSERT INTO bi_refresh.maintained_table (view_name, position, stage) VALUES (%s, %s, %s) RETURNING id"
    return int(database.value(insert, view, position, stage))


def _make_table(database: Database, number: int, table: str, query: str) -> None:
    definition = f"bi_refresh_incremental.definition_{number}"
    database.execute(f"CREATE VIEW {definition} AS {query}")
    database.execute(f"CREATE TABLE {table} AS SELECT * FROM {definition}")
    database.execute(
        "UPDATE bi_refresh.maintained_table SET relation = %s::regclass, definition = %s::regclass WHERE id = %s",
        table, definition, number,
    )  # fmt: skip
