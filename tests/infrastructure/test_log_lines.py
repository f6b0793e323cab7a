"""From the lines that the task and the API really write, by metric filters and EMF, to the alarms that they set off.

Not covered: what CloudWatch takes for it, in time and in losses.
"""

import dataclasses
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from api.metrics import FALLBACKS, REFUSED, count_fallbacks
from refresh_task.model import RunKind, RunStatus, Status, ViewStatus
from refresh_task.report.logs import LogReporter
from refresh_task.report.metrics import MetricReporter
from refresh_task.report.reporter import Reporter
from refresh_task.settings import Settings
from tests.emulation.cloudwatch import alarms, embedded_metrics, metric_filters
from tests.emulation.cloudwatch.alarm_definition import Alarm
from tests.emulation.cloudwatch.datum import Datum
from tests.emulation.cloudwatch.metric_store import MetricStore
from tests.infrastructure import described
from tests.infrastructure.template import Template, services, variables
from tests.unit.test_incremental_reporting import DISTRUSTED
from tests.unit.test_reporters import LATE, SUSPENDED, VIEW, outcome, result

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
OURS = ("Vistafresca", "Vistafresca/Logs")
Event = Callable[[Reporter], None]


def environment(template: Template, service: str) -> dict[str, str]:
    """The variables of the service's task, but for those that would have it ask AWS for secrets."""
    (task,) = [
        task
        for task in template.resources("AWS::ECS::TaskDefinition")
        if variables(task)["POWERTOOLS_SERVICE_NAME"] == service
    ]
    told: dict[str, str] = {name: template.resolve(value) for name, value in variables(task).items()}
    return {name: value for name, value in told.items() if not name.endswith(("_ARN", "_IAM_AUTH"))}


def settings(template: Template, service: str) -> Settings:
    return Settings.from_environment(environment(template, service))


class Deployed:
    """A service's metric filters and alarms, fed with lines."""

    def __init__(self, template: Template, service: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.service = service
        self.settings = settings(template, service)
        self.store = MetricStore()
        self._filters = described.metric_filters(template, service)
        self._prefix = f"vistafresca-{service}-"
        self.alarms = {
            name.removeprefix(self._prefix): alarm
            for name, alarm in described.alarms(template).items()
            if name.startswith(self._prefix)
        }
        self._states = dict.fromkeys(self.alarms, "INSUFFICIENT_DATA")
        self._capsys = capsys

    def data(self, lines: Iterable[str], at: datetime) -> list[Datum]:
        """What the lines come to, as if they had been written then."""
        found = [
            datum
            for line in lines
            for datum in (
                *embedded_metrics.data(line, datetime.now(UTC)),
                *(found for one in self._filters for found in metric_filters.data(one, line, at)),
            )
        ]
        return [dataclasses.replace(datum, timestamp=at) for datum in found]

    def run(self, at: datetime, *events: Event, kind: RunKind = RunKind.SCHEDULED) -> None:
        """A run tells its reporters of these events; five minutes later the alarms are looked at."""
        # A run is a process; Powertools' logger would go on writing to the standard output of the one before.
        logging.Logger.manager.loggerDict.pop(self.service, None)
        for reporter in (LogReporter(self.settings, kind=kind), MetricReporter(self.settings, kind=kind)):
            for event in events:
                event(reporter)
        self.take(self._capsys.readouterr().out.splitlines(), at)

    def take(self, lines: Sequence[str], at: datetime) -> None:
        assert lines
        self.store.add(self.data(lines, at))
        for name, alarm in self.alarms.items():
            found = alarms.evaluate(alarm, self.store, now=at + MINUTE, state=self._states[name])
            self._states[name] = found.state

    @property
    def on(self) -> set[str]:
        """The alarms that are on, but for the heartbeat: test_heartbeat.py looks at that over time."""
        return {name for name, state in self._states.items() if state == "ALARM"} - {"heartbeat"}


@pytest.fixture
def deployed(template: Template, capsys: pytest.CaptureFixture[str]) -> Deployed:
    return Deployed(template, services(template)[-1], capsys)


def finished(*views: ViewStatus, failed: int = 0, duration_s: float = 2.0) -> Event:
    outcomes = (
        *[outcome(Status.FAILED, sqlstate="22012", message="division by zero")] * failed,
        outcome(Status.COMPLETED),
    )
    return lambda reporter: reporter.run_finished(result(*(views or [VIEW]), outcomes=outcomes, duration_s=duration_s))


def skipped(reporter: Reporter) -> None:
    reporter.run_finished(result(status=RunStatus.SKIPPED))


WELL = finished()
ASKED = dataclasses.replace(VIEW, waiting_requests=1, oldest_request_at=NOON - timedelta(days=1))


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (WELL, set()),
        (finished(failed=1), {"views-failed"}),
        (finished(dataclasses.replace(VIEW, consecutive_failures=1), failed=1), {"views-failed"}),
        (
            finished(dataclasses.replace(VIEW, consecutive_failures=2), failed=1),
            {"views-failed", "failing-repeatedly"},
        ),
        (finished(VIEW, LATE), {"views-late"}),
        (finished(SUSPENDED), {"view-suspended", "failing-repeatedly"}),
        (finished(DISTRUSTED), {"incremental-mismatch"}),
        (finished(dataclasses.replace(SUSPENDED, enabled=False), VIEW), set()),
        (finished(duration_s=100_000), {"slow-run"}),
        (finished(ASKED), {"requests-waiting"}),
        (lambda reporter: reporter.run_failed(ConnectionError("no route to host")), {"run-failed"}),
    ],
)
def test_a_run_sets_off_the_alarms_of_what_went_wrong_and_the_next_one_ends_them(
    deployed: Deployed, event: Event, expected: set[str]
) -> None:
    """Between the two runs no datapoint says anything, and the alarms hold."""
    deployed.run(NOON, event)
    assert deployed.on == expected
    interval = timedelta(seconds=deployed.settings.interval_s)
    for name in expected:
        before = alarms.evaluate(deployed.alarms[name], deployed.store, now=NOON + interval, state="ALARM")
        assert before.state == "ALARM"
    deployed.run(NOON + interval, WELL)
    assert deployed.on == set()


def test_two_runs_that_met_another_one_are_an_alarm_and_one_is_none(deployed: Deployed) -> None:
    deployed.run(NOON, skipped)
    assert deployed.on == set()
    deployed.run(NOON + timedelta(seconds=deployed.settings.interval_s), skipped)
    assert deployed.on == {"overlapping-runs"}


@pytest.mark.parametrize("kind", [RunKind.REQUESTED, RunKind.MANUAL])
def test_a_run_of_another_kind_ends_no_page_about_views_that_it_did_not_touch(
    deployed: Deployed, kind: RunKind
) -> None:
    deployed.run(NOON, finished(failed=1))
    deployed.run(NOON + 2 * MINUTE, WELL, kind=kind)
    assert deployed.on == {"views-failed"}


def test_a_run_for_the_event_queue_with_nothing_to_do_ends_requests_waiting(deployed: Deployed) -> None:
    deployed.run(NOON, finished(ASKED))
    deployed.run(NOON + 5 * MINUTE, lambda reporter: reporter.nothing_requested(), kind=RunKind.REQUESTED)
    assert deployed.on == set()


def test_only_a_scheduled_run_is_a_heartbeat(deployed: Deployed) -> None:
    completed = ("Vistafresca", "RunCompleted", frozenset({("service", deployed.service)}))
    for kind in (RunKind.REQUESTED, RunKind.MANUAL):
        deployed.run(NOON, WELL, kind=kind)
    deployed.run(NOON, skipped)
    assert completed not in deployed.store.metrics()
    deployed.run(NOON, WELL)
    assert completed in deployed.store.metrics()


def test_every_alarm_on_our_own_metrics_watches_one_that_is_really_written(deployed: Deployed) -> None:
    """Namespace, name and dimensions, to the letter. The other alarms are on metrics of AWS's own."""
    deployed.run(NOON, lambda reporter: reporter.run_started(1), finished(ASKED))
    deployed.run(NOON, skipped)
    deployed.run(NOON, lambda reporter: reporter.run_failed(ConnectionError("no route to host")))
    watched = {
        (stat.namespace, stat.name, stat.dimensions)
        for alarm in deployed.alarms.values()
        for stat in Alarm.read(alarm).watched.stats.values()
        if stat.namespace in OURS and not stat.name.startswith("Api")
    }
    assert watched
    assert watched <= deployed.store.metrics()
    # And every metric filter has made something of it.
    made = {name for namespace, name, _ in deployed.store.metrics() if namespace == "Vistafresca/Logs"}
    assert made == {"RunsStarted", "RunsFinished", "RunsFailed", "ViewsFailed"}


def test_what_the_api_counts_sets_off_its_alarms(production: Template, capsys: pytest.CaptureFixture[str]) -> None:
    service = services(production)[0]
    deployed = Deployed(production, service, capsys)
    logger = logging.getLogger("tests.infrastructure.log_lines")
    logger.propagate = False
    count_fallbacks(deployed.settings, logger)
    for counts, alarm in ((FALLBACKS, "api-fallback"), (REFUSED, "api-fallback-refused")):
        logger.error("asked the query behind the view", extra={"counts": counts})
        deployed.take(capsys.readouterr().out.splitlines(), NOON)
        assert alarm in deployed.on


NOWHERE = {"PGHOST": "127.0.0.1", "PGPORT": "1", "PGUSER": "nobody", "PGDATABASE": "none"}


@pytest.mark.parametrize(
    "told", [NOWHERE, {"VISTAFRESCA_RUN_DEADLINE_S": "soon"}], ids=["no connection", "settings that are refused"]
)
def test_the_command_itself_sets_off_run_failed_when_it_cannot_begin(
    deployed: Deployed, template: Template, told: dict[str, str]
) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "refresh_task", "run"],
        env=environment(template, deployed.service) | told | {"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    lines = run.stdout.splitlines()
    assert [json.loads(line)["service"] for line in lines] == [deployed.service] * len(lines)
    deployed.take(lines, NOON)
    assert deployed.on == {"run-failed"}
