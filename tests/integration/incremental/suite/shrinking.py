"""Cuts a history that fails down to what it takes to fail: delta debugging, each try on a fresh clone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from tests.integration.incremental.suite.history import Event, History, Refresh, Write

_Item = TypeVar("_Item")

# So many replays at most: a failure is to be read today.
_PATIENCE = 400


class _PatienceError(Exception):
    """Small enough."""


def shrink(history: History, fails: Callable[[History], bool]) -> list[Event]:
    """The smallest history found that still fails: without events, then without statements of its transactions."""
    tries = 0
    best = list(history)

    def still_fails(candidate: list[Event]) -> bool:
        nonlocal tries, best
        tries += 1
        if tries > _PATIENCE:
            raise _PatienceError
        if fails(candidate):
            best = candidate
            return True
        return False

    try:
        size = None
        while size != (size := _size(best)):
            _minimize(best, still_fails)
            for number, event in enumerate(list(best)):
                if isinstance(event, Write):
                    _shrink_transaction(number, event, lambda: best, still_fails)
    except _PatienceError:
        pass
    return best


def _shrink_transaction(
    number: int, event: Write, best: Callable[[], list[Event]], still_fails: Callable[[list[Event]], bool]
) -> None:
    def with_statements(statements: Sequence[str]) -> bool:
        changed: list[Event] = list(best())
        changed[number] = replace(event, statements=tuple(statements))
        return still_fails(changed)

    _minimize(list(event.statements), with_statements)
    current = best()[number]
    if isinstance(current, Write) and current.isolation != "READ COMMITTED":
        simpler: list[Event] = list(best())
        simpler[number] = replace(current, isolation="READ COMMITTED")
        still_fails(simpler)


def _minimize(items: list[_Item], fails: Callable[[list[_Item]], bool]) -> list[_Item]:
    """Zeller's ddmin, by complements: halves, quarters, and so on are left out as long as it fails without them."""
    parts = 2
    while len(items) > 1:
        length = -(-len(items) // parts)
        for start in range(0, len(items), length):
            rest = items[:start] + items[start + length :]
            if rest and fails(rest):
                items = rest
                parts = max(parts - 1, 2)
                break
        else:
            if parts >= len(items):
                break
            parts = min(2 * parts, len(items))
    return items


def _size(history: History) -> tuple[int, int]:
    return len(history), sum(len(event.statements) for event in history if isinstance(event, Write))


def until_failure(history: History, event: int, view: str) -> list[Event]:
    """What came before the failing refresh, without the refreshes of other views."""
    return [
        item
        for number, item in enumerate(history)
        if number <= event and (not isinstance(item, Refresh) or item.view == view)
    ]
