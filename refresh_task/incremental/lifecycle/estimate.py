"""What incremental refresh would bring a view, and cost its writers: arithmetic over what was measured elsewhere."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

# Share of the rows that changed → time of REFRESH … CONCURRENTLY divided by that of an incremental refresh, as measured
# (docs/benchmarks.md): the least of the views that are direct in all tables.
_GAINS = ((0.0, 925.0), (0.0001, 23.0), (0.001, 7.0), (0.01, 1.4), (0.1, 1.0), (1.0, 1.0))
# Throughput of writers beside that without triggers, with asynchronous and synchronous commit: the least of that
# page and its prose.
_WRITERS_ASYNCHRONOUS, _WRITERS_SYNCHRONOUS = 0.69, 0.86
_LEAST_SHARE = 1e-6
_FULL_PATH_GAIN = 1.0


@dataclass(frozen=True, slots=True)
class TableLoad:
    """How a table is written to. `is_direct`: a changed row touches only its slices."""

    name: str
    is_direct: bool
    row_count: int
    changes_per_hour: float


@dataclass(frozen=True, slots=True)
class Gain:
    """`times_faster` is against REFRESH … CONCURRENTLY, for a refresh after `interval_s` of usual writing, in which
    `share` of the rows of the table that changes most are written. `in_full` names the tables whose changes lead to
    refreshes in full, at least once in that time."""

    interval_s: float
    share: float
    times_faster: float
    refresh_s: float | None  # what a refresh takes now; None: not known
    expected_s: float | None
    in_full: tuple[str, ...]


def writers_throughput() -> tuple[float, float]:
    """What writers of captured tables keep of their throughput: with asynchronous, and with synchronous commit."""
    return _WRITERS_ASYNCHRONOUS, _WRITERS_SYNCHRONOUS


def estimate_gain(loads: Sequence[TableLoad], *, interval_s: float, refresh_s: float | None) -> Gain:
    """See Gain. A table that is never written to matters to nothing."""
    hours = interval_s / 3600
    in_full = tuple(load.name for load in loads if not load.is_direct and load.changes_per_hour * hours >= 1)
    share = max(
        (min(1.0, load.changes_per_hour * hours / max(load.row_count, 1)) for load in loads if load.is_direct),
        default=0.0,
    )
    times_faster = _FULL_PATH_GAIN if in_full else _gain(share)
    return Gain(
        interval_s=interval_s,
        share=share,
        times_faster=times_faster,
        refresh_s=refresh_s,
        expected_s=None if refresh_s is None else refresh_s / times_faster,
        in_full=in_full,
    )


def _gain(share: float) -> float:
    """Between two measured shares: on a straight line between their logarithms."""
    at = max(share, _LEAST_SHARE)
    for (low, gain_low), (high, gain_high) in itertools.pairwise(_GAINS):
        if at <= high:
            position = math.log(at / max(low, _LEAST_SHARE)) / math.log(high / max(low, _LEAST_SHARE))
            return math.exp(math.log(gain_low) + position * math.log(gain_high / gain_low))
    return _GAINS[-1][1]
