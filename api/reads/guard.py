"""The guard before a base relation: without it, a missing view turns every reader into a query of 25 seconds.

Equal questions share one query; of different ones no more than a few run at once; and after some failures in a row
nobody asks for a while, and then one tries.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import contextmanager
from typing import Generic, TypeVar

from api.problems import Problem
from api.services import GuardLimits

__all__ = ["BUSY", "Guard"]

BUSY = "base-busy"

_LOG = logging.getLogger("vistafresca.api")


Result = TypeVar("Result")


class Guard(Generic[Result]):
    """One view's; shared by all its readers in this process."""

    def __init__(self, view: str, limits: GuardLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._view = view
        self._limits = limits
        self._clock = clock
        self._slots = threading.BoundedSemaphore(limits.queries)
        self._lock = threading.Lock()  # of what follows
        self._running: dict[Hashable, Future[Result]] = {}
        self._failures = 0
        self._open_until: float | None = None
        self._is_probing = False

    def run(self, question: Hashable, query: Callable[[], Result]) -> Result:
        """The result of the query, or of an equal one that is under way already.

        Raises Problem 503 with Retry-After where it is not to be asked now; whatever the query raises, for all who
        asked the same.
        """
        with self._lock:
            shared = self._running.get(question)
            future: Future[Result] = shared or Future()
            if shared is None:
                self._running[question] = future
        if shared is not None:
            return self._wait(shared)
        try:
            with self._slot():
                result = self._attempt(query)
        except BaseException as error:
            future.set_exception(error)
            raise
        else:
            future.set_result(result)
            return result
        finally:
            with self._lock:
                del self._running[question]

    def _wait(self, shared: Future[Result]) -> Result:
        try:
            return shared.result(self._limits.timeout_s + self._limits.patience_s)
        except FutureTimeoutError:
            raise self._later(BUSY, "took too long", self._limits.patience_s) from None

    @contextmanager
    def _slot(self) -> Iterator[None]:
        self._require_closed()
        if not self._slots.acquire(timeout=self._limits.patience_s):
            raise self._later(BUSY, f"is asked by {self._limits.queries} readers already", self._limits.patience_s)
        try:
            yield
        finally:
            self._slots.release()

    def _attempt(self, query: Callable[[], Result]) -> Result:
        self._begin()
        try:
            result = query()
        except BaseException as error:
            self._failed(error)
            raise
        with self._lock:
            self._failures, self._open_until, self._is_probing = 0, None, False
        return result

    def _require_closed(self) -> None:
        with self._lock:
            if self._open_until is not None and (self._is_probing or self._clock() < self._open_until):
                raise self._rests()

    def _begin(self) -> None:
        """Once more, now that there is a slot: others may have failed meanwhile, or be trying."""
        with self._lock:
            if self._open_until is None:
                return
            if self._is_probing or self._clock() < self._open_until:
                raise self._rests()
            self._is_probing = True

    def _failed(self, error: BaseException) -> None:
        with self._lock:
            self._is_probing = False
            # A wrong question says nothing of the relation, nor do the readers of other processes.
            if isinstance(error, Problem) and (error.status < 500 or error.slug == BUSY):  # noqa: PLR2004  # HTTP's own boundary
                return
            self._failures += 1
            if self._failures >= self._limits.failures:
                self._open_until = self._clock() + self._limits.rest_s
                _LOG.warning(
                    "%s: its base relation failed %d times in a row and is not asked for %.0f s",
                    self._view,
                    self._failures,
                    self._limits.rest_s,
                )

    def _rests(self) -> Problem:
        until = self._open_until or self._clock()
        return self._later("base-failing", "has failed again and again", max(1.0, until - self._clock()))

    def _later(self, slug: str, why: str, retry_after_s: float) -> Problem:
        return Problem.later(
            slug,
            f"{self._view} cannot be read now, and its base relation {why}.",
            remedy="Try again later; the view comes back with its next refresh.",
            retry_after_s=retry_after_s,
        )
