"""vistafresca run"""

from __future__ import annotations

import os
import sys

import click

from refresh_task import task


@click.command()
@click.option(
    "--output",
    type=click.Choice(["auto", "json", "table"]),
    default="auto",
    show_default=True,
    help="json: log lines and metrics, as deployed; table: for people; auto: by whether standard output is a terminal.",
)
def run(output: str) -> int:
    """Refresh every enabled view once, as the deployed task does."""
    for_a_terminal = output == "table" or (output == "auto" and sys.stdout.isatty())
    return int(task.main(os.environ, for_a_terminal=for_a_terminal))
