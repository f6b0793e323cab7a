"""vistafresca incremental explain"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from dataclasses import asdict

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from refresh_task.command_line.names import column_list
from refresh_task.command_line.session import json_option, open_session, print_json
from refresh_task.incremental import ExplainedTable, Explanation, writers_throughput
from refresh_task.incremental import explain as explain_view
from refresh_task.model import ExitCode
from refresh_task.report.terminal import wide_console
from refresh_task.settings import Settings

_KIB = 1024
_WORTH_SAYING = 1.5  # times faster
_MINUTE_S = 60
_OVER_STAGES = (
    "  of few rows, it may stay a materialized view over its stages (--output materialized-view): each change is "
    "followed by REFRESH … CONCURRENTLY of what is left of its query, and scripts that refresh it go on working"
)


@click.command()
@click.argument("view")
@click.option("--key", callback=column_list, help="Columns that tell the view's rows apart: a,b.")
@json_option
def explain(view: str, key: tuple[str, ...] | None, *, as_json: bool) -> int:
    """What refreshing VIEW incrementally would bring, and cost. Reads only, with nothing installed.

    Exit code 1: it cannot be enabled as things are, or nothing would come of it.
    """
    interval_s = Settings.from_environment(os.environ).interval_s
    with open_session(schema_required=False) as session:
        explanation = explain_view(session, view, interval_s=interval_s, key=key)
    if as_json:
        print_json({**asdict(explanation), "is_worth_it": explanation.is_worth_it})
    else:
        _print(explanation)
    return ExitCode.OK if explanation.is_worth_it and not explanation.in_the_way else ExitCode.VIEWS_FAILED


def _print(explanation: Explanation) -> None:
    console = wide_console()
    status = "" if explanation.status is None else f" ({explanation.status})"
    _say(console, f"{explanation.view}{status}", style="bold")
    for obstacle in explanation.obstacles:
        _say(console, f"  never incrementally: {obstacle}", style="red")
    if explanation.tables:
        table = Table("table", "a changed row touches", "rows", "size", "written an hour", box=SIMPLE_HEAD)
        for each in explanation.tables:
            table.add_row(
                escape(each.name),
                escape(_touches(each)),
                f"{each.row_count:,}",
                _size(each.bytes),
                f"{each.changes_per_hour:,.0f}",
            )
        console.print(table)
    for text, style in _remarks(explanation):
        _say(console, text, style=style)


def _touches(table: ExplainedTable) -> str:
    if table.slice is None:
        return f"everything: {table.reason}"
    columns = ", ".join(table.slice)
    nulls = "; any change also the rows with a NULL there" if table.null_slice == "any" else ""
    slides = f"; {', '.join(slide.column for slide in table.slides)} in a window that moves" if table.slides else ""
    if table.lookup is None:
        return f"rows of its {columns}{nulls}{slides}"
    key = ", ".join(own for own, _ in table.lookup.pairs)
    return f"rows of the {columns} that its {key} finds in {table.lookup.name}{nulls}{slides}"


def _remarks(explanation: Explanation) -> Iterator[tuple[str, str]]:
    if explanation.key is None:
        yield (
            "key: none is proved; rows are matched as wholes, slice by slice. A unique index helps, or --key.",
            "yellow",
        )
    else:
        yield f"key: {', '.join(explanation.key)}", ""
    for moving in explanation.moving:
        yield f"in full whenever it moves: {moving}", "yellow"
    yield from _stages(explanation)
    for remark in explanation.remarks:
        yield f"note: {remark}", "yellow"
    for problem in explanation.in_the_way:
        yield f"in the way: {problem}", "red"
    if explanation.carried:
        yield f"taken along: {', '.join(explanation.carried)}", ""
    if explanation.rebuilt:
        yield f"built anew beside it, and taken along: {', '.join(explanation.rebuilt)}", ""
    if explanation.is_worth_it:
        yield from _expectation(explanation)
        if not explanation.in_the_way and explanation.status is None:
            yield f"→ vistafresca incremental enable {shlex.quote(explanation.view)}", "bold"
    if explanation.status in ("enabling", "disabling"):
        verb = "enable" if explanation.status == "enabling" else "disable"
        yield f"→ half done, go on: vistafresca incremental {verb} {shlex.quote(explanation.view)}", "bold"
    if not explanation.is_worth_it and not explanation.obstacles:
        yield "Nothing would come of it: a change of any of its tables may touch every row.", "red"


def _stages(explanation: Explanation) -> Iterator[tuple[str, str]]:
    for suggestion in explanation.suggestions:
        yield f"a stage would help: {suggestion.words}", "green"
    if explanation.suggestions and explanation.status is None:
        yield _OVER_STAGES, ""


def _expectation(explanation: Explanation) -> Iterator[tuple[str, str]]:
    gain = explanation.gain
    minutes = gain.interval_s / _MINUTE_S
    times = "" if gain.refresh_s is None else f" ({gain.refresh_s:.1f} s now, {gain.expected_s or 0:.2f} s then)"
    if gain.times_faster >= _WORTH_SAYING:
        yield f"expected: refreshes about {gain.times_faster:.0f} times faster than now{times}, or more", "green"
    else:
        yield f"expected: refreshes about as fast as now{times}, unless the view is large", "yellow"
    why = (
        f"in {minutes:g} minutes {', '.join(gain.in_full)} usually changes, and that means in full"
        if gain.in_full
        else f"in {minutes:g} minutes {gain.share:.3%} of the table that changes most are written"
    )
    since = f"by the statistics of the last {explanation.observed_hours:.0f} h"
    yield (
        f"  assumed: {why} ({since}), changes spread evenly, and the least that docs/benchmarks.md has for any view",
        "dim",
    )
    asynchronous, synchronous = writers_throughput()
    captured = ", ".join(table.name for table in explanation.tables if not table.problem)
    kept = f"about {synchronous:.0%} of their throughput ({asynchronous:.0%} where synchronous_commit is off)"
    yield f"expected cost: triggers on {captured}, whose writers keep {kept}", ""


def _size(number: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if number < _KIB:
            return f"{number:.0f} {unit}"
        number /= _KIB
    return f"{number:.1f} TiB"


def _say(console: Console, text: str, *, style: str = "") -> None:
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)
