"""Routes for any view, and for the server itself."""

from __future__ import annotations

from aws_lambda_powertools.event_handler.api_gateway import Router
from pydantic import BaseModel

from api.reads import PublishedViews
from api.services import Services

__all__ = ["make_router"]


class Health(BaseModel):
    """That the server answers, and whether its database does."""

    status: str
    database: str


def make_router(services: Services, _views: PublishedViews) -> Router:
    """The routes under /api/v1/mv and /api/v1/views, and /health."""
    router = Router()  # type: ignore[no-untyped-call]  # Powertools leaves it untyped

    @router.get("/health", summary="Whether the server and its database answer")
    def health() -> Health:
        with services.database.session() as session:
            session.fetch_one("read_now")
        return Health(status="ok", database="ok")

    return router
