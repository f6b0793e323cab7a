"""Histories at random: transactions of writers of every kind, refreshes at any time, now and then what the task does
besides."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from tests.integration.incremental.shapes import Shape
from tests.integration.incremental.suite.clock import days_pass
from tests.integration.incremental.suite.history import GID, Event, Keep, Refresh, Run, Write
from tests.integration.incremental.suite.statements import Statements

_WRITERS_SETTINGS = (
    "SET LOCAL TimeZone = 'America/Bogota'",
    "SET LOCAL TimeZone = 'Asia/Kathmandu'",
    "SET LOCAL DateStyle = 'SQL, DMY'",
    "SET LOCAL IntervalStyle = 'iso_8601'",
    "SET LOCAL extra_float_digits = -10",
    "SET LOCAL session_replication_role = replica",
    "SET LOCAL search_path = hostile, public, pg_catalog",
    "SET LOCAL ROLE clerk",
    "SET LOCAL enable_seqscan = off",
    "SET CONSTRAINTS ALL DEFERRED",
)
_REFRESHERS_SETTINGS = ("SET TimeZone = 'America/Bogota'", "SET DateStyle = 'German'", "SET enable_hashjoin = off")
# Nothing is computed in full because it would be quicker: that depends on the machine.
PATIENCE = "UPDATE bi_refresh.maintained_table SET full_ms = 1000000000"
# The tables of a shape change most; what else there is, a little.
_FOREIGN_TABLES = ("customers", "orders", "clicks", "stock")


def history_of_shapes(
    choice: random.Random, shapes: Sequence[Shape], *, rounds: int, server_version: int
) -> list[Event]:
    """Of what the shapes' tables are for, and one more table."""
    tables = frozenset(table for shape in shapes for table in shape.tables) | {choice.choice(_FOREIGN_TABLES)}
    statement = Statements(choice, tables, server_version=server_version)
    return random_history(choice, statement, [shape.view for shape in shapes], rounds=rounds, moves="sales" in tables)


def random_history(
    choice: random.Random, statement: Callable[[], str], views: Sequence[str], *, rounds: int, moves: bool = False
) -> list[Event]:
    """So many rounds of transactions and refreshes; in the end everything is committed and refreshed."""
    history: list[Event] = [Run(PATIENCE)] if choice.random() < 0.5 else []
    prepared: list[str] = []
    for round_ in range(rounds):
        for _ in range(choice.choice([0, 1, 1, 2, 3])):
            write = random_transaction(choice, statement, gid=f"{GID}_{round_}_{len(history)}")
            history.append(write)
            if write.ending.startswith("PREPARE"):
                prepared.append(write.ending.removeprefix("PREPARE TRANSACTION "))
        while prepared and choice.random() < 0.6:
            history.append(_finish(choice, prepared.pop(0)))
        history += _meanwhile(choice)
        if moves and choice.random() < 0.3:
            history.append(days_pass(choice.choice([1, 1, 2, -1, 40])))
        history += [
            Refresh(
                view,
                (choice.choice(_REFRESHERS_SETTINGS),) if choice.random() < 0.02 else (),
                "READ COMMITTED" if choice.random() < 0.03 else "REPEATABLE READ",
            )
            for view in choice.sample(views, len(views))
            if choice.random() < 0.6
        ]
    history += [_finish(choice, gid) for gid in prepared]
    return [*history, *(Refresh(view) for view in views)]


def random_transaction(choice: random.Random, statement: Callable[[], str], *, gid: str) -> Write:
    """What one writer does, with savepoints, whatever the settings; committed, rolled back or prepared."""
    settings = choice.sample(_WRITERS_SETTINGS, choice.choice([0, 0, 0, 1, 2]))
    statements: list[str] = []
    for _ in range(choice.choice([1, 1, 2, 3, 5])):
        kept = statement()
        if choice.random() < 0.25:
            statements += ["SAVEPOINT s", statement(), "ROLLBACK TO SAVEPOINT s", kept]
        elif choice.random() < 0.15:
            statements += ["SAVEPOINT s", kept, "RELEASE SAVEPOINT s"]
        else:
            statements.append(kept)
    ending = choice.choices(["COMMIT", "ROLLBACK", f"PREPARE TRANSACTION '{gid}'"], [8, 1, 1])[0]
    return Write((*settings, *statements), ending, choice.choices(["READ COMMITTED", "SERIALIZABLE"], [9, 1])[0])


def _finish(choice: random.Random, gid: str) -> Run:
    return Run(f"{'COMMIT' if choice.random() < 0.7 else 'ROLLBACK'} PREPARED {gid}")


def _meanwhile(choice: random.Random) -> list[Event]:
    """What the task and other people do. A transaction of its own for each."""
    found: list[Event] = []
    if choice.random() < 0.3:
        found.append(Run("SELECT bi_refresh.distribute_changes()"))
    if choice.random() < 0.2:
        found.append(Keep())
    if choice.random() < 0.02:
        found.append(Write((f"ALTER TABLE orders {choice.choice(['DISABLE', 'ENABLE'])} TRIGGER ALL",)))
    if choice.random() < 0.05:
        found.append(Run("VACUUM ANALYZE"))
    return found
