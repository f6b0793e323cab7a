"""Load guards: the limits, and the waiting."""

from __future__ import annotations

from typing import Any

import pytest

from refresh_task.model import Delayed, Event, Remark
from refresh_task.refresh.gate import Gate
from refresh_task.refresh.guards import Load, overload
from refresh_task.settings import Settings

LIMITS = Settings(
    max_replica_lag_s=30, max_transaction_age_s=600, min_free_storage_gib=10, db_instance="main", load_wait_s=60
)
CALM = Load("r1", 30.0, "session 7 (report)", 600.0, "2026-11-22 10:00:00", 10.0)


@pytest.mark.parametrize(
    ("load", "reason"),
    [
        (Load(), None),
        (CALM, None),
        (Load(replica="r1", replica_lag_s=45.0), "replica lag 45 s is over 30 s (replica r1)"),
        (
            Load(holder="session 7 (report)", transaction_age_s=720.0, since="2026-11-22 10:00:00"),
            (
                "a transaction 720 s old, over 600 s, keeps dead rows from being removed: session 7 (report), "
                "since 2026-11-22 10:00:00 UTC"
            ),
        ),
        (Load(free_storage_gib=9.94), "free storage 9.9 GiB is under 10 GiB (main)"),
    ],
)
def test_a_limit_that_is_passed_is_named_with_the_figure_and_the_cause(load: Load, reason: str | None) -> None:
    assert overload(load, LIMITS) == reason


def test_without_limits_no_load_is_too_much() -> None:
    assert overload(Load("r1", 1e9, "session 7", 1e9, "long ago", 0.0), Settings()) is None


class _Reader:
    """Answers what the test says, and counts the questions."""

    def __init__(self) -> None:
        self.load = Load()
        self.remarks: list[Remark] = []
        self.questions = 0

    def read(self) -> tuple[Load, list[Remark]]:
        self.questions += 1
        return self.load, self.remarks


class _Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


LAGGING = Load("r1", 45.0)
REASON = "replica lag 45 s is over 30 s (replica r1)"


@pytest.fixture
def gate() -> tuple[Gate, Any, _Clock]:
    """A gate, what it asks, and its clock."""
    reader, clock = _Reader(), _Clock()
    return Gate(reader, LIMITS, clock=clock), reader, clock  # type: ignore[arg-type]


def test_it_asks_again_after_a_few_seconds_and_not_for_every_step(gate: tuple[Gate, Any, _Clock]) -> None:
    it, reader, clock = gate
    assert (it.look(), it.look(), reader.questions) == ([], [], 1)
    clock.now += 3
    it.look()
    assert reader.questions == 2


def test_steps_wait_until_the_load_has_passed(gate: tuple[Gate, Any, _Clock]) -> None:
    it, reader, clock = gate
    reader.load = LAGGING
    events: list[Event] = it.look()
    assert (events, it.is_closed) == ([Delayed(REASON, 0.0)], True)
    clock.now += it.recheck_s
    assert it.look() == []  # said once
    reader.load = Load()
    clock.now += it.recheck_s
    assert it.look() == [Delayed(REASON, 6.0)]
    assert (it.is_closed, it.given_up) == (False, None)


def test_steps_are_given_up_when_they_have_waited_long_enough_in_all(gate: tuple[Gate, Any, _Clock]) -> None:
    it, reader, clock = gate
    for _ in range(2):  # 30 s each, of 60
        reader.load = LAGGING
        clock.now += 3
        it.look()
        clock.now += 30
        if it.given_up is None:
            reader.load = Load()
            it.look()
    assert it.given_up == f"left to the next run: {REASON}"


def test_without_any_waiting_time_steps_are_given_up_at_once() -> None:
    reader = _Reader()
    reader.load = LAGGING
    it = Gate(reader, Settings(max_replica_lag_s=30, load_wait_s=0), clock=_Clock())  # type: ignore[arg-type]
    assert it.look() == [Delayed(REASON, 0.0)]
    assert it.given_up == f"left to the next run: {REASON}"
    assert it.recheck_s == 0


def test_without_limits_nothing_is_asked() -> None:
    reader = _Reader()
    it = Gate(reader, Settings(), clock=_Clock())  # type: ignore[arg-type]
    assert it.look() == []
    assert reader.questions == 0
