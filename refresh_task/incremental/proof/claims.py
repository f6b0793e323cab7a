"""What the conditions of a plan's scans say about the rows that they give."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from refresh_task.database.generic_plan import FIRST_PARAMETER
from refresh_task.incremental.proof.expressions import (
    Name,
    Tree,
    bare_column,
    is_null_test,
    operation,
    parameter,
    read,
    references,
)
from refresh_task.incremental.proof.plan import Node, Scan

Fact = TypeVar("Fact")

_NUMBER = re.compile(r"_\d+$")
_MEMBERS = frozenset({"Append", "Merge Append"})
_SEVERAL_INPUTS = _MEMBERS | {"Recursive Union", "SetOp"}


@dataclass(frozen=True, slots=True)
class Claim:
    """Of one scan: `expression = value` in each of its rows, where value is a parameter, cast or not."""

    position: int  # of the slice's column
    expression: Tree
    value: Tree


def find_claims(scans: Sequence[Scan]) -> dict[int, list[Claim]]:
    """By the scan's identity. A scan that looks for another one's column, which in turn is known to be $n, looks for
    $n, too: `t.a = o.b` where every row of o has b = $501. Of an outer join's missing row it is NULL, and finds
    nothing."""
    claims = {id(scan): list(_stated(scan)) for scan in scans}
    columns = Columns(scans)

    def known(scan: Scan, name: Name) -> list[tuple[int, bytes]]:
        # the same type on both sides, for `=` to be the same equality: a cast would have been written
        return [
            (claim.position, claim.value.SerializeToString())
            for claim in claims[id(scan)]
            if bare_column(claim.expression) == name
        ]

    values = {claim.value.SerializeToString(): claim.value for found in claims.values() for claim in found}
    is_growing = True
    while is_growing:
        is_growing = False
        for scan in scans:
            for side, name in joined(scan):
                for position, value in columns.facts(name, scan.above, known):
                    claim = Claim(position, side, values[value])
                    if not any(_same(claim, other) for other in claims[id(scan)]):
                        claims[id(scan)].append(claim)
                        is_growing = True
    return claims


def null_tests(scan: Scan) -> Iterator[Tree]:
    """What is NULL in each row of the scan."""
    for condition in (*scan.conjuncts, *scan.gates):
        if (tested := is_null_test(condition)) is not None:
            yield tested


def finds_nothing(scan: Scan, scans: Sequence[Scan]) -> bool:
    """Whether it looks for what equals a column that is NULL."""
    columns = Columns(scans)

    def known(other: Scan, name: Name) -> list[bool]:
        return [True for tested in null_tests(other) if bare_column(tested) == name]

    return any(columns.facts(name, scan.above, known) for _, name in joined(scan))


class Columns:
    """What a column's name means in a condition of another scan, or of a join."""

    def __init__(self, scans: Sequence[Scan]) -> None:
        self._by_alias: dict[str, list[Scan]] = defaultdict(list)
        for scan in scans:
            self._by_alias[scan.alias].append(scan)

    def facts(self, name: Name, asking: Sequence[Node], known: Callable[[Scan, Name], list[Fact]]) -> list[Fact]:
        """`known`: of a column of a scan; here, of all that the name may mean."""
        found: list[Fact] | None = None
        for scan, column in self.meant(name, asking):
            facts = known(scan, column)
            found = facts if found is None else [fact for fact in found if fact in facts]
        return found or []

    def meant(self, name: Name, asking: Sequence[Node]) -> list[tuple[Scan, Name]]:
        """The scans that a value may come from, and what each calls it; none: that is not known. `asking`: the nodes
        from the plan's root down to the one with the condition. What an Append gives EXPLAIN names by the first of its
        members: then it is the others' columns, too, at the same place of what they give."""
        source = self._scan(name)
        if source is None:
            return [(scan, (scan.alias, *name[1:])) for scan in self._tree(name[0])]
        shared = sum(1 for one, other in zip(source.above, asking, strict=False) if one is other)
        several = [node for node in source.above[shared:] if node["Node Type"] in _SEVERAL_INPUTS]
        if not several:
            return [(source, name)]
        if len(several) > 1 or several[0]["Node Type"] not in _MEMBERS:
            return []
        return self._members(several[0], name)

    def _members(self, append: Node, name: Name) -> list[tuple[Scan, Name]]:
        members = [node for node in append["Plans"] if node["Parent Relationship"] == "Member"]
        outputs = [[_column(text) for text in node.get("Output", ())] for node in members]
        if outputs[0].count(name) != 1:
            return []
        place = outputs[0].index(name)
        found = []
        for output in outputs:
            column = output[place] if place < len(output) else None
            scan = self._scan(column) if column is not None else None
            if scan is None or column is None:
                return []
            found.append((scan, column))
        return found

    def _tree(self, alias: str) -> list[Scan]:
        """Members of a tree of partitions that is read by that alias; theirs have a number more. None: there are others
        of such an alias."""
        base = _NUMBER.sub("", alias)
        found = [scan for other, scans in self._by_alias.items() if _NUMBER.sub("", other) == base for scan in scans]
        appends = {id(scan.above[-2]) for scan in found if len(scan.above) > 1}
        is_one = len(appends) == 1 and found[0].above[-2]["Node Type"] in _MEMBERS
        is_whole = is_one and len(found[0].above[-2]["Plans"]) == len(found)
        return found if is_whole and alias not in self._by_alias else []

    def _scan(self, name: Name) -> Scan | None:
        scans = self._by_alias.get(name[0], [])
        return scans[0] if len(scans) == 1 else None


def _column(text: str) -> Name | None:
    tree = read(text)
    return None if tree is None else bare_column(tree)


def _stated(scan: Scan) -> Iterator[Claim]:
    for side, other in equalities((*scan.conjuncts, *scan.gates)):
        number = parameter(other)
        names = references(side)
        if number is None or number < FIRST_PARAMETER or names is None:
            continue
        if all(len(name) > 1 and name[0] == scan.alias for name in names):
            yield Claim(number - FIRST_PARAMETER, side, other)


def joined(scan: Scan) -> Iterator[tuple[Tree, Name]]:
    """Of `own expression = other scan's column` in a scan's conditions: the expression and the column's name."""
    for side, other in equalities(scan.conjuncts):
        name, own = bare_column(other), references(side)
        if name is None or len(name) == 1 or name[0] == scan.alias or not own:
            continue
        if all(len(part) > 1 and part[0] == scan.alias for part in own):
            yield side, name


def equalities(conditions: Iterable[Tree]) -> Iterator[tuple[Tree, Tree]]:
    """The sides of each `=`, both ways."""
    for condition in conditions:
        if (found := operation(condition)) is not None and found[0] == "=":
            _, left, right = found
            yield left, right
            yield right, left


def _same(claim: Claim, other: Claim) -> bool:
    return (claim.position, claim.expression, claim.value) == (other.position, other.expression, other.value)
