"""vistafresca serve"""

from __future__ import annotations

import os

import click

from api.database import ApiDatabase
from api.identity import LocalIdentity
from api.services import Services
from refresh_task.model import ExitCode
from refresh_task.settings import Settings


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8_000, show_default=True)
@click.option("--require-token", is_flag=True, help="Answer nobody without a token, this machine's operator neither.")
def serve(host: str, port: int, *, require_token: bool) -> int:
    """Serve the HTTP API here, until Ctrl-C or SIGTERM."""
    import uvicorn  # noqa: PLC0415  # the other commands are to start without it

    from api.database.pool import PooledConnections  # noqa: PLC0415
    from api.local import LocalApi  # noqa: PLC0415

    settings = Settings.from_environment(os.environ)
    database = ApiDatabase(PooledConnections(settings, os.environ))
    services = Services(database=database, identify=LocalIdentity(token_required=require_token), settings=settings)
    try:
        uvicorn.run(LocalApi(services), host=host, port=port, log_level="info")
    finally:
        database.close()
    return ExitCode.OK
