"""Time passing in the emulated account: its rules fire, its tasks run and end, its alarms are judged every minute."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.emulation.emulator import Emulator
from tests.emulation.eventbridge import schedules
from tests.emulation.journal_reader import Entry
from tests.emulation.observer import Change, Observer

_MINUTE = timedelta(minutes=1)
_JUST_AFTER = timedelta(seconds=0.2)
_TASK_TIMEOUT_S = 150


@dataclass(frozen=True)
class Ended:
    """A task that ended. `exit_code` is None for one that never started."""

    arn: str
    detail: dict[str, Any]
    lines: tuple[str, ...]

    @property
    def exit_code(self) -> int | None:
        code: int | None = self.detail["containers"][0].get("exitCode")
        return code

    def events(self, name: str) -> list[dict[str, Any]]:
        """Its log lines of one event."""
        documents = [json.loads(line) for line in self.lines if line.startswith("{")]
        return [document for document in documents if document.get("event") == name]


class Account:
    """`emulator` is where everything is; `observer` judges the alarms."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.journal = emulator.journal
        self._observer = Observer(emulator)
        self._judged = emulator.now.replace(second=0, microsecond=0)

    def advance_to(self, moment: datetime) -> list[Change]:
        """Minute by minute: what is due fires and is waited for, then the alarms are judged."""
        changes: list[Change] = []
        while (minute := self._judged + _MINUTE) <= moment:
            started = self._fire(minute)
            for arn in started:
                self.wait_until_ended(arn)
            changes += self._judge(minute)
        return changes

    def advance(self, minutes: int) -> list[Change]:
        """The same, for so many minutes."""
        return self.advance_to(self._judged + minutes * _MINUTE)

    def run_next(self, rule: str) -> tuple[Ended, list[Change]]:
        """Up to the minute after the next firing of a rule, and the task that it started."""
        changes = self.advance_to(self.next_firing(rule) - _MINUTE)
        (arn,), more = self.start_next(rule)
        ended = self.wait_until_ended(arn)
        return ended, [*changes, *more, *self.advance(1)]

    def start_next(self, rule: str) -> tuple[list[str], list[Change]]:
        """Up to the next firing of a rule; the tasks that it started are under way."""
        moment = self.next_firing(rule)
        changes = self.advance_to(moment - _MINUTE)
        return self._fire(moment), [*changes, *self._judge(moment)]

    def next_firing(self, rule: str) -> datetime:
        """When an enabled rule fires next."""
        described = self.emulator.client("events").describe_rule(Name=rule)
        return schedules.next_time(described["ScheduleExpression"], self._judged)

    def wait_until_ended(self, arn: str) -> Ended:
        """The task, once it has ended."""
        entry = self.journal.wait_for(
            lambda entry: entry["kind"] == "task" and entry["arn"] == arn and entry["status"] == "STOPPED",
            since=0,
            what=f"the end of {arn}",
            timeout_s=_TASK_TIMEOUT_S,
        )
        return Ended(arn, entry["detail"], tuple(self._lines(entry)))

    @property
    def last_exit_code(self) -> int | None:
        """Of the task that ended last; None where it never started."""
        ended = [entry for entry in self.journal.since(0) if entry["kind"] == "task" and entry["status"] == "STOPPED"]
        code: int | None = ended[-1]["detail"]["containers"][0].get("exitCode")
        return code

    def run_task(self, **request: Any) -> Ended:
        """RunTask, as an operator's command does it, to its end."""
        answer = self.emulator.client("ecs").run_task(**request)
        (task,) = answer["tasks"]
        return self.wait_until_ended(task["taskArn"])

    def _fire(self, minute: datetime) -> list[str]:
        """Move the clock there. The emulator's own scheduler fires what is due; which that is, is worked out here
        too."""
        due = [
            rule["Name"]
            for rule in self.emulator.client("events").list_rules()["Rules"]
            if rule["State"] == "ENABLED"
            and "ScheduleExpression" in rule
            and schedules.next_time(rule["ScheduleExpression"], minute - _MINUTE) == minute
        ]
        position = len(self.journal)
        self.emulator.set_clock(max(minute, self._judged) + _JUST_AFTER)
        started: list[str] = []
        for rule in due:
            entry = self.journal.wait_for(
                lambda entry, rule=rule: entry["kind"] in ("started", "buried", "lost") and entry["rule"] == rule,  # type: ignore[misc]
                since=position,
                what=f"{rule} fires at {minute:%H:%M}",
            )
            started += entry.get("tasks", [])
        return started

    def _judge(self, minute: datetime) -> list[Change]:
        self.emulator.set_clock(max(minute + _JUST_AFTER, self.emulator.now))
        self._observer.take_in()
        self._judged = minute
        return self._observer.evaluate(minute)

    def _lines(self, entry: Entry) -> Sequence[str]:
        """What the task wrote, from the emulator's CloudWatch Logs."""
        detail = entry["detail"]
        logs = self.emulator.client("logs")
        suffix = detail["taskArn"].rsplit("/", 1)[-1]
        for group in logs.describe_log_groups()["logGroups"]:
            for stream in logs.describe_log_streams(logGroupName=group["logGroupName"])["logStreams"]:
                if stream["logStreamName"].endswith(suffix):
                    found = logs.get_log_events(
                        logGroupName=group["logGroupName"], logStreamName=stream["logStreamName"], startFromHead=True
                    )
                    return [event["message"] for event in found["events"]]
        return []

    @property
    def now(self) -> datetime:
        """The last minute that was judged."""
        return self._judged.astimezone(UTC)
