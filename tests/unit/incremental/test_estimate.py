"""What explain expects of a view: the least that docs/benchmarks.md has for any view, between its rows on a line of
logarithms."""

from __future__ import annotations

import pytest

from refresh_task.incremental import writers_throughput
from refresh_task.incremental.lifecycle.estimate import TableLoad, estimate_gain

_HOUR_S = 3600


def test_a_tenth_of_a_thousandth_written_is_as_it_was_measured() -> None:
    gain = estimate_gain(
        [TableLoad("sales", is_direct=True, row_count=1_000_000, changes_per_hour=100)],
        interval_s=_HOUR_S,
        refresh_s=46,
    )
    assert gain.share == 0.0001
    assert gain.times_faster == pytest.approx(23)
    assert gain.expected_s == pytest.approx(2)


def test_between_two_measured_shares_it_is_between_their_gains() -> None:
    gain = estimate_gain(
        [TableLoad("sales", is_direct=True, row_count=1_000_000, changes_per_hour=316)],
        interval_s=_HOUR_S,
        refresh_s=None,
    )
    # halfway between the logarithms of 0.01 % and 0.1 %: the square root of 23 times 7.0
    assert gain.times_faster == pytest.approx(12.7, abs=0.1)
    assert gain.expected_s is None


def test_an_indirect_table_that_changes_means_in_full() -> None:
    loads = [
        TableLoad("sales", is_direct=True, row_count=1_000_000, changes_per_hour=1),
        TableLoad("rates", is_direct=False, row_count=10, changes_per_hour=2),
    ]
    gain = estimate_gain(loads, interval_s=_HOUR_S, refresh_s=11)
    assert (gain.in_full, gain.times_faster) == (("rates",), 1.0)


def test_an_indirect_table_that_nobody_writes_to_matters_not() -> None:
    loads = [
        TableLoad("sales", is_direct=True, row_count=1_000_000, changes_per_hour=100),
        TableLoad("rates", is_direct=False, row_count=10, changes_per_hour=0),
    ]
    assert estimate_gain(loads, interval_s=_HOUR_S, refresh_s=None).in_full == ()


def test_writers_are_promised_no_more_than_was_measured() -> None:
    assert writers_throughput() == (0.69, 0.86)
