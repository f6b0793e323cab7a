"""The server: it keeps what Sentry would take, and what it would not, with the reason."""

from __future__ import annotations

import gzip
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.emulation.sentry.envelope import RejectedError, parse
from tests.emulation.sentry.rules import check_check_in, check_credentials, check_event

_PATH = r"/api/\d+/envelope/"
_CHECKS = {"check_in": check_check_in, "event": check_event}


@dataclass
class SentryIngest:
    """`dsn` is what a task is given; `check_ins` and `events` are what came, in order; `rejected` says why not."""

    dsn: str
    check_ins: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)

    def receive(self, path: str, authorization: str, envelope: bytes) -> None:
        """Raises RejectedError."""
        if re.fullmatch(_PATH, path) is None:
            raise RejectedError(f"envelopes are sent to {_PATH}, not {path}")
        header, items = parse(envelope)
        check_credentials(authorization, header)
        for item in items:
            if (check := _CHECKS.get(item.type)) is not None:
                check(item.payload)
        self.check_ins += [item.payload for item in items if item.type == "check_in"]
        self.events += [item.payload for item in items if item.type == "event"]


@contextmanager
def sentry_ingest() -> Iterator[SentryIngest]:
    """Listen on a loopback port until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = 200
            try:
                plain = gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body
                received.receive(self.path, self.headers.get("x-sentry-auth", ""), plain)
            except RejectedError as error:
                received.rejected.append(str(error))
                status = 400
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_arguments: Any) -> None:
            """Quiet."""

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    received = SentryIngest(dsn=f"http://public@127.0.0.1:{listener.server_port}/1")
    thread = threading.Thread(target=listener.serve_forever)
    thread.start()
    try:
        yield received
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()
