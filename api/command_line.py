"""vistafresca serve"""

from __future__ import annotations

import ipaddress
import os

import click

from refresh_task.errors import ConfigurationError
from refresh_task.model import ExitCode
from refresh_task.settings import Settings

_INSTALL = "Install them: pip install 'vistafresca[serve]'."


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8_000, show_default=True, help="0: any free one.")
@click.option("--require-token", is_flag=True, help="Answer nobody without a token, not even this machine's operator.")
def serve(host: str, port: int, *, require_token: bool) -> int:
    """Serve the HTTP API here, until Ctrl-C or SIGTERM."""
    try:
        from api.identity import LOCAL_TOKENS, own_tokens  # noqa: PLC0415
        from api.local import LocalApi  # noqa: PLC0415  # half a second that --help need not wait for
        from api.local.server import listen, run_server, url_of  # noqa: PLC0415
        from api.local.services import local_services  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"a library of the local server is missing: {error.name}.", subject="serve", remedy=_INSTALL
        ) from None
    if not (require_token or _is_loopback(host)):
        raise ConfigurationError(
            "everybody who reaches this address would be its operator.",
            subject=f"--host {host}",
            remedy="Add --require-token, or listen on 127.0.0.1 behind something that knows its callers.",
        )
    settings = Settings.from_environment(os.environ)
    # The documents' tokens are no secret: where others can come in, each start has its own.
    tokens = LOCAL_TOKENS if _is_loopback(host) else own_tokens()
    with (
        listen(host, port) as listener,
        local_services(settings, os.environ, token_required=require_token, tokens=tokens) as services,
    ):
        api = LocalApi(services)
        try:
            run_server(api, listener, on_ready=lambda: _greet(url_of(listener), list(tokens) if require_token else []))
        finally:
            api.close()
    return ExitCode.OK


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _greet(url: str, tokens: list[str]) -> None:
    who = f" -H 'Authorization: Bearer {tokens[0]}'" if tokens else ""
    if tokens:
        click.echo(f"Tokens (admin, cfo, reader): {', '.join(tokens)}")
    click.echo(
        f"Vistafresca's API is at {url} (its description: {url}/openapi.json). Ctrl-C ends it. Try:\n"
        f"  curl {url}/health\n"
        f"  curl{who} {url}/api/v1/mv"
    )
