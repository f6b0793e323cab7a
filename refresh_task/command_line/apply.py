"""vistafresca apply"""

from __future__ import annotations

from pathlib import Path

import click

from refresh_task import policies
from refresh_task.command_line.session import json_option, open_session, print_json
from refresh_task.errors import ConfigurationError

_COLOURS = {"+": "green", "~": "yellow", "-": "red"}


@click.command()
@click.option(
    "--file",
    "files",
    type=click.Path(path_type=Path),
    multiple=True,
    default=[Path("views.toml")],
    show_default=True,
    envvar="VISTAFRESCA_VIEWS_FILE",
    help="May be repeated: all files together are what is declared, and a policy in none of them is removed.",
)
@click.option("--allow-empty", is_flag=True, help="Go on where nothing is declared and all policies would be removed.")
@click.option("--dry-run", is_flag=True, help="Show the difference and change nothing.")
@json_option
def apply(files: tuple[Path, ...], *, allow_empty: bool, dry_run: bool, as_json: bool) -> int:
    """Make the database's policies those of views.toml, and show what changed."""
    declared = policies.read_views_files(files)
    with open_session() as session:
        changes = policies.compare(session, declared)
        if changes and not declared and not (allow_empty or dry_run):
            raise ConfigurationError(
                f"no view is declared, so all {len(changes)} policies would be removed and nothing kept fresh.",
                subject=", ".join(map(str, files)),
                remedy="Name the right files with --file, or say --allow-empty.",
            )
        without_index = policies.missing_unique_indexes(session, declared)
        if not dry_run:
            policies.apply_changes(session, changes)
    if as_json:
        print_json(
            {
                "applied": not dry_run,
                "changes": [{"sign": c.sign, "view": c.view, "description": c.description} for c in changes],
                "missing_unique_indexes": without_index,
            }
        )
        return 0
    for change in changes:
        click.echo(click.style(f"{change.sign} {change.view}: {change.description}", fg=_COLOURS[change.sign]))
    for view, ddl in without_index.items():
        click.secho(
            f"! {view} has no unique index on plain columns: its refreshes will fail until it has.\n    {ddl}",
            fg="yellow",
        )
    verb = "would change" if dry_run else "changed"
    click.echo(f"{len(changes)} of {len(declared)} declared {'policy' if len(declared) == 1 else 'policies'} {verb}.")
    return 0
