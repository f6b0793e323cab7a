"""Publications that a table under a view's name would be part of without being asked."""

from __future__ import annotations

from refresh_task.database import Session


def read_publications(session: Session, relation: int) -> list[str]:
    """Names of those that publish all tables, or all of the schema of the view (OID)."""
    found = session.fetch_all("read_publications")
    if session.fetch_one("has_schema_publications")["has_schema_publications"]:
        found += session.fetch_all("read_schema_publications", relation=relation)
    return [row["name"] for row in found]
