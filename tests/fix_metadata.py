"""ECS's container metadata endpoint on a loopback port.

Its answers are those of https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate-examples.html,
cut down to what says which container this is.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

DIGEST = f"sha256:{'0123456789abcdef' * 4}"
REPOSITORY = "123456789012.dkr.ecr.us-east-1.amazonaws.com/vistafresca"
_PATIENCE_S = 20.0
"""How long a handler waits for its test at most: a client without a limit of its own then gets its answer, and is found
out by that."""


def described(*, image: str = f"{REPOSITORY}:0f3a", image_id: str = DIGEST) -> bytes:
    """A container as Fargate describes it."""
    return json.dumps(
        {
            "DockerId": "cd189a933e5849daa93386466019ab50-2495160603",
            "Name": "refresh",
            "DockerName": "refresh",
            "Image": image,
            "ImageID": image_id,
            "Labels": {"com.amazonaws.ecs.container-name": "refresh"},
            "DesiredStatus": "RUNNING",
            "KnownStatus": "RUNNING",
            "Limits": {"CPU": 2},
            "Type": "NORMAL",
            "LaunchType": "FARGATE",
        }
    ).encode()


@dataclass
class Metadata:
    """`uri` is what ECS_CONTAINER_METADATA_URI_V4 holds; `status` and `body` are the answer, `stalls_after` bytes of it
    until the test is over."""

    uri: str
    status: int = 200
    body: bytes = field(default_factory=described)
    stalls_after: int | None = None
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def metadata() -> Iterator[Metadata]:
    """An endpoint that answers as Fargate's does, until a test says otherwise."""
    is_over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            endpoint.asked.append(self.path)
            self.send_response(endpoint.status)
            self.send_header("content-length", str(len(endpoint.body)))
            self.end_headers()
            at = endpoint.stalls_after
            self.wfile.write(endpoint.body[:at])
            self.wfile.flush()
            if at is not None:
                is_over.wait(_PATIENCE_S)
                self.wfile.write(endpoint.body[at:])

        def log_message(self, *_arguments: Any) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_arguments: Any) -> None:
            """A client that has gone, as the ones that are made to wait do."""

    server = Server(("127.0.0.1", 0), Handler)
    endpoint = Metadata(uri=f"http://127.0.0.1:{server.server_port}/v4/cd189a933e5849daa93386466019ab50-2495160603")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield endpoint
    is_over.set()
    server.shutdown()
    thread.join()
    server.server_close()
