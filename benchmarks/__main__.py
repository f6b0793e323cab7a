"""`make bench`: what the task costs beyond the SQL it calls, and what the view saves its readers.

python -m benchmarks [--runs N] [--sales N]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import psycopg
from rich.console import Console
from rich.table import Table

from demo.server import EmbeddedServer, embedded_server

# The size at which the base query takes the 25 seconds of the fluxion document on two cores (docs/systems/fluxion.md).
_SALES = 35_000_000
_SERVER_SETTINGS = {"shared_buffers": "1GB", "work_mem": "64MB", "max_wal_size": "8GB", "checkpoint_timeout": "1h"}
_BASE_QUERY = "SELECT * FROM fluxion.v_ubicaciones_summary_regional"
_VIEW_QUERY = "SELECT * FROM fluxion.mv_ubicaciones_summary_regional"
_READS = 200

console = Console(highlight=False)


@dataclass(frozen=True)
class Process:
    """One process from start to end."""

    seconds: float
    peak_mib: float


def main(arguments: Sequence[str]) -> None:
    """Measure everything and print one table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--runs", type=int, default=15, help="pairs of processes to time (default: %(default)s)")
    parser.add_argument("--sales", type=int, default=_SALES, help="sales behind the base query (default: %(default)s)")
    options = parser.parse_args(arguments)
    table = Table("what", "measured", "target")
    with embedded_server(settings=_SERVER_SETTINGS) as server:
        _task(server, table, runs=options.runs)
        _endpoint(server, table, sales=options.sales)
    console.print(table)


def _task(server: EmbeddedServer, table: Table, *, runs: int) -> None:
    """The deployed command against the same refresh from psql, in turns."""
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": server.dsn(), "PYTHONPATH": os.getcwd()}  # noqa: PTH109
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        _command(["migrate"], environment)
        connection.execute("CREATE MATERIALIZED VIEW a AS SELECT n FROM generate_series(1, 1000) AS n")
        connection.execute("CREATE UNIQUE INDEX ON a (n)")
        connection.execute("INSERT INTO bi_refresh.view_policy (view_name) VALUES ('public.a')")
    psql = [server.program("psql"), server.dsn(), "-c", "SELECT * FROM bi_refresh.refresh_bi_views()"]
    task = [sys.executable, "-m", "refresh_task", "run"]
    pairs = [(_process(psql, environment), _process(task, environment)) for _ in range(runs + 1)][
        1:
    ]  # the first warms up
    psql_s, task_s = (median(pair[side].seconds for pair in pairs) for side in (0, 1))
    table.add_row(
        "task over psql, whole process, median",
        f"{task_s - psql_s:+.3f} s ({task_s:.3f} s over {psql_s:.3f} s, {runs} pairs)",
        "at most +0.35 s",
    )
    table.add_row("task, peak memory", f"{max(pair[1].peak_mib for pair in pairs):.0f} MiB", "under 90 MB")


def _endpoint(server: EmbeddedServer, table: Table, *, sales: int) -> None:
    """The query of the endpoint against the query that it replaces."""
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": server.dsn(), "PYTHONPATH": os.getcwd()}  # noqa: PTH109
    _command(["migrate", "--system", "fluxion"], environment)
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        loading_s = _timed(lambda: connection.execute("SELECT fluxion.generate_sample_data(%s)", [sales]))
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("REFRESH MATERIALIZED VIEW fluxion.mv_ubicaciones_summary_regional")
        base_s = min(_timed(lambda: connection.execute(_BASE_QUERY).fetchall()) for _ in range(2))
        view_s = median(_timed(lambda: connection.execute(_VIEW_QUERY).fetchall()) for _ in range(_READS))
    table.add_row(
        f"base query over endpoint query, {sales:,} sales (loaded in {loading_s:.0f} s)",
        f"{base_s / view_s:,.0f} times ({base_s:.1f} s, best of 2, over {view_s * 1000:.2f} ms, median of {_READS})",
        "over 1,000 times",
    )


def _process(command: Sequence[str], environment: dict[str, str]) -> Process:
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with exit code {process.returncode}")
    return Process(seconds, usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024))


def _command(arguments: Sequence[str], environment: dict[str, str]) -> None:
    subprocess.run(
        [sys.executable, "-m", "refresh_task", *arguments], check=True, env=environment, stdout=subprocess.DEVNULL
    )


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main(sys.argv[1:])
