"""Windows that move with time: `WHERE sold_at >= now() - interval '30 days'`.

A plan shows where the date and the time are asked for. If that is only in conditions of scans, each of which compares a
table's own column with a bound, then moving the moment changes nothing but which of the table's rows between the two
bounds are read; and the slices that those touch are known, for the table is direct."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from refresh_task.incremental.model import Slide
from refresh_task.incremental.proof.definition import Definition
from refresh_task.incremental.proof.expressions import (
    Tree,
    asks_the_time,
    between_ands,
    inner,
    kind,
    mentions_moment,
    operation,
    parts,
    read,
    references,
    with_replaced,
    without_alias,
    write,
)
from refresh_task.incremental.proof.plan import Node, Plan, is_scan_condition, moments

_COMPARISONS = frozenset({"<", "<=", "=", "<>", ">=", ">"})
_AS_PARAMETER = {
    "now()": "$1",
    "transaction_timestamp()": "$1",
    "CURRENT_TIMESTAMP": "$1",
    "CURRENT_DATE": "$1::date",
    "LOCALTIMESTAMP": "$1::timestamp without time zone",
}
_HIDDEN = {"SelectStmt": ("limit_count", "limit_offset", "values_lists"), "WindowDef": ("start_offset", "end_offset")}


def find_slides(definition: Definition, plans: Sequence[Plan]) -> dict[int, tuple[Slide, ...]] | None:
    """By the OID of the table, from the plans of all slicings that are used; None: something else moves, too."""
    found: dict[int, dict[Slide, None]] = defaultdict(dict)
    for plan in plans:
        for node, key, text in moments(plan):
            table = definition.by_member.get((node.get("Schema", ""), node.get("Relation Name", "")))
            slides = list(_slides(node, text)) if is_scan_condition(node, key) else [None]
            if node["Node Type"] == "Bitmap Index Scan" and slides != [None]:
                continue  # the scan above says the same
            for slide in slides or [None]:
                if slide is None or table is None:
                    return None
                found[table.oid][slide] = None
    return {oid: tuple(slides) for oid, slides in found.items()}


def has_hidden_moments(queries: Sequence[Tree]) -> bool:
    """Whether the time is asked for where plans do not show it: in LIMIT, VALUES, or the frame of a window."""
    for query in queries:
        for node in parts(query):
            for name in _HIDDEN.get(kind(node), ()):
                value = getattr(node, name)
                hidden = [inner(item) for item in value] if name == "values_lists" else [inner(value)]
                if any(asks_the_time(item) for item in hidden):
                    return True
    return False


def _slides(node: Node, text: str) -> Iterator[Slide | None]:
    tree = read(text)
    if tree is None:
        yield None
        return
    yield from (_slide(part, node.get("Alias")) for part in between_ands(tree) if asks_the_time(part))


def _slide(condition: Tree, alias: str | None) -> Slide | None:
    found = operation(condition)
    if found is None or found[0] not in _COMPARISONS:
        return None
    _, left, right = found
    for column, bound in ((left, right), (right, left)):
        names, text = references(column), write(without_alias(column))
        if not names or references(bound) != set() or text is None or asks_the_time(column):
            continue
        if alias is None or any(len(name) < 2 or name[0] != alias for name in names):  # noqa: PLR2004  # alias and column
            continue
        moved = write(with_replaced(bound, _replacements()))
        if moved is not None and not mentions_moment(moved):
            return Slide(text, moved)
    return None


def _replacements() -> dict[bytes, Tree]:
    trees = {}
    for said, parameter in _AS_PARAMETER.items():
        asked, given = read(said), read(parameter)
        assert asked is not None and given is not None  # noqa: S101, PT018  # constants of ours
        trees[asked.SerializeToString()] = given
    return trees
