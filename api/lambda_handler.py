"""The API behind an AWS HTTP API. The image's handler is api.lambda_handler.handler."""

from __future__ import annotations

import logging
import os
from functools import cache, partial
from typing import Any
from urllib.parse import unquote

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers

from api.application import register
from api.body import assemble
from api.control.aws import AwsScheduler, EcsRunner
from api.control.refresh import DatabaseRefresher
from api.database import ApiDatabase
from api.database.connections import OneConnection
from api.database.database import open_api_session
from api.errors import answer_of, request_id_of
from api.identity import GatewayIdentity
from api.metrics import count_fallbacks
from api.services import Services
from api.settings import ApiSettings
from refresh_task.settings import Settings

__all__ = ["LambdaApi", "handler"]


class LambdaApi:
    """The application for events of an HTTP API (payload format 2.0)."""

    def __init__(self, services: Services) -> None:
        self._resolver = APIGatewayHttpResolver(enable_validation=True, debug=False)
        register(self._resolver, services)

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """Answer one event."""
        # A name with a blank or an accent comes as it stands in the URL.
        event = {**event, "rawPath": unquote(event["rawPath"])}
        answer = self._resolver.resolve(event, context)
        try:
            answer = assemble(answer, event)
        except Exception as error:  # noqa: BLE001  # the last place that can answer
            answer = answer_of(error, request_id_of(event))
        answer["headers"]["X-Request-Id"] = request_id_of(event)
        return answer


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """What Lambda calls; the application is made at the first call of a process."""
    return _application()(event, context)


@cache
def _application() -> LambdaApi:
    settings = Settings.from_environment(os.environ)
    # One JSON object a line, for CloudWatch; what the runtime has set up would leave INFO out.
    logger = Logger(service=settings.service, level=settings.log_level)
    copy_config_to_registered_loggers(logger, include={logging.getLogger("vistafresca").name})
    count_fallbacks(settings, logging.getLogger("vistafresca.api"))
    database = ApiDatabase(OneConnection(partial(open_api_session, settings, os.environ)))
    api_settings = ApiSettings.from_environment(os.environ)
    identify = GatewayIdentity(dict(api_settings.iam_roles))
    if not api_settings.is_on_aws:
        return LambdaApi(Services(database=database, identify=identify, settings=settings))
    runner = EcsRunner(api_settings)
    return LambdaApi(
        Services(
            database=database,
            identify=identify,
            settings=settings,
            refresher=DatabaseRefresher(database=database, runner=runner, settings=settings),
            runner=runner,
            scheduler=AwsScheduler(api_settings),
        )
    )
