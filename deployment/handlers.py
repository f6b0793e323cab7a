"""The two functions: start the task; say whether it has ended, and fail the deployment with the reason if it must.

A deployment that is rolled back comes here once more, with the former task definition. What fails then is logged and
not raised: it would leave the stack in UPDATE_ROLLBACK_FAILED, and the former task works on the newer schema as it is
(docs/decisions/0013-migrations-at-deploy.md).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from deployment import tasks
from deployment.request import Request
from deployment.tasks import Client
from deployment.verdict import failure

_LOGGER = logging.getLogger(__name__)

_UNKNOWN_AT_FIRST = timedelta(minutes=1)
"""RunTask's answer comes before DescribeTasks knows of the task:
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html"""

_LAST_WORDS_COME_LATER = timedelta(seconds=20)
"""The log driver delivers after the task has stopped."""


class OneOffTaskError(Exception):
    """Why the deployment fails: what a person reads in the stack's events."""


def start(
    event: Mapping[str, Any],
    context: object,  # noqa: ARG001  # Lambda's signature
    *,
    client_of: Callable[[str], Client] = tasks.client_of,
    wait: Callable[[float], None] = time.sleep,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> dict[str, Any]:
    """Start the task if there is something to run. Raises OneOffTaskError with the reason if it cannot be started."""
    request = Request.read(event)
    if not request.is_to_run:
        return {"PhysicalResourceId": request.resource_id}
    started_at = now()
    try:
        arn = tasks.start(request, client_of=client_of, wait=wait)
    except (tasks.NotStartedError, ClientError, BotoCoreError) as error:
        _fail(request, str(error), client_of=client_of, cause=error)
        return {"PhysicalResourceId": request.resource_id}
    return {
        "PhysicalResourceId": request.resource_id,
        "Data": {"TaskArn": arn, "StartedAt": started_at.isoformat()},
    }


def is_complete(
    event: Mapping[str, Any],
    context: object,  # noqa: ARG001  # Lambda's signature
    *,
    client_of: Callable[[str], Client] = tasks.client_of,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> dict[str, bool]:
    """Whether the task has ended well. Raises OneOffTaskError with the reason if it has not, or takes too long."""
    request = Request.read(event)
    arn, started_at = request.task_arn, request.started_at
    if arn is None or started_at is None:
        return {"IsComplete": True}
    try:
        is_over, problem = _look(request, arn, now() - started_at, client=client_of(request.task.role), now=now())
    except (ClientError, BotoCoreError) as error:
        _fail(request, f"it could not be watched: {error}", client_of=client_of, cause=error)
        return {"IsComplete": True}
    if problem is not None:
        _fail(request, problem, client_of=client_of)
    return {"IsComplete": is_over}


def _look(request: Request, arn: str, age: timedelta, *, client: Client, now: datetime) -> tuple[bool, str | None]:
    """Whether it is over, and what went wrong."""
    task = request.task
    found = tasks.find(task, arn, client=client)
    problem = None
    if found is None:
        if age >= _UNKNOWN_AT_FIRST:
            problem = "ECS does not know the task any more, nor how it ended"
    elif found["lastStatus"] != "STOPPED":
        if age.total_seconds() >= task.timeout_s:
            tasks.stop(task, arn, reason="The deployment waited for it long enough.", client=client)
            problem = f"it had not ended after {task.timeout_s // 60} minutes, and was stopped"
    else:
        problem = failure(found, container=task.container)
        if problem is None:
            return True, None
        if _may_still_speak(found, now) and not tasks.read_last_words(task, arn, client=client):
            return False, None
    return (False, None) if problem is None else (True, _reason(request, arn, problem, client=client))


def _may_still_speak(task: Mapping[str, Any], now: datetime) -> bool:
    """Whether lines of a container that ran may still be on their way to the log."""
    stopped_at: datetime | None = task.get("stoppedAt")
    is_new = stopped_at is not None and now - stopped_at < _LAST_WORDS_COME_LATER
    return is_new and task.get("stopCode") != "TaskFailedToStart"


def _reason(request: Request, arn: str, problem: str, *, client: Client) -> str:
    said = tasks.read_last_words(request.task, arn, client=client)
    log = f"log group {request.task.log_group}, stream {tasks.log_stream(request.task, arn)}"
    return f"{problem}. Its log says{f': {said}' if said else ' nothing'} ({log})"


def _fail(
    request: Request, problem: str, *, client_of: Callable[[str], Client], cause: Exception | None = None
) -> None:
    """Raise OneOffTaskError, which fails the deployment; or only log it, where that would fail its rollback."""
    error = OneOffTaskError(f"{request.task.name} failed: {problem}")
    try:
        is_rolling_back = tasks.is_rolling_back(request.stack_id, client=client_of(request.task.role))
    except (ClientError, BotoCoreError) as other:
        _LOGGER.warning("the stack's status could not be read: %s", other)
        is_rolling_back = False
    if not is_rolling_back:
        raise error from cause
    _LOGGER.warning("left as it is, since the stack is rolled back: %s", error)
