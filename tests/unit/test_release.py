"""One version, told of by the changelog. Pushing and deploying a release are not covered (docs/releasing.md)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

from refresh_task import __version__
from scripts.release import CHANGELOG, ROOT, changelog_complaints, release_complaints

UNRELEASED = "# Changelog\n\n## [Unreleased]\n\n"
RELEASED = f"{UNRELEASED}## [1.2.0] - 2026-11-25\n\n### Added\n\n- That.\n\n## [1.1.9] - 2026-10-01\n\n- This.\n"


def test_the_version_is_written_in_one_place() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" not in project["project"]
    assert project["project"]["dynamic"] == ["version"]
    place = ROOT / project["tool"]["hatch"]["version"]["path"]
    assert re.findall(r'^__version__ = "(.+)"$', place.read_text(encoding="utf-8"), flags=re.MULTILINE) == [__version__]


def test_the_installed_distribution_has_it_too() -> None:
    """Red: run make install."""
    assert version("vistafresca") == __version__


def test_it_is_right_where_no_distribution_is_installed(tmp_path: Path) -> None:
    """As in the image: the folder alone, on a Python without our distribution."""
    shutil.copytree(ROOT / "refresh_task", tmp_path / "refresh_task")
    said = subprocess.run(
        [sys.executable, "-S", "-c", "import refresh_task; print(refresh_task.__version__, refresh_task.__file__)"],
        check=True,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    ).stdout.split()
    assert said == [__version__, str(tmp_path / "refresh_task" / "__init__.py")]


def test_the_changelog_tells_of_it() -> None:
    assert changelog_complaints(CHANGELOG.read_text(encoding="utf-8"), __version__) == []


def test_a_changelog_in_order_is_not_complained_of() -> None:
    assert changelog_complaints(RELEASED, "1.2.0") == []
    assert changelog_complaints(RELEASED, "1.3.0") == []  # raised already, not released yet
    assert release_complaints(RELEASED, "1.2.0", tags=["v1.1.9"], uncommitted="") == []


@pytest.mark.parametrize(
    ("changelog", "number", "complaint"),
    [
        (RELEASED, "1.3.0-rc1", "is not MAJOR.MINOR.PATCH"),
        (RELEASED, "1.1.10", "older than the newest release"),
        (RELEASED.replace("## [Unreleased]\n", ""), "1.2.0", "first section is not [Unreleased]"),
        (RELEASED.replace(" - 2026-10-01", ""), "1.2.0", "YYYY-MM-DD"),
        (RELEASED.replace("[1.1.9]", "[1.10.0]").replace("[1.2.0]", "[1.9.0]"), "1.10.0", "not in order"),
    ],
)
def test_what_is_wrong_with_a_changelog_is_said(changelog: str, number: str, complaint: str) -> None:
    (said,) = changelog_complaints(changelog, number)
    assert complaint in said


@pytest.mark.parametrize(
    ("changelog", "number", "tags", "uncommitted", "complaint"),
    [
        (RELEASED, "1.3.0", [], "", "no section [1.3.0]"),
        (RELEASED, "1.2.0", ["v1.2.0"], "", "the tag v1.2.0 exists"),
        (RELEASED, "1.2.0", [], " M Makefile\n", "uncommitted changes"),
        (RELEASED.replace(UNRELEASED, f"{UNRELEASED}- New.\n\n"), "1.2.0", [], "", "left under [Unreleased]"),
    ],
)
def test_what_stands_in_a_release_s_way_is_said(
    changelog: str, number: str, tags: list[str], uncommitted: str, complaint: str
) -> None:
    (said,) = release_complaints(changelog, number, tags=tags, uncommitted=uncommitted)
    assert complaint in said
