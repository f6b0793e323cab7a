"""A policy's durations read as those of a plan do, and no two of them alike."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refresh_task.plan import wording as plan_wording
from refresh_task.policies.wording import in_words

_LENGTHS = {"days": 86_400, "h": 3_600, "min": 60, "s": 1}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 s"), (60, "60 s"), (119, "119 s"), (900, "15 min"), (5_400, "90 min"), (7_199, "119 min 59 s"),
        (12_000, "3 h 20 min"), (86_400, "24 h"), (86_401, "24 h 1 s"), (604_800, "7 days"),
        (176_430, "2 days 1 h 30 s"),
    ],
)  # fmt: skip
def test_to_the_second(seconds: int, words: str) -> None:
    assert in_words(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize("seconds", [45, 60, 300, 900, 1_800, 3_600, 5_400, 7_200, 86_400, 172_800, 604_800])
def test_the_usual_ones_are_said_as_a_plan_says_them(seconds: int) -> None:
    duration = timedelta(seconds=seconds)
    assert in_words(duration) == plan_wording.in_words(duration)


@given(st.integers(0, 864_000_000))
def test_it_can_be_read_back(seconds: int) -> None:
    parts = in_words(timedelta(seconds=seconds)).split(" ")
    read = sum(int(number) * _LENGTHS[unit] for number, unit in zip(parts[::2], parts[1::2], strict=True))
    assert read == seconds
