"""vistafresca serve, as a process that real connections reach."""

from __future__ import annotations

import http.client
import json
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from api.identity import LOCAL_TOKENS
from api.local.server import listen
from tests.api.published import publish
from tests.fix_command_line import CommandLine
from tests.fix_database import Database
from tests.fix_task import ROOT, environment


@pytest.fixture
def serving(database: Database) -> Iterator[subprocess.Popen[str]]:
    """A server on a free port, over a database with public.summary published."""
    publish(database, base="public.summary_base")
    with _served(database) as process:
        yield process


@contextmanager
def _served(database: Database, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "refresh_task", "serve", "--port", "0", *arguments],
        cwd=ROOT,
        env=environment(database),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _greeting(process: subprocess.Popen[str]) -> tuple[str, list[str]]:
    """The URL and the curl lines that it prints when it is up."""
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(3)]
    found = re.search(r"http://127\.0\.0\.1:\d+", lines[0])
    assert found is not None, lines
    return found[0], [shlex.split(line)[-1] for line in lines[1:]]


def test_it_answers_what_it_says_and_ends_in_good_order(serving: subprocess.Popen[str]) -> None:
    url, curls = _greeting(serving)
    address = url.removeprefix("http://")
    with closing(http.client.HTTPConnection(address)) as connection:
        for curl in curls:
            connection.request("GET", curl.removeprefix(url))
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200
        connection.request("GET", "/api/v1/views/summary/rows?region=north&order=-id")
        answer = connection.getresponse()
        assert answer.headers["transfer-encoding"] == "chunked"
        assert [row["id"] for row in json.load(answer)["rows"]] == [9, 4, 1]
    serving.send_signal(signal.SIGTERM)
    _, stderr = serving.communicate(timeout=30)
    assert serving.returncode == 0
    assert "INFO:     Usando vista materializada public.summary para mejor rendimiento" in stderr


def test_an_open_server_is_refused(command_line: CommandLine, database: Database) -> None:
    finished = command_line(database, "serve", "--host", "0.0.0.0", "--port", "0")  # noqa: S104  # what is refused
    assert finished.exit_code == 2
    assert "--require-token" in finished.stderr


def test_where_others_can_come_in_the_documents_tokens_open_nothing(database: Database) -> None:
    with _served(database, "--host", "0.0.0.0", "--require-token") as process:  # noqa: S104  # what is tried
        assert process.stdout is not None
        tokens = process.stdout.readline().removeprefix("Tokens (admin, cfo, reader): ").strip().split(", ")
        found = re.search(r"http://[^ ]+:(\d+)", process.stdout.readline())
        assert found is not None
        with closing(http.client.HTTPConnection("127.0.0.1", int(found[1]))) as connection:

            def status(token: str) -> int:
                connection.request("GET", "/api/v1/mv", headers={"Authorization": f"Bearer {token}"})
                answer = connection.getresponse()
                answer.read()
                return answer.status

            assert [status(token) for token in LOCAL_TOKENS] == [401] * 3
            assert [status(token) for token in tokens] == [200] * 3


def test_an_answer_in_pieces_waits_for_no_acknowledgement() -> None:
    with listen("127.0.0.1", 0) as listener, closing(socket.create_connection(listener.getsockname())):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_a_port_in_use_is_named(command_line: CommandLine, database: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        finished = command_line(database, "serve", "--port", port)
    assert finished.exit_code == 2
    assert f"127.0.0.1:{port}" in finished.stderr
    assert "--port" in finished.stderr
