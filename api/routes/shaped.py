"""Rows of a published view in an answer of a document's own shape."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from http import HTTPStatus
from typing import Any, TypeVar

from aws_lambda_powertools.event_handler import Request, Response, content_types
from pydantic import BaseModel

from api.identity import caller
from api.reads import PublishedViews, Question, Reading

__all__ = ["Row", "answer_shaped", "read_all"]

Row = dict[str, Any]
Body = TypeVar("Body", bound="BaseModel | list[Any]")


def answer_shaped(
    views: PublishedViews, view: str, question: Question, request: Request, shape: Callable[[Reading, list[Row]], Body]
) -> Response[Body]:
    """200 with what `shape` makes of the rows, with the reading's headers; or 304."""
    reading = views.open(view, question, caller(request), known_tag=request.headers.get("if-none-match"))
    if not reading.is_modified:
        reading.close()
        return Response(HTTPStatus.NOT_MODIFIED, headers=reading.headers)
    rows = _rows(reading)
    return Response(HTTPStatus.OK, content_types.APPLICATION_JSON, shape(reading, rows), headers=reading.headers)


def read_all(
    views: PublishedViews, view: str, question: Question, request: Request, shape: Callable[[list[Row]], Body]
) -> Response[Body]:
    """The same of all rows, over as many pages as there are; the headers are those of the first one."""
    first = views.open(view, question, caller(request), known_tag=request.headers.get("if-none-match"))
    if not first.is_modified:
        first.close()
        return Response(HTTPStatus.NOT_MODIFIED, headers=first.headers)
    rows, cursor = _rows(first), first.next_cursor
    while cursor is not None:
        page = views.open(view, replace(question, cursor=cursor), caller(request))
        rows += _rows(page)
        cursor = page.next_cursor
    return Response(HTTPStatus.OK, content_types.APPLICATION_JSON, shape(rows), headers=first.headers)


def _rows(reading: Reading) -> list[Row]:
    """With exact numbers: sums of floats would show."""
    with reading:
        return [json.loads(row, parse_float=Decimal) for batch in reading.batches() for row in batch]
