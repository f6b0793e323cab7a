"""Rows of any view that is published in views.toml."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import parse_qsl

from aws_lambda_powertools.event_handler import Request
from aws_lambda_powertools.event_handler.api_gateway import Response, Router
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import BaseModel

from api.body import Pieces
from api.identity import caller
from api.problems import Problem
from api.reads import PublishedViews, Question, Reading
from api.services import Services

__all__ = ["make_router"]

_RESERVED = ("order", "limit", "cursor", "max_staleness", "on_stale")
_MOST_FIELDS = 100


class Rows(BaseModel):
    """Rows of a view, and how old they are."""

    view: str
    data_as_of: datetime | None
    lag_s: float | None
    freshness: str
    source: str
    rows: list[dict[str, Any]]
    next_cursor: str | None


def make_router(_services: Services, views: PublishedViews) -> Router:
    """GET /api/v1/views/{view}/rows"""
    router = Router()  # type: ignore[no-untyped-call]  # Powertools leaves it untyped

    @router.get(
        "/api/v1/views/<view>/rows",
        summary="Rows of a published view",
        description=(
            "Any further parameter is a filter: a column's name, or with __gt, __gte, __lt, __lte, __in (values "
            "separated by commas) or __is_null (true, false) after it. See docs/api.md."
        ),
        tags=["views"],
        responses={
            200: {"description": "Rows in order", "content": {"application/json": {"model": Rows}}},
            304: {"description": "The client has them already (If-None-Match)", "content": {}},
        },
    )
    # By a return annotation Powertools would check, and so read, the whole body.
    def read_rows(  # type: ignore[no-untyped-def]  # noqa: PLR0917  # one for each parameter of the route
        request: Request,
        view: Annotated[str, Path(description="schema.view, or view where only one is called so")],
        order: Annotated[str | None, Query(description="Columns, - before one for descending: region,-n")] = None,
        limit: Annotated[int | None, Query(ge=1, le=10_000, description="At most so many rows")] = None,
        cursor: Annotated[str | None, Query(description="next_cursor of the page before")] = None,
        max_staleness: Annotated[str | None, Query(description="600, PT10M or 10 minutes")] = None,
        on_stale: Annotated[str | None, Query(description="serve, base, fail or refresh")] = None,
    ):
        question = Question(_filters(request.resolved_event.raw_event), order, limit, cursor, max_staleness, on_stale)
        known = request.headers.get("if-none-match")
        return answer(views.open(view, question, caller(request), known_tag=known))

    return router


def answer(reading: Reading) -> Response[Any]:
    """200 with rows to be streamed, or 304."""
    if not reading.is_modified:
        reading.close()
        return Response(HTTPStatus.NOT_MODIFIED, headers=reading.headers)
    return StreamedJson(reading)


class StreamedJson(Response[Any]):
    """A body in pieces, which neither Powertools' serializer nor its validation is to touch."""

    def __init__(self, reading: Reading) -> None:
        headers = {**reading.headers, "Content-Type": "application/json"}
        super().__init__(HTTPStatus.OK, body=Pieces(_pieces(reading), reading.close), headers=headers)

    def is_json(self) -> bool:
        """Not for them."""
        return False


def _pieces(reading: Reading) -> Iterator[bytes]:
    head = {
        "view": reading.view.name,
        "data_as_of": None if reading.data_as_of is None else reading.data_as_of.isoformat(),
        "lag_s": None if reading.lag_s is None else round(reading.lag_s, 3),
        "freshness": reading.freshness,
        "source": reading.source,
    }
    before = json.dumps(head, ensure_ascii=False)[:-1] + ', "rows": ['
    for batch in reading.batches():
        yield (before + ",\n".join(batch)).encode()
        before = ",\n"
    if before != ",\n":
        yield before.encode()
    yield f'], "next_cursor": {json.dumps(reading.next_cursor)}}}'.encode()


def _filters(event: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Every parameter that is not the route's own, as it was written: a list with commas is one value."""
    try:
        pairs = parse_qsl(str(event.get("rawQueryString") or ""), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise Problem(
            HTTPStatus.BAD_REQUEST, "too-many-filters", "The query has too many parameters.", remedy="Use fewer."
        ) from None
    if any("\0" in text for pair in pairs for text in pair):
        raise Problem(HTTPStatus.BAD_REQUEST, "invalid-filter", "A parameter has a NUL.", remedy="Take it out.")
    return tuple(pair for pair in pairs if pair[0] not in _RESERVED)
