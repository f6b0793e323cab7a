"""vistafresca migrate"""

from __future__ import annotations

from dataclasses import asdict

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table

from refresh_task import __version__
from refresh_task.command_line.session import json_option, open_session, print_json
from refresh_task.errors import ConfigurationError
from refresh_task.report.terminal import wide_console


@click.command()
@click.argument("action", type=click.Choice(["up", "down", "list"]), default="up")
@click.argument("revision", required=False)
@click.option(
    "--system",
    "systems",
    multiple=True,
    help="Also install this source system (sql/systems/<name>); may be repeated.",
)
@click.option(
    "--public-aliases",
    is_flag=True,
    help="Also make refresh_bi_views() and others reachable without their schema.",
)
@click.option("--yes", is_flag=True, help="Do not ask before undoing a migration.")
@json_option
def migrate(
    action: str,
    revision: str | None,
    *,
    systems: tuple[str, ...],
    public_aliases: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Install or update the database side (up), undo it from REVISION on (down REVISION), or show what is there
    (list)."""
    # Alembic and SQLAlchemy take a second to import: only here.
    from refresh_task import migrations  # noqa: PLC0415

    if (revision is not None) != (action == "down"):
        raise ConfigurationError(
            "migrate down needs the REVISION to undo, and nothing else takes one.",
            subject="migrate",
            remedy="See: vistafresca migrate list",
        )
    with open_session(schema_required=False) as session:
        if action == "list":
            _print_list(migrations.list_migrations(session), as_json=as_json)
            return 0
        if action == "down":
            assert revision is not None  # noqa: S101  # checked above
            if not yes:
                click.confirm(
                    f"Undo {revision} and all that was built on it, with its data, on {session.server}?",
                    abort=True,
                    err=True,  # standard output is the result's, JSON perhaps
                )
            undone = migrations.migrate_down(session, revision)
            _print(as_json, {"undone": sorted(undone)}, [f"undone: {name}" for name in sorted(undone)])
            return 0
        if newer := migrations.newer_revisions(session):
            _print(as_json, {"applied": [], "aliases": [], "newer": [*newer]}, [_nothing_to_do(newer)])
            return 0
        applied = migrations.migrate_up(session, systems=systems, on_wait=_say_waiting)
        aliases = migrations.create_public_aliases(session) if public_aliases else ()
    lines = [f"applied: {name}" for name in applied] or ["up to date; functions and views were created anew"]
    lines += [alias.message for alias in aliases]
    _print(as_json, {"applied": list(applied), "aliases": [asdict(alias) for alias in aliases], "newer": []}, lines)
    return 0


def _say_waiting() -> None:
    click.echo("waiting for the run under way to end, at its deadline at the latest", err=True)


def _nothing_to_do(newer: tuple[str, ...]) -> str:
    return (
        f"nothing done: the database has {', '.join(newer)}, which this version ({__version__}) does not know, so a "
        "newer one migrated it. This version works on it as it is."
    )


def _print(as_json: bool, value: object, lines: list[str]) -> None:  # noqa: FBT001  # private
    if as_json:
        print_json(value)
    else:
        click.echo("\n".join(lines))


def _print_list(found: tuple[object, ...], *, as_json: bool) -> None:
    rows = [asdict(migration) for migration in found]  # type: ignore[call-overload]
    if as_json:
        print_json(rows)
        return
    table = Table("migration", "folder", "applied", "what", box=SIMPLE_HEAD)
    for row in rows:
        table.add_row(row["revision"], row["branch"], "yes" if row["is_applied"] else "no", row["description"])
    wide_console().print(table)
