"""A query that reads other relations than it names: the names alone are exchanged in its text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from postgast import pg_query_pb2 as tree

from refresh_task.incremental.stages.pieces import Span, Tokens
from refresh_task.incremental.stages.query_text import children, parse_select


def exchange_relations(query: str, names: Mapping[tuple[str, str], str], *, subject: str) -> str:
    """The query with these names in place of the relations with this schema and name.

    `query` is what pg_get_viewdef() gives under an empty search_path: without a schema, a name is of a WITH query.
    Raises ConfigurationError where it cannot be parsed.
    """
    text = query.strip().removesuffix(";").rstrip()
    tokens = Tokens(text)
    exchanged = {}
    for relation in _relations(parse_select(text, subject=subject)):
        if (name := names.get((relation.schemaname, relation.relname))) is not None:
            first = tokens.at(relation.location)
            exchanged[Span(first, first + 3)] = name  # schema, point, name
    return tokens.replaced(Span(0, len(tokens.tokens)), exchanged)


def _relations(part: Any) -> Iterator[tree.RangeVar]:
    if isinstance(part, tree.RangeVar):
        yield part
    else:
        for child in children(part):
            yield from _relations(child)
