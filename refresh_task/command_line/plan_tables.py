"""A plan as tables for a person."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from refresh_task.command_line.names import counted
from refresh_task.command_line.plan_tree import draw_tree
from refresh_task.command_line.preview import Basis, Preview, look_for_changes, wave_numbers
from refresh_task.model import Step, Undue
from refresh_task.report.terminal import age, wide_console

__all__ = ["print_plan"]


def print_plan(preview: Preview, shown: Collection[str]) -> None:
    """Of the views shown: what will be done, what is left alone, and what reads what."""
    console = wide_console()
    for sentence in _preface(preview):
        _say(console, sentence, style="yellow")
    steps = [step for step in preview.plan.steps if step.view in shown]
    undue = [view for view in preview.plan.undue if view.view in shown]
    if steps:
        console.print(_step_table(preview, steps))
    if undue:
        console.print(_undue_table(undue, preview.now))
    for step in steps:
        if step.problem is not None:
            _say(console, f"{step.view} cannot be refreshed: {step.problem}. {step.remedy or ''}", style="red")
    if tree := draw_tree(preview.edges, preview.views.keys(), shown):
        console.print(tree)
    known = [step.estimate_s for step in steps if step.estimate_s is not None]
    work = f", about {age(sum(known))} of work" if known else ""
    waves = counted(len({wave for view, wave in wave_numbers(preview.plan).items() if view in shown}), "wave")
    left = counted(len(undue), "view")
    _say(console, f"{counted(len(steps), 'step')} in {waves}{work}; {left} left alone.")


def _preface(preview: Preview) -> list[str]:
    sentences = []
    if preview.basis is Basis.FILES:
        sentences.append("As if these files had been applied.")
    if preview.basis is Basis.DEFAULTS:
        sentences.append("No policies are known here: each materialized view is planned with the default policy.")
    if not preview.is_installed:
        sentences.append(
            "bi_refresh is not installed here, so nothing is known of earlier refreshes: each view counts as never "
            "refreshed."
        )
    if preview.adopted:
        sentences.append(f"Taken up first, by the patterns of views.toml: {', '.join(preview.adopted)}.")
    if not preview.views:
        sentences.append("No view is managed. Declare some in views.toml (vistafresca init writes one).")
    return sentences


def _step_table(preview: Preview, steps: list[Step]) -> Table:
    table = Table(
        "wave",
        Column("view", overflow="fold", min_width=20),
        Column("what", no_wrap=True),
        Column("about", no_wrap=True),
        Column("why", overflow="fold", ratio=1),
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    waves = wave_numbers(preview.plan)
    for step in steps:
        look = look_for_changes(preview.views[step.view], step)
        what = "fails" if step.problem is not None else str(step.strategy)
        table.add_row(
            str(waves[step.view]),
            escape(step.view) + (f" [dim](group {escape(step.group)})[/]" if step.group else ""),
            f"[red]{what}[/]" if step.problem is not None else what,
            "unknown" if step.estimate_s is None else age(step.estimate_s),
            escape(step.reason) + (f"; [green]{escape(look)}[/]" if look else ""),
        )
    return table


def _undue_table(undue: list[Undue], now: datetime) -> Table:
    table = Table(
        Column("not due", overflow="fold", min_width=20),
        Column("due at (UTC)", no_wrap=True),
        Column("in", no_wrap=True),
        Column("why not", overflow="fold", ratio=1),
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for view in undue:
        moment = view.next_due_at
        table.add_row(
            escape(view.view),
            "not known" if moment is None else f"{moment.astimezone(UTC):%F %T}",
            "" if moment is None else age(max((moment - now).total_seconds(), 0)),
            escape(view.reason),
        )
    return table


def _say(console: Console, text: str, *, style: str = "") -> None:
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)
