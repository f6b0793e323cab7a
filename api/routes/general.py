"""The server itself: whether it is up, and what it offers."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from typing import Any, Literal

from aws_lambda_powertools.event_handler.api_gateway import ApiGatewayResolver, Response, Router
from pydantic import BaseModel

from api.reads import PublishedViews
from api.routes.description import describe
from api.services import Services
from refresh_task import __version__
from refresh_task.errors import VistafrescaError

__all__ = ["make_router"]


class Health(BaseModel):
    """Whether the server answers, and its database."""

    status: Literal["ok", "unavailable"]
    database: Literal["ok", "unavailable"]
    version: str


def make_router(services: Services, _views: PublishedViews) -> Router:
    """/health and /openapi.json, which anybody may ask for."""
    router = Router()  # type: ignore[no-untyped-call]  # Powertools leaves it untyped

    @router.get(
        "/health",
        summary="Whether the server and its database answer",
        tags=["server"],
        responses={
            200: {"description": "Both do", "content": {"application/json": {"model": Health}}},
            503: {"description": "The database does not", "content": {"application/json": {"model": Health}}},
        },
    )
    def health() -> Response[Health]:
        try:
            with services.database.session() as session:
                session.fetch_one("read_now")
        except VistafrescaError:
            body = Health(status="unavailable", database="unavailable", version=__version__)
            return Response(HTTPStatus.SERVICE_UNAVAILABLE, "application/json", body, headers={"Retry-After": "5"})
        return Response(HTTPStatus.OK, "application/json", Health(status="ok", database="ok", version=__version__))

    @cache
    def described() -> dict[str, Any]:
        resolver = router.api_resolver
        assert isinstance(resolver, ApiGatewayResolver)  # noqa: S101  # the one that it was included in
        return describe(resolver)

    @router.get("/openapi.json", summary="This API as OpenAPI", tags=["server"])
    def openapi() -> dict[str, Any]:
        return described()

    return router
