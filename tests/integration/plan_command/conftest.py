"""vistafresca plan --json, for one database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.fix_command_line import CommandLine
from tests.fix_database import Database

Preview = dict[str, Any]
MakePreview = Callable[..., Preview]


@pytest.fixture
def preview(command_line: CommandLine) -> MakePreview:
    """Call it with a database and arguments: what plan --json says."""

    def call(database: Database, *arguments: str, **variables: str) -> Preview:
        result = command_line(database, "plan", "--json", *arguments, **variables)
        assert result.exit_code in (0, 1), result.stderr
        said: Preview = result.json
        assert result.exit_code == (1 if said["problems"] else 0)
        return said

    return call


def by_view(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Steps, or undue views."""
    return {row["view"]: row for row in rows}
