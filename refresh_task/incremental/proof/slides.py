"""Windows that move with time: `WHERE sold_at >= now() - interval '30 days'`.

A plan shows where the date and the time are asked for. If that is only in conditions of scans, each of which compares a
table's own column with a bound, then moving the moment changes nothing but which of the table's rows between the two
bounds are read; and the slices that those touch are known, for the table is direct."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from refresh_task.database import Session
from refresh_task.database.generic_plan import folded
from refresh_task.incremental.model import Slide
from refresh_task.incremental.proof.definition import Definition, Table
from refresh_task.incremental.proof.expressions import (
    Tree,
    asks_the_time,
    bare_column,
    between_ands,
    inner,
    is_builtin,
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
from refresh_task.incremental.proof.plan import Node, Plan, Scan, is_scan_condition, moments
from refresh_task.incremental.proof.slices import scans_by_table

# and what each is when its sides are exchanged
_COMPARISONS = {"<": ">", "<=": ">=", "=": "=", "<>": "<>", ">=": "<=", ">": "<"}
_AS_PARAMETER = {
    "now()": "$1",
    "transaction_timestamp()": "$1",
    "CURRENT_TIMESTAMP": "$1",
    "CURRENT_DATE": "$1::date",
    "LOCALTIMESTAMP": "$1::timestamp without time zone",
}
# Types whose values PostgreSQL compares among themselves without a look at TimeZone.
_MOMENTS = ("date", "timestamp without time zone", "timestamp with time zone")
_ANY_MOMENT = "'2000-01-01 12:00:00+00'::timestamp with time zone"
_HIDDEN = {
    "SelectStmt": ("limit_count", "limit_offset", "values_lists"),
    "WindowDef": ("start_offset", "end_offset"),
    # what is compared with a subquery's rows: printed since PostgreSQL 17
    "SubLink": ("testexpr",),
}


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
                found[table.oid][replace(slide, operator=None)] = None
    return {oid: tuple(slides) for oid, slides in found.items()}


def with_operators(
    definition: Definition, found: Mapping[int, tuple[Slide, ...]], plans: Sequence[Plan]
) -> dict[int, tuple[Slide, ...]]:
    """The same, each with its operator where every scan of the table in each of the plans makes this comparison."""
    known: dict[int, tuple[Slide, ...]] = {}
    for table in definition.tables:
        if table.oid not in found:
            continue
        scans = [scan for plan in plans for scan in scans_by_table(definition, plan).get(table, [])]
        kept = set.intersection(*(set(_kept(scan)) for scan in scans)) if scans else set()
        known[table.oid] = tuple(
            min((other for other in kept if replace(other, operator=None) == slide), key=repr, default=slide)
            for slide in found[table.oid]
        )
    return known


def _kept(scan: Scan) -> Iterator[Slide]:
    """The windows outside of which a scan gives no row."""
    for condition in scan.conjuncts:
        if asks_the_time(condition) and (slide := _slide(condition, scan.alias)) is not None:
            yield slide


def with_absolutes(
    session: Session, definition: Definition, found: Mapping[int, tuple[Slide, ...]]
) -> dict[int, tuple[Slide, ...]]:
    """The same, each marked where its comparison does not depend on a session's settings: a bare column and a bound of
    one type, with nothing of the user's in it, which the planner computes beforehand, as it does what is IMMUTABLE."""
    return {
        table.oid: tuple(
            replace(slide, is_absolute=slide.operator is not None and _is_absolute(session, table, slide))
            for slide in found[table.oid]
        )
        for table in definition.tables
        if table.oid in found
    }


def _is_absolute(session: Session, table: Table, slide: Slide) -> bool:
    column, bound = read(slide.column), read(slide.bound)
    name = bare_column(column) if column is not None else None
    known = table.columns.get(name[-1]) if name is not None else None
    if known is None or known.type not in _MOMENTS or bound is None or not is_builtin(bound):
        return False
    asked = write(with_replaced(bound, {_parameter().SerializeToString(): read(_ANY_MOMENT)}))
    computed = folded(session, asked) if asked is not None else None
    return computed is not None and re.fullmatch(f"'[^']*'::{known.type}", computed) is not None


def has_hidden_moments(queries: Sequence[Tree]) -> bool:
    """Whether the time is asked for where plans do not show it: in LIMIT, VALUES, the frame of a window, or what
    is compared with a subquery's rows."""
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
    operator, left, right = found
    for column, bound, said in ((left, right, operator), (right, left, _COMPARISONS[operator])):
        names, text = references(column), write(without_alias(column))
        if not names or references(bound) != set() or text is None or asks_the_time(column):
            continue
        if alias is None or any(len(name) < 2 or name[0] != alias for name in names):  # noqa: PLR2004  # alias and column
            continue
        moved = write(with_replaced(bound, _replacements()))
        if moved is not None and not mentions_moment(moved):
            return Slide(text, moved, said)
    return None


def _replacements() -> dict[bytes, Tree]:
    trees = {}
    for said, parameter in _AS_PARAMETER.items():
        asked, given = read(said), read(parameter)
        assert asked is not None and given is not None  # noqa: S101, PT018  # constants of ours
        trees[asked.SerializeToString()] = given
    return trees


def _parameter() -> Tree:
    given = read("$1")
    assert given is not None  # noqa: S101  # a constant of ours
    return given
