"""Tells the world what a run does: one file per backend, all handed the same values. A backend that fails changes no
outcome."""

from refresh_task.report.reporter import Reporter, Reporters
from refresh_task.report.run import reporters_for_run

__all__ = ["Reporter", "Reporters", "reporters_for_run"]
