"""A reporter's failure never changes an outcome."""

from __future__ import annotations

import pytest

from refresh_task.report import Reporter, Reporters


class _Broken(Reporter):
    def run_started(self, run_id: int) -> None:
        raise RuntimeError(f"cannot tell of run {run_id}")


class _Listening(Reporter):
    def __init__(self) -> None:
        self.heard: list[int] = []

    def run_started(self, run_id: int) -> None:
        self.heard.append(run_id)


def test_a_failing_backend_is_named_and_the_others_are_told_all_the_same() -> None:
    failures: list[tuple[str, str]] = []
    listening = _Listening()
    reporters = Reporters(
        [_Broken(), listening], on_failure=lambda reporter, error: failures.append((reporter, str(error)))
    )
    reporters.run_started(7)
    assert listening.heard == [7]
    assert failures == [("_Broken", "cannot tell of run 7")]


def test_an_interrupt_is_no_failure_of_a_backend() -> None:
    class Interrupted(Reporter):
        def close(self) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Reporters([Interrupted()], on_failure=lambda *_: None).close()
