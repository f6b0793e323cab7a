"""Facts → findings: every check there is, in the order in which a person would want to hear of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from refresh_task.inspection.change_detection import examine_change_detection, examine_time_zone
from refresh_task.inspection.facts import Facts, ViewFacts
from refresh_task.inspection.finding import Finding
from refresh_task.inspection.functions import examine_functions
from refresh_task.inspection.graph import examine_graph
from refresh_task.inspection.incremental import examine_displaced, examine_incremental
from refresh_task.inspection.installation import examine_installation, examine_management
from refresh_task.inspection.keys import examine_keys
from refresh_task.inspection.privileges import examine_privileges
from refresh_task.inspection.server import examine_server
from refresh_task.inspection.statistics import examine_statistics
from refresh_task.inspection.storage import examine_storage

_OF_THE_WHOLE: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    examine_installation,
    examine_server,
    examine_time_zone,
    examine_graph,
    examine_displaced,
)
_OF_A_VIEW: tuple[Callable[[Facts, ViewFacts], Iterator[Finding]], ...] = (
    examine_keys,
    examine_privileges,
    examine_functions,
    examine_change_detection,
    examine_management,
    examine_statistics,
    examine_storage,
    examine_incremental,
)


def examine(facts: Facts) -> tuple[Finding, ...]:
    """All findings: the server's first, then by view, the worst first."""
    findings = [finding for check in _OF_THE_WHOLE for finding in check(facts)]
    findings += [finding for view in facts.views for check in _OF_A_VIEW for finding in check(facts, view)]
    return tuple(sorted(findings, key=lambda finding: (finding.view or "", -finding.level.rank)))
