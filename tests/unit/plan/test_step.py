"""What a step will do: with which strategy, with or without a fingerprint, or nothing while its view is suspended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from refresh_task.model import (
    ChangeDetection,
    DueBy,
    ExclusiveWindow,
    Fingerprinting,
    RunKind,
    Schedule,
    Step,
    Strategy,
    View,
)
from tests.unit.plan.generated import NOW, ago, plan, view

CHECK, KEEP, NONE = Fingerprinting.CHECK, Fingerprinting.KEEP, Fingerprinting.NONE
PAYS = {"unchanged_ratio": 0.5, "p50_s": 10.0, "fingerprint_s": 1.0}
DOES_NOT = {"unchanged_ratio": 0.5, "p50_s": 1.0, "fingerprint_s": 0.8}


def late(**values: Any) -> View:
    return view("s.a", **{"global_data_timestamp": ago(hours=1), **values})


def step(made_from: View, **more: Any) -> Step:
    (only,) = plan(made_from, **more).steps
    return only


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # a fingerprint is at hand
        ({"has_fingerprint": True}, CHECK),
        ({"has_fingerprint": True, **PAYS}, CHECK),
        ({"has_fingerprint": True, **DOES_NOT}, CHECK),
        ({"has_fingerprint": True, "checks_passed_over": 99}, CHECK),
        # none is
        ({}, KEEP),
        (PAYS, KEEP),
        (DOES_NOT, NONE),
        (DOES_NOT | {"checks_passed_over": 19}, NONE),
        (DOES_NOT | {"checks_passed_over": 20}, KEEP),
        # what is not known is tried
        *[({**DOES_NOT, unknown: None}, KEEP) for unknown in DOES_NOT],
        # it will be refreshed whatever a check would say
        *[
            ({"has_fingerprint": has, **forced, **cost}, NONE if cost is DOES_NOT else KEEP)
            for has in (True, False)
            for cost in (PAYS, DOES_NOT, {})
            for forced in (
                {"changed_tables": ("s.t",)},
                {"refreshed_at": ago(hours=25)},
                {"refreshed_at": None},
                {"global_data_timestamp": None},
                {"is_populated": False},
            )
        ],
        ({"has_fingerprint": True, "changed_tables": ("s.t",), **DOES_NOT, "checks_passed_over": 20}, KEEP),
        # exactly break-even does not pay
        ({"unchanged_ratio": 0.5, "p50_s": 2.0, "fingerprint_s": 1.0}, NONE),
        ({"unchanged_ratio": 0.5, "p50_s": 2.1, "fingerprint_s": 1.0}, KEEP),
    ],
)
def test_when_a_fingerprint_is_taken(values: dict[str, Any], expected: Fingerprinting) -> None:
    assert step(late(**values)).fingerprinting is expected
    # touches are read in no time
    touched = step(late(change_detection=ChangeDetection.TOUCH, **values)).fingerprinting
    assert touched is (CHECK if expected is CHECK else KEEP)
    assert step(late(change_detection=ChangeDetection.NONE, **values)).fingerprinting is NONE


@pytest.mark.parametrize(("force", "expected"), [(False, CHECK), (True, KEEP)])
def test_a_named_view_is_made_anew_even_where_nothing_changed_only_by_force(
    *, force: bool, expected: Fingerprinting
) -> None:
    made = step(late(has_fingerprint=True, **PAYS), kind=RunKind.MANUAL, names={"s.a"}, force=force)
    assert (made.due_by, made.fingerprinting) == (DueBy.NAMED, expected)
    assert made.reason == "named by this run; concurrent by its unique index s.a_key"


@pytest.mark.parametrize(
    ("values", "remark"),
    [
        (
            DOES_NOT,
            (
                "its fingerprint costs 0.8 s and a refresh 1 s, and 50% of its checks found nothing changed, "
                "so it is not taken"
            ),
        ),
        ({"changed_tables": ("s.t", "s.u")}, "s.t, s.u changed"),
        ({"changed_tables": tuple("abcde")}, "a, b, c and 2 more changed"),
        ({"refreshed_at": ago(hours=25)}, "refreshed whatever a check would say, for its audit"),
    ],
)
def test_what_is_remarkable_about_a_fingerprint_is_in_the_reason(values: dict[str, Any], remark: str) -> None:
    assert step(late(**values)).reason.endswith(f"; concurrent by its unique index s.a_key; {remark}")


# ---- strategy

NIGHT = ExclusiveWindow(Schedule("0 4 * * *", "America/Bogota"), timedelta(hours=2))  # 09:00 to 11:00 UTC


@pytest.mark.parametrize(
    ("values", "strategy", "how"),
    [
        ({}, Strategy.CONCURRENT, "concurrent by its unique index s.a_key"),
        ({"exclusive_window": NIGHT}, Strategy.CONCURRENT, "concurrent by its unique index s.a_key"),
        ({"is_populated": False}, Strategy.EXCLUSIVE, "exclusive, for nobody can be reading it"),
        ({"is_populated": False, "unique_index": None}, Strategy.EXCLUSIVE, "exclusive, for nobody can be reading it"),
        (
            {"unique_index": None},
            Strategy.CONCURRENT,
            "it has no usable unique index, which the attempt will record with the statement that mends it",
        ),
        (
            {"unique_index": None, "exclusive_window": NIGHT},
            Strategy.EXCLUSIVE,
            (
                "exclusive: no usable unique index; "
                "its window for a blocking refresh is open until 2026-11-22 11:00:00 UTC"
            ),
        ),
        ({"oid": None, "is_populated": False}, Strategy.CONCURRENT, "which the attempt will record"),
    ],
)
def test_readers_wait_only_where_there_are_none_or_the_policy_allows_it(
    values: dict[str, Any], strategy: Strategy, how: str
) -> None:
    made = step(late(**values))
    assert made.strategy is strategy
    assert made.reason.endswith(f"; {how}")


@pytest.mark.parametrize("minutes", [-61, 60])
def test_a_view_without_an_index_waits_for_its_window(minutes: int) -> None:
    """Attempts that must fail would have it suspended by the time the window opens."""
    now = NOW + timedelta(minutes=minutes)
    opens = NOW - timedelta(hours=1) if minutes < 0 else NOW + timedelta(hours=23)
    made = plan(late(unique_index=None, exclusive_window=NIGHT, global_data_timestamp=ago(days=9)), now=now)
    assert made.steps == ()
    assert [(left.reason, left.next_due_at) for left in made.undue] == [
        (
            (
                "no usable unique index; it waits for its window for a blocking refresh, "
                f"which opens at {opens:%Y-%m-%d %H:%M:%S} UTC"
            ),
            opens,
        )
    ]


def test_who_names_it_does_not_wait_for_the_window() -> None:
    waiting = late(unique_index=None, exclusive_window=ExclusiveWindow(Schedule("0 0 1 1 *"), timedelta(hours=1)))
    assert plan(waiting).steps == ()
    assert step(waiting, kind=RunKind.MANUAL, names={"s.a"}).strategy is Strategy.CONCURRENT


# ---- suspension

SUSPENDED = {"suspended_at": ago(hours=1), "probe_at": NOW + timedelta(minutes=30)}


def test_a_suspended_view_is_skipped_in_the_runs_that_would_refresh_it() -> None:
    made = step(late(**SUSPENDED))
    assert (made.strategy, made.fingerprinting, made.due_by) == (Strategy.SKIP, NONE, DueBy.TARGET_LAG)
    assert made.reason == (
        "suspended since 2026-11-22 09:00:00 UTC; it is tried again at 2026-11-22 10:30:00 UTC; "
        "now: vistafresca resume s.a"
    )
    assert plan(late(**{**SUSPENDED, "global_data_timestamp": ago(minutes=1)})).steps == ()


def test_what_a_suspended_view_reads_is_not_refreshed_for_its_sake() -> None:
    reader, read = (
        late(upstream=("s.read",), **SUSPENDED),
        view("s.read", target_lag=None, global_data_timestamp=ago(hours=9)),
    )
    assert [made.view for made in plan(reader, read).steps] == ["s.a"]


def test_what_reads_a_suspended_view_has_it_as_a_step_to_wait_for() -> None:
    read = view("s.read", **SUSPENDED, global_data_timestamp=ago(hours=9), target_lag=None)
    skipped, reader = plan(read, late(upstream=("s.read",))).steps
    assert (skipped.view, skipped.strategy, skipped.due_by) == ("s.read", Strategy.SKIP, DueBy.DOWNSTREAM)
    assert (reader.strategy, reader.upstream) == (Strategy.CONCURRENT, ("s.read",))


@pytest.mark.parametrize("probe_at", [NOW, None])
def test_a_suspended_view_is_tried_once_its_time_has_come(probe_at: object) -> None:
    made = step(late(**{**SUSPENDED, "probe_at": probe_at}))
    assert (made.strategy, made.due_by) == (Strategy.CONCURRENT, DueBy.PROBE)
    assert made.reason == (
        "suspended since 2026-11-22 09:00:00 UTC, tried once more; concurrent by its unique index s.a_key"
    )


def test_who_names_a_suspended_view_gets_it() -> None:
    made = step(late(**SUSPENDED), kind=RunKind.MANUAL, names={"s.a"})
    assert (made.strategy, made.due_by) == (Strategy.CONCURRENT, DueBy.NAMED)
