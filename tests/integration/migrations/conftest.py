"""One migration more than there is."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from refresh_task.migrations import runner
from tests.integration.migrations.migrating import NewMigration


@pytest.fixture
def new_migration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NewMigration:
    """Call it with SQL: the core then has one more migration, in a copy of sql/."""
    folder = tmp_path / "sql"

    def make(statements: str) -> None:
        subprocess.run(["cp", "-R", str(runner.SQL_FOLDER), str(folder)], check=True)
        for cache in folder.rglob("__pycache__"):
            subprocess.run(["rm", "-r", str(cache)], check=True)
        stem = folder / "bi_refresh" / "migrations" / "bi_refresh_9999_new"
        first = next(stem.parent.glob("bi_refresh_0001*.py")).read_text()
        (head,) = {
            script.revision for script in runner._scripts().get_revisions("bi_refresh@head") if script is not None
        }
        stem.with_suffix(".py").write_text(
            first.replace('"bi_refresh_0001"', '"bi_refresh_9999"')
            .replace("down_revision = None", f"down_revision = {head!r}")
            .replace('branch_labels = ("bi_refresh",)', "branch_labels = None")
        )
        stem.with_suffix(".up.sql").write_text(statements)
        stem.with_suffix(".down.sql").write_text("")
        monkeypatch.setattr(runner, "SQL_FOLDER", folder)

    return make
