"""What a linear table goes by, made anew: columns of its base table may have been given other names since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from refresh_task.database import Session
from refresh_task.incremental.stages.model import Stage, Text
from refresh_task.incremental.stages.pieces import Span, Tokens
from refresh_task.incremental.stages.query_text import parse_select, read_query
from refresh_task.incremental.stages.reading import read_definition, read_linear


def measures_of(
    session: Session, definition: int, measures: Mapping[str, Any], *, subject: str
) -> dict[str, Any] | str:
    """As renew_measures() of this package."""
    query, _ = read_definition(session, definition)
    (own,) = read_query(query, subject=subject).with_queries
    known = {entry["column"] for entry in (*measures["keys"], *measures["results"])}
    names = tuple(name for name in own.columns or () if name in known)
    body = _without_last_columns(own.body, len(names), subject=subject)
    linear = read_linear(session, Stage(own.name, Text((body,)), names, None, body), str, subject=subject)
    if isinstance(linear, str):
        return linear
    if _columns_of(linear.measures) != _columns_of(measures):
        return "its additional columns are not those that its definition would have now"
    return linear.measures


def _without_last_columns(body: str, count: int, *, subject: str) -> str:
    """The query with its first columns alone."""
    tokens = Tokens(body)
    from_ = tokens.at(parse_select(body, subject=subject).from_clause[0].range_var.location) - 1
    first = tokens.find(["SELECT"], Span(0, from_))
    assert first is not None, "it was made from a SELECT"  # noqa: S101 - by linear_form()
    last = tokens.list(Span(first + 1, from_))[count - 1]
    return f"{tokens.text(Span(0, last.after))}\n{tokens.text(Span(from_, len(tokens.tokens)))}"


def _columns_of(measures: Mapping[str, Any]) -> list[Any]:
    """What no other name of a base table's column changes."""
    return [
        measures["rows"],
        [key["column"] for key in measures["keys"]],
        [{**counter, "condition": None, "expression": None} for counter in measures["counters"]],
        [result["column"] for result in measures["results"]],
    ]
