"""`make bench`'s part on incremental refresh: ratios, growth, writers, in one run on one server each.

python -m benchmarks.incremental [--scale S] [--only PART] [--subject NAME] [--into FOLDER]
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg
from rich.console import Console
from rich.table import Table

from benchmarks.incremental import growth, page, refreshes, writers
from benchmarks.incremental.subjects import SHARES, SUBJECTS
from demo.server import embedded_server

_SETTINGS = {"shared_buffers": "1GB", "work_mem": "64MB", "max_wal_size": "8GB", "checkpoint_timeout": "1h"}
_PARTS = ("refreshes", "growth", "writers")

console = Console(highlight=False, soft_wrap=True)


def main(arguments: Sequence[str]) -> None:
    """Measure, tell each result when it is there, print one table, and write the page if asked to."""
    options = _options(arguments)
    started = time.monotonic()
    rows: list[refreshes.Row] = []
    points: list[growth.Point] = []
    throughputs: list[writers.Throughput] = []
    with embedded_server(settings=_SETTINGS) as server:
        with psycopg.connect(server.dsn()) as connection:
            version = f"{connection.info.server_version // 10000}.{connection.info.server_version % 10000}"
        if "refreshes" in options.only:
            for subject in SUBJECTS:
                if subject.name in options.subject:
                    rows += refreshes.measure(
                        server,
                        subject,
                        scale=options.scale,
                        shares=options.share,
                        most_runs=options.runs,
                        tell=_tell_row,
                    )
        if "growth" in options.only:
            points = growth.measure(server, scale=options.scale, tell=_tell_point)
    if "writers" in options.only:
        with embedded_server(settings=writers.SETTINGS) as server:
            throughputs = writers.measure(server, seconds=options.seconds, rounds=options.rounds, tell=_tell_throughput)
    console.print(_table(rows), soft_wrap=False)
    setting = (
        f"Measured on {time.strftime('%d %B %Y').lstrip('0')} on {os.cpu_count()} cores, PostgreSQL {version}, at "
        f"scale {options.scale:g}, in {time.monotonic() - started:,.0f} s. "
        "Not one row of any refresh differed from the view's definition."
    )
    console.print(setting)
    if options.into:
        page.write(options.into, setting=setting, rows=rows, points=points, throughputs=throughputs)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.incremental")
    names = [subject.name for subject in SUBJECTS]
    parser.add_argument("--scale", type=float, default=1.0, help="of the data; 0.02 takes a minute (default: 1)")
    parser.add_argument("--only", choices=_PARTS, action="append", help="this part (may be repeated; default: all)")
    parser.add_argument("--subject", choices=names, action="append", help="this view (may be repeated; default: all)")
    parser.add_argument("--share", type=float, action="append", help="this share of changed rows (may be repeated)")
    parser.add_argument("--runs", type=int, default=7, help="at most so many per row (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=11, help="of the writers, in pairs (default: %(default)s)")
    parser.add_argument("--seconds", type=int, default=2, help="of each run of pgbench (default: %(default)s)")
    parser.add_argument("--into", type=Path, help="the folder of benchmarks.md, to write table and chart there")
    options = parser.parse_args(arguments)
    # A default list would be added to, not replaced.
    options.only, options.subject, options.share = (
        options.only or _PARTS,
        options.subject or names,
        options.share or SHARES,
    )
    return options


def _table(rows: Sequence[refreshes.Row]) -> Table:
    table = Table("view", "changed rows", "CONCURRENTLY over incremental", "target")
    for row in rows:
        table.add_row(row.subject, page.changed(row), page.measured(row).replace("**", "!"), page.target(row))
    return table


def _tell_row(row: refreshes.Row) -> None:
    console.print(f"{row.subject}: {page.changed(row)}: {page.measured(row)}; {row.how}", markup=False)


def _tell_point(point: growth.Point) -> None:
    times = (point.concurrently_s, point.incrementally_s, point.constant_s)
    console.print(f"{point.rows:,} rows: {', '.join(map(page.duration, times))}", markup=False)


def _tell_throughput(value: writers.Throughput) -> None:
    console.print(
        f"{value.statement}, synchronous_commit {'on' if value.synchronous_commit else 'off'}: {value.ratio:.2f} "
        f"({value.captured:,.0f} over {value.plain:,.0f} per second)",
        markup=False,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
