"""vistafresca run"""

from __future__ import annotations

import os
import sys

import click

from refresh_task import task
from refresh_task.model import RunKind

output_option = click.option(
    "--output",
    type=click.Choice(["auto", "json", "table"]),
    default="auto",
    show_default=True,
    help="json: log lines and metrics, as deployed; table: for people; auto: by whether standard output is a terminal.",
)


def is_for_a_terminal(output: str) -> bool:
    """Whether a person reads the output."""
    return output == "table" or (output == "auto" and sys.stdout.isatty())


@click.command()
@click.option("--requested", is_flag=True, help="Only the views that the event queue asks for (vistafresca request).")
@output_option
def run(output: str, *, requested: bool) -> int:
    """Refresh every view that is due, as the deployed task does."""
    kind = RunKind.REQUESTED if requested else RunKind.SCHEDULED
    return int(task.main(os.environ, kind=kind, for_a_terminal=is_for_a_terminal(output)))
