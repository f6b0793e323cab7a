"""An application that only knows `SELECT … FROM shop.mv_revenue`, while writers write: all ways in which it may ask."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg

from tests.fix_database import Database
from tests.integration.incremental.lifecycle.conftest import Shop

_CUSTOMERS = 50  # each has sales at every moment: the smallest right count of the view's rows
_COUNTED = {
    "simple": "SELECT count(*) FROM shop.mv_revenue",
    "by key": "SELECT count(*) FROM shop.mv_revenue WHERE customer_id BETWEEN 0 AND 49",
    "function": "SELECT count(*) FROM shop.mv_revenue WHERE shop.total() > 0",
    "join": "SELECT count(*) FROM shop.mv_revenue AS r LEFT JOIN shop.v_large AS l USING (customer_id)",
    "dependent first": "SELECT count(*) FROM shop.v_all AS a JOIN shop.mv_revenue AS r USING (customer_id)",
    "dependent": "SELECT count(*) FROM shop.v_all",
    "dependent of a dependent": "SELECT count(*) FROM shop.v_all_again",
    "materialized": "SELECT count(*) FROM shop.mv_customers",
    "materialized again": "SELECT count(*) FROM shop.mv_again JOIN shop.mv_revenue USING (customer_id)",
    "view over materialized": "SELECT count(*) FROM shop.v_customers JOIN shop.v_all USING (customer_id)",
}
_WRITES = (
    "INSERT INTO shop.sale SELECT nextval('shop.sale_id'), {customer}, 5, 'new'",
    "UPDATE shop.sale SET amount = amount + 1 WHERE customer_id = {customer}",
    "UPDATE shop.customer SET name = 'customer ' || {customer} WHERE id = {customer}",
    "DELETE FROM shop.sale WHERE customer_id = {customer} AND id > 1000",
)


@dataclass
class Application:
    """Readers and writers in threads, until leave() is called."""

    shop: Shop
    problems: list[str] = field(default_factory=list)
    answers: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def prepare(self) -> None:
        """What it asks for beside the view itself."""
        self.shop.database.execute(
            f"""
            CREATE SEQUENCE shop.sale_id START 1001;
            CREATE VIEW shop.v_all AS SELECT customer_id, sales FROM shop.mv_revenue;
            CREATE VIEW shop.v_all_again AS SELECT a.customer_id, b.revenue
                FROM shop.v_all AS a JOIN shop.mv_revenue AS b USING (customer_id);
            CREATE MATERIALIZED VIEW shop.mv_customers AS SELECT customer_id, sales FROM shop.mv_revenue;
            CREATE UNIQUE INDEX mv_customers_key ON shop.mv_customers (customer_id);
            CREATE MATERIALIZED VIEW shop.mv_again AS SELECT customer_id FROM shop.mv_customers JOIN shop.mv_revenue
                USING (customer_id);
            CREATE VIEW shop.v_customers AS SELECT customer_id FROM shop.mv_customers;
            GRANT SELECT ON shop.v_all, shop.v_all_again, shop.mv_customers, shop.mv_again, shop.v_customers
                TO {self.shop.reader};
            """
        )

    def enter(self) -> None:
        """Begin to ask and to write."""
        for work in (
            self._ask_simply,
            self._ask_prepared,
            self._ask_in_transactions,
            self._ask_in_snapshots,
            self._write,
            self._refresh,
        ):
            thread = threading.Thread(target=self._guard, args=(work,))
            thread.start()
            self._threads.append(thread)

    def leave(self) -> None:
        """Wait until everybody has ended."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for_answers(self, number: int) -> None:
        """So many more answers have come, or something is wrong."""
        wanted, deadline = self.answers + number, time.monotonic() + 60
        while self.answers < wanted and not self.problems:
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def _guard(self, work: Callable[[psycopg.Connection[Any], random.Random], None]) -> None:
        database = self.shop.database
        role = "postgres" if work in (self._write, self._refresh) else self.shop.reader
        try:
            with psycopg.connect(database.server.dsn(database.name, user=role), autocommit=True) as connection:
                work(connection, random.Random(work.__name__))  # noqa: S311  # to be had again
        except Exception as error:  # noqa: BLE001  # any error is what this looks for
            self.problems.append(f"{work.__name__}: {type(error).__name__}: {error}")

    def _check(self, name: str, answer: Any) -> None:
        if answer is None or answer[0] < _CUSTOMERS:
            self.problems.append(f"{name}: {answer} rows")
        self.answers += 1

    def _ask_simply(self, connection: psycopg.Connection[Any], chance: random.Random) -> None:
        connection.prepare_threshold = None
        while not self._stop.is_set():
            name = chance.choice(list(_COUNTED))
            self._check(name, connection.execute(_COUNTED[name].encode()).fetchone())

    def _ask_prepared(self, connection: psycopg.Connection[Any], chance: random.Random) -> None:
        for number, query in enumerate(_COUNTED.values()):
            connection.execute(f"PREPARE q{number} AS {query}".encode())
        while not self._stop.is_set():
            number = chance.randrange(len(_COUNTED))
            self._check(f"prepared {number}", connection.execute(f"EXECUTE q{number}".encode()).fetchone())

    def _ask_in_transactions(self, connection: psycopg.Connection[Any], chance: random.Random) -> None:
        while not self._stop.is_set():
            with connection.transaction():
                for name in chance.sample(list(_COUNTED), 3):
                    self._check(name, connection.execute(_COUNTED[name].encode()).fetchone())

    def _ask_in_snapshots(self, connection: psycopg.Connection[Any], chance: random.Random) -> None:
        while not self._stop.is_set():
            with connection.transaction():
                connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                connection.execute("SELECT 1 FROM pg_class LIMIT 1")
                self._stop.wait(0.05)
                for name in chance.sample(list(_COUNTED), 2):
                    self._check(f"in an older snapshot: {name}", connection.execute(_COUNTED[name].encode()).fetchone())

    def _write(self, connection: psycopg.Connection[Any], chance: random.Random) -> None:
        while not self._stop.is_set():
            statement = chance.choice(_WRITES).format(customer=chance.randrange(_CUSTOMERS))
            connection.execute(statement.encode())
            self._stop.wait(0.002)

    def _refresh(self, connection: psycopg.Connection[Any], chance: random.Random) -> None:
        """By hand: nothing of ours holds that up. If it were refreshed all the time, nothing could be swapped, which is
        another test's subject."""
        while not self._stop.is_set():
            began = time.monotonic()
            connection.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY shop.mv_customers")
            self._stop.wait(max(chance.uniform(0.5, 1.5), 10 * (time.monotonic() - began)))


def rights(database: Database, role: str) -> Any:
    """What a role may do with the view and with what reads it."""
    return database.rows(
        "SELECT r.name, has_table_privilege(%s, r.name, 'SELECT')"
        " FROM unnest(ARRAY['shop.mv_revenue', 'shop.v_large', 'shop.v_both', 'shop.v_all', 'shop.mv_customers',"
        " 'shop.mv_again', 'shop.v_customers']) AS r (name)",
        role,
    )
