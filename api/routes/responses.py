"""What the OpenAPI document says of a route's answers; description.py adds a problem for every other status."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ConfigDict

from api.problems import CONTENT_TYPE

__all__ = ["ProblemDocument", "answers", "problems"]


class ProblemDocument(BaseModel):
    """RFC 9457, with what to do about it. Kinds have further members (docs/api.md)."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    remedy: str
    request_id: str


def problems(*statuses: int) -> dict[int, Any]:
    """The statuses that a route ends with where it cannot answer; to stand beside those where it can."""
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {CONTENT_TYPE: {"model": ProblemDocument}}}
        for status in statuses
    }


def answers(*statuses: int) -> dict[int, Any]:
    """200 with what the route's function returns, and problems."""
    return {int(HTTPStatus.OK): {"description": "Answered"}, **problems(*statuses)}
