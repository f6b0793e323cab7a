"""Whatever the log is like, a message goes out, with the alarm's own description and why there is no more."""

from __future__ import annotations

import json

import botocore.exceptions
import pytest

from paging.handler import compose
from paging.log import MOST_PAGES, MOST_SECONDS, Log
from paging.notification import read
from tests.paging.conftest import SETTINGS, Compose
from tests.paging.notifications import alarm, record, stopped_task
from tests.paging.recorded_log import RecordedLog, a_failing_view

WHAT = "What happened: What the stack says."


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "ResourceNotFoundException"])
@pytest.mark.parametrize("section", ["views-late", "heartbeat", "api-errors", "task-exited"])
def test_a_log_that_cannot_be_read(section: str, code: str, log: RecordedLog, composed: Compose) -> None:
    log.refuses = code
    message = composed(stopped_task(section, exit_code=137) if section == "task-exited" else alarm(section))
    assert WHAT in message.text
    assert "What to do first: Do this." in message.text
    assert "No details: the log could not be read: /aws/" in message.text
    assert code in message.text


def test_an_end_is_told_even_if_its_beginning_cannot_be_read(log: RecordedLog, composed: Compose) -> None:
    log.refuses = "AccessDeniedException"
    text = composed(alarm("views-late", state="OK")).text
    assert text.startswith("main in sandbox: views-late is over.")
    assert "since when could not be read: /aws/lambda/vistafresca-sandbox-pager" in text


def test_a_network_that_is_down(composed: Compose, log: RecordedLog, monkeypatch: pytest.MonkeyPatch) -> None:
    def time_out(**_: object) -> None:
        raise botocore.exceptions.ConnectTimeoutError(endpoint_url="https://logs")

    monkeypatch.setattr(log, "filter_log_events", time_out)
    assert (
        "the log could not be read: /aws/ecs/sandbox-main-bi-refresh: Connect timeout"
        in composed(alarm("views-late")).text
    )


def test_a_line_that_is_misunderstood_is_a_defect_of_ours_and_keeps_the_page_from_nobody(
    log: RecordedLog, composed: Compose, capsys: pytest.CaptureFixture[str]
) -> None:
    a_failing_view(log, late_since="yesterday")
    text = composed(alarm("views-late")).text
    assert WHAT in text
    assert "No details: the function that reads them has a defect (ValueError); its own log says where." in text
    line = json.loads(capsys.readouterr().out)
    assert (line["event"], line["error"]) == ("evidence_failed", "ValueError")
    assert any("paging/evidence/views.py" in frame for frame in line["frames"])


def test_an_own_log_that_is_misunderstood(log: RecordedLog, composed: Compose) -> None:
    log.write(
        "18:00:00", group=SETTINGS.own_log_group, event="message_published", state="ALARM",
        alarm="vistafresca-sandbox-main-views-late",
    )  # fmt: skip
    assert "has a defect (KeyError)" in composed(alarm("views-late", state="OK")).text


def test_lines_that_are_no_json_are_passed_over(log: RecordedLog, composed: Compose) -> None:
    log.write("18:29:00", text="Traceback (most recent call last):")
    log.write("18:29:00", text='["a list"]')
    a_failing_view(log)
    assert composed(alarm("views-late")).views == ("public.b",)


def test_an_endless_log_is_left_after_some_pages(log: RecordedLog, composed: Compose) -> None:
    log.page = 1
    for number in range(2 * MOST_PAGES):
        a_failing_view(log, f"public.v{number}")
    text = composed(alarm("views-late")).text
    assert f"has more lines than are read for one message ({MOST_PAGES} pages, {MOST_SECONDS:.0f} s)" in text
    assert len(log.asked) == MOST_PAGES


def test_a_slow_log_is_left_after_some_seconds(log: RecordedLog) -> None:
    log.page = 1
    a_failing_view(log, "public.a")
    a_failing_view(log, "public.b")
    ticks = iter([0.0, 1.0, MOST_SECONDS + 1])
    notification = read(record(alarm("views-late")), environment="sandbox")
    message = compose(notification, Log(client=log, clock=lambda: next(ticks)), SETTINGS)
    assert message is not None
    assert "has more lines than are read for one message" in message.text
    assert len(log.asked) == 1


def test_what_was_read_before_the_limit_is_told(log: RecordedLog) -> None:
    """The half hour names a view below the threshold, and three hours are more than may be read."""
    a_failing_view(log, "public.a", consecutive_failures=1)
    for number in range(3):
        a_failing_view(log, f"public.old{number}", clock="17:00:00", consecutive_failures=1)
    log.page = 1
    ticks = iter([0.0, 1.0, MOST_SECONDS - 1, MOST_SECONDS + 1])
    notification = read(record(alarm("failing-repeatedly", threshold=2)), environment="sandbox")
    message = compose(notification, Log(client=log, clock=lambda: next(ticks)), SETTINGS)
    assert message is not None
    assert "more lines than are read" not in message.text
    assert "it may be well again" in message.text
