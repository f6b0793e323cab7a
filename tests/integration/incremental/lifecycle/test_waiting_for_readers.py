"""The swap waits for who reads, in short tries that others hardly notice; and nobody is handed a table that is empty to
him."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from refresh_task.errors import StatementFailedError
from refresh_task.incremental import Progress
from tests.fix_database import WAITING_SESSIONS, Database
from tests.integration.incremental.lifecycle.conftest import Shop

pytestmark = pytest.mark.version_independent

_TRIES_TO_LOCK = f"""
    {WAITING_SESSIONS} AND mode = 'AccessExclusiveLock'
        AND relation IN ('shop.mv_revenue'::regclass, 'shop.v_large'::regclass, 'shop.v_both'::regclass)
"""
_IS_TABLE = "SELECT relkind = 'r' FROM pg_class WHERE oid = 'shop.mv_revenue'::regclass"


@contextmanager
def _in_the_background(call: Any) -> Iterator[list[Any]]:
    """Runs it in a thread, to its end; its result, or what it raised, is the only item of the list then."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(call())
        except Exception as error:  # noqa: BLE001  # for the test to look at
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield outcome
    finally:
        thread.join()


def _wait_for_a_try(database: Database, outcome: list[Any]) -> None:
    """Not by Database.wait_for(): that is one long transaction, for which enabling would wait."""
    deadline = time.monotonic() + 20
    with database.connect() as connection:
        while connection.execute(_TRIES_TO_LOCK).fetchone() is None:
            assert outcome == []
            assert time.monotonic() < deadline


@pytest.mark.parametrize("relation", ["shop.mv_revenue", "shop.v_large", "shop.v_both"])
def test_a_reader_in_a_transaction_is_waited_for_and_others_go_on(shop: Shop, relation: str) -> None:
    with shop.database.connect(autocommit=False) as reader:
        reader.execute(f"SELECT count(*) FROM {relation}".encode())
        with _in_the_background(lambda: shop.enable(patience_s=60)) as outcome:
            for _ in range(3):  # between tries, or behind one, everybody reads
                _wait_for_a_try(shop.database, outcome)
                assert shop.database.value("SELECT count(*) FROM shop.mv_revenue JOIN shop.v_both USING (customer_id)")
            assert not shop.database.value(_IS_TABLE)
            reader.commit()
    assert outcome[0].swap_attempts > 1
    assert shop.database.value(_IS_TABLE)


def test_readers_that_lock_the_view_before_what_reads_it_are_not_ended_by_a_deadlock(shop: Shop) -> None:
    """The reader holds the view and wants its dependent; the swap holds the dependent and wants the view."""
    with shop.database.connect(autocommit=False) as reader:
        reader.execute("SET deadlock_timeout = '600ms'")  # it looks before we do
        reader.execute("SELECT count(*) FROM shop.mv_revenue")
        with _in_the_background(lambda: shop.enable(patience_s=60)) as outcome:
            for _ in range(3):
                _wait_for_a_try(shop.database, outcome)
                reader.execute("SELECT count(*) FROM shop.v_large")  # raises if it is the victim
            reader.commit()
    assert shop.database.value(_IS_TABLE)


def test_who_is_in_the_way_for_too_long_is_named_and_the_command_goes_on_later(shop: Shop) -> None:
    said: list[Progress] = []
    with shop.database.connect(autocommit=False) as reader:
        reader.execute("SELECT count(*) FROM shop.mv_revenue")
        pid = reader.info.backend_pid
        with pytest.raises(StatementFailedError, match=f"it was in use for 1 s .*process {pid} of postgres") as failed:
            shop.enable(patience_s=1, on_progress=said.append)
        assert "goes on where it was" in failed.value.remedy
        assert any(f"waiting for process {pid}" in progress.message for progress in said)
        assert not shop.database.value(_IS_TABLE)
    shop.enable()
    assert shop.database.value(_IS_TABLE)


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_an_older_snapshot_never_finds_the_view_empty(shop: Shop, isolation: str) -> None:
    rows = shop.database.value("SELECT count(*) FROM shop.mv_revenue")
    with shop.database.connect(autocommit=False) as reader:
        reader.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}".encode())
        reader.execute("SELECT count(*) FROM shop.unrelated")  # its snapshot is from before the table
        seen = threading.Event()

        def say(progress: Progress) -> None:
            if progress.step == "wait":
                seen.set()

        with _in_the_background(lambda: shop.enable(patience_s=60, on_progress=say)):
            assert seen.wait(30)
            assert reader.execute("SELECT count(*) FROM shop.mv_revenue").fetchone() == (rows,)
            reader.commit()
    assert shop.database.value(_IS_TABLE)


def test_an_older_snapshot_never_finds_the_view_that_was_given_back_empty(shop: Shop) -> None:
    shop.enable()
    rows = shop.database.value("SELECT count(*) FROM shop.mv_revenue")
    with shop.database.connect(autocommit=False) as reader:
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT count(*) FROM shop.unrelated")
        shop.disable(patience_s=1)
        assert reader.execute("SELECT count(*) FROM shop.mv_revenue").fetchone() == (rows,)


def test_a_refresh_under_way_is_waited_for(shop: Shop, database: Database) -> None:
    with database.connect(autocommit=False) as refresher:
        refresher.execute("SELECT pg_advisory_xact_lock(1447449157, 'shop.mv_revenue'::regclass::oid::integer)")
        said: list[str] = []
        with pytest.raises(StatementFailedError, match="it was being refreshed for 1 s"):
            shop.enable(patience_s=1, on_progress=lambda progress: said.append(progress.message))
        assert "waiting for a refresh to end" in said
    shop.enable()
    assert database.value(_IS_TABLE)
