"""vistafresca apply"""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection
from pathlib import Path

import click

from refresh_task import policies
from refresh_task.command_line.session import json_option, open_session, print_json
from refresh_task.database import Session
from refresh_task.errors import ConfigurationError
from refresh_task.inspection import read_facts, unique_index_ddl
from refresh_task.plan import find_problems
from refresh_task.settings import Settings

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
    settings = Settings.from_environment(os.environ)
    declared = policies.read_views_files(files)
    with open_session() as session:
        difference = policies.compare(session, declared)
        if difference and not declared and not (allow_empty or dry_run):
            raise ConfigurationError(
                f"no view is declared, so all {len(difference.views)} policies would be removed and nothing kept "
                "fresh.",
                subject=", ".join(map(str, files)),
                remedy="Name the right files with --file, or say --allow-empty.",
            )
        _refuse_to_abandon(difference)
        _refuse_what_has_no_order(session, difference)
        without_index = policies.missing_unique_indexes(
            session, {view for view, policy in difference.after.items() if policy.exclusive_window is None}
        )
        without_index |= _proposed_indexes(session, without_index)
        if difference and not dry_run:
            policies.apply_difference(session, difference)
    advice = policies.give_advice(difference, settings)
    if as_json:
        print_json(
            {
                "applied": not dry_run,
                "changes": [
                    {"sign": c.sign, "view": c.subject, "description": c.description} for c in difference.views
                ],
                "pattern_changes": [
                    {"sign": c.sign, "pattern": c.subject, "description": c.description} for c in difference.patterns
                ],
                "patterns": difference.found,
                "missing_unique_indexes": without_index,
                "advice": advice,
            }
        )
        return 0
    _print(difference, without_index, advice, verb="would change" if dry_run else "changed")
    return 0


def _refuse_to_abandon(difference: policies.Difference) -> None:
    """Raise ConfigurationError for a policy that would go while tables and triggers are kept for its view."""
    for change in difference.views:
        if change.after is None and change.subject in difference.incremental:
            view = shlex.quote(change.subject)
            raise ConfigurationError(
                "it is refreshed incrementally, and no longer declared: without its policy nobody would read the "
                "changes that are captured for it. Nothing was changed.",
                subject=change.subject,
                remedy=f"Run: vistafresca incremental disable {view}; then apply again. Or keep it in views.toml.",
            )


def _refuse_what_has_no_order(session: Session, difference: policies.Difference) -> None:
    """Raise ConfigurationError for cycles, and groups that cannot be one transaction."""
    for view, problem in find_problems(policies.declared_graph(session, difference.after)).items():
        raise ConfigurationError(f"{problem.problem}.", subject=view, remedy=problem.remedy)


def _proposed_indexes(session: Session, views: Collection[str]) -> dict[str, str]:
    """As doctor proposes them, which looks into the views' queries."""
    if not views:
        return {}
    with session.read_only():
        facts = read_facts(session)
    return {view.name: unique_index_ddl(view) for view in facts.views if view.name in views}


def _print(difference: policies.Difference, without_index: dict[str, str], advice: list[str], *, verb: str) -> None:
    changed = {change.subject for change in difference.patterns}
    for change in difference.patterns:
        _print_change(change, f"pattern {change.subject}")
    for pattern, views in difference.found.items():
        mark = " " if pattern in changed else "="
        click.echo(f"{mark} pattern {pattern} finds {', '.join(views) if views else 'nothing'}")
    for change in difference.views:
        _print_change(change, change.subject)
    for view, ddl in without_index.items():
        click.secho(
            f"! {view} has no unique index on plain columns: its refreshes will fail until it has.\n    {ddl}",
            fg="yellow",
        )
    for sentence in advice:
        click.secho(f"! {sentence}", fg="yellow")
    total = len(difference.after)
    click.echo(f"{len(difference.views)} of {total} declared {'policy' if total == 1 else 'policies'} {verb}.")


def _print_change(change: policies.Change, subject: str) -> None:
    click.echo(click.style(f"{change.sign} {subject}: {change.description}", fg=_COLOURS[change.sign]))
