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
from refresh_task.database.generic_plan import explain, row_by_row
from refresh_task.incremental.proof.claims import Claim, find_claims, finds_nothing, null_tests
from refresh_task.incremental.proof.definition import Column, Definition, Table
from refresh_task.incremental.proof.equality import Equalities
from refresh_task.incremental.proof.expressions import bare_column, without_alias, write
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
    if not plan.unknown:
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


def null_plan(session: Session, definition: Definition, column: str) -> Plan | None:
    """For `column IS NULL`, joined row by row, which shows what a join looks for; None: the planner has none."""
    with row_by_row(session):
        root = explain(session, definition.query, [(column, None)])
    return None if root is None else make_plan(root)


def null_slice_is_of_rows(definition: Definition, plan: Plan | None, table: Table, expressions: Sequence[str]) -> bool:
    """Whether rows with NULL in a column, by the plan for that, are made from no other rows of the table than those
    with a NULL in one of the expressions. A table that is not in the plan has no part in them; nor has one of which
    only what equals a NULL is looked for."""
    if plan is None or plan.unknown:
        return False
    return all(
        any(write(without_alias(tree)) in expressions for tree in null_tests(scan)) or finds_nothing(scan, plan.scans)
        for scan in scans_by_table(definition, plan).get(table, ())
    )


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
