"""vistafresca history"""

from __future__ import annotations

from datetime import UTC
from typing import Any

import click
from rich.markup import escape

from refresh_task.command_line.session import json_option, open_session, print_json
from refresh_task.model import Strategy
from refresh_task.report.terminal import number, view_table, wide_console

_STATUSES = ["running", "completed", "failed", "skipped", "cancelled", "abandoned", "upstream_failed"]


@click.command()
@click.argument("view", required=False)
@click.option("--status", "wanted_status", type=click.Choice(_STATUSES), help="Only attempts that came to this.")
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=20,
    show_default=True,
    help="The newest so many attempts.",
)
@json_option
def history(view: str | None, wanted_status: str | None, limit: int, *, as_json: bool) -> int:
    """The last attempts to refresh, the newest first; of one VIEW or of all."""
    with open_session() as session:
        entries = session.fetch_all("read_history", view=view, status=wanted_status, most=limit)
    if as_json:
        print_json(entries)
        return 0
    _print(entries)
    return 0


def _print(entries: list[dict[str, Any]]) -> None:
    console = wide_console()
    if not entries:
        console.print("No attempt is recorded.")
        return
    # Only where it says something: 80 columns are few.
    with_how = any(entry["changed_keys"] is not None for entry in entries)
    how = ["how", "keys"] * with_how
    table = view_table("started (UTC)", "status", *how, "seconds", "written", "removed", "rows", "by")
    for entry in entries:
        table.add_row(
            escape(entry["view_name"]),
            f"{entry['started_at'].astimezone(UTC):%F %T}",
            entry["status"],
            *[entry["strategy"] or "", number(entry["changed_keys"])] * with_how,
            "" if entry["duration_ms"] is None else f"{entry['duration_ms'] / 1000:.2f}",
            *(number(entry[rows]) for rows in ("rows_inserted", "rows_deleted", "rows_total")),
            entry["trigger_type"],
        )
    console.print(table)
    for entry in entries:
        # a refresh that was computed in full, though it need not have been, says why
        is_told = entry["status"] != "completed" or entry["strategy"] == Strategy.DIFFERENCE
        if is_told and (why := entry["error"] or entry["reason"]):
            told = ". ".join(
                filter(None, [f"{entry['view_name']} {entry['status']}: {why.rstrip('.')}", entry["remedy"]])
            )
            console.print(
                f"{entry['started_at'].astimezone(UTC):%F %T} {told}", markup=False, highlight=False, soft_wrap=True
            )
