"""The emulated AWS's clock: the machine's, and ahead of it by what the harness says."""

import time
from datetime import UTC, datetime
from pathlib import Path


class Clock:
    """Reads the offset anew each time: the harness moves it while the emulator runs."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + float(self._file.read_text(encoding="utf-8"))

    def iso(self) -> str:
        """The same as ECS writes it: 2026-11-25T18:40:49.123Z."""
        return datetime.fromtimestamp(self.now(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
