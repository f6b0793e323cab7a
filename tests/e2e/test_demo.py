"""`make demo`, at a small size: it tells its story, ends by itself and leaves nothing running."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fix_task import ROOT


def _running_servers(folder: Path) -> set[str]:
    """The embedded servers that run now with their files in there: other tests have servers of their own."""
    processes = subprocess.run(["ps", "-A", "-o", "args="], check=True, capture_output=True, text=True).stdout
    return {line for line in processes.splitlines() if f"{folder}/vistafresca-" in line}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for temporary files. Not tmp_path: as root, the server runs as somebody who may not enter that."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_the_demo_shows_the_refresh_and_leaves_nothing_behind(folder: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-m", "demo", "--sales", "20000"],
        check=False,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "TMPDIR": str(folder), "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert process.returncode == 0, process.stderr
    for told in (
        "PostgreSQL ",
        "20,000 ventas",
        "refreshing fluxion.mv_ubicaciones_summary_regional (exclusive",
        "metrics   RunCompleted 1, ",
        "ViewsSucceeded 5, ViewsFailed 0",
        "nothing changed since",
        "Declare it in views.toml",  # the doctor
        "5 views left alone",  # the plan
        "the check-in would be: ok",
        "times faster",
        "a changed row touches",  # the explanation
        "is refreshed incrementally, after",
        "incremental",
        "changed keys",
        "every row as its query gives it",
        "before",
        "after",
        "fresh",
        "Nothing is left running.",
    ):
        assert told in process.stdout
    assert list(folder.iterdir()) == []
    assert _running_servers(folder) == set()
