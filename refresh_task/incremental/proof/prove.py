"""The proof of a view, put together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from refresh_task.database import Session
from refresh_task.database.generic_plan import pinned_settings
from refresh_task.errors import ConfigurationError
from refresh_task.incremental.model import NullSlice, Proof, Slide, Source
from refresh_task.incremental.proof.choice import assign, choose
from refresh_task.incremental.proof.definition import Column, Definition, Table, read_definition
from refresh_task.incremental.proof.equality import Equalities
from refresh_task.incremental.proof.expressions import Tree, read, read_query, references
from refresh_task.incremental.proof.findings import Findings, find
from refresh_task.incremental.proof.nulls import Nulls
from refresh_task.incremental.proof.outline import groups, unordered
from refresh_task.incremental.proof.slices import Sliced, null_plan, null_slice_is_of_rows, prove_slices
from refresh_task.incremental.proof.slides import find_slides, has_hidden_moments, with_operators
from refresh_task.incremental.proof.stages import suggest
from refresh_task.incremental.proof.words import why_indirect
from refresh_task.incremental.stages import OrdinaryView, OrdinaryViews

_MOST_COLUMNS = 100  # of a wide view, the first are tried


@dataclass(frozen=True, slots=True)
class _Text:
    """The definition and the ordinary views it reads, parsed; empty where one cannot be."""

    select: Tree | None
    all: tuple[Tree, ...]
    nulls: Nulls
    views: OrdinaryViews

    def is_never_null(self, column: str) -> bool:
        """Of an output column."""
        return self.select is not None and self.nulls.is_never_null(self.select, column)


def prove(
    session: Session,
    relation: int,
    *,
    slices: Sequence[Sequence[str]] | None = None,
    key: Sequence[str] | None = None,
) -> Proof:
    """What is known of a view or materialized view, by OID. Nothing needs to be installed, and nothing is changed: a
    transaction that only reads will do. `slices` and `key`: these and no others; None: the best that are found.

    Raises StatementFailedError where there is no such view, NotGrantedError where its tables may not be read, and
    ConfigurationError for a column that it has not.
    """
    with pinned_settings(session):
        definition = read_definition(session, relation)
        for name in {name for names in (*(slices or ()), key or ()) for name in names}:
            if definition.column(name) is None:
                raise ConfigurationError(
                    f"it has no column {name}.", subject=definition.name, remedy="Name columns of its result."
                )
        findings = find(session, definition, relation)
        equalities = Equalities(
            session, groups_inexactly=findings.groups_inexactly, is_caseless=bool(findings.caseless)
        )
        text = _read(session, definition, findings)
        if slices is None:
            chosen, tried = _choose(session, definition, equalities, text, key)
        else:
            chosen, tried = [tuple(names) for names in slices], None
        sliced = [prove_slices(session, definition, _columns(definition, names), equalities) for names in chosen]
        assigned = _assign(definition, sliced)
        if slices is None:
            used = sorted(set(assigned.values()))
            sliced, chosen = [sliced[number] for number in used], [chosen[number] for number in used]
            assigned = {oid: used.index(number) for oid, number in assigned.items()}
        slides = _slides(definition, findings, text, sliced, assigned)
        sources = tuple(
            _source(
                session, text, _Assigned(definition, table, [*sliced, tried], assigned.get(table.oid), slides or {})
            )
            for table in definition.tables
        )
        direct = {source.relation: source.expressions for source in sources if source.slice is not None}
        suggestions = tuple(suggest(session, definition, text.views, equalities, direct)) if slices is None else ()
        usable_key, key_remarks = _key(definition, text, key)
        return Proof(
            slices=tuple(chosen),
            sources=sources,
            key=usable_key,
            obstacles=(*findings.obstacles, *(findings.times if slides is None else ())),
            moving=findings.dates if slides is None else (),
            suggestions=suggestions,
            remarks=(*key_remarks, *findings.remarks, *sorted({said for tree in text.all for said in unordered(tree)})),
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
        Nulls({**known, **definition.by_member}),
        {(row["schema_name"], row["relation_name"]): OrdinaryView(row["oid"], row["query"]) for row in rows},
    )


def _columns(definition: Definition, names: Sequence[str]) -> list[Column]:
    return [column for name in names if (column := definition.column(name)) is not None]


def _choose(
    session: Session, definition: Definition, equalities: Equalities, text: _Text, key: Sequence[str] | None
) -> tuple[list[tuple[str, ...]], Sliced | None]:
    """The slicings, and the first that was tried."""
    keyed = {name for key in definition.unique_keys for name in key}
    tried = None
    singles: dict[int, dict[str, str]] = {table.oid: {} for table in definition.tables}
    for column in sorted(definition.columns, key=lambda column: column.name not in keyed)[:_MOST_COLUMNS]:
        found = prove_slices(session, definition, [column], equalities)
        tried = tried or found
        for oid, (expression,) in (found.direct if found else {}).items():
            singles[oid][column.name] = expression
    outline = list(groups(text.select)) if text.select is not None else []
    # what tells rows apart may be known of a part of a query, which no index says
    keys = [*definition.unique_keys, *([tuple(key)] if key else [])]
    return list(choose(definition, singles, keys, outline)), tried


def _assign(definition: Definition, sliced: Sequence[Sliced | None]) -> dict[int, int]:
    """By the OID of a table, the slicing that it is direct on, counted from 0."""
    direct = [found.direct if found else {} for found in sliced]
    return {table.oid: number for table in definition.tables if (number := assign(table, direct)) is not None}


def _slides(
    definition: Definition,
    findings: Findings,
    text: _Text,
    sliced: Sequence[Sliced | None],
    assigned: Mapping[int, int],
) -> Mapping[int, tuple[Slide, ...]] | None:
    """None: something moves with time that is no slide."""
    if not findings.dates and not findings.times:
        return {}
    if findings.functions_ask_the_time or text.select is None or has_hidden_moments(text.all):
        return None
    used = [sliced[number] for number in sorted(set(assigned.values()))]
    found = find_slides(definition, [one.plan for one in used if one is not None])
    if not found or not found.keys() <= assigned.keys():
        return None
    plans = {oid: one.plan for oid, number in assigned.items() if (one := sliced[number]) is not None}
    return with_operators(definition, found, plans)


@dataclass(frozen=True, slots=True)
class _Assigned:
    """A table, and which of the slicings it is direct on; None: on none."""

    definition: Definition
    table: Table
    sliced: Sequence[Sliced | None]
    number: int | None
    slides: Mapping[int, tuple[Slide, ...]]


def _source(session: Session, text: _Text, of: _Assigned) -> Source:
    table = of.table
    found = of.sliced[of.number] if of.number is not None else None
    if of.number is None or found is None:
        tried = next((one for one in of.sliced if one is not None), None)
        reason = why_indirect(of.definition, tried, table)
        return Source(table.oid, table.name, None, (), (), "any", (), reason)
    expressions = found.direct[table.oid]
    slides = of.slides.get(table.oid, ())
    is_of_rows = all(
        text.is_never_null(column)
        or null_slice_is_of_rows(of.definition, null_plan(session, of.definition, column), table, expressions)
        for column in found.columns
    )
    null_slice: NullSlice = "rows" if is_of_rows else "any"
    needed = dict.fromkeys(
        name for said in (*expressions, *(slide.column for slide in slides)) for name in _names(said)
    )
    return Source(table.oid, table.name, of.number + 1, expressions, tuple(needed), null_slice, slides, None)


def _names(expression: str) -> Iterator[str]:
    tree = read(expression)
    for name in sorted(references(tree) or ()) if tree is not None else ():
        yield name[-1]


def _key(
    definition: Definition, text: _Text, wanted: Sequence[str] | None
) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """The key, and what is to be said of one that cannot be used."""
    remarks = []
    for columns in definition.unique_keys if wanted is None else [tuple(wanted)]:
        nullable = [column for column in columns if not text.is_never_null(column)]
        if not nullable:
            return columns, ()
        remarks.append(
            f"rows are matched as wholes, not by ({', '.join(columns)}): nothing proves that {' and '.join(nullable)} "
            "is never NULL"
        )
    return None, tuple(remarks)
