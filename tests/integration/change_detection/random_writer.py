"""Transactions at random, on the tables of the race."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import Any

import psycopg

_MAINTENANCE = [b"SELECT pg_stat_reset()", b"VACUUM facts", b"VACUUM FULL details", b"VACUUM FREEZE parted_a"]
# so that they stay open across several steps, and never for long enough to bring everybody else to a halt
_MOST_PREPARED = 2


@dataclass
class RandomWriter:
    """One session. Raises the errors of its statements; what it has prepared stays prepared."""

    connection: psycopg.Connection[Any]
    choice: random.Random
    unique: str  # in the names of prepared transactions, which are of all databases
    views: tuple[str, ...]  # those that it may refresh as somebody else
    prepared: list[str] = field(default_factory=list)
    made: int = 0

    def write(self) -> None:
        """One transaction on one or two tables, ended one way or the other; or the end of one that was prepared."""
        kind = self.choice.random()
        if self.prepared and (kind < 0.4 or len(self.prepared) == _MOST_PREPARED):
            self._end_one_prepared()
        elif kind < 0.05:
            self.connection.execute(self.choice.choice(_MAINTENANCE))
        elif kind < 0.12:
            self.connection.execute("SELECT bi_refresh.compact_touches()")
        else:
            self._transaction()

    def end_prepared(self) -> None:
        """All of them: nothing is to stay open."""
        while self.prepared:
            self._end_one_prepared()

    def _end_one_prepared(self) -> None:
        name = self.prepared.pop(0)
        self.connection.execute(f"{self.choice.choice(['COMMIT', 'ROLLBACK'])} PREPARED '{name}'".encode())

    def _transaction(self) -> None:
        choice, connection = self.choice, self.connection
        connection.execute("BEGIN")
        if choice.random() < 0.2:
            connection.execute("SET LOCAL session_replication_role = replica")
        for _ in range(choice.randint(1, 3)):
            undone = choice.random() < 0.2
            if undone:
                connection.execute("SAVEPOINT s")
            self._change()
            if undone:
                connection.execute("ROLLBACK TO SAVEPOINT s")
        time.sleep(choice.choice([0, 0, 0, 0.01, 0.03]))
        end = choice.random()
        if end < 0.1:
            connection.execute("ROLLBACK")
        elif end < 0.25:
            self.made += 1
            name = f"{self.unique}_{connection.info.backend_pid}_{self.made}"
            connection.execute(f"PREPARE TRANSACTION '{name}'".encode())
            self.prepared.append(name)
        else:
            connection.execute("COMMIT")

    def _change(self) -> None:
        """One statement, or a COPY."""
        choice, connection = self.choice, self.connection
        key, value = choice.randint(1, 60), choice.randint(0, 100)
        which = choice.randrange(13)
        if which == 0:
            with connection.cursor() as cursor, cursor.copy("COPY parted FROM STDIN") as copy:
                copy.write_row((key, choice.choice("ab"), value))
            return
        if which == 1 and choice.random() < 0.3:
            connection.execute("TRUNCATE facts, details")
            connection.execute("INSERT INTO facts SELECT i, i %% 5, %s FROM generate_series(1, 20) AS i", [value])
            connection.execute("INSERT INTO details SELECT i, i, i FROM generate_series(1, 20) AS i")
            return
        statement = [
            f"DELETE FROM details WHERE id = {key}",
            (
                f"INSERT INTO details SELECT id, id, {value} FROM facts WHERE id = {key}"
                " ON CONFLICT (id) DO UPDATE SET n = 0"
            ),
            f"INSERT INTO facts VALUES ({key}, {value} % 5, {value}) ON CONFLICT (id) DO UPDATE SET amount = {value}",
            f"UPDATE facts SET amount = {value} WHERE id = {key}",
            f"UPDATE facts SET kind = {value} % 5 WHERE id % 7 = {key} % 7",
            f"DELETE FROM facts WHERE id = {key}",
            f"INSERT INTO parted VALUES ({key}, 'a', {value})",
            f"INSERT INTO parted_b VALUES ({key}, 'b', {value})",
            f"UPDATE parted SET n = {value} WHERE id = {key} AND region <> 'c'",
            f"DELETE FROM parted_a WHERE id = {key}",
            f"UPDATE scratch SET n = {value} WHERE id = {key}" if value < 20 else "SELECT 1",
            "TRUNCATE parted_b" if value < 20 else "SELECT 1",
            f"REFRESH MATERIALIZED VIEW {'CONCURRENTLY' if value < 50 else ''} {choice.choice(self.views)}",
        ][which]
        connection.execute(statement.encode())
