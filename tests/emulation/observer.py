"""CloudWatch's part between a task's lines and an alarm's action, on the emulator's own logs, filters and alarms.

What is watched comes from the emulator, as deployed; how it is judged, from tests/emulation/cloudwatch; what an alarm
then does is the emulator's again (SetAlarmState).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.emulation.cloudwatch import alarms, embedded_metrics, metric_filters
from tests.emulation.cloudwatch.datum import Datum
from tests.emulation.cloudwatch.metric_store import MetricStore
from tests.emulation.emulator import Emulator


@dataclass(frozen=True)
class Change:
    """An alarm that changed its state."""

    alarm: str
    old: str
    new: str
    reason: str


class Observer:
    """Reads what happened since it last looked, and evaluates all alarms at a moment."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._store = MetricStore()
        self._read = 0

    def take_in(self) -> None:
        """The lines of the tasks that ended since, and what AWS's services wrote about themselves."""
        entries = self._emulator.journal.since(self._read)
        self._read += len(entries)
        for entry in entries:
            if entry["kind"] == "metric":
                self._store.add([_own_metric(entry)])
            elif entry["kind"] == "task" and entry["status"] == "STOPPED":
                self._take_in_task(entry["detail"])

    def evaluate(self, now: datetime) -> list[Change]:
        """Every alarm, as of `now`; those that changed have done what they do."""
        self._measure_queues(now)
        cloudwatch = self._emulator.client("cloudwatch")
        changes = []
        for alarm in cloudwatch.describe_alarms()["MetricAlarms"]:
            old = alarm["StateValue"]
            found = alarms.evaluate(alarm, self._store, now=now, state=old)
            if found.state != old:
                changes.append(Change(alarm["AlarmName"], old, str(found.state), found.reason))
                cloudwatch.set_alarm_state(
                    AlarmName=alarm["AlarmName"], StateValue=str(found.state), StateReason=found.reason
                )
        return changes

    def _take_in_task(self, task: dict[str, Any]) -> None:
        definition = self._emulator.client("ecs").describe_task_definition(taskDefinition=task["taskDefinitionArn"])
        (container,) = definition["taskDefinition"]["containerDefinitions"]
        options = container["logConfiguration"]["options"]
        group = options["awslogs-group"]
        stream = f"{options['awslogs-stream-prefix']}/{container['name']}/{task['taskArn'].rsplit('/', 1)[-1]}"
        logs = self._emulator.client("logs")
        if group not in [each["logGroupName"] for each in logs.describe_log_groups()["logGroups"]]:
            return  # deleted with its stack
        if not logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=stream)["logStreams"]:
            return  # it could not be started, and wrote nothing
        filters = logs.describe_metric_filters(logGroupName=group)["metricFilters"]
        lines = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)["events"]
        for line in lines:
            moment = datetime.fromtimestamp(line["timestamp"] / 1000, UTC)
            for metric_filter in filters:
                self._store.add(metric_filters.data(metric_filter, line["message"], moment))
            self._store.add(embedded_metrics.data(_in_emulated_time(line), moment))

    def _measure_queues(self, now: datetime) -> None:
        """AWS/SQS, which SQS writes every minute for a queue that is in use."""
        sqs = self._emulator.client("sqs")
        for url in sqs.list_queues().get("QueueUrls", []):
            waiting = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
            self._store.add(
                [
                    Datum(
                        namespace="AWS/SQS",
                        name="ApproximateNumberOfMessagesVisible",
                        dimensions=frozenset({("QueueName", url.rsplit("/", 1)[-1])}),
                        timestamp=now,
                        value=float(waiting["Attributes"]["ApproximateNumberOfMessages"]),
                    )
                ]
            )


def _own_metric(entry: dict[str, Any]) -> Datum:
    return Datum(
        namespace=entry["namespace"],
        name=entry["name"],
        dimensions=frozenset(entry["dimensions"].items()),
        timestamp=datetime.fromtimestamp(entry["timestamp"], UTC),
        value=float(entry["value"]),
    )


def _in_emulated_time(line: dict[str, Any]) -> str:
    """A task's own clock is the machine's, and the timestamp in its metrics with it; the line arrived, within the same
    second, by the emulated clock."""
    message: str = line["message"]
    try:
        document = json.loads(message)
    except ValueError:
        return message
    if not isinstance(document, dict) or not isinstance(document.get("_aws"), dict):
        return message
    document["_aws"]["Timestamp"] = line["timestamp"]
    return json.dumps(document)
