"""What the API costs beyond the query that it answers with, and what it saves its readers.

python -m benchmarks.api [--sales N] [--requests N]
"""

from __future__ import annotations

import argparse
import http.client
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median, quantiles
from urllib.parse import urlsplit

import psycopg
from rich.console import Console
from rich.table import Table

from demo.server import EmbeddedServer, embedded_server

# The size at which the base query takes the 25 seconds of the fluxion document on two cores (docs/systems/fluxion.md).
_SALES = 35_000_000
_SERVER_SETTINGS = {"shared_buffers": "1GB", "work_mem": "64MB", "max_wal_size": "8GB", "checkpoint_timeout": "1h"}
_BASE_QUERY = "SELECT * FROM fluxion.v_ubicaciones_summary_regional"
_VIEW_QUERY = """
    SELECT * FROM fluxion.mv_ubicaciones_summary_regional
    ORDER BY region, tipo DESC, ubicacion_nombre, almacen_codigo
"""
_PATH = "/api/ubicaciones/summary-regional"
_CLIENTS = 4
_IMPORTS = 9


def measure(server: EmbeddedServer, table: Table, *, sales: int, requests: int) -> None:
    """Adds its rows to the table: what, measured, target."""
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": server.dsn(), "PYTHONPATH": os.getcwd()}  # noqa: PTH109
    _command(["migrate", "--system", "fluxion"], environment)
    _command(["apply", "--file", "sql/systems/fluxion/views.toml"], environment)
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute("SELECT fluxion.generate_sample_data(%s)", [sales])
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("SELECT bi_refresh.refresh_bi_views()")
        base_s = min(_timed(lambda: connection.execute(_BASE_QUERY).fetchall()) for _ in range(2))
        with _served(environment) as port:
            _summary(connection, table, port, base_s=base_s, sales=sales, requests=requests)
    seconds = [_import_s(environment) for _ in range(_IMPORTS)]
    table.add_row(
        "cold import of the Lambda handler, without Python's start",
        f"{median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f} s, {_IMPORTS} processes)",
        "under 0.6 s",
    )


def _summary(
    connection: psycopg.Connection[tuple[object, ...]],
    table: Table,
    port: int,
    *,
    base_s: float,
    sales: int,
    requests: int,
) -> None:
    """The endpoint and the same query through psycopg, in turns; then as many requests as one core answers."""
    client = http.client.HTTPConnection("127.0.0.1", port)
    pairs = [
        (_timed(lambda: connection.execute(_VIEW_QUERY).fetchall()), _timed(lambda: _get(client)))
        for _ in range(requests)
    ][requests // 10 :]  # the first warm up
    query_s, endpoint_s = (median(pair[side] for pair in pairs) for side in (0, 1))
    query_99, endpoint_99 = (quantiles([pair[side] for pair in pairs], n=100)[-1] for side in (0, 1))
    table.add_row(
        f"base query over the endpoint, {sales:,} sales",
        f"{base_s / endpoint_s:,.0f} times ({base_s:.1f} s, best of 2, over {endpoint_s * 1000:.1f} ms, median)",
        "over 1,000 times",
    )
    table.add_row(
        "summary endpoint over the same query through psycopg, p50",
        f"{(endpoint_s - query_s) * 1000:+.2f} ms ({endpoint_s * 1000:.2f} ms over {query_s * 1000:.2f} ms, "
        f"{len(pairs)} pairs)",
        "at most +2 ms",
    )
    table.add_row(
        "the same, p99", f"{(endpoint_99 - query_99) * 1000:+.2f} ms ({endpoint_99 * 1000:.2f} ms over "
        f"{query_99 * 1000:.2f} ms)", "",
    )  # fmt: skip
    table.add_row(
        f"requests per second, {_CLIENTS} clients, the server on one core",
        f"{_throughput(port, requests):,.0f}",
        "",
    )


def _throughput(port: int, requests: int) -> float:
    def ask() -> None:
        client = http.client.HTTPConnection("127.0.0.1", port)
        for _ in range(requests):
            _get(client)

    threads = [threading.Thread(target=ask) for _ in range(_CLIENTS)]
    seconds = _timed(lambda: [*map(threading.Thread.start, threads), *map(threading.Thread.join, threads)])
    return _CLIENTS * requests / seconds


def _get(client: http.client.HTTPConnection) -> None:
    client.request("GET", _PATH)
    response = client.getresponse()
    body = response.read()
    if response.status != http.HTTPStatus.OK:
        raise SystemExit(f"{_PATH} answered {response.status}: {body.decode()}")


@contextmanager
def _served(environment: dict[str, str]) -> Iterator[int]:
    """The port of a server of its own, held to one core."""
    command = [sys.executable, "-m", "refresh_task", "serve", "--port", "0"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None  # noqa: S101  # asked for
        greeting = next(line for line in process.stdout if "http://" in line)
        # Its lines about requests must go somewhere, or it would wait for a reader.
        threading.Thread(target=process.stdout.read, daemon=True).start()
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(process.pid, {0})
        port = urlsplit(greeting[greeting.index("http://") :].split()[0]).port
        assert port is not None  # noqa: S101  # a server has one
        yield port
    finally:
        process.terminate()
        process.wait()


def _import_s(environment: dict[str, str]) -> float:
    """Of the modules alone, in a new process whose bytecode is there, as in the image."""
    program = "import time; s = time.perf_counter(); import api.lambda_handler; print(time.perf_counter() - s)"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, env=environment, stdout=subprocess.PIPE, text=True
    )
    return float(done.stdout)


def _command(arguments: Sequence[str], environment: dict[str, str]) -> None:
    subprocess.run(
        [sys.executable, "-m", "refresh_task", *arguments], check=True, env=environment, stdout=subprocess.DEVNULL
    )


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main(arguments: Sequence[str]) -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.api")
    parser.add_argument("--sales", type=int, default=_SALES, help="sales behind the base query (default: %(default)s)")
    parser.add_argument("--requests", type=int, default=1_000, help="requests of each kind (default: %(default)s)")
    options = parser.parse_args(arguments)
    table = Table("what", "measured", "target")
    with embedded_server(settings=_SERVER_SETTINGS) as server:
        measure(server, table, sales=options.sales, requests=options.requests)
    Console(highlight=False).print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
