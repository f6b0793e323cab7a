"""One connection for a process that answers one request at a time, as a Lambda function does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING, Protocol

from refresh_task.errors import StatementFailedError

if TYPE_CHECKING:
    from api.database.database import ApiSession

__all__ = ["TRUSTED_FOR_S", "Connections", "OneConnection"]

TRUSTED_FOR_S = 5.0  # after a use; later it may have been ended by the server, a proxy or the network


class Connections(Protocol):
    """Lends sessions, each to one borrower at a time."""

    def lend(self) -> AbstractContextManager[ApiSession]:
        """A session for as long as the block runs. Raises DatabaseUnavailableError."""

    def close(self) -> None:
        """Close what is open."""


class OneConnection:
    """Opened at the first request and kept; opened anew where it has broken."""

    def __init__(self, open_session: Callable[[], ApiSession]) -> None:
        self._open_session = open_session
        self._session: ApiSession | None = None
        self._used_at = 0.0
        self._lock = threading.Lock()  # two borrowers would see each other's transaction

    @contextmanager
    def lend(self) -> Iterator[ApiSession]:
        """The session, to one borrower at a time."""
        with self._lock:
            if self._session is None or not self._answers(self._session):
                self._session = self._open_session()
            try:
                yield self._session
            finally:
                self._used_at = time.monotonic()

    def close(self) -> None:
        """End the session."""
        if self._session is not None:
            self._session.close()

    def _answers(self, session: ApiSession) -> bool:
        if session.is_usable and time.monotonic() - self._used_at > TRUSTED_FOR_S:
            with suppress(StatementFailedError):  # then it is not usable, and opened anew
                session.fetch_one("read_now")
        return session.is_usable
