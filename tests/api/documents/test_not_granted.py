"""A login role that is good enough for the task and not for the API: it reads, and what it lacks is said."""

from __future__ import annotations

import logging

import pytest

from api.errors import problem_of
from refresh_task.errors import ConfigurationError
from tests.fix_api import CLIENTS
from tests.fix_control import CEO, make_control
from tests.fix_database import Database
from tests.fix_roles import DatabaseAs, MakeRole

VIEW = "universal_transactions.universal_transactions_mv"


@pytest.mark.parametrize("way", list(CLIENTS))
def test_what_the_tasks_role_lacks_is_said_and_is_all_that_it_lacks(
    systems_database: Database, make_role: MakeRole, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    role = make_role("bi_refresh_refresher")
    control = make_control(way, DatabaseAs(systems_database.server, systems_database.name, role))
    assert control.get(f"/api/v1/mv/{VIEW}").status == 200

    def refresh() -> tuple[int, dict[str, object]]:
        answer = control.post(f"/api/v1/mv/refresh/{VIEW}", {"force": "true"})
        return answer.status, answer.json

    def reschedule() -> tuple[int, dict[str, object]]:
        path = "/materialized-views/scheduler/reschedule"
        answer = control.client.ask("PUT", path, {"hour": 3}, principal=CEO)
        return answer.status, answer.json

    for ask in (refresh, reschedule):
        caplog.clear()
        with caplog.at_level(logging.ERROR, "vistafresca.api"):
            status, problem = ask()
        assert (status, problem["type"]) == (500, "urn:vistafresca:problem:not-granted")
        assert "bi_refresh_operator" in str(problem["remedy"])
        # whose role it is, and the function that it may not call, are for the log
        assert not any(word in str(problem) for word in (role, "permission denied", "claim_manual_refresh"))
        (line,) = caplog.messages
        assert "permission denied for function" in line
        assert "bi_refresh_operator" in line
        assert "bi_refresh_refresher" not in line  # which it has
    assert control.scheduler.moved_to == []

    systems_database.execute(f"GRANT bi_refresh_operator TO {role}")
    assert refresh()[1]["refreshed"] is True
    assert reschedule()[0] == 200
    control.close()


def test_a_setting_that_cannot_be_used_is_no_missing_grant() -> None:
    error = ConfigurationError("It is no number.", subject="PGPORT", remedy="Correct it.")
    assert problem_of(error).slug == "internal"
