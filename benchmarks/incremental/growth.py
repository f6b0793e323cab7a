"""How the time of a refresh grows with the view, while one row in a thousand changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.incremental.refreshes import course
from benchmarks.incremental.subjects import UNIVERSAL
from demo.server import EmbeddedServer

SIZES = (250_000, 1_000_000, 4_000_000)
SHARE = 0.001
# And as many rows at every size: cost that grows with what changed, not with what there is.
CHANGED = 1_000
_RUNS = 3


@dataclass(frozen=True, slots=True)
class Point:
    """Medians in seconds: both sides with a thousandth changed, ours with a thousand rows changed."""

    rows: int
    concurrently_s: float
    incrementally_s: float
    constant_s: float


def measure(
    server: EmbeddedServer, *, scale: float, sizes: Sequence[int] = SIZES, tell: Callable[[Point], None]
) -> list[Point]:
    """A point per size."""
    points = []
    for size in (max(1, round(size * scale)) for size in sizes):
        with course(server, UNIVERSAL, size) as made:
            for number in (0, 1):
                made.measured(UNIVERSAL.mixed, number, 1)
            shared = made.measured(UNIVERSAL.mixed, max(1, round(size * SHARE)), _RUNS)
            constant = made.measured(UNIVERSAL.mixed, max(1, round(CHANGED * scale)), _RUNS)
        points.append(Point(size, shared[0], shared[1], constant[1]))
        tell(points[-1])
    return points
