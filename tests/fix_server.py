"""One embedded server for the whole test session, shared by the parallel workers; pytest's header has its version."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from demo.server import EmbeddedServer, embedded_server

_KEY = "vistafresca_server"
_stack = ExitStack()

# Members of password_required have to give theirs; everybody else is trusted.
_AUTHENTICATION = "local all +password_required scram-sha-256\nlocal all all trust\n"
_SETTINGS = {"max_connections": "200", "max_prepared_transactions": "20", "shared_buffers": "128MB"}


def pytest_configure(config: pytest.Config) -> None:
    """Start the server in the process that the workers are started from."""
    if hasattr(config, "workerinput") or config.option.collectonly or config.option.help:
        return
    server = _stack.enter_context(embedded_server(settings=_SETTINGS, host_based_authentication=_AUTHENTICATION))
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute("CREATE ROLE password_required NOLOGIN")
        version = connection.execute("SHOW server_version").fetchone()
    config.stash[_server_key] = server
    config.stash[_version_key] = version[0] if version else "unknown"


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop it."""
    if not hasattr(config, "workerinput"):
        _stack.close()


def pytest_report_header(config: pytest.Config) -> str:
    """The version that these results are about."""
    return f"PostgreSQL: {config.stash.get(_version_key, 'not started')}"


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a parallel worker where the server is."""
    server = node.config.stash[_server_key]
    node.workerinput[_KEY] = (str(server.folder), str(server.bin_folder))


@pytest.fixture(scope="session")
def server(pytestconfig: pytest.Config) -> EmbeddedServer:
    """The session's server."""
    workerinput = getattr(pytestconfig, "workerinput", None)
    if workerinput is None:
        return pytestconfig.stash[_server_key]
    folder, bin_folder = workerinput[_KEY]
    return EmbeddedServer(Path(folder), Path(bin_folder))


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test sees the settings it makes, not those of whoever runs it."""
    for variable in list(os.environ):
        if variable.startswith(("PG", "VISTAFRESCA_", "DATABASE_URL", "SENTRY_", "POWERTOOLS_", "AWS_")):
            monkeypatch.delenv(variable)


_server_key = pytest.StashKey[EmbeddedServer]()
_version_key = pytest.StashKey[str]()
