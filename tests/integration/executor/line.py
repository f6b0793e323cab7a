"""A line to the server that can be cut."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.fix_database import Database

_SOCKET = ".s.PGSQL.5432"


@dataclass
class Line:
    """`dsn` leads to the database by way of us."""

    dsn: str
    ends: list[socket.socket] = field(default_factory=list)

    def cut(self) -> None:
        """End all connections, in both directions, without a word."""
        for end in self.ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def line_to(database: Database, folder: Path) -> Iterator[Line]:
    """A socket in the folder that passes everything on to the server's own."""
    line = Line(f"host={folder} port=5432 dbname={database.name} user=postgres")

    class Connection(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.socket(socket.AF_UNIX) as server:
                server.connect(str(database.server.folder / _SOCKET))
                line.ends += [self.request, server]
                back = threading.Thread(target=_pump, args=(server, self.request))
                back.start()
                _pump(self.request, server)
                back.join()

    class Listener(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
        pass

    with Listener(str(folder / _SOCKET), Connection) as listener:
        thread = threading.Thread(target=listener.serve_forever)
        thread.start()
        try:
            yield line
        finally:
            listener.shutdown()
            thread.join()
            line.cut()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
