"""vistafresca resume"""

from __future__ import annotations

import click

from refresh_task.command_line.session import json_option, open_session, print_json
from refresh_task.command_line.views import find_view


@click.command()
@click.argument("views", metavar="VIEW...", nargs=-1, required=True)
@json_option
def resume(views: tuple[str, ...], *, as_json: bool) -> int:
    """End the suspension of the named views, once what made them fail is mended: the next run tries them."""
    with open_session() as session:
        # All names first: a misspelt one leaves everything as it is.
        names = dict.fromkeys(find_view(session, view).name for view in views)
        resumed = {name: session.fetch_one("resume_view", view=name)["was_suspended"] for name in names}
    if as_json:
        print_json([{"view": name, "was_suspended": was_suspended} for name, was_suspended in resumed.items()])
        return 0
    for name, was_suspended in resumed.items():
        click.echo(f"{name} {'is resumed: the next run tries it.' if was_suspended else 'was not suspended.'}")
    return 0
