"""The local server's connections: asked whether they still work only where that is in doubt, and never lent broken."""

from __future__ import annotations

import select
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from psycopg_pool import ConnectionPool

from api.database import pool
from api.database.pool import PooledConnections
from refresh_task.settings import Settings
from tests.fix_database import Database


@pytest.fixture
def connections(database: Database) -> Iterator[PooledConnections]:
    """A pool of one connection."""
    pooled = PooledConnections(Settings(database_url=database.dsn), {}, most=1)
    yield pooled
    pooled.close()


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The server processes that were asked whether they are still there, in order."""
    asked: list[int] = []
    check = ConnectionPool.check_connection

    def counted(connection: psycopg.Connection[object]) -> None:
        asked.append(connection.info.backend_pid)
        check(connection)

    monkeypatch.setattr(ConnectionPool, "check_connection", staticmethod(counted))
    return asked


def _backend(connections: PooledConnections) -> int:
    with connections.lend() as session:
        return int(session.ask_composed(sql.SQL("SELECT pg_backend_pid() AS pid").format(), None)[0]["pid"])


def test_a_connection_used_a_moment_ago_is_not_asked(connections: PooledConnections, checks: list[int]) -> None:
    first = _backend(connections)
    asked = list(checks)
    assert [_backend(connections), _backend(connections)] == [first, first]
    assert checks == asked


def test_one_unused_for_long_is_asked(
    connections: PooledConnections, checks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _backend(connections)
    asked = len(checks)
    monkeypatch.setattr(pool, "TRUSTED_FOR_S", -1.0)
    assert _backend(connections) == first
    assert checks[asked:] == [first]


def test_one_that_the_server_ended_is_replaced_however_fresh(
    connections: PooledConnections, database: Database
) -> None:
    """Its farewell lies in the socket: that is seen without asking."""
    first = _backend(connections)
    database.execute("SELECT pg_terminate_backend(%s, 20000)", first)
    assert _backend(connections) != first


def test_one_that_heard_something_else_is_asked_and_kept(
    connections: PooledConnections, database: Database, checks: list[int]
) -> None:
    """Something heard is no proof that it is gone."""
    with connections.lend() as session:
        session.ask_composed(sql.SQL("LISTEN news").format(), None)
        heard = select.poll()
        heard.register(session._connection.fileno(), select.POLLIN)
    first = _backend(connections)
    asked = len(checks)
    database.execute("NOTIFY news")
    assert heard.poll(20_000)
    assert _backend(connections) == first
    assert checks[asked:] == [first]
