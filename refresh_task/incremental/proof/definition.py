"""What is to be proved of: a query, its columns, and the tables that it reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from refresh_task.database import Session
from refresh_task.database.generic_plan import query_columns
from refresh_task.errors import StatementFailedError


@dataclass(frozen=True, slots=True)
class Column:
    """An output column. Domains are what they are of."""

    name: str
    type: str
    type_oid: int
    is_caseless: bool  # its collation lets different texts be equal


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a table, as all members of its tree have it."""

    name: str
    type: str
    is_not_null: bool
    is_readable: bool  # by the view's owner, himself: not only through an ordinary view of somebody's
    distinct_values: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table that is read, or the topmost of the tree of partitions or inheriting tables that it belongs to."""

    oid: int
    name: str
    kind: str
    members: frozenset[tuple[str, str]]  # schema and name of each table of its tree
    changes: int  # rows written since the statistics were last reset
    row_count: int
    columns: Mapping[str, TableColumn]
    unique_keys: tuple[tuple[str, ...], ...]
    misnamed: str | None = None  # why plans may call its columns by other names than theirs, in words


@dataclass(frozen=True)
class Definition:
    """A query. `relation` is the view's OID, None for a part of one. `table_id`: the maintained table as whose owner it
    is planned; None: as whoever asks."""

    relation: int | None
    name: str
    query: str  # to be planned
    text: str  # to be read: an ordinary view's own query, where `query` only names it
    columns: tuple[Column, ...]
    unique_keys: tuple[tuple[str, ...], ...]
    tables: tuple[Table, ...]
    table_id: int | None = None

    @cached_property
    def by_member(self) -> Mapping[tuple[str, str], Table]:
        """The table of which a relation is a member, by schema and name."""
        return {member: table for table in self.tables for member in table.members}

    def with_misnamed(self, words: Mapping[tuple[str, str], str]) -> Definition:
        """The same, with the words for tables of which a member is among these: schema and name."""
        return replace(
            self,
            tables=tuple(
                replace(table, misnamed=next((words[member] for member in sorted(table.members & words.keys())), None))
                for table in self.tables
            ),
        )

    def table(self, oid: int) -> Table:
        """One that is read."""
        return next(table for table in self.tables if table.oid == oid)

    def column(self, name: str) -> Column | None:
        """The output column of that name."""
        return next((column for column in self.columns if column.name == name), None)


def read_definition(session: Session, relation: int, *, table_id: int | None = None) -> Definition:
    """Raises StatementFailedError where there is no such view."""
    rows = session.fetch_all("prove_relation", relation=relation)
    if not rows:
        raise StatementFailedError(
            f"there is no view with OID {relation}.",
            subject=session.server,
            remedy="Name a materialized view, or a view.",
            sqlstate="42P01",
            connection_lost=False,
        )
    row = rows[0]
    sources = [found["relation"] for found in session.fetch_portable("view_sources", [relation])]
    return Definition(
        relation=relation,
        name=row["name"],
        query=row["query"],
        text=row["definition"],
        columns=read_columns(session, row["query"], caseless=row["caseless_columns"]),
        unique_keys=tuple(tuple(columns) for columns in row["unique_keys"]),
        tables=_tables(session.fetch_all("prove_tables", relations=sources, reader=row["owner"])),
        table_id=table_id,
    )


def read_columns(session: Session, query: str, *, caseless: Collection[str]) -> tuple[Column, ...]:
    """Of a query's result."""
    described = query_columns(session, query)
    types = read_types(session, [oid for _, oid in described])
    return tuple(Column(name, types[oid]["name"], types[oid]["base_oid"], name in caseless) for name, oid in described)


def read_types(session: Session, oids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """name, base_oid and is_exact by OID."""
    return {row["oid"]: row for row in session.fetch_all("prove_types", type_oids=sorted(set(oids)))}


def _tables(rows: Sequence[Mapping[str, Any]]) -> tuple[Table, ...]:
    return tuple(
        Table(
            oid=row["oid"],
            name=row["name"],
            kind=row["kind"],
            members=frozenset((schema, name) for schema, name in row["members"]),
            changes=row["changes"],
            row_count=row["row_count"],
            columns={column["name"]: TableColumn(**column) for column in row["columns"] or ()},
            unique_keys=tuple(tuple(columns) for columns in row["unique_keys"]),
        )
        for row in rows
    )
