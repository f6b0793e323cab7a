"""The task as a process of this machine: what `vistafresca serve` starts in place of ECS."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence

from api.scheduling import unavailable

# SIGTERM cancels a run within its own grace period (refresh_task/cancellation.py); after that it ends itself.
_LAST_WORDS_S = 60.0


class SubprocessRunner:
    """Starts `python -m refresh_task …` with this process's own output, and waits for all of it at the end."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._running: dict[subprocess.Popen[bytes], threading.Thread] = {}
        self._lock = threading.Lock()  # requests and jobs start tasks from threads of their own
        self._is_closed = False

    def start(self, arguments: Sequence[str], *, triggered_by: str, **variables: str) -> str:
        """Returns "process <number>"."""
        with self._lock:
            if self._is_closed:
                raise unavailable("The server is stopping.", remedy="Ask again when it is up.")
            process = self._popen(arguments, triggered_by, variables)
            # Somebody has to wait for it, or it stays as a zombie when it has ended.
            reaper = threading.Thread(target=self._reap, args=(process,), name=f"task {process.pid}")
            self._running[process] = reaper
        reaper.start()
        return f"process {process.pid}"

    def run(self, arguments: Sequence[str], *, triggered_by: str, **variables: str) -> None:
        """Start it and return when it has ended."""
        name = self.start(arguments, triggered_by=triggered_by, **variables)
        with self._lock:
            reaper = next((each for process, each in self._running.items() if f"process {process.pid}" == name), None)
        if reaper is not None:
            reaper.join()

    def close(self) -> None:
        """Have what runs cancel itself, and wait for its end; what does not end is killed."""
        with self._lock:
            self._is_closed = True
            running = dict(self._running)
        for process in running:
            process.terminate()
        for process, reaper in running.items():
            reaper.join(_LAST_WORDS_S)
            if reaper.is_alive():
                process.kill()
                reaper.join()

    def _popen(
        self, arguments: Sequence[str], triggered_by: str, variables: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(  # noqa: S603  # this program itself; the views were looked up before
                [sys.executable, "-m", "refresh_task", *arguments],
                env={**self._environment, "VISTAFRESCA_TRIGGERED_BY": triggered_by, **variables},
                stdin=subprocess.DEVNULL,
            )
        except OSError as error:
            raise unavailable(
                f"The task could not be started: {error.strerror}.", remedy="Check the machine's memory and limits."
            ) from error

    def _reap(self, process: subprocess.Popen[bytes]) -> None:
        process.wait()
        with self._lock:
            del self._running[process]
