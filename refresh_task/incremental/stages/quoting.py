"""Names as they are written in SQL."""

from __future__ import annotations

from collections.abc import Sequence


def quoted(name: str) -> str:
    """A name in quotes: which need none differs from version to version."""
    return '"' + name.replace('"', '""') + '"'


def column_list(columns: Sequence[str]) -> str:
    """Several, with commas."""
    return ", ".join(quoted(column) for column in columns)
