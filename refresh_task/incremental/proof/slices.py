"""Which tables are direct on a slicing, as the planner proves it.

For `SELECT * FROM q WHERE c = $501` the planner finds which scans it may restrict, and it may restrict one only where
the answer stays the same whatever $501 and the tables hold. So if every scan of a table in that plan gives only rows
with e = $501, the slice c = x is made from no other rows of the table than those with e = x. How the plan reads the
table otherwise, and how a refresh will, does not matter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from refresh_task.database import Session
from refresh_task.database.generic_plan import explain
from refresh_task.incremental.proof.claims import Claim, find_claims
from refresh_task.incremental.proof.definition import Column, Definition, Table
from refresh_task.incremental.proof.equality import Equalities
from refresh_task.incremental.proof.expressions import bare_column, without_alias
from refresh_task.incremental.proof.plan import Plan, Scan, make_plan


@dataclass(frozen=True, slots=True)
class Sliced:
    """What was found about one slicing."""

    columns: tuple[str, ...]
    plan: Plan
    direct: Mapping[int, tuple[str, ...]]  # by OID of the table: an expression for each column


def prove_slices(
    session: Session, definition: Definition, columns: Sequence[Column], equalities: Equalities
) -> Sliced | None:
    """None: the planner has no plan for it, for a type without equality, say."""
    root = explain(session, definition.query, [(column.name, column.type) for column in columns])
    if root is None:
        return None
    plan = make_plan(root)
    direct = {}
    if is_understood(definition, plan):
        claims = find_claims(plan.scans)
        for table, scans in scans_by_table(definition, plan).items():
            tables_claims = [claims[id(scan)] for scan in scans]
            found = [
                _common(table, column, position, tables_claims, equalities) for position, column in enumerate(columns)
            ]
            named = tuple(expression for expression in found if expression is not None)
            if len(named) == len(columns):
                direct[table.oid] = named
    return Sliced(tuple(column.name for column in columns), plan, direct)


def is_understood(definition: Definition, plan: Plan) -> bool:
    """Whether it is known what each node of the plan reads, and that it is what the definition is known to read. A
    function that PostgreSQL put in its place may read more than it says."""
    return not plan.unknown and all((scan.schema, scan.relation) in definition.by_member for scan in plan.scans)


def scans_by_table(definition: Definition, plan: Plan) -> dict[Table, list[Scan]]:
    """Which scans read each table, or a member of its tree. Tables without any are missing."""
    found: dict[Table, list[Scan]] = defaultdict(list)
    for scan in plan.scans:
        if (table := definition.by_member.get((scan.schema, scan.relation))) is not None:
            found[table].append(scan)
    return found


def _common(
    table: Table, column: Column, position: int, scans: Sequence[Iterable[Claim]], equalities: Equalities
) -> str | None:
    """The expression that every scan claims to equal the slice's column: a bare column if there is one."""
    by_scan: list[dict[str, bool]] = []
    for claims in scans:
        proved: dict[str, bool] = {}
        for claim in claims:
            if claim.position == position:
                text = equalities.expression(table, column, without_alias(claim.expression), claim.value)
                if text is not None:
                    proved[text] = bare_column(claim.expression) is not None
        by_scan.append(proved)
    common = set.intersection(*(set(proved) for proved in by_scan))
    return min(common, key=lambda text: (not by_scan[0][text], len(text), text), default=None)
