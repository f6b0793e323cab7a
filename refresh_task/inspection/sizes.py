"""How many rows there are where PostgreSQL does not know, which is the usual state of things right after a restore."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from refresh_task.database import Session
from refresh_task.errors import StatementFailedError

__all__ = ["LOCK_WAIT_MS", "with_guessed_rows"]

LOCK_WAIT_MS = 100
_BYTES_PER_ROW = 100  # a row of a few columns with its header


def with_guessed_rows(session: Session, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The same with `row_count` guessed by the size of the file, and `size_bytes` at least that, where `is_analyzed`
    says that PostgreSQL never counted. Without waiting for a refresh under way: None stays where something locks it."""
    unknown = [row["oid"] for row in rows if not row["is_analyzed"]]
    measured: dict[int, int] = {}
    if unknown:
        # locked since we looked, or gone: nothing is known then
        with suppress(StatementFailedError), session.transaction():
            session.execute("limit_lock_wait", lock_timeout_ms=LOCK_WAIT_MS)
            found = session.fetch_all("measure_relations", relations=unknown)
            measured = {row["oid"]: row["size_bytes"] for row in found if row["size_bytes"] is not None}
    return [
        {**row, "row_count": size // _BYTES_PER_ROW, "size_bytes": max(size, row["size_bytes"])}
        if (size := measured.get(row["oid"])) is not None
        else dict(row)
        for row in rows
    ]
