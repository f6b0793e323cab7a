"""Views as a catalog may have them: any graph without a cycle, any age, any policy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from refresh_task.model import ExclusiveWindow, Plan, Priority, RunKind, Schedule, View
from refresh_task.plan import make_plan

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
INTERVAL = timedelta(minutes=10)
OPEN = ExclusiveWindow(Schedule("0 9 * * *", "UTC"), timedelta(hours=2))
SHUT = ExclusiveWindow(Schedule("0 3 * * *", "UTC"), timedelta(hours=2))

_ages = st.none() | st.timedeltas(timedelta(0), timedelta(days=3))
_target_lags = st.none() | st.sampled_from(
    [timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1), timedelta(days=2)]
)
_durations = st.none() | st.floats(0, 300)


def ago(**parts: float) -> datetime:
    """Before now."""
    return NOW - timedelta(**parts)


def view(name: str, **values: Any) -> View:
    """A view that is not due unless the values make it so: refreshed a minute ago."""
    fresh = ago(minutes=1)
    known = {"data_timestamp": fresh, "global_data_timestamp": fresh, "refreshed_at": fresh}
    return View(**{"name": name, "oid": 1, "unique_index": f"{name}_key", **known, **values})


def plan(*views: View, kind: RunKind = RunKind.SCHEDULED, **more: Any) -> Plan:
    """As the task asks for it."""
    return make_plan(
        views, **{"now": NOW, "interval_s": INTERVAL.total_seconds(), "default_timeout_s": 300.0, "kind": kind, **more}
    )


def close(edges: Mapping[str, set[str]]) -> dict[str, tuple[str, ...]]:
    """The transitive closure, the slow way."""
    closed = {name: set(above) for name, above in edges.items()}
    while any(
        not closed[name].issuperset(more)
        for name in closed
        for more in [set().union(*(closed[above] for above in closed[name]))]
    ):
        for above in closed.values():
            above.update(*[closed[name] for name in above])
    return {name: tuple(sorted(above)) for name, above in closed.items()}


@st.composite
def worlds(draw: st.DrawFn, /, *, undue: bool = False, **more: bool) -> list[View]:
    """Up to seven views, in any order. With `undue`, half of them are planned for another's sake, if at all."""
    names = [f"s.{letter}" for letter in "abcdefg"[: draw(st.integers(1, 7))]]
    shuffled = draw(st.permutations(names))  # the graph's order is not the names'
    edges = {name: {above for above in shuffled[:i] if draw(st.booleans())} for i, name in enumerate(shuffled)}
    upstream = close(edges)
    made = [
        draw((_undue_views if undue and draw(st.booleans()) else _views)(name, upstream[name], **more))
        for name in names
    ]
    return draw(st.permutations(made))


def _groups(*, with_groups: bool) -> st.SearchStrategy[str | None]:
    return st.none() | st.sampled_from(["g", "h"]) if with_groups else st.none()


@st.composite
def _undue_views(
    draw: st.DrawFn, /, name: str, upstream: tuple[str, ...], *, with_groups: bool = False, **_: bool
) -> View:  # private
    return view(
        name,
        upstream=upstream,
        group=draw(_groups(with_groups=with_groups)),
        target_lag=timedelta(days=2),
        global_data_timestamp=NOW - draw(st.timedeltas(timedelta(0), timedelta(hours=20))),
    )


@st.composite
def _views(
    draw: st.DrawFn,
    name: str,
    upstream: tuple[str, ...],
    *,
    with_groups: bool = False,
    with_windows: bool = False,
    suspended: bool = True,
) -> View:  # private
    age = draw(_ages)
    is_suspended = suspended and draw(st.booleans())
    return View(
        name=name,
        oid=draw(st.none() | st.integers(1, 9)),
        is_populated=draw(st.booleans()),
        unique_index=draw(st.none() | st.just("an_index")),
        target_lag=draw(_target_lags),
        statement_timeout=draw(st.none() | st.timedeltas(timedelta(seconds=1), timedelta(days=1))),
        group=draw(_groups(with_groups=with_groups)),
        exclusive_window=draw(st.none() | st.sampled_from([OPEN, SHUT])) if with_windows else None,
        priority=draw(st.sampled_from(Priority)),
        upstream=upstream,
        global_data_timestamp=None if age is None else NOW - age,
        refreshed_at=None if age is None else NOW - age - timedelta(minutes=draw(st.integers(0, 3_000))),
        suspended_at=ago(hours=2) if is_suspended else None,
        probe_at=draw(st.sampled_from([ago(hours=1), NOW + timedelta(hours=1)])) if is_suspended else None,
        p50_s=draw(_durations),
        p95_s=draw(_durations),
        last_attempt=draw(st.integers(0, 3)),
        requests=draw(st.integers(0, 2)),
        request_priority=draw(st.none() | st.sampled_from(Priority)),
    )
