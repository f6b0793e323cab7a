"""A database that is migrated, and what is there then."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable

from refresh_task import migrations
from refresh_task.migrations import runner
from tests.fix_database import WAITING_SESSIONS, Database

CORE = ("bi_refresh_0001", "bi_refresh_0002", "bi_refresh_0003", "bi_refresh_0004")
SYSTEMS = sorted(folder.parent.name for folder in runner.SQL_FOLDER.glob("systems/*/migrations"))
NewMigration = Callable[[str], None]
OTHER_SESSION_WAITS = f"{WAITING_SESSIONS} AND locktype = 'advisory'"


def dump(database: Database) -> str:
    """The whole schema as pg_dump writes it, without the lines that differ from dump to dump."""
    result = subprocess.run(
        [database.server.program("pg_dump"), "--schema-only", database.dsn],
        check=True,
        capture_output=True,
        text=True,
        env={},
    )
    return re.sub(r"(?m)^\\(un)?restrict .*\n", "", result.stdout)


def up(database: Database, *systems: str) -> tuple[str, ...]:
    """What was applied."""
    with database.session() as session:
        return migrations.migrate_up(session, systems=systems)


def down(database: Database, revision: str) -> tuple[str, ...]:
    """What was undone: that revision and all that rest on it."""
    with database.session() as session:
        return migrations.migrate_down(session, revision)


def applied(database: Database) -> set[str]:
    """The revisions that the database has."""
    with database.session() as session:
        return {migration.revision for migration in migrations.list_migrations(session) if migration.is_applied}


def revisions_of(system: str) -> list[str]:
    """In order."""
    files = sorted((runner.SQL_FOLDER / "systems" / system / "migrations").glob("*.py"))
    return [file.name[: len(f"{system}_0001")] for file in files]
