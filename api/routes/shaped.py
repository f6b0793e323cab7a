"""Rows of a published view in an answer of a document's own shape."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Request, Response, content_types
from pydantic import BaseModel

from api.identity import caller
from api.reads import PublishedViews, Question, Reading

__all__ = ["Row", "answer_shaped", "read_all"]

Row = dict[str, Any]


def answer_shaped(
    views: PublishedViews,
    view: str,
    question: Question,
    request: Request,
    shape: Callable[[Reading, list[Row]], BaseModel],
) -> Response[Any]:
    """200 with what `shape` makes of the rows, with the reading's headers; or 304."""
    reading = views.open(view, question, caller(request), known_tag=request.headers.get("if-none-match"))
    if not reading.is_modified:
        return _not_modified(reading)
    rows = reading.rows()
    return _Json(shape(reading, rows).model_dump_json(), reading)


def read_all(
    views: PublishedViews,
    view: str,
    question: Question,
    request: Request,
    shape: Callable[[list[Row]], Sequence[BaseModel]],
) -> Response[Any]:
    """The same of all rows, over as many pages as there are, as a list; the headers are those of the first page."""
    first = views.open(view, question, caller(request), known_tag=request.headers.get("if-none-match"))
    if not first.is_modified:
        return _not_modified(first)
    rows, cursor = first.rows(), first.next_cursor
    while cursor is not None:
        page = views.open(view, replace(question, cursor=cursor), caller(request))
        if (page.source, page.view.refreshed_at) != (first.source, first.view.refreshed_at):
            page.close()
            return read_all(views, view, question, request, shape)  # refreshed meanwhile: one answer, one moment
        rows += page.rows()
        cursor = page.next_cursor
    return _Json(json.dumps([each.model_dump(mode="json") for each in shape(rows)], ensure_ascii=False), first)


def _not_modified(reading: Reading) -> Response[Any]:
    reading.close()
    return Response(HTTPStatus.NOT_MODIFIED, headers=reading.headers)


class _Json(Response[Any]):
    """A body that is JSON already, checked by the model it was made from."""

    def __init__(self, body: str, reading: Reading) -> None:
        super().__init__(HTTPStatus.OK, content_types.APPLICATION_JSON, body, headers=reading.headers)

    def is_json(self) -> bool:
        """So that nobody makes it JSON once more."""
        return False
