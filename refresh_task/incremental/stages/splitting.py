"""Splitting a definition: WITH queries that are named become stages, and what read them reads their tables.

Only a WITH query's own place in the list changes, to `x AS (SELECT a, b FROM table)`: every reference to it, its
scope and its aliases stay as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from postgast import pg_query_pb2 as tree

from refresh_task.errors import ConfigurationError
from refresh_task.incremental.stages.keys import distinguishing_columns
from refresh_task.incremental.stages.model import OrdinaryView, OrdinaryViews, Reference, Split, Stage, Text
from refresh_task.incremental.stages.query_text import (
    Query,
    WithQuery,
    parse_select,
    read_query,
    without_locations,
    without_with_list,
)
from refresh_task.incremental.stages.quoting import column_list, quoted


def split_query(query: str, names: Sequence[str], *, subject: str, views: OrdinaryViews) -> Split:
    """As split() of this package."""
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(
                f"the stage '{name}' is named twice.", subject=subject, remedy="Name each stage once."
            )
    places = list(_places(query, views, subject))
    chosen = {name: _place_of(name, places, subject) for name in names}
    deepest = max(chosen.values(), default=0)
    stages, output = _chain(places[: deepest + 1], chosen, subject)
    _refuse_unread(stages, output, subject)
    return Split(tuple(stages), output, tuple(place.relation for place in places[1 : deepest + 1]))


def with_queries(query: str, *, subject: str, views: OrdinaryViews) -> tuple[str, ...]:
    """As possible_stages() of this package."""
    return tuple(name for place in _places(query, views, subject) for name in place.query.by_name)


def _chain(places: Sequence[_Place], chosen: Mapping[str, int], subject: str) -> tuple[list[Stage], Text]:
    """The stages of a place and of those beneath it, and what is left of it."""
    first, *beneath = places
    stages, inner = (
        _chain(beneath, {name: where - 1 for name, where in chosen.items()}, subject) if beneath else ([], None)
    )
    own = frozenset(name for name, where in chosen.items() if where == 0)
    return [*stages, *_stages(first.query, own, subject)], _output(first, own, inner, subject)


@dataclass(frozen=True, slots=True)
class _Place:
    """A query whose WITH list may hold a stage: the definition's own, or that of a view beneath it."""

    relation: int  # 0: the definition itself
    query: Query
    source: tree.RangeVar | None  # the view in its FROM that is the next place


def _places(query: str, views: OrdinaryViews, subject: str) -> Iterator[_Place]:
    """The definition, the ordinary view that it selects from, the one that this selects from, and so on."""
    view: OrdinaryView | None = OrdinaryView(0, query)
    while view is not None:
        taken_apart = read_query(view.query, subject=subject)
        sources = [
            source
            for source in _from(taken_apart.statement)
            if (source.schemaname, source.relname) in views and source.inh
        ]
        # of several views none is the one that is meant
        source = sources[0] if len(sources) == 1 else None
        yield _Place(view.relation, taken_apart, source)
        view = views[source.schemaname, source.relname] if source is not None else None


def _from(statement: tree.SelectStmt) -> Iterator[tree.RangeVar]:
    """The relations that stand in the statement's own FROM."""
    waiting = list(statement.from_clause)
    while waiting:
        node = waiting.pop(0)
        if node.HasField("range_var"):
            yield node.range_var
        elif node.HasField("join_expr"):
            waiting += [node.join_expr.larg, node.join_expr.rarg]


def _place_of(name: str, places: Sequence[_Place], subject: str) -> int:
    found = [number for number, place in enumerate(places) if name in place.query.by_name]
    if len(found) == 1:
        return found[0]
    if found:
        raise ConfigurationError(
            f"the stage '{name}' may be a WITH query of its own definition, or of the view beneath it.",
            subject=subject,
            remedy="Rename one of the two WITH queries.",
        )
    there = [other for place in places for other in place.query.by_name]
    raise ConfigurationError(
        f"the stage '{name}' is no WITH query of its definition.",
        subject=subject,
        remedy=f"Name some of these: {', '.join(there)}." if there else "It has no WITH queries: leave `stages` out.",
    )


def _stages(query: Query, names: frozenset[str], subject: str) -> Iterator[Stage]:
    """The stages that one WITH list holds, in an order in which each reads only earlier ones."""
    columns = {name: _columns(query.by_name[name], subject) for name in query.by_name if name in names}
    for name in query.in_order():
        if name in names:
            own = query.by_name[name]
            with_list = _with_list(query, own.reads, columns)
            with_list.append([f"{own.head} AS (\n{own.body}\n)"])
            text = _statement(query.keyword, with_list, [f"SELECT {column_list(columns[name])}\nFROM {quoted(name)}"])
            _verify(text, query, subject)
            yield Stage(name, text, columns[name], distinguishing_columns(own.statement, columns[name]), own.body)


def _columns(with_query: WithQuery, subject: str) -> tuple[str, ...]:
    """The columns of its table. Raises ConfigurationError where it can be none."""
    about = f"the stage '{with_query.name}' cannot be a table"
    if with_query.is_recursive:
        raise ConfigurationError(
            f"{about}: it is recursive.", subject=subject, remedy="Name what reads it, or take it out of `stages`."
        )
    if not with_query.columns:
        raise ConfigurationError(
            f"{about}: not all of its columns have names.", subject=subject, remedy="Name them in its WITH list."
        )
    for column in with_query.columns:
        if with_query.columns.count(column) > 1:
            raise ConfigurationError(
                f"{about}: two of its columns are named '{column}'.", subject=subject, remedy="Give one another name."
            )
    return with_query.columns


_Parts = list[str | Reference]


def _with_list(query: Query, reads: frozenset[str], stages: dict[str, tuple[str, ...]]) -> list[_Parts]:
    """What must stand in front of something that reads these: stages by their tables, the others as they are."""
    return [
        _table(needed.name, stages[needed.name]) if needed.name in stages else [needed.text]
        for needed in query.needed(reads, known=frozenset(stages))
    ]


def _table(stage: str, columns: Sequence[str]) -> _Parts:
    # read twice it would be copied otherwise, and the planner would not see its indexes
    head = f"{quoted(stage)} AS NOT MATERIALIZED (SELECT {column_list(columns)} FROM "  # noqa: S608 - quoted names
    return [head, Reference(stage), ")"]


def _statement(keyword: str, with_list: list[_Parts], main: _Parts, before: str = "") -> Text:
    parts: _Parts = [before]
    for number, with_query in enumerate(with_list):
        parts += [f"{keyword} " if number == 0 else ", ", *with_query, "\n"]
    return Text((*parts, *main))


def _output(place: _Place, names: frozenset[str], inner: Text | None, subject: str) -> Text:
    """What is left of a query when its stages are taken out, and the view beneath it is put in its place."""
    query = place.query
    columns = {name: _columns(query.by_name[name], subject) for name in names}
    main: _Parts = [query.main]
    if inner is not None and place.source is not None:
        before, after = query.around(place.source)
        alias = "" if place.source.HasField("alias") else f" {quoted(place.source.relname)}"
        main = [f"{before}(\n", *inner.parts, f"\n){alias}{after}"]
    text = _statement(query.keyword, _with_list(query, query.main_reads, columns), main, query.before)
    _verify(text, query, subject, whole=inner is None)
    return text


def _verify(text: Text, query: Query, subject: str, *, whole: bool = False) -> None:
    """Every part that was taken over must be parsed to what it was before: a text that was cut in the wrong place would
    be another query."""
    again = parse_select(text.render(lambda _: "stage"), subject=subject)
    taken_over = {
        expression.ctename: expression.ctequery.select_stmt
        for expression in (node.common_table_expr for node in again.with_clause.ctes)
        if expression.ctename not in text.stages
    }
    is_same = all(
        without_locations(statement) == without_locations(query.by_name[name].statement)
        for name, statement in taken_over.items()
    )
    if whole and without_locations(without_with_list(again)) != without_locations(without_with_list(query.statement)):
        is_same = False
    if not is_same:
        raise ConfigurationError(
            "its query could not be split into stages.",
            subject=subject,
            remedy="Leave `stages` out, and report this with the view's definition.",
        )


def _refuse_unread(stages: Sequence[Stage], output: Text, subject: str) -> None:
    read = {name for text in (output, *(stage.query for stage in stages)) for name in text.stages}
    for stage in stages:
        if stage.name not in read:
            raise ConfigurationError(
                f"nothing reads the stage '{stage.name}'.", subject=subject, remedy="Take it out of `stages`."
            )
