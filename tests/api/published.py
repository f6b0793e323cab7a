"""Small published views whose right answers plain Python works out."""

from __future__ import annotations

import json
from typing import Any

from refresh_task.policies.endpoint import Publication
from tests.fix_database import Database

# id, region, n, score, day: with NULLs in every column that may have them, equal values, and all sorts of text.
ROWS: tuple[tuple[int, str | None, int | None, str | None, str | None], ...] = (
    (1, "north", 3, "1.50", "2026-01-05"),
    (2, "south", None, "2.25", "2026-01-06"),
    (3, None, 3, None, "2026-01-05"),
    (4, "north", 1, "1.5", None),
    (5, "south", 7, "0.001", "2026-02-01"),
    (6, None, None, None, None),
    (7, "east, or so", 3, "99999999999999999999.5", "2026-01-05"),
    (8, "Ñandú \"q\" 'x' \\", 2, "-1", "2025-12-31"),
    (9, "north", 3, "1.5", "2026-01-05"),
    (10, "", -4, "0", "2026-01-01"),
)
NAMES = ("id", "region", "n", "score", "day")


def publish(
    database: Database, *, name: str = "summary", key: str | None = "id", refresh: bool = True, **endpoint: Any
) -> str:
    """A published view of ROWS over public.summary_base, refreshed through Vistafresca. Returns its full name."""
    if not database.value("SELECT to_regclass('public.source_rows') IS NOT NULL"):
        database.execute("CREATE TABLE source_rows (id integer, region text, n integer, score numeric, day date)")
        with database.connect() as connection:
            connection.cursor().executemany("INSERT INTO source_rows VALUES (%s, %s, %s, %s, %s)", ROWS)
    database.execute(f"CREATE VIEW {name}_base AS SELECT id, region, n, score, day FROM source_rows")
    database.execute(f"CREATE MATERIALIZED VIEW {name} AS SELECT * FROM {name}_base WITH NO DATA")
    if key is not None:
        database.execute(f"CREATE UNIQUE INDEX ON {name} ({key})")
    database.execute(
        "INSERT INTO bi_refresh.view_policy (view_name, endpoint) VALUES (%s, %s)",
        f"public.{name}",
        json.dumps(Publication().to_json() | endpoint),
    )
    if refresh:
        database.execute("SELECT * FROM bi_refresh.refresh_bi_views(%s)", [f"public.{name}"])
    return f"public.{name}"


def make_older(database: Database, view: str, age: str) -> None:
    """Let the view's data be from so long ago."""
    database.execute(
        "UPDATE bi_refresh.view_state SET data_timestamp = now() - %s::interval,"
        " global_data_timestamp = now() - %s::interval WHERE view_name = %s",
        age,
        age,
        view,
    )
