"""Against a database that has never seen Vistafresca."""

from __future__ import annotations

from pathlib import Path

import pytest
from psycopg import Connection, RawCursor

from tests.fix_command_line import CommandLine
from tests.fix_database import Database
from tests.fix_roles import MakeRole, dsn_as
from tests.integration.plan_command.conftest import MakePreview, by_view


@pytest.fixture
def shop(empty_database: Database) -> Database:
    """shop.week reads shop.totals through an ordinary view; shop.month reads both; shop.other reads nothing."""
    empty_database.execute(
        "CREATE SCHEMA shop; CREATE TABLE shop.sales (id integer, day date);"
        "CREATE MATERIALIZED VIEW shop.totals AS SELECT day, count(*) FROM shop.sales GROUP BY day;"
        "CREATE UNIQUE INDEX ON shop.totals (day); CREATE VIEW shop.recent AS SELECT day FROM shop.totals;"
        "CREATE MATERIALIZED VIEW shop.week AS SELECT day FROM shop.recent;"
        "CREATE MATERIALIZED VIEW shop.month AS SELECT day FROM shop.week JOIN shop.totals USING (day) WITH NO DATA;"
        "CREATE MATERIALIZED VIEW shop.other AS SELECT id FROM shop.sales"
    )
    return empty_database


def test_every_view_is_planned_by_the_default_policy_and_that_is_said(
    shop: Database, preview: MakePreview, command_line: CommandLine
) -> None:
    said = preview(shop)
    assert (said["installed"], said["policies_from"]) == (False, "defaults")
    assert said["waves"] == [["shop.other", "shop.totals"], ["shop.week"], ["shop.month"]]
    steps = by_view(said["steps"])
    assert {step["due_by"] for step in steps.values()} == {"never refreshed"}
    assert steps["shop.month"]["strategy"] == "exclusive"
    assert steps["shop.month"]["upstream"] == ["shop.totals", "shop.week"]
    assert "shop.totals_day_idx" in steps["shop.totals"]["reason"]

    text = command_line(shop, "plan").stdout
    assert "each materialized view is planned with the default policy" in text
    assert "each view counts as never refreshed" in text
    assert text.splitlines()[-1] == "4 steps in 3 waves; 0 views left alone."


def test_the_tree_says_what_reads_what_and_through_what(shop: Database, command_line: CommandLine) -> None:
    lines = [line.strip(" │├└─") for line in command_line(shop, "plan").stdout.splitlines()]
    at = lines.index("what reads what")
    assert lines[at + 1 : at + 5] == [
        "shop.month",
        "shop.totals",
        "shop.week",
        "shop.totals through shop.recent",
    ]


def test_edges_are_in_the_json(shop: Database, preview: MakePreview) -> None:
    assert sorted((edge["view"], edge["upstream"], edge["through"]) for edge in preview(shop)["edges"]) == [
        ("shop.month", "shop.totals", []),
        ("shop.month", "shop.week", []),
        ("shop.week", "shop.totals", ["shop.recent"]),
    ]


def test_a_file_says_what_would_happen_if_it_were_applied(shop: Database, preview: MakePreview, tmp_path: Path) -> None:
    file = tmp_path / "views.toml"
    file.write_text(
        '[[view]]\npattern = "shop.w*"\n'
        '[[view]]\nname = "shop.totals"\nenabled = false\n'
        '[[view]]\nname = "shop.month"\npriority = "high"\ndepends_on = ["shop.other"]\n'
    )
    said = preview(shop, "--file", str(file))
    assert said["policies_from"] == "files"
    assert [step["view"] for step in said["steps"]] == ["shop.week", "shop.month"]
    assert by_view(said["steps"])["shop.month"]["priority"] == "high"
    assert said["unmanaged"] == ["shop.other", "shop.totals"]


def test_a_view_of_the_file_that_is_not_there_is_named(
    shop: Database, command_line: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "views.toml"
    file.write_text('[[view]]\nname = "shop.totls"\n')
    result = command_line(shop, "plan", "--file", str(file))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "shop.totls: " in result.stderr
    assert "Did you mean shop.totals?" in result.stderr


def test_some_views_are_shown_with_what_they_wait_for(shop: Database, preview: MakePreview) -> None:
    said = preview(shop, "week")
    assert said["waves"] == [["shop.totals"], ["shop.week"]]


def test_a_cycle_is_a_problem(shop: Database, command_line: CommandLine) -> None:
    shop.execute(
        "CREATE FUNCTION shop.f() RETURNS bigint LANGUAGE sql STABLE BEGIN ATOMIC SELECT 1::bigint; END;"
        "CREATE MATERIALIZED VIEW shop.a AS SELECT shop.f() AS n;"
        "CREATE MATERIALIZED VIEW shop.b AS SELECT n FROM shop.a;"
        "CREATE OR REPLACE FUNCTION shop.f() RETURNS bigint LANGUAGE sql STABLE "
        "BEGIN ATOMIC SELECT count(*) FROM shop.b; END"
    )
    result = command_line(shop, "plan")
    assert result.exit_code == 1
    assert "shop.a cannot be refreshed: " in result.stdout
    said = command_line(shop, "plan", "--json").json
    assert said["problems"] == 2
    assert {step["view"] for step in said["steps"] if step["problem"]} == {"shop.a", "shop.b"}


def test_a_role_without_any_right_sees_the_same(
    shop: Database, preview: MakePreview, command_line: CommandLine, make_role: MakeRole
) -> None:
    as_nobody = command_line(None, "plan", "--json", DATABASE_URL=dsn_as(shop, make_role()))
    assert as_nobody.exit_code == 0, as_nobody.stderr
    assert as_nobody.json["steps"] == preview(shop)["steps"]


def test_no_view_at_all_is_said(empty_database: Database, command_line: CommandLine) -> None:
    result = command_line(empty_database, "plan")
    assert result.exit_code == 0
    assert "No view is managed." in result.stdout


def test_the_number_of_statements_does_not_grow_with_the_views(
    shop: Database, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 0
    for owner in (Connection, RawCursor):
        execute = owner.execute

        def counted(*arguments: object, _execute: object = execute, **keywords: object) -> object:
            nonlocal count
            count += 1
            return _execute(*arguments, **keywords)  # type: ignore[operator]

        monkeypatch.setattr(owner, "execute", counted)

    def statements(*command: str) -> int:
        nonlocal count
        count = 0
        command_line(shop, *command)
        return count

    shop.execute("ANALYZE")
    before = [statements("plan"), statements("doctor")]
    shop.execute(
        "DO $$ BEGIN FOR n IN 1..40 LOOP EXECUTE format("
        "'CREATE MATERIALIZED VIEW shop.more_%s AS SELECT day FROM shop.recent; "
        "CREATE UNIQUE INDEX ON shop.more_%s (day); ANALYZE shop.more_%s', n, n, n); END LOOP; END $$"
    )
    assert [statements("plan"), statements("doctor")] == before
