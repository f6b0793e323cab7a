"""vistafresca status"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import asdict

import click
from rich.markup import escape

from refresh_task.catalog import read_view_status
from refresh_task.command_line.session import json_option, open_session, print_json
from refresh_task.model import ExitCode, Freshness, IncrementalStatus, ViewStatus
from refresh_task.report.terminal import age, not_enabled, number, view_table, wide_console

_COLOURS = {Freshness.FRESH: "green", Freshness.STALE: "yellow", Freshness.VERY_STALE: "red"}
_OLDER_UPSTREAM_S = 60.0  # from here on it is worth a sentence


@click.command()
@json_option
def status(*, as_json: bool) -> int:
    """How fresh each view is now, and what its last refresh came to. Exit code 1: a view is late or failing."""
    with open_session() as session:
        views = read_view_status(session)
        server = session.server
    if as_json:
        print_json([asdict(view) for view in views])
    else:
        _print(server, views)
    troubled = any(view.enabled and (view.is_late or view.consecutive_failures) for view in views)
    return ExitCode.VIEWS_FAILED if troubled else ExitCode.OK


def _print(server: str, views: tuple[ViewStatus, ...]) -> None:
    console = wide_console()
    console.print(server, style="bold", markup=False, highlight=False, soft_wrap=True)
    if not views:
        console.print("No view is managed yet. Declare some in views.toml and run: vistafresca apply")
        return
    # Only where it says something: 80 columns are few.
    with_how = any(view.incremental_status is not None for view in views)
    columns = ("freshness", "lag", "target", "rows", "last try", *["how", "keys"] * with_how, "seconds", "failures")
    table = view_table(*columns)
    for view in views:
        table.add_row(
            escape(view.name),
            f"[{_COLOURS[view.freshness]}]{view.freshness}[/]" if view.enabled else "disabled",
            age(view.lag_s),
            "downstream" if view.target_lag is None else age(view.target_lag.total_seconds()),
            number(view.rows_total),
            "suspended" if view.suspended_at is not None else view.last_status or "never",
            *[view.last_strategy or "", number(view.last_changed_keys)] * with_how,
            "" if view.last_duration_ms is None else f"{view.last_duration_ms / 1000:.2f}",
            str(view.consecutive_failures),
        )
    console.print(table)
    for view in views:
        for text, style in _remarks(view):
            console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def _remarks(view: ViewStatus) -> Iterator[tuple[str, str]]:
    """What a view's row has no room for: sentences, each with its style."""
    if view.last_status in ("failed", "upstream_failed"):
        since = "" if view.failing_since is None else f" since {view.failing_since:%F %T %Z}"
        verb = "fails" if view.last_status == "failed" else "waits for an upstream view"
        yield f"{view.name} {verb}{since}: {view.last_message}\n  {view.last_remedy or ''}".rstrip(), "red"
    elif view.last_status == "skipped" and view.is_late and view.suspension is None:
        yield f"{view.name} is late, and was left alone by its last try: {view.last_message}", "yellow"
    # The remedy of the failure that suspended it says so, too.
    if view.suspension is not None and "is suspended" not in (view.last_remedy or ""):
        yield view.suspension, "yellow"
    if view.lag_s is not None and view.local_lag_s is not None and view.lag_s >= view.local_lag_s + _OLDER_UPSTREAM_S:
        yield (
            f"{view.name} was made {age(view.local_lag_s)} ago from views whose data is {age(view.lag_s)} old.",
            "dim",
        )
    if view.distrust is not None:
        yield view.distrust, "red"
    elif view.incremental_status in (IncrementalStatus.ENABLING, IncrementalStatus.DISABLING):
        since = "" if view.incremental_since is None else f" since {view.incremental_since:%F %T %Z}"
        verb = "enable" if view.incremental_status is IncrementalStatus.ENABLING else "disable"
        go_on = f"vistafresca incremental {verb} {shlex.quote(view.name)}"
        yield f"{view.name} is {view.incremental_status}{since}. If nobody is at it any more, go on: {go_on}", "yellow"
    elif view.why_full is not None:
        yield f"{view.name}, last refreshed in full: {view.why_full.removeprefix('in full: ')}", "dim"
    elif view.is_not_enabled:
        yield not_enabled(view), "dim"
    if view.oldest_request_at is not None:
        waiting = "1 request waits" if view.waiting_requests == 1 else f"{view.waiting_requests} requests wait"
        yield f"{view.name}: {waiting} since {view.oldest_request_at:%F %T %Z}.", "dim"
