"""What a person and a machine read, and that every finding is explained."""

from __future__ import annotations

import re

import pytest

from refresh_task.inspection import Code
from tests.fix_command_line import CommandLine
from tests.fix_database import Database
from tests.fix_task import ROOT
from tests.integration.doctor.conftest import Diagnose, codes


@pytest.fixture
def two_views(empty_database: Database) -> Database:
    empty_database.execute(
        "CREATE TABLE t (id integer, label text); CREATE MATERIALIZED VIEW good AS SELECT id FROM t;"
        "CREATE UNIQUE INDEX ON good (id); CREATE SCHEMA other; CREATE MATERIALIZED VIEW other.bad AS SELECT * FROM t"
    )
    return empty_database


def test_a_person_reads_what_is_wrong_why_it_matters_and_what_to_do(
    two_views: Database, command_line: CommandLine
) -> None:
    result = command_line(two_views, "doctor")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    at = lines.index("other.bad: problem")
    assert lines[at + 1] == "  problem  It has no unique index on plain columns."
    assert lines[at + 2].endswith("[no_unique_index]")
    assert lines[at + 3].strip() == (
        "→ CREATE UNIQUE INDEX ON other.bad (<the columns that identify a row, out of: id, label>);"
    )
    assert "public.good: ok" in lines
    assert lines[-1].startswith("2 views: 1 problem, ")


def test_a_machine_reads_everything(two_views: Database, command_line: CommandLine) -> None:
    report = command_line(two_views, "doctor", "--json").json
    assert set(report) == {"server", "views", "findings", "not_checked", "problems", "advice"}
    assert set(report["server"]) == {"database", "version", "role", "refresher", "installed"}
    assert report["views"] == [{"view": "other.bad", "level": "problem"}, {"view": "public.good", "level": "ok"}]
    for finding in report["findings"]:
        assert set(finding) == {"code", "level", "what", "why", "view", "remedy"}
        assert finding["code"] in set(Code)
    counted = [finding["level"] for finding in report["findings"]]
    assert (report["problems"], report["advice"]) == (counted.count("problem"), counted.count("advice"))


@pytest.mark.parametrize("name", ["good", "public.good"])
def test_one_view_is_asked_about_by_name(two_views: Database, diagnose: Diagnose, name: str) -> None:
    report = diagnose(two_views, name)
    assert report["views"] == [{"view": "public.good", "level": "ok"}]
    assert report["problems"] == 0


def test_a_name_that_no_view_has_is_refused(two_views: Database, command_line: CommandLine) -> None:
    result = command_line(two_views, "doctor", "goood")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: goood: ")
    assert "Did you mean good?" in result.stderr


def test_a_name_that_several_views_have_is_refused(two_views: Database, command_line: CommandLine) -> None:
    two_views.execute("CREATE MATERIALIZED VIEW other.good AS SELECT 1 AS id")
    result = command_line(two_views, "doctor", "good")
    assert result.exit_code == 2
    assert "it may be any of other.good, public.good." in result.stderr


def test_fluxions_view_has_no_problem(fluxion_database: Database, diagnose: Diagnose) -> None:
    """It moves with the calendar of Caracas, and is refreshed by its unique index."""
    view = "fluxion.mv_ubicaciones_summary_regional"
    fluxion_database.manage(view)
    fluxion_database.execute(f"REFRESH MATERIALIZED VIEW {view}")
    report = diagnose(fluxion_database)
    assert report["views"] == [{"view": view, "level": "advice"}]
    assert codes(report, of=view) == {"changes_at_midnight"}


def test_every_finding_is_documented_and_nothing_else() -> None:
    text = (ROOT / "docs" / "doctor.md").read_text()
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == list(Code)
