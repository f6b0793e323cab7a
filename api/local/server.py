"""uvicorn, as a command runs it: on a socket that is known to be free, until a signal, and then in good order."""

from __future__ import annotations

import copy
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from uvicorn.config import LOGGING_CONFIG

from refresh_task.errors import ConfigurationError

__all__ = ["listen", "run_server", "url_of"]

_PATIENCE_S = 30  # for requests under way when a signal comes


def listen(host: str, port: int) -> socket.socket:
    """A socket that accepts connections; port 0: any free one. Raises ConfigurationError where it cannot."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen there: {error.strerror or error}.",
            subject=f"{host}:{port}",
            remedy="Choose another --port (0: any free one) or --host.",
        ) from None
    # Connections take it over. asyncio sets it on sockets that name their protocol, which these do not; without it an
    # answer of two pieces waits 40 ms for the client to acknowledge the first.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def url_of(listener: socket.socket) -> str:
    """For people and programs of this machine."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run_server(application: Any, listener: socket.socket, *, on_ready: Callable[[], None]) -> None:
    """Serve an ASGI application until SIGINT or SIGTERM; requests under way are answered first."""
    configuration = uvicorn.Config(
        application,
        lifespan="off",
        log_config=_log_configuration(),
        server_header=False,
        timeout_graceful_shutdown=_PATIENCE_S,
    )
    _Server(configuration, on_ready).run(sockets=[listener])


class _Server(uvicorn.Server):
    """uvicorn raises a signal once more when it has ended, which would end the command before its own good end."""

    def __init__(self, configuration: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(configuration)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        former = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)


def _log_configuration() -> dict[str, Any]:
    """uvicorn's, and ours in the same form: the documents look for lines such as "INFO: Usando vista materializada"."""
    configuration: dict[str, Any] = copy.deepcopy(LOGGING_CONFIG)
    configuration["loggers"]["vistafresca"] = {"handlers": ["default"], "level": "INFO", "propagate": False}
    return configuration
