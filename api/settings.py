"""The API's own settings: read once from the environment, validated, frozen. docs/configuration.md lists them (a test
compares). How to reach the database is the task's to say (refresh_task/settings.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from refresh_task.errors import ConfigurationError
from refresh_task.variables import boolean


def _matching(pattern: str, expected: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"is not {expected}")
        return value

    return parse


def _all(parse: Callable[[str], str]) -> Callable[[str], tuple[str, ...]]:
    """Of a comma-separated list."""
    return lambda value: tuple(parse(part.strip()) for part in value.split(","))


def _iam_roles(value: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """{"arn:aws:sts::1:assumed-role/finance/*": ["cfo"]} → pairs"""
    try:
        written = json.loads(value)
    except json.JSONDecodeError:
        written = None
    if not isinstance(written, dict) or not all(
        isinstance(roles, list) and all(isinstance(role, str) for role in roles) for roles in written.values()
    ):
        raise ValueError("is not a JSON object of ARNs, each with its list of roles")
    return tuple((arn, frozenset(roles)) for arn, roles in written.items())


# The services' own rules; a wrong one would be refused by AWS only when somebody needs it.
_rule = _matching(r"[A-Za-z0-9._-]{1,64}", "the name of an EventBridge rule: 1 to 64 letters, digits, dots, - or _")
_cluster = _matching(
    r"arn:aws[a-z-]*:ecs:[a-z0-9-]+:\d{12}:cluster/[A-Za-z0-9_-]{1,255}|[A-Za-z0-9_-]{1,255}",
    "the name or ARN of an ECS cluster",
)
_task_definition = _matching(
    r"arn:aws[a-z-]*:ecs:[a-z0-9-]+:\d{12}:task-definition/[A-Za-z0-9_-]{1,255}(:\d+)?|[A-Za-z0-9_-]{1,255}(:\d+)?",
    "a task definition: its family, family:revision or ARN",
)
_container = _matching(r"[A-Za-z0-9_-]{1,255}", "the name of a container: letters, digits, - or _")
_subnet = _matching(r"subnet-[0-9a-f]+", "a list of subnet-… separated by commas")
_security_group = _matching(r"sg-[0-9a-f]+", "a list of sg-… separated by commas")


def _setting(variable: str, parse: Callable[[str], Any], default: Any, what: str) -> Any:
    return field(default=default, metadata={"variable": variable, "parse": parse, "what": what})


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """Where the API's scheduler is: on AWS if the first six are set, in this process if none of them is; and who the
    callers are that IAM lets in."""

    rule: str | None = _setting(
        "VISTAFRESCA_RULE",
        _rule,
        None,
        "EventBridge rule of the scheduled runs; the API reads it, and never changes it.",
    )
    daily_rule: str | None = _setting(
        "VISTAFRESCA_DAILY_RULE", _rule, None, "EventBridge rule that rescheduling moves to another time of the day."
    )
    cluster: str | None = _setting(
        "VISTAFRESCA_CLUSTER", _cluster, None, "ECS cluster that the API starts the task on."
    )
    task_definition: str | None = _setting(
        "VISTAFRESCA_TASK_DEFINITION", _task_definition, None, "The task that it starts."
    )
    subnets: tuple[str, ...] = _setting(
        "VISTAFRESCA_SUBNETS", _all(_subnet), (), "Subnets of a task that the API starts, separated by commas."
    )
    security_groups: tuple[str, ...] = _setting(
        "VISTAFRESCA_SECURITY_GROUPS", _all(_security_group), (), "Its security groups, separated by commas."
    )
    requested_rule: str | None = _setting(
        "VISTAFRESCA_REQUESTED_RULE", _rule, None, "EventBridge rule of the runs for the event queue, if there is one."
    )
    container: str = _setting(
        "VISTAFRESCA_CONTAINER", _container, "refresh", "The container whose command the API replaces."
    )
    assign_public_ip: bool = _setting(
        "VISTAFRESCA_ASSIGN_PUBLIC_IP", boolean, False, "Whether such a task needs a public address to reach AWS."
    )
    iam_roles: tuple[tuple[str, frozenset[str]], ...] = _setting(
        "VISTAFRESCA_IAM_ROLES",
        _iam_roles,
        (),
        "Roles of callers that IAM lets in, by their ARN: a JSON object; * stands for a session's name.",
    )

    def __post_init__(self) -> None:
        """Raise ConfigurationError where only some of the settings for AWS are set."""
        missing = [variable for variable, value in self._needed().items() if not value]
        if missing and self.is_on_aws:
            raise ConfigurationError(
                f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set, and others for AWS are.",
                subject=missing[0],
                remedy="Set all of them for the scheduler on AWS, or none for the one in this process.",
            )

    @property
    def is_on_aws(self) -> bool:
        """Whether EventBridge starts the runs, and not this process."""
        return any(self._needed().values())

    def _needed(self) -> dict[str, Any]:
        return {
            setting.metadata["variable"]: getattr(self, setting.name)
            for setting in fields(self)
            if setting.name in ("rule", "daily_rule", "cluster", "task_definition", "subnets", "security_groups")
        }

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> ApiSettings:
        """Read every setting. Raises ConfigurationError naming the variable, what is wrong with it and what it means.
        An empty variable counts as absent."""
        values: dict[str, Any] = {}
        for setting in fields(cls):
            variable = setting.metadata["variable"]
            if not (written := environment.get(variable, "").strip()):
                continue
            try:
                values[setting.name] = setting.metadata["parse"](written)
            except ValueError as error:
                raise ConfigurationError(
                    f"'{written}' {error}.", subject=variable, remedy=f"It means: {setting.metadata['what']}"
                ) from None
        return cls(**values)
