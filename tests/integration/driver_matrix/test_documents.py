"""What documents 003 and 004 ask for by name, with their own statements word for word."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
import pytest

from tests.integration.driver_matrix.system import BASE_QUERY, DEPENDENT_VIEWS, Connection

BASE_INDEXES = """
SELECT schemaname, tablename, indexname 
FROM pg_indexes 
WHERE indexname LIKE 'idx_%driver_matrix%' 
   OR indexname LIKE 'idx_%payment_calc%'
   OR indexname LIKE 'idx_%claims_cabinet%'
   OR indexname LIKE 'idx_%milestones_achieved%'
ORDER BY schemaname, tablename, indexname;
"""  # noqa: W291  # the document's own
VIEW_EXISTS = """
SELECT schemaname, matviewname, hasindexes 
FROM pg_matviews 
WHERE schemaname = 'ops' 
AND matviewname = 'mv_payments_driver_matrix_cabinet';
"""  # noqa: W291
VIEW_INDEXES = """
SELECT indexname, indexdef 
FROM pg_indexes 
WHERE schemaname = 'ops' 
AND tablename = 'mv_payments_driver_matrix_cabinet';
"""  # noqa: W291
UNIQUE_INDEX = """
SELECT indexname, indexdef 
FROM pg_indexes 
WHERE schemaname = 'ops' 
AND tablename = 'mv_payments_driver_matrix_cabinet'
AND indexdef LIKE '%UNIQUE%';
"""  # noqa: W291
ENDPOINT_DETECTS = """
    SELECT EXISTS (
        SELECT 1 
        FROM pg_matviews 
        WHERE schemaname = 'ops' 
        AND matviewname = 'mv_payments_driver_matrix_cabinet'
    )
"""  # noqa: W291
SIZES = """
   SELECT 
       pg_size_pretty(pg_total_relation_size('ops.mv_payments_driver_matrix_cabinet')) AS total_size,
       pg_size_pretty(pg_relation_size('ops.mv_payments_driver_matrix_cabinet')) AS table_size,
       pg_size_pretty(pg_indexes_size('ops.mv_payments_driver_matrix_cabinet')) AS indexes_size;
"""  # noqa: W291
COUNT = """
SELECT COUNT(*) 
FROM ops.mv_payments_driver_matrix_cabinet;
"""  # noqa: W291
REINDEX = "REINDEX MATERIALIZED VIEW ops.mv_payments_driver_matrix_cabinet;"
COMPARED = """
EXPLAIN ANALYZE 
SELECT * FROM ops.{}_payments_driver_matrix_cabinet 
WHERE origin_tag = 'cabinet' 
LIMIT 25;
"""  # noqa: W291

# The key columns (and condition) of each base-table index, by name.
ON_TABLES = {
    ("observational", "leads", "idx_leads_driver_matrix_driver_id_origin_tag"): "(driver_id, origin_tag)",
    ("observational", "leads", "idx_leads_payment_calc_lead_date"): "(lead_date)",
    ("observational", "leads", "idx_leads_payment_calc_origin_tag"): "(origin_tag)",
    ("ops", "funnel_events", "idx_funnel_events_driver_matrix_driver_id_stage"): "(driver_id, stage)",
    ("ops", "trips", "idx_trips_milestones_achieved_trip_date"): "(trip_date)",
    ("ops", "trips", "idx_trips_payment_calc_driver_id_ended_at"): "(driver_id, ended_at)",
    ("ops", "yango_claims", "idx_yango_claims_cabinet_driver_id_milestone_value"): (
        "(driver_id, milestone_value, claimed_at DESC, claim_id DESC)"
    ),
    ("ops", "yango_claims", "idx_yango_claims_cabinet_lead_date"): "(lead_date)",
    ("ops", "yango_payments", "idx_yango_payments_claims_cabinet_driver_id_milestone_value"): (
        "(driver_id, milestone_value, claim_id)"
    ),
    ("public", "drivers", "idx_drivers_driver_matrix_driver_id"): "(driver_id)",
}
ON_VIEW = {
    "idx_mv_driver_matrix_driver_id": "(driver_id)",
    "idx_mv_driver_matrix_funnel_status": "(funnel_status)",
    "idx_mv_driver_matrix_lead_date": "(lead_date)",
    "idx_mv_driver_matrix_only_pending": "(week_start, driver_id) WHERE only_pending",
    "idx_mv_driver_matrix_origin_tag_week_start": "(origin_tag, week_start)",
    "idx_mv_driver_matrix_week_start_driver_name": "(week_start, driver_name)",
}


def keys(definition: str) -> str:
    return definition.partition(" USING btree ")[2]


def test_the_documents_check_finds_the_indexes_on_the_tables(connection: Connection) -> None:
    found = [row for row in connection.execute(BASE_INDEXES.encode()).fetchall() if not row[2].startswith("idx_mv_")]
    assert found == sorted(ON_TABLES)
    definitions = connection.execute("SELECT schemaname, tablename, indexname, indexdef FROM pg_indexes").fetchall()
    by_name = {(schema, table, name): definition for schema, table, name, definition in definitions}
    assert {name: keys(by_name[name]) for name in ON_TABLES} == ON_TABLES


def test_the_materialized_view_exists_with_the_six_indexes_of_which_one_is_unique(connection: Connection) -> None:
    assert connection.execute(VIEW_EXISTS.encode()).fetchall() == [("ops", "mv_payments_driver_matrix_cabinet", True)]
    assert {name: keys(text) for name, text in connection.execute(VIEW_INDEXES.encode()).fetchall()} == ON_VIEW
    ((name, definition),) = connection.execute(UNIQUE_INDEX.encode()).fetchall()
    assert name == "idx_mv_driver_matrix_driver_id"
    assert definition.endswith("(driver_id)")  # without a condition: CONCURRENTLY can use it


def test_the_documents_statements_run(filled: Connection) -> None:
    assert filled.execute(ENDPOINT_DETECTS.encode()).fetchone() == (True,)
    ((count,),) = filled.execute(COUNT.encode()).fetchall()
    assert filled.execute(f"SELECT count(*) FROM {BASE_QUERY}").fetchone() == (count,)
    assert count > 200
    ((total, table, indexes),) = filled.execute(SIZES.encode()).fetchall()
    assert all(size.endswith("kB") for size in (total, table, indexes))
    for kind in ("v", "mv"):
        plan = filled.execute(COMPARED.format(kind).encode()).fetchall()
        assert "Execution Time" in plan[-1][0]


def test_the_document_s_reindex_has_another_spelling(filled: Connection) -> None:
    """No PostgreSQL knows REINDEX MATERIALIZED VIEW; TABLE means a materialized view, too."""
    with pytest.raises(psycopg.errors.SyntaxError), filled.transaction():
        filled.execute(REINDEX)
    files = (
        "SELECT indexrelid::regclass::text, pg_relation_filenode(indexrelid) FROM pg_index"
        " WHERE indrelid = 'ops.mv_payments_driver_matrix_cabinet'::regclass"
    )
    before = dict(filled.execute(files).fetchall())
    filled.execute(REINDEX.replace("MATERIALIZED VIEW", "TABLE"))
    after = dict(filled.execute(files).fetchall())
    assert before.keys() == after.keys() == {f"ops.{name}" for name in ON_VIEW}
    assert not set(before.values()) & set(after.values())


def test_the_query_has_the_shape_that_the_document_counts(connection: Connection) -> None:
    ((definition,),) = connection.execute("SELECT pg_get_viewdef(%s::regclass)", [BASE_QUERY]).fetchall()
    assert definition.count(" AS (") == 8
    assert definition.count("LEFT JOIN") == 7
    assert definition.count("FULL JOIN") == 1
    read = connection.execute(
        "SELECT DISTINCT refobjid::regclass::text FROM pg_depend AS d JOIN pg_rewrite AS r ON r.oid = d.objid"
        " WHERE r.ev_class = %s::regclass AND d.classid = 'pg_rewrite'::regclass AND d.refobjid <> r.ev_class"
        " AND d.refclassid = 'pg_class'::regclass",
        [BASE_QUERY],
    ).fetchall()
    assert {name for (name,) in read} == {*DEPENDENT_VIEWS, "drivers"}


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (
            "ops.mv_payments_driver_matrix_cabinet WHERE origin_tag = 'cabinet' AND week_start >= '2025-12-01'",
            "idx_mv_driver_matrix_origin_tag_week_start",
        ),
        (
            "ops.mv_payments_driver_matrix_cabinet WHERE funnel_status = 'reached_m25'",
            "idx_mv_driver_matrix_funnel_status",
        ),
        ("ops.mv_payments_driver_matrix_cabinet WHERE driver_id = 7", "idx_mv_driver_matrix_driver_id"),
        ("ops.mv_payments_driver_matrix_cabinet WHERE lead_date = '2025-12-24'", "idx_mv_driver_matrix_lead_date"),
        (
            "ops.mv_payments_driver_matrix_cabinet WHERE only_pending AND week_start = '2025-12-01'",
            "idx_mv_driver_matrix_only_pending",
        ),
        (
            "ops.mv_payments_driver_matrix_cabinet ORDER BY week_start, driver_name LIMIT 25",
            "idx_mv_driver_matrix_week_start_driver_name",
        ),
        ("observational.leads WHERE origin_tag = 'referral'", "idx_leads_payment_calc_origin_tag"),
        ("observational.leads WHERE lead_date = '2025-12-24'", "idx_leads_payment_calc_lead_date"),
        ("ops.yango_claims WHERE lead_date = '2025-12-24'", "idx_yango_claims_cabinet_lead_date"),
        ("ops.trips WHERE trip_date = '2025-12-24'", "idx_trips_milestones_achieved_trip_date"),
        ("ops.v_payment_calculation WHERE driver_id = 7", "idx_trips_payment_calc_driver_id_ended_at"),
        (
            "ops.v_cabinet_milestones_achieved_from_payment_calc WHERE driver_id = 7 AND milestone_value = 5",
            "idx_trips_payment_calc_driver_id_ended_at",
        ),
        ("ops.v_cabinet_ops_14d_sanity WHERE driver_id = 7", "idx_trips_payment_calc_driver_id_ended_at"),
        (
            "ops.v_claims_payment_status_cabinet WHERE driver_id = 7 AND milestone_value = 5",
            "idx_yango_claims_cabinet_driver_id_milestone_value",
        ),
        (
            "ops.v_yango_cabinet_claims_for_collection WHERE driver_id = 7 AND milestone_value = 5",
            "idx_yango_claims_cabinet_driver_id_milestone_value",
        ),
        (
            "ops.v_yango_payments_claims_cabinet_14d WHERE driver_id = 7 AND milestone_value = 5",
            "idx_yango_payments_claims_cabinet_driver_id_milestone_value",
        ),
        ("ops.v_cabinet_funnel_status WHERE driver_id = 7", "idx_funnel_events_driver_matrix_driver_id_stage"),
        ("public.drivers WHERE driver_id = 7", "idx_drivers_driver_matrix_driver_id"),
        (
            "observational.v_conversion_metrics WHERE driver_id = 7 AND origin_tag = 'cabinet'",
            "idx_leads_driver_matrix_driver_id_origin_tag",
        ),
    ],
)
def test_each_index_is_used(filled: Connection, query: str, index: str) -> None:
    """At a size where a sequential scan of a few pages would be cheaper, and is therefore switched off."""
    filled.execute("SET LOCAL enable_seqscan = off")
    ((plan,),) = filled.execute(f"EXPLAIN (FORMAT JSON) SELECT * FROM {query}").fetchall()
    assert index in {node.get("Index Name") for node in nodes(plan[0]["Plan"])}, json.dumps(plan, indent=1)


def nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for child in node.get("Plans", []):
        yield from nodes(child)
