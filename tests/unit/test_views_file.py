"""views.toml read and validated: what it may say, and what is said about what it may not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from refresh_task.errors import ConfigurationError
from refresh_task.policies import Policy, read_views_files


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
    assert read_views_files([file]) == (
        Policy.model_construct(name="a.b", target_lag=hour, timeout=two, enabled=True),
        Policy.model_construct(name="a.c", target_lag=quarter, timeout=two, enabled=False),
    )


def test_a_file_s_defaults_are_its_own(tmp_path: Path) -> None:
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    first.write_text('[defaults]\ntarget_lag = "1 hour"\n[[view]]\nname = "a.b"\n')
    second.write_text('[[view]]\nname = "a.c"\n')
    assert [policy.target_lag for policy in read_views_files([first, second])] == [
        timedelta(hours=1),
        timedelta(minutes=15),
    ]


def test_an_empty_file_declares_nothing(file: Path) -> None:
    file.write_text("")
    assert read_views_files([file]) == ()


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
    (policy,) = read_views_files([file])
    assert policy.target_lag == timedelta(seconds=seconds)


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
        ('[[view]]\nname = "a.b"\nschedule = "x"', "unknown key 'schedule'.", "The known keys are: name, target_lag,"),
        ('[defaults]\ntimeuot = "1 hour"', "unknown key 'timeuot'.", "Did you mean 'timeout'?"),
        ("[default]", "unknown key 'default'.", "Did you mean 'defaults'?"),
        ('[[views]]\nname = "a.b"', "unknown key 'views'.", "Did you mean 'view'?"),
        ('[[view]]\ntarget_lag = "1 hour"', "has no key 'name'.", "docs/configuration.md"),
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
    assert [policy.name for policy in read_views_files([file])] == [name]


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
