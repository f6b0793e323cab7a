"""What a client asks of a view, and what that means for its columns."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from api.database import Condition, Operator, Selection, Term
from api.identity import Principal
from api.problems import Problem
from api.reads.cursor import decode_cursor
from api.reads.view import Column, PublishedView

__all__ = ["Question", "make_selection"]

_MOST_VALUES = 200
_SEPARATOR = "__"
_RANGES = (Operator.LESS, Operator.AT_MOST, Operator.GREATER, Operator.AT_LEAST)


@dataclass(frozen=True, slots=True)
class Question:
    """As a client writes it. `filters` are pairs such as ("n__gte", "5"), in any order, each name once. `at_once` where
    the route wants all rows together, and not one after the other."""

    filters: tuple[tuple[str, str], ...] = ()
    order: str | None = None
    limit: int | None = None
    cursor: str | None = None
    max_staleness: str | None = None
    on_stale: str | None = None
    at_once: bool = False


def make_selection(view: PublishedView, question: Question, principal: Principal) -> Selection:
    """The rows that the question means. Raises Problem 400 naming what there is to choose from, 403 for a caller
    without a tenant."""
    conditions = [_condition(view, name, value) for name, value in question.filters]
    names = [name for name, _ in question.filters]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise _refused(
            "filter-given-twice", f"The filter {twice} is given twice.", f"Write {twice}__in=a,b for either."
        )
    order = _order(view, question.order)
    selection = Selection(
        schema=view.schema,
        relation=view.relation,
        columns=tuple(column.name for column in view.columns),
        conditions=tuple(conditions + _tenant(view, principal)),
        order=order,
        limit=_limit(view, question.limit),
    )
    if question.cursor is None:
        return selection
    return decode_cursor(question.cursor, view.name, selection)


def _condition(view: PublishedView, name: str, value: str) -> Condition:
    column, operator = _split(view, name)
    allowed = view.endpoint.filters
    if column is None or (allowed is not None and column.name not in allowed):
        known = [each.name for each in view.columns if allowed is None or each.name in allowed]
        raise _refused(
            "unknown-filter",
            f"{view.name} has no filter {name}.",
            f"Filter by: {', '.join(known)}; with __ and one of {', '.join(Operator)} after it, or nothing.",
            filters=known,
        )
    if operator is Operator.IS_NULL:
        if value not in ("true", "false"):
            raise _refused(
                "invalid-filter", f"{name} is neither true nor false.", f"Write {name}=true or {name}=false."
            )
        return Condition(column.name, operator, (value,))
    if not column.is_comparable:
        raise _refused(
            "unknown-filter",
            f"{column.name} is of type {column.type}, whose values cannot be compared here.",
            f"Use {column.name}__is_null, or another column.",
        )
    if operator in _RANGES and column.type == "boolean":
        raise _refused("invalid-filter", f"{name}: true and false have no range.", f"Write {column.name}=true.")
    values = _listed(name, value) if operator is Operator.IN else (value,)
    return Condition(column.name, operator, values)


def _split(view: PublishedView, name: str) -> tuple[Column | None, Operator]:
    columns = {column.name: column for column in view.columns}
    # A column may have the separator in its own name.
    if name in columns:
        return columns[name], Operator.EQUAL
    column, separator, operator = name.rpartition(_SEPARATOR)
    if separator and operator in list(Operator):
        return columns.get(column), Operator(operator)
    return None, Operator.EQUAL


def _listed(name: str, value: str) -> tuple[str, ...]:
    """Values separated by commas; one that has a comma itself stands in double quotes."""
    rows = list(csv.reader([value])) if value and "\n" not in value and "\r" not in value else [[value]]
    if len(rows[0]) > _MOST_VALUES:
        raise _refused("invalid-filter", f"{name} has over {_MOST_VALUES} values.", "Ask in several requests.")
    return tuple(rows[0])


def _order(view: PublishedView, written: str | None) -> tuple[Term, ...]:
    """With the view's key at the end, so that no two rows are equal."""
    given = view.endpoint.order if written is None else tuple(filter(None, (p.strip() for p in written.split(","))))
    terms = [Term(part.removeprefix("-"), part.startswith("-")) for part in given]
    known = _sortable(view)
    for term in terms:
        if term.column not in known:
            raise _refused(
                "unknown-column",
                f"{view.name} cannot be ordered by {term.column}.",
                f"Order by: {', '.join(known)}; with - before it for descending.",
                columns=list(known),
            )
    columns = [term.column for term in terms]
    if twice := next((column for column in columns if columns.count(column) > 1), None):
        raise _refused("invalid-order", f"{twice} stands twice in order.", "Keep one of the two.")
    terms += [Term(column) for column in view.key if column not in columns]
    if not terms:
        raise Problem(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "no-order",
            f"{view.name} has no column that its rows could be put in order by.",
            remedy="Create a unique index on it.",
        )
    return tuple(terms)


def _sortable(view: PublishedView) -> tuple[str, ...]:
    allowed = view.endpoint.filters
    always = {part.removeprefix("-") for part in view.endpoint.order} | set(view.key if allowed is not None else ())
    return tuple(
        column.name
        for column in view.columns
        if column.is_comparable and (allowed is None or column.name in allowed or column.name in always)
    )


def _limit(view: PublishedView, written: int | None) -> int:
    most = view.endpoint.max_limit
    if written is None:
        return most
    if not 1 <= written <= most:
        raise _refused(
            "limit-out-of-range",
            f"limit is {written}; {view.name} gives 1 to {most} rows in one answer.",
            "Ask for fewer, and follow next_cursor.",
            max_limit=most,
        )
    return written


def _tenant(view: PublishedView, principal: Principal) -> list[Condition]:
    column = view.endpoint.tenant_column
    if column is None or (principal.tenant is None and "admin" in principal.roles):
        return []
    if principal.tenant is None:
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "no-tenant",
            f"{view.name} shows each caller the rows of its own tenant, and this caller has none.",
            remedy="Ask with a token that has the claim tenant or custom:tenant.",
        )
    return [Condition(column, Operator.EQUAL, (principal.tenant,))]


def _refused(slug: str, detail: str, remedy: str, **extra: Sequence[str] | int) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, slug, detail, remedy=remedy, extra=extra)
