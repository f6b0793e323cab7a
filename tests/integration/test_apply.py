"""vistafresca apply: the difference between views.toml and the database, shown and written, all of it or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fix_command_line import CommandLine
from tests.fix_database import Database
from tests.fix_roles import MakeRole, dsn_as
from tests.fix_views import make_view

POLICIES = "SELECT view_name, enabled, target_lag::text, statement_timeout::text FROM bi_refresh.view_policy ORDER BY 1"


@pytest.fixture
def views(database: Database) -> Database:
    """A database with the views public.a, b and c, none of them managed."""
    for name in "abc":
        make_view(database, name)
    database.execute("DELETE FROM bi_refresh.view_policy")
    return database


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "views.toml"


def _declare(file: Path, **views: str) -> None:
    file.write_text("".join(f'[[view]]\nname = "public.{name}"\n{keys}\n' for name, keys in views.items()))


def test_policies_are_added_changed_and_removed(views: Database, file: Path, command_line: CommandLine) -> None:
    _declare(file, a='target_lag = "1 hour"', b="", c='timeout = "1 minute"')
    first = command_line(views, "apply", "--file", str(file))
    assert first.exit_code == 0
    assert first.stdout.splitlines() == [
        "+ public.a: target_lag 60 min, timeout as the task's setting, enabled true",
        "+ public.b: target_lag 15 min, timeout as the task's setting, enabled true",
        "+ public.c: target_lag 15 min, timeout 60 s, enabled true",
        "3 of 3 declared policies changed.",
    ]

    _declare(file, a='target_lag = "2 hours"\ntimeout = "1 minute"', c='timeout = "1 minute"\nenabled = false')
    second = command_line(views, "apply", "--file", str(file))
    assert second.stdout.splitlines()[:3] == [
        "~ public.a: target_lag 60 min → 2 h, timeout as the task's setting → 60 s",
        "- public.b: no longer declared: it will not be refreshed any more; its data and its log stay",
        "~ public.c: enabled true → false",
    ]
    assert views.rows(POLICIES) == [
        ("public.a", True, "02:00:00", "00:01:00"),
        ("public.c", False, "00:15:00", "00:01:00"),
    ]


def test_applying_twice_changes_nothing(views: Database, file: Path, command_line: CommandLine) -> None:
    _declare(file, a="", b='target_lag = "3 days"')
    command_line(views, "apply", "--file", str(file))
    before = views.rows("SELECT xmin::text, view_name FROM bi_refresh.view_policy ORDER BY 2")

    assert command_line(views, "apply", "--file", str(file)).stdout == "0 of 2 declared policies changed.\n"
    assert views.rows("SELECT xmin::text, view_name FROM bi_refresh.view_policy ORDER BY 2") == before


def test_what_is_known_of_a_view_survives_a_change_of_its_policy(
    views: Database, file: Path, command_line: CommandLine
) -> None:
    _declare(file, a="")
    command_line(views, "apply", "--file", str(file))
    views.execute("SELECT bi_refresh.refresh_bi_views()")
    known = views.rows("SELECT * FROM bi_refresh.view_state")
    _declare(file, a='target_lag = "1 hour"')
    command_line(views, "apply", "--file", str(file))
    assert views.rows("SELECT * FROM bi_refresh.view_state") == known != []


def test_a_dry_run_shows_the_difference_and_changes_nothing(
    views: Database, file: Path, command_line: CommandLine
) -> None:
    _declare(file, a="")
    result = command_line(views, "apply", "--file", str(file), "--dry-run")
    assert result.stdout.splitlines()[0].startswith("+ public.a: ")
    assert result.stdout.splitlines()[-1] == "1 of 1 declared policy would change."
    assert views.rows(POLICIES) == []


def test_several_files_together_are_what_is_declared(
    views: Database, tmp_path: Path, command_line: CommandLine
) -> None:
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    _declare(first, a="")
    _declare(second, b="")
    assert command_line(views, "apply", "--file", str(first), "--file", str(second)).exit_code == 0
    assert [row[0] for row in views.rows(POLICIES)] == ["public.a", "public.b"]

    variable = f"{first}:{second}"
    assert command_line(views, "apply", VISTAFRESCA_VIEWS_FILE=variable).stdout.startswith("0 of 2")
    assert command_line(views, "apply", "--file", str(first)).stdout.startswith("- public.b: ")


def test_a_view_declared_in_two_files_is_refused(views: Database, tmp_path: Path, command_line: CommandLine) -> None:
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    _declare(first, a="", b="")
    _declare(second, b="")
    result = command_line(views, "apply", "--file", str(first), "--file", str(second))
    assert (result.exit_code, views.rows(POLICIES)) == (2, [])
    assert f"{second}: public.b is declared twice" in result.stderr


@pytest.mark.parametrize(
    ("name", "remedy"), [("public.aa", "Did you mean public.a?"), ("sales.mv_daily_revenue", "Create it first")]
)
def test_an_unknown_view_is_named_and_nothing_is_applied(
    views: Database, file: Path, command_line: CommandLine, name: str, remedy: str
) -> None:
    """Not even the views before it: the file is one change."""
    _declare(file, a="")
    file.write_text(f'{file.read_text()}[[view]]\nname = "{name}"\n')
    result = command_line(views, "apply", "--file", str(file))
    assert (result.exit_code, result.stdout, views.rows(POLICIES)) == (2, "", [])
    assert result.stderr.startswith(f"error: {name}: ")
    assert remedy in result.stderr


def test_a_refused_change_takes_the_others_back(views: Database, file: Path, command_line: CommandLine) -> None:
    """The second of three writes fails in the database."""
    views.execute("ALTER TABLE bi_refresh.view_policy ADD CONSTRAINT not_b CHECK (view_name <> 'public.b')")
    _declare(file, a="", b="", c="")
    result = command_line(views, "apply", "--file", str(file))
    assert (result.exit_code, result.stdout, views.rows(POLICIES)) == (2, "", [])
    assert 'violates check constraint "not_b"' in result.stderr


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ('target_leg = "1 hour"', "view public.a: unknown key 'target_leg'.\nDid you mean 'target_lag'?"),
        ('target_lag = "soon"', "view public.a: target_lag: 'soon' is not a duration such as \"15 minutes\""),
    ],
)
def test_a_mistake_in_the_file_changes_nothing(
    views: Database, file: Path, command_line: CommandLine, keys: str, message: str
) -> None:
    _declare(file, b="", a=keys)
    result = command_line(views, "apply", "--file", str(file))
    assert (result.exit_code, views.rows(POLICIES)) == (2, [])
    assert f"error: {file}, {message}" in result.stderr


def test_a_view_without_a_unique_index_is_applied_with_the_statement_that_mends_it(
    views: Database, file: Path, command_line: CommandLine
) -> None:
    views.execute("DROP INDEX a_key; DROP INDEX b_key; INSERT INTO source VALUES (1, 'x'), (2, 'x')")
    views.execute("REFRESH MATERIALIZED VIEW a; ANALYZE a")
    _declare(file, a="", b="", c="")
    result = command_line(views, "apply", "--file", str(file))
    assert result.exit_code == 0
    assert "! public.a has no unique index on plain columns: its refreshes will fail until it has." in result.stdout
    assert "    CREATE UNIQUE INDEX ON public.a (id);" in result.stdout
    assert (
        "    CREATE UNIQUE INDEX ON public.b (<the columns that identify a row, out of: id, label>);" in result.stdout
    )
    assert "! public.c" not in result.stdout
    views.execute("CREATE UNIQUE INDEX ON public.a (id);")
    assert "! public.a" not in command_line(views, "apply", "--file", str(file)).stdout


def test_json_says_what_a_person_reads(views: Database, file: Path, command_line: CommandLine) -> None:
    views.execute("DROP INDEX a_key")
    _declare(file, a="")
    dry, applied = (
        command_line(views, "apply", "--file", str(file), "--json", *more).json for more in (["--dry-run"], [])
    )
    assert (dry["applied"], applied["applied"]) == (False, True)
    assert dry["changes"] == applied["changes"]
    assert [(change["sign"], change["view"]) for change in applied["changes"]] == [("+", "public.a")]
    assert applied["missing_unique_indexes"]["public.a"].startswith("CREATE UNIQUE INDEX ON public.a")


def test_a_quoted_name_is_found(views: Database, file: Path, command_line: CommandLine) -> None:
    views.execute('CREATE MATERIALIZED VIEW "Ventas del mes" AS SELECT 1 AS id')
    file.write_text("[[view]]\nname = 'public.\"Ventas del mes\"'\n")
    assert command_line(views, "apply", "--file", str(file)).exit_code == 0
    assert views.rows(POLICIES)[0][0] == 'public."Ventas del mes"'


def test_only_the_owner_writes_policies(
    views: Database, file: Path, command_line: CommandLine, make_role: MakeRole
) -> None:
    """The task's role may look at the difference; being granted that role, the usual remedy, would not help it."""
    _declare(file, a="")
    url = dsn_as(views, make_role("bi_refresh_refresher"))
    assert command_line(None, "apply", "--file", str(file), "--dry-run", DATABASE_URL=url).exit_code == 0

    result = command_line(None, "apply", "--file", str(file), DATABASE_URL=url)
    assert (result.exit_code, views.rows(POLICIES)) == (2, [])
    assert "permission denied for table view_policy" in result.stderr
    assert "Connect as the schema's owner" in result.stderr


def test_an_empty_file_does_not_remove_every_policy_unless_told_to(
    database: Database, command_line: CommandLine, tmp_path: Path
) -> None:
    make_view(database, "a")
    (tmp_path / "views.toml").write_text("[defaults]\n")
    file = ("--file", str(tmp_path / "views.toml"))
    refused = command_line(database, "apply", *file)
    assert refused.exit_code == 2
    assert "all 1 policies would be removed" in refused.stderr
    assert database.value("SELECT count(*) FROM bi_refresh.view_policy") == 1
    assert command_line(database, "apply", *file, "--allow-empty").exit_code == 0
    assert database.value("SELECT count(*) FROM bi_refresh.view_policy") == 0


# ---- every key

EVERY_KEY = """
[[view]]
name = "public.a"
target_lag = "downstream"
schedule = ["0 1 * * *", { cron = "30 2 * * SUN", time_zone = "Europe/Madrid" }]
time_zone = "America/Bogota"
timeout = "5 minutes"
enabled = false
change_detection = "none"
audit_interval = "7 days"
group = "night"
depends_on = ["public.b"]
priority = "critical"
exclusive_window = { cron = "0 2 * * *", duration = "90 minutes" }
checks = { not_empty = true, max_row_drop_percent = 33.333333333333333333, sql = ["SELECT '100%' <> 'x'"] }
suspend_after = 3
probe_after = "10000 days"

[[view]]
pattern = "public.*"
schedule = "0 1 * * *"
change_detection = "none"
priority = "low"
checks = { max_row_drop_percent = 50 }
"""


def test_what_is_stored_compares_equal_to_what_is_declared_for_every_key(
    views: Database, file: Path, command_line: CommandLine
) -> None:
    file.write_text(EVERY_KEY)
    first = command_line(views, "apply", "--file", str(file))
    assert first.exit_code == 0, first.stderr
    assert first.stdout.splitlines() == [
        (
            "+ pattern public.*: target_lag 24 h 30 min, timeout as the task's setting, enabled true, "
            "schedule 0 1 * * * (UTC), change_detection none, priority low, checks.max_row_drop_percent 50"
        ),
        "  pattern public.* finds public.b, public.c",
        (
            "+ public.a: target_lag downstream, timeout 5 min, enabled false, "
            "schedule 0 1 * * * (America/Bogota), 30 2 * * SUN (Europe/Madrid), change_detection none, "
            "audit_interval 7 days, group night, depends_on public.b, priority critical, "
            "exclusive_window 0 2 * * * (America/Bogota) for 90 min, checks.not_empty true, "
            "checks.max_row_drop_percent 33.333333333333336, checks.sql SELECT '100%' <> 'x', suspend_after 3, "
            "probe_after 10000 days"
        ),
        (
            "+ public.b: target_lag 24 h 30 min, timeout as the task's setting, enabled true, "
            "schedule 0 1 * * * (UTC), change_detection none, priority low, checks.max_row_drop_percent 50, "
            "pattern public.*"
        ),
        (
            "+ public.c: target_lag 24 h 30 min, timeout as the task's setting, enabled true, "
            "schedule 0 1 * * * (UTC), change_detection none, priority low, checks.max_row_drop_percent 50, "
            "pattern public.*"
        ),
        "3 of 3 declared policies changed.",
    ]
    assert command_line(views, "apply", "--file", str(file)).stdout.splitlines() == [
        "= pattern public.* finds public.b, public.c",
        "0 of 3 declared policies changed.",
    ]


def test_each_key_that_changes_is_in_the_difference(views: Database, file: Path, command_line: CommandLine) -> None:
    """The other way round: from everything to nothing."""
    file.write_text(EVERY_KEY)
    command_line(views, "apply", "--file", str(file))
    _declare(file, a="")
    result = command_line(views, "apply", "--file", str(file))
    gone, view, *_ = result.stdout.splitlines()
    assert (
        gone == "- pattern public.*: no longer declared: it will not be refreshed any more; its data and its log stay"
    )
    assert view == (
        "~ public.a: target_lag downstream → 15 min, timeout 5 min → as the task's setting, enabled false → true, "
        "schedule 0 1 * * * (America/Bogota), 30 2 * * SUN (Europe/Madrid) → none, "
        "change_detection none → fingerprint, "
        "audit_interval 7 days → 24 h, group night → none, depends_on public.b → none, "
        "priority critical → normal, exclusive_window 0 2 * * * (America/Bogota) for 90 min → none, "
        "checks.not_empty true → false, checks.max_row_drop_percent 33.333333333333336 → none, "
        "checks.sql SELECT '100%' <> 'x' → none, suspend_after 3 → 5, probe_after 10000 days → 60 min"
    )
    assert views.rows(POLICIES) == [("public.a", True, "00:15:00", None)]


# ---- patterns


def test_a_pattern_takes_up_what_comes_and_names_what_it_has(
    views: Database, file: Path, command_line: CommandLine
) -> None:
    file.write_text('[[view]]\npattern = "public.*"\n[[view]]\nname = "public.a"\ntarget_lag = "1 hour"\n')
    json = command_line(views, "apply", "--file", str(file), "--json").json
    assert json["patterns"] == {"public.*": ["public.b", "public.c"]}
    assert [(change["sign"], change["pattern"]) for change in json["pattern_changes"]] == [("+", "public.*")]

    views.execute(
        "CREATE MATERIALIZED VIEW d AS SELECT 1 AS id; CREATE UNIQUE INDEX ON d (id); DROP MATERIALIZED VIEW b"
    )
    dry = command_line(views, "apply", "--file", str(file), "--dry-run")
    assert dry.stdout.splitlines()[:3] == [
        "= pattern public.* finds public.c, public.d",
        "- public.b: no longer declared: it will not be refreshed any more; its data and its log stay",
        "+ public.d: target_lag 15 min, timeout as the task's setting, enabled true, pattern public.*",
    ]
    assert "public.d" not in dict.fromkeys(row[0] for row in views.rows(POLICIES))
    command_line(views, "apply", "--file", str(file))
    assert [row[0] for row in views.rows(POLICIES)] == ["public.a", "public.c", "public.d"]


def test_a_changed_pattern_changes_the_views_it_has_and_keeps_what_is_known_of_them(
    views: Database, file: Path, command_line: CommandLine
) -> None:
    file.write_text('[[view]]\npattern = "public.*"\n')
    command_line(views, "apply", "--file", str(file))
    views.rows("SELECT bi_refresh.refresh_bi_views()")
    known = views.rows("SELECT * FROM bi_refresh.view_state ORDER BY view_name")
    file.write_text('[[view]]\npattern = "public.a"\n[[view]]\npattern = "public.*"\npriority = "high"\n')
    result = command_line(views, "apply", "--file", str(file))
    assert result.stdout.splitlines() == [
        "+ pattern public.a: target_lag 15 min, timeout as the task's setting, enabled true",
        "~ pattern public.*: priority normal → high, position among the patterns 1 → 2",
        "  pattern public.a finds public.a",
        "  pattern public.* finds public.b, public.c",
        "~ public.a: pattern public.* → public.a",
        "~ public.b: priority normal → high",
        "~ public.c: priority normal → high",
        "3 of 3 declared policies changed.",
    ]
    assert views.rows("SELECT * FROM bi_refresh.view_state ORDER BY view_name") == known != []
    assert views.rows("SELECT * FROM bi_refresh.adopt_views()") == []


def test_a_view_that_gets_an_entry_of_its_own_is_no_longer_the_patterns(
    views: Database, file: Path, command_line: CommandLine
) -> None:
    file.write_text('[[view]]\npattern = "public.a"\n')
    command_line(views, "apply", "--file", str(file))
    _declare(file, a="")
    file.write_text(file.read_text() + '[[view]]\npattern = "public.a"\n')
    result = command_line(views, "apply", "--file", str(file))
    assert "~ public.a: pattern public.a → none, declared by name" in result.stdout
    assert "! pattern public.a fits no view now" in result.stdout
    views.execute("DROP MATERIALIZED VIEW a")
    assert views.rows("SELECT * FROM bi_refresh.adopt_views()") == []


# ---- what is refused, and what is advised


def test_a_dependency_that_does_not_exist_is_named(views: Database, file: Path, command_line: CommandLine) -> None:
    _declare(file, a='depends_on = ["public.bb"]')
    result = command_line(views, "apply", "--file", str(file))
    assert (result.exit_code, views.rows(POLICIES)) == (2, [])
    assert result.stderr.startswith("error: public.a, depends_on public.bb: ")
    assert "Did you mean public.b?" in result.stderr


def test_a_cycle_is_refused_by_its_views(views: Database, file: Path, command_line: CommandLine) -> None:
    """Half of it in the catalog, half declared; what the database has of an earlier file does not count."""
    views.execute("CREATE MATERIALIZED VIEW reader AS SELECT id FROM a")
    _declare(file, a='depends_on = ["public.reader"]', reader="")
    for more in (["--dry-run"], []):
        result = command_line(views, "apply", "--file", str(file), *more)
        assert (result.exit_code, views.rows(POLICIES)) == (2, [])
        assert result.stderr.startswith("error: public.a: a cycle: public.a → public.reader → public.a.\nTake one")

    _declare(file, b='depends_on = ["public.c"]', c="")
    assert command_line(views, "apply", "--file", str(file)).exit_code == 0
    _declare(file, b="", c='depends_on = ["public.b"]')
    assert command_line(views, "apply", "--file", str(file)).exit_code == 0


def test_a_group_that_another_view_lies_between_is_refused(
    views: Database, file: Path, command_line: CommandLine
) -> None:
    """Also through a view that is not managed; a disabled one stands in nobody's way."""
    views.execute("CREATE MATERIALIZED VIEW middle AS SELECT id FROM a")
    views.execute("CREATE MATERIALIZED VIEW unmanaged AS SELECT id FROM middle")
    views.execute("CREATE MATERIALIZED VIEW reader AS SELECT id FROM unmanaged")
    _declare(file, a='group = "g"', middle="", reader='group = "g"')
    result = command_line(views, "apply", "--file", str(file))
    assert (result.exit_code, views.rows(POLICIES)) == (2, [])
    assert "public.middle lies between public.a and public.reader of group g.\nPut public.middle into" in result.stderr

    _declare(file, a='group = "g"', middle="enabled = false", reader='group = "g"')
    assert command_line(views, "apply", "--file", str(file)).exit_code == 0


@pytest.mark.parametrize(
    ("keys", "advice"),
    [
        ('target_lag = "5 minutes"', "public.a may get 5 min old, and runs are 10 min apart"),
        ('timeout = "10 minutes"', "public.a may take 10 min, and a run ends after 9 min"),
        ('target_lag = "10 minutes"\ntimeout = "9 minutes"', None),
        ('target_lag = "5 minutes"\nenabled = false', None),
    ],
)
def test_what_will_not_come_out_as_it_was_meant_is_said(
    views: Database, file: Path, command_line: CommandLine, keys: str, advice: str | None
) -> None:
    _declare(file, a=keys)
    result = command_line(views, "apply", "--file", str(file))
    assert result.exit_code == 0
    said = [line for line in result.stdout.splitlines() if line.startswith("! ")]
    assert [line.startswith(f"! {advice}: ") for line in said] == ([] if advice is None else [True])
    other_times = {"VISTAFRESCA_INTERVAL_S": "60", "VISTAFRESCA_RUN_DEADLINE_S": "55"}
    if "timeout" not in keys:
        assert "! " not in command_line(views, "apply", "--file", str(file), **other_times).stdout


def test_the_index_that_is_proposed_is_the_one_that_doctor_proposes(
    views: Database, file: Path, command_line: CommandLine
) -> None:
    views.execute("CREATE MATERIALIZED VIEW grouped AS SELECT label, count(*) AS n FROM source GROUP BY label")
    _declare(file, grouped="")
    ddl = "CREATE UNIQUE INDEX ON public.grouped (label);"
    assert ddl in command_line(views, "doctor", "grouped").stdout
    for arguments in (["--dry-run"], ["--dry-run", "--json"], []):
        assert ddl in command_line(views, "apply", "--file", str(file), *arguments).stdout


def test_a_view_with_a_window_needs_no_index(views: Database, file: Path, command_line: CommandLine) -> None:
    views.execute("DROP INDEX a_key")
    _declare(file, a='exclusive_window = { cron = "0 2 * * *", duration = "1 hour" }')
    assert "! " not in command_line(views, "apply", "--file", str(file)).stdout


def test_touch_triggers_come_and_go_with_the_policies(views: Database, file: Path, command_line: CommandLine) -> None:
    triggers = "SELECT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = 'source'::regclass"
    _declare(file, a='change_detection = "touch"')
    assert command_line(views, "apply", "--file", str(file)).exit_code == 0
    assert views.rows(triggers) != []
    _declare(file, a="")
    assert command_line(views, "apply", "--file", str(file)).exit_code == 0
    assert views.rows(triggers) == []
