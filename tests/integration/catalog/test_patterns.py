"""Views declared by pattern: which one finds which view, and how new views get their policy."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fix_database import Database
from tests.fix_roles import MakeRole

POLICY = {
    "enabled": True, "target_lag": "1 hour", "schedules": [], "change_detection": "none", "audit_interval": "1 day",
    "depends_on": [], "priority": "high", "must_not_be_empty": False, "custom_checks": [], "suspend_after": 5,
    "probe_after": "1 hour",
}  # fmt: skip
ADOPT = "SELECT view_name, adopted FROM bi_refresh.adopt_views()"
POLICIES = "SELECT view_name, pattern, priority, target_lag::text FROM bi_refresh.view_policy ORDER BY view_name"


@pytest.fixture
def shop(database: Database) -> Database:
    """A database with views in two schemas, none of them managed."""
    for name in ("sales.mv_a", "sales.mv_b", "sales.other", 'sales."mv_ Ñandú+(1)"', '"Sales".mv_a', "sales_2.mv_a"):
        schema = name.split(".")[0]
        database.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}; CREATE MATERIALIZED VIEW {name} AS SELECT 1 AS id")
    database.execute("CREATE TABLE sales.mv_table (id integer); CREATE VIEW sales.mv_view AS SELECT 1 AS id")
    return database


def _found(database: Database, *patterns: str) -> list[tuple[str, str]]:
    return database.rows("SELECT * FROM bi_refresh.views_by_pattern(%s)", list(patterns))


def _declare(database: Database, pattern: str, position: int, **policy: Any) -> None:
    database.execute(
        "INSERT INTO bi_refresh.view_pattern VALUES (%s, %s, %s)", pattern, position, json.dumps({**POLICY, **policy})
    )


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("sales.mv_*", ['sales."mv_ Ñandú+(1)"', "sales.mv_a", "sales.mv_b"]),
        ("sales.mv_?", ["sales.mv_a", "sales.mv_b"]),
        ("sales.*", ['sales."mv_ Ñandú+(1)"', "sales.mv_a", "sales.mv_b", "sales.other"]),
        ("*.mv_a", ['"Sales".mv_a', "sales.mv_a", "sales_2.mv_a"]),
        ("Sales.*", ['"Sales".mv_a']),
        ("sales?2.*", ["sales_2.mv_a"]),
        ("sales.mv_ Ñandú+(1)", ['sales."mv_ Ñandú+(1)"']),
        # a character of regular expressions stands for itself
        ("sales.mv.a", []),
        ("sales.mv_[ab]", []),
        ("sales.^mv_a$", []),
        ("sales.mv_a|mv_b", []),
        ("sales.mv\\_a", []),
        ("sales.", []),
        ("*", []),
    ],
)
def test_a_pattern_finds(shop: Database, pattern: str, names: list[str]) -> None:
    assert _found(shop, pattern) == [(name, pattern) for name in names]


def test_a_view_belongs_to_the_first_pattern_that_fits(shop: Database) -> None:
    assert dict(_found(shop, "sales.mv_b", "sales.mv_*", "sales.*")) == {
        "sales.mv_a": "sales.mv_*",
        "sales.mv_b": "sales.mv_b",
        'sales."mv_ Ñandú+(1)"': "sales.mv_*",
        "sales.other": "sales.*",
    }


def test_new_views_are_adopted_and_vanished_ones_are_let_go(shop: Database) -> None:
    shop.manage("sales.mv_b")  # declared by name
    _declare(shop, "sales.*", 2)
    _declare(shop, "sales.mv_?", 1, priority="low")
    assert shop.rows(ADOPT) == [('sales."mv_ Ñandú+(1)"', True), ("sales.mv_a", True), ("sales.other", True)]
    assert shop.rows(POLICIES) == [
        ('sales."mv_ Ñandú+(1)"', "sales.*", "high", "01:00:00"),
        ("sales.mv_a", "sales.mv_?", "low", "01:00:00"),
        ("sales.mv_b", None, "normal", "00:15:00"),
        ("sales.other", "sales.*", "high", "01:00:00"),
    ]
    assert shop.rows(ADOPT) == []

    shop.execute(
        "DROP MATERIALIZED VIEW sales.mv_a, sales.mv_b; CREATE MATERIALIZED VIEW sales.mv_new AS SELECT 1 AS id"
    )
    assert shop.rows(ADOPT) == [("sales.mv_a", False), ("sales.mv_new", True)]
    # what was declared by name is for people to take back
    assert [row[0] for row in shop.rows(POLICIES)] == [
        'sales."mv_ Ñandú+(1)"',
        "sales.mv_b",
        "sales.mv_new",
        "sales.other",
    ]


def test_adopting_keeps_what_is_known_of_a_view(shop: Database) -> None:
    _declare(shop, "sales.mv_?", 1)
    shop.rows(ADOPT)
    shop.execute("INSERT INTO bi_refresh.view_state (view_name, rows_total) VALUES ('sales.mv_a', 7)")
    shop.rows(ADOPT)
    assert shop.value("SELECT rows_total FROM bi_refresh.view_state") == 7


def test_postgresqls_own_schemas_have_no_views_to_keep_fresh(shop: Database) -> None:
    assert _found(shop, "pg_*.*", "information_schema.*") == []


def test_the_task_may_adopt_and_nothing_else(shop: Database, make_role: MakeRole) -> None:
    _declare(shop, "sales.mv_?", 1)
    with shop.connect(user=make_role("bi_refresh_refresher")) as task:
        assert task.execute(ADOPT).fetchall() == [("sales.mv_a", True), ("sales.mv_b", True)]
        assert task.execute("SELECT has_table_privilege('bi_refresh.view_policy', 'INSERT')").fetchone() == (False,)
