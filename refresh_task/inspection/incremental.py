"""Why a view could not be refreshed in part, once refreshing in part is there."""

from __future__ import annotations

from collections.abc import Iterator

from refresh_task.inspection.facts import Facts, ViewFacts
from refresh_task.inspection.finding import Code, Finding, Level
from refresh_task.inspection.keys import candidate_key

_FEATURES = {
    "limit": "LIMIT or OFFSET: which rows are in depends on all others",
    "grouping_sets": "GROUPING SETS, ROLLUP or CUBE: a total depends on every row",
    "distinct_on": "DISTINCT ON, which works only where its columns are part of the key",
    "recursive": "WITH RECURSIVE",
    "window_over_all": "a window over all rows (no PARTITION BY): a rank or share depends on every row",
    "correlated_subquery": "a subquery in an expression that depends on the row around it",
    "shared_cte": "a WITH query that is read more than once, unless it says NOT MATERIALIZED",
}
_CLASSES = {
    "volatile": "a volatile function",
    "opaque_function": "a function whose body PostgreSQL does not look into",
    "foreign_table": "a foreign table",
}


def examine_incremental(_facts: Facts, view: ViewFacts) -> Iterator[Finding]:
    """One finding with every reason."""
    reasons = [
        _FEATURES[feature] + ("" if where == view.name else f" (in {where})") for feature, where in view.features
    ]
    reasons += [_CLASSES[name] for name in sorted({found.name for found in view.classes} & _CLASSES.keys())]
    if not view.usable_indexes and not candidate_key(view)[0]:
        reasons.append("no unique key to find its rows by")
    if reasons:
        yield Finding(
            Code.NOT_INCREMENTAL,
            Level.ADVICE,
            f"It would be refreshed in full even where incremental refresh is possible: {'; '.join(reasons)}.",
            "Only a query whose output rows each depend on a slice of the input can be refreshed slice by slice.",
            view.name,
        )
