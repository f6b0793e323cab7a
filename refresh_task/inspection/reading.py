"""Reads the catalog into Facts: set-based queries alone, so that a thousand views take no longer than ten; nothing that
runs a view's query, takes a lock that a refresh under way would hold up, or changes anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from refresh_task.database import Session
from refresh_task.database.portable import count_nulls, latest_revision
from refresh_task.errors import StatementFailedError
from refresh_task.inspection.definitions import Definitions, read_definitions, read_reads
from refresh_task.inspection.facts import (
    Class,
    Column,
    Facts,
    Function,
    Index,
    Relation,
    Server,
    ViewFacts,
)
from refresh_task.inspection.mentions import read_relations
from refresh_task.inspection.names import unqualified_names
from refresh_task.inspection.node_tree import proven_key
from refresh_task.inspection.reads import Reads
from refresh_task.inspection.sizes import LOCK_WAIT_MS, with_guessed_rows
from refresh_task.inspection.surroundings import with_surroundings

__all__ = ["read_facts"]

COUNTED_ROWS = 20_000  # of each view at most: over before anyone notices

# Kinds of relations with rows of their own, which is what a fingerprint is taken of.
_STORED = ("r", "m")

Rows = Sequence[Mapping[str, Any]]


def read_facts(session: Session) -> Facts:
    """Everything that the inspection judges, in the session's current transaction."""
    server = Server(**session.fetch_one("inspect_server"))
    rows = with_guessed_rows(session, session.fetch_anywhere("inspect_views", refresher=server.refresher_oid))
    oids = [row["oid"] for row in rows]
    definitions = read_definitions(session)
    reads = Reads(read_reads(session, definitions, oids), oids)
    names = {row["oid"]: row["name"] for row in rows}
    direct = _grouped(session.fetch_portable("direct_upstream_views", oids), lambda row: names.get(row["upstream_oid"]))
    edges = {names[oid]: tuple(sorted(filter(None, direct.get(oid, ())))) for oid in oids}
    views = tuple(ViewFacts(**row, upstream=tuple(sorted(_reachable(edges, row["name"])))) for row in rows)
    parts = _parts(session, server, views, reads, definitions)
    views = tuple(_with_parts(view, parts) for view in views)
    views = tuple(_with_null_keys(session, tuple(_with_proven_keys(session, views))))
    return with_surroundings(session, Facts(server, views, edges, latest_revision=latest_revision()))


def _with_parts(view: ViewFacts, parts: Mapping[str, Mapping[int, Any]]) -> ViewFacts:
    found: dict[str, Any] = {part: of.get(view.oid, ()) for part, of in parts.items()}
    return replace(view, **found)


def _reachable(edges: Mapping[str, Sequence[str]], view: str) -> set[str]:
    found: set[str] = set()
    waiting = [*edges[view]]
    while waiting:
        if (name := waiting.pop()) not in found:
            found.add(name)
            waiting += edges[name]
    return found


def _parts(
    session: Session, server: Server, views: Sequence[ViewFacts], reads: Reads, definitions: Definitions
) -> dict[str, dict[int, tuple[Any, ...]]]:
    """The fields of ViewFacts that hold tuples, each by view."""
    oids = [view.oid for view in views]
    asked = definitions.of(oids)
    sources = _grouped(definitions.folded(session.fetch_portable("view_sources", asked)), lambda row: row["relation"])
    touched = {oid for found in sources.values() for oid in found} | reads.relations | set(oids)
    found = session.fetch_all("inspect_relations", relations=list(touched), refresher=server.refresher_oid)
    relations = {
        row["oid"]: Relation(**{**row, "features": tuple(row["features"])}) for row in with_guessed_rows(session, found)
    }
    functions = _functions(session, reads.functions, views)
    by_view: dict[str, dict[int, Any]] = {
        "indexes": _grouped(
            session.fetch_all("inspect_indexes", views=oids),
            lambda row: Index(**{**_without(row, "view_oid", "oid"), "columns": tuple(row["columns"] or ())}),
        ),
        "columns": _grouped(
            session.fetch_all("inspect_columns", views=oids), lambda row: Column(**_without(row, "view_oid"))
        ),
        "classes": _grouped(
            definitions.folded(session.fetch_portable("classify_views", asked)),
            lambda row: Class(row["class"], row["detail"]),
        ),
        "sources": {
            oid: tuple(sorted((relations[found] for found in of if found in relations), key=lambda it: it.name))
            for oid, of in sources.items()
        },
        "functions": {
            oid: tuple(functions[found] for found in sorted(reads.functions_of[oid]) if found in functions)
            for oid in oids
        },
        "hidden_rows": _hidden_rows(session, reads, relations),
        "unreadable": {
            oid: tuple(
                sorted(
                    relation.name
                    for relation in (relations[found] for found in of if found in relations)
                    if relation.kind in _STORED and not relation.is_readable
                )
            )
            for oid, of in sources.items()
        },
    }
    by_view["ordinary_views"] = {
        oid: tuple(relations[found] for found in sorted(reads.relations_of[oid]) if relations[found].kind == "v")
        for oid in oids
    }
    by_view["features"] = {
        oid: tuple(
            (feature, relation.name)
            for relation in (relations[oid], *by_view["ordinary_views"][oid])
            for feature in relation.features
        )
        for oid in oids
    }
    return by_view


def _functions(session: Session, oids: Iterable[int], views: Sequence[ViewFacts]) -> dict[int, Function]:
    rows = session.fetch_all("inspect_functions", functions=list(oids))
    called = {
        row["oid"]: unqualified_names(row["body"])
        for row in rows
        if row["language"] in ("sql", "plpgsql") and row["has_string_body"] and not row["has_search_path"]
    }
    where = {
        row["name"]: row["schema_name"]
        for row in session.fetch_all(
            "inspect_names",
            relations=sorted({name for found in called.values() for name in found.relations}),
            functions=sorted({name for found in called.values() for name in found.functions}),
        )
    }
    return {
        row["oid"]: Function(
            **_without(row, "body"),
            unqualified=tuple(
                (name, where[name])
                for name in (called[row["oid"]].all if row["oid"] in called else ())
                if name in where
            ),
            mentions=_mentions(row["body"], views) if row["has_string_body"] else (),
        )
        for row in rows
    }


def _mentions(body: str, views: Sequence[ViewFacts]) -> tuple[str, ...]:
    named = read_relations(body)
    return tuple(
        view.name for view in views if not named.isdisjoint({(view.schema_name, view.relation), (None, view.relation)})
    )


def _with_proven_keys(session: Session, views: Sequence[ViewFacts]) -> Iterator[ViewFacts]:
    without_key = [view.oid for view in views if not view.usable_indexes]
    queries = {row["view_oid"]: row["query"] for row in session.fetch_all("inspect_queries", views=without_key)}
    return (replace(view, proven_key=proven_key(queries[view.oid])) if view.oid in queries else view for view in views)


def _hidden_rows(
    session: Session, reads: Reads, relations: Mapping[int, Relation]
) -> dict[int, tuple[tuple[str, str], ...]]:
    pairs = {
        (reader, oid)
        for found in reads.readers.values()
        for reader, oid in found
        if oid in relations and relations[oid].has_row_security
    }
    if not pairs:
        return {}
    restricted = {
        (row["reader_oid"], row["relation_oid"]): (row["reader"], relations[row["relation_oid"]].name)
        for row in session.fetch_all(
            "inspect_row_security", readers=[reader for reader, _ in pairs], relations=[oid for _, oid in pairs]
        )
    }
    return {
        view: tuple(sorted({restricted[pair] for pair in found if pair in restricted}))
        for view, found in reads.readers.items()
    }


def _with_null_keys(session: Session, views: Sequence[ViewFacts]) -> Iterator[ViewFacts]:
    """Counted only where nothing else can tell: as the current role, with the rights it has, and without waiting for a
    refresh under way."""
    chosen = {
        view.name: (view.schema_name, view.relation, view.key_columns) for view in views if _is_to_be_counted(view)
    }
    counted: dict[str, dict[str, Any]] = {}
    if chosen:
        # locked since we looked, or gone: nothing is said of NULLs then
        with suppress(StatementFailedError), session.transaction():
            session.execute("limit_lock_wait", lock_timeout_ms=LOCK_WAIT_MS)
            counted = {row["view"]: row for row in session.fetch_composed(count_nulls(chosen, most=COUNTED_ROWS))}
    for view in views:
        row = counted.get(view.name)
        yield (view if row is None else replace(view, null_key_rows=row["null_rows"], counted_rows=row["counted_rows"]))


def _is_to_be_counted(view: ViewFacts) -> bool:
    is_unknown = any(column.null_fraction is None for column in view.columns if column.name in view.key_columns)
    return is_unknown and view.may_be_counted and view.is_populated and not view.is_locked


def _grouped(rows: Rows, make: Callable[[Mapping[str, Any]], Any]) -> dict[int, tuple[Any, ...]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row["view_oid"]].append(make(row))
    return {view: tuple(values) for view, values in found.items()}


def _without(row: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in keys}
