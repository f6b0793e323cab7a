"""The API's login role needs what docs/api.md says, and no more: membership in bi_refresh_operator, and SELECT on what
it publishes."""

from __future__ import annotations

from tests.fix_control import CEO, make_control
from tests.fix_database import Database
from tests.fix_roles import DatabaseAs, MakeRole


def test_an_operator_refreshes_hands_over_watches_and_reschedules(
    systems_database: Database, make_role: MakeRole
) -> None:
    role = make_role("bi_refresh_operator")
    control = make_control("lambda", DatabaseAs(systems_database.server, systems_database.name, role))
    slow = "fluxion.mv_ubicaciones_summary_regional"
    systems_database.execute(
        "UPDATE bi_refresh.view_policy SET endpoint = endpoint || '{\"refresh_within_s\": 0.001}' WHERE view_name = %s",
        slow,
    )
    systems_database.execute("DELETE FROM bi_refresh.mv_refresh_log WHERE view_name = %s", slow)

    assert control.post("/api/v1/mv/refresh", {"force": "true"}).json["refreshed"]
    accepted = control.post(f"/api/v1/mv/refresh/{slow}", {"force": "true"})
    assert accepted.status == 202
    assert control.get(accepted.json["status_url"]).json["status"] == "pending"
    assert control.post("/materialized-views/refresh").json["refreshed"]
    moved = control.client.ask("PUT", "/materialized-views/scheduler/reschedule", {"hour": 3}, principal=CEO)
    assert moved.status == 200
    for path in (
        "/api/v1/mv/health/universal-transactions",
        "/api/v1/mv/metrics/refresh-history",
        "/materialized-views/status",
        "/materialized-views/health",
        "/materialized-views/scheduler/status",
    ):
        assert control.get(path).status == 200, path
    # the rows are their owner's to grant, which nobody has done here
    refused = control.get("/materialized-views/monthly-metrics")
    assert refused.json["type"] == "urn:vistafresca:problem:view-not-granted"
    control.close()
