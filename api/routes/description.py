"""The OpenAPI document: what Powertools makes of the routes, and what holds for all of them."""

from __future__ import annotations

import json
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import ApiGatewayResolver

from api.gate import OPEN_PATHS
from api.problems import CONTENT_TYPE
from api.routes.responses import ProblemDocument
from refresh_task import __version__

__all__ = ["describe"]

_SUMMARY = "Fresh materialized views: their rows, how old they are, and what the next refresh will do. See docs/api.md."


def describe(resolver: ApiGatewayResolver) -> dict[str, Any]:
    """The document of all routes of the resolver."""
    from aws_lambda_powertools.event_handler.openapi.models import HTTPBearer, Server  # noqa: PLC0415  # rarely needed

    document: dict[str, Any] = json.loads(
        resolver.get_openapi_json_schema(
            title="Vistafresca",
            version=__version__,
            description=_SUMMARY,
            servers=[Server(url="/")],
            security_schemes={"bearer": HTTPBearer(description="A JWT, or one of the local server's tokens.")},
            security=[{"bearer": []}],
        )
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["ProblemDocument"] = ProblemDocument.model_json_schema()
    for unused in ("HTTPValidationError", "ValidationError"):  # Powertools' own form of problems
        schemas.pop(unused, None)
    problem = {
        "description": "A problem: docs/api.md has their kinds",
        "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
    }
    for path, operations in document["paths"].items():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = problem
            if path in OPEN_PATHS:
                operation["security"] = []
    return document
