"""Stages: WITH queries of a definition that are kept as tables of their own (docs/incremental.md)."""

from refresh_task.incremental.stages.model import OrdinaryView, OrdinaryViews, Split, Stage, Text
from refresh_task.incremental.stages.reading import read_definition
from refresh_task.incremental.stages.split import possible_stages, split

__all__ = ["OrdinaryView", "OrdinaryViews", "Split", "Stage", "Text", "possible_stages", "read_definition", "split"]
