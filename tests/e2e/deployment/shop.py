"""The database that is refreshed, with three small views, and ways to break them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from demo.server import EmbeddedServer
from tests.fix_database import Database

NAME = "e2e_shop"
VIEWS = ("sales.mv_daily_revenue", "sales.mv_customers", "sales.mv_stock")
_SQL = Path(__file__).with_name("shop.sql")
_HOLD = 1
"""The advisory lock that views wait for."""


@dataclass(frozen=True)
class Shop(Database):
    """`role` is the task's login role; it owns everything here, and must give its password."""

    role: str = NAME

    @classmethod
    def create(cls, server: EmbeddedServer) -> Shop:
        """An empty database and its owner."""
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE password_required").format(
                    sql.Identifier(NAME), sql.Literal(secrets.token_hex(16))
                )
            )
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(NAME), sql.Identifier(NAME))
            )
        return cls(server, NAME)

    def drop(self) -> None:
        """The database and the role."""
        with psycopg.connect(self.server.dsn(), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(NAME)))
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(NAME)))

    def open_for_business(self) -> None:
        """Tables and views, as the role's own."""
        with self.connect() as connection:
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(NAME)))
            connection.execute(_SQL.read_bytes())

    def trouble(self, kind: str, *views: str) -> None:
        """What is to go wrong with these views (none given: all) from now on: see shop.sql."""
        for view in views or VIEWS:
            self.execute("INSERT INTO sales.trouble VALUES (%s, %s)", view, kind)

    def be_well(self) -> None:
        """Nothing goes wrong any more, and no view is suspended."""
        self.execute("DELETE FROM sales.trouble")
        self.execute(
            "SELECT bi_refresh.resume_view(view_name) FROM bi_refresh.view_state WHERE suspended_at IS NOT NULL"
        )

    def grow_old(self, hours: int) -> None:
        """All data, by so many hours: as if nothing had been refreshed for so long."""
        self.execute(
            "UPDATE bi_refresh.view_state SET data_timestamp = data_timestamp - %(age)s, "
            "global_data_timestamp = global_data_timestamp - %(age)s, refreshed_at = refreshed_at - %(age)s, "
            "last_success_at = last_success_at - %(age)s".replace("%(age)s", f"interval '{hours} hours'")
        )

    @contextmanager
    def held(self, *views: str) -> Iterator[None]:
        """Refreshes of these views wait until the block ends."""
        self.trouble("waits", *views)
        with self.connect() as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", [_HOLD])
            try:
                yield
            finally:
                self.be_well()

    def wait_until_held(self) -> None:
        """Return when a refresh waits."""
        self.wait_for(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
            timeout_s=60,
        )

    def wait_until_left_alone(self) -> None:
        """Return when the task has no session here any more: the server notices a dead client after a moment."""
        self.wait_for(
            f"SELECT true WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE usename = '{NAME}')", timeout_s=60
        )

    def rotate_password(self) -> str:
        """The secret's new text: as Secrets Manager's rotation leaves it, the old password no longer works."""
        password = secrets.token_hex(16)
        with psycopg.connect(self.server.dsn(), autocommit=True) as connection:
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(NAME), sql.Literal(password)))
        return self.secret_text(password)

    def secret_text(self, password: str) -> str:
        """As RDS writes it. The port is the environment file's."""
        content: dict[str, Any] = {
            "username": NAME,
            "password": password,
            "host": "localhost",
            "dbname": NAME,
            "engine": "postgres",
        }
        return json.dumps(content)
