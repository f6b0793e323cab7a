"""All four systems, loaded once per worker and cloned for each test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from demo.server import EmbeddedServer
from refresh_task.migrations import migrate_up
from tests.fix_database import Database, create_database, drop_database
from tests.fix_task import ROOT, environment

SYSTEMS = ("fluxion", "universal_transactions", "teloo", "driver_matrix")
_SIZES = {"fluxion": 2_000, "universal_transactions": 300, "teloo": 200, "driver_matrix": 150}


@pytest.fixture(scope="session")
def systems_template(server: EmbeddedServer) -> Iterator[Database]:
    """Migrated with every system, small sample data, policies applied, all views refreshed; to be cloned, never
    used."""
    database = create_database(server)
    with database.session() as session:
        migrate_up(session, systems=list(SYSTEMS))
    with database.connect() as connection:
        for system, size in _SIZES.items():
            connection.execute(f"SELECT * FROM {system}.generate_sample_data(%s)".encode(), [size])
    _apply(database)
    database.execute("SELECT * FROM bi_refresh.refresh_bi_views()")
    yield database
    drop_database(database)


@pytest.fixture
def systems_database(systems_template: Database) -> Iterator[Database]:
    """A database of the test's own with all four systems."""
    database = create_database(systems_template.server, template=systems_template.name)
    yield database
    drop_database(database)


def _apply(database: Database) -> None:
    files = [option for system in SYSTEMS for option in ("--file", f"sql/systems/{system}/views.toml")]
    subprocess.run(
        [sys.executable, "-m", "refresh_task", "apply", *files],
        check=True, cwd=ROOT, env=environment(database), capture_output=True,
    )  # fmt: skip
