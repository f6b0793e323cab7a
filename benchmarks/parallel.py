"""What several connections gain: 40 views in 5 waves, independent views, and what readers notice of it.

python -m benchmarks.parallel [--runs N]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from decimal import Decimal
from statistics import median, quantiles

import psycopg
from rich.console import Console
from rich.table import Table

from demo.server import EmbeddedServer, embedded_server

_WAVES, _WIDTH = 5, 8
_INDEPENDENT = 12
_READS = 3_000
# One connection, one core: otherwise PostgreSQL would run one view on several of them, and nothing be left to gain.
_SERVER_SETTINGS = {"shared_buffers": "256MB", "max_wal_size": "4GB", "max_parallel_workers_per_gather": "0"}
# Views of unequal cost, so that a barrier between waves would show; each reads two of the wave before.
_GRAPH = """
CREATE TABLE base AS SELECT n AS id, n % 1000 AS key, md5(n::text) AS label FROM generate_series(1, {rows}) AS n;
ANALYZE base;
DO $$
DECLARE
    reads text;
BEGIN
    FOR wave IN 0..{waves} - 1 LOOP
        FOR n IN 0..{width} - 1 LOOP
            reads := CASE WHEN wave = 0 THEN '' ELSE format(
                ' WHERE key IN (SELECT id FROM mv_%s_%s UNION SELECT id FROM mv_%s_%s)',
                wave - 1, n, wave - 1, (n + 1) % {width}
            ) END;
            EXECUTE format(
                'CREATE MATERIALIZED VIEW mv_%s_%s AS'
                ' SELECT key AS id, sum(hashtext(md5(label || %s)))::bigint AS total'
                ' FROM base CROSS JOIN generate_series(1, %s) AS again%s GROUP BY key',
                wave, n, n, 1 + ((wave + n) % 3) * {unequal}, reads
            );
            EXECUTE format('CREATE UNIQUE INDEX ON mv_%s_%s (id)', wave, n);
            INSERT INTO bi_refresh.view_policy (view_name, target_lag, change_detection)
            VALUES (format('public.mv_%s_%s', wave, n), '1 millisecond', 'none');
        END LOOP;
    END LOOP;
END $$;
"""


def measure(server: EmbeddedServer, table: Table, *, runs: int = 3) -> None:
    """Adds its rows to the table: what, measured, target."""
    cores = os.cpu_count() or 1
    _graph(server, table, runs=runs, cores=cores)
    _independent(server, table, runs=runs, cores=cores)


def _graph(server: EmbeddedServer, table: Table, *, runs: int, cores: int) -> None:
    dsn = _database(server, "waves", waves=_WAVES, width=_WIDTH, unequal=1)
    pairs = [(_one_call(dsn), _task(dsn, cores)) for _ in range(runs)]
    call_s, task_s = (median(pair[side] for pair in pairs) for side in (0, 1))
    path_s, work_s = _limits(dsn)
    table.add_row(
        f"{_WAVES * _WIDTH} views in {_WAVES} waves: one refresh_bi_views() over the task with {cores} connections",
        f"{call_s / task_s:.2f} times ({call_s:.2f} s over {task_s:.2f} s, {runs} pairs)",
        f"limit: the longest chain {path_s:.2f} s, the work on {cores} cores {work_s / cores:.2f} s",
    )


def _independent(server: EmbeddedServer, table: Table, *, runs: int, cores: int) -> None:
    dsn = _database(server, "independent", waves=1, width=_INDEPENDENT, unequal=0)
    pairs = [(_task(dsn, 1), _task(dsn, cores)) for _ in range(runs)]
    one_s, all_s = (median(pair[side] for pair in pairs) for side in (0, 1))
    table.add_row(
        f"{_INDEPENDENT} independent views, {cores} connections against one",
        f"{one_s / all_s:.2f} times, {one_s / all_s / cores:.2f} x cores ({one_s:.2f} s over {all_s:.2f} s)",
        "at least 0.85 x cores",
    )
    for connections in sorted({1, cores}):
        # A 99th percentile is what ten reads in a thousand make it: the middle one of several pairs.
        pairs = sorted(((_reads(dsn, None), _reads(dsn, connections)) for _ in range(runs)), key=lambda p: p[1] / p[0])
        idle_ms, busy_ms = pairs[len(pairs) // 2]
        table.add_row(
            f"a reader's p99 during a run on {connections} of {cores} cores, over idle",
            f"{busy_ms / idle_ms:.2f} times ({busy_ms:.2f} ms over {idle_ms:.2f} ms, {runs} pairs)",
            "at most 1.2 times",
        )


def _database(server: EmbeddedServer, name: str, *, waves: int, width: int, unequal: int) -> str:
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    dsn = server.dsn(name)
    subprocess.run(_command("migrate"), check=True, env=_environment(dsn), stdout=subprocess.DEVNULL)
    statements = _GRAPH.format(rows=100_000, waves=waves, width=width, unequal=unequal)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statements.encode())
    return dsn


def _one_call(dsn: str) -> float:
    with psycopg.connect(dsn, autocommit=True) as connection:
        started = time.perf_counter()
        rows = connection.execute("SELECT status FROM bi_refresh.refresh_bi_views()").fetchall()
        seconds = time.perf_counter() - started
    if {status for (status,) in rows} != {"SUCCESS"}:
        raise SystemExit(f"refresh_bi_views() said {rows}")
    return seconds


def _task(dsn: str, connections: int) -> float:
    """What the task itself counts, from its first statement on: without Python's start."""
    process = subprocess.run(
        _command("run"),
        check=False,
        env=_environment(dsn, VISTAFRESCA_CONNECTIONS=str(connections), VISTAFRESCA_VACUUM="false"),
        stdout=subprocess.PIPE,
        text=True,
    )
    lines = [json.loads(line) for line in process.stdout.splitlines()]
    finished = next(line for line in lines if line.get("event") == "run_finished")
    if finished["views_failed"] or not finished["views_succeeded"]:
        raise SystemExit(process.stdout)
    return float(finished["duration_s"])


def _limits(dsn: str) -> tuple[float, float]:
    """Of the last run: the longest chain of steps that wait for each other, and all steps added up. Seconds."""
    with psycopg.connect(dsn) as connection:
        durations: dict[str, Decimal] = dict(
            connection.execute(
                "SELECT view_name, max(duration_ms) / 1000.0 FROM bi_refresh.mv_refresh_log "
                "WHERE run_id = (SELECT max(id) FROM bi_refresh.mv_refresh_run) GROUP BY 1"
            ).fetchall()
        )
    longest: dict[tuple[int, int], float] = {}
    for wave in range(_WAVES):
        for n in range(_WIDTH):
            before = max((longest[wave - 1, n], longest[wave - 1, (n + 1) % _WIDTH])) if wave else 0.0
            longest[wave, n] = before + float(durations[f"public.mv_{wave}_{n}"])
    return max(longest.values()), float(sum(durations.values()))


def _reads(dsn: str, connections: int | None) -> float:
    """The 99th percentile of reading a view, in ms: while nothing happens (None), or while runs follow each other."""
    stop, took_ms = threading.Event(), []

    def refresh() -> None:
        while connections is not None and not stop.is_set():
            _task(dsn, connections)

    thread = threading.Thread(target=refresh)
    with psycopg.connect(dsn, autocommit=True) as connection:
        thread.start()
        if connections is not None:
            while not connection.execute("SELECT 1 FROM bi_refresh.mv_refresh_log WHERE status = 'running'").fetchall():
                time.sleep(0.01)
        for _ in range(_READS):
            started = time.perf_counter()
            connection.execute("SELECT * FROM mv_0_0 WHERE id BETWEEN 100 AND 200").fetchall()
            took_ms.append((time.perf_counter() - started) * 1000)
            time.sleep(0.001)  # a reader, not a load test
        stop.set()
    thread.join()
    return quantiles(took_ms, n=100)[-1]


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "refresh_task", *arguments]


def _environment(dsn: str, **variables: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": os.getcwd(), "DATABASE_URL": dsn, **variables}  # noqa: PTH109


def main(arguments: Sequence[str]) -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.parallel")
    parser.add_argument("--runs", type=int, default=3, help="pairs of runs (default: %(default)s)")
    options = parser.parse_args(arguments)
    table = Table("what", "measured", "target")
    with embedded_server(settings=_SERVER_SETTINGS) as server:
        measure(server, table, runs=options.runs)
    Console(highlight=False).print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
