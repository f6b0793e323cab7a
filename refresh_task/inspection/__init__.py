"""What can be said of a database and its materialized views without changing anything: facts read once, findings judged
from them, and files to begin with."""

from refresh_task.inspection.cost import Cost, read_costs
from refresh_task.inspection.dependencies import Dependencies, Edge, Node, read_dependencies
from refresh_task.inspection.environment_file import write_environment_file
from refresh_task.inspection.examination import examine
from refresh_task.inspection.facts import Facts, ViewFacts
from refresh_task.inspection.finding import Code, Finding, Level
from refresh_task.inspection.keys import unique_index_ddl
from refresh_task.inspection.reading import read_facts
from refresh_task.inspection.views_file import write_views_file

__all__ = [
    "Code",
    "Cost",
    "Dependencies",
    "Edge",
    "Facts",
    "Finding",
    "Level",
    "Node",
    "ViewFacts",
    "examine",
    "read_costs",
    "read_dependencies",
    "read_facts",
    "unique_index_ddl",
    "write_environment_file",
    "write_views_file",
]
