"""The same answer in every session, by every plan, at every hour, on every server."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from tests.integration.driver_matrix.system import (
    BASE_QUERY,
    DEPENDENT_VIEWS,
    MATERIALIZED_VIEW,
    Connection,
    rows,
)
from tests.integration.driver_matrix.test_documents import nodes


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
def test_the_session_s_time_zone_changes_nothing(filled: Connection, zone: str) -> None:
    filled.execute("SET LOCAL TimeZone = 'America/Lima'")
    before = {relation: sorted(map(str, rows(filled, relation))) for relation in (BASE_QUERY, *DEPENDENT_VIEWS)}
    filled.execute("SELECT set_config('TimeZone', %s, true)", [zone])
    for relation, expected in before.items():
        assert sorted(map(str, rows(filled, relation))) == expected, relation
        assert expected


def test_a_day_is_lima_s_whatever_the_writer_s_time_zone(connection: Connection) -> None:
    """The days are generated columns: worked out once, by the session that writes."""
    for driver, zone in ((1, "Pacific/Kiritimati"), (2, "America/Los_Angeles")):
        connection.execute("SELECT set_config('TimeZone', %s, true)", [zone])
        connection.execute("INSERT INTO public.drivers VALUES (%s, 'Ana', 'Lima')", [driver])
        connection.execute(
            "INSERT INTO observational.leads (driver_id, origin_tag, registered_at)"
            " VALUES (%s, 'cabinet', '2025-03-10 04:59:59+00')",
            [driver],
        )
    days = connection.execute("SELECT lead_date::text FROM observational.leads").fetchall()
    assert days == [("2025-03-09",), ("2025-03-09",)]


@pytest.mark.parametrize(
    "settings",
    [
        {"enable_hashagg": "off", "enable_hashjoin": "off", "enable_nestloop": "off"},
        {"enable_sort": "off", "enable_mergejoin": "off", "enable_indexscan": "off", "enable_bitmapscan": "off"},
        {"parallel_setup_cost": "0", "parallel_tuple_cost": "0", "min_parallel_table_scan_size": "0"},
    ],
    ids=["sorting", "hashing", "parallel"],
)
def test_the_plan_changes_no_byte_of_the_result(filled: Connection, settings: Mapping[str, str]) -> None:
    """Equality of record images: 1 and 1.00 differ, and so would a floating-point sum."""
    filled.execute(f"CREATE TEMPORARY TABLE expected AS SELECT * FROM {BASE_QUERY}")
    for name, value in settings.items():
        filled.execute("SELECT set_config(%s, %s, true)", [name, value])
    filled.execute(f"CREATE TEMPORARY TABLE found AS SELECT * FROM {BASE_QUERY}")

    different = filled.execute(
        "SELECT count(*) FROM expected AS e FULL JOIN found AS f USING (driver_id)"
        " WHERE e IS NULL OR f IS NULL OR e OPERATOR(pg_catalog.*<>) f"
    ).fetchone()
    assert different == (0,)


def test_nothing_asks_what_time_it_is_nor_for_a_setting(connection: Connection) -> None:
    """So a view beneath which nothing changed is skipped, at midnight, too."""
    found = connection.execute(
        "SELECT class, detail FROM bi_refresh.classify_views(ARRAY[%s::regclass::oid])", [MATERIALIZED_VIEW]
    ).fetchall()
    assert found == []


@pytest.mark.parametrize("relation", [BASE_QUERY, *DEPENDENT_VIEWS])
def test_nothing_is_floating_point(connection: Connection, relation: str) -> None:
    ((definition,),) = connection.execute("SELECT pg_get_viewdef(%s::regclass)", [relation]).fetchall()
    assert "double precision" not in definition
    assert "real" not in definition


def test_one_driver_is_read_without_the_others_rows(connection: Connection) -> None:
    """What makes recomputing a slice cheap, and the fallback for one driver: the key reaches every scan of a big table,
    through all CTEs, eight views and both sides of the full join."""
    ((plan,),) = connection.execute(
        f"EXPLAIN (FORMAT JSON, VERBOSE) SELECT * FROM {BASE_QUERY} WHERE driver_id = 4711"
    ).fetchall()
    scans = [
        {**{f"{n} Cond": child.get("Index Cond") for n, child in enumerate(node.get("Plans", []))}, **node}
        for node in nodes(plan[0]["Plan"])
        if node.get("Relation Name") in {"drivers", "leads", "trips", "funnel_events", "yango_claims", "yango_payments"}
    ]
    assert len(scans) >= 15
    for scan in scans:
        conditions = json.dumps([value for name, value in scan.items() if name.endswith(("Cond", "Filter"))])
        assert "driver_id = 4711" in conditions, scan
