"""How views that were enabled for incremental refresh are planned."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from refresh_task.command_line.preview import look_for_changes
from refresh_task.model import (
    DueBy,
    ExclusiveWindow,
    Fingerprinting,
    IncrementalStatus,
    Plan,
    RefreshMode,
    RunKind,
    Schedule,
    Step,
    Strategy,
    View,
)
from refresh_task.plan import make_plan
from refresh_task.refresh.verification import verifiable

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
OLD = NOW - timedelta(hours=1)
ENABLED = View(
    "a.v",
    oid=1,
    data_timestamp=OLD,
    global_data_timestamp=OLD,
    refreshed_at=OLD,
    incremental_status=IncrementalStatus.ENABLED,
    is_maintained=True,
    p50_s=0.2,
    p95_s=0.3,
)


def planned(*views: View, **arguments: Any) -> Plan:
    return make_plan(views, now=NOW, interval_s=600, default_timeout_s=300, **arguments)


def step_of(view: View, **arguments: Any) -> Step:
    (step,) = planned(view, **arguments).steps
    return step


def test_an_enabled_view_needs_neither_a_fingerprint_nor_a_unique_index() -> None:
    step = step_of(ENABLED)
    assert (step.strategy, step.fingerprinting, step.problem) == (Strategy.INCREMENTAL, Fingerprinting.NONE, None)
    assert step.reason.endswith("incremental by the changes captured since its last refresh")
    assert step.estimate_s == 0.2


def test_a_window_for_blocking_refreshes_does_not_hold_it_up() -> None:
    """It stands in its policy from the time before it was enabled."""
    at_night = ExclusiveWindow(Schedule("0 1 * * *"), timedelta(hours=1))
    assert step_of(replace(ENABLED, exclusive_window=at_night)).strategy is Strategy.INCREMENTAL


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"incremental_status": IncrementalStatus.DISTRUSTED, "distrust_reason": "2 rows differ."},
            "in full, for it is distrusted: 2 rows differ",
        ),
        ({"incremental_status": IncrementalStatus.DISTRUSTED}, "in full, for it is distrusted"),
        ({"refresh_mode": RefreshMode.FULL}, 'in full, for its policy says refresh_mode = "full"'),
    ],
)
def test_why_it_is_computed_in_full(changes: dict[str, Any], words: str) -> None:
    step = step_of(replace(ENABLED, **changes))
    assert step.strategy is Strategy.DIFFERENCE
    assert step.reason.endswith(words)


@pytest.mark.parametrize("status", [IncrementalStatus.ENABLING, IncrementalStatus.DISABLING])
@pytest.mark.parametrize("is_maintained", [True, False])
def test_halfway_it_is_refreshed_as_what_stands_under_its_name(
    status: IncrementalStatus, *, is_maintained: bool
) -> None:
    view = replace(ENABLED, incremental_status=status, is_maintained=is_maintained, unique_index="i")
    assert step_of(view).strategy is (Strategy.INCREMENTAL if is_maintained else Strategy.CONCURRENT)


def test_whoever_forces_it_gets_the_whole() -> None:
    manual = {"kind": RunKind.MANUAL, "names": ["a.v"]}
    step = step_of(ENABLED, **manual, force=True)
    assert (step.strategy, step.fingerprinting) == (Strategy.DIFFERENCE, Fingerprinting.KEEP)
    assert step_of(ENABLED, **manual).strategy is Strategy.INCREMENTAL


def test_its_audit_is_a_comparison_of_the_whole() -> None:
    fresh = NOW - timedelta(minutes=1)
    step = step_of(
        replace(ENABLED, refreshed_at=NOW - timedelta(days=2), data_timestamp=fresh, global_data_timestamp=fresh)
    )
    assert (step.due_by, step.strategy) == (DueBy.AUDIT, Strategy.INCREMENTAL)
    assert step.reason.endswith("and compared as a whole for its audit")


def test_what_is_asked_for_and_not_enabled_is_planned_as_before() -> None:
    plain = replace(ENABLED, incremental_status=None, is_maintained=False, unique_index="i")
    asked = step_of(replace(plain, name='a."v w"', refresh_mode=RefreshMode.INCREMENTAL))
    assert asked.strategy is Strategy.CONCURRENT
    assert asked.reason.endswith("""incremental refresh is not enabled: vistafresca incremental enable 'a."v w"'""")
    assert "not enabled" not in step_of(plain).reason
    assert "not enabled" not in step_of(replace(ENABLED, refresh_mode=RefreshMode.INCREMENTAL)).reason


@pytest.mark.parametrize(
    ("changes_wait", "look"), [(None, None), (False, "unchanged: no change waits"), (True, "changes wait")]
)
def test_a_plan_foresees_what_the_captured_changes_tell(*, changes_wait: bool | None, look: str | None) -> None:
    view = replace(ENABLED, changes_wait=changes_wait)
    assert look_for_changes(view, step_of(view)) == look


def test_one_look_checks_those_that_may_be_unchanged() -> None:
    """Not one that will be computed in full, be it for its audit."""
    views = [replace(ENABLED, name=f"a.v{number}") for number in range(3)]
    fresh = NOW - timedelta(minutes=1)
    audited = replace(
        ENABLED, name="a.w", refreshed_at=NOW - timedelta(days=2), data_timestamp=fresh, global_data_timestamp=fresh
    )
    full = replace(ENABLED, name="a.x", refresh_mode=RefreshMode.FULL)
    reader = replace(ENABLED, name="a.y", upstream=("a.v0",))
    checked = verifiable(planned(*views, audited, full, reader))
    assert sorted(step.view for step in checked) == ["a.v0", "a.v1", "a.v2"]
    assert verifiable(planned(views[0])) == ()
