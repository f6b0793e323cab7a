"""Which tables are direct on a slicing, as the planner proves it.

For `SELECT * FROM q WHERE c = $501` the planner finds which scans it may restrict, and it may restrict one only where
the answer stays the same whatever $501 and the tables hold. So if every scan of a table in that plan gives only rows
with e = $501, the slice c = x is made from no other rows of the table than those with e = x. How the plan reads the
table otherwise, and how a refresh will, does not matter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from refresh_task.database import Session
from refresh_task.database.generic_plan import as_wholes, explain
from refresh_task.incremental.model import Lookup
from refresh_task.incremental.proof.claims import Claim, find_claims
from refresh_task.incremental.proof.definition import Column, Definition, Table
from refresh_task.incremental.proof.equality import Equalities
from refresh_task.incremental.proof.expressions import bare_column, without_alias
from refresh_task.incremental.proof.lookups import find_partners
from refresh_task.incremental.proof.plan import Plan, Scan, make_plan


@dataclass(frozen=True, slots=True)
class Touch:
    """How a row of a table names the slice that it touches: an expression for each column, over the table's own columns
    or, at `lookup.positions`, over those of the row that is looked up."""

    expressions: tuple[str, ...]
    lookup: Lookup | None = None


@dataclass(frozen=True, slots=True)
class Sliced:
    """What was found about one slicing."""

    columns: tuple[str, ...]
    plan: Plan
    direct: Mapping[int, Touch]  # by OID of the table


def prove_slices(
    session: Session, definition: Definition, columns: Sequence[Column], equalities: Equalities
) -> Sliced | None:
    """None: the planner has no plan for it, for a type without equality, say."""
    conditions = [(column.name, column.type) for column in columns]
    root = explain(session, definition.query, conditions, as_owner_of=definition.table_id)
    if root is None:
        return None
    plan = make_plan(root)
    direct = dict(_prove_direct(definition, plan, columns, equalities))
    # a table whose rows name the slice is what others would be looked up in
    if direct and len(direct) < len(definition.tables):
        with as_wholes(session):
            root = explain(session, definition.query, conditions, as_owner_of=definition.table_id)
        found = _prove_lookups(definition, make_plan(root), columns, equalities) if root is not None else ()
        direct = dict(found) | direct
    if direct and len(direct) < len(definition.tables) and len(columns) > 1:
        direct = dict(_together(session, definition, columns, equalities)) | direct
    return Sliced(tuple(column.name for column in columns), plan, direct)


def _together(
    session: Session, definition: Definition, columns: Sequence[Column], equalities: Equalities
) -> Iterator[tuple[int, Touch]]:
    """Of tables that are direct on each of the columns, what was proved of each column: a row that is touched is in all
    of these slices. Conditions on several columns may leave no join to look at."""
    alone = [prove_slices(session, definition, [column], equalities) for column in columns]
    for table in definition.tables:
        touches = [touch for sliced in alone if sliced is not None and (touch := sliced.direct.get(table.oid))]
        lookups = {(touch.lookup.relation, touch.lookup.pairs): touch.lookup for touch in touches if touch.lookup}
        if len(touches) == len(columns) and len(lookups) <= 1:
            positions = tuple(number for number, touch in enumerate(touches, start=1) if touch.lookup)
            named = tuple(touch.expressions[0] for touch in touches)
            yield table.oid, Touch(named, *(replace(lookup, positions=positions) for lookup in lookups.values()))


def _prove_direct(
    definition: Definition, plan: Plan, columns: Sequence[Column], equalities: Equalities
) -> Iterator[tuple[int, Touch]]:
    for table, _, found, _ in _own(definition, plan, columns, equalities):
        named = tuple(expression for expression in found if expression is not None)
        if len(named) == len(columns):
            yield table.oid, Touch(named)


def _prove_lookups(
    definition: Definition, plan: Plan, columns: Sequence[Column], equalities: Equalities
) -> Iterator[tuple[int, Touch]]:
    for table, scans, own, claims in _own(definition, plan, columns, equalities):
        for (other, pairs), partners in find_partners(definition, plan, table, scans, equalities):
            if other.misnamed is not None:
                continue
            others = _expressions(other, columns, [claims[id(scan)] for scan in partners], equalities)
            named = tuple(text for one, two in zip(own, others, strict=True) if (text := one or two) is not None)
            if len(named) == len(columns):
                positions = tuple(number for number, text in enumerate(own, start=1) if text is None)
                yield table.oid, Touch(named, Lookup(other.oid, other.name, pairs, positions) if positions else None)
                break


def _own(
    definition: Definition, plan: Plan, columns: Sequence[Column], equalities: Equalities
) -> Iterator[tuple[Table, Sequence[Scan], list[str | None], Mapping[int, Sequence[Claim]]]]:
    """Each table with its scans, what its own columns say of each column of the slice, and the claims of all scans."""
    if not is_understood(definition, plan):
        return
    claims = find_claims(plan.scans)
    for table, scans in _named_scans(definition, plan):
        yield table, scans, _expressions(table, columns, [claims[id(scan)] for scan in scans], equalities), claims


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


def _named_scans(definition: Definition, plan: Plan) -> Iterator[tuple[Table, list[Scan]]]:
    """Of tables whose columns the plan calls as the catalog does. What conditions say of others' columns is true of
    these, but which they are is not known."""
    return ((table, scans) for table, scans in scans_by_table(definition, plan).items() if table.misnamed is None)


def _expressions(
    table: Table, columns: Sequence[Column], scans: Sequence[Sequence[Claim]], equalities: Equalities
) -> list[str | None]:
    """For each column, the expression that every scan claims to equal it."""
    return [_common(table, column, position, scans, equalities) for position, column in enumerate(columns)]


def _common(
    table: Table, column: Column, position: int, scans: Sequence[Iterable[Claim]], equalities: Equalities
) -> str | None:
    """A bare column if there is one."""
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
