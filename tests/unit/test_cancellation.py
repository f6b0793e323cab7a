"""Stopping a run."""

from __future__ import annotations

import signal
import threading

from refresh_task.cancellation import Cancellation, cancel_on_signals
from refresh_task.errors import StatementFailedError
from refresh_task.model import Interruption


def _unexpected(interruption: Interruption) -> None:
    raise AssertionError(f"stuck after {interruption}")


def test_a_run_that_does_not_come_to_its_end_is_given_up_once() -> None:
    given_up = threading.Semaphore(0)
    with cancel_on_signals(0.01, on_stuck=lambda _: given_up.release(), grace_s=0.5) as cancellation:
        assert given_up.acquire(timeout=10)
        cancellation.request(Interruption.SIGTERM)
        assert not given_up.acquire(timeout=1.5)


def test_a_cancel_request_is_repeated_until_the_statement_ends() -> None:
    """The first may reach the server before the statement does, and would then be lost."""
    cancellation = Cancellation(deadline_s=60, on_stuck=_unexpected)
    calls = threading.Semaphore(0)
    cancellation.start()
    with cancellation.guarding(calls.release):
        cancellation.request(Interruption.SIGTERM)
        assert calls.acquire(timeout=10)
        assert calls.acquire(timeout=10)
    cancellation.stop()
    assert cancellation.interruption is Interruption.SIGTERM


def test_one_request_cancels_all_that_is_under_way_and_only_that() -> None:
    """Each as often as the other, though none ends; what has ended is let be."""
    calls = [threading.Semaphore(0), threading.Semaphore(0)]
    ended = threading.Semaphore(0)
    with cancel_on_signals(60, on_stuck=_unexpected) as cancellation:
        with cancellation.guarding(ended.release):
            pass
        with cancellation.guarding(calls[0].release), cancellation.guarding(calls[1].release):
            cancellation.request(Interruption.SIGTERM)
            assert all(call.acquire(timeout=10) for call in calls * 2)
    assert not ended.acquire(blocking=False)


def test_what_is_left_of_a_run_counts_from_its_start() -> None:
    with cancel_on_signals(60, on_stuck=_unexpected) as cancellation:
        assert 0 < cancellation.remaining_s <= 60


def test_a_request_that_cannot_be_delivered_is_tried_again() -> None:
    attempts = threading.Semaphore(0)

    def fail() -> None:
        attempts.release()
        raise StatementFailedError("no route", subject="server", remedy="", sqlstate=None, connection_lost=True)

    with cancel_on_signals(60, on_stuck=_unexpected) as cancellation, cancellation.guarding(fail):
        cancellation.request(Interruption.SIGTERM)
        assert attempts.acquire(timeout=10)
        assert attempts.acquire(timeout=10)


def test_the_deadline_is_an_interruption() -> None:
    reached = threading.Event()
    with cancel_on_signals(0.01, on_stuck=_unexpected) as cancellation, cancellation.guarding(reached.set):
        assert reached.wait(timeout=10)
        assert cancellation.interruption is Interruption.DEADLINE


def test_the_first_reason_stands() -> None:
    calls = threading.Semaphore(0)
    with cancel_on_signals(60, on_stuck=_unexpected) as cancellation, cancellation.guarding(calls.release):
        cancellation.request(Interruption.SIGINT)
        cancellation.request(Interruption.SIGTERM)
        assert calls.acquire(timeout=10)
        assert calls.acquire(timeout=10)
        assert cancellation.interruption is Interruption.SIGINT


def test_nothing_is_cancelled_without_a_request_and_the_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with cancel_on_signals(60, on_stuck=_unexpected) as cancellation:
        assert signal.getsignal(signal.SIGTERM) is not before
        assert cancellation.interruption is None
    assert signal.getsignal(signal.SIGTERM) is before
