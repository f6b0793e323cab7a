"""vistafresca init"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import click

from refresh_task.command_line.names import counted
from refresh_task.command_line.session import open_session
from refresh_task.errors import ConfigurationError
from refresh_task.inspection import examine, read_costs, read_facts, write_environment_file, write_views_file
from refresh_task.settings import Settings

# What infrastructure allows (docs/environments.md): they divide the hour.
_INTERVALS_MIN = (5, 6, 10, 12, 15, 20, 30, 60)


@click.command()
@click.option("--views", "views_file", type=click.Path(path_type=Path), default=Path("views.toml"), show_default=True)
@click.option(
    "--environment",
    "environment_file",
    type=click.Path(path_type=Path),
    default=Path("environments/production.toml"),
    show_default=True,
    help="The environment is named after its file.",
)
@click.option("--no-environment", is_flag=True, help="Write the views alone.")
@click.option(
    "--measure",
    is_flag=True,
    help="Run the query of each view of your own once, read-only, where nothing else tells what it costs.",
)
@click.option("--measure-timeout", type=click.FloatRange(0.1, 3_600), default=60, show_default=True, metavar="SECONDS")
def init(
    views_file: Path, environment_file: Path, *, no_environment: bool, measure: bool, measure_timeout: float
) -> int:
    """Write a views.toml from the database, and an environment to fill in. Never overwrites.

    Changes nothing in the database and needs nothing installed there.
    """
    settings = Settings.from_environment(os.environ)
    wanted = [views_file] if no_environment else [views_file, environment_file]
    _refuse_existing(wanted)
    with open_session(schema_required=False) as session, session.read_only():
        facts = read_facts(session)
        costs = read_costs(session, facts, measure_s=measure_timeout if measure else None)
        server, address = session.server, session.address
    minutes = settings.interval_s / 60
    contents = {
        views_file: write_views_file(facts, examine(facts), costs, server=server, interval_s=settings.interval_s),
        environment_file: write_environment_file(
            address,
            uses_iam=settings.database_iam_auth,
            interval_minutes=min(_INTERVALS_MIN, key=lambda known: abs(known - minutes)),
        ),
    }
    _write_all({file: contents[file] for file in wanted})
    click.echo(f"{views_file}: {counted(len(facts.views), 'view')}. Review it, then run: vistafresca apply --dry-run")
    if not no_environment:
        click.echo(f"{environment_file}: replace every <placeholder>, then run: make synth")
    return 0


def _refuse_existing(files: list[Path]) -> None:
    if len(set(files)) < len(files):
        raise ConfigurationError(
            "the views and the environment would be one file.", subject=str(files[0]), remedy="Name two."
        )
    for file in files:
        if file.exists() or file.is_symlink():
            raise ConfigurationError(
                "exists, and init never overwrites. Nothing was written.",
                subject=str(file),
                remedy="Name another (--views, --environment), or move it away.",
            )


def _write_all(contents: Mapping[Path, str]) -> None:
    """All or none. Raises ConfigurationError."""
    written: list[Path] = []
    try:
        for file, text in contents.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("x", encoding="utf-8") as stream:
                written.append(file)
                stream.write(text)
    except OSError as error:
        for file in written:
            file.unlink(missing_ok=True)
        raise ConfigurationError(
            f"cannot be written: {error.strerror}. Nothing was written.",
            subject=str(error.filename or file),
            remedy="Name another place (--views, --environment).",
        ) from None
