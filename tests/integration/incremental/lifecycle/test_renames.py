"""What an enabled view reads is renamed: what is given back, or made anew, reads the same columns as before."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from refresh_task import incremental
from tests.fix_database import Database

_VIEW = "public.mv_kinds"
_TABLE = """
    CREATE TABLE piece (kind integer NOT NULL, weight integer);
    INSERT INTO piece SELECT n % 20, n FROM generate_series(1, 200) AS n;
"""
_PLAIN = """
    CREATE MATERIALIZED VIEW mv_kinds AS
    SELECT p.kind, count(*) AS pieces, sum(p.weight) AS weight FROM piece AS p GROUP BY p.kind
"""
_STAGED = """
    CREATE MATERIALIZED VIEW mv_kinds AS
    WITH total AS (SELECT p.kind, count(*) AS pieces, sum(p.weight) AS weight FROM piece AS p GROUP BY p.kind)
    SELECT t.kind, t.pieces, t.weight FROM total AS t
"""
_EXPANDED = _STAGED.replace("MATERIALIZED VIEW mv_kinds", "VIEW v_kinds") + (
    "; CREATE MATERIALIZED VIEW mv_kinds AS SELECT v.kind, v.pieces, v.weight FROM v_kinds AS v"
)
_RENAMES = {
    "column": "ALTER TABLE piece RENAME weight TO mass",
    "table": "ALTER TABLE piece RENAME TO part",
    "swap": "ALTER TABLE piece ADD weight_new integer DEFAULT 0; ALTER TABLE piece RENAME weight TO weight_old;"
    "ALTER TABLE piece RENAME weight_new TO weight",
    "tables": "ALTER TABLE piece RENAME TO piece_old; CREATE TABLE piece (kind integer, weight integer)",
}
_ROWS = "SELECT kind, pieces, weight FROM mv_kinds ORDER BY kind"


@pytest.mark.parametrize("rename", _RENAMES.values(), ids=_RENAMES)
@pytest.mark.parametrize(
    ("statements", "stages"),
    [(_PLAIN, None), (_STAGED, ("total",))],
    ids=["plain", "staged"],
)
def test_what_is_given_back_follows_renames(
    database: Database, statements: str, stages: tuple[str, ...] | None, rename: str
) -> None:
    database.execute(_TABLE + statements)
    database.manage(_VIEW)
    before = database.rows(_ROWS)
    with database.session() as session:
        incremental.enable(session, _VIEW, stages=stages)
        database.execute(rename)
        incremental.disable(session, _VIEW)
    assert database.value("SELECT relkind::text FROM pg_class WHERE oid = %s::regclass", _VIEW) == "m"
    assert database.rows(_ROWS) == before


def _replace(database: Database) -> None:
    """The view beneath is replaced by one of the same rows: the next `enable` makes the stages anew."""
    database.execute(
        database.value("SELECT 'CREATE OR REPLACE VIEW v_kinds AS ' || pg_get_viewdef('v_kinds'::regclass)").replace(
            "count(*)", "(count(*) + 0)"
        )
    )


def _leave(database: Database) -> None:
    """Nothing more happens than the rename."""


@pytest.mark.parametrize("happens", [_replace, _leave])
def test_what_is_made_anew_follows_renames(database: Database, happens: Callable[[Database], None]) -> None:
    database.execute(
        _TABLE + "CREATE TABLE grade (kind integer PRIMARY KEY, name text);"
        "INSERT INTO grade SELECT n, 'g' || n FROM generate_series(0, 19) AS n;"
        + _EXPANDED.replace(
            "SELECT v.kind, v.pieces, v.weight FROM v_kinds AS v",
            "SELECT v.kind, v.pieces, v.weight, g.name FROM v_kinds AS v JOIN grade AS g ON g.kind = v.kind",
        )
    )
    database.manage(_VIEW)
    before = database.rows(_ROWS)
    with database.session() as session:
        incremental.enable(session, _VIEW, stages=("total",))
        database.execute("ALTER TABLE grade RENAME TO rank; ALTER TABLE rank RENAME name TO title")
        happens(database)
        incremental.enable(session, _VIEW)
        assert incremental.verify(session, _VIEW).mismatches == ()
        assert database.rows(_ROWS) == before
        incremental.disable(session, _VIEW)
    assert database.rows(_ROWS) == before
