"""What enabling a view would bring, for the few that seem most worth it: a proof takes longer than all other checks
together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from refresh_task.database import Session
from refresh_task.errors import VistafrescaError
from refresh_task.incremental import Explanation
from refresh_task.incremental import explain as prove_and_estimate
from refresh_task.inspection import Code, Facts, Finding
from refresh_task.inspection.words import duration

_MOST_PROVED = 3


def with_expected_gains(
    session: Session, findings: Iterable[Finding], facts: Facts, *, interval_s: float
) -> tuple[Finding, ...]:
    """The findings, those about the slowest candidates with what was proved of them; without those that the proof
    refutes."""
    found = tuple(findings)
    slow = {view.name: view.refresh_s or 0.0 for view in facts.views}
    candidates = sorted(
        (each.view or "" for each in found if each.code is Code.INCREMENTAL_CANDIDATE), key=lambda view: -slow[view]
    )
    proved = {view: _proved(session, view, interval_s) for view in candidates[:_MOST_PROVED]}
    told = (
        _told(finding, proved.get(finding.view or "")) if finding.code is Code.INCREMENTAL_CANDIDATE else finding
        for finding in found
    )
    return tuple(finding for finding in told if finding is not None)


def _proved(session: Session, view: str, interval_s: float) -> Explanation | None:
    try:
        return prove_and_estimate(session, view, interval_s=interval_s)
    except VistafrescaError:
        return None  # the command that the finding names will say why


def _told(finding: Finding, proved: Explanation | None) -> Finding | None:
    if proved is None:
        return finding
    if not proved.is_worth_it or proved.gain.in_full:
        return None
    gain = proved.gain
    direct = ", ".join(table.name for table in proved.tables if table.slice is not None)
    times = f"{gain.times_faster:,.0f} times" if gain.times_faster >= 2 else "little"  # noqa: PLR2004  # from two on
    seconds = "" if gain.expected_s is None else f" ({duration(gain.expected_s)})"
    return replace(
        finding,
        what=f"{finding.what} A changed row of {direct} touches only a slice of it, as the planner proves.",
        why=f"After {duration(gain.interval_s)} of usual writing an incremental "
        f"refresh would be about {times} faster{seconds}; writers of its tables would keep 80 to 95 % of their "
        "throughput.",
    )
