"""views.toml: what is declared, read and validated; its difference from what the database has; and writing it."""

from refresh_task.policies.advice import give_advice, missing_unique_indexes
from refresh_task.policies.difference import Change, Difference, compare
from refresh_task.policies.endpoint import Endpoint, OnStale, Publication
from refresh_task.policies.file import Defaults, ViewEntry, read_views_files
from refresh_task.policies.graph import declared_graph
from refresh_task.policies.policy import Declared, Policy
from refresh_task.policies.store import apply_difference
from refresh_task.policies.tables import Checks, Window

__all__ = [
    "Change",
    "Checks",
    "Declared",
    "Defaults",
    "Difference",
    "Endpoint",
    "OnStale",
    "Policy",
    "Publication",
    "ViewEntry",
    "Window",
    "apply_difference",
    "compare",
    "declared_graph",
    "give_advice",
    "missing_unique_indexes",
    "read_views_files",
]
