"""views.toml: what it says of incremental refresh."""

from __future__ import annotations

from pathlib import Path

import pytest

from refresh_task.errors import ConfigurationError
from refresh_task.model import RefreshMode
from refresh_task.policies import read_views_files
from refresh_task.policies.store import _columns, _policy


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "views.toml"


def test_a_view_says_its_mode_its_key_and_its_stages(file: Path) -> None:
    file.write_text(
        '[[view]]\nname = "a.b"\nrefresh_mode = "incremental"\nkey = ["region", "Month"]\nstages = ["sold"]\n'
        '[[view]]\nname = "a.c"\n'
    )
    views = read_views_files([file]).views
    said, silent = views["a.b"], views["a.c"]
    assert (said.refresh_mode, said.key, said.stages) == (RefreshMode.INCREMENTAL, ("region", "Month"), ("sold",))
    assert (silent.refresh_mode, silent.key, silent.stages) == (RefreshMode.AUTO, (), ())


def test_only_the_mode_has_a_default_for_the_file(file: Path) -> None:
    file.write_text(
        '[defaults]\nrefresh_mode = "full"\n[[view]]\nname = "a.b"\n[[view]]\nname = "a.c"\nrefresh_mode = "auto"\n'
    )
    views = read_views_files([file]).views
    assert (views["a.b"].refresh_mode, views["a.c"].refresh_mode) == (RefreshMode.FULL, RefreshMode.AUTO)
    file.write_text('[defaults]\nkey = ["id"]\n[[view]]\nname = "a.b"\n')
    with pytest.raises(ConfigurationError, match="unknown key 'key'"):
        read_views_files([file])


@pytest.mark.parametrize(
    ("written", "message", "remedy"),
    [
        ('refresh_mode = "fast"', "refresh_mode: 'fast' is none of auto, full, incremental.", "Write one of them."),
        ('key = "id"', "key: 'id' is not a list of names", "docs/configuration.md"),
        ('key = [""]', "key: '' is not a name.", "docs/configuration.md"),
        ("key = [1]", "key: '1' is not a name.", "docs/configuration.md"),
        (f'key = ["{"x" * 64}"]', "is not a name.", "docs/configuration.md"),
        ('key = ["id", "id"]', "key: 'id' is named twice.", "Keep one of the two."),
        ('stages = ["sold", "sold"]', "stages: 'sold' is named twice.", "Keep one of the two."),
    ],
)
def test_a_mistake_is_explained(file: Path, written: str, message: str, remedy: str) -> None:
    file.write_text(f'[[view]]\nname = "a.b"\n{written}\n')
    with pytest.raises(ConfigurationError) as raised:
        read_views_files([file])
    assert raised.value.subject == f"{file}, view a.b"
    assert message in raised.value.message
    assert remedy in raised.value.remedy


@pytest.mark.parametrize("key", ["key", "stages"])
def test_what_a_pattern_finds_has_no_common_key_or_stages(file: Path, key: str) -> None:
    file.write_text(f'[[view]]\npattern = "a.*"\nrefresh_mode = "incremental"\n{key} = ["id"]\n')
    with pytest.raises(
        ConfigurationError, match=f"{key}: views that a pattern finds have columns and queries of their"
    ):
        read_views_files([file])


def test_what_is_not_said_is_stored_as_an_older_release_leaves_it(file: Path) -> None:
    """Its apply knows none of the columns: a policy that says nothing of them must not differ from one of its own."""
    file.write_text('[[view]]\nname = "a.b"\n')
    columns = _columns(read_views_files([file]).views["a.b"])
    assert [columns[name] for name in ("refresh_mode", "incremental_key", "incremental_stages")] == [None] * 3


def test_a_policy_reads_back_as_it_was_written(file: Path) -> None:
    file.write_text('[[view]]\nname = "a.b"\nrefresh_mode = "full"\nkey = ["id"]\nstages = ["s", "t"]\n')
    policy = read_views_files([file]).views["a.b"]
    stored = _columns(policy)
    read = {
        **stored,
        "target_lag": policy.target_lag,
        "statement_timeout": None,
        "audit_interval": policy.audit_interval,
        "probe_after": policy.probe_after,
        "exclusive_window": None,
        "max_row_drop_percent": None,
    }
    assert _policy(read) == policy
