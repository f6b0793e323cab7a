"""A views.toml to begin with: every view, a target lag that its cost allows, and what there is to say of it."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence

from refresh_task.inspection.cost import Cost
from refresh_task.inspection.facts import Facts, ViewFacts
from refresh_task.inspection.finding import Code, Finding, Level
from refresh_task.inspection.functions import depends_on
from refresh_task.inspection.words import size

# A view should not be refreshed for more than a twentieth of the time, nor promised newer than runs can make it.
_SHARE = 20
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_LAGS_S = tuple(
    [15 * _MINUTE, 30 * _MINUTE]
    + [hours * _HOUR for hours in (1, 2, 4, 6, 12)]
    + [days * _DAY for days in (1, 2, 4, 7, 14, 30)]
)
# What the file itself answers, or what applying it settles.
_LEFT_OUT = {Code.NOT_MANAGED, Code.UNMANAGED_UPSTREAM, Code.NOT_INCREMENTAL}
_WIDTH = 120


def write_views_file(
    facts: Facts, findings: Sequence[Finding], costs: Mapping[str, Cost], *, server: str, interval_s: float
) -> str:
    """The whole file. `interval_s` is the time between two runs."""
    parts = [_head(facts, server)]
    for view in facts.views:
        of_view = [finding for finding in findings if finding.view == view.name and finding.code not in _LEFT_OUT]
        parts.append("\n".join(_entry(view, of_view, costs[view.name], interval_s, _cycle_of(view, findings))))
    return "\n\n".join(parts) + "\n"


def target_lag(cost_s: float, interval_s: float) -> str:
    """The shortest of the usual ones that a view of this cost can keep."""
    least = max(cost_s * _SHARE, interval_s * 1.5)
    seconds = next((lag for lag in _LAGS_S if lag >= least), _LAGS_S[-1])
    for unit, length in (("day", _DAY), ("hour", _HOUR)):
        if seconds % length == 0:
            return f"{seconds // length} {unit}{'s' if seconds > length else ''}"
    return f"{seconds // _MINUTE} minutes"


def _head(facts: Facts, server: str) -> str:
    lines = list(
        _comment(
            f"Written by vistafresca init from {server}. Review it: nobody but you knows how old each view's data may "
            "be. Then: vistafresca apply --dry-run, and vistafresca apply. Every key: docs/configuration.md. More on "
            "each remark: vistafresca doctor and docs/doctor.md."
        )
    )
    if facts.managed:
        lines += _comment(
            f"The database has {len(facts.managed)} policies already; this file does not repeat what they say."
        )
    if not facts.views:
        lines += _comment("There is no materialized view yet.")
    return "\n".join([*lines, "", "[defaults]", 'target_lag = "15 minutes"'])


def _entry(
    view: ViewFacts, findings: Sequence[Finding], cost: Cost, interval_s: float, cycle: Finding | None
) -> Iterator[str]:
    yield from _comment(f"{_extent(view)}; a refresh {cost.evidence}.")
    for finding in findings:
        if finding.level is not Level.OK:
            remedy = "" if finding.remedy is None else f" {finding.remedy}"
            yield from _comment(f"{finding.level}: {finding.what}{remedy}")
    yield "[[view]]"
    yield f"name = {_string(view.name)}"
    yield f"target_lag = {_string(target_lag(cost.seconds, interval_s))}"
    if cycle is not None:
        yield "enabled = false  # until the cycle is broken"
    hidden = [function for function in view.functions if function.is_opaque]
    if hidden:
        mentioned = sorted({name for function in hidden for name in function.mentions} - {view.name})
        yield from _comment(depends_on(mentioned))


def _extent(view: ViewFacts) -> str:
    if view.row_count is None:
        return "Never analyzed, and locked now, so how large it is is not known"
    how = "" if view.is_analyzed or not view.row_count else " (never analyzed, guessed by the size)"
    return f"{view.row_count:,} rows{how}, {size(view.size_bytes)}"


def _cycle_of(view: ViewFacts, findings: Sequence[Finding]) -> Finding | None:
    """Which the view is in, or names."""
    cycles = (finding for finding in findings if finding.code is Code.CYCLE)
    return next(
        (cycle for cycle in cycles if view.name in cycle.what.removesuffix(".").split(": ", 1)[1].split(" → ")), None
    )


def _comment(text: str) -> Iterator[str]:
    """As many lines as it takes. Whatever ends a line elsewhere ends none here: names are anybody's."""
    flat = re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]+", " ", text)
    for line in textwrap.wrap(flat, _WIDTH - 2, break_long_words=False, break_on_hyphens=False):
        yield f"# {line}"


def _string(text: str) -> str:
    """As TOML's basic string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
