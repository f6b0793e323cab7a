"""The command line inside the test's own process: for what is not about the process, and half a second faster."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from refresh_task.__main__ import main
from tests.fix_database import Database
from tests.fix_task import Finished

CommandLine = Callable[..., Finished]


@pytest.fixture
def command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """Call it with a database (or None), arguments and variables: one command, except `run`, which has a process's
    signals and logs."""

    def call(database: Database | None, *arguments: str, **variables: str) -> Finished:
        assert arguments[:1] != ("run",)
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["vistafresca", *arguments])
            if database is not None:
                patch.setenv("DATABASE_URL", database.dsn)
            for name, value in variables.items():
                patch.setenv(name, value)
            capsys.readouterr()
            exit_code = main()
            return Finished(int(exit_code), *capsys.readouterr())

    return call
