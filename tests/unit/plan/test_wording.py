"""Durations as the reasons say them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from refresh_task.plan.wording import in_words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"), (0, "0 s"), (0.25, "0.2 s"), (3, "3 s"), (45, "45 s"), (119, "119 s"), (120, "2 min"),
        (5_400, "90 min"), (7_200, "2 h"), (12_000, "3 h 20 min"), (86_400, "24 h"),
        (172_800, "2 days"), (187_200, "2 days 4 h"),
    ],
)  # fmt: skip
def test_durations_in_words(seconds: float, words: str) -> None:
    assert in_words(timedelta(seconds=seconds)) == words
