"""Both sides after the same changes, in turns, and each result compared with the definition."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

import psycopg
from psycopg import sql

from benchmarks.incremental.sides import Concurrently, Incrementally, differing_rows, enable, new_database
from benchmarks.incremental.subjects import SHARES, Subject, Workload
from demo.server import EmbeddedServer

# So many times each row is measured: often where it is a matter of milliseconds.
_RUNS = {0.0: 7, 0.0001: 5, 0.001: 5, 0.01: 3, 0.1: 2}
_PARTICULAR_RUNS = 5
# A small sample may not have ten thousand rows to change one of.
_FEWEST_CHANGED = 1


@dataclass(frozen=True, slots=True)
class Row:
    """What one amount of change cost on both sides: medians, in seconds. `how` is what ours did the last time."""

    subject: str
    view_rows: int
    words: str
    share: float | None
    changed: int
    runs: int
    concurrently_s: float
    incrementally_s: float
    how: str
    target: float | None

    @property
    def ratio(self) -> float:
        """How many times as long PostgreSQL's own refresh took."""
        return self.concurrently_s / self.incrementally_s


@dataclass(slots=True)
class Course:
    """A database with one subject's data, and the view on both sides."""

    subject: Subject
    control: psycopg.Connection[Any]
    concurrently: Concurrently
    incrementally: Incrementally
    seed: int = 0

    def change(self, workload: Workload, number: int) -> None:
        """Change so many rows, other ones each time."""
        self.seed += 1
        for statement in workload.statements if number else ():
            self.control.execute(statement.encode(), {"number": number, "seed": self.seed * 1_000})

    def measured(self, workload: Workload, number: int, runs: int) -> tuple[float, float, str]:
        """Medians of both sides, and how ours did it. Each goes first in turn: the second finds a warmer cache."""
        took: tuple[list[float], list[float]] = ([], [])
        how = ""
        for run in range(runs):
            self.change(workload, number)
            for side in (0, 1) if run % 2 else (1, 0):
                seconds, words = (self.concurrently, self.incrementally)[side].refresh()
                took[side].append(seconds)
                how = words if side else how
        self.compare()
        return median(took[0]), median(took[1]), how

    def compare(self) -> None:
        """Ends everything if a single row is not what the definition gives."""
        number = differing_rows(self.control, self.subject, self.incrementally.relation, self.concurrently.definition)
        if number:
            raise SystemExit(f"{number} rows of {self.incrementally.relation} differ from its definition")

    def count(self, relation: str) -> int:
        """Rows of a relation."""
        counting = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(*relation.split(".")))
        row = self.control.execute(counting).fetchone()
        return int(row[0]) if row else 0


@contextmanager
def course(server: EmbeddedServer, subject: Subject, size: int) -> Iterator[Course]:
    """Load the data, make both sides, refresh both once. The database goes when the block ends."""
    database = f"{subject.name}_{size}".replace(":", "").replace(" ", "_")
    dsn = new_database(server, database, subject.system)
    with ExitStack() as stack:
        control, worker = (stack.enter_context(psycopg.connect(dsn, autocommit=True)) for _ in range(2))
        control.execute(f"SELECT {subject.system}.generate_sample_data(%s)".encode(), [size])
        control.execute("VACUUM (ANALYZE)")
        concurrently = Concurrently(control, subject)
        # Without the checks of its system's policy, which read the whole view: the other side makes none.
        control.execute("INSERT INTO bi_refresh.view_policy (view_name) VALUES (%s)", [subject.view])
        control.execute("SELECT bi_refresh.refresh_bi_views(ARRAY[%s])", [subject.view])
        enable(server, database, subject)
        made = Course(subject, control, concurrently, Incrementally(control, worker, subject))
        made.compare()
        yield made
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{database}" WITH (FORCE)'.encode())


def measure(
    server: EmbeddedServer,
    subject: Subject,
    *,
    scale: float,
    shares: Sequence[float] = SHARES,
    most_runs: int = 7,
    tell: Callable[[Row], None],
) -> list[Row]:
    """A row per share of changed rows, and one for the subject's particular workload; `tell` is given each at once."""
    rows: list[Row] = []

    def add(
        words: str, changed: int, workload: Workload, runs: int, *, share: float | None, target: float | None
    ) -> None:
        runs = min(runs, most_runs)
        concurrently_s, incrementally_s, how = made.measured(workload, changed, runs)
        row = Row(subject.name, view_rows, words, share, changed, runs, concurrently_s, incrementally_s, how, target)
        rows.append(row)
        tell(row)

    with course(server, subject, max(1, round(subject.size * scale))) as made:
        view_rows, counted = made.count(subject.view), made.count(subject.counted)
        # What both sides learn, plan and cache the first time.
        for number in (0, _fewest(counted * SHARES[1])):
            made.measured(subject.mixed, number, 1)
        if subject.particular:
            workload, number, target = subject.particular
            changed = _fewest(number * min(scale, 1))
            words = f"{changed:,} {workload.words}"
            add(words, changed, workload, _PARTICULAR_RUNS, share=None, target=target)
        for share in shares:
            changed = _fewest(counted * share) if share else 0
            promised = dict(subject.targets).get(share)
            add(subject.mixed.words, changed, subject.mixed, _RUNS.get(share, 3), share=share, target=promised)
    return rows


def _fewest(number: float) -> int:
    return max(_FEWEST_CHANGED, round(number))
