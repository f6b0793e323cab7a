"""Tables and progress for a person at a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import UTC
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.status import Status as Spinner
from rich.table import Column, Table

from refresh_task.errors import VistafrescaError
from refresh_task.model import (
    Delayed,
    Outcome,
    Remark,
    RunResult,
    RunStatus,
    Status,
    Step,
    StepRetried,
    Undue,
    VacuumFinished,
    ViewStatus,
)
from refresh_task.report.reporter import Reporter

_PIPE_WIDTH = 160
_COLOURS = {
    Status.COMPLETED: "green",
    Status.FAILED: "red",
    Status.CANCELLED: "yellow",
    Status.SKIPPED: "dim",
    Status.ABANDONED: "yellow",
    Status.UPSTREAM_FAILED: "yellow",
}


class TerminalReporter(Reporter):
    """Writes to standard output; nothing here is meant for a machine (that is what --output json is for)."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or wide_console()
        self._spinner: Spinner | None = None
        self._running: dict[str, Step] = {}

    def run_started(self, run_id: int) -> None:
        self._console.print(f"run {run_id}", style="bold", highlight=False)

    def rows_abandoned(self, views: Sequence[str]) -> None:
        self._console.print(
            f"An earlier task was killed while refreshing {', '.join(views)}.", style="yellow", markup=False
        )

    def step_started(self, step: Step) -> None:
        self._running[step.view] = step
        self._show_running()

    def step_retried(self, retry: StepRetried) -> None:
        self._say(
            f"{retry.view}: try {retry.attempt} failed ({retry.message}); the next one follows in {retry.wait_s:.1f} s",
            "yellow",
        )

    def run_delayed(self, delay: Delayed) -> None:
        waited = "waiting" if delay.waited_s == 0 else f"waited {delay.waited_s:.0f} s"
        self._say(f"{delay.reason}: {waited}", "yellow")

    def remarked(self, remark: Remark) -> None:
        self._say(remark.message, "yellow")

    def step_finished(self, outcome: Outcome) -> None:  # the table follows at the end
        self._running.pop(outcome.view, None)
        self._show_running()

    def view_vacuumed(self, vacuum: VacuumFinished) -> None:
        self._say(f"{vacuum.view} vacuumed and analyzed in {vacuum.duration_s:.1f} s", "dim")

    def nothing_requested(self) -> None:
        self._say("Nothing waits in the event queue.", "dim")

    def run_finished(self, result: RunResult) -> None:
        self._stop_spinner()
        if result.status is RunStatus.SKIPPED:
            self._console.print("Skipped: another run holds the run lock; it is refreshing the views.", style="yellow")
            return
        if not result.outcomes and not any(view.enabled for view in result.views):
            self._console.print(
                "No view is managed, so nothing is kept fresh. Declare some: vistafresca apply", style="yellow"
            )
            return
        if result.outcomes:
            self._console.print(outcome_table(result.outcomes))
        for outcome in result.outcomes:
            if outcome.status is not Status.COMPLETED:
                told = f"{outcome.view} {outcome.status}: {outcome.explanation}"
                self._say(told, _COLOURS[outcome.status])
        for view in result.late_views:
            self._say(view.lateness, "red")
        told_already = {outcome.view for outcome in result.outcomes if outcome.status is Status.FAILED}
        for view in result.views:
            if view.enabled and view.suspension is not None and view.name not in told_already:
                self._say(view.suspension, "yellow")
        for view in result.views:
            if view.enabled and view.distrust is not None:
                self._say(view.distrust, "red")
            elif view.is_not_enabled:
                self._say(not_enabled(view), "dim")
        if result.undue:
            self._say(_not_due(result.undue), "dim")
        self._console.print(
            f"{result.status} in {result.duration_s:.2f} s"
            + (f", interrupted by {result.interruption}" if result.interruption else ""),
            style="green" if result.exit_code == 0 else "red",
            highlight=False,
        )

    def run_failed(self, error: Exception) -> None:
        self._stop_spinner()
        text = str(error) if isinstance(error, VistafrescaError) else f"the task has a defect: {type(error).__name__}"
        self._say(text, "red")

    def close(self) -> None:
        self._stop_spinner()

    def note(self, _event: str, message: str, **_fields: Any) -> None:
        """A remark of another backend."""
        self._say(message, "dim")

    def reporter_failed(self, reporter: str, error: Exception) -> None:
        """Another backend failed; the run's outcome stays what it is."""
        self._console.print(
            f"{reporter} failed ({type(error).__name__}: {error}); the run goes on",
            style="yellow",
            markup=False,
        )

    def _say(self, text: str, style: str) -> None:
        self._console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)

    def _show_running(self) -> None:
        if not self._running:
            self._stop_spinner()
            return
        text = "refreshing " + ", ".join(f"{escape(step.view)} ({step.strategy})" for step in self._running.values())
        if self._spinner is None:
            self._spinner = self._console.status(text)
            self._spinner.start()
        else:
            self._spinner.update(text)

    def _stop_spinner(self) -> None:
        if self._spinner is not None:
            self._spinner.stop()
            self._spinner = None


def not_enabled(view: ViewStatus) -> str:
    """What its policy asks for and nobody has done."""
    return (
        f'{view.name} has refresh_mode = "incremental" and is not enabled, so it is refreshed as before: '
        f"vistafresca incremental enable {shlex.quote(view.name)}"
    )


def _not_due(undue: Sequence[Undue]) -> str:
    """How many views the run left alone, and which is due next."""
    text = f"{len(undue)} {'view is' if len(undue) == 1 else 'views are'} not due"
    known = [(view.next_due_at, view.view) for view in undue if view.next_due_at is not None]
    if not known:
        return f"{text}."
    next_due_at, view = min(known)
    return f"{text}; next is {view} at {next_due_at.astimezone(UTC):%F %T} UTC."


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Fall silent when the reader of a pipe has gone. Rich would end the process, and the run with it."""
        self.quiet = True


def wide_console() -> Console:
    """The terminal; where the output goes to a file or a pipe, wide enough for our tables."""
    console = _Console()
    return console if console.is_terminal else _Console(width=_PIPE_WIDTH)


def view_table(*columns: str) -> Table:
    """A table with one row per view that fits a terminal: the view's name gives way, the figures do not."""
    return Table(
        Column("view", overflow="fold", min_width=20),
        *(Column(column, no_wrap=True) for column in columns),
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )


def outcome_table(outcomes: Sequence[Outcome]) -> Table:
    """One row per step: what was done, how long it took, what changed; of incremental refreshes the keys, too."""
    with_keys = any(outcome.changed_keys is not None for outcome in outcomes)
    table = view_table("outcome", "how", "seconds", *["keys"] * with_keys, "written", "removed", "rows")
    for outcome in outcomes:
        table.add_row(
            escape(outcome.view),
            f"[{_COLOURS[outcome.status]}]{outcome.status}[/]",
            outcome.strategy or "",
            f"{outcome.duration_s:.2f}",
            *[number(outcome.changed_keys)] * with_keys,
            number(outcome.rows_inserted),
            number(outcome.rows_deleted),
            number(outcome.rows_total),
        )
    return table


def age(seconds: float | None) -> str:
    """How long, in the unit that a person would use."""
    if seconds is None:
        return "unknown"
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def number(value: int | None) -> str:
    """With separators; nothing for nothing."""
    return "" if value is None else f"{value:,}"
