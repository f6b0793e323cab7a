"""Bodies that are made piece by piece: streamed where the server can, put together where it cannot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["Pieces", "assemble"]


class Pieces:
    """A body still to be made. Close it, whether or not it was read to its end."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        """Let go of what the pieces are made from."""
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()


def assemble(answer: dict[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
    """The answer with its body as text, for an HTTP API cannot stream."""
    body = answer["body"]
    if isinstance(body, Pieces):
        try:
            answer["body"] = b"".join(body).decode()
        finally:
            body.close()
    return answer
