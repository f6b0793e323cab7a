"""vistafresca incremental explain | enable | verify | redefine | disable"""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console

from refresh_task import incremental as life_cycle
from refresh_task.command_line.incremental_explanation import explain
from refresh_task.command_line.names import column_list, counted
from refresh_task.command_line.session import json_option, open_session, print_json
from refresh_task.errors import ConfigurationError
from refresh_task.incremental import DisabledView, EnabledView, OnProgress, Progress, Verification
from refresh_task.model import ExitCode

_MOST_SHOWN = 20

_patience_option = click.option(
    "--patience",
    "patience_s",
    type=click.FloatRange(min=0),
    default=600.0,
    show_default=True,
    help="Seconds to wait for other sessions, which are named then; readers of the view wait half a second at most.",
)


@click.group()
def incremental() -> None:
    """Refresh only what changed: try it on a view, have it, check it, give it back (docs/incremental.md)."""


@incremental.command()
@click.argument("view")
@click.option("--stages", callback=column_list, help="WITH queries to keep as tables of their own: a,b.")
@click.option(
    "--output",
    type=click.Choice(["table", "materialized-view"]),
    help="What will stand under the view's name; a materialized view needs --stages.  [default: table]",
)
@click.option("--key", callback=column_list, help="Columns that tell the view's rows apart: a,b.")
@_patience_option
@json_option
def enable(
    view: str,
    stages: tuple[str, ...] | None,
    output: str | None,
    key: tuple[str, ...] | None,
    patience_s: float,
    *,
    as_json: bool,
) -> int:
    """Have VIEW refreshed incrementally from now on. Run again after a failure, it goes on where it was."""
    with open_session() as session, _progress(as_json=as_json) as say:
        result = life_cycle.enable(
            session,
            view,
            stages=stages,
            output=None if output is None else "table" if output == "table" else "materialized_view",
            key=key,
            patience_s=patience_s,
            on_progress=say,
        )
    _print_enabled(result, "is refreshed incrementally", as_json=as_json)
    return ExitCode.OK


@incremental.command()
@click.argument("view")
@click.option(
    "--query",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="A file with the new SELECT statement.",
)
@_patience_option
@json_option
def redefine(view: str, file: Path, patience_s: float, *, as_json: bool) -> int:
    """Give VIEW, which is refreshed incrementally, another query: with the same columns, or more at the end."""
    query = _read(file)
    with open_session() as session, _progress(as_json=as_json) as say:
        result = life_cycle.redefine(session, view, query, patience_s=patience_s, on_progress=say)
    _print_enabled(result, "has its new definition", as_json=as_json)
    return ExitCode.OK


@incremental.command()
@click.argument("view")
@_patience_option
@json_option
def disable(view: str, patience_s: float, *, as_json: bool) -> int:
    """Give VIEW back as the plain materialized view that it was."""
    with open_session() as session, _progress(as_json=as_json) as say:
        result = life_cycle.disable(session, view, patience_s=patience_s, on_progress=say)
    _print_disabled(result, as_json=as_json)
    return ExitCode.OK


@incremental.command()
@click.argument("view")
@json_option
def verify(view: str, *, as_json: bool) -> int:
    """Compare all rows of VIEW with what its query gives. Exit code 1: some differ."""
    with open_session() as session, _progress(as_json=as_json) as say:
        result = life_cycle.verify(session, view, on_progress=say)
    _print_verification(result, as_json=as_json)
    return ExitCode.VIEWS_FAILED if result.mismatches else ExitCode.OK


incremental.add_command(explain)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"it cannot be read: {error}.", subject=str(file), remedy="Write the query in UTF-8, in a file of its own."
        ) from None


@contextmanager
def _progress(*, as_json: bool) -> Iterator[OnProgress]:
    """Steps on standard error, with the seconds since the command began: standard output is the result's."""
    began = time.monotonic()
    console = Console(stderr=True, highlight=False, quiet=as_json)

    def say(progress: Progress) -> None:
        words = f"{time.monotonic() - began:6.1f} s  {progress.message}"
        console.print(words, style="dim", markup=False, soft_wrap=True)

    yield say


def _print_enabled(result: EnabledView, what: str, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(result))
        return
    indirect = [name for name in result.captured if name not in result.direct]
    click.echo(f"{result.view} {what}, after {result.duration_s:.1f} s.")
    if result.output == "materialized_view":
        click.echo(
            f"It stays a materialized view over the stages {', '.join(result.stages)}: "
            "a REFRESH … CONCURRENTLY of it follows each change of theirs."
        )
    if result.direct:
        click.echo(f"A change of {', '.join(result.direct)} costs what it touches.")
    if indirect:
        click.echo(f"A change of {', '.join(indirect)} is followed by a refresh in full.")
    for stage in result.indirect_stages:
        click.echo(f"A change of the stage {stage} is followed by making anew in full what reads it.")
    click.echo(f"Check it: vistafresca incremental verify {shlex.quote(result.view)}")


def _print_disabled(result: DisabledView, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(result))
        return
    click.echo(f"{result.view} is a plain materialized view, after {result.duration_s:.1f} s.")
    if result.restored:
        click.echo(
            "What was kept for it was gone: it was made from its definition, with a unique index if its key is known, "
            "and without the other indexes and the grants of that."
        )
    if result.released:
        click.echo(f"No longer captured: {', '.join(result.released)}.")


def _print_verification(result: Verification, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(result))
        return
    tables = counted(result.tables, "table")
    if not result.mismatches:
        click.echo(f"{result.view}: {tables} compared in {result.duration_s:.1f} s, every row as its query gives it.")
        return
    click.secho(f"{result.view}: {counted(len(result.mismatches), 'row')} of {tables} differ from its query.", fg="red")
    for mismatch in result.mismatches[:_MOST_SHOWN]:
        where = "" if mismatch.stage is None else f"stage {mismatch.stage}: "
        click.echo(f"  {where}{mismatch.difference} {mismatch.row_key}")
    if len(result.mismatches) > _MOST_SHOWN:
        click.echo(f"  and {len(result.mismatches) - _MOST_SHOWN} more")
    click.echo(f"They are mended by the next refresh, which is in full: vistafresca refresh {shlex.quote(result.view)}")
    click.echo("They are kept in bi_refresh.incremental_mismatch. What to do: docs/runbook.md#incremental-mismatch")
