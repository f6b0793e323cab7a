"""Tells the harness what happens inside the emulator, as it happens: JSON lines over a socket.

So a test can wait for an event instead of asking again and again, and can see what left no trace anywhere: a message
that a policy refused, a datapoint that only AWS's own services write.
"""

import json
import socket
import threading
from typing import Any


class Journal:
    """Open for the life of the process. Safe to use from any thread."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._lock = threading.Lock()

    def write(self, kind: str, **fields: Any) -> None:
        """One event; what is not JSON becomes text."""
        line = json.dumps({"kind": kind, **fields}, default=str).encode() + b"\n"
        with self._lock:
            self._socket.sendall(line)

    def metric(self, namespace: str, name: str, *, timestamp: float, value: float = 1, **dimensions: str) -> None:
        """A datapoint that a service of AWS writes about itself. `timestamp` in seconds since the epoch."""
        self.write("metric", namespace=namespace, name=name, dimensions=dimensions, timestamp=timestamp, value=value)
