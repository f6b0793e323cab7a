"""A policy's durations, as the reasons of a plan say them."""

from __future__ import annotations

from datetime import timedelta

_UNITS = (("days", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def in_words(duration: timedelta) -> str:
    """In the words of refresh_task.plan.wording, but to the second, for two that differ must not read the same: 15 min,
    90 min, 3 h 20 min, 119 min 59 s, 2 days."""
    left = round(duration.total_seconds())
    parts: list[str] = []
    for unit, length in _UNITS:
        # there is no "1 days": the largest unit is one that there are two of
        if parts or left >= 2 * length or length == 1:
            number, left = divmod(left, length)
            if number or (length == 1 and not parts):
                parts.append(f"{number} {unit}")
    return " ".join(parts)
