"""Views and columns that a person names, and how many there are."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import click

from refresh_task.errors import UnknownViewError

__all__ = ["column_list", "counted", "select_views"]


def select_views(written: Sequence[str], existing: Sequence[str], unknown: str) -> frozenset[str]:
    """The full names of those written, with or without schema. Raises UnknownViewError for a name that none (which is
    said in the words of `unknown`) or several of them have."""
    return frozenset(_select(name, existing, unknown) for name in written)


def column_list(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    """For an option that takes names with commas between them."""
    if value is None:
        return None
    names = tuple(name.strip() for name in value.split(","))
    if not all(names):
        raise click.BadParameter("write names with commas between them, such as a,b")
    return names


def counted(number: int, what: str) -> str:
    """1 view, 2 views."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _select(written: str, existing: Sequence[str], unknown: str) -> str:
    found = [name for name in existing if written == name or name.endswith(f".{written}")]
    if len(found) == 1:
        return found[0]
    if found:
        raise UnknownViewError(
            f"it may be any of {', '.join(found)}.", subject=written, remedy="Write it with its schema."
        )
    near = difflib.get_close_matches(written, existing, n=1) or difflib.get_close_matches(
        written, [name.partition(".")[2] for name in existing], n=1
    )
    raise UnknownViewError(
        f"{unknown}.",
        subject=written,
        remedy=f"Did you mean {near[0]}?" if near else "Write it as PostgreSQL does: schema.name.",
    )
