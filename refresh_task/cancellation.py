"""Stopping a run in good order: on SIGTERM, on Ctrl-C or at the run's deadline, what is under way is cancelled.

ECS has no time limit for tasks (aws/containers-roadmap#572), and a killed container would leave its refresh to be found
and ended by the server. So the process ends it itself, while it can still record and report why. Where that does not
help (a server or network that answers nothing, a proxy that swallows cancel requests), the process ends all the same, a
grace later.
"""

from __future__ import annotations

import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from refresh_task.errors import StatementFailedError
from refresh_task.model import Interruption

__all__ = ["GRACE_S", "Cancellation", "cancel_on_signals", "sigterm_interrupts"]

# From the interruption to giving up. Well within the 120 s that ECS allows between SIGTERM and SIGKILL.
GRACE_S = 30.0

_SIGNALS = {signal.SIGTERM: Interruption.SIGTERM, signal.SIGINT: Interruption.SIGINT}
_REPEAT_S = 1.0


class Cancellation:
    """Knows whether the run must stop, cancels what is under way when it must, and calls `on_stuck`, once and in a
    thread of its own, where the run has not come to its end `grace_s` after that."""

    def __init__(
        self, deadline_s: float, *, on_stuck: Callable[[Interruption], None], grace_s: float = GRACE_S
    ) -> None:
        # SimpleQueue.put() may be called from a signal handler that interrupted another put(); Event.set() may not.
        self._requests: queue.SimpleQueue[Interruption | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._cancels: dict[object, Callable[[], None]] = {}
        self._deadline_s = deadline_s
        self._deadline_at = time.monotonic() + deadline_s
        self._interruption: Interruption | None = None
        self._on_stuck = on_stuck
        self._grace_s = grace_s
        self._watcher = threading.Thread(target=self._watch, name="cancellation", daemon=True)

    @property
    def interruption(self) -> Interruption | None:
        """Why the run must stop; None while it need not. The first reason stands."""
        return self._interruption

    @property
    def remaining_s(self) -> float:
        """Seconds until the run's deadline; negative when it has passed."""
        return self._deadline_at - time.monotonic()

    def request(self, interruption: Interruption) -> None:
        """Ask the run to stop. Safe in a signal handler."""
        self._requests.put(interruption)

    @contextmanager
    def guarding(self, cancel: Callable[[], None]) -> Iterator[None]:
        """While the block runs, a request calls `cancel`, and again every second until the block ends: a cancel
        request that arrives just before its statement would otherwise be lost. Several threads may each be in a block
        of their own; once one is left, its `cancel` is not called any more."""
        token = object()
        with self._lock:
            self._cancels[token] = cancel
        try:
            yield
        finally:
            with self._lock:
                del self._cancels[token]

    def start(self) -> None:
        """Begin to watch the clock and the requests."""
        self._deadline_at = time.monotonic() + self._deadline_s
        self._watcher.start()

    def stop(self) -> None:
        """End the watcher."""
        self._requests.put(None)
        self._watcher.join()

    def _watch(self) -> None:
        try:
            request = self._requests.get(timeout=self._deadline_s)
        except queue.Empty:
            request = Interruption.DEADLINE
        if request is None:
            return
        self._interruption = request
        stuck_at = time.monotonic() + self._grace_s
        while True:
            self._cancel_all(until=stuck_at)
            with suppress(queue.Empty):
                if self._requests.get(timeout=_REPEAT_S) is None:
                    return
            if time.monotonic() >= stuck_at:
                self._on_stuck(request)
                return

    def _cancel_all(self, *, until: float) -> None:
        # Under the lock: a session is not closed, nor given its next statement, while it is being cancelled.
        with self._lock:
            for cancel in self._cancels.values():
                if time.monotonic() >= until:
                    return  # each may take seconds where nothing answers
                # A request that could not be delivered is repeated; a dead connection its own thread sees by itself.
                with suppress(StatementFailedError):
                    cancel()


@contextmanager
def cancel_on_signals(
    deadline_s: float, *, on_stuck: Callable[[Interruption], None], grace_s: float = GRACE_S
) -> Iterator[Cancellation]:
    """A running Cancellation that SIGTERM, SIGINT and the deadline trigger; the former handlers come back at the
    end."""
    cancellation = Cancellation(deadline_s, on_stuck=on_stuck, grace_s=grace_s)

    def handle(number: int, _frame: FrameType | None) -> None:
        cancellation.request(_SIGNALS[signal.Signals(number)])

    former = {number: signal.signal(number, handle) for number in _SIGNALS}
    cancellation.start()
    try:
        yield cancellation
    finally:
        cancellation.stop()
        for number, handler in former.items():
            signal.signal(number, handler)


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """SIGTERM raises KeyboardInterrupt, as Ctrl-C does, saying that it was that: the driver cancels the statement under
    way then, and what is left is said. For commands that are no run. Where SIGTERM is ignored, it stays so."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt(Interruption.SIGTERM)

    former = signal.getsignal(signal.SIGTERM)
    if former is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        if former is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, former)
