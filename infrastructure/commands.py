"""What a database's task is told to do when its database or its policies change, and which files that reads."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROGRAM = ("python", "-m", "refresh_task")
VIEWS_FILE = "views.toml"
READ_BY_MIGRATE = (".sql", ".py")
"""Statements, and the revisions that put them in order."""


def migrate(systems: Sequence[str]) -> list[str]:
    """Arguments that bring the schema up to date, and install or update these systems."""
    return ["migrate", *(word for system in systems for word in ("--system", system))]


def apply(systems: Sequence[str]) -> list[str]:
    """Arguments that make the database's policies those of the files."""
    if not systems:
        return ["apply"]
    return ["apply", *(word for file in _views_files(systems) for word in ("--file", file))]


def files_of_migrate() -> str:
    """A digest of what migrate reads. Of all systems: those already installed are brought up to date, too."""
    return _digest([path for path in (ROOT / "sql").rglob("*") if path.suffix in READ_BY_MIGRATE])


def files_of_apply(systems: Sequence[str]) -> str:
    """A digest of what apply reads."""
    return _digest([ROOT / file for file in _views_files(systems)])


def _views_files(systems: Sequence[str]) -> list[str]:
    """The user's own file and each system's: what is in none of the files given is not refreshed."""
    return [VIEWS_FILE, *(f"sql/systems/{system}/views.toml" for system in systems)]


def _digest(files: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(files):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(ROOT).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
