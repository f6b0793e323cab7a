"""Who calls, and how."""

import json
from contextvars import ContextVar
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.services import sts

from tests.emulation.server.replacing import replace

_ROLES = ":assumed-role/cdk-"
_CLUSTER: ContextVar[str | None] = ContextVar("cluster", default=None)
"""The cluster that the request at hand names."""


def correct_rights_of_tools() -> None:
    """Let the CDK CLI's roles do what they ask for: ministack asks for "*" where their policies name one repository or
    bucket, and so refuses what AWS allows. The roles of the stack itself are held to their policies."""

    def enforce(access_key: str, *more: Any, **named: Any) -> Any:
        session = sts._sessions.get(access_key) or {}
        return None if _ROLES in session.get("Arn", "") else faulty(access_key, *more, **named)

    faulty = replace(iam_evaluator, "enforce", enforce)


def correct_transport() -> None:
    """Calls over the loopback interface count as calls over TLS, which AWS's own endpoints would be: policies that
    demand it (enforce_ssl) refuse others."""

    def pin(source_ip: str, _secure_transport: bool) -> None:  # noqa: FBT001  # ministack's own signature
        faulty(source_ip, True)  # noqa: FBT003

    faulty = replace(iam_evaluator, "pin_request_origin", pin)


def correct_log_groups_in_policies() -> None:
    """A call about a log group is matched against its ARN with `:*` behind it, as CDK's own grants write it, and one
    about a stream against the stream's (ministack: against the group's, without).

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
    """

    def extract(service: str, method: str, path: str, headers: dict[str, str], body: bytes, *more: Any) -> Any:
        arn = faulty(service, method, path, headers, body, *more)
        if service != "logs" or ":log-group:" not in arn:
            return arn
        stream = json.loads(body or b"{}").get("logStreamName")
        return f"{arn.removesuffix(':*')}:{f'log-stream:{stream}' if stream else '*'}"

    faulty = replace(iam_actions, "extract_resource_arn", extract)


def correct_tasks_in_policies() -> None:
    """RunTask is matched against the task definition, other calls about a task against that, each on condition of its
    cluster, ecs:cluster (ministack: against the cluster, on no condition).

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
    """

    def extract(service: str, method: str, path: str, headers: dict[str, str], body: bytes, *more: Any) -> Any:
        arn = faulty_extract(service, method, path, headers, body, *more)
        _CLUSTER.set(None)
        if service != "ecs" or not arn.split(":")[-1].startswith("cluster/"):
            return arn
        asked = json.loads(body)
        (task, *_) = [asked.get(name) for name in ("taskDefinition", "task") if asked.get(name)] or asked.get(
            "tasks", [None]
        )
        if task is None:
            return arn
        _CLUSTER.set(arn)
        return task

    def enforce(access_key: str, action: str, service: str, *more: Any, **named: Any) -> Any:
        if service == "ecs" and (cluster := _CLUSTER.get()) is not None:
            named["service_context"] = {**(named.get("service_context") or {}), "ecs:cluster": cluster}
        return faulty_enforce(access_key, action, service, *more, **named)

    faulty_extract = replace(iam_actions, "extract_resource_arn", extract)
    faulty_enforce = replace(iam_evaluator, "enforce", enforce)
