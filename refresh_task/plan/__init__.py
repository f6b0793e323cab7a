"""Policies + catalog + clock → what a run will do, and why. Pure: no database, no environment, no clock of its own."""

from refresh_task.plan.graph import failed_closure, find_problems
from refresh_task.plan.obstacles import Problem
from refresh_task.plan.planner import make_plan

__all__ = ["Problem", "failed_closure", "find_problems", "make_plan"]
