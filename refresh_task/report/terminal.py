"""Tables and progress for a person at a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.status import Status as Spinner
from rich.table import Column, Table

from refresh_task.errors import VistafrescaError
from refresh_task.model import Outcome, RunResult, RunStatus, Status, Step
from refresh_task.report.reporter import Reporter

_PIPE_WIDTH = 160
_COLOURS = {
    Status.COMPLETED: "green",
    Status.FAILED: "red",
    Status.CANCELLED: "yellow",
    Status.SKIPPED: "dim",
    Status.ABANDONED: "yellow",
}


class TerminalReporter(Reporter):
    """Writes to standard output; nothing here is meant for a machine (that is what --output json is for)."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or wide_console()
        self._spinner: Spinner | None = None

    def run_started(self, run_id: int) -> None:
        self._console.print(f"run {run_id}", style="bold", highlight=False)

    def rows_abandoned(self, views: Sequence[str]) -> None:
        self._console.print(
            f"An earlier task was killed while refreshing {', '.join(views)}.", style="yellow", markup=False
        )

    def step_started(self, step: Step) -> None:
        self._spinner = self._console.status(f"refreshing {escape(step.view)} ({step.strategy})")
        self._spinner.start()

    def step_finished(self, outcome: Outcome) -> None:  # noqa: ARG002  # the table follows at the end
        self._stop_spinner()

    def run_finished(self, result: RunResult) -> None:
        if result.status is RunStatus.SKIPPED:
            self._console.print("Skipped: another run holds the run lock; it is refreshing the views.", style="yellow")
            return
        if not result.outcomes:
            self._console.print(
                "No view is managed, so nothing is kept fresh. Declare some: vistafresca apply", style="yellow"
            )
            return
        self._console.print(outcome_table(result.outcomes))
        for outcome in result.outcomes:
            if outcome.status is not Status.COMPLETED:
                told = f"{outcome.view} {outcome.status}: {outcome.explanation}"
                self._console.print(told, style=_COLOURS[outcome.status], markup=False, highlight=False, soft_wrap=True)
        for view in result.late_views:
            self._console.print(view.lateness, style="red", markup=False, highlight=False, soft_wrap=True)
        self._console.print(
            f"{result.status} in {result.duration_s:.2f} s"
            + (f", interrupted by {result.interruption}" if result.interruption else ""),
            style="green" if result.exit_code == 0 else "red",
            highlight=False,
        )

    def run_failed(self, error: Exception) -> None:
        self._stop_spinner()
        text = str(error) if isinstance(error, VistafrescaError) else f"the task has a defect: {type(error).__name__}"
        self._console.print(text, style="red", markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        self._stop_spinner()

    def note(self, _event: str, message: str, **_fields: Any) -> None:
        """A remark of another backend."""
        self._console.print(message, style="dim", markup=False, highlight=False, soft_wrap=True)

    def reporter_failed(self, reporter: str, error: Exception) -> None:
        """Another backend failed; the run's outcome stays what it is."""
        self._console.print(
            f"{reporter} failed ({type(error).__name__}: {error}); the run goes on",
            style="yellow",
            markup=False,
        )

    def _stop_spinner(self) -> None:
        if self._spinner is not None:
            self._spinner.stop()
            self._spinner = None


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
    """One row per step: what was done, how long it took, what changed."""
    table = view_table("outcome", "how", "seconds", "written", "removed", "rows")
    for outcome in outcomes:
        table.add_row(
            escape(outcome.view),
            f"[{_COLOURS[outcome.status]}]{outcome.status}[/]",
            outcome.strategy or "",
            f"{outcome.duration_s:.2f}",
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
