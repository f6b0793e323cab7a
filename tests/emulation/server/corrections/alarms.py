"""What an alarm does when it changes its state.

Whether it changes is the harness's to say (tests/emulation/cloudwatch): ministack's own evaluation knows neither
dimensions nor missing data, and is switched off.
"""

import json
from datetime import UTC, datetime
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch
from ministack.services.cloudformation import provisioners

from tests.emulation.server.clock import Clock
from tests.emulation.server.corrections.notifications import publish_as
from tests.emulation.server.journal import Journal
from tests.emulation.server.replacing import replace

_ACTIONS = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}
_REGION_NAMES = {"us-east-1": "US East (N. Virginia)"}


_OF_ONE_METRIC = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Dimensions")


def correct_metric_math() -> None:
    """An alarm on an expression can come from a template (ministack refuses it), and from PutMetricAlarm (ministack
    forgets the expression)."""

    def record(name: str, properties: dict[str, Any]) -> Any:
        if not properties.get("Metrics"):
            return faulty(name, properties)
        others = {key: value for key, value in properties.items() if key != "Metrics"}
        made = faulty(name, {**others, "MetricName": "expression", "Namespace": "expression"})
        return _with_expression(made, properties["Metrics"])

    faulty = replace(provisioners, "_cw_metric_alarm_record", record)

    def put(parameters: Any, document: Any, *protocol: Any, **named: Any) -> Any:
        answer = faulty_put(parameters, document, *protocol, **named)
        if document and document.get("Metrics"):
            name = document["AlarmName"]
            cloudwatch._alarms[name] = _with_expression(cloudwatch._alarms[name], document["Metrics"])
        return answer

    faulty_put = replace(cloudwatch, "_put_metric_alarm", put)


def _with_expression(alarm: dict[str, Any], metrics: Any) -> dict[str, Any]:
    return {**{key: value for key, value in alarm.items() if key not in _OF_ONE_METRIC}, "Metrics": metrics}


def correct_alarm_actions(*, clock: Clock, journal: Journal) -> None:
    """Publish as cloudwatch.amazonaws.com, which the topic's policy must let; the message has CloudWatch's own form and
    the emulated time."""
    replace(cloudwatch, "_evaluate_alarm", lambda _alarm: None)

    def dispatch(alarm: dict[str, Any], old: str, new: str, reason: str) -> None:
        if not alarm.get("ActionsEnabled", True):
            return
        message = json.dumps(notification(alarm, old=old, new=new, reason=reason, now=clock.now()))
        for topic in alarm.get(_ACTIONS[new]) or []:
            publish_as(
                "cloudwatch.amazonaws.com",
                topic,
                message,
                subject=f'{new}: "{alarm["AlarmName"]}" in {_REGION_NAMES.get(get_region(), get_region())}'[:100],
                source_arn=alarm["AlarmArn"],
                journal=journal,
            )

    replace(cloudwatch, "_dispatch_alarm_actions", dispatch)


def notification(alarm: dict[str, Any], *, old: str, new: str, reason: str, now: float) -> dict[str, Any]:
    """What CloudWatch publishes. AWS documents no schema; this is the form of its own examples.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    """
    trigger = {
        "Period": alarm.get("Period"),
        "EvaluationPeriods": alarm.get("EvaluationPeriods"),
        "DatapointsToAlarm": alarm.get("DatapointsToAlarm"),
        "ComparisonOperator": alarm.get("ComparisonOperator"),
        "Threshold": alarm.get("Threshold"),
        "TreatMissingData": alarm.get("TreatMissingData", "missing"),
    }
    if alarm.get("Metrics"):
        trigger["Metrics"] = alarm["Metrics"]
    else:
        trigger |= {
            "MetricName": alarm.get("MetricName"),
            "Namespace": alarm.get("Namespace"),
            "StatisticType": "Statistic",
            "Statistic": str(alarm.get("Statistic", "")).upper(),
            "Dimensions": [{"name": each["Name"], "value": each["Value"]} for each in alarm.get("Dimensions") or []],
        }
    return {
        "AlarmName": alarm["AlarmName"],
        "AlarmDescription": alarm.get("AlarmDescription"),
        "AWSAccountId": get_account_id(),
        "AlarmConfigurationUpdatedTimestamp": _timestamp(now),
        "NewStateValue": new,
        "NewStateReason": reason,
        "StateChangeTime": _timestamp(now),
        "Region": _REGION_NAMES.get(get_region(), get_region()),
        "AlarmArn": alarm["AlarmArn"],
        "OldStateValue": old,
        "OKActions": alarm.get("OKActions") or [],
        "AlarmActions": alarm.get("AlarmActions") or [],
        "InsufficientDataActions": alarm.get("InsufficientDataActions") or [],
        "Trigger": {name: value for name, value in trigger.items() if value is not None},
    }


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
