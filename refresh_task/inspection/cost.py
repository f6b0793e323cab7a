"""What a refresh of each view takes, from the best evidence there is."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from refresh_task.database import Session
from refresh_task.database.portable import refresh_statements, run_query
from refresh_task.errors import StatementFailedError
from refresh_task.inspection.facts import Facts, ViewFacts
from refresh_task.inspection.statistics import never_analyzed
from refresh_task.inspection.words import duration

_REFRESHED = re.compile(r"^\s*REFRESH\s+MATERIALIZED\s+VIEW\s+(?:CONCURRENTLY\s+)?([^\s;]+)", re.IGNORECASE)
# A grouping query over 7 million rows took 7 to 8 s on two cores.
_ROWS_PER_S = 1_000_000
_QUERY_CANCELED = "57014"


@dataclass(frozen=True, slots=True)
class Cost:
    """`evidence` says in words where the seconds come from."""

    seconds: float
    evidence: str


def read_costs(session: Session, facts: Facts, *, measure_s: float | None) -> dict[str, Cost]:
    """By view: by the history of bi_refresh, by pg_stat_statements, by running its query if `measure_s` says for how
    long at most, or else guessed by the rows that it reads. In the session's current transaction."""
    history = _by_history(session) if facts.server.reads_policies else {}
    statements = _by_statements(session)
    costs = {}
    for view in facts.views:
        full_name = f"{view.schema_name}.{view.relation}"
        known = history.get(view.name) or statements.get(full_name) or statements.get(view.relation)
        measured = _measured(session, view, measure_s) if known is None and measure_s is not None else None
        costs[view.name] = known or measured or _guessed(view)
    return costs


def _by_history(session: Session) -> dict[str, Cost]:
    return {
        row["view_name"]: Cost(
            row["p95_s"],
            f"takes up to {duration(row['p95_s'])}, by the last {row['refreshes']} refreshes (95th percentile)",
        )
        for row in session.fetch_all("inspect_history")
    }


def _by_statements(session: Session) -> Mapping[str, Cost]:
    """By the name as somebody wrote it, without quotes."""
    costs: dict[str, Cost] = {}
    for where in session.fetch_all("inspect_statements"):
        if where["is_readable"]:
            # installed and not preloaded: then it refuses
            with suppress(StatementFailedError), session.transaction():
                for row in session.fetch_composed(refresh_statements(where["schema_name"])):
                    if found := _REFRESHED.match(row["query"]):
                        name = found.group(1).replace('"', "")
                        slowest_s = max(row["slowest_s"], costs[name].seconds if name in costs else 0)
                        costs[name] = Cost(slowest_s, f"took up to {duration(slowest_s)}, by pg_stat_statements")
    return costs


def _measured(session: Session, view: ViewFacts, most_s: float) -> Cost | None:
    """Only of views of the current role's own: others' code would run with its rights."""
    queries = session.fetch_all("inspect_query_text", views=[view.oid])
    if not queries:
        return None
    started = time.monotonic()
    try:
        with session.transaction():
            session.execute("limit_statement", statement_timeout_ms=round(most_s * 1000))
            session.fetch_composed(run_query(queries[0]["query"]))
    except StatementFailedError as error:
        if error.sqlstate == _QUERY_CANCELED:
            return Cost(2 * most_s, f"takes more than {duration(most_s)}: measuring its query was stopped then")
        return None
    took_s = time.monotonic() - started
    return Cost(took_s, f"takes about {duration(took_s)}, measured by running its query once")


def _guessed(view: ViewFacts) -> Cost:
    rows = sum(source.row_count or 0 for source in view.sources if source.kind in ("r", "m"))
    evidence = f"takes perhaps {duration(rows / _ROWS_PER_S)}, guessed by the {rows:,} rows it reads"
    remark = never_analyzed(view)
    return Cost(rows / _ROWS_PER_S, f"{evidence} ({remark})" if remark else evidence)
