"""Nobody comes in unknown: every route but a few asks who the caller is before it does anything."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import ApiGatewayResolver
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware

from api.identity import PRINCIPAL
from api.problems import Problem
from api.services import Services

__all__ = ["OPEN_PATHS", "open_gate"]

# What a load balancer and a documentation browser ask for; they tell nothing of the data.
OPEN_PATHS = frozenset({"/health", "/openapi.json"})


def open_gate(resolver: ApiGatewayResolver, services: Services) -> None:
    """Identify the caller of each request, for caller() to give to the routes; and refuse what none of them takes."""

    def identify(app: ApiGatewayResolver, next_middleware: NextMiddleware) -> Response[Any]:
        if app.current_event.path not in OPEN_PATHS:
            app.context[PRINCIPAL] = services.identify(app.current_event.raw_event)
        if "%00" in str(app.current_event.raw_event.get("rawQueryString") or ""):
            # PostgreSQL's text cannot hold it, and no route has a use for it. (In a path there is no route with it.)
            raise Problem(
                HTTPStatus.BAD_REQUEST,
                "invalid-filter",
                "A parameter has the character NUL.",
                remedy="Take it out of the query string: %00.",
            )
        return next_middleware(app)

    resolver.use([identify])
