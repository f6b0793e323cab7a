"""What an error becomes: a problem, whose cause is in the log under the request's id and nowhere else."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import ApiGatewayResolver
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestUnsupportedContentType,
    RequestValidationError,
)

from api.problems import CONTENT_TYPE, Problem
from refresh_task.errors import (
    DatabaseUnavailableError,
    NotGrantedError,
    StatementFailedError,
    UnknownViewError,
    VistafrescaError,
)

__all__ = ["answer_of", "explain_errors", "problem_of", "request_id_of"]

_LOG = logging.getLogger("vistafresca.api")
_TIMED_OUT = "57014"


def explain_errors(resolver: ApiGatewayResolver) -> None:
    """Have the resolver answer every error of its routes with a problem."""

    @cache
    def methods_of_paths() -> Mapping[str, list[str]]:
        document = resolver.get_openapi_schema().model_dump(by_alias=True, exclude_none=True)
        return {
            re.sub(r"\\{.*?\\}", "[^/]+", re.escape(path)): [method.upper() for method in operations]
            for path, operations in document["paths"].items()
        }

    def answer(problem: Problem) -> Response[str]:
        request_id = request_id_of(resolver.current_event.raw_event)
        return Response(problem.status, CONTENT_TYPE, problem.document(request_id), headers=_headers(problem))

    def no_route(_: NotFoundError) -> Response[str]:
        path, method = resolver.current_event.path, resolver.current_event.http_method.upper()
        for pattern, methods in methods_of_paths().items():
            # Otherwise a name in the path has characters that Powertools takes no part in, such as quotes.
            if re.fullmatch(pattern, path) and method not in methods:
                return answer(_method_not_allowed(methods))
        return answer(
            Problem(404, "no-such-route", "Nothing is at this path.", remedy="See /openapi.json for what there is.")
        )

    def failed(error: Exception) -> Response[str]:
        return answer(_logged(error, request_id_of(resolver.current_event.raw_event)))

    resolver.exception_handler(NotFoundError)(no_route)
    resolver.exception_handler(Exception)(failed)


def answer_of(error: Exception, request_id: str) -> dict[str, Any]:
    """The same for what goes wrong outside any route, such as in the middle of a body."""
    problem = _logged(error, request_id)
    return {
        "statusCode": problem.status,
        "headers": {"Content-Type": CONTENT_TYPE, **_headers(problem)},
        "body": problem.document(request_id),
        "isBase64Encoded": False,
    }


def _logged(error: Exception, request_id: str) -> Problem:
    problem = problem_of(error)
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        trace = None if isinstance(error, Problem | VistafrescaError) else error
        # The error's own remedy is for the task, which needs less than this API does.
        cause = f"{error.subject}: {error.message} {problem.remedy}" if isinstance(error, NotGrantedError) else error
        _LOG.error("request %s: %s", request_id, cause, exc_info=trace, extra={"request_id": request_id})
    return problem


def _headers(problem: Problem) -> dict[str, str]:
    return {"Cache-Control": "no-store", **problem.headers}


def problem_of(error: Exception) -> Problem:  # noqa: PLR0911  # one for each kind
    """The problem that an error of ours, of Powertools or of anybody is answered with."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            return _invalid(error)
        case RequestUnsupportedContentType():
            return Problem(415, "unsupported-body", "The body is not JSON.", remedy="Send application/json or none.")
        case UnknownViewError():
            return Problem(404, "unknown-view", f"{error.subject}: {error.message}", remedy=error.remedy)
        case NotGrantedError():
            return Problem(
                500,
                "not-granted",
                "The database role of this API lacks a right that the request takes.",
                remedy="Have the schema's owner grant it membership in bi_refresh_operator (docs/api.md).",
            )
        case DatabaseUnavailableError():
            return Problem.later(
                "database-unavailable", "The database does not answer.", remedy="Try again later.", retry_after_s=5
            )
        case StatementFailedError(sqlstate=sqlstate) if sqlstate == _TIMED_OUT:
            return Problem.later(
                "timed-out", "The database took too long.", remedy="Ask for less, or later.", retry_after_s=10
            )
        case StatementFailedError(connection_lost=True):
            return Problem.later(
                "database-unavailable", "The database went away.", remedy="Try again.", retry_after_s=5
            )
        case _:
            return Problem(
                500,
                "internal",
                "The request could not be answered.",
                remedy="Give the request_id to whoever runs this API: the log has the cause under it.",
            )


def request_id_of(event: Mapping[str, object]) -> str:
    """As the HTTP API or the local server has numbered it."""
    context = event.get("requestContext")
    return str(context.get("requestId", "")) if isinstance(context, Mapping) else ""


def _method_not_allowed(methods: list[str]) -> Problem:
    return Problem(
        405,
        "method-not-allowed",
        f"This path answers to {', '.join(methods)} only.",
        remedy="Use one of these methods.",
        headers={"Allow": ", ".join(methods)},
    )


def _invalid(error: RequestValidationError) -> Problem:
    """What pydantic says of each value, without the value's own internals."""
    wrong = [
        {"in": str(each["loc"][0]), "name": ".".join(map(str, each["loc"][1:])), "message": str(each.get("msg", ""))}
        for each in error.errors()
    ]
    sentences = "; ".join(f"{each['name'] or each['in']}: {each['message']}" for each in wrong)
    return Problem(
        422,
        "invalid-request",
        f"{sentences}.",
        remedy="Correct the values named, as /openapi.json describes them.",
        extra={"errors": wrong},
    )
