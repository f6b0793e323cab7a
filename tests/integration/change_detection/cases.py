"""Which changes begin and end at which points of a step of which view: all that can be, in one fixed order."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from tests.integration.change_detection.changes import CHANGES, Change

# Before the step's snapshot, between snapshot and fingerprint, between fingerprint and REFRESH, between REFRESH and
# commit, after the commit.
POINTS = range(5)
SPANS = [(begin, end) for begin in POINTS for end in POINTS[begin:]]


class Look(enum.StrEnum):
    """How a view is found unchanged."""

    FINGERPRINT = "fingerprint"
    TOUCH = "touch"
    VERIFICATION = "verification"  # verify_unchanged(), as the task asks before its first wave


@dataclass(frozen=True)
class Case:
    """A view, and which changes begin and end at which points."""

    view: str
    look: Look
    # Something was committed long before the step, so that it will refresh.
    has_changed: bool
    writers: tuple[tuple[Change, int, int], ...]

    def __str__(self) -> str:
        writers = " and ".join(f"{change.name} [{begin}, {end}]" for change, begin, end in self.writers)
        return f"{self.view} by {self.look}, {'changed' if self.has_changed else 'unchanged'}: {writers}"

    @property
    def relation(self) -> str:
        """The view's full name."""
        return f"public.{self.view}_{'fingerprint' if self.look is Look.FINGERPRINT else 'touch'}"


def one_writer(look: Look, start: int = 0, stride: int = 1) -> Iterator[Case]:
    """Each change at each pair of points, in a step that would skip and in one that would refresh.
    Of these, one in `stride`."""
    changes = [(view, change) for view, found in CHANGES.items() for change in found]
    for (view, change), (begin, end), has_changed in _product(start, stride, changes, SPANS, (False, True)):
        yield Case(view, look, has_changed, ((change, begin, end),))


def two_writers(look: Look, start: int = 0, stride: int = 1) -> Iterator[Case]:
    """Each pair of changes of one view, each of the two at each pair of points, in the same way."""
    pairs = [(view, *pair) for view, found in CHANGES.items() for pair in product(found, repeat=2)]
    for (view, first, second), first_span, second_span, has_changed in _product(
        start, stride, pairs, SPANS, SPANS, (False, True)
    ):
        yield Case(view, look, has_changed, ((first, *first_span), (second, *second_span)))


def _product(start: int, stride: int, *axes: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """itertools.product(), of which one in `stride` is made at all."""
    for number in range(start, prod(len(axis) for axis in axes), stride):
        chosen: list[Any] = []
        rest = number
        for axis in reversed(axes):
            rest, place = divmod(rest, len(axis))
            chosen.append(axis[place])
        yield tuple(reversed(chosen))
