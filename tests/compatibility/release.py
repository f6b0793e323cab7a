"""The previous release: recorded by its commit, taken out of the repository's history."""

from __future__ import annotations

import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.fix_task import ROOT

RECORD = Path(__file__).with_name("previous_release.toml")


@dataclass(frozen=True, slots=True)
class Release:
    """What the file says."""

    commit: str
    not_additive: dict[str, str]


def recorded(file: Path = RECORD) -> Release:
    return Release(**tomllib.loads(file.read_text(encoding="utf-8")))


def why_not_there(commit: str, repository: Path = ROOT) -> str | None:
    """Why the history of a checkout cannot have this commit; None where it has it.

    Raises AssertionError where it should have it: a whole history without it means that the record is wrong.
    """
    if not (repository / ".git").exists():
        return "this is no git checkout, so there is no history to take the previous release from"
    if _git(repository, "cat-file", "-e", f"{commit}^{{commit}}").returncode == 0:
        return None
    shallow = _git(repository, "rev-parse", "--is-shallow-repository")
    if shallow.returncode != 0:
        return f"git cannot read this repository: {shallow.stderr.strip()}"
    if shallow.stdout.strip() == "true":
        return f"this clone is shallow and lacks {commit[:12]}: git fetch --unshallow"
    msg = f"{RECORD.name} names {commit}, which this repository's whole history does not have: correct it"
    raise AssertionError(msg)


def extract(commit: str, folder: Path, repository: Path = ROOT) -> None:
    """Write the release's task, its SQL and its views file into the folder."""
    archive = subprocess.run(
        ["git", "-C", str(repository), "archive", "--format=tar", commit, "refresh_task", "sql", "views.toml"],
        check=True,
        capture_output=True,
    )
    subprocess.run(["tar", "-x", "-C", str(folder)], check=True, input=archive.stdout)


def _git(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", "-C", str(repository), *arguments], capture_output=True, text=True, check=False)
