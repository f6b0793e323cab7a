"""Envelopes, taken apart.

https://develop.sentry.dev/sdk/data-model/envelopes/
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


class RejectedError(Exception):
    """Sentry would refuse it, or drop it without a word."""


@dataclass(frozen=True)
class Item:
    """One item; `payload` is its JSON."""

    type: str
    payload: Any


def parse(envelope: bytes) -> tuple[dict[str, Any], list[Item]]:
    """The envelope's header and its items. Raises RejectedError."""
    line, _, rest = envelope.partition(b"\n")
    header = _object(line, "the envelope's header")
    items = []
    while rest:
        line, _, rest = rest.partition(b"\n")
        if not line:
            continue  # items may be apart by empty lines
        about = _object(line, "an item's header")
        if not isinstance(about.get("type"), str):
            raise RejectedError("an item's header has no type")
        length = about.get("length")
        if length is None:
            payload, _, rest = rest.partition(b"\n")
        else:
            if not isinstance(length, int) or length > len(rest):
                raise RejectedError(f"an item of length {length} has {len(rest)} bytes")
            payload, rest = rest[:length], rest[length:]
            if rest and not rest.startswith(b"\n"):
                raise RejectedError(f"an item of length {length} is longer")
            rest = rest[1:]
        items.append(Item(about["type"], _object(payload, f"the payload of a {about['type']}")))
    return header, items


def _object(text: bytes, what: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        raise RejectedError(f"{what} is not JSON: {text[:80]!r}") from None
    if not isinstance(document, dict):
        raise RejectedError(f"{what} is not a JSON object")
    return document
