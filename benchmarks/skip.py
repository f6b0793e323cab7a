"""What leaving an unchanged view alone costs, against refreshing it: fluxion by its fingerprint and by touch triggers,
and forty views by one statement.

python -m benchmarks.skip [--sales N]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import psycopg
from psycopg.types.json import Jsonb
from rich.console import Console
from rich.table import Table

from demo.server import EmbeddedServer, embedded_server

_SALES = 7_000_000
_QUICK_SALES = 200_000
_FLUXION = "fluxion.mv_ubicaciones_summary_regional"
_VIEWS = 40
_MANY = """
DO $$
BEGIN
    FOR n IN 0..19 LOOP
        EXECUTE format('CREATE TABLE t%s (id integer PRIMARY KEY, label text, n integer)', n);
        EXECUTE format('INSERT INTO t%s SELECT i, ''x'', i %% 7 FROM generate_series(1, 1000) AS i', n);
    END LOOP;
    FOR n IN 0..39 LOOP
        EXECUTE format(
            'CREATE VIEW v%s AS SELECT a.id, a.label, sum(b.n) AS n, count(*) AS rows'
            ' FROM t%s AS a JOIN t%s AS b ON b.n = a.n JOIN t%s AS c ON c.id = a.id GROUP BY 1, 2',
            n, n % 20, (n + 1) % 20, (n + 7) % 20
        );
        EXECUTE format('CREATE MATERIALIZED VIEW m%s AS SELECT * FROM v%s WITH NO DATA', n, n);
        EXECUTE format('CREATE UNIQUE INDEX ON m%s (id)', n);
        INSERT INTO bi_refresh.view_policy (view_name, change_detection) VALUES (format('public.m%s', n), 'touch');
    END LOOP;
END $$
"""
_SETTINGS = {"shared_buffers": "1GB", "work_mem": "64MB", "max_wal_size": "8GB", "checkpoint_timeout": "1h"}
_BEGIN = """
    INSERT INTO bi_refresh.mv_refresh_log (view_name, view_oid, trigger_type, triggered_by, plan, backend_pid)
    VALUES (%s, bi_refresh.view_oid(%s), 'cron', 'the benchmark', %s, %s)
"""
_REFRESH = "SELECT status FROM bi_refresh.refresh_bi_views(ARRAY[%s], 'cron', 'the benchmark')"
_VERIFY = "SELECT status FROM bi_refresh.verify_unchanged(%s::text[], 'cron', 'the benchmark', NULL)"


def measure(server: EmbeddedServer, table: Table, *, sales: int = _SALES, runs: int = 5) -> None:
    """Adds three rows to the table: what, measured, target."""
    _one_view(server, table, sales=sales, runs=runs)
    _many_views(server, table, runs=runs)


def _one_view(server: EmbeddedServer, table: Table, *, sales: int, runs: int) -> None:
    """REFRESH CONCURRENTLY and both checks in turns, on sessions that are warm."""
    dsn = _migrated(server, "skip_fluxion", "--system", "fluxion")
    with psycopg.connect(dsn, autocommit=True) as control, psycopg.connect(dsn, autocommit=True) as worker:
        control.execute("SELECT fluxion.generate_sample_data(%s)", [sales])
        control.execute("VACUUM (ANALYZE)")
        control.execute("INSERT INTO bi_refresh.view_policy (view_name) VALUES (%s) ON CONFLICT DO NOTHING", [_FLUXION])
        worker.execute("SET default_transaction_isolation = 'repeatable read'")
        took: dict[str, list[float]] = {"fingerprint": [], "touch": [], "refresh": []}
        for change_detection in ("fingerprint", "touch"):
            control.execute("UPDATE bi_refresh.view_policy SET change_detection = %s", [change_detection])
            control.execute("SELECT * FROM bi_refresh.sync_touch_triggers()")
            for number in range(runs + 2):  # the first makes the fingerprint, the second warms up
                seconds, status = _step(control, worker, change_detection)
                if (number > 0) != status.startswith("SKIPPED"):
                    raise SystemExit(f"step {number} by {change_detection}: {status}")
                if number > 1:
                    took[change_detection].append(seconds)
        for _ in range(max(runs // 2, 2)):
            took["refresh"].append(
                _timed(lambda: control.execute(f"REFRESH MATERIALIZED VIEW CONCURRENTLY {_FLUXION}".encode()))
            )
    refresh_s, fingerprint_s, touch_s = (median(took[what]) for what in ("refresh", "fingerprint", "touch"))
    for what, seconds, target in (("fingerprint", fingerprint_s, 6), ("touch triggers", touch_s, 500)):
        table.add_row(
            f"REFRESH CONCURRENTLY over an unchanged view's check by {what}, {sales:,} sales",
            f"{refresh_s / seconds:,.1f} times ({refresh_s:.2f} s over {seconds * 1000:,.1f} ms)",
            f"over {target} times",
        )


def _many_views(server: EmbeddedServer, table: Table, *, runs: int) -> None:
    """Each time on a session of its own: the task opens one per run, and its caches are empty."""
    dsn = _migrated(server, "skip_many")
    views = [f"public.m{number}" for number in range(_VIEWS)]
    with psycopg.connect(dsn, autocommit=True) as control, psycopg.connect(dsn, autocommit=True) as worker:
        control.execute(_MANY)
        control.execute("SELECT * FROM bi_refresh.sync_touch_triggers()")
        worker.execute("SET default_transaction_isolation = 'repeatable read'")
        for view in views:
            _step(control, worker, "touch", view=view)
    took = []
    for _ in range(runs + 1):
        with psycopg.connect(dsn, autocommit=True) as session:
            session.execute("SET default_transaction_isolation = 'repeatable read'")
            started = time.perf_counter()
            unchanged = session.execute(_VERIFY, [views]).fetchall()
            took.append(time.perf_counter() - started)
            if len(unchanged) != _VIEWS:
                raise SystemExit(f"only {len(unchanged)} of {_VIEWS} views were found unchanged")
    table.add_row(
        f"{_VIEWS} unchanged views with touch triggers, one statement on a new session",
        f"{median(took[1:]) * 1000:.0f} ms (best {min(took[1:]) * 1000:.0f} ms, {runs} sessions)",
        "under 60 ms",
    )


def _step(
    control: psycopg.Connection[Any], worker: psycopg.Connection[Any], change_detection: str, *, view: str = _FLUXION
) -> tuple[float, str]:
    """Seconds and status of one step as the task takes it, without the log row that is written beforehand."""
    plan = {"fingerprinting": "check", "change_detection": change_detection}
    control.execute(_BEGIN, [view, view, Jsonb(plan), worker.info.backend_pid])
    started = time.perf_counter()
    row = worker.execute(_REFRESH, [view]).fetchone()
    return time.perf_counter() - started, str(row[0] if row else None)


def _migrated(server: EmbeddedServer, name: str, *arguments: str) -> str:
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": server.dsn(name), "PYTHONPATH": os.getcwd()}  # noqa: PTH109
    command = [sys.executable, "-m", "refresh_task", "migrate", *arguments]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    return server.dsn(name)


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main(arguments: Sequence[str]) -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.skip")
    parser.add_argument("--sales", type=int, default=_SALES, help="sales beneath the view (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help=f"only {_QUICK_SALES:,} sales")
    options = parser.parse_args(arguments)
    table = Table("what", "measured", "target")
    with embedded_server(settings=_SETTINGS) as server:
        measure(server, table, sales=_QUICK_SALES if options.quick else options.sales)
    Console(highlight=False).print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
