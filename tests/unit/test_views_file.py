"""views.toml read and validated: what it may say, and what is said about what it may not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from refresh_task.errors import ConfigurationError
from refresh_task.model import ChangeDetection, ExclusiveWindow, Priority, Schedule
from refresh_task.policies import Declared, Policy, read_views_files


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "views.toml"


def _refused(file: Path, content: str) -> ConfigurationError:
    file.write_text(content)
    with pytest.raises(ConfigurationError) as refused:
        read_views_files([file])
    assert refused.value.subject.startswith(str(file))
    return refused.value


def test_defaults_hold_where_a_view_says_nothing(file: Path) -> None:
    file.write_text(
        '[defaults]\ntarget_lag = "1 hour"\ntimeout = "2 minutes"\n'
        '[[view]]\nname = "a.b"\n'
        '[[view]]\nname = "a.c"\ntarget_lag = "15 minutes"\nenabled = false\n'
    )
    hour, quarter, two = timedelta(hours=1), timedelta(minutes=15), timedelta(minutes=2)
    assert read_views_files([file]).views == {
        "a.b": Policy(target_lag=hour, timeout=two),
        "a.c": Policy(target_lag=quarter, timeout=two, enabled=False),
    }


def test_a_file_s_defaults_are_its_own(tmp_path: Path) -> None:
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    first.write_text('[defaults]\ntarget_lag = "1 hour"\n[[view]]\nname = "a.b"\n')
    second.write_text('[[view]]\nname = "a.c"\n')
    assert [policy.target_lag for policy in read_views_files([first, second]).views.values()] == [
        timedelta(hours=1),
        timedelta(minutes=15),
    ]


def test_an_empty_file_declares_nothing(file: Path) -> None:
    file.write_text("")
    assert read_views_files([file]) == Declared()
    assert len(Declared()) == 0


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("1 second", 1),
        ("90 seconds", 90),
        ("15minutes", 900),
        ("1 hour 30 minutes", 5_400),
        ("1 hour, 30 minutes", 5_400),
        ("2 days", 172_800),
        ("10000 days", 864_000_000),
    ],
)
def test_a_duration_is_written_in_words(file: Path, written: str, seconds: int) -> None:
    file.write_text(f'[[view]]\nname = "a.b"\ntarget_lag = "{written}"\n')
    assert read_views_files([file]).views["a.b"].target_lag == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("written", "cause"),
    [
        ('"soon"', "not a duration"),
        ('"15"', "not a duration"),
        ('"15 min"', "not a duration"),
        ('"1 month"', "not a duration"),
        ('"-5 minutes"', "not a duration"),
        ('"1.5 hours"', "not a duration"),
        ('""', "not a duration"),
        ("900", "not a duration"),
        ("true", "not a duration"),
        ('"0 minutes"', "not between 1 second and 10000 days"),
        ('"10001 days"', "not between 1 second and 10000 days"),
        ('"99999999999999999999 days"', "not between 1 second and 10000 days"),
    ],
)
@pytest.mark.parametrize("section", ['[[view]]\nname = "a.b"', "[defaults]"])
def test_a_bad_duration_names_the_key_and_the_value(file: Path, section: str, written: str, cause: str) -> None:
    error = _refused(file, f"{section}\ntarget_lag = {written}\n")
    assert error.message.startswith("target_lag: ")
    assert cause in error.message
    assert ("view a.b" in error.subject) == section.startswith("[[view]]")


def test_a_timeout_has_a_bound_of_its_own(file: Path) -> None:
    """PostgreSQL would refuse one of 25 days, at every refresh."""
    error = _refused(file, '[[view]]\nname = "a.b"\ntimeout = "25 hours"\n')
    assert error.message == "timeout: '25 hours' is longer than 1 day."


@pytest.mark.parametrize(
    ("content", "message", "remedy"),
    [
        ('[[view]]\nname = "a.b"\ntarget_leg = "1 hour"', "unknown key 'target_leg'.", "Did you mean 'target_lag'?"),
        ('[[view]]\nname = "a.b"\nmine = "x"', "unknown key 'mine'.", "The known keys are: name, pattern, target_lag"),
        ('[defaults]\ntimeuot = "1 hour"', "unknown key 'timeuot'.", "Did you mean 'timeout'?"),
        ("[default]", "unknown key 'default'.", "Did you mean 'defaults'?"),
        ('[[views]]\nname = "a.b"', "unknown key 'views'.", "Did you mean 'view'?"),
        ('[[view]]\ntarget_lag = "1 hour"', "has neither of the keys 'name' and 'pattern'.", "Write one of them"),
        ('[[view]]\nname = "a.b"\npattern = "a.*"', "has both the keys 'name' and 'pattern'.", "Write one of them"),
        ('[view]\nname = "a.b"', "a view is not a table.", "[[view]]"),
        ('view = ["a.b"]', "a view is not a table.", "[[view]]"),
        ('[[view]]\nname = "b"', "'b' is not a view's full name.", "schema.name"),
        ('[[view]]\nname = "Sales.MV"', "'Sales.MV' is not a view's full name.", "schema.name"),
        ('[[view]]\nname = "a.b; DROP TABLE x"', "is not a view's full name.", "schema.name"),
        ('[[view]]\nname = "a.b"\nenabled = "perhaps"', "enabled: 'perhaps'", "docs/configuration.md"),
        ('[[view]]\nname = 5', "name: '5'", "docs/configuration.md"),
        ("defaults = 5", "defaults: '5'", "docs/configuration.md"),
        ('[[view]]\nname = "a.b', "is not TOML: ", "Correct that line."),
    ],
)  # fmt: skip
def test_a_mistake_is_explained(file: Path, content: str, message: str, remedy: str) -> None:
    error = _refused(file, content + "\n")
    assert message in error.message
    assert remedy in error.remedy


@pytest.mark.parametrize("name", ["a.b", '"My Schema"."MV"', 'a."b.c"', '_a.b$1', '"a""b".c'])  # fmt: skip
def test_a_name_may_be_quoted_as_postgresql_would(file: Path, name: str) -> None:
    file.write_text(f"[[view]]\nname = '{name}'\n")
    assert list(read_views_files([file]).views) == [name]


def test_a_view_is_declared_once(tmp_path: Path) -> None:
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    for path in (first, second):
        path.write_text('[[view]]\nname = "a.b"\n')
    with pytest.raises(ConfigurationError, match=r"a\.b is declared twice") as refused:
        read_views_files([first, second])
    assert refused.value.subject == str(second)
    assert "twice" in _refused(first, '[[view]]\nname = "a.b"\n[[view]]\nname = "a.b"\n').message


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path, cause in ((tmp_path / "none.toml", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(ConfigurationError, match=cause) as refused:
            read_views_files([path])
        assert refused.value.subject == str(path)
        assert "--file" in refused.value.remedy


def test_a_file_that_is_not_utf_8_is_explained(file: Path) -> None:
    file.write_bytes(b'[[view]]\nname = "a.\xff"\n')
    with pytest.raises(ConfigurationError, match="is not TOML"):
        read_views_files([file])


# ---- every key

COMPLETE = """
[[view]]
name = "a.b"
target_lag = "downstream"
schedule = ["0  1 * * *", { cron = "30 2 * * SUN", time_zone = "Europe/Madrid" }, "0 1 * * *"]
time_zone = "America/Bogota"
timeout = "5 minutes"
enabled = false
change_detection = "touch"
audit_interval = "7 days"
group = "night"
depends_on = ["a.c", 'a."D"', "a.c"]
priority = "critical"
exclusive_window = { cron = "0 2 * * *", duration = "90 minutes" }
checks = { not_empty = true, max_row_drop_percent = 33.3, sql = ["SELECT true", "SELECT 1 < 2"] }
suspend_after = 3
probe_after = "30 minutes"
"""
COMPLETE_POLICY = Policy(
    target_lag=None,
    timeout=timedelta(minutes=5),
    enabled=False,
    schedules=(Schedule("0 1 * * *", "America/Bogota"), Schedule("30 2 * * SUN", "Europe/Madrid")),
    change_detection=ChangeDetection.TOUCH,
    audit_interval=timedelta(days=7),
    group="night",
    depends_on=("a.c", 'a."D"'),
    priority=Priority.CRITICAL,
    exclusive_window=ExclusiveWindow(Schedule("0 2 * * *", "America/Bogota"), timedelta(minutes=90)),
    not_empty=True,
    max_row_drop_percent=Decimal("33.3"),
    sql_checks=("SELECT true", "SELECT 1 < 2"),
    suspend_after=3,
    probe_after=timedelta(minutes=30),
)


def test_every_key_has_its_place_in_the_policy(file: Path) -> None:
    file.write_text(COMPLETE)
    assert read_views_files([file]).views == {"a.b": COMPLETE_POLICY}


def test_defaults_may_say_all_that_is_not_of_one_view(file: Path) -> None:
    """And say it for patterns, too."""
    single = ("name =", "enabled =", "group =", "depends_on =", "[[view]]")
    shared = "".join(line for line in COMPLETE.splitlines(keepends=True) if not line.startswith(single))
    file.write_text(f'[defaults]{shared}[[view]]\npattern = "a.*"\n')
    (policy,) = read_views_files([file]).patterns.values()
    assert policy == replace(COMPLETE_POLICY, enabled=True, group=None, depends_on=())


@pytest.mark.parametrize(
    ("defaults", "view", "target_lag"),
    [
        ("", 'schedule = "0 1 * * *"', timedelta(hours=24, minutes=30)),
        ("", 'schedule = ["0 1 * * *", "0 13 * * *"]', timedelta(hours=12, minutes=30)),
        ("", 'schedule = "0 1 * * *"\ntime_zone = "Europe/Madrid"', timedelta(hours=25, minutes=30)),
        ("", 'schedule = "0 1 * * *"\ntarget_lag = "1 hour"', timedelta(hours=1)),
        ("", 'schedule = "0 1 * * *"\ntarget_lag = "downstream"', None),
        # what is written nearer to the view goes before
        ('target_lag = "1 hour"', 'schedule = "0 1 * * *"', timedelta(hours=24, minutes=30)),
        ('schedule = "0 1 * * *"', "", timedelta(hours=24, minutes=30)),
        ('schedule = "0 1 * * *"\ntarget_lag = "1 hour"', "", timedelta(hours=1)),
        ('schedule = "0 1 * * *"', 'target_lag = "1 hour"', timedelta(hours=1)),
        ('schedule = "0 1 * * *"', "schedule = []", timedelta(minutes=15)),
    ],
)
def test_a_schedule_says_how_old_the_data_may_get_unless_a_target_lag_does(
    file: Path, defaults: str, view: str, target_lag: timedelta | None
) -> None:
    file.write_text(f'[defaults]\n{defaults}\n[[view]]\nname = "a.b"\n{view}\n')
    assert read_views_files([file]).views["a.b"].target_lag == target_lag


@pytest.mark.parametrize("pattern", ["sales.mv_*", "*.*", "Sales.Ventas del m?s", "a.b", "año.*"])
def test_a_pattern_is_compared_with_names_as_they_are_stored(file: Path, pattern: str) -> None:
    file.write_text(f"[[view]]\npattern = '{pattern}'\n")
    assert list(read_views_files([file]).patterns) == [pattern]


@pytest.mark.parametrize(
    ("line", "message", "remedy"),
    [
        ('schedule = "0 1 * *"', "schedule: '0 1 * *' does not have the five fields", "Write minute, hour,"),
        ('schedule = ["0 1 * * *", "0 25 * * *"]', "schedule: '0 25 * * *' is not a crontab line: bad hour.", "Write"),
        ("schedule = 5", "schedule: '5' is not a crontab line", ""),
        ('schedule = { corn = "0 1 * * *" }', "schedule: 'corn' is not a key of a schedule.", "cron, time_zone"),
        ('schedule = { time_zone = "UTC" }', "has no key 'cron'.", ""),
        ('schedule = { cron = "0 1 * * *", time_zone = "Bogota" }', "'Bogota' is not a time zone", "America/Bogota?"),
        ('time_zone = "america/bogota"', "'america/bogota' is not a time zone", "Did you mean America/Bogota?"),
        ('time_zone = "Mars"', "time_zone: 'Mars' is not a time zone of the IANA database.", ""),
        ('target_lag = "upstream"', "target_lag: 'upstream' is not a duration", '"downstream"'),
        ('change_detection = "trigger"', "'trigger' is none of fingerprint, touch, none.", "Write one of them."),
        ('priority = "urgent"', "priority: 'urgent' is none of low, normal, high, critical.", "Write one of them."),
        ('depends_on = ["b"]', "'b' is not a view's full name.", "schema.name"),
        ('depends_on = "a.c"', "depends_on: 'a.c': ", ""),
        ('depends_on = ["a.b"]', "depends_on: it names the view itself.", "Take it out."),
        ('group = ""', "group: '': ", ""),
        ('exclusive_window = { cron = "0 2 * * *" }', "exclusive_window.duration is missing.", ""),
        (
            'exclusive_window = { cron = "0 2 * *", duration = "1 hour" }',
            "exclusive_window.cron: '0 2 * *' does not have the five fields",
            "",
        ),
        (
            'exclusive_window = { cron = "0 2 * * *", duration = "1 hour", timezone = "UTC" }',
            "unknown key 'timezone'.",
            "Did you mean 'time_zone'?",
        ),
        ("checks = { not_emtpy = true }", "unknown key 'not_emtpy'.", "Did you mean 'not_empty'?"),
        ("checks = { max_row_drop_percent = 101 }", "checks.max_row_drop_percent: '101' is not a number from 0", ""),
        ("checks = { max_row_drop_percent = true }", "checks.max_row_drop_percent: 'True' is not a number", ""),
        ('checks = { sql = [" "] }', "checks.sql: ' ': ", ""),
        ("suspend_after = 0", "suspend_after: '0': Input should be greater than or equal to 1.", ""),
        ('probe_after = "never"', "probe_after: 'never' is not a duration", ""),
        ('audit_interval = "1 month"', "audit_interval: '1 month' is not a duration", ""),
    ],
)  # fmt: skip
def test_a_mistake_in_a_view_names_it_the_key_and_the_remedy(file: Path, line: str, message: str, remedy: str) -> None:
    error = _refused(file, f'[[view]]\nname = "a.b"\n{line}\n')
    assert error.subject == f"{file}, view a.b"
    assert message in error.message
    assert remedy in error.remedy


@pytest.mark.parametrize("pattern", ["mv_*", "a.[bc]*", '"A".*', "a b.*", "."])
def test_a_pattern_that_could_fit_nothing_is_refused(file: Path, pattern: str) -> None:
    error = _refused(file, f"[[view]]\npattern = '{pattern}'\n")
    assert f"'{pattern}' is not a pattern" in error.message
    assert "schema.name with *" in error.remedy
