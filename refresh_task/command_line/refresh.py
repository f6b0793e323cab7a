"""vistafresca refresh"""

from __future__ import annotations

import os

import click

from refresh_task import task
from refresh_task.command_line.run import is_for_a_terminal, output_option
from refresh_task.command_line.session import open_session
from refresh_task.command_line.views import find_view
from refresh_task.errors import ConfigurationError
from refresh_task.model import RunKind


@click.command()
@click.argument("views", metavar="VIEW...", nargs=-1, required=True)
@click.option("--force", is_flag=True, help="Even where nothing changed beneath them.")
@output_option
def refresh(views: tuple[str, ...], output: str, *, force: bool) -> int:
    """Refresh the named views now, due or not, suspended or not. Their failures count against nobody."""
    with open_session() as session:
        found = [find_view(session, view) for view in views]
    if disabled := next((view for view in found if not view.enabled), None):
        raise ConfigurationError(
            "is disabled.",
            subject=disabled.name,
            remedy="Set enabled = true in views.toml and run vistafresca apply.",
        )
    names = tuple(dict.fromkeys(view.name for view in found))
    terminal = is_for_a_terminal(output)
    return int(task.main(os.environ, kind=RunKind.MANUAL, names=names, force=force, for_a_terminal=terminal))
