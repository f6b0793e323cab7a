"""`make serve`: its own curl lines work, and it leaves nothing behind."""

from __future__ import annotations

import http.client
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from demo.serve import CURLS
from tests.fix_task import ROOT


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def serving(port: int) -> Iterator[subprocess.Popen[str]]:
    """With a hundredth of the sample data."""
    process = subprocess.Popen(
        [sys.executable, "-m", "demo.serve", "--port", str(port), "--scale", "0.01"],
        cwd=ROOT,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_its_curl_lines_work_and_ctrl_c_ends_all_of_it(serving: subprocess.Popen[str], port: int) -> None:
    assert serving.stdout is not None
    printed = ""
    for line in serving.stdout:
        printed += line
        if "Vistafresca's API is at" in line:
            break
    url = f"http://127.0.0.1:{port}"
    for curl in CURLS:
        command = curl.format(url=url)
        assert f"  {command}\n" in printed
        status, body = _request(port, command)
        assert status == 200, (command, body)
        assert json.loads(body)

    os.killpg(serving.pid, signal.SIGINT)  # as a terminal does
    rest, _ = serving.communicate(timeout=60)

    assert serving.returncode == 0
    assert rest.rstrip().endswith("Stopped. Nothing is left running.")
    (socket_folder,) = [word[5:] for word in printed.split() if word.startswith("host=")]
    assert not Path(socket_folder).exists()


def _request(port: int, curl: str) -> tuple[int, bytes]:
    """What curl would do with this line."""
    words = shlex.split(curl)[1:]
    options = dict(pairwise(words))
    (target,) = [word for word in words if word.startswith("http://")]
    parts = urlsplit(target)
    name, _, value = options.get("-H", "").partition(": ")
    with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request(options.get("-X", "GET"), path, headers={name: value} if name else {})
        answer = connection.getresponse()
        return answer.status, answer.read()
