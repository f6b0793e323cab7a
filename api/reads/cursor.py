"""Cursors: where the next page begins, for one view, order and set of filters, and for no other.

Opaque and not signed: whoever forges one gets rows that any filter would have given, for filters, roles and tenant are
those of the request.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from api.database import Selection
from api.problems import Problem

__all__ = ["decode_cursor", "encode_cursor"]

_LONGEST = 8_192
_DIGEST = 16


def encode_cursor(view: str, selection: Selection, last_row: str) -> str:
    """Of the rows after this one, which is JSON."""
    # Numbers as they are written: a float would lose a numeric's digits.
    row: dict[str, Any] = json.loads(last_row, parse_int=str, parse_float=str)
    after = [_text(row[term.column]) for term in selection.order]
    document = json.dumps([_purpose(view, selection), after], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(document.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, view: str, selection: Selection) -> Selection:
    """The selection from there on. Raises Problem 400 for a cursor that was not made by encode_cursor(), or for another
    question."""
    try:
        if len(cursor) > _LONGEST:
            raise ValueError("too long")
        document = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        purpose, after = json.loads(document)
        if not isinstance(after, list) or any(value is not None and not _is_text(value) for value in after):
            raise ValueError("no values")
    except (ValueError, TypeError, RecursionError, binascii.Error):
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            "invalid-cursor",
            "The cursor is none that this API has given.",
            remedy="Pass next_cursor of the former answer as it is, or begin again without a cursor.",
        ) from None
    if purpose != _purpose(view, selection) or len(after) != len(selection.order):
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            "cursor-of-another-question",
            "The cursor was given for another view, order or set of filters.",
            remedy="Keep order and filters as they were in the request whose next_cursor it is, or begin again.",
        )
    return replace(selection, after=tuple(after))


def _purpose(view: str, selection: Selection) -> str:
    asked: Sequence[object] = [
        view,
        [str(term) for term in selection.order],
        sorted([each.column, each.operator, *each.values] for each in selection.conditions),
    ]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:_DIGEST]


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return "true" if value else "false"  # nothing else is comparable and no text in JSON


def _is_text(value: object) -> bool:
    """Whether PostgreSQL takes it as text: no NUL, no half of a pair. Raises UnicodeEncodeError, a ValueError."""
    return isinstance(value, str) and b"\0" not in value.encode()
