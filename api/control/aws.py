"""EventBridge's rules and ECS's tasks, through botocore (as refresh_task/database/storage.py: boto3 would add nothing).

The role needs events:DescribeRule on the stack's rules, events:PutRule on the daily one alone, and ecs:RunTask and
iam:PassRole for the one task definition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from api.daily import DailyTime
from api.scheduling import Job, unavailable
from api.settings import ApiSettings
from refresh_task.database.credentials import aws_client

# What PutRule takes from the rule as it is: whatever is left out there, it clears.
_KEPT = ("Description", "State", "RoleArn", "EventBusName")


class AwsScheduler:
    """The stack's rules. Only the daily one is ever changed (docs/decisions/0010)."""

    kind = "eventbridge"

    def __init__(self, settings: ApiSettings, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._settings = settings
        self._clock = clock

    def jobs(self) -> tuple[Job, ...]:
        """The rules as EventBridge has them."""
        rules = {
            "scheduled": self._settings.rule,
            "requested": self._settings.requested_rule,
            "daily": self._settings.daily_rule,
        }
        return tuple(_job(purpose, self._describe(name)) for purpose, name in rules.items() if name is not None)

    def set_daily(self, time: DailyTime) -> Job:
        """Move the daily rule; its state, description and targets stay."""
        rule = self._describe(str(self._settings.daily_rule))
        changed = {"Name": rule["Name"], "ScheduleExpression": time.eventbridge_expression(self._clock())}
        kept = {key: rule[key] for key in _KEPT if rule.get(key)}
        _call("events", "put_rule", subject=f"the rule {rule['Name']}", needs="events:PutRule", **kept, **changed)
        return _job("daily", {**rule, **changed})

    def _describe(self, name: str) -> dict[str, Any]:
        return _call("events", "describe_rule", subject=f"the rule {name}", needs="events:DescribeRule", Name=name)


class EcsRunner:
    """The deployed task, with another command."""

    def __init__(self, settings: ApiSettings) -> None:
        self._settings = settings

    def start(self, arguments: Sequence[str], *, triggered_by: str) -> str:
        """Start the task on Fargate; returns its ARN."""
        settings = self._settings
        subject = f"the task {settings.task_definition}"
        answer = _call(
            "ecs",
            "run_task",
            subject=subject,
            needs="ecs:RunTask, and iam:PassRole on the task's two roles",
            cluster=settings.cluster,
            taskDefinition=settings.task_definition,
            launchType="FARGATE",
            count=1,
            propagateTags="TASK_DEFINITION",
            startedBy="vistafresca-api",
            networkConfiguration={
                "awsvpcConfiguration": {
                    "subnets": list(settings.subnets),
                    "securityGroups": list(settings.security_groups),
                    "assignPublicIp": "ENABLED" if settings.assign_public_ip else "DISABLED",
                }
            },
            overrides={
                "containerOverrides": [
                    {
                        "name": settings.container,
                        "command": ["python", "-m", "refresh_task", *arguments],
                        "environment": [{"name": "VISTAFRESCA_TRIGGERED_BY", "value": triggered_by}],
                    }
                ]
            },
        )
        if not answer["tasks"]:
            reasons = ", ".join(failure.get("reason", "no reason given") for failure in answer["failures"])
            raise unavailable(
                f"ECS did not start {subject}: {reasons}.",
                remedy="The next scheduled run takes the work up; see the cluster's events if this goes on.",
            )
        return str(answer["tasks"][0]["taskArn"])


def _job(purpose: str, rule: dict[str, Any]) -> Job:
    return Job(purpose, rule["Name"], rule.get("ScheduleExpression", ""), is_enabled=rule.get("State") == "ENABLED")


def _call(service: str, operation: str, *, subject: str, needs: str, **parameters: Any) -> dict[str, Any]:
    import botocore.exceptions  # noqa: PLC0415  # see refresh_task.database.credentials: most requests need no AWS

    try:
        answer: dict[str, Any] = getattr(aws_client(service, None), operation)(**parameters)
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        raise unavailable(
            f"AWS could not be asked about {subject}: {type(error).__name__}.",
            remedy=f"Check the API's role ({needs}) and its route to AWS; the log has AWS's own words.",
        ) from error
    return answer
