"""The same answer in every session, by every plan, on every server."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.integration.fluxion.system import BASE_QUERY, SELECT_BASE_QUERY, Connection, generate, read_summary


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
def test_the_session_s_time_zone_changes_nothing(connection: Connection, zone: str) -> None:
    with connection.transaction():
        generate(connection, 10_000)
        expected = read_summary(connection)
        connection.execute("SELECT set_config('TimeZone', %s, true)", [zone])

        assert read_summary(connection) == expected
    assert any(row[10] is not None for row in expected)


@pytest.mark.parametrize(
    "settings",
    [
        {"enable_hashagg": "off", "enable_hashjoin": "off", "enable_nestloop": "off"},
        {"enable_sort": "off", "enable_mergejoin": "off", "enable_indexscan": "off", "enable_bitmapscan": "off"},
        {"parallel_setup_cost": "0", "parallel_tuple_cost": "0", "min_parallel_table_scan_size": "0"},
    ],
    ids=["sorting", "hashing", "parallel"],
)
def test_the_plan_changes_no_byte_of_the_result(connection: Connection, settings: Mapping[str, str]) -> None:
    """Equality of record images: 1 and 1.00 differ, and so would a floating-point sum."""
    with connection.transaction():
        generate(connection, 10_000)
        connection.execute(f"CREATE TEMPORARY TABLE expected AS {SELECT_BASE_QUERY}")
        for name, value in settings.items():
            connection.execute("SELECT set_config(%s, %s, true)", [name, value])
        connection.execute(f"CREATE TEMPORARY TABLE found AS {SELECT_BASE_QUERY}")

        different = connection.execute(
            "SELECT count(*) FROM expected AS e FULL JOIN found AS f USING (ubicacion_id, almacen_codigo)"
            " WHERE e IS NULL OR f IS NULL OR e OPERATOR(pg_catalog.*<>) f"
        ).fetchone()
        assert different == (0,)


def test_nothing_is_floating_point(connection: Connection) -> None:
    """Floating-point sums depend on the order of the rows; none has to be wrong today for one to be wrong one day."""
    definition = connection.execute("SELECT pg_get_viewdef(%s::regclass)", [BASE_QUERY]).fetchone()
    assert definition is not None
    assert "double precision" not in definition[0]
    assert "real" not in definition[0]


def test_one_warehouse_is_read_without_the_others_rows(connection: Connection) -> None:
    """What makes recomputing a slice cheap: its key reaches every scan of the two big tables, through all its CTEs."""
    query = f"{SELECT_BASE_QUERY} WHERE ubicacion_id = 7 AND almacen_codigo = 'PISO'"
    plan = connection.execute(f"EXPLAIN (FORMAT JSON, VERBOSE) {query}").fetchone()
    assert plan is not None

    scans = list(scans_of(plan[0][0]["Plan"], {"ventas", "inventario"}))
    assert len(scans) == 3  # the stock for what there is, and for how much
    for scan in scans:
        conditions = json.dumps([value for name, value in scan.items() if name.endswith(("Cond", "Filter"))])
        assert "ubicacion_id = 7" in conditions
        assert "almacen_codigo = 'PISO'" in conditions


def scans_of(node: Mapping[str, Any], tables: set[str]) -> Iterator[Mapping[str, Any]]:
    if node.get("Relation Name") in tables:
        # A bitmap scan keeps its condition below, in the index scan.
        yield {**{f"{n} Cond": child.get("Index Cond") for n, child in enumerate(node.get("Plans", []))}, **node}
    for child in node.get("Plans", []):
        yield from scans_of(child, tables)
