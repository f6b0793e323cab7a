"""vistafresca status"""

from __future__ import annotations

from dataclasses import asdict

import click
from rich.markup import escape

from refresh_task.catalog import read_view_status
from refresh_task.command_line.session import json_option, open_session, print_json
from refresh_task.model import ExitCode, Freshness, ViewStatus
from refresh_task.report.terminal import age, number, view_table, wide_console

_COLOURS = {Freshness.FRESH: "green", Freshness.STALE: "yellow", Freshness.VERY_STALE: "red"}


@click.command()
@json_option
def status(*, as_json: bool) -> int:
    """How fresh each view is now, and what its last refresh came to. Exit code 1: a view is late or failing."""
    with open_session() as session:
        views = read_view_status(session)
    if as_json:
        print_json([asdict(view) for view in views])
    else:
        _print(views)
    troubled = any(view.enabled and (view.is_late or view.consecutive_failures) for view in views)
    return ExitCode.VIEWS_FAILED if troubled else ExitCode.OK


def _print(views: tuple[ViewStatus, ...]) -> None:
    console = wide_console()
    if not views:
        console.print("No view is managed yet. Declare some in views.toml and run: vistafresca apply")
        return
    table = view_table("freshness", "lag", "target", "rows", "last try", "seconds", "failures")
    for view in views:
        table.add_row(
            escape(view.name),
            f"[{_COLOURS[view.freshness]}]{view.freshness}[/]" if view.enabled else "disabled",
            age(view.lag_s),
            age(view.target_lag.total_seconds()),
            number(view.rows_total),
            view.last_status or "never",
            "" if view.last_duration_ms is None else f"{view.last_duration_ms / 1000:.2f}",
            str(view.consecutive_failures),
        )
    console.print(table)
    for view in views:
        if view.last_status == "failed":
            since = "" if view.failing_since is None else f" since {view.failing_since:%F %T %Z}"
            console.print(
                f"{view.name} fails{since}: {view.last_message}\n  {view.last_remedy or ''}",
                style="red",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )
