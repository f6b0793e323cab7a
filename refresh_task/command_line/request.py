"""vistafresca request"""

from __future__ import annotations

import click

from refresh_task.command_line.session import json_option, open_session, print_json
from refresh_task.command_line.views import find_view
from refresh_task.model import Priority


@click.command()
@click.argument("view")
@click.option(
    "--priority",
    type=click.Choice([str(priority) for priority in Priority]),
    default=str(Priority.NORMAL),
    show_default=True,
    help="Among views that could begin, the higher one begins first.",
)
@click.option("--reason", help="For the people who read the queue.")
@json_option
def request(view: str, priority: str, reason: str | None, *, as_json: bool) -> int:
    """Ask for VIEW's refresh, which the next `vistafresca run`, or `run --requested`, does. Prints the request's
    number."""
    with open_session() as session:
        found = find_view(session, view)
        entry = session.fetch_one("request_refresh", view=found.name, priority=priority, reason=reason)
    if not found.enabled:
        click.secho(f"{found.name} is disabled: the request waits until it is enabled, for a day at most.", err=True)
    if as_json:
        print_json({"id": entry["id"], "view": found.name, "priority": priority})
    else:
        click.echo(entry["id"])
    return 0
