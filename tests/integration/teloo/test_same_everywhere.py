"""The same answer in every session and by every plan."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.integration.teloo.market import Market
from tests.integration.teloo.system import KEYS, base_query, generate, read

_SETTINGS: list[dict[str, str]] = [
    {"TimeZone": "Pacific/Kiritimati", "DateStyle": "German, DMY"},
    {"TimeZone": "America/Los_Angeles", "DateStyle": "SQL, MDY", "IntervalStyle": "sql_standard"},
    {"enable_hashagg": "off", "enable_hashjoin": "off", "enable_nestloop": "off"},
    {"enable_sort": "off", "enable_mergejoin": "off", "enable_indexscan": "off", "enable_bitmapscan": "off"},
    {"parallel_setup_cost": "0", "parallel_tuple_cost": "0", "min_parallel_table_scan_size": "0"},
]


@pytest.mark.parametrize("settings", _SETTINGS, ids=["east", "west", "sorting", "hashing", "parallel"])
def test_settings_and_plans_change_no_byte_of_the_result(market: Market, settings: Mapping[str, str]) -> None:
    """Equality of record images: 1 and 1.00 differ, and so would a floating-point sum."""
    connection = market.connection
    connection.execute("DELETE FROM teloo.clientes")
    generate(connection, 1_000, market.today)
    for view in KEYS:
        connection.execute(f"CREATE TEMPORARY TABLE expected_{KEYS[view]} AS SELECT * FROM {base_query(view)}".encode())
    rows = {view: len(read(connection, base_query(view))) for view in KEYS}
    for name, value in settings.items():
        connection.execute("SELECT set_config(%s, %s, true)", [name, value])

    for view, key in KEYS.items():
        connection.execute(f"CREATE TEMPORARY TABLE found_{key} AS SELECT * FROM {base_query(view)}".encode())
        different = connection.execute(
            f"SELECT count(*) FROM expected_{key} AS e FULL JOIN found_{key} AS f USING ({key})"
            f" WHERE e.{key} IS NULL OR f.{key} IS NULL OR e OPERATOR(pg_catalog.*<>) f".encode()
        ).fetchone()
        assert different == (0,)
        assert rows[view] > 10


@pytest.mark.parametrize("view", KEYS)
def test_nothing_is_floating_point(market: Market, view: str) -> None:
    """Floating-point sums depend on the order of the rows; none has to be wrong today for one to be wrong one day."""
    ((definition,),) = market.connection.execute("SELECT pg_get_viewdef(%s::regclass)", [base_query(view)]).fetchall()
    assert "double precision" not in definition
    assert "percent_rank" not in definition
    ((floats,),) = market.connection.execute(
        "SELECT count(*) FROM pg_attribute WHERE attrelid = %s::regclass AND atttypid IN (700, 701)", [view]
    ).fetchall()
    assert floats == 0
