"""What it costs to decide: 1,000 views read and planned, and the status command over 1,000,000 log rows."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from statistics import median

import psycopg

from demo.server import EmbeddedServer

# Views in five waves, each of which reads three views of the wave before; every tenth through an ordinary view.
_VIEWS = """
CREATE SCHEMA wide;
CREATE TABLE wide.source (id integer, label text);
DO $$
DECLARE
    reads text;
    n integer;
BEGIN
    FOR n IN 0..{views} - 1 LOOP
        reads := CASE WHEN n < {wave} THEN 'wide.source' ELSE (
            SELECT string_agg(format('wide.mv_%s', n / {wave} * {wave} - {wave} + (n + i) % {wave}), ' NATURAL JOIN ')
            FROM generate_series(0, 2) AS i
        ) END;
        IF n % 10 = 0 THEN
            EXECUTE format('CREATE VIEW wide.v_%s AS SELECT id, label FROM %s', n, reads);
            reads := format('wide.v_%s', n);
        END IF;
        EXECUTE format('CREATE MATERIALIZED VIEW wide.mv_%s AS SELECT id, label FROM %s', n, reads);
        EXECUTE format('CREATE UNIQUE INDEX ON wide.mv_%s (id)', n);
        IF n % 200 = 0 THEN
            COMMIT;  -- locks of one transaction are many, and not endless
        END IF;
    END LOOP;
END $$;
INSERT INTO bi_refresh.view_policy (view_name, schedules)
SELECT
    format('wide.mv_%s', n),
    CASE WHEN n % 5 = 0 THEN '[{{"cron": "0 1 * * *", "time_zone": "America/Bogota"}}]' ELSE '[]' END::jsonb
FROM generate_series(0, {views} - 1) AS n;
INSERT INTO bi_refresh.view_state
    (view_name, view_oid, data_timestamp, global_data_timestamp, last_success_at, refreshed_at, fingerprint)
SELECT view_name, view_name::regclass::oid, moment, moment, moment, moment, jsonb_build_object(
    'counters_since', bi_refresh.counters_since(), 'tables', jsonb_build_object('wide.source'::regclass::oid,
    '{{"name": "wide.source", "writes": [0, 0, 0]}}'::jsonb)
)
FROM bi_refresh.view_policy
CROSS JOIN LATERAL (SELECT now() - abs(hashtext(view_name)) % 20 * interval '1 minute' AS moment) AS known;
"""
_LOG = """
INSERT INTO bi_refresh.mv_refresh_log
    (view_name, trigger_type, triggered_by, strategy, status, created_at, started_at, finished_at, duration_ms, reason)
SELECT
    format('wide.mv_%s', n % {views}), 'cron', 'the rule', kind.strategy, kind.status, moment, moment, moment,
    (random() * 1000)::bigint, 'by its unique index'
FROM generate_series(1, {rows}) AS n
CROSS JOIN LATERAL (SELECT now() - ({rows} - n) * interval '7 seconds' AS moment) AS at
CROSS JOIN LATERAL (
    SELECT * FROM (VALUES ('skip', 'skipped'), ('concurrent', 'completed')) AS v (strategy, status)
    OFFSET (n / {views} % 10 = 0)::integer LIMIT 1
) AS kind;
INSERT INTO bi_refresh.mv_refresh_triggers (view_name, refresh_requested, processed_at)
SELECT format('wide.mv_%s', n % {views}), n <= 50, CASE WHEN n > 50 THEN now() END FROM generate_series(1, 20000) AS n;
"""

# One process as the task is, without its refreshes.
_PLAN = """
import os, resource, sys, time
from refresh_task.catalog import read_now, read_view_status, read_views
from refresh_task.database import connect
from refresh_task.plan import make_plan
from refresh_task.settings import Settings
with connect(Settings.from_environment(os.environ), environment=os.environ) as session:
    times = [time.perf_counter()]
    views = read_views(session)
    times.append(time.perf_counter())
    plan = make_plan(views, now=read_now(session), interval_s=600, default_timeout_s=300)
    times.append(time.perf_counter())
    read_view_status(session)
    times.append(time.perf_counter())
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
print(len(views), len(plan.steps), peak, *(after - before for before, after in zip(times, times[1:])))
"""


@dataclass(frozen=True)
class Planning:
    """Medians of several processes, in seconds; the peak memory of the largest."""

    views: int
    steps: int
    log_rows: int
    reading_s: float
    planning_s: float
    status_s: float
    peak_mib: float


def measure(server: EmbeddedServer, *, views: int = 1_000, log_rows: int = 1_000_000, runs: int = 5) -> Planning:
    """Build a database of its own on the server, and drop it in the end."""
    name = "planning"
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            _fill(server.dsn(name), views, log_rows)
            seen = [_in_a_process(server.dsn(name)) for _ in range(runs)]
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    found, steps = seen[0][:2]
    reading_s, planning_s, status_s = (median(values[i] for values in seen) for i in (3, 4, 5))
    return Planning(
        int(found), int(steps), log_rows, reading_s, planning_s, status_s, max(values[2] for values in seen)
    )


def _fill(dsn: str, views: int, log_rows: int) -> None:
    migrate = [sys.executable, "-m", "refresh_task", "migrate"]
    subprocess.run(migrate, check=True, env=_environment(dsn), stdout=subprocess.DEVNULL)
    script = _VIEWS.format(views=views, wave=views // 5) + _LOG.format(views=views, rows=log_rows)
    # The DO block by itself: one that commits may not be in a transaction with others.
    before, _, rest = script.partition("DO $$")
    block, _, after = rest.partition("END $$;")
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in (before, f"DO $${block}END $$", after, "VACUUM (ANALYZE)"):
            connection.execute(statement.encode())


def _in_a_process(dsn: str) -> list[float]:
    program = [sys.executable, "-c", _PLAN]
    done = subprocess.run(program, check=True, env=_environment(dsn), capture_output=True, text=True)
    return [float(number) for number in done.stdout.split()]


def _environment(dsn: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "DATABASE_URL": dsn, "PYTHONPATH": os.getcwd()}  # noqa: PTH109


if __name__ == "__main__":
    from demo.server import embedded_server

    started = time.perf_counter()
    with embedded_server(settings={"shared_buffers": "512MB"}) as measured:
        print(measure(measured))
    print(f"{time.perf_counter() - started:.0f} s in all")
