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
from api.problems import Problem
from api.reads import PublishedViews, Question, Reading
from api.reads.staleness import Way

__all__ = ["Row", "answer_shaped", "read_all"]

Row = dict[str, Any]

_TRIES = 3


def answer_shaped(
    views: PublishedViews,
    view: str,
    question: Question,
    request: Request,
    shape: Callable[[Reading, list[Row]], BaseModel],
) -> Response[Any]:
    """200 with what `shape` makes of the rows, with the reading's headers; or 304."""
    question = replace(question, at_once=True)
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
    """The same of all rows, over as many pages as there are, as a list; the headers are those of the first page.

    All pages are of one refresh: where one comes between, reading begins anew. Raises Problem 503 where that does not
    help.
    """
    question = replace(question, at_once=True)
    for _ in range(_TRIES):
        first = views.open(view, question, caller(request), known_tag=request.headers.get("if-none-match"))
        if not first.is_modified:
            return _not_modified(first)
        rows = _all_rows(first, lambda cursor: views.open(view, replace(question, cursor=cursor), caller(request)))
        if rows is not None:
            body = json.dumps([each.model_dump(mode="json") for each in shape(rows)], ensure_ascii=False)
            return _Json(body, first)
    raise Problem.later(
        "refreshed-meanwhile",
        f"{view} was refreshed again and again while it was read.",
        remedy="Ask again.",
        retry_after_s=1,
    )


def _all_rows(first: Reading, open_next: Callable[[str], Reading]) -> list[Row] | None:
    """None: between two pages the rows were made anew."""
    rows, cursor = first.rows(), first.next_cursor
    while cursor is not None:
        with open_next(cursor) as page:
            if _made(page) != _made(first):
                return None
            rows += page.rows()
        cursor = page.next_cursor
    return rows


def _made(reading: Reading) -> tuple[object, ...]:
    """What another refresh, or reading by another way, changes."""
    if reading.source is Way.BASE:
        return (Way.BASE,)
    return (reading.view.view_oid, reading.view.file_node, reading.view.refreshed_at)


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
