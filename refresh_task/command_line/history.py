"""vistafresca history"""

from __future__ import annotations

import click
from rich.box import SIMPLE_HEAD
from rich.table import Column, Table

from refresh_task.command_line.session import json_option, open_session, print_json
from refresh_task.report.terminal import wide_console

_STATUSES = ["running", "completed", "failed", "skipped", "cancelled", "abandoned"]


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
    table = Table(
        "log",
        "run",
        Column("view", no_wrap=True),
        "status",
        "started",
        "seconds",
        "written",
        "removed",
        "rows",
        "trigger",
        "why",
        box=SIMPLE_HEAD,
    )
    for entry in entries:
        table.add_row(
            str(entry["id"]),
            str(entry["run_id"] or ""),
            entry["view_name"],
            entry["status"],
            f"{entry['started_at']:%F %T %Z}",
            "" if entry["duration_ms"] is None else f"{entry['duration_ms'] / 1000:.2f}",
            *(
                "" if entry[rows] is None else f"{entry[rows]:,}"
                for rows in ("rows_inserted", "rows_deleted", "rows_total")
            ),
            f"{entry['trigger_type']} by {entry['triggered_by']}",
            " ".join(filter(None, [entry["error"] or entry["reason"], entry["remedy"]])).replace("[", "\\["),
        )
    wide_console().print(table if entries else "No attempt is recorded.")
    return 0
