"""What each backend says of a run, and that a backend's failure never changes an outcome."""

from __future__ import annotations

import io
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from refresh_task.model import (
    Delayed,
    Freshness,
    Outcome,
    Remark,
    RunKind,
    RunResult,
    RunStatus,
    Status,
    Step,
    StepRetried,
    Strategy,
    Undue,
    VacuumFinished,
    ViewStatus,
)
from refresh_task.report import Reporter, Reporters
from refresh_task.report.logs import LogReporter
from refresh_task.report.metrics import MetricReporter
from refresh_task.report.sentry import SentryReporter
from refresh_task.report.terminal import TerminalReporter
from refresh_task.settings import Settings

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
VIEW = ViewStatus(
    name="public.a",
    enabled=True,
    target_lag=timedelta(minutes=15),
    data_timestamp=NOON,
    lag_s=60.0,
    local_lag_s=60.0,
    freshness=Freshness.FRESH,
    last_success_at=NOON,
    rows_total=1,
    consecutive_failures=0,
    failing_since=None,
    last_status="completed",
    last_started_at=NOON,
    last_duration_ms=5,
    last_message=None,
    last_remedy=None,
    refreshed_at=NOON,
    suspended_at=None,
    probe_at=None,
    waiting_requests=0,
    oldest_request_at=None,
)
LATE = replace(VIEW, name="public.late", freshness=Freshness.STALE, lag_s=1000.0)
SUSPENDED = replace(
    VIEW,
    name="public.suspended",
    suspended_at=NOON,
    probe_at=NOON + timedelta(hours=1),
    consecutive_failures=5,
    last_status="failed",
    last_message="out of luck",
    waiting_requests=7,
    oldest_request_at=NOON,
)
STEP = Step("public.a", Strategy.CONCURRENT, "by its unique index", 300)


def outcome(status: Status, view: str = "public.a", **values: Any) -> Outcome:
    strategy = Strategy.CONCURRENT if status in (Status.COMPLETED, Status.FAILED) else Strategy.SKIP
    return Outcome(view, status, strategy, values.pop("reason", None), 0.5, **values)


UPSTREAM_FAILED = outcome(
    Status.UPSTREAM_FAILED,
    "public.reader",
    reason="it reads public.a, which failed",
    message="not refreshed: it reads public.a, which failed",
    remedy="Mend public.a first.",
)


def result(*views: ViewStatus, kind: RunKind = RunKind.SCHEDULED, **values: Any) -> RunResult:
    defaults: dict[str, Any] = {"outcomes": (), "status": RunStatus.SUCCEEDED, "duration_s": 2.0}
    return RunResult(run_id=1, interruption=None, views=views, kind=kind, **defaults | values)


# ---- Passing it on -------------------------------------------------------------------------------

EVENTS: dict[str, Callable[[Reporter], None]] = {
    "run_started": lambda reporter: reporter.run_started(7),
    "rows_abandoned": lambda reporter: reporter.rows_abandoned(["public.a"]),
    "step_started": lambda reporter: reporter.step_started(STEP),
    "step_retried": lambda reporter: reporter.step_retried(StepRetried("public.a", 1, 2.0, "55P03", "locked")),
    "run_delayed": lambda reporter: reporter.run_delayed(Delayed("a replica is 60 s behind", 0)),
    "remarked": lambda reporter: reporter.remarked(Remark("replicas", "replicas cannot be seen")),
    "step_finished": lambda reporter: reporter.step_finished(outcome(Status.COMPLETED)),
    "view_vacuumed": lambda reporter: reporter.view_vacuumed(VacuumFinished("public.a", 1.5)),
    "nothing_requested": lambda reporter: reporter.nothing_requested(),
    "run_finished": lambda reporter: reporter.run_finished(result(VIEW)),
    "run_failed": lambda reporter: reporter.run_failed(RuntimeError()),
    "close": lambda reporter: reporter.close(),
}


@pytest.mark.parametrize("name", EVENTS)
def test_a_failing_backend_is_named_and_the_others_are_told_all_the_same(name: str) -> None:
    heard: list[str] = []
    failures: list[tuple[str, str]] = []

    class Broken(Reporter):
        def __getattribute__(self, method: str) -> Any:
            if method == name:
                raise RuntimeError(f"cannot tell of {method}")
            return super().__getattribute__(method)

    class Listening(Reporter):
        def __getattribute__(self, method: str) -> Any:
            if not method.startswith("_"):
                heard.append(method)
            return super().__getattribute__(method)

    backends: list[Reporter] = [Broken(), Listening()]
    EVENTS[name](Reporters(backends, on_failure=lambda reporter, error: failures.append((reporter, str(error)))))
    assert heard == [name]
    assert failures == [("Broken", f"cannot tell of {name}")]


def test_an_interrupt_is_no_failure_of_a_backend() -> None:
    class Interrupted(Reporter):
        def close(self) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Reporters([Interrupted()], on_failure=lambda *_: None).close()


# ---- Logs ----------------------------------------------------------------------------------------


def settings(**values: Any) -> Settings:
    """Of a service of its own: Powertools keeps one logger per service, with the standard output of its first use."""
    return Settings(service=f"test-{uuid.uuid4().hex}", **values)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    """Call it with what to tell a LogReporter: returns the last line that it wrote."""

    def tell(event: Callable[[Reporter], None], *, kind: RunKind = RunKind.SCHEDULED) -> dict[str, Any]:
        event(LogReporter(settings(), kind=kind))
        return lines(capsys)[-1]

    return tell


def test_a_view_that_waits_for_its_upstream_is_a_warning_with_the_way_out(
    logged: Callable[..., dict[str, Any]],
) -> None:
    line = logged(lambda reporter: reporter.step_finished(UPSTREAM_FAILED))
    assert (line["level"], line["event"], line["view"]) == ("WARNING", "step_upstream_failed", "public.reader")
    assert line["message"] == "public.reader not refreshed: it reads public.a, which failed. Mend public.a first."
    assert line["remedy"] == "Mend public.a first."


@pytest.mark.parametrize(
    ("name", "level", "event", "part"),
    [
        ("step_retried", "WARNING", "step_retried", "public.a: try 1 failed, the next one follows in 2.0 s: locked"),
        ("run_delayed", "WARNING", "run_delayed", "a replica is 60 s behind: refreshes that have not begun wait"),
        ("remarked", "WARNING", "remark", "replicas cannot be seen"),
        ("view_vacuumed", "INFO", "view_vacuumed", "public.a vacuumed and analyzed in 1.5 s"),
        ("nothing_requested", "INFO", "nothing_requested", "nothing waits"),
    ],
)
def test_what_happens_between_start_and_end_is_told_in_a_line(
    logged: Callable[..., dict[str, Any]], name: str, level: str, event: str, part: str
) -> None:
    line = logged(EVENTS[name])
    assert (line["level"], line["event"]) == (level, event)
    assert part in line["message"]


@pytest.mark.parametrize(
    ("counted", "told"),
    [
        ({"rows_inserted": 3, "rows_deleted": 1, "rows_total": 12}, "3 rows written, 1 removed, 12 now"),
        ({"rows_total": 12}, "12 now"),
        ({}, "rows not counted"),
    ],
)
def test_only_rows_that_were_counted_are_told(
    logged: Callable[..., dict[str, Any]], counted: dict[str, Any], told: str
) -> None:
    line = logged(lambda reporter: reporter.step_finished(outcome(Status.COMPLETED, **counted)))
    assert line["message"] == f"public.a refreshed in 0.5 s: {told}"


def test_late_views_follow_each_other_in_whole_sentences(logged: Callable[..., dict[str, Any]]) -> None:
    line = logged(lambda reporter: reporter.run_finished(result(LATE, replace(LATE, name="public.later"))))
    assert "public.late is late" in line["message"]
    assert "See why: vistafresca status. public.later is late" in line["message"]


def test_a_wait_that_is_over_says_how_long_it_was(logged: Callable[..., dict[str, Any]]) -> None:
    line = logged(lambda reporter: reporter.run_delayed(Delayed("a replica is 60 s behind", 12.4)))
    assert line["message"] == "a replica is 60 s behind: waited 12 s for that to pass"


def test_the_end_of_a_run_counts_what_was_left_alone_and_names_what_is_suspended(
    logged: Callable[..., dict[str, Any]],
) -> None:
    ended = result(VIEW, SUSPENDED, outcomes=(UPSTREAM_FAILED,), undue=(Undue("public.b", "fresh enough"),))
    line = logged(lambda reporter: reporter.run_finished(ended))
    assert (line["kind"], line["views_upstream_failed"], line["views_not_due"]) == ("scheduled", 1, 1)
    assert line["suspended_views_since"] == {"public.suspended": NOON.isoformat()}


def test_a_view_that_is_not_well_has_a_line_with_all_that_a_message_says(capsys: pytest.CaptureFixture[str]) -> None:
    """The oldest data that it was made from is ten seconds older than its own."""
    late = replace(
        LATE, lag_s=1010.0, local_lag_s=1000.0, last_status="failed", last_message="no", last_remedy="Mend it."
    )
    disabled = replace(LATE, name="public.off", enabled=False, suspended_at=NOON)
    LogReporter(settings()).run_finished(result(VIEW, late, replace(SUSPENDED, failing_since=NOON), disabled))
    first, second = [line for line in lines(capsys) if line["event"] == "view_unhealthy"]
    assert first["message"] == "public.late is late"
    assert {name: first.get(name) for name in ("view", "conditions", "lag_s", "target_lag_s", "late_since")} == {
        "view": "public.late",
        "conditions": ["late"],
        "lag_s": 1010.0,
        "target_lag_s": 900.0,
        "late_since": (NOON + timedelta(minutes=15, seconds=-10)).isoformat(),
    }
    assert (first["last_status"], first["last_message"], first["remedy"]) == ("failed", "no", "Mend it.")
    assert second["conditions"] == ["failing", "suspended"]
    assert (second["suspended_since"], second["consecutive_failures"]) == (NOON.isoformat(), 5)
    assert "late_since" not in second


def test_of_data_of_unknown_age_nobody_can_say_since_when_it_is_late() -> None:
    assert replace(LATE, lag_s=None, data_timestamp=None).late_since is None
    assert VIEW.late_since is None


def test_the_requests_that_wait_are_named(logged: Callable[..., dict[str, Any]]) -> None:
    line = logged(lambda reporter: reporter.run_finished(result(VIEW, SUSPENDED)))
    assert line["requests_waiting_since"] == {"public.suspended": NOON.isoformat()}


def test_views_that_are_not_due_have_a_line_each_when_debugging(capsys: pytest.CaptureFixture[str]) -> None:
    ended = result(VIEW, undue=(Undue("public.b", "its data is 1 min old", NOON),))
    LogReporter(settings(log_level="INFO")).run_finished(ended)
    assert "view_not_due" not in {line["event"] for line in lines(capsys)}
    LogReporter(settings(log_level="DEBUG")).run_finished(ended)
    (line,) = [line for line in lines(capsys) if line["event"] == "view_not_due"]
    assert (line["level"], line["view"], line["next_due_at"]) == ("DEBUG", "public.b", NOON.isoformat())


def test_a_small_run_that_meets_another_one_is_nothing_to_warn_of(logged: Callable[..., dict[str, Any]]) -> None:
    skipped = result(status=RunStatus.SKIPPED)
    levels = {kind: logged(lambda reporter: reporter.run_finished(skipped), kind=kind)["level"] for kind in RunKind}
    assert levels == {RunKind.SCHEDULED: "WARNING", RunKind.REQUESTED: "INFO", RunKind.MANUAL: "INFO"}


# ---- Metrics -------------------------------------------------------------------------------------


@pytest.fixture
def measured(capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, float]]:
    """Call it with a kind of run and what to tell a MetricReporter: returns the run's metrics."""

    def tell(kind: RunKind, *events: Callable[[Reporter], None]) -> dict[str, float]:
        reporter = MetricReporter(Settings(), kind=kind)
        for event in events:
            event(reporter)
        return {
            metric["Name"]: line[metric["Name"]][0]
            for line in lines(capsys)
            if "view" not in line
            for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
        }

    return tell


def test_the_freshness_ratio_is_of_the_enabled_views(measured: Callable[..., dict[str, float]]) -> None:
    def ratio(*views: ViewStatus) -> float:
        return measured(RunKind.SCHEDULED, lambda reporter: reporter.run_finished(result(*views)))["FreshRatio"]

    assert ratio(VIEW, VIEW, VIEW, LATE) == 75
    assert ratio(VIEW, replace(LATE, enabled=False)) == 100
    assert ratio() == 100


def test_suspensions_requests_and_retries_are_counted(measured: Callable[..., dict[str, float]]) -> None:
    asked = replace(VIEW, waiting_requests=3, oldest_request_at=datetime.now(UTC) - timedelta(seconds=90))
    metrics = measured(
        RunKind.SCHEDULED,
        EVENTS["step_retried"],
        EVENTS["step_retried"],
        lambda reporter: reporter.run_finished(
            result(asked, SUSPENDED, replace(SUSPENDED, enabled=False), outcomes=(UPSTREAM_FAILED,))
        ),
    )
    assert (metrics["ViewsSuspended"], metrics["ViewsUpstreamFailed"], metrics["StepRetries"]) == (1, 1, 2)
    assert metrics["RequestsWaiting"] == 3  # those of a suspended view wait for its probe, which its own alarm tells
    assert 90 <= metrics["OldestRequestSeconds"] < 10_000


@pytest.mark.parametrize("kind", RunKind)
def test_each_kind_of_run_writes_what_it_knows(measured: Callable[..., dict[str, float]], kind: RunKind) -> None:
    """Alarms hold from one datapoint to the next: a zero in place of silence would end another kind of run's page."""
    own = {
        RunKind.SCHEDULED: {"RunCompleted", "RunDuration", "RunsSkipped", "ViewsNotDue"},
        RunKind.REQUESTED: {"RequestedRunCompleted"},
        RunKind.MANUAL: set(),
    }
    of_each = {"ViewsLate", "ViewsSuspended", "MaxConsecutiveFailures", "FreshRatio", "OldestRequestSeconds"}
    metrics = set(measured(kind, lambda reporter: reporter.run_finished(result(VIEW, kind=kind))))
    assert metrics & set().union(*own.values()) == own[kind]
    assert of_each <= metrics


def test_only_a_skipped_scheduled_run_is_counted(measured: Callable[..., dict[str, float]]) -> None:
    skipped = result(status=RunStatus.SKIPPED)
    written = {kind: measured(kind, lambda reporter: reporter.run_finished(skipped)) for kind in RunKind}
    assert written == {RunKind.SCHEDULED: {"RunsSkipped": 1}, RunKind.REQUESTED: {}, RunKind.MANUAL: {}}


def test_an_empty_queue_ends_the_alarm_about_it_and_says_nothing_else(
    measured: Callable[..., dict[str, float]],
) -> None:
    assert measured(RunKind.REQUESTED, EVENTS["nothing_requested"]) == {
        "RequestedRunCompleted": 1,
        "RequestsWaiting": 0,
        "OldestRequestSeconds": 0,
    }


# ---- Sentry --------------------------------------------------------------------------------------


class _Sdk:
    """Keeps what it is handed."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def capture_event(self, event: dict[str, Any]) -> None:
        self.events.append(event)


def kinds_sent(*told: Callable[[Reporter], None]) -> list[tuple[str, str]]:
    reporter = SentryReporter(Settings(), log=lambda *_, **__: None)
    reporter._sdk = sdk = _Sdk()
    for event in told:
        event(reporter)
    return [(event["tags"]["view"], event["tags"]["kind"]) for event in sdk.events]


def test_a_suspension_is_an_event_when_it_happens_and_not_at_every_failed_probe() -> None:
    failed = outcome(Status.FAILED, SUSPENDED.name, sqlstate="23505", message="twice")
    ended = result(SUSPENDED, outcomes=(failed,))
    assert kinds_sent(lambda reporter: reporter.run_finished(ended)) == [(SUSPENDED.name, "suspended")]
    probed = replace(SUSPENDED, last_started_at=NOON + timedelta(hours=1))
    assert kinds_sent(lambda reporter: reporter.run_finished(replace(ended, views=(probed,)))) == []
    left_alone = result(SUSPENDED, undue=(Undue(SUSPENDED.name, "suspended"),))
    assert kinds_sent(lambda reporter: reporter.run_finished(left_alone)) == []


def test_a_failure_upstream_is_one_issue_and_not_one_for_each_view_that_reads_it() -> None:
    failed = outcome(Status.FAILED, sqlstate="23505", message="twice")
    assert kinds_sent(
        lambda reporter: reporter.step_finished(failed), lambda reporter: reporter.step_finished(UPSTREAM_FAILED)
    ) == [("public.a", "23505")]


def test_a_suspended_view_that_is_late_is_late_like_any_other() -> None:
    late = replace(SUSPENDED, freshness=Freshness.VERY_STALE)
    assert kinds_sent(lambda reporter: reporter.run_finished(result(late))) == [(late.name, "late")]


# ---- The terminal --------------------------------------------------------------------------------


def shown(*told: Callable[[Reporter], None]) -> str:
    console = Console(file=io.StringIO(), width=160)
    reporter = TerminalReporter(console)
    for event in told:
        event(reporter)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("status", Status)
def test_every_status_can_be_shown(status: Status) -> None:
    text = shown(lambda reporter: reporter.run_finished(result(VIEW, outcomes=(outcome(status, reason="because"),))))
    assert status in text


def test_a_person_reads_why_a_view_was_not_attempted_and_what_is_due_next() -> None:
    later, soon = Undue("public.c", "fresh", NOON + timedelta(hours=2)), Undue("public.b", "fresh", NOON)
    ended = result(VIEW, SUSPENDED, outcomes=(UPSTREAM_FAILED,), undue=(later, soon, Undue("public.d", "held")))
    text = shown(lambda reporter: reporter.run_finished(ended))
    assert "public.reader upstream_failed: not refreshed: it reads public.a, which failed. Mend public.a first." in text
    assert "public.suspended is suspended since 2026-11-22 12:00:00 UTC" in text
    assert "vistafresca resume public.suspended" in text
    assert "3 views are not due; next is public.b at 2026-11-22 12:00:00 UTC." in text


def test_a_run_with_nothing_due_does_not_say_that_nothing_is_managed() -> None:
    ended = result(VIEW, undue=(Undue("public.a", "fresh"),))
    text = shown(lambda reporter: reporter.run_finished(ended))
    assert "1 view is not due." in text
    assert "No view is managed" not in text


def test_the_spinner_names_every_view_under_way() -> None:
    reporter = TerminalReporter(Console(file=io.StringIO()))
    reporter.step_started(STEP)
    reporter.step_started(replace(STEP, view="public.b"))
    assert reporter._spinner is not None
    assert str(reporter._spinner.status) == "refreshing public.a (concurrent), public.b (concurrent)"
    reporter.step_finished(outcome(Status.COMPLETED))
    assert str(reporter._spinner.status) == "refreshing public.b (concurrent)"
    reporter.step_finished(outcome(Status.COMPLETED, "public.b"))
    assert reporter._spinner is None


# ---- The document --------------------------------------------------------------------------------


def test_every_event_and_metric_is_documented_and_every_documented_one_exists() -> None:
    root = Path(__file__).parents[2]
    document = (root / "docs" / "logs.md").read_text(encoding="utf-8")
    source = "".join(file.read_text(encoding="utf-8") for file in (root / "refresh_task" / "report").glob("*.py"))
    cells = re.findall(r"^\| (`.+?) \|", document, re.MULTILINE)
    documented = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)} - {"event"}
    events = set(re.findall(r'(?:\.info|\.warn|_log|\blog)\(\s*"(\w+)"', source)) | set(
        re.findall(r'event="(\w+)"', source)
    )
    metrics = set(re.findall(r'add_metric\(\s*"(\w+)"', source)) | set(
        re.findall(r'_view_metric\([\w.]+, "(\w+)"', source)
    )
    assert documented == events | metrics
