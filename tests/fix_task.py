"""The task and the command line as processes of their own, the way they are deployed and typed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fix_database import Database

ROOT = Path(__file__).parent.parent
_TIMEOUT_S = 60

# What the deployed rule sets.
CRON = {"VISTAFRESCA_TRIGGER_TYPE": "cron", "VISTAFRESCA_TRIGGERED_BY": "the rule"}


@dataclass(frozen=True)
class Finished:
    """A process that ended: its exit code and what it wrote."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The JSON lines of standard output, in order."""
        return [json.loads(line) for line in self.stdout.splitlines()]

    @property
    def json(self) -> Any:
        """Standard output as one JSON document."""
        return json.loads(self.stdout)

    def events(self, name: str) -> list[dict[str, Any]]:
        """The log lines of one event."""
        return [line for line in self.lines if line.get("event") == name]

    def event(self, name: str) -> dict[str, Any]:
        """The only log line of one event."""
        (line,) = self.events(name)
        return line

    @property
    def metrics(self) -> dict[str, Any]:
        """The run's line in the embedded metric format."""
        (line,) = [line for line in self.lines if "_aws" in line and "view" not in line]
        return {name: value[0] if isinstance(value, list) else value for name, value in line.items()}


def environment(database: Database | None, **variables: str) -> dict[str, str]:
    """The environment of a task: nothing of the machine's but the path."""
    base = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "PYTHONPATH": str(ROOT)}
    if database is not None:
        base["DATABASE_URL"] = database.dsn
    return base | variables


RunTask = Callable[..., Finished]
StartTask = Callable[..., "subprocess.Popen[str]"]


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "refresh_task", *arguments]


@pytest.fixture
def vistafresca() -> RunTask:
    """Call it with a database, arguments and variables: runs the command to its end."""

    def run(database: Database | None, *arguments: str, cwd: Path = ROOT, **variables: str) -> Finished:
        process = subprocess.run(
            _command(*arguments),
            check=False,
            cwd=cwd,
            env=environment(database, **variables),
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
        )
        return Finished(process.returncode, process.stdout, process.stderr)

    return run


@pytest.fixture
def run_task(vistafresca: RunTask) -> RunTask:
    """Call it with a database and variables: one run of the deployed command."""

    def run(database: Database | None, **variables: str) -> Finished:
        return vistafresca(database, "run", **variables)

    return run


@pytest.fixture
def start_task(request: pytest.FixtureRequest) -> StartTask:
    """Call it with a database, arguments (none: `run`) and variables: a command under way, killed at the end of the
    test if it still is."""

    def start(database: Database, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            _command(*arguments or ("run",)),
            cwd=ROOT,
            env=environment(database, **variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

        def end() -> None:
            process.kill()
            process.communicate()

        request.addfinalizer(end)
        return process

    return start


def finish(process: subprocess.Popen[str]) -> Finished:
    """Wait for a started task to end by itself."""
    stdout, stderr = process.communicate(timeout=_TIMEOUT_S)
    return Finished(process.returncode, stdout, stderr)
