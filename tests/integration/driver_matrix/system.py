"""Names of the system's objects, and what a test does with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import psycopg

SYSTEM = Path(__file__).parents[3] / "sql" / "systems" / "driver_matrix"
MATERIALIZED_VIEW = "ops.mv_payments_driver_matrix_cabinet"
BASE_QUERY = "ops.v_payments_driver_matrix_cabinet"
REFRESH = f"REFRESH MATERIALIZED VIEW {MATERIALIZED_VIEW}"
REFRESH_CONCURRENTLY = f"REFRESH MATERIALIZED VIEW CONCURRENTLY {MATERIALIZED_VIEW}"
REVISIONS = ("driver_matrix_0001", "driver_matrix_0002", "driver_matrix_0003")
# With the key that their rows are put in order by.
TABLES = {
    "public.drivers": "driver_id",
    "observational.leads": "lead_id",
    "ops.trips": "trip_id",
    "ops.funnel_events": "event_id",
    "ops.milestone_rules": 'origin_tag COLLATE "C", milestone_trips, valid_from',
    "ops.yango_claims": "claim_id",
    "ops.yango_payments": "payment_id",
    "ops.yango_statements": "statement_date",
}
DEPENDENT_VIEWS = (
    "observational.v_conversion_metrics",
    "ops.v_payment_calculation",
    "ops.v_cabinet_milestones_achieved_from_payment_calc",
    "ops.v_claims_payment_status_cabinet",
    "ops.v_yango_payments_claims_cabinet_14d",
    "ops.v_yango_cabinet_claims_for_collection",
    "ops.v_cabinet_ops_14d_sanity",
    "ops.v_cabinet_funnel_status",
)
# Peru has had no daylight saving time since 1994. A fixed offset, so that the expectation does not depend on the zone
# data that the views themselves use.
LIMA = timezone(timedelta(hours=-5))

Connection = psycopg.Connection[Any]
Row = Mapping[str, Any]


def rows(connection: Connection, relation: str) -> list[tuple[Any, ...]]:
    return connection.execute(f"SELECT * FROM {relation}").fetchall()


def day(moment: datetime) -> date:
    """The day in Lima."""
    return moment.astimezone(LIMA).date()


def generate(connection: Connection, drivers: int, as_of: date = date(2026, 2, 14)) -> None:
    connection.execute("SELECT driver_matrix.generate_sample_data(%s, %s)", [drivers, as_of])
