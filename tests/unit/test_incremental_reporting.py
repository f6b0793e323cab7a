"""What logs, metrics, Sentry and a terminal say of views that are refreshed incrementally."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from rich.console import Console

from refresh_task.model import IncrementalStatus, Outcome, RefreshMode, Status, Strategy, ViewStatus
from refresh_task.report.logs import LogReporter
from refresh_task.report.metrics import MetricReporter
from refresh_task.report.sentry import SentryReporter
from refresh_task.report.terminal import TerminalReporter
from tests.unit.test_reporters import NOON, VIEW, result, settings

ENABLED = replace(VIEW, incremental_status=IncrementalStatus.ENABLED, incremental_since=NOON - timedelta(days=9))
DISTRUSTED = replace(
    VIEW,
    name="public.odd",
    incremental_status=IncrementalStatus.DISTRUSTED,
    incremental_since=NOON + timedelta(seconds=3),
    distrust_reason="2 of 50 sampled slices differ",
)
KEYS = Outcome("public.a", Status.COMPLETED, Strategy.INCREMENTAL, "12 changes", 0.1, rows_inserted=3, changed_keys=12)
FULL = Outcome("public.odd", Status.COMPLETED, Strategy.DIFFERENCE, "in full: distrusted", 4.0, rows_inserted=2)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_step_says_how_many_keys_it_computed(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = LogReporter(settings())
    reporter.step_finished(KEYS)
    reporter.step_finished(replace(KEYS, changed_keys=1))
    reporter.step_finished(FULL)
    several, one, full = lines(capsys)
    assert (several["strategy"], several["changed_keys"]) == ("incremental", 12)
    assert several["message"] == "public.a refreshed in 0.1 s, incrementally (12 keys): 3 rows written"
    assert "incrementally (1 key)" in one["message"]
    assert "in full by difference" in full["message"]
    assert "changed_keys" not in full


def test_a_mismatch_is_an_event_of_its_own_once(capsys: pytest.CaptureFixture[str]) -> None:
    LogReporter(settings()).run_finished(result(ENABLED, DISTRUSTED, outcomes=(KEYS, FULL)))
    mismatch, unhealthy, finished = lines(capsys)
    assert (mismatch["event"], mismatch["level"], mismatch["view"]) == ("incremental_mismatch", "ERROR", "public.odd")
    assert mismatch["found"] == "2 of 50 sampled slices differ"
    assert "vistafresca incremental enable public.odd" in mismatch["message"]
    assert (unhealthy["conditions"], unhealthy["distrusted_since"]) == (["distrusted"], "2026-11-22T12:00:03+00:00")
    assert unhealthy["distrust_reason"] == "2 of 50 sampled slices differ"
    assert finished["distrusted_views_since"] == {"public.odd": "2026-11-22T12:00:03+00:00"}

    known = replace(DISTRUSTED, last_started_at=NOON + timedelta(minutes=10))
    LogReporter(settings()).run_finished(result(ENABLED, known, outcomes=(KEYS, FULL)))
    assert [line["event"] for line in lines(capsys)] == ["view_unhealthy", "run_finished"]

    # one that this run left alone was told of by the run that found it
    LogReporter(settings()).run_finished(result(DISTRUSTED, outcomes=(KEYS,)))
    assert [line["event"] for line in lines(capsys)] == ["view_unhealthy", "run_finished"]


def test_nobody_is_told_of_a_distrusted_view_that_is_disabled(capsys: pytest.CaptureFixture[str]) -> None:
    off = replace(DISTRUSTED, enabled=False)
    LogReporter(settings()).run_finished(result(VIEW, off, outcomes=(FULL,)))
    (finished,) = lines(capsys)
    assert finished["distrusted_views_since"] == {}
    assert metrics(capsys, result(VIEW, off))["ViewsDistrusted"] == 0


def metrics(capsys: pytest.CaptureFixture[str], ended: Any) -> dict[str, Any]:
    MetricReporter(settings()).run_finished(ended)
    written = lines(capsys)[0]
    return {name: value[0] if isinstance(value, list) else value for name, value in written.items()}


def test_metrics_count_incremental_and_full_refreshes_and_mismatches(capsys: pytest.CaptureFixture[str]) -> None:
    failed = replace(KEYS, view="public.b", status=Status.FAILED)
    found = metrics(capsys, result(ENABLED, DISTRUSTED, outcomes=(KEYS, failed, FULL), capture_log_bytes=8192))
    assert found["ViewsDistrusted"] == 1
    assert (found["IncrementalRefreshes"], found["DifferenceRefreshes"], found["CaptureLogBytes"]) == (1, 1, 8192)


def test_where_nothing_is_captured_only_the_end_of_an_alarm_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    """Each metric costs; but a view that was distrusted and is disabled since must not hold the alarm for ever."""
    found = metrics(capsys, result(VIEW))
    assert found["ViewsDistrusted"] == 0
    assert found.keys().isdisjoint({"IncrementalRefreshes", "DifferenceRefreshes", "CaptureLogBytes"})


def test_sentry_hears_of_a_mismatch_once() -> None:
    sent: list[dict[str, Any]] = []
    reporter = SentryReporter(settings(), log=lambda *_, **__: None)
    reporter._sdk = type("Sdk", (), {"capture_event": lambda _, event: sent.append(event)})()
    reporter.run_finished(result(DISTRUSTED, outcomes=(FULL,)))
    (event,) = sent
    assert (event["tags"]["kind"], event["tags"]["view"]) == ("distrusted", "public.odd")
    assert event["extra"]["runbook"] == "docs/runbook.md#incremental-mismatch"
    reporter.run_finished(result(replace(DISTRUSTED, last_started_at=NOON + timedelta(hours=1)), outcomes=(FULL,)))
    assert len(sent) == 1


def shown(*views: ViewStatus, outcomes: tuple[Outcome, ...] = ()) -> str:
    text = io.StringIO()
    TerminalReporter(Console(file=text, width=160)).run_finished(result(*views, outcomes=outcomes))
    return text.getvalue()


def test_a_terminal_shows_keys_where_there_are_any_and_why_a_view_is_distrusted() -> None:
    text = shown(ENABLED, DISTRUSTED, outcomes=(KEYS, FULL))
    assert "keys" in text
    assert "public.odd is distrusted since 2026-11-22 12:00:03 UTC: 2 of 50 sampled slices differ." in text
    assert "keys" not in shown(VIEW, outcomes=(replace(FULL, strategy=Strategy.CONCURRENT),))


def test_a_terminal_says_what_is_asked_for_and_not_enabled() -> None:
    asked = replace(VIEW, refresh_mode=RefreshMode.INCREMENTAL)
    assert "is not enabled, so it is refreshed as before: vistafresca incremental enable public.a" in shown(
        asked, outcomes=(KEYS,)
    )
    assert "is not enabled" not in shown(ENABLED, outcomes=(KEYS,))
