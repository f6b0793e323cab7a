"""Bad rows are rejected by name."""

from __future__ import annotations

import psycopg
import pytest

from tests.integration.driver_matrix.fleet import Fleet


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("public.drivers VALUES (1, 'Ana', 'Lima')", "idx_drivers_driver_matrix_driver_id"),
        ("public.drivers VALUES (2, ' ', 'Lima')", "drivers_driver_name_is_not_blank"),
        ("public.drivers VALUES (2, 'Ana', '')", "drivers_city_is_not_blank"),
        ("observational.leads (driver_id, origin_tag) VALUES (2, 'cabinet')", "leads_driver_id_fkey"),
        ("observational.leads (driver_id, origin_tag) VALUES (1, 'cabinet')",
         "idx_leads_driver_matrix_driver_id_origin_tag"),
        ("observational.leads (driver_id, origin_tag) VALUES (1, 'Cabinet')", "leads_origin_tag_is_a_tag"),
        ("observational.leads (driver_id, origin_tag, registered_at) VALUES (1, 'organic', 'infinity')",
         "leads_registered_at_is_finite"),
        ("ops.trips (driver_id, status) VALUES (2, 'completed')", "trips_driver_id_fkey"),
        ("ops.trips (driver_id, status) VALUES (1, 'done')", "trips_status_is_known"),
        ("ops.trips (driver_id, status, ended_at) VALUES (1, 'completed', '-infinity')", "trips_ended_at_is_finite"),
        ("ops.funnel_events (driver_id, stage) VALUES (2, 'connected')", "funnel_events_driver_id_fkey"),
        ("ops.funnel_events (driver_id, stage) VALUES (1, 'registered')", "funnel_events_stage_is_known"),
        ("ops.funnel_events (driver_id, stage, happened_at) VALUES (1, 'connected', 'infinity')",
         "funnel_events_happened_at_is_finite"),
        ("ops.milestone_rules VALUES ('cabinet', 1, '2025-01-01', 1, 1)", "milestone_rules_pkey"),
        ("ops.milestone_rules VALUES ('cabinet', 2, '2025-01-01', 1, 1)", "milestone_rules_milestone_trips_is_known"),
        ("ops.milestone_rules VALUES ('cabinet', 1, 'infinity', 1, 1)", "milestone_rules_valid_from_is_finite"),
        ("ops.milestone_rules VALUES ('organic', 1, '2025-01-01', -1, 1)", "milestone_rules_amount_is_an_amount"),
        ("ops.milestone_rules VALUES ('organic', 1, '2025-01-01', 'NaN', 1)", "milestone_rules_amount_is_an_amount"),
        ("ops.milestone_rules VALUES ('organic', 1, '2025-01-01', 1, 366)",
         "milestone_rules_due_days_is_a_number_of_days"),
        ("ops.yango_claims (driver_id, milestone_value, lead_date, amount) VALUES (1, 3, '2025-03-05', 1)",
         "yango_claims_milestone_value_is_known"),
        ("ops.yango_claims (driver_id, milestone_value, lead_date, amount) VALUES (1, 1, 'infinity', 1)",
         "yango_claims_lead_date_is_finite"),
        ("ops.yango_claims VALUES (8, 1, 1, '2025-03-05', 'infinity', DEFAULT, 'submitted', 1)",
         "yango_claims_claimed_at_is_finite"),
        ("ops.yango_claims VALUES (8, 1, 1, '2025-03-05', now(), DEFAULT, 'lost', 1)",
         "yango_claims_status_is_known"),
        ("ops.yango_claims (driver_id, milestone_value, lead_date, amount) VALUES (1, 1, '2025-03-05', 0)",
         "yango_claims_amount_is_positive"),
        ("ops.yango_claims (driver_id, milestone_value, lead_date, amount) VALUES (1, 1, '2025-03-05', 'NaN')",
         "yango_claims_amount_is_positive"),
        ("ops.yango_payments (claim_id, driver_id, milestone_value, amount) VALUES (7, 1, 5, 1)",
         "yango_payments_claim_id_driver_id_milestone_value_fkey"),
        ("ops.yango_payments (claim_id, driver_id, milestone_value, amount) VALUES (7, 2, 1, 1)",
         "yango_payments_claim_id_driver_id_milestone_value_fkey"),
        ("ops.yango_payments (claim_id, driver_id, milestone_value, amount) VALUES (7, 1, 1, 0)",
         "yango_payments_amount_is_an_amount"),
        ("ops.yango_payments (claim_id, driver_id, milestone_value, amount, paid_at) VALUES (7, 1, 1, 1, 'infinity')",
         "yango_payments_paid_at_is_finite"),
        ("ops.yango_statements VALUES ('infinity')", "yango_statements_statement_date_is_finite"),
    ],
)  # fmt: skip
def test_a_bad_row_is_rejected_by_name(fleet: Fleet, statement: str, constraint: str) -> None:
    fleet.lead()
    fleet.connection.execute(
        "INSERT INTO ops.yango_claims (claim_id, driver_id, milestone_value, lead_date, amount)"
        " VALUES (7, 1, 1, '2025-03-05', 25)"
    )
    with pytest.raises(psycopg.errors.IntegrityError) as rejected:
        fleet.connection.execute(f"INSERT INTO {statement}")
    assert rejected.value.diag.constraint_name == constraint
