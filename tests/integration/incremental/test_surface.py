"""What people and machines are told of views that are refreshed incrementally, from a run's own lines to the message of
an alarm; by the commands that everybody uses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fix_command_line import CommandLine
from tests.fix_database import Database
from tests.fix_paging import TASK_GROUP, Paging
from tests.fix_roles import MakeRole, dsn_as
from tests.fix_task import CRON, Finished, RunTask
from tests.paging.notifications import alarm, record

SERVICE = {"POWERTOOLS_SERVICE_NAME": "sandbox-main"}
DUE = (
    "UPDATE bi_refresh.view_state SET data_timestamp = now() - interval '1 h',"
    " global_data_timestamp = now() - interval '1 h'"
)
CHANGE = "UPDATE sale SET amount = amount + 1 WHERE id = 7"
OUGHT_TO_BE_COMPARED = "UPDATE bi_refresh.maintained_table SET compared_at = now() - interval '2 days'"


@pytest.fixture
def shop(database: Database, command_line: CommandLine) -> Database:
    """Two enabled views over one table, and a materialized view over the first."""
    database.execute(
        "CREATE TABLE sale (id integer PRIMARY KEY, region text NOT NULL, amount integer NOT NULL);"
        "INSERT INTO sale SELECT i, 'r' || i % 5, i FROM generate_series(1, 100) AS i;"
        "CREATE MATERIALIZED VIEW region AS SELECT region, sum(amount) AS total FROM sale GROUP BY region;"
        "CREATE UNIQUE INDEX region_key ON region (region);"
        "CREATE MATERIALIZED VIEW count AS SELECT region, count(*) AS sales FROM sale GROUP BY region;"
        "CREATE UNIQUE INDEX count_key ON count (region)"
    )
    database.manage("public.region", "public.count")
    database.rows("SELECT bi_refresh.refresh_bi_views()")
    for view in ("region", "count"):
        enabled = command_line(database, "incremental", "enable", view)
        assert enabled.exit_code == 0, enabled.stderr
    database.execute(
        "CREATE MATERIALIZED VIEW top AS SELECT max(total) AS total FROM region;"
        "CREATE UNIQUE INDEX top_key ON top (total)"
    )
    database.manage("public.top")
    database.rows("SELECT bi_refresh.refresh_bi_views('{top}')")
    return database


def planned(command_line: CommandLine, database: Database) -> dict[str, dict[str, Any]]:
    return {step["view"]: step for step in command_line(database, "plan", "--json").json["steps"]}


def metrics(run: Finished) -> dict[str, Any]:
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    (found,) = [line for line in lines if "ViewsDistrusted" in line]
    return {name: value[0] if isinstance(value, list) else value for name, value in found.items()}


def test_a_plan_says_that_nothing_waits_and_one_look_verifies_it(
    shop: Database, command_line: CommandLine, run_task: RunTask
) -> None:
    shop.execute(CHANGE + ";" + DUE)
    run_task(shop, **CRON)  # from here on it is known what their contents are made from
    shop.execute(DUE)
    steps = planned(command_line, shop)
    for view in ("public.region", "public.count"):
        assert (steps[view]["strategy"], steps[view]["look"]) == ("incremental", "unchanged: no change waits")
    run = run_task(shop, **CRON)
    assert run.exit_code == 0
    skipped = {line["view"]: line["reason"] for line in run.events("step_skipped")}
    assert skipped["public.region"].startswith("nothing changed since ")
    assert "captured changes of 1 table" in skipped["public.region"]
    assert {line["view"] for line in run.events("step_started")}.isdisjoint({"public.region", "public.count"})
    assert (metrics(run)["IncrementalRefreshes"], metrics(run)["ViewsDistrusted"]) == (0, 0)


def test_what_changed_is_refreshed_before_what_reads_it(
    shop: Database, command_line: CommandLine, run_task: RunTask
) -> None:
    shop.execute(CHANGE)
    shop.execute(DUE)
    steps = planned(command_line, shop)
    assert (steps["public.region"]["look"], steps["public.region"]["wave"]) == ("changes wait", 1)
    assert (steps["public.top"]["strategy"], steps["public.top"]["upstream"]) == ("concurrent", ["public.region"])
    run = run_task(shop, **CRON)
    finished = {line["view"]: line for line in run.events("step_finished")}
    assert (finished["public.region"]["strategy"], finished["public.region"]["changed_keys"]) == ("incremental", 1)
    assert shop.value("SELECT (SELECT total FROM top) = (SELECT max(total) FROM region)")
    assert metrics(run)["IncrementalRefreshes"] == 2
    assert metrics(run)["CaptureLogBytes"] > 0
    (entry, *_) = command_line(shop, "history", "region", "--json").json
    assert (entry["strategy"], entry["changed_keys"]) == ("incremental", 1)
    status = {view["name"]: view for view in command_line(shop, "status", "--json").json}
    assert (status["public.region"]["incremental_status"], status["public.region"]["last_changed_keys"]) == (
        "enabled",
        1,
    )
    assert status["public.top"]["incremental_status"] is None


def test_a_view_over_it_is_left_alone_while_its_rows_are_as_they_were(shop: Database, run_task: RunTask) -> None:
    """By the fingerprint of the table, which a refresh that wrote nothing leaves as it was."""
    if int(shop.value("SHOW server_version_num")) < 150000:
        pytest.skip("PostgreSQL 14 collects its counters late, so the view over it may be refreshed once more")
    for statement in (CHANGE, "SELECT 1"):  # the second time, the server has counted what the first one wrote
        shop.execute(f"{statement}; {DUE}")
        run_task(shop, **CRON)
    shop.execute(f"UPDATE sale SET amount = amount WHERE id = 7; {DUE}")
    run = run_task(shop, **CRON)
    assert sorted(line["view"] for line in run.events("step_finished")) == ["public.count", "public.region"]
    skipped = {line["view"]: line["reason"] for line in run.events("step_skipped")}
    assert skipped["public.top"].startswith("nothing changed since ")
    assert shop.value("SELECT bool_and(global_data_timestamp > now() - interval '1 min') FROM bi_refresh.view_state")


def test_dead_rows_of_its_table_are_counted_and_removed(shop: Database, run_task: RunTask) -> None:
    """Its refreshes lock the table often enough to keep autovacuum away."""
    shop.execute("UPDATE bi_refresh.view_state SET churned_rows = 20000 WHERE view_name = 'public.region'")
    shop.execute(CHANGE + ";" + DUE)
    run = run_task(shop, **CRON)
    assert [line["view"] for line in run.events("view_vacuumed")] == ["public.region"]
    assert shop.rows("SELECT view_name, churned_rows FROM bi_refresh.view_state ORDER BY view_name") == [
        ("public.count", 0),
        ("public.region", 0),
        ("public.top", 0),
    ]


def test_roles_that_only_refresh_or_only_look(
    shop: Database, command_line: CommandLine, run_task: RunTask, make_role: MakeRole
) -> None:
    shop.execute(CHANGE + ";" + DUE)
    looks = {"DATABASE_URL": dsn_as(shop, make_role("bi_refresh_reader"))}
    steps = {step["view"]: step for step in command_line(None, "plan", "--json", **looks).json["steps"]}
    assert steps["public.region"]["look"] == "changes wait"
    assert {view["name"] for view in command_line(None, "status", "--json", **looks).json} == set(steps)
    assert command_line(None, "doctor", "--json", **looks).json["views"][1]["view"] == "public.region"
    run = run_task(None, **CRON, DATABASE_URL=dsn_as(shop, make_role("bi_refresh_refresher")))
    finished = {line["view"]: line["strategy"] for line in run.events("step_finished")}
    assert (run.exit_code, finished["public.region"]) == (0, "incremental")


def test_whoever_forces_a_refresh_gets_the_whole(shop: Database, command_line: CommandLine) -> None:
    command_line(shop, "refresh", "--force", "region")
    (entry, *_) = command_line(shop, "history", "region", "--json").json
    assert (entry["strategy"], entry["reason"]) == ("difference", "in full: it was asked for")
    assert "public.region, last refreshed in full: it was asked for" in command_line(shop, "status").stdout


def test_a_policy_of_full_refreshes_is_followed_and_said(
    shop: Database, command_line: CommandLine, run_task: RunTask
) -> None:
    shop.execute("UPDATE bi_refresh.view_policy SET refresh_mode = 'full' WHERE view_name = 'public.region'")
    shop.execute(CHANGE + ";" + DUE)
    step = planned(command_line, shop)["public.region"]
    assert (step["strategy"], 'refresh_mode = "full"' in step["reason"]) == ("difference", True)
    finished = {line["view"]: line for line in run_task(shop, **CRON).events("step_finished")}
    assert finished["public.region"]["strategy"] == "difference"
    assert finished["public.region"]["reason"] == 'in full: its policy says refresh_mode = "full"'


def test_a_mismatch_is_told_to_everybody_once_and_held_until_the_view_is_enabled_again(
    shop: Database, command_line: CommandLine, run_task: RunTask, paging: Paging
) -> None:
    shop.execute("ALTER TABLE region DISABLE TRIGGER ALL; UPDATE region SET total = total + 1 WHERE region = 'r3'")
    shop.execute(OUGHT_TO_BE_COMPARED + ";" + CHANGE + ";" + DUE)
    run = run_task(shop, **CRON, **SERVICE)
    assert run.exit_code == 0  # its data is right again
    mismatch = run.event("incremental_mismatch")
    assert (mismatch["view"], mismatch["level"]) == ("public.region", "ERROR")
    unhealthy = run.event("view_unhealthy")
    assert (unhealthy["view"], unhealthy["conditions"]) == ("public.region", ["distrusted"])
    assert metrics(run)["ViewsDistrusted"] == 1
    assert shop.rows("SELECT row_key FROM bi_refresh.incremental_mismatch") == [({"region": "r3"},)]

    paging.write(TASK_GROUP, f"run/refresh/{run.event('run_finished')['run_id']}", run.stdout.splitlines())
    paging.deliver(record(alarm("incremental-mismatch")))
    text = paging.published[-1][1]["email"]
    assert "main in sandbox: public.region differed from its definition" in text
    assert "distrusted since" in text
    assert "docs/runbook.md#incremental-mismatch" in text

    shop.execute(DUE)
    assert planned(command_line, shop)["public.region"]["strategy"] == "difference"
    again = run_task(shop, **CRON, **SERVICE)
    assert (again.events("incremental_mismatch"), len(again.events("view_unhealthy"))) == ([], 1)
    assert "public.region is distrusted since" in command_line(shop, "status").stdout

    assert command_line(shop, "incremental", "enable", "region").exit_code == 0
    shop.execute(CHANGE + ";" + DUE)
    trusted = run_task(shop, **CRON, **SERVICE)
    assert metrics(trusted)["ViewsDistrusted"] == 0
    finished = {line["view"]: line["strategy"] for line in trusted.events("step_finished")}
    assert finished["public.region"] == "incremental"


def test_a_view_that_is_asked_for_and_not_enabled_is_refreshed_as_before_and_said(
    shop: Database, command_line: CommandLine, run_task: RunTask
) -> None:
    shop.execute("UPDATE bi_refresh.view_policy SET refresh_mode = 'incremental' WHERE view_name = 'public.top'")
    shop.execute(CHANGE + ";" + DUE)
    step = planned(command_line, shop)["public.top"]
    assert step["strategy"] == "concurrent"
    assert "incremental refresh is not enabled: vistafresca incremental enable public.top" in step["reason"]
    assert 'public.top has refresh_mode = "incremental" and is not enabled' in command_line(shop, "status").stdout
    finished = {line["view"]: line["strategy"] for line in run_task(shop, **CRON).events("step_finished")}
    assert finished["public.top"] == "concurrent"


# ---- views.toml ----------------------------------------------------------------------------------


def declare(file: Path, *views: str) -> list[str]:
    file.write_text(
        "".join(f'[[view]]\nname = "public.{view.partition(" ")[0]}"\n{view.partition(" ")[2]}\n' for view in views)
    )
    return ["apply", "--file", str(file)]


def test_an_enabled_view_is_not_left_behind_without_a_policy(
    shop: Database, command_line: CommandLine, tmp_path: Path
) -> None:
    apply = declare(tmp_path / "views.toml", "region", "top")
    for dry in ([], ["--dry-run"]):
        result = command_line(shop, *apply, *dry)
        assert result.exit_code == 2
        assert "public.count: it is refreshed incrementally, and no longer declared" in result.stderr
        assert "vistafresca incremental disable public.count" in result.stderr
    assert shop.value("SELECT count(*) FROM bi_refresh.view_policy") == 3
    assert command_line(shop, "incremental", "disable", "count").exit_code == 0
    assert command_line(shop, *apply).exit_code == 0
    assert shop.value("SELECT count(*) FROM bi_refresh.view_policy") == 2


def test_what_is_declared_of_incremental_refresh_is_shown_and_advised_on(
    shop: Database, command_line: CommandLine, tmp_path: Path
) -> None:
    apply = declare(
        tmp_path / "views.toml",
        'region refresh_mode = "full"\nkey = ["region"]',
        "count enabled = false",
        'top refresh_mode = "incremental"',
    )
    said = command_line(shop, *apply).stdout
    assert "~ public.region: refresh_mode auto → full, key none → region" in said
    assert "! public.region was enabled for incremental refresh with another key or other stages" in said
    assert "! public.count is disabled, yet changes are captured for it" in said
    assert "! public.top asks for incremental refresh and is not enabled" in said
    assert shop.rows(
        "SELECT view_name, refresh_mode, incremental_key FROM bi_refresh.view_policy ORDER BY view_name"
    ) == [("public.count", None, None), ("public.region", "full", ["region"]), ("public.top", "incremental", None)]
    assert "0 of 3 declared policies changed." in command_line(shop, *apply).stdout


def test_a_plan_by_files_and_a_pattern_find_an_enabled_view(
    shop: Database, command_line: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "views.toml"
    file.write_text('[[view]]\npattern = "public.*"\nrefresh_mode = "full"\n')
    assert (
        "pattern public.* finds public.count, public.region, public.top"
        in command_line(shop, "apply", "--file", str(file)).stdout
    )
    shop.execute(DUE)
    plan = command_line(shop, "plan", "--file", str(file), "--json").json
    assert {step["view"]: step["strategy"] for step in plan["steps"]} == {
        "public.count": "difference",
        "public.region": "difference",
        "public.top": "concurrent",
    }
    assert plan["unmanaged"] == []
    written = tmp_path / "proposed.toml"
    assert command_line(shop, "init", "--no-environment", "--views", str(written)).exit_code == 0
    assert written.read_text().count("[[view]]") == 3
