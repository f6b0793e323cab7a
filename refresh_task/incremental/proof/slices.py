"""Which tables are direct on a slicing, as the planner proves it.

For `SELECT * FROM q WHERE c = $501` the planner finds which scans it may restrict, and it may restrict one only where
the answer stays the same whatever $501 and the tables hold. So if every scan of a table in that plan gives only rows
with e = $501, the slice c = x is made from no other rows of the table than those with e = x. How the plan reads the
table otherwise, and how a refresh will, does not matter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from refresh_task.database import Session
from refresh_task.database.generic_plan import FIRST_PARAMETER, explain
from refresh_task.incremental.proof.definition import Column, Definition, Table
from refresh_task.incremental.proof.equality import Equalities
from refresh_task.incremental.proof.expressions import (
    Tree,
    bare_column,
    is_null_test,
    operation,
    parameter,
    references,
    without_alias,
    write,
)
from refresh_task.incremental.proof.plan import Plan, Scan, make_plan


@dataclass(frozen=True, slots=True)
class Sliced:
    """What was found about one slicing."""

    columns: tuple[str, ...]
    plan: Plan
    direct: Mapping[int, tuple[str, ...]]  # by OID of the table: an expression for each column


@dataclass(frozen=True, slots=True)
class _Claim:
    """Of one scan: `expression = value`, where value is a parameter, cast or not."""

    position: int  # of the slice's column
    expression: Tree
    value: Tree


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
        claims = _claims(plan.scans)
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
    """For `column IS NULL`; None: the planner has none."""
    root = explain(session, definition.query, [(column, None)])
    return None if root is None else make_plan(root)


def null_slice_is_of_rows(definition: Definition, plan: Plan | None, table: Table, expressions: Sequence[str]) -> bool:
    """Whether rows with NULL in a column, by the plan for that, are made from no other rows of the table than those
    with a NULL in one of the expressions. A table that is not in the plan has no part in them."""
    if plan is None or plan.unknown:
        return False
    return all(_has_null_test(scan, expressions) for scan in scans_by_table(definition, plan).get(table, ()))


def scans_by_table(definition: Definition, plan: Plan) -> dict[Table, list[Scan]]:
    """Which scans read each table, or a member of its tree. Tables without any are missing."""
    found: dict[Table, list[Scan]] = defaultdict(list)
    for scan in plan.scans:
        if (table := definition.by_member.get((scan.schema, scan.relation))) is not None:
            found[table].append(scan)
    return found


def _has_null_test(scan: Scan, expressions: Sequence[str]) -> bool:
    tested = (is_null_test(part) for part in (*scan.conjuncts, *scan.gates))
    return any(write(without_alias(tree)) in expressions for tree in tested if tree is not None)


def _common(
    table: Table, column: Column, position: int, scans: Sequence[Iterable[_Claim]], equalities: Equalities
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


def _claims(scans: Sequence[Scan]) -> dict[int, list[_Claim]]:
    """By the scan's identity. A scan that looks for another one's column, which in turn is known to be $n, looks for
    $n, too: `t.a = o.b` where every row of o has b = $501. Of an outer join's missing row it is NULL, and finds
    nothing."""
    claims = {id(scan): list(_stated(scan)) for scan in scans}
    by_alias: dict[str, list[Scan]] = defaultdict(list)
    for scan in scans:
        by_alias[scan.alias].append(scan)
    is_growing = True
    while is_growing:
        is_growing = False
        for scan in scans:
            for claim in _derived(scan, by_alias, claims):
                if not any(_same(claim, other) for other in claims[id(scan)]):
                    claims[id(scan)].append(claim)
                    is_growing = True
    return claims


def _stated(scan: Scan) -> Iterator[_Claim]:
    for side, other in _equalities((*scan.conjuncts, *scan.gates)):
        number = parameter(other)
        names = references(side)
        if number is None or number < FIRST_PARAMETER or names is None:
            continue
        if all(len(name) > 1 and name[0] == scan.alias for name in names):
            yield _Claim(number - FIRST_PARAMETER, side, other)


def _derived(
    scan: Scan, by_alias: Mapping[str, Sequence[Scan]], claims: Mapping[int, Sequence[_Claim]]
) -> Iterator[_Claim]:
    for side, name in _joined(scan):
        for other in by_alias.get(name[0], ()):
            if len(by_alias[name[0]]) > 1 or not _is_source(other, scan):
                continue
            for claim in claims[id(other)]:
                # the same type on both sides, for `=` to be the same equality: a cast would have been written
                if bare_column(claim.expression) == name:
                    yield _Claim(claim.position, side, claim.value)


def _joined(scan: Scan) -> Iterator[tuple[Tree, tuple[str, ...]]]:
    """Of `own expression = other scan's column` in a scan's conditions: the expression and the column's name."""
    for side, other in _equalities(scan.conjuncts):
        name, own = bare_column(other), references(side)
        if name is None or len(name) == 1 or name[0] == scan.alias or not own:
            continue
        if all(len(part) > 1 and part[0] == scan.alias for part in own):
            yield side, name


def _is_source(source: Scan, scan: Scan) -> bool:
    """Whether a column named by the source's alias comes from the source alone. EXPLAIN names what an Append gives by
    the first of its members."""
    shared = sum(1 for one, other in zip(source.above, scan.above, strict=False) if one is other)
    return not any(node["Node Type"] in _SEVERAL_MEMBERS for node in source.above[shared:])


_SEVERAL_MEMBERS = frozenset({"Append", "Merge Append", "Recursive Union", "SetOp"})


def _equalities(conditions: Iterable[Tree]) -> Iterator[tuple[Tree, Tree]]:
    for condition in conditions:
        if (found := operation(condition)) is not None and found[0] == "=":
            _, left, right = found
            yield left, right
            yield right, left


def _same(claim: _Claim, other: _Claim) -> bool:
    return (claim.position, claim.expression, claim.value) == (other.position, other.expression, other.value)
