"""Tables whose changed rows name no slice themselves, but one row of another table that does.

An offer says to which request it belongs, and the request in which month it was made. Where the plan for
`month = $501` joins the offers to the requests, and gives only requests with month = $501, an offer can touch no other
slice than the month of its request: whatever else becomes of a row of the offers, it does so beside a request that
equals it. The request is looked up as it is now. If it was another when the result was made, then it has changed, and
what it touched then is known from that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from refresh_task.incremental.proof.claims import Columns, equalities
from refresh_task.incremental.proof.definition import Definition, Table
from refresh_task.incremental.proof.equality import Equalities
from refresh_task.incremental.proof.expressions import (
    Name,
    Tree,
    asks_the_time,
    bare_column,
    conjuncts,
    inner,
    kind,
    references,
    with_column,
    without_alias,
    write,
)
from refresh_task.incremental.proof.plan import Node, Plan, Scan

_CONDITIONS = ("Hash Cond", "Merge Cond", "Join Filter")
# By the type of a join, the inputs whose rows it gives, or lets something be given for, without a partner.
_WITHOUT_PARTNER = {
    "Inner": (),
    "Semi": (),
    "Right Semi": (),
    "Left": ("Outer",),
    "Anti": ("Outer",),
    "Right": ("Inner",),
    "Right Anti": ("Inner",),
}
# What a row of a table becomes, up to the join, in no other rows than those with its column's value.
_KEEPS_ROWS_APART = frozenset(
    {
        *("Append", "Merge Append", "Nested Loop", "Hash Join", "Merge Join", "Hash", "Sort", "Incremental Sort"),
        *("Materialize", "Memoize", "Subquery Scan", "Result", "ProjectSet", "Aggregate", "Group"),
    }
)
# Several scans of the other table, for the members of its tree: what joins one of its own to each.
Partners: TypeAlias = tuple[tuple[Scan, Name], ...]
Pairs: TypeAlias = tuple[tuple[str, str], ...]
Join: TypeAlias = tuple[Table, Pairs]


def find_partners(
    definition: Definition, plan: Plan, table: Table, scans: Sequence[Scan], equality: Equalities
) -> Iterator[tuple[Join, list[Scan]]]:
    """What each of the table's scans is joined to, and how, where one row of the other table at most is equal; and all
    scans of the other table that are joined there."""
    known = Columns(plan.scans)
    joins = [dict(_joins(definition, known, table, scan, equality)) for scan in scans]
    common = set(joins[0]).intersection(*joins[1:])
    for other, pairs in sorted(common, key=lambda join: (join[0].name, join[1])):
        yield (other, pairs), [scan for found in joins for scan in found[other, pairs]]


def _joins(
    definition: Definition, known: Columns, table: Table, scan: Scan, equality: Equalities
) -> Iterator[tuple[Join, tuple[Scan, ...]]]:
    by_partner: dict[tuple[int, ...], list[tuple[str, str, str]]] = defaultdict(list)
    scans: dict[tuple[int, ...], tuple[Scan, ...]] = {}
    for own, other, partners in _conditions(known, scan):
        tables = {definition.by_member.get((partner.schema, partner.relation)) for partner, _ in partners}
        names = {name[-1] for _, name in partners}
        other_table = next(iter(tables))
        if len(tables) > 1 or len(names) > 1 or other_table is None or other_table is table:
            continue
        (name,) = names
        expression, looked = write(own), write(with_column(other, name))
        if expression is None or looked is None or asks_the_time(own):
            continue
        if equality.is_exact_join((table, expression), (other_table, looked)):
            key = tuple(id(partner) for partner, _ in partners)
            scans[key] = tuple(partner for partner, _ in partners)
            by_partner[key].append((expression, looked, name))
    for key, found in by_partner.items():
        partner = definition.by_member[scans[key][0].schema, scans[key][0].relation]
        columns = {name for _, _, name in found}
        if any(set(unique) <= columns for unique in partner.unique_keys):
            yield (partner, tuple(sorted({(own, looked) for own, looked, _ in found}))), scans[key]


def _conditions(known: Columns, scan: Scan) -> Iterator[tuple[Tree, Tree, Partners]]:
    """Own expression, over bare columns; the other side; and the scans that this comes from, with their names of it."""
    for own, other in equalities(scan.conjuncts):
        name, other_name = _of_one_column(own), _uncast_column(other)
        if name is None or other_name is None or name[0] != scan.alias or other_name[0] == scan.alias:
            continue
        if partners := known.meant(other_name, scan.above):
            yield without_alias(own), other, tuple(partners)
    for number, node in enumerate(scan.above[:-1]):
        beneath = scan.above[number + 1 : -1]
        if _needs_partner(node, scan.above[number + 1]) and all(_keeps_rows_apart(between) for between in beneath):
            yield from _of_join(known, scan, scan.above[: number + 1])


def _of_join(known: Columns, scan: Scan, asking: Sequence[Node]) -> Iterator[tuple[Tree, Tree, Partners]]:
    """`asking`: the nodes down to the join."""
    conditions = [part for key in _CONDITIONS if key in asking[-1] for part in conjuncts(asking[-1][key])]
    for own, other in equalities(conditions):
        # no other expression: one over a column may be an aggregate of it, from beneath
        name, other_name = _uncast_column(own), _uncast_column(other)
        if name is None or other_name is None:
            continue
        columns = [column for found, column in known.meant(name, asking) if found is scan]
        partners = known.meant(other_name, asking)
        if len(columns) == 1 and partners and all(_is_beside(partner, scan, asking[-1]) for partner, _ in partners):
            yield with_column(own, columns[0][-1]), other, tuple(partners)


def _keeps_rows_apart(node: Node) -> bool:
    return node["Node Type"] in _KEEPS_ROWS_APART and node.get("Parent Relationship") not in ("SubPlan", "InitPlan")


def _is_beside(partner: Scan, scan: Scan, join: Node) -> bool:
    """Whether it is in the other input of the join."""
    place = next((number for number, node in enumerate(partner.above) if node is join), None)
    if place is None or partner.above[place + 1].get("Parent Relationship") not in ("Outer", "Inner"):
        return False
    return partner.above[place + 1] is not scan.above[place + 1]


def _needs_partner(node: Node, child: Node) -> bool:
    if node["Node Type"] not in ("Nested Loop", "Hash Join", "Merge Join"):
        return False
    side = child.get("Parent Relationship")
    without = _WITHOUT_PARTNER.get(node.get("Join Type", ""))
    return side in ("Outer", "Inner") and without is not None and side not in without


def _of_one_column(tree: Tree) -> Name | None:
    names = references(tree)
    if names is None or len(names) != 1:
        return None
    (name,) = names
    return name if len(name) > 1 else None


def _uncast_column(tree: Tree) -> Name | None:
    while kind(inner(tree)) == "TypeCast":
        tree = inner(tree).arg
    name = bare_column(tree)
    return name if name is not None and len(name) > 1 else None
