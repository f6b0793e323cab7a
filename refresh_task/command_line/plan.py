"""vistafresca plan"""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path

import click

from refresh_task.command_line.names import select_views
from refresh_task.command_line.plan_tables import print_plan
from refresh_task.command_line.preview import Preview, look_for_changes, make_preview, wave_numbers
from refresh_task.command_line.session import json_option, open_session, print_json
from refresh_task.model import ExitCode
from refresh_task.settings import Settings


@click.command()
@click.argument("views", nargs=-1)
@click.option(
    "--file",
    "files",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Plan as if this views.toml had been applied; may be repeated.",
)
@json_option
def plan(views: tuple[str, ...], *, files: tuple[Path, ...], as_json: bool) -> int:
    """What the next run would do and why; of the VIEWs named and what they wait for, or of all.

    Changes nothing and needs nothing installed. Exit code 1: a view cannot be put in an order.
    """
    settings = Settings.from_environment(os.environ)
    with open_session(schema_required=False) as session:
        preview = make_preview(session, settings, files)
        unknown = f"{session.server} has no view of this name that is kept fresh"
    shown = _with_upstream(preview, select_views(views or tuple(preview.views), list(preview.views), unknown))
    if as_json:
        print_json(_as_json(preview, shown, settings))
    else:
        print_plan(preview, shown)
    is_in_order = all(step.problem is None for step in preview.plan.steps if step.view in shown)
    return ExitCode.OK if is_in_order else ExitCode.VIEWS_FAILED


def _with_upstream(preview: Preview, named: Collection[str]) -> frozenset[str]:
    upstream = {step.view: step.upstream for step in preview.plan.steps}
    shown, waiting = set(named), list(named)
    while waiting:
        new = set(upstream.get(waiting.pop(), ())) - shown
        shown |= new
        waiting += new
    return frozenset(shown)


def _as_json(preview: Preview, shown: Collection[str], settings: Settings) -> dict[str, object]:
    waves = wave_numbers(preview.plan)
    steps = [step for step in preview.plan.steps if step.view in shown]
    return {
        "now": preview.now,
        "interval_s": settings.interval_s,
        "installed": preview.is_installed,
        "policies_from": preview.basis,
        "adopted": [view for view in preview.adopted if view in shown],
        "steps": [
            {**asdict(step), "wave": waves[step.view], "look": look_for_changes(preview.views[step.view], step)}
            for step in steps
        ],
        "waves": [kept for wave in preview.plan.waves if (kept := [view for view in wave if view in shown])],
        "undue": [asdict(undue) for undue in preview.plan.undue if undue.view in shown],
        "edges": [asdict(edge) for edge in preview.edges if edge.view in shown or edge.upstream in shown],
        "unmanaged": sorted(preview.dependencies.nodes.keys() - preview.views.keys()),
        "problems": sum(step.problem is not None for step in steps),
    }
