"""As Lambda calls it: from the record of the alarms' topic to what the people's topic is given."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import botocore.exceptions
import pytest

from tests.fix_paging import OWN_GROUP, TASK_GROUP, Paging, client
from tests.paging.notifications import TASK, alarm, record, stopped_task

NOW = datetime.now(UTC).replace(microsecond=0)
LINE = {
    "event": "view_unhealthy",
    "run_id": 3,
    "view": "public.b",
    "conditions": ["late"],
    "late_since": (NOW - timedelta(minutes=5)).isoformat(),
}


def test_an_alarm_and_its_end(paging: Paging, capsys: pytest.CaptureFixture[str]) -> None:
    """The end knows the beginning from the line that Lambda kept of the function's own output."""
    paging.write(TASK_GROUP, "run/refresh/3", [LINE])
    paging.deliver(record(alarm("views-late", at=NOW)))
    told = capsys.readouterr().out
    paging.write(OWN_GROUP, "1", ["START RequestId: x\n", told, "REPORT RequestId: x\n"])
    paging.deliver(record(alarm("views-late", at=NOW + timedelta(minutes=65), state="OK")))

    (subject, forms), (end, end_forms) = paging.published
    assert subject == "ALARM main in sandbox: public.b is older than its target lag"
    assert "Runbook: docs/runbook.md#views-late" in forms["email"]
    assert json.loads(forms["default"])["NewStateValue"] == "ALARM"
    assert end == "OK main in sandbox: views-late is over after 1 h 5 min"
    assert "To which views: public.b." in end_forms["email"]
    assert json.loads(told) == {
        "event": "message_published",
        "alarm": "vistafresca-sandbox-main-views-late",
        "state": "ALARM",
        "state_changed_at": NOW.isoformat(),
        "views": ["public.b"],
    }


def test_a_second_delivery_publishes_the_same_again(paging: Paging) -> None:
    paging.write(TASK_GROUP, "run/refresh/3", [LINE])
    for _ in range(2):
        paging.deliver(record(alarm("views-late", at=NOW)))
    first, second = paging.published
    assert first == second


def test_a_killed_task(paging: Paging) -> None:
    begun = {"event": "step_started", "view": "public.b"}
    paging.write(TASK_GROUP, f"run/refresh/{TASK}", [begun])
    paging.deliver(record(stopped_task("task-exited", exit_code=137)))
    ((subject, forms),) = paging.published
    assert subject == "task-exited main in sandbox: a refresh task ended with exit code 137 while refreshing public.b"
    assert forms["default"] == forms["email"]


def test_without_any_log_group_the_message_goes_out(paging: Paging) -> None:
    paging.deliver(record(alarm("views-late")))
    ((_, forms),) = paging.published
    assert "the log could not be read: /aws/ecs/sandbox-main-bi-refresh" in forms["email"]


def test_what_cannot_be_published_fails_so_that_lambda_tries_again_and_then_tells(
    paging: Paging, capsys: pytest.CaptureFixture[str]
) -> None:
    client("sns").delete_topic(TopicArn=paging.topic_arn)
    with pytest.raises(botocore.exceptions.ClientError, match="Publish"):
        paging.deliver(record(alarm("views-late")))
    assert "message_published" not in capsys.readouterr().out


@pytest.mark.usefixtures("paging")
def test_a_setting_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, paging: Paging) -> None:
    monkeypatch.delenv("VISTAFRESCA_RUNBOOK_URL")
    with pytest.raises(KeyError, match="VISTAFRESCA_RUNBOOK_URL"):
        paging.deliver(record(alarm("views-late")))


def test_an_alarm_that_has_its_first_data_and_is_well_is_no_message(
    paging: Paging, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every one has, after a deployment."""
    paging.write(TASK_GROUP, "run/refresh/3", [LINE])
    paging.write(OWN_GROUP, "1", ["START RequestId: x\n"])
    paging.deliver(record(alarm("views-late", at=NOW, state="OK", old_state="INSUFFICIENT_DATA")))
    assert paging.published == []
    assert json.loads(capsys.readouterr().out)["event"] == "message_withheld"


def test_an_end_speaks_of_no_older_incident(paging: Paging, capsys: pytest.CaptureFixture[str]) -> None:
    """Its own beginning came raw, or never: what ended before says nothing of it."""
    paging.write(TASK_GROUP, "run/refresh/3", [LINE])
    for minute, state in ((0, "ALARM"), (10, "OK"), (60, "OK")):
        paging.deliver(record(alarm("views-late", at=NOW + timedelta(minutes=minute), state=state)))
        paging.write(OWN_GROUP, str(minute), [capsys.readouterr().out])
    assert [subject for subject, _ in paging.published][1:] == [
        "OK main in sandbox: views-late is over after 10 min",
        "OK main in sandbox: views-late is over",
    ]


def test_what_cannot_be_worded_goes_out_in_plain_words(paging: Paging, monkeypatch: pytest.MonkeyPatch) -> None:
    """And for services as the alarm that it is, not as Lambda's record of a failed call."""

    def fail(*_: object) -> None:
        raise ValueError("a defect")

    monkeypatch.setattr("paging.wording.of_alarm", fail)
    paging.deliver(record(alarm("views-late", at=NOW)))
    ((subject, forms),) = paging.published
    assert subject == "ALARM vistafresca-sandbox-main-views-late"
    assert "has a defect (ValueError)" in forms["email"]
    assert "docs/runbook.md#views-late" in forms["email"]
    assert json.loads(forms["default"])["AlarmName"] == "vistafresca-sandbox-main-views-late"
