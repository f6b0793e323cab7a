"""The `vistafresca` command: everything but the deployed `run` and `run --requested`, which __main__ starts without
it."""

from __future__ import annotations

import traceback
from importlib.metadata import entry_points
from typing import Any

import click

from refresh_task import __version__
from refresh_task.cancellation import sigterm_interrupts
from refresh_task.command_line.apply import apply
from refresh_task.command_line.doctor import doctor
from refresh_task.command_line.history import history
from refresh_task.command_line.incremental import incremental
from refresh_task.command_line.init import init
from refresh_task.command_line.migrate import migrate
from refresh_task.command_line.plan import plan
from refresh_task.command_line.refresh import refresh
from refresh_task.command_line.request import request
from refresh_task.command_line.resume import resume
from refresh_task.command_line.run import run
from refresh_task.command_line.sample import sample
from refresh_task.command_line.status import status
from refresh_task.errors import VistafrescaError
from refresh_task.model import ExitCode

__all__ = ["vistafresca"]


class _Commands(click.Group):
    """Ours, and those that other packages of this distribution join to them (pyproject.toml), which are imported only
    when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *(entry.name for entry in entry_points(group=_GROUP))})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if (command := super().get_command(ctx, cmd_name)) is not None:
            return command
        for entry in entry_points(group=_GROUP, name=cmd_name):
            loaded: Any = entry.load()
            if isinstance(loaded, click.Command):
                return loaded
        return None


_GROUP = "vistafresca.commands"


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="vistafresca")
def _commands() -> None:
    """Keeps PostgreSQL materialized views fresh.

    The database is the one that DATABASE_URL or libpq's PGHOST, PGUSER, … name. Exit codes: 0 all well, 1 a view
    failed or is late, 2 configuration or connection, 3 deadline or cancelled.
    """


for _command in (
    run,
    plan,
    refresh,
    request,
    resume,
    status,
    history,
    migrate,
    apply,
    doctor,
    incremental,
    init,
    sample,
):
    _commands.add_command(_command)


def vistafresca() -> int:
    """Run the command in sys.argv and return its exit code. Errors that a person can mend go to standard error."""
    try:
        # Not standalone: click would turn our exit codes into its own.
        with sigterm_interrupts():
            result = _commands.main(prog_name="vistafresca", standalone_mode=False)
    except VistafrescaError as error:
        click.echo(f"{click.style('error', fg='red')}: {error.subject}: {error.message}\n{error.remedy}", err=True)
        return error.exit_code
    except click.ClickException as error:
        error.show()
    except click.Abort as aborted:
        interrupt = aborted.__cause__
        click.echo(" by ".join(["aborted", *map(str, interrupt.args if interrupt else ())]), err=True)
        if isinstance(interrupt, KeyboardInterrupt):  # and no question that was answered with no
            return ExitCode.CANCELLED
    except Exception:  # noqa: BLE001  # Python's own exit code for it, 1, would say that a view is late
        traceback.print_exc()
    else:
        return result if isinstance(result, int) else ExitCode.OK
    return ExitCode.UNUSABLE
