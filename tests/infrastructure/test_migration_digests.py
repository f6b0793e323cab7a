"""A deployment migrates again if, and only if, a file changed that migrations or policies are read from."""

import subprocess
from pathlib import Path

import pytest

from infrastructure import commands
from tests.infrastructure.conftest import ROOT


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what the digests are made of."""
    subprocess.run(["cp", "-R", str(ROOT / "sql"), str(ROOT / "views.toml"), str(tmp_path)], check=True)
    monkeypatch.setattr(commands, "ROOT", tmp_path)
    return tmp_path


def digests() -> tuple[str, str]:
    return commands.files_of_migrate(), commands.files_of_apply(["fluxion"])


@pytest.mark.parametrize(
    ("file", "migrates", "applies"),
    [
        ("sql/bi_refresh/functions/remedy.sql", True, False),
        ("sql/bi_refresh/migrations/bi_refresh_0001_core.py", True, False),
        ("sql/bi_refresh/migrations/bi_refresh_9999_new.up.sql", True, False),
        ("sql/systems/teloo/migrations/teloo_0001_marketplace.up.sql", True, False),
        ("views.toml", False, True),
        ("sql/systems/fluxion/views.toml", False, True),
        ("sql/systems/teloo/views.toml", False, False),  # not a system of this database
        ("sql/bi_refresh/README.md", False, False),
        ("sql/bi_refresh/migrations/__pycache__/x.cpython-313.pyc", False, False),
    ],
)
def test_it_runs_again_if_a_file_that_it_reads_changed(tree: Path, file: str, *, migrates: bool, applies: bool) -> None:
    migrate, apply = digests()
    path = tree / file
    path.parent.mkdir(exist_ok=True)
    path.write_bytes((path.read_bytes() if path.exists() else b"") + b"\n-- changed\n")
    assert (digests()[0] != migrate, digests()[1] != apply) == (migrates, applies)


def test_a_file_that_moved_or_went_is_a_change_too(tree: Path) -> None:
    before = digests()[0]
    functions_ = tree / "sql/bi_refresh/functions"
    (functions_ / "remedy.sql").rename(functions_ / "remedy2.sql")
    moved = digests()[0]
    (functions_ / "remedy2.sql").unlink()
    assert len({before, moved, digests()[0]}) == 3


def test_all_that_is_digested_is_in_the_image() -> None:
    """Nothing that .dockerignore keeps out: README files, bytecode."""
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {"!sql/", "!views.toml", "**/*.md", "**/*.pyc"} <= set(ignored)
    assert {".md", ".pyc"}.isdisjoint(commands.READ_BY_MIGRATE)
