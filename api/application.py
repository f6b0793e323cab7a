"""The application: every route, and what an error becomes, on whichever resolver is given."""

from __future__ import annotations

from aws_lambda_powertools.event_handler.api_gateway import ApiGatewayResolver

from api.errors import explain_errors
from api.gate import open_gate
from api.reads import PublishedViews
from api.routes import ROUTES
from api.services import Services

__all__ = ["register"]


def register(resolver: ApiGatewayResolver, services: Services) -> None:
    """Add all routes to a resolver. Nothing else is global: two applications in one process share nothing."""
    views = PublishedViews(services.database, services.refresher, services.guard_limits)
    open_gate(resolver, services)
    explain_errors(resolver)
    for make_router in ROUTES:
        resolver.include_router(make_router(services, views))
