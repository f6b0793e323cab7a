"""What the OpenAPI document says of problems."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ConfigDict

from api.problems import CONTENT_TYPE

__all__ = ["ProblemDocument", "problems"]


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
    """Responses of a route that may answer so; every route may answer 401, 500 and 503."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {CONTENT_TYPE: {"model": ProblemDocument}},
        }
        for status in sorted({*statuses, 401, 422, 500, 503})
    }
