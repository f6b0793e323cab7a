"""What SNS hands to Lambda, in the recorded shapes: an alarm's JSON as CloudWatch writes it, and the rules' own.

The alarm's: https://github.com/aws/aws-lambda-go/blob/main/events/testdata/cloudwatch-alarm-sns-payload-single-metric.json
The task's event: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

AT = datetime(2026, 11, 25, 18, 31, 0, 123_000, tzinfo=UTC)
TASK = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"


def alarm(
    section: str,
    *,
    state: str = "ALARM",
    service: str = "sandbox-main",
    description: str | None = None,
    threshold: float = 1.0,
    at: datetime = AT,
    old_state: str | None = None,
) -> dict[str, Any]:
    """CloudWatch's JSON. `description` is the stack's; absent: one of the same form."""
    environment, database = service.split("-", 1)
    name = f"vistafresca-{service}-{section}"
    return {
        "AlarmName": name,
        "AlarmDescription": description
        or f"What the stack says. Database: {database} in {environment}. First: Do this. "
        f"Runbook: docs/runbook.md#{section}",
        "AWSAccountId": "123456789012",
        "AlarmConfigurationUpdatedTimestamp": "2026-11-20T08:00:00.000+0000",
        "NewStateValue": state,
        "NewStateReason": "Threshold Crossed: 1 datapoint [2.0 (25/11/26 18:25:00)] was greater than or equal to the "
        f"threshold ({threshold}).",
        "StateChangeTime": at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}+0000",
        "Region": "US East (N. Virginia)",
        "AlarmArn": f"arn:aws:cloudwatch:us-east-1:123456789012:alarm:{name}",
        "OldStateValue": old_state or ("ALARM" if state == "OK" else "OK"),
        "OKActions": ["arn:aws:sns:us-east-1:123456789012:vistafresca-sandbox-alarms"],
        "AlarmActions": ["arn:aws:sns:us-east-1:123456789012:vistafresca-sandbox-alarms"],
        "InsufficientDataActions": [],
        "Trigger": {
            "MetricName": "MaxConsecutiveFailures",
            "Namespace": "Vistafresca",
            "StatisticType": "Statistic",
            "Statistic": "MAXIMUM",
            "Unit": None,
            "Dimensions": [{"value": service, "name": "service"}],
            "Period": 300,
            "EvaluationPeriods": 1,
            "DatapointsToAlarm": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "Threshold": threshold,
            "TreatMissingData": "ignore",
            "EvaluateLowSampleCountPercentile": "",
        },
    }


def stopped_task(section: str, *, exit_code: int | None, **detail: Any) -> dict[str, Any]:
    """What the state-change rules make of ECS's event."""
    container = {"name": "refresh", "lastStatus": "STOPPED"} | ({} if exit_code is None else {"exitCode": exit_code})
    if "container_reason" in detail:
        container["reason"] = detail.pop("container_reason")
    return {
        "section": section,
        "database": "main",
        "description": f"What the stack says. Database: main in sandbox. First: Do this. "
        f"Runbook: docs/runbook.md#{section}",
        "detail": {
            "taskArn": f"arn:aws:ecs:us-east-1:123456789012:task/vistafresca-sandbox/{TASK}",
            "startedBy": "events-rule/sandbox-main-bi-vie",
            "stoppedAt": "2026-11-25T18:30:01.5Z",
            "containers": [container],
            **detail,
        },
    }


def record(message: dict[str, Any] | str, *, subject: str = "ALARM") -> dict[str, Any]:
    """The `Sns` part of one record."""
    return {
        "Type": "Notification",
        "MessageId": "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
        "TopicArn": "arn:aws:sns:us-east-1:123456789012:vistafresca-sandbox-alarms",
        "Subject": subject,
        "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": "2026-11-25T18:31:00.200Z",
        "MessageAttributes": {},
    }
