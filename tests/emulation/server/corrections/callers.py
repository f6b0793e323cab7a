"""Who calls, and how."""

from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.services import sts

from tests.emulation.server.replacing import replace

_ROLES = ":assumed-role/cdk-"


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
    """A call about a log group is matched against its ARN with `:*` behind it (ministack: without), as CDK's own grants
    write it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
    """

    def extract(service: str, *more: Any) -> Any:
        arn = faulty(service, *more)
        return f"{arn}:*" if service == "logs" and ":log-group:" in arn and not arn.endswith(":*") else arn

    faulty = replace(iam_actions, "extract_resource_arn", extract)
