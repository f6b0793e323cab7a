"""Login roles of a test's own: a role belongs to the whole server, so each has a unique name and goes at the end."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psycopg
import pytest
from psycopg import sql

from demo.server import EmbeddedServer
from tests.fix_database import Database

MakeRole = Callable[..., str]


@pytest.fixture
def make_role(server: EmbeddedServer) -> Iterator[MakeRole]:
    """Call it with the groups the role is in and, if it is to have one, a password; returns its name. Objects that it
    comes to own in a database must be gone before the test ends."""
    made: list[str] = []

    def make(*groups: str, password: str | None = None) -> str:
        role = f"test_{uuid.uuid4().hex[:12]}"
        if password is not None:
            groups += ("password_required",)
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), sql.Literal(password))
            )
            made.append(role)
            for group in groups:
                connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), sql.Identifier(role)))
        return role

    yield make
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        for role in made:
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def dsn_as(database: Database, role: str) -> str:
    """The database's connection string for this role."""
    return database.server.dsn(database.name, user=role)


@dataclass(frozen=True)
class DatabaseAs(Database):
    """A database whose sessions are this role's."""

    role: str = "postgres"

    @property
    def dsn(self) -> str:
        return dsn_as(self, self.role)
