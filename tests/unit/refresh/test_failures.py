"""What a failure means, by its SQLSTATE."""

from __future__ import annotations

import pytest

from refresh_task.refresh.failures import backoff_s, is_transient, stops_the_run


@pytest.mark.parametrize("sqlstate", ["55P03", "40001", "40P01", "08000", "08006", "57P01", "57P02", "57P03", "53300"])
def test_what_may_pass_is_tried_again(sqlstate: str) -> None:
    assert is_transient(sqlstate)
    assert not stops_the_run(sqlstate)


@pytest.mark.parametrize("sqlstate", [None, "53100", "53200", "57014", "21000", "23505", "42501", "VF001", "0A000"])
def test_what_stays_is_not(sqlstate: str | None) -> None:
    assert not is_transient(sqlstate)
    assert stops_the_run(sqlstate) == (sqlstate in ("53100", "53200"))


def test_each_wait_is_twice_the_one_before() -> None:
    assert [backoff_s(2.0, attempt) for attempt in (1, 2, 3)] == [2.0, 4.0, 8.0]
