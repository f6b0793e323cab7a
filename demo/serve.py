"""`make serve`: the HTTP API with its scheduler, over an embedded PostgreSQL with all four systems. Ctrl-C ends it, and
leaves nothing behind."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from rich.console import Console

from demo.server import EmbeddedServer, embedded_server
from demo.systems import SYSTEMS, migrate_command, policy_command

_ROOT = Path(__file__).parent.parent
_SERVER_SETTINGS = {"shared_buffers": "256MB", "work_mem": "64MB", "max_wal_size": "4GB", "checkpoint_timeout": "1h"}
# The documents' own, host aside; tests/api/test_serve_demo.py runs them.
CURLS = (
    "curl {url}/api/ubicaciones/summary-regional",
    "curl -X POST '{url}/api/v1/mv/refresh/universal-transactions?force=true' -H 'Authorization: Bearer CEO_TOKEN'",
    "curl {url}/api/v1/mv/health/universal-transactions",
    "curl '{url}/api/v1/mv/metrics/refresh-history?hours=24'",
    "curl '{url}/materialized-views/top-advisors?metric=ofertas_ganadoras&limit=3'",
    "curl {url}/materialized-views/scheduler/status",
    "curl -X PUT '{url}/materialized-views/scheduler/reschedule?hour=2&minute=30'",
    "curl '{url}/api/v1/ops/payments/driver-matrix?limit=25'",
)

console = Console(highlight=False, soft_wrap=True)


def main(arguments: Sequence[str]) -> int:
    """The exit code of `vistafresca serve`."""
    parser = argparse.ArgumentParser(prog="python -m demo.serve", description="The API over an embedded PostgreSQL.")
    parser.add_argument("--port", type=int, default=8_000, help="where to listen on 127.0.0.1 (default: %(default)s)")
    parser.add_argument("--scale", type=float, default=1.0, help="of the sample data (default: %(default)s)")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    with embedded_server(settings=_SERVER_SETTINGS) as server:
        _load(server, options.scale)
        console.print("\nThe documents' requests, to try once the server is up:")
        for curl in CURLS:
            console.print(f"  {curl.format(url=f'http://127.0.0.1:{options.port}')}", markup=False)
        console.print("\nReaders' and finance's tokens: READER_TOKEN, CFO_TOKEN. Database: " + server.dsn() + "\n")
        return _serve(server, options.port)


def _load(server: EmbeddedServer, scale: float) -> None:
    _run(server, migrate_command())
    for system, size in SYSTEMS.items():
        _run(server, f"vistafresca sample {system} --size {max(1, round(size * scale))}")
    _run(server, policy_command())
    _run(server, "vistafresca run --output table")


def _serve(server: EmbeddedServer, port: int) -> int:
    process = subprocess.Popen(_command(f"vistafresca serve --port {port}"), cwd=_ROOT, env=_environment(server))
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.terminate()  # where only this process got the signal
        process.wait()
        console.print("\nStopped. Nothing is left running.")
        return 0


def _run(server: EmbeddedServer, command: str) -> None:
    console.print(f"[dim]$[/] {command}")
    sys.stdout.flush()  # the command writes to the same place
    process = subprocess.run(_command(command), check=False, cwd=_ROOT, env=_environment(server))
    if process.returncode != 0:
        raise SystemExit(f"'{command}' ended with exit code {process.returncode}.")


def _command(command: str) -> list[str]:
    return [sys.executable, "-m", "refresh_task", *shlex.split(command)[1:]]


def _environment(server: EmbeddedServer) -> dict[str, str]:
    outside = {
        name: value for name, value in os.environ.items() if not name.startswith(("PG", "SENTRY_", "VISTAFRESCA_"))
    }
    return {**outside, "DATABASE_URL": server.dsn()}


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("\nStopped. Nothing is left running.")
