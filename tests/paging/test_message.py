"""What SNS takes, and what each kind of subscriber gets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from paging.message import Message, ascii_line
from tests.paging.conftest import SETTINGS, Compose
from tests.paging.notifications import alarm, stopped_task
from tests.paging.recorded_log import RecordedLog, a_failing_view


def published(message: Message) -> tuple[dict[str, Any], dict[str, Any]]:
    """The call's parameters, and the forms of the message."""
    asked = message.published(SETTINGS.topic_arn, source_id="id-1")
    return asked, json.loads(asked["Message"])


def test_services_get_cloudwatchs_json_with_the_whole_text_for_its_description(
    log: RecordedLog, composed: Compose
) -> None:
    a_failing_view(log)
    came = alarm("views-late")
    message = composed(came)
    asked, forms = published(message)
    assert asked["MessageStructure"] == "json"
    assert set(forms) == {"default", "email", "sms"}  # https is given the default
    assert json.loads(forms["default"]) == came | {"AlarmDescription": message.text}
    assert forms["email"] == message.text
    assert forms["sms"] == "main in sandbox: public.b is older than its target lag (since 2026-11-25 18:25:02 UTC)."


def test_a_task_has_no_alarm_so_that_everyone_gets_its_text(composed: Compose) -> None:
    message = composed(stopped_task("task-exited", exit_code=137))
    _, forms = published(message)
    assert forms["default"] == forms["email"] == message.text


def test_subscribers_can_choose_by_database_section_and_state_and_see_a_second_delivery(composed: Compose) -> None:
    asked, _ = published(composed(alarm("views-late")))
    values = {name: value["StringValue"] for name, value in asked["MessageAttributes"].items()}
    assert values == {"state": "ALARM", "database": "main", "section": "views-late", "source_message_id": "id-1"}


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("two\nlines\tand  more", "two lines and more"),
        ("vista_añadida", "vista_anadida"),
        ("ビュー", "???"),
        ("x" * 101, "x" * 97 + "..."),
        ("a\x1b[31m", "a?[31m"),
    ],
)
def test_a_subject_is_a_line_of_ascii(text: str, subject: str) -> None:
    assert ascii_line(text) == subject


def test_the_worst_day_fits(log: RecordedLog, composed: Compose) -> None:
    """256 KiB for all forms together; quotes and control characters grow when they are written as JSON, twice."""
    for number in range(1000):
        name = f'"{"x" * 60}"."{number:03}{chr(0x30D3) * 60}"'
        a_failing_view(log, name, last_message='\\"' * 3000, remedy="é\x1b" * 3000)
    asked, forms = published(composed(alarm("views-late")))
    assert len(asked["Message"].encode()) < 256 * 1024
    assert len(asked["Subject"]) <= 100
    assert len(forms["email"]) <= 30_000
    assert "Runbook: docs/runbook.md#views-late" in forms["email"]
