"""A server killed at random moments of writing, enabling, refreshing, redefining and giving back: what was begun is
gone on with, rows are right, and in the end nothing of ours is left."""

from __future__ import annotations

import os
import random
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
import pytest

from demo.server import EmbeddedServer, embedded_server
from refresh_task import incremental
from refresh_task.errors import VistafrescaError
from refresh_task.migrations import migrate_up
from tests.fix_database import create_database
from tests.integration.change_detection.test_crash import _kill, _start_again
from tests.integration.incremental.lifecycle import staged
from tests.integration.incremental.lifecycle.conftest import VIEW, Shop, set_up_shop
from tests.integration.incremental.lifecycle.dependents import add_dependents

pytestmark = pytest.mark.version_independent

_ROUNDS = 40 if os.environ.get("VISTAFRESCA_LONG_TESTS") else 3
_REDEFINED = """
    SELECT s.customer_id, max(c.name) AS name, count(*) AS sales, sum(s.amount) AS revenue
    FROM shop.sale AS s LEFT JOIN shop.customer AS c ON c.id = s.customer_id
    WHERE s.amount >= 0
    GROUP BY s.customer_id
"""
_REDEFINED_STAGE = staged.QUERY.replace("FROM shop.sale AS s", "FROM shop.sale AS s WHERE s.amount >= 0")


@pytest.mark.parametrize("output", ["table", "materialized_view"])
@pytest.mark.parametrize("death", ["immediate stop", "kill -9"])
def test_what_was_under_way_when_the_server_died_is_gone_on_with(death: str, output: str) -> None:
    if death == "kill -9" and not os.environ.get("VISTAFRESCA_LONG_TESTS"):
        pytest.skip("of the long tests: recovery is the same")
    chance = random.Random(death)  # noqa: S311  # to be had again
    with embedded_server(settings={"max_connections": "50"}) as server:
        database = create_database(server)
        with database.session() as session:
            migrate_up(session)
        is_table = output == "table"
        shop = Shop(database, "reader", "analyst", {} if is_table else {"stages": staged.STAGES, "output": output})
        database.execute("CREATE ROLE reader; CREATE ROLE analyst")
        set_up_shop(shop, query=None if is_table else staged.QUERY)
        add_dependents(shop)
        before = shop.dump()
        began = time.monotonic()
        _live_once(shop)
        longest_s = time.monotonic() - began
        for number in range(_ROUNDS):
            with (
                _dies(server, after_s=chance.uniform(0.02, longest_s), death=death),
                _writers(shop),
                suppress(VistafrescaError, psycopg.OperationalError, psycopg.InterfaceError),
            ):
                while True:
                    _live_once(shop)
            if number % 2:
                shop.enable()
                assert shop.refresh()["status"] in ("completed", "skipped"), number
                assert shop.differing_rows() == 0, number
                with database.session() as session:
                    assert incremental.verify(session, VIEW).mismatches == (), number
            shop.disable()
            shop.refresh()
            assert (shop.differing_rows(), shop.leftovers()) == (0, []), number
            assert re.sub(_AND_SO_ON, "", shop.dump(), flags=re.MULTILINE) == before, number


def _live_once(shop: Shop) -> None:
    """From the materialized view to the materialized view."""
    shop.enable(patience_s=5)
    shop.refresh()
    with shop.database.session() as session:
        incremental.redefine(session, VIEW, _REDEFINED if not shop.options else _REDEFINED_STAGE, patience_s=5)
    shop.refresh()
    shop.disable(patience_s=5)


# by which the redefined query differs; its rows are the same
_AND_SO_ON = r"^ *WHERE \(s(?:_1)?\.amount >= \(0\)::numeric\)\n"


@contextmanager
def _dies(server: EmbeddedServer, *, after_s: float, death: str) -> Iterator[None]:
    """The server dies in the block, and is there again after it."""
    end = (lambda: _kill(server)) if death == "kill -9" else (lambda: server.stop(mode="immediate"))
    dying = threading.Timer(after_s, end)
    dying.start()
    try:
        yield
    finally:
        dying.join()
        _start_again(server)


@contextmanager
def _writers(shop: Shop) -> Iterator[None]:
    """Two sessions that write until the server dies."""

    def write() -> None:
        try:
            while True:
                shop.write()
        except psycopg.Error:
            pass

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join()
