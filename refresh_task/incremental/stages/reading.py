"""Reads what is to be split out of the database."""

from __future__ import annotations

from refresh_task.database import Session
from refresh_task.incremental.stages.model import OrdinaryView, OrdinaryViews


def read_definition(session: Session, relation: int) -> tuple[str, OrdinaryViews]:
    """The query of a view (OID), and those of the ordinary views beneath it, as split() takes them."""
    rows = session.fetch_all("read_definition_texts", relation=relation)
    queries = {row["relation"]: row["query"] for row in rows}
    views = {
        (row["schema_name"], row["view_name"]): OrdinaryView(row["relation"], row["query"])
        for row in rows
        if row["relation"] != relation
    }
    return queries[relation], views
