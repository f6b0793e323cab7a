"""Views as they are written in paths."""

from __future__ import annotations

from api.database import ApiSession
from refresh_task.errors import UnknownViewError

__all__ = ["find_view"]

# The document's own word for its view.
_ALIASES = {"universal-transactions": "universal_transactions.universal_transactions_mv"}


def find_view(session: ApiSession, written: str) -> str:
    """The full name of the managed view that a path means: schema.name, a name that only one has, or either with
    hyphens for underscores. Raises UnknownViewError with the nearest names."""
    found = session.fetch_one("find_view", written=_ALIASES.get(written, written))
    if found["problem"] is not None and "-" in written:
        found = session.fetch_one("find_view", written=written.replace("-", "_"))
    if found["problem"] is not None:
        # The database's sentence begins with the name, which is the error's subject here.
        message = found["problem"].removeprefix(f'"{written}" ')
        raise UnknownViewError(f"{message}.", subject=written, remedy=found["remedy"])
    return str(found["view_name"])
