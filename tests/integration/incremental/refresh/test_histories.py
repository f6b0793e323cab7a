"""Histories of random changes: after each refresh every table is what its definition gives in the refresh's own
snapshot."""

from __future__ import annotations

import os
import random

import pytest

from tests.fix_database import Database
from tests.integration.incremental.refresh.shapes import ALL, TABLES

_STEPS = 150 if os.environ.get("VISTAFRESCA_LONG_TESTS") else 6
_REFRESH = "SELECT status FROM bi_refresh.refresh_bi_views(%s::text[], 'manual', 'the tests')"


_MOVE_GROUP = "UPDATE groups SET id = {new} WHERE id = {old} AND NOT EXISTS (SELECT FROM groups WHERE id = {new})"
_FILL_PARTITION = """
    INSERT INTO parts_{part} (id, a, n) SELECT id, {a}, {n} FROM generate_series(1, 400) AS id
    WHERE satisfies_hash_partition('parts'::regclass, 2, {part}, id) LIMIT 2
"""


def _change(chosen: random.Random) -> str:
    a, b, n = (chosen.choice(["NULL", *map(str, range(8))]) for _ in range(3))
    number = chosen.randrange(1, 90)
    return chosen.choice(
        [
            f"INSERT INTO items (a, b, label, at) VALUES ({a}, {b}, 'new', now() + interval '{number - 40} ms')",
            f"INSERT INTO items (a, b, at) SELECT {a}, g, now() - interval '100 ms' FROM generate_series(1, 3) AS g",
            f"DELETE FROM items WHERE id % 17 = {number % 17}",
            f"DELETE FROM items WHERE a IS NOT DISTINCT FROM {a}",
            f"UPDATE items SET a = {a} WHERE id % 11 = {number % 11}",
            f"UPDATE items SET b = {b}, at = clock_timestamp() WHERE id % 13 = {number % 13}",
            f"UPDATE items SET label = 'label {number}' WHERE a = {n}",
            f"UPDATE items SET id = id + 1000 WHERE id = {number}",
            f"INSERT INTO groups VALUES ({number % 9}, 'x', {number}) ON CONFLICT (id) DO UPDATE SET weight = {n}",
            f"UPDATE groups SET weight = weight * 1.0 WHERE id = {number % 6}",
            f"DELETE FROM groups WHERE id = {number % 9}",
            _MOVE_GROUP.format(new=number + 10, old=number % 6),
            f"INSERT INTO parts (a, n) VALUES ({a}, {number})",
            _FILL_PARTITION.format(part=number % 2, a=a, n=number),
            f"UPDATE parts SET a = {b} WHERE id % 9 = {number % 9}",
            f"UPDATE parts SET id = id + 500 WHERE id = {number}",
            f"DELETE FROM parts WHERE id % 10 = {number % 10}",
            *(["TRUNCATE parts", "TRUNCATE groups"] if number < 6 else []),
        ]
    )


@pytest.mark.parametrize("shape", ALL)
def test_any_history_leaves_what_the_definition_gives(database: Database, shape: str) -> None:
    database.execute(TABLES)
    view = ALL[shape].keep(database, "kept")
    history: list[str] = []
    with database.connect() as writer, database.connect() as refresher:
        for step in range(_STEPS):
            chosen = random.Random(f"{shape} {step}")  # noqa: S311 - to be repeated
            for _ in range(chosen.randrange(4)):
                history.append(_change(chosen))
                writer.execute(history[-1].encode())
            if chosen.random() < 0.7:
                refresher.execute("SELECT bi_refresh.distribute_changes()")
            isolation = "READ COMMITTED" if chosen.random() < 0.1 else "REPEATABLE READ"
            refresher.execute(f"BEGIN ISOLATION LEVEL {isolation}".encode())
            ((status,),) = refresher.execute(_REFRESH, [[view.name]]).fetchall()
            history.append(f"refresh: {isolation}, {status}")
            assert not status.startswith("ERROR"), "\n".join(history)
            assert view.differing(refresher) == {}, "\n".join(history)
            refresher.execute("COMMIT")
    assert database.value("SELECT status FROM bi_refresh.incremental_view") == "enabled", "\n".join(history)
