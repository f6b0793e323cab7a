"""Times, lengths of time and lists, as people read them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

MOST_NAMED = 20
"""Views, runs or lines that one message names; the rest are counted."""

_MOST_CHARACTERS = 600
"""Of an error or a remedy; the log has the whole."""


def shown_time(moment: datetime) -> str:
    return f"{moment:%F %T} UTC"


def shown_length(length: timedelta) -> str:
    """65 minutes → 1 h 5 min"""
    seconds = max(0, round(length.total_seconds()))
    if seconds < 60:  # noqa: PLR2004  a minute
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    days, hours = divmod(hours, 24)
    parts = {"d": days, "h": hours, "min": minutes}
    return " ".join(f"{number} {unit}" for unit, number in parts.items() if number)


def shown_list(names: Sequence[str]) -> str:
    """a, b and c; beyond three: a, b and 5 more"""
    if len(names) > 3:  # noqa: PLR2004  what a subject has room for
        return f"{', '.join(names[:2])} and {len(names) - 2} more"
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part) if names else ""


def shortened(text: str, most: int = _MOST_CHARACTERS) -> str:
    """On one line of what can be printed, cut where it is too long."""
    line = "".join(char if char.isprintable() else "?" for char in " ".join(text.split()))
    return line if len(line) <= most else f"{line[: most - 1]}…"
