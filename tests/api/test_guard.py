"""The guard by itself: sharing, limit and circuit breaker, by a clock that the test moves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from api.problems import Problem
from api.reads.guard import Guard
from api.services import GuardLimits

_WAIT_S = 20


class _Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def _guard(clock: _Clock | None = None, **limits: float) -> Guard[str]:
    return Guard("a.view", GuardLimits(**{"patience_s": 0.0, **limits}), clock or _Clock())  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _nothing_looked_up() -> None:
    _Question.looked_up = threading.Semaphore(0)


def _failing() -> str:
    raise OSError("no")


def _problem(call: Callable[[], object]) -> Problem:
    with pytest.raises(Problem) as caught:
        call()
    return caught.value


class _Question:
    """Equal to its like; `looked_up` counts how often it was looked for."""

    looked_up = threading.Semaphore(0)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Question)

    def __hash__(self) -> int:
        self.looked_up.release()
        return 1


def test_equal_questions_share_one_query() -> None:
    guard, go_on = _guard(), threading.Event()

    def query() -> str:
        assert go_on.wait(_WAIT_S)
        return "rows"

    def never() -> str:
        raise AssertionError("asked twice")

    with ThreadPoolExecutor(9) as threads:
        first = threads.submit(guard.run, _Question(), query)
        for _ in range(2):  # it looks, and enters itself
            assert _Question.looked_up.acquire(timeout=_WAIT_S)
        others = [threads.submit(guard.run, _Question(), never) for _ in range(8)]
        for _ in others:
            assert _Question.looked_up.acquire(timeout=_WAIT_S)
        go_on.set()
        assert [each.result(_WAIT_S) for each in [first, *others]] == ["rows"] * 9


def test_whoever_shares_a_query_shares_its_failure() -> None:
    guard, go_on = _guard(), threading.Event()

    def query() -> str:
        assert go_on.wait(_WAIT_S)
        return _failing()

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(guard.run, _Question(), query)
        for _ in range(2):
            assert _Question.looked_up.acquire(timeout=_WAIT_S)
        other = threads.submit(guard.run, _Question(), lambda: "rows")
        assert _Question.looked_up.acquire(timeout=_WAIT_S)
        go_on.set()
        assert isinstance(first.exception(_WAIT_S), OSError)
        assert isinstance(other.exception(_WAIT_S), OSError)


def test_different_questions_run_side_by_side_up_to_the_limit() -> None:
    guard, go_on = _guard(queries=2), threading.Event()
    running = threading.Barrier(3)

    def query() -> str:
        running.wait(_WAIT_S)
        assert go_on.wait(_WAIT_S)
        return "rows"

    with ThreadPoolExecutor(2) as threads:
        two = [threads.submit(guard.run, name, query) for name in ("a", "b")]
        running.wait(_WAIT_S)
        assert _problem(lambda: guard.run("c", lambda: "rows")).slug == "base-busy"
        go_on.set()
        assert [each.result(_WAIT_S) for each in two] == ["rows", "rows"]
    assert guard.run("c", lambda: "rows") == "rows"


def test_after_failures_in_a_row_nobody_asks_for_a_while() -> None:
    clock = _Clock()
    guard = _guard(clock, failures=3, rest_s=30.0)
    for _ in range(3):
        with pytest.raises(OSError, match="no"):
            guard.run("q", _failing)
    problem = _problem(lambda: guard.run("q", lambda: "rows"))
    assert (problem.slug, problem.headers["Retry-After"]) == ("base-failing", "30")
    clock.now += 29.9
    assert _problem(lambda: guard.run("q", lambda: "rows")).slug == "base-failing"
    clock.now += 0.1
    assert guard.run("q", lambda: "rows") == "rows"
    # a success resets the count
    for _ in range(2):
        with pytest.raises(OSError, match="no"):
            guard.run("q", _failing)
    assert guard.run("q", lambda: "rows") == "rows"


def test_after_the_rest_one_tries_and_the_others_wait_for_its_result() -> None:
    clock, go_on, has_begun = _Clock(), threading.Event(), threading.Event()
    guard = _guard(clock, failures=1, rest_s=30.0, queries=5)
    with pytest.raises(OSError, match="no"):
        guard.run("q", _failing)
    clock.now += 30

    def probe() -> str:
        has_begun.set()
        assert go_on.wait(_WAIT_S)
        raise OSError("still")

    with ThreadPoolExecutor(1) as threads:
        trying = threads.submit(guard.run, "a", probe)
        assert has_begun.wait(_WAIT_S)
        assert _problem(lambda: guard.run("b", lambda: "rows")).slug == "base-failing"
        go_on.set()
        assert isinstance(trying.exception(_WAIT_S), OSError)
    # it failed: the rest begins anew
    assert _problem(lambda: guard.run("b", lambda: "rows")).headers["Retry-After"] == "30"


def test_a_wrong_question_is_no_failure_of_the_relation() -> None:
    guard = _guard(failures=1)

    def wrong() -> str:
        raise Problem(400, "invalid-cursor", "no", remedy="no")

    assert _problem(lambda: guard.run("q", wrong)).slug == "invalid-cursor"
    assert guard.run("q", lambda: "rows") == "rows"
