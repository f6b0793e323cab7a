"""A Sentry of our own on a loopback port: it keeps what it is sent.

No public package states Sentry's rules for check-ins in code; they are written down here, from
https://docs.sentry.io/product/crons/getting-started/http/ and https://develop.sentry.dev/sdk/telemetry/check-ins/.
"""

from __future__ import annotations

import gzip
import json
import re
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from zoneinfo import ZoneInfo

import pytest


@dataclass
class Sentry:
    """`dsn` is what a task is given; `check_ins` and `events` are what it sent, in order."""

    dsn: str
    check_ins: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    def receive(self, envelope: bytes) -> None:
        """Take an envelope apart: a header line, then items of a header line and a payload."""
        _, _, rest = envelope.partition(b"\n")
        while rest.strip():
            header_line, _, rest = rest.partition(b"\n")
            header = json.loads(header_line)
            length = header.get("length", rest.find(b"\n") if b"\n" in rest else len(rest))
            payload, rest = rest[:length], rest[length:].lstrip(b"\n")
            if header["type"] == "check_in":
                check_in = json.loads(payload)
                assert_valid_check_in(check_in)
                self.check_ins.append(check_in)
            elif header["type"] == "event":
                self.events.append(json.loads(payload))


def assert_valid_check_in(check_in: dict[str, Any]) -> None:
    """Raise AssertionError for a check-in that Sentry would refuse."""
    uuid.UUID(check_in["check_in_id"])
    assert re.fullmatch(r"[a-z0-9_-]{1,50}", check_in["monitor_slug"]), check_in["monitor_slug"]
    assert check_in["status"] in ("in_progress", "ok", "error")
    configuration = check_in["monitor_config"]
    assert configuration["schedule"]["type"] == "crontab"
    assert len(configuration["schedule"]["value"].split()) == 5
    ZoneInfo(configuration["timezone"])
    for name in ("checkin_margin", "max_runtime", "failure_issue_threshold", "recovery_threshold"):
        assert isinstance(configuration[name], int), name
        assert configuration[name] >= 1, name


@pytest.fixture
def sentry() -> Iterator[Sentry]:
    """A Sentry that answers."""
    refused: list[BaseException] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            try:
                received.receive(gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body)
            except BaseException as error:  # noqa: BLE001  # raised again in the test's own thread
                refused.append(error)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_arguments: Any) -> None:
            """Quiet."""

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    received = Sentry(dsn=f"http://public@127.0.0.1:{listener.server_port}/1")
    thread = threading.Thread(target=listener.serve_forever)
    thread.start()
    yield received
    listener.shutdown()
    thread.join()
    listener.server_close()
    if refused:
        raise refused[0]
