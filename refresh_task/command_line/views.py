"""The views that a person names on the command line."""

from __future__ import annotations

from dataclasses import dataclass

from refresh_task.database import Session
from refresh_task.errors import UnknownViewError

__all__ = ["NamedView", "find_view"]


@dataclass(frozen=True, slots=True)
class NamedView:
    """A managed view, by its full name."""

    name: str
    enabled: bool


def find_view(session: Session, written: str) -> NamedView:
    """The managed view that a name with or without schema means. Raises UnknownViewError with the nearest names."""
    found = session.fetch_one("find_view", written=written)
    if found["problem"] is not None:
        # The database's sentence begins with the name, which is the error's subject here.
        message = found["problem"].removeprefix(f'"{written}" ')
        raise UnknownViewError(f"{message}.", subject=written, remedy=found["remedy"])
    return NamedView(found["view_name"], found["enabled"])
