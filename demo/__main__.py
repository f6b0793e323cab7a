"""`make demo`: the main job, end to end, on an embedded PostgreSQL with real rows. It leaves nothing running.

Every command it shows is one that you can type; it runs them the same way.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table

from demo.server import EmbeddedServer, embedded_server
from demo.systems import INCREMENTAL, SYSTEMS, migrate_command, policy_command

_ROOT = Path(__file__).parent.parent
_VIEW = "fluxion.mv_ubicaciones_summary_regional"
_BASE_QUERY = "SELECT * FROM fluxion.v_ubicaciones_summary_regional"
# A second materialized view of the same query, which PostgreSQL refreshes its own way.
_BESIDE = "beside.mv_ubicaciones_summary_regional"
# Enough for a base query of a few seconds, and for loading them in not many more.
_SALES = 2_000_000
_NEW_SALES = 800
_READS = 20
# The embedded server on a laptop: sorting and hashing in memory, as a database of this size would.
_SERVER_SETTINGS = {"shared_buffers": "256MB", "work_mem": "64MB", "max_wal_size": "4GB", "checkpoint_timeout": "1h"}

console = Console(highlight=False, soft_wrap=True)


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 when every step did what it should."""
    parser = argparse.ArgumentParser(
        prog="python -m demo", description="Vistafresca's main job on an embedded PostgreSQL."
    )
    parser.add_argument("--sales", type=int, default=_SALES, help="how many sales to generate (default: %(default)s)")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    with embedded_server(settings=_SERVER_SETTINGS) as server:
        _Demo(server).show(sales=options.sales)
    console.print(
        f"\nDone in {time.monotonic() - started:.0f} s. Nothing is left running. "
        "Next: make serve, and README.md, “Deploy”."
    )
    return 0


class _Demo:
    def __init__(self, server: EmbeddedServer) -> None:
        self._server = server
        self._connection = psycopg.connect(server.dsn(), autocommit=True)

    def show(self, *, sales: int) -> None:
        (version,) = self._row("SHOW server_version")
        console.print(f"PostgreSQL {version}, embedded, empty.")

        self._title("Install the database side and the four source systems")
        self._run(migrate_command())

        self._title(f"Load {sales:,} sales")
        with console.status(f"generating {sales:,} sales"):
            rows, seconds = self._timed("SELECT * FROM fluxion.generate_sample_data(%s)", sales)
        with console.status("VACUUM (ANALYZE)"):
            self._connection.execute("VACUUM (ANALYZE)")  # or the first reader pays for what the loading left to do
        console.print(", ".join(f"{count:,} {table}" for table, count in rows) + f" in {seconds:.1f} s")

        self._title("The problem: the query behind the dashboard")
        with console.status("running the base query"):
            rows, base_s = self._timed(_BASE_QUERY)
        console.print(f"{_BASE_QUERY}\n  {len(rows)} rows in [bold red]{base_s:.2f} s[/], at every page view")

        self._title("What is to be known about its materialized view")
        self._run("vistafresca doctor", may_fail=True)

        self._title("Load the other three systems")
        for system, size in SYSTEMS.items():
            if system != "fluxion":
                self._run(f"vistafresca sample {system} --size {size}")

        self._title("Declare how fresh their views must be")
        self._run(policy_command())

        self._title("What EventBridge starts every 10 minutes: one run of the task")
        self._show_run(self._run("python -m refresh_task run", quiet=True, VISTAFRESCA_TRIGGER_TYPE="cron"))

        self._title("Read the view")
        reads = [self._timed(f"SELECT * FROM {_VIEW}") for _ in range(_READS)]
        view_s = median(seconds for _, seconds in reads)
        console.print(f"SELECT * FROM {_VIEW}")
        console.print(f"  {len(reads[0][0])} rows in [bold green]{view_s * 1000:.2f} ms[/] (median of {_READS})")
        console.print(f"  [bold]{base_s / view_s:,.0f} times faster[/] than the base query, on this machine just now")

        self._title("Nothing was sold since: nothing is refreshed, and the data is as new as a refresh would make it")
        self._run(f"vistafresca refresh {_VIEW} --output table")

        self._title("What refreshing only what changes would bring, and what it would cost")
        self._run(f"vistafresca incremental explain {_VIEW}", may_fail=True)

        self._title("Have it, where it pays: readers go on reading meanwhile")
        for view in INCREMENTAL:
            self._run(f"vistafresca incremental enable {view}")

        self._show_new_sales()

        self._title("What the next run will do, and why")
        self._run("vistafresca plan")

        self._title("What the person on call looks at")
        self._run("vistafresca status")
        self._run("vistafresca history")
        self._connection.close()

    def _show_new_sales(self) -> None:
        """Both ways after the same sales, and whether they come to the same."""
        with console.status("a second view of the same query"):
            self._connection.execute(f"CREATE SCHEMA {_BESIDE.partition('.')[0]}".encode())
            self._connection.execute(f"CREATE MATERIALIZED VIEW {_BESIDE} AS {_BASE_QUERY}".encode())
            self._connection.execute(f"CREATE UNIQUE INDEX ON {_BESIDE} (ubicacion_id, almacen_codigo)".encode())
        self._run(f"vistafresca refresh {_VIEW} --output table")  # what it costs is learned from what it cost

        self._title(f"{_NEW_SALES} new sales, refreshed incrementally")
        before = self._stock()
        self._timed("SELECT fluxion.add_sample_sales(%s)", _NEW_SALES)
        self._run(f"vistafresca refresh {_VIEW} --output table")
        self._show_stock(before, self._stock())

        self._title("The same by PostgreSQL's REFRESH MATERIALIZED VIEW CONCURRENTLY, in a view of its own beside it")
        started = time.perf_counter()
        with console.status("refreshing it concurrently"):
            self._connection.execute(f"REFRESH MATERIALIZED VIEW CONCURRENTLY {_BESIDE}".encode())
        beside_ms = (time.perf_counter() - started) * 1000
        ((ours_ms, keys),) = self._timed(
            "SELECT duration_ms, changed_keys FROM bi_refresh.mv_refresh_log "
            "WHERE view_name = %s AND status = 'completed' ORDER BY id DESC LIMIT 1",
            _VIEW,
        )[0]
        console.print(
            f"  [bold red]{beside_ms:,.0f} ms[/] over [bold green]{ours_ms:,} ms[/] for {keys:,} changed keys"
        )
        console.print(f"  [bold]{beside_ms / max(ours_ms, 1):,.0f} times faster[/], on this machine just now")
        console.print(
            "  The first grows with all the sales there are, the second with the new ones: docs/benchmarks.md"
        )

        self._title("And it comes to the same, to the last bit")
        self._run(f"vistafresca incremental verify {_VIEW}")

    def _run(self, command: str, *, quiet: bool = False, may_fail: bool = False, **variables: str) -> str:
        """Run a command as typed, with the demo's database in its environment."""
        console.print(f"[dim]$[/] {command}")
        sys.stdout.flush()  # the command writes to the same place
        program, *arguments = shlex.split(command)
        module = arguments[1:] if program == "python" else ["refresh_task", *arguments]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "SENTRY_"))}
        process = subprocess.run(
            [sys.executable, "-m", *module],
            check=False,
            cwd=_ROOT,
            env={**environment, "DATABASE_URL": self._server.dsn(), **variables},
            stdout=subprocess.PIPE if quiet else None,
            text=True,
        )
        if process.returncode != 0 and not (may_fail and process.returncode == 1):
            raise SystemExit(f"'{command}' ended with exit code {process.returncode}:\n{process.stdout or ''}")
        return process.stdout or ""

    def _show_run(self, stdout: str) -> None:
        """The lines that CloudWatch would get, the interesting parts of each."""
        for line in map(json.loads, stdout.splitlines()):
            if "_aws" in line and "view" not in line:
                console.print(f"  metrics   {_values(line)}", markup=False, style="cyan")
            elif "_aws" not in line:
                console.print(f"  {line['event']:<17} {line['message']}", markup=False)
                if "check_in" in line:
                    console.print(f"    {json.dumps(line['check_in'])}", markup=False, style="dim")

    def _stock(self) -> dict[str, tuple[Any, ...]]:
        """By region: products in stock, at zero, below zero, and when the stock last moved."""
        rows, _ = self._timed(
            "SELECT region, sum(skus_con_stock), sum(stock_cero), sum(stock_negativo), max(ultima_actualizacion) "
            f"FROM {_VIEW} GROUP BY region ORDER BY region"
        )
        return {region: tuple(values) for region, *values in rows}

    def _show_stock(self, before: dict[str, tuple[Any, ...]], after: dict[str, tuple[Any, ...]]) -> None:
        table = Table("region", "", "skus_con_stock", "stock_cero", "stock_negativo", "ultima_actualizacion")
        for region, old in before.items():
            table.add_row(region, "before", *map(_short, old), style="dim")
            table.add_row("", "after", *map(_short, after[region]))
        console.print(table, soft_wrap=False)

    def _timed(self, query: str, *parameters: Any) -> tuple[list[tuple[Any, ...]], float]:
        started = time.perf_counter()
        rows = self._connection.execute(query.encode(), parameters or None).fetchall()
        return rows, time.perf_counter() - started

    def _row(self, query: str) -> tuple[Any, ...]:
        ((row),) = self._timed(query)[0]
        return row

    def _title(self, text: str) -> None:
        console.print(f"\n[bold]{text}[/]")


def _values(line: dict[str, Any]) -> str:
    names = [metric["Name"] for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]]
    return ", ".join(f"{name} {line[name][0]:g}" for name in names)


def _short(value: Any) -> str:
    return f"{value:%F %T %Z}" if hasattr(value, "tzinfo") else str(value)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("\nStopped. Nothing is left running.")
