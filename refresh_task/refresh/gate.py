"""Whether further steps may begin, by the load guards: they wait for a while, and then are left to the next run."""

from __future__ import annotations

import time
from collections.abc import Callable

from refresh_task.model import Delayed, Event
from refresh_task.refresh.guards import LoadReader, is_guarded, overload
from refresh_task.settings import Settings

__all__ = ["Gate"]

_RECHECK_S = 3.0


class Gate:
    """Open until the load passes a limit; given up for the rest of the run when steps have waited load_wait_s."""

    def __init__(self, reader: LoadReader, settings: Settings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._reader = reader
        self._settings = settings
        self._clock = clock
        self._is_guarded = is_guarded(settings)
        self._asked_at: float | None = None
        self._closed_at: float | None = None
        self._budget_s = settings.load_wait_s
        self._reason = ""

    @property
    def given_up(self) -> str | None:
        """Why steps that have not begun are not to begin in this run; None: they may still."""
        return f"left to the next run: {self._reason}" if self.is_closed and self._waited_s >= self._budget_s else None

    @property
    def is_closed(self) -> bool:
        """Whether steps have to wait."""
        return self._closed_at is not None

    @property
    def recheck_s(self) -> float:
        """Seconds until it makes sense to look again."""
        asked_at = self._clock() if self._asked_at is None else self._asked_at
        until_given_up = max(self._budget_s - self._waited_s, 0.0) if self.is_closed else _RECHECK_S
        return min(max(asked_at + _RECHECK_S - self._clock(), 0.0), until_given_up)

    def look(self) -> list[Event]:
        """Ask for the load, unless that was a moment ago. What there is to tell about it.

        Raises StatementFailedError where the control session is lost.
        """
        now = self._clock()
        if not self._is_guarded or (self._asked_at is not None and now < self._asked_at + _RECHECK_S):
            return []
        load, remarks = self._reader.read()
        self._asked_at = now
        events: list[Event] = list(remarks)
        reason = overload(load, self._settings)
        if reason is not None:
            if not self.is_closed:
                self._closed_at = now
                events.append(Delayed(reason, 0.0))
            self._reason = reason
        elif self.is_closed:
            waited_s = self._waited_s
            self._budget_s -= waited_s  # the waits of a run add up
            self._closed_at = None
            events.append(Delayed(self._reason, waited_s))
        return events

    @property
    def _waited_s(self) -> float:
        return 0.0 if self._closed_at is None else self._clock() - self._closed_at
