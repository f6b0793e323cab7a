"""What arrives: CloudWatch's JSON of an alarm, the JSON of a state-change rule, or something else.

CloudWatch documents its JSON by examples only; a recorded one is in tests/paging/notifications.py.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from paging.sections import split_name


@dataclass(frozen=True, kw_only=True)
class About:
    """The database and the runbook's section that a message is about."""

    environment: str
    database: str
    section: str

    @property
    def place(self) -> str:
        return f"{self.database} in {self.environment}"


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """A change of an alarm's state. `about` is None for an alarm that is not of this environment's."""

    name: str
    state: str
    at: datetime
    description: str
    reason: str
    threshold: float
    about: About | None
    written: Mapping[str, Any]
    """All that CloudWatch wrote, for services that read it."""

    @property
    def section(self) -> str | None:
        return None if self.about is None else self.about.section

    @property
    def is_over(self) -> bool:
        return self.state == "OK"


@dataclass(frozen=True, kw_only=True)
class StoppedTask:
    """A task that ECS could not start, or that ended badly. `detail` is ECS's own."""

    about: About
    description: str
    at: datetime
    detail: Mapping[str, Any]

    @property
    def task_id(self) -> str:
        return str(self.detail.get("taskArn", "")).rsplit("/", 1)[-1]

    @property
    def exit_code(self) -> int | None:
        codes = [container.get("exitCode") for container in self.detail.get("containers", [])]
        return next((code for code in codes if code is not None), None)

    @property
    def why(self) -> str:
        """ECS's reasons: the task's, and the container's, which alone says that memory ran out."""
        reasons = [self.detail.get("stoppedReason")]
        reasons += [container.get("reason") for container in self.detail.get("containers", [])]
        return "; ".join(dict.fromkeys(str(reason) for reason in reasons if reason)) or "no reason given"


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """Anything else that was published to the topic of alarms: passed on as it came."""

    subject: str
    text: str


Notification = Alarm | StoppedTask | Unknown


def read(sns: Mapping[str, Any], *, environment: str) -> Notification:
    """The `Sns` part of a record that Lambda hands over."""
    text = str(sns["Message"])
    try:
        written = json.loads(text)
        if "AlarmName" in written:
            return _alarm(written, environment)
        return _stopped_task(written, environment, sns["Timestamp"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return Unknown(subject=str(sns.get("Subject") or "A message"), text=text)


def _alarm(written: Mapping[str, Any], environment: str) -> Alarm:
    found = split_name(written["AlarmName"], environment=environment)
    return Alarm(
        name=written["AlarmName"],
        state=written["NewStateValue"],
        at=moment(written["StateChangeTime"]),
        description=written.get("AlarmDescription") or "",
        reason=written.get("NewStateReason") or "",
        threshold=float(written.get("Trigger", {}).get("Threshold") or 0),
        about=found and About(environment=environment, database=found[0], section=found[1]),
        written=written,
    )


def _stopped_task(written: Mapping[str, Any], environment: str, published: str) -> StoppedTask:
    detail = written["detail"]
    return StoppedTask(
        about=About(environment=environment, database=written["database"], section=written["section"]),
        description=written["description"],
        at=moment(detail.get("stoppedAt") or published),
        detail=detail,
    )


def moment(text: str) -> datetime:
    """An ISO 8601 time, in UTC. CloudWatch writes 2026-11-25T18:31:00.123+0000."""
    return datetime.fromisoformat(text).astimezone(UTC)
