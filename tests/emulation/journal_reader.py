"""The harness's end of the emulator's journal (server/journal.py): what happened so far, and waiting for what comes."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

Entry = dict[str, Any]
_Found = TypeVar("_Found")


class JournalError(Exception):
    """What was waited for did not happen in time, or the emulator is gone."""


class JournalReader:
    """Entries in the order in which they came. `port` is where the emulator connects to."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._entries: list[Entry] = []
        self._changed = threading.Condition()
        self._is_over = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def __len__(self) -> int:
        """How many entries there are: a position to wait from."""
        with self._changed:
            return len(self._entries)

    def since(self, position: int) -> list[Entry]:
        """The entries from that position on."""
        with self._changed:
            return self._entries[position:]

    def wait_for(self, matches: Callable[[Entry], bool], *, since: int, what: str, timeout_s: float = 60) -> Entry:
        """The first entry from `since` on that matches. Raises JournalError naming `what` after `timeout_s`."""
        return self._wait(
            lambda: next((entry for entry in self._entries[since:] if matches(entry)), None), since, what, timeout_s
        )

    def wait_until_handled(self, *, timeout_s: float = 60) -> None:
        """Until every function that a topic called has been through with it, once at least. Raises JournalError."""

        def nothing_left() -> bool | None:
            handled = {entry["message"] for entry in self._entries if entry["kind"] == "handled"}
            asked = {entry["message"] for entry in self._entries if entry["kind"] == "handed_on"}
            return asked <= handled or None

        self._wait(nothing_left, 0, "the end of every function that was called", timeout_s)

    def _wait(self, look: Callable[[], _Found | None], since: int, what: str, timeout_s: float) -> _Found:
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while True:
                if (found := look()) is not None:
                    return found
                left = deadline - time.monotonic()
                if (defect := next((entry for entry in self._entries if entry["kind"] == "defect"), None)) is not None:
                    raise JournalError(f"{what}: the emulator has a defect: {defect['what']} (its log has more)")
                if self._is_over or left <= 0:
                    seen = "\n".join(json.dumps(entry)[:300] for entry in self._entries[since:][-20:]) or "nothing"
                    gone = "the emulator ended" if self._is_over else f"not within {timeout_s:.0f} s"
                    raise JournalError(f"{what}: {gone}; what happened instead:\n{seen}")
                self._changed.wait(left)

    def close(self) -> None:
        """Once the emulator has ended, or has never connected: closing alone would not wake who waits for that."""
        with suppress(OSError):  # it may have ended by itself
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _read(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:  # shut down before the emulator connected: it did not start, which its starter says
            return
        with connection, connection.makefile(encoding="utf-8") as lines:
            for line in lines:
                with self._changed:
                    self._entries.append(json.loads(line))
                    self._changed.notify_all()
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
