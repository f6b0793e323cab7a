"""The working sessions of a run's threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from refresh_task.database import Session
from refresh_task.errors import StatementFailedError

__all__ = ["Sessions"]


class Sessions:
    """Opened when a step needs one and none is idle, kept for the next step, and so never more than steps at once.

    `open_session` gives a session whose statements run under REPEATABLE READ (database.connect).
    """

    def __init__(self, open_session: Callable[[], Session]) -> None:
        self._open = open_session
        self._lock = threading.Lock()  # for the two collections
        self._idle: list[Session] = []
        self._busy: dict[int, Session] = {}

    @property
    def backend_pids(self) -> list[int]:
        """The server processes of them all."""
        with self._lock:
            return [session.backend_pid for session in (*self._idle, *self._busy.values())]

    def take(self, statement_timeout_s: float) -> Session:
        """One with this timeout; a new one where none is idle, or where the idle ones broke meanwhile. Give it back.

        Raises what opening a session raises.
        """
        while (session := self._next_idle()) is not None:
            try:
                session.set_statement_timeout(statement_timeout_s)
            except StatementFailedError as error:
                self._discard(session)
                if not error.connection_lost:
                    raise
            else:
                return session
        session = self._open()
        self._hold(session)
        try:
            session.set_statement_timeout(statement_timeout_s)
        except BaseException:
            self._discard(session)
            raise
        return session

    def give_back(self, session: Session) -> None:
        """It is idle now, or of no further use."""
        if not session.is_usable:
            self._discard(session)
            return
        with self._lock:
            del self._busy[id(session)]
            self._idle.append(session)

    def cancel_all(self) -> None:
        """Ask the server to cancel what they are doing."""
        with self._lock:  # so that none is closed meanwhile
            for session in self._busy.values():
                with suppress(StatementFailedError):  # the caller asks again
                    session.cancel()

    def close(self) -> None:
        """End them all. For when no thread works with one any more."""
        for session in (*self._idle, *self._busy.values()):
            session.close()

    def _next_idle(self) -> Session | None:
        with self._lock:
            if not self._idle:
                return None
            session = self._idle.pop()
            self._busy[id(session)] = session
            return session

    def _hold(self, session: Session) -> None:
        with self._lock:
            self._busy[id(session)] = session

    def _discard(self, session: Session) -> None:
        with self._lock:
            del self._busy[id(session)]
        session.close()
