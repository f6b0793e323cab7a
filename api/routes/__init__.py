"""Routes by subject: each module makes a router of them, given what they need."""

from __future__ import annotations

from collections.abc import Callable

from aws_lambda_powertools.event_handler.api_gateway import Router

from api.reads import PublishedViews
from api.routes import driver_matrix, fluxion, general, materialized_views, refresh, rows, teloo, views
from api.services import Services

__all__ = ["ROUTES"]

ROUTES: tuple[Callable[[Services, PublishedViews], Router], ...] = (
    general.make_router,
    rows.make_router,
    views.make_router,
    refresh.make_router,
    fluxion.make_router,
    teloo.make_router,
    materialized_views.make_router,
    driver_matrix.make_router,
)
