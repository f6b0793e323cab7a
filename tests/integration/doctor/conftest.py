"""vistafresca doctor, asked of a database for one thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.fix_command_line import CommandLine
from tests.fix_database import Database
from tests.fix_roles import dsn_as

Report = dict[str, Any]
Diagnose = Callable[..., Report]
Finding = dict[str, Any]


@pytest.fixture
def diagnose(command_line: CommandLine) -> Diagnose:
    """Call it with a database, views and perhaps the role to connect as: what doctor --json says."""

    def call(database: Database, *views: str, role: str | None = None) -> Report:
        url = {} if role is None else {"DATABASE_URL": dsn_as(database, role)}
        result = command_line(database if role is None else None, "doctor", "--json", *views, **url)
        assert result.exit_code in (0, 1), result.stderr
        report: Report = result.json
        assert result.exit_code == (1 if report["problems"] else 0)
        return report

    return call


def only(report: Report, code: str) -> Finding:
    """The only finding with this code."""
    (found,) = [finding for finding in report["findings"] if finding["code"] == code]
    assert isinstance(found, dict)
    return found


def codes(report: Report, *, of: str | None = None) -> set[str]:
    """The codes of the findings that are not "ok"; of one view, or of all and the server."""
    return {
        finding["code"] for finding in report["findings"] if finding["level"] != "ok" and of in (None, finding["view"])
    }
