"""vistafresca sample"""

from __future__ import annotations

from tests.fix_database import Database
from tests.fix_task import RunTask


def test_a_systems_empty_tables_are_filled_once(fluxion_database: Database, vistafresca: RunTask) -> None:
    first = vistafresca(fluxion_database, "sample", "fluxion", "--size", "2000", "--json")
    assert first.exit_code == 0
    assert {"table_name": "ventas", "row_count": 2000} in first.json
    assert fluxion_database.value("SELECT count(*) FROM fluxion.ventas") == 2000

    second = vistafresca(fluxion_database, "sample", "fluxion")
    assert second.exit_code == 2
    assert "hold rows already" in second.stderr
    assert "TRUNCATE fluxion.ventas" in second.stderr


def test_a_system_that_is_not_there_is_an_error_and_no_injection(database: Database, vistafresca: RunTask) -> None:
    for system in ("fluxion", 'fluxion"."x'):
        result = vistafresca(database, "sample", system)
        assert result.exit_code == 2
        assert f"vistafresca migrate --system {system}" in result.stderr
