"""Which backends a run has."""

from __future__ import annotations

from refresh_task.model import RunKind
from refresh_task.report.image import read_image
from refresh_task.report.logs import LogReporter
from refresh_task.report.metrics import MetricReporter
from refresh_task.report.reporter import Reporter, Reporters
from refresh_task.report.sentry import SentryReporter
from refresh_task.settings import Settings


def reporters_for_run(
    settings: Settings, *, kind: RunKind = RunKind.SCHEDULED, for_a_terminal: bool = False
) -> Reporters:
    """Logs, metrics and Sentry; for a person at a terminal, tables in place of the first two."""
    image = read_image(settings.container_metadata_uri)
    if for_a_terminal:
        from refresh_task.report.terminal import TerminalReporter  # noqa: PLC0415  # rich is not on the task's path

        terminal = TerminalReporter()
        backends: list[Reporter] = [terminal, SentryReporter(settings, image=image, log=terminal.note)]
        return Reporters(backends, on_failure=terminal.reporter_failed)
    logs = LogReporter(settings, kind=kind, image=image)
    return Reporters(
        [logs, MetricReporter(settings, kind=kind), SentryReporter(settings, image=image, log=logs.note)],
        on_failure=logs.reporter_failed,
    )
