"""What a view reads without anybody, PostgreSQL included, knowing how much it is."""

from __future__ import annotations

from collections.abc import Iterator

from refresh_task.inspection.facts import Facts, ViewFacts
from refresh_task.inspection.finding import Code, Finding, Level
from refresh_task.inspection.words import listing

_FEW_ROWS = 10_000  # whose number matters to nobody


def examine_statistics(_facts: Facts, view: ViewFacts) -> Iterator[Finding]:
    """Sources that were never analyzed, unless they are small."""
    large = [source.name for source in view.never_analyzed if source.row_count is None or source.row_count >= _FEW_ROWS]
    if large:
        yield Finding(
            Code.NEVER_ANALYZED,
            Level.ADVICE,
            f"It reads {listing(large)}, never analyzed, as after a restore.",
            "How many rows there are is guessed by the size, here and by PostgreSQL, which may choose a slow plan for "
            "its refreshes.",
            view.name,
            f"ANALYZE {', '.join(large)};",
        )


def never_analyzed(view: ViewFacts) -> str:
    """A remark about a number of rows that a view reads; "" where PostgreSQL knows it."""
    guessed = [source.name for source in view.never_analyzed if source.row_count is not None]
    unknown = [source.name for source in view.never_analyzed if source.row_count is None]
    parts = []
    if guessed:
        parts.append(f"{listing(guessed)}: never analyzed, guessed by the size")
    if unknown:
        parts.append(f"{listing(unknown)}: never analyzed, and locked now, so left out")
    return "; ".join(parts)
