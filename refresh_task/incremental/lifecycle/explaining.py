"""vistafresca incremental explain: what enabling a view would mean. Reads only, with nothing installed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from refresh_task.database import Session
from refresh_task.errors import UnknownViewError, VistafrescaError
from refresh_task.incremental.lifecycle.estimate import Gain, TableLoad, estimate_gain
from refresh_task.incremental.lifecycle.proving import prove_relation
from refresh_task.incremental.lifecycle.publications import read_publications
from refresh_task.incremental.model import Lookup, Slide, Source, StageSuggestion


@dataclass(frozen=True, slots=True)
class ExplainedTable:
    """A table that the view reads. `slice` are the output columns whose values a changed row of it names; None: any of
    its rows may touch every row of the view, for `reason`. `problem`: why triggers are not possible, and the remedy."""

    name: str
    slice: tuple[str, ...] | None
    expressions: tuple[str, ...]
    lookup: Lookup | None  # of the row whose columns some of the expressions are over
    null_slice: str
    slides: tuple[Slide, ...]
    reason: str | None
    row_count: int
    bytes: int
    changes_per_hour: float
    problem: str | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """All of it. `obstacles`: why it can never be refreshed incrementally. `in_the_way`: what would have to go, or be
    granted, before it can be enabled. `moving`: uses of the time that lead to a refresh in full when it moves."""

    view: str
    status: str | None  # of incremental_view; None: not enabled, as far as this role can see
    key: tuple[str, ...] | None
    slices: tuple[tuple[str, ...], ...]
    tables: tuple[ExplainedTable, ...]
    obstacles: tuple[str, ...]
    in_the_way: tuple[str, ...]
    carried: tuple[str, ...]  # what reads the view and is taken along
    rebuilt: tuple[str, ...]  # materialized views that are built anew for it, in this order, and swapped along
    moving: tuple[str, ...]
    suggestions: tuple[StageSuggestion, ...]
    remarks: tuple[str, ...]
    gain: Gain
    observed_hours: float

    @property
    def is_worth_it(self) -> bool:
        """Whether enabling it is possible, and some table's changes would cost less than a refresh in full."""
        return not self.obstacles and any(table.slice is not None for table in self.tables)


def explain(
    session: Session,
    view: str,
    *,
    interval_s: float,
    key: Sequence[str] | None = None,
    slices: Sequence[Sequence[str]] | None = None,
) -> Explanation:
    """Raises UnknownViewError. `interval_s`: how often it is refreshed."""
    with session.read_only():
        found = _find(session, view)
        proof = prove_relation(session, found["proved"], key=key, slices=slices)
        loads = {
            row["relation"]: row
            for row in session.fetch_all("explain_tables", relations=[source.relation for source in proof.sources])
        }
        rebuilt = session.fetch_portable("rebuilt_views", [found["relation"]])
        dependents = session.fetch_portable(
            "relation_dependents", [found["relation"], *(row["relation"] for row in rebuilt)]
        )
        publications = read_publications(session, found["relation"])
    tables = tuple(_table(source, proof.slices, loads[source.relation]) for source in proof.sources)
    return Explanation(
        view=found["name"],
        status=found["status"],
        key=proof.key,
        slices=proof.slices,
        tables=tables,
        obstacles=proof.obstacles,
        in_the_way=(
            *_rights(found),
            *dict.fromkeys(row["problem"] for row in dependents if row["problem"] is not None),
            *(f"the publication {name} would include it" for name in publications),
            *(table.problem for table in tables if table.problem is not None),
        ),
        carried=tuple(
            sorted(
                {row["name"] for row in dependents if row["problem"] is None and row["kind"] in ("view", "function")}
            )
        ),
        rebuilt=tuple(row["name"] for row in rebuilt),
        moving=proof.moving,
        suggestions=proof.suggestions,
        remarks=proof.remarks,
        gain=estimate_gain(
            [
                TableLoad(table.name, table.slice is not None, table.row_count, table.changes_per_hour)
                for table in tables
            ],
            interval_s=interval_s,
            refresh_s=_refresh_s(session, found["name"]),
        ),
        observed_hours=max((row["observed_hours"] for row in loads.values()), default=0.0),
    )


def _find(session: Session, written: str) -> dict[str, Any]:
    """The row of explain_views, or of one that is enabled, with `proved`: what its definition is read from."""
    rows = [{**row, "proved": row["relation"], "status": None} for row in session.fetch_all("explain_views")]
    if session.fetch_one("schema_exists")["schema_exists"]:
        try:
            with session.transaction():
                enabled = session.fetch_all("explain_enabled_views")
        except VistafrescaError:
            enabled = []  # installed, and not for this role to see
        rows = [*(row for row in rows if row["name"] not in {each["name"] for each in enabled}), *enabled]
    found = [row for row in rows if written == row["name"] or row["name"].endswith(f".{written}")]
    if len(found) == 1:
        return found[0]
    raise UnknownViewError(
        f"it may be any of {', '.join(row['name'] for row in found)}."
        if found
        else f"{session.server} has no such materialized view.",
        subject=written,
        remedy="Write it with its schema." if found else "Write it as PostgreSQL does: schema.name.",
    )


def _rights(found: dict[str, Any]) -> list[str]:
    missing = []
    if not found["is_populated"]:
        missing.append("it has never been filled: refresh it first")
    if not found["is_owner"]:
        missing.append(
            f"it belongs to {found['owner_name']}: as {found['owner_name']}, "
            f"GRANT {found['owner_name']} TO {found['user_name']};"
        )
    if not found["may_create"]:
        missing.append(
            f"its schema is not {found['user_name']}'s to create in: "
            f"GRANT CREATE ON SCHEMA {found['schema_name']} TO {found['user_name']};"
        )
    return missing


def _table(source: Source, slices: Sequence[tuple[str, ...]], load: dict[str, Any]) -> ExplainedTable:
    return ExplainedTable(
        name=source.name,
        slice=None if source.slice is None else slices[source.slice - 1],
        expressions=source.expressions,
        lookup=source.lookup,
        null_slice=source.null_slice,
        slides=source.slides,
        reason=source.reason,
        row_count=load["row_count"],
        bytes=load["bytes"],
        changes_per_hour=load["changes_per_hour"],
        problem=load["problem"],
    )


def _refresh_s(session: Session, view: str) -> float | None:
    try:
        with session.transaction():
            value = session.fetch_one("explain_history", view=view)["refresh_s"]
    except VistafrescaError:
        return None  # not installed, or not for this role to see
    return None if value is None else float(value)
