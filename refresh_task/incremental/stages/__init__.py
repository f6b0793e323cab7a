"""Stages: WITH queries of a definition that are kept as tables of their own (docs/incremental.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from refresh_task.database import Session
from refresh_task.incremental.stages.linear_proof import linear_proof
from refresh_task.incremental.stages.model import Linear, OrdinaryView, OrdinaryViews, Split, Stage, Text
from refresh_task.incremental.stages.reading import read_definition, read_key, read_linear

__all__ = [
    "Linear",
    "OrdinaryView",
    "OrdinaryViews",
    "Split",
    "Stage",
    "Text",
    "exchange_relations",
    "linear_proof",
    "possible_stages",
    "read_definition",
    "read_key",
    "read_linear",
    "renew_measures",
    "split",
    "written_select",
]


# The parser takes a quarter of a second to import, and most runs split nothing.


def exchange_relations(query: str, names: Mapping[tuple[str, str], str], *, subject: str) -> str:
    """The query with these names in place of the relations with this schema and name.

    `query` is what pg_get_viewdef() gives under an empty search_path. Raises ConfigurationError where it cannot be
    parsed.
    """
    from refresh_task.incremental.stages import relations  # noqa: PLC0415  # see above

    return relations.exchange_relations(query, names, subject=subject)


def split(query: str, names: Sequence[str], *, subject: str, views: OrdinaryViews | None = None) -> Split:
    """Make stages of the named WITH queries.

    `query` is what pg_get_viewdef() gives under an empty search_path; `subject` is the view's name, for messages. Where
    the query has no such WITH query itself, those of an ordinary view are meant that it selects from, and that view's
    query takes the place of its name.

    Raises ConfigurationError for a name that there is not, that several have, and for a WITH query that cannot be kept
    as a table.
    """
    from refresh_task.incremental.stages.splitting import split_query  # noqa: PLC0415  # see above

    return split_query(query, names, subject=subject, views=views or {})


def possible_stages(query: str, *, subject: str, views: OrdinaryViews | None = None) -> tuple[str, ...]:
    """The WITH queries that split() would find by their names, for people to choose from."""
    from refresh_task.incremental.stages.splitting import with_queries  # noqa: PLC0415  # see above

    return with_queries(query, subject=subject, views=views or {})


def written_select(text: str, *, subject: str) -> str:
    """The one SELECT statement of a text that a person wrote, without what closes it.

    Raises ConfigurationError where it cannot be parsed, or is anything else or more.
    """
    from refresh_task.incremental.stages import written  # noqa: PLC0415  # see above

    return written.written_select(text, subject=subject)


def renew_measures(
    session: Session, definition: int, measures: Mapping[str, Any], *, subject: str
) -> dict[str, Any] | str:
    """A linear table's measures over the names that its base table's columns have now, from its definition (OID), which
    has the additional columns; or the words why it cannot be kept by its changes any more."""
    from refresh_task.incremental.stages.renewing import measures_of  # noqa: PLC0415  # see above

    return measures_of(session, definition, measures, subject=subject)
