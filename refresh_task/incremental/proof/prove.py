"""The proof of a view, put together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from refresh_task.database import Session
from refresh_task.database.generic_plan import pinned_settings
from refresh_task.errors import ConfigurationError
from refresh_task.incremental.model import Proof, Slide, Source
from refresh_task.incremental.proof.choice import assign, choose
from refresh_task.incremental.proof.definition import Definition, Table, read_definition
from refresh_task.incremental.proof.equality import Equalities
from refresh_task.incremental.proof.expressions import Tree, read, read_query, references
from refresh_task.incremental.proof.findings import Findings, find
from refresh_task.incremental.proof.null_slices import NullSlices
from refresh_task.incremental.proof.nulls import Nulls
from refresh_task.incremental.proof.outline import groups, unordered
from refresh_task.incremental.proof.plan import Plan
from refresh_task.incremental.proof.slices import Sliced, Touch, prove_slices
from refresh_task.incremental.proof.slides import find_slides, has_hidden_moments, with_absolutes, with_operators
from refresh_task.incremental.proof.stages import suggest
from refresh_task.incremental.proof.ties import ties
from refresh_task.incremental.proof.words import SHAPES, why_indirect
from refresh_task.incremental.stages import OrdinaryView, OrdinaryViews

_MOST_COLUMNS = 100  # of a wide view, the first are tried


@dataclass(frozen=True, slots=True)
class _Text:
    """The definition and the ordinary views it reads, parsed."""

    select: Tree | None  # None: it cannot be
    all: tuple[Tree, ...]
    nulls: Nulls
    views: OrdinaryViews


def prove(
    session: Session,
    relation: int,
    *,
    slices: Sequence[Sequence[str]] | None = None,
    key: Sequence[str] | None = None,
    table_id: int | None = None,
) -> Proof:
    """What is known of a view or materialized view, by OID. Nothing needs to be installed, and nothing is changed: a
    transaction that only reads will do. `slices` and `key`: these and no others; None: the best that are found.
    `table_id`: of the maintained table as whose owner it is planned, where the view is his; None: as whoever asks.

    Raises StatementFailedError where there is no such view, NotGrantedError where its tables may not be read, and
    ConfigurationError for a column that it has not.
    """
    with pinned_settings(session):
        definition = read_definition(session, relation, table_id=table_id)
        for name in {name for names in (*(slices or ()), key or ()) for name in names}:
            if definition.column(name) is None:
                raise ConfigurationError(
                    f"it has no column {name}.", subject=definition.name, remedy="Name columns of its result."
                )
        findings = find(session, definition, relation)
        definition = definition.with_misnamed(findings.misnamed)
        equalities = Equalities(
            session, groups_inexactly=findings.groups_inexactly, is_caseless=bool(findings.caseless)
        )
        text = _read(session, definition, findings)
        if slices is None:
            chosen, tried = _choose(session, definition, equalities, text, key)
        else:
            chosen, tried = [tuple(names) for names in slices], None
        sliced = [_prove(session, definition, names, equalities) for names in chosen]
        assigned = _assign(definition, sliced)
        if slices is None:
            used = sorted(set(assigned.values()))
            sliced, chosen = [sliced[number] for number in used], [chosen[number] for number in used]
            assigned = {oid: used.index(number) for oid, number in assigned.items()}
        null_slices = NullSlices(session, definition, text.nulls, text.select)
        slides = _slides(
            definition, findings, text, null_slices, {oid: sliced[number] for oid, number in assigned.items()}
        )
        windows = with_absolutes(session, definition, slides or {})
        sources = tuple(
            _direct(table, assigned[table.oid], sliced[assigned[table.oid]], null_slices, windows.get(table.oid, ()))
            if table.oid in assigned
            else _indirect(table, why_indirect(definition, sliced[0] if sliced else tried, table))
            for table in definition.tables
        )
        direct = {oid: sliced[number].direct[oid] for oid, number in assigned.items()}
        suggestions = tuple(suggest(session, definition, text.views, equalities, direct)) if slices is None else ()
        usable_key, key_remarks = _key(definition, null_slices, key)
        return Proof(
            slices=tuple(chosen),
            sources=sources,
            key=usable_key,
            obstacles=(*findings.obstacles, *(findings.times if slides is None else ())),
            moving=findings.dates if slides is None else (),
            suggestions=suggestions,
            remarks=(
                *key_remarks,
                *findings.remarks,
                *sorted(
                    {said for tree in text.all for said in (*unordered(tree), *ties(tree, definition.by_member))},
                ),
            ),
        )


def _read(session: Session, definition: Definition, findings: Findings) -> _Text:
    rows = session.fetch_all("prove_views", relations=list(findings.views))
    views = {(row["schema_name"], row["relation_name"]): read_query(row["query"]) for row in rows}
    select = read_query(definition.text)
    known = {name: tree for name, tree in views.items() if tree is not None}
    trees = (select, *views.values())
    return _Text(
        select,
        tuple(tree for tree in trees if tree is not None),
        Nulls({**known, **definition.by_member}, findings.casts_are_strict),
        {(row["schema_name"], row["relation_name"]): OrdinaryView(row["oid"], row["query"]) for row in rows},
    )


def _prove(session: Session, definition: Definition, names: Sequence[str], equalities: Equalities) -> Sliced:
    columns = [column for name in names if (column := definition.column(name)) is not None]
    sliced = prove_slices(session, definition, columns, equalities)
    if sliced is None:
        raise ConfigurationError(
            f"it cannot be cut by {', '.join(names)}: one of these has a type without equality.",
            subject=definition.name,
            remedy="Name others, or none.",
        )
    return sliced


def _choose(
    session: Session, definition: Definition, equalities: Equalities, text: _Text, key: Sequence[str] | None
) -> tuple[list[tuple[str, ...]], Sliced | None]:
    """The slicings, and the first that was tried."""
    keyed = {name for key in definition.unique_keys for name in key}
    tried = None
    singles: dict[int, dict[str, Touch]] = {table.oid: {} for table in definition.tables}
    for column in sorted(definition.columns, key=lambda column: column.name not in keyed)[:_MOST_COLUMNS]:
        found = prove_slices(session, definition, [column], equalities)
        tried = tried or found
        for oid, touch in (found.direct if found else {}).items():
            singles[oid][column.name] = touch
    outline = list(groups(text.select)) if text.select is not None else []
    # what tells rows apart may be known of a part of a query, which no index says
    keys = [*definition.unique_keys, *([tuple(key)] if key else [])]
    return list(choose(definition, singles, keys, outline)), tried


def _assign(definition: Definition, sliced: Sequence[Sliced]) -> dict[int, int]:
    """By the OID of a table, the slicing that it is direct on, counted from 0."""
    direct = [found.direct for found in sliced]
    found = {table.oid: assign(definition, table, direct) for table in definition.tables}
    return {oid: number for oid, number in found.items() if number is not None}


def _slides(
    definition: Definition,
    findings: Findings,
    text: _Text,
    null_slices: NullSlices,
    direct: Mapping[int, Sliced],
) -> Mapping[int, tuple[Slide, ...]] | None:
    """By the OID of a table. None: something moves with time that is no slide. `direct`: by the OID of the table, the
    slicing that it is direct on."""
    if not findings.dates and not findings.times:
        return {}
    if findings.functions_ask_the_time or text.select is None or has_hidden_moments(text.all):
        return None
    plans: dict[int, Plan] = {}
    for sliced in direct.values():
        for plan in (sliced.plan, *null_slices.plans(sliced.columns)):
            if plan is None:
                return None
            plans[id(plan)] = plan
    found = find_slides(definition, list(plans.values()))
    if not found or not found.keys() <= direct.keys():
        return None
    return with_operators(definition, found, list(plans.values()))


def _direct(table: Table, number: int, sliced: Sliced, null_slices: NullSlices, slides: tuple[Slide, ...]) -> Source:
    touch = sliced.direct[table.oid]
    looked_up = touch.lookup.positions if touch.lookup is not None else ()
    own = [said for position, said in enumerate(touch.expressions, start=1) if position not in looked_up]
    own += [said for said, _ in touch.lookup.pairs] if touch.lookup is not None else []
    needed = dict.fromkeys(name for said in (*own, *(slide.column for slide in slides)) for name in _names(said))
    null_slice = null_slices.touched_by(table, sliced)
    if unreadable := [name for name in needed if name in _unreadable(table)]:
        return _indirect(table, SHAPES["unreadable"].format(columns=" and ".join(unreadable)))
    return Source(
        table.oid,
        table.name,
        number + 1,
        touch.expressions,
        touch.lookup,
        tuple(needed),
        null_slice,
        slides,
        None,
        _unreadable(table),
    )


def _indirect(table: Table, reason: str) -> Source:
    return Source(table.oid, table.name, None, (), None, (), "any", (), reason, _unreadable(table))


def _unreadable(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns.values() if not column.is_readable)


def _names(expression: str) -> Iterator[str]:
    tree = read(expression)
    for name in sorted(references(tree) or ()) if tree is not None else ():
        yield name[-1]


def _key(
    definition: Definition, null_slices: NullSlices, wanted: Sequence[str] | None
) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """The key, and what is to be said of one that cannot be used."""
    remarks = []
    for columns in definition.unique_keys if wanted is None else [tuple(wanted)]:
        nullable = [column for column in columns if not null_slices.is_never_null(column)]
        if not nullable:
            return columns, ()
        remarks.append(
            f"rows are matched as wholes, not by ({', '.join(columns)}): nothing proves that {' and '.join(nullable)} "
            "is never NULL"
        )
    return None, tuple(remarks)
