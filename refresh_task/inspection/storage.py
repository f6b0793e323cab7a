"""Room on disk, and dead rows."""

from __future__ import annotations

from collections.abc import Iterator

from refresh_task.inspection.facts import Facts, ViewFacts
from refresh_task.inspection.finding import Code, Finding, Level
from refresh_task.inspection.words import size

LARGE_BYTES = 1 << 30
FEW_DEAD_ROWS = 10_000
_DEAD_SHARE = 0.3


def examine_storage(_facts: Facts, view: ViewFacts) -> Iterator[Finding]:
    """Large, bloated, or never vacuumed."""
    if view.size_bytes >= LARGE_BYTES:
        yield Finding(
            Code.LARGE_VIEW,
            Level.ADVICE,
            f"It takes {size(view.size_bytes)}.",
            f"A concurrent refresh writes the new contents beside the old ones and sorts both: it needs about "
            f"{size(2 * view.size_bytes)} of free disk, and ends with SQLSTATE 53100 without.",
            view.name,
            "Keep that much free (VISTAFRESCA_MIN_FREE_STORAGE_GIB lets refreshes wait while there is less).",
        )
    if view.autovacuum_is_off:
        yield Finding(
            Code.AUTOVACUUM_DISABLED,
            Level.ADVICE,
            "Autovacuum is disabled for it.",
            "Concurrent refreshes leave dead rows: it grows with each one that changes something.",
            view.name,
            f"ALTER {'TABLE' if view.is_maintained else 'MATERIALIZED VIEW'} {view.name} RESET (autovacuum_enabled);",
        )
    if view.dead_rows >= FEW_DEAD_ROWS and view.dead_rows > _DEAD_SHARE * view.live_rows:
        yield Finding(
            Code.DEAD_ROWS,
            Level.ADVICE,
            f"{view.dead_rows:,} dead rows stand beside {view.live_rows:,} live ones.",
            "Reads go through both. The locks of frequent refreshes keep autovacuum away.",
            view.name,
            f"VACUUM (ANALYZE) {view.name};",
        )
