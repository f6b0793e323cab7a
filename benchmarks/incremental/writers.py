"""What capture costs those who write: pgbench on two tables that are alike, one of them captured, in turns."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import psycopg

from benchmarks.incremental.sides import new_database
from demo.server import EmbeddedServer

_CLIENTS = 2
_ROWS = 200_000
# Unlike the other servers here this one writes to the disk in earnest: it is what writers wait for.
SETTINGS = {
    "shared_buffers": "512MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "1h",
    "fsync": "on",
    "full_page_writes": "on",
}
# Like a table of sales: a key and two more indexes, ten columns. Beside checks and other triggers capture would cost
# less.
_TABLE = """
CREATE TABLE {table} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    customer_id integer NOT NULL,
    branch_id integer NOT NULL,
    product_id integer NOT NULL,
    quantity integer NOT NULL,
    amount numeric(12, 2) NOT NULL,
    method text NOT NULL DEFAULT 'card',
    state text NOT NULL DEFAULT 'paid',
    note text
);
CREATE INDEX ON {table} (customer_id, at);
CREATE INDEX ON {table} (product_id);
INSERT INTO {table} (customer_id, branch_id, product_id, quantity, amount)
SELECT n % 5000, n % 40, n % 997, 1 + n % 5, n % 1000 FROM generate_series(1, {rows}) AS n;
"""
# What a view of sales by customer and product would have captured.
_CAPTURED = ["id", "customer_id", "product_id"]
_STATEMENTS = {
    "one row inserted": """
        \\set n random(1, 1000000)
        INSERT INTO {table} (customer_id, branch_id, product_id, quantity, amount)
        VALUES (:n % 5000, :n % 40, :n % 997, 1 + :n % 5, :n % 1000);
    """,
    "one row updated": """
        \\set n random(1, {rows})
        UPDATE {table} SET amount = amount + 1, state = 'changed' WHERE id = :n;
    """,
    "1,000 rows inserted by one statement": """
        \\set n random(1, 1000000)
        INSERT INTO {table} (customer_id, branch_id, product_id, quantity, amount)
        SELECT (:n + i) % 5000, i % 40, (:n + i) % 997, 1 + i % 5, i FROM generate_series(1, 1000) AS i;
    """,
}


@dataclass(frozen=True, slots=True)
class Throughput:
    """Transactions per second, medians; and of the throughput without capture, what is left: the median of the pairs'
    ratios, for the machine's speed drifts less within a pair than between them."""

    statement: str
    synchronous_commit: bool
    plain: float
    captured: float
    ratio: float
    target: float


def measure(
    server: EmbeddedServer, *, seconds: int, rounds: int, tell: Callable[[Throughput], None]
) -> list[Throughput]:
    """A value per kind of statement, with synchronous commit and without; short runs in turns, as speed drifts."""
    results = []
    with TemporaryDirectory() as folder:
        dsn = new_database(server, "writers")
        with psycopg.connect(dsn, autocommit=True) as connection:
            for table in ("plain_sales", "captured_sales"):
                connection.execute(_TABLE.format(table=table, rows=_ROWS).encode())
            connection.execute("SELECT bi_refresh.capture_table('captured_sales'::regclass, %s::name[])", [_CAPTURED])
            connection.execute("VACUUM (ANALYZE)")
        for synchronous_commit in (True, False):
            for statement, script in _STATEMENTS.items():
                pairs = [
                    _pair(
                        server, Path(folder), script, seconds, synchronous_commit=synchronous_commit, first=number % 2
                    )
                    for number in range(rounds)
                ]
                plain, captured = (median(pair[side] for pair in pairs) for side in (0, 1))
                ratio = median(with_capture / without for without, with_capture in pairs)
                target = 0.85 if synchronous_commit else 0.8
                results.append(Throughput(statement, synchronous_commit, plain, captured, ratio, target))
                tell(results[-1])
    return results


def _pair(
    server: EmbeddedServer, folder: Path, script: str, seconds: int, *, synchronous_commit: bool, first: int
) -> tuple[float, float]:
    """Without and with capture, one right after the other; which is first changes each time."""
    tables = ("plain_sales", "captured_sales")
    found = {}
    for side in (first, 1 - first):
        file = folder / "script.sql"
        file.write_text(script.format(table=tables[side], rows=_ROWS))
        done = subprocess.run(
            [
                server.program("pgbench"),
                *("--no-vacuum", "--client", str(_CLIENTS), "--jobs", str(_CLIENTS), "--time", str(seconds)),
                *("--file", str(file), server.dsn("writers")),
            ],
            check=False,
            env={"PGOPTIONS": f"-c synchronous_commit={'on' if synchronous_commit else 'off'}"},
            capture_output=True,
            text=True,
        )
        rate = re.search(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE)
        if done.returncode != 0 or rate is None:
            raise SystemExit(f"pgbench ended with exit code {done.returncode}:\n{done.stdout}{done.stderr}")
        found[side] = float(rate[1])
    return found[0], found[1]
