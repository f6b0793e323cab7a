"""Generated data against plain Python over the same rows."""

from __future__ import annotations

from collections.abc import Callable

from tests.integration.driver_matrix import expected_views as views
from tests.integration.driver_matrix.expected_matrix import expected_matrix
from tests.integration.driver_matrix.system import (
    BASE_QUERY,
    DEPENDENT_VIEWS,
    MATERIALIZED_VIEW,
    REFRESH,
    Connection,
    generate,
    rows,
)

WORKED_OUT: dict[str, Callable[[views.Tables], views.Rows]] = {
    "observational.v_conversion_metrics": views.conversion_metrics,
    "ops.v_payment_calculation": views.payment_calculation,
    "ops.v_cabinet_milestones_achieved_from_payment_calc": views.milestones_achieved,
    "ops.v_claims_payment_status_cabinet": views.claims_payment_status,
    "ops.v_yango_payments_claims_cabinet_14d": views.payments_claims_14d,
    "ops.v_yango_cabinet_claims_for_collection": views.claims_for_collection,
    "ops.v_cabinet_ops_14d_sanity": views.sanity,
    "ops.v_cabinet_funnel_status": views.funnel_status,
}


def test_the_matrix_and_every_view_under_it_are_those_worked_out_in_python(connection: Connection) -> None:
    generate(connection, 1_000)
    connection.execute(REFRESH)
    tables = views.read_tables(connection)
    assert tuple(WORKED_OUT) == DEPENDENT_VIEWS
    for view, worked_out in WORKED_OUT.items():
        found, expected = rows(connection, view), worked_out(tables)
        assert set(found) == set(expected), view
        assert len(found) == len(expected) > 100, view

    expected = expected_matrix(tables)
    for relation in (BASE_QUERY, MATERIALIZED_VIEW):
        found = rows(connection, relation)
        assert set(found) == set(expected)
        assert len(found) == len(expected) == len({row[0] for row in found})  # one row for each driver

    # Nothing above is true only because nothing was there.
    columns = list(zip(*expected, strict=True))
    assert set(columns[2]) == {"cabinet", "fleet_migration", "referral", "organic", None}
    assert len(set(columns[4])) > 50
    assert set(columns[5]) == {"both", "programme_only", "claims_only"}
    assert set(columns[6]) == {
        "registered_incomplete", "registered_complete", "connected_no_trips", "reached_m1", "reached_m5", "reached_m25",
        None,
    }  # fmt: skip
    for milestone in range(3):
        statuses = columns[11 + 8 * milestone + 4]
        assert set(statuses) == {"not_claimed", "pending", "partial", "paid", "rejected", None}
        assert len(set(columns[11 + 8 * milestone + 7])) > 2
    assert all(sum(column) > 0 for column in columns[35:40])
    assert set(columns[41]) == {True, False}
