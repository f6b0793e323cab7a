"""Bodies that are made piece by piece: streamed where the server can, put together where it cannot; compressed for who
wants that."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from api.problems import Problem

__all__ = ["LARGEST_ANSWER", "Pieces", "accepts_gzip", "assemble", "compress"]

# Lambda gives HTTP APIs 6 MB, of which the rest of the answer needs a little.
LARGEST_ANSWER = 6 * 1024 * 1024 - 64 * 1024
_WORTH_COMPRESSING = 1_024
_GZIP = 16 + zlib.MAX_WBITS
_LEVEL = 5


class Pieces:
    """A body still to be made. Close it, whether or not it was read to its end."""

    def __init__(self, pieces: Iterator[bytes], close: Callable[[], None]) -> None:
        self._pieces = pieces
        self._close = close

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        """Let go of what the pieces are made from."""
        try:
            self._pieces.close()  # type: ignore[attr-defined]  # a generator's
        finally:
            self._close()


def accepts_gzip(accept_encoding: str) -> bool:
    """By the header's own rules: q=0 refuses, * stands for what is not named."""
    weights = {}
    for part in accept_encoding.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        weight = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        weights[name] = bool(re.fullmatch(r"0*\.?0*[1-9][0-9.]*", weight))
    return weights.get("gzip", weights.get("*", False))


def compress(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same, gzipped, in about as many pieces."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()


def encode(answer: dict[str, Any], event: Mapping[str, Any]) -> Iterator[bytes] | None:
    """The body in pieces as the client wants them, with the headers that say so; None: there is no body."""
    body = answer["body"]
    if not body:
        return None
    pieces = iter(body) if isinstance(body, Pieces) else iter([body.encode()])
    is_long = isinstance(body, Pieces) or len(body) >= _WORTH_COMPRESSING
    if is_long:
        headers = answer["headers"]
        headers["Vary"] = ", ".join(filter(None, [headers.get("Vary"), "Accept-Encoding"]))
        if accepts_gzip((event.get("headers") or {}).get("accept-encoding", "")):
            headers["Content-Encoding"] = "gzip"
            return compress(pieces)
    return pieces


def close(answer: Mapping[str, Any]) -> None:
    """Let go of a body in pieces."""
    if isinstance(answer["body"], Pieces):
        answer["body"].close()


def assemble(answer: dict[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
    """The answer with its whole body, for an HTTP API cannot stream. Raises Problem 413 where Lambda would refuse it;
    then nothing more of it is made."""
    is_too_large = Problem(
        413,
        "answer-too-large",
        "The answer is larger than the 6 MB that this API can give at once.",
        remedy="Ask for fewer rows with limit, and follow next_cursor; or send Accept-Encoding: gzip.",
    )
    try:
        pieces = encode(answer, event)
        if pieces is None:
            return answer
        is_compressed = answer["headers"].get("Content-Encoding") == "gzip"
        most = LARGEST_ANSWER * 3 // 4 if is_compressed else LARGEST_ANSWER
        body = bytearray()
        for piece in pieces:
            body += piece
            if len(body) > most:
                raise is_too_large
    finally:
        close(answer)
    if is_compressed:
        return {**answer, "body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    text = body.decode()
    # Within the answer, which is JSON itself, each quote takes two characters, and each letter beyond ASCII six: so
    # awslambdaric writes it outside AWS's own Python images.
    if len(json.dumps(text)) > LARGEST_ANSWER:
        raise is_too_large
    return {**answer, "body": text}
