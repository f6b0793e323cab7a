"""Metric filters: log lines into metrics.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
Refused, since the documentation does not say what they come to: a dimension that the line lacks, or whose value is no
text; a default other than zero, of which it does not say whether it is counted per line or per minute.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from tests.emulation.cloudwatch import filter_pattern
from tests.emulation.cloudwatch.datum import Datum
from tests.emulation.cloudwatch.json_pattern import JsonPattern
from tests.emulation.cloudwatch.selector import Absent, Selector
from tests.emulation.unsupported import UnsupportedError

MOST_DIMENSIONS = 3


def data(metric_filter: Mapping[str, Any], message: str, timestamp: datetime) -> list[Datum]:
    """What one line comes to, with one entry of describe_metric_filters."""
    pattern = filter_pattern.parse(metric_filter["filterPattern"])
    matched = pattern.matches(message)
    line = json.loads(message) if matched and isinstance(pattern, JsonPattern) else {}
    return [
        datum
        for transformation in metric_filter["metricTransformations"]
        for datum in _datum(transformation, line, timestamp, matched=matched)
    ]


def check(metric_filter: Mapping[str, Any]) -> None:
    """Refuse what this evaluator does not know, before there is any line."""
    pattern = filter_pattern.parse(metric_filter["filterPattern"])
    for transformation in metric_filter["metricTransformations"]:
        _check(transformation)
        selectors = [*transformation.get("dimensions", {}).values(), transformation["metricValue"]]
        if not isinstance(pattern, JsonPattern) and any(text.startswith("$") for text in selectors):
            msg = f"fields can be taken from JSON patterns only, not with {pattern}"
            raise UnsupportedError(msg)


def _check(transformation: Mapping[str, Any]) -> None:
    known = {"metricName", "metricNamespace", "metricValue", "defaultValue", "dimensions", "unit"}
    if unknown := transformation.keys() - known:
        msg = f"this evaluator does not know {', '.join(sorted(unknown))} of a metric transformation"
        raise UnsupportedError(msg)
    dimensions = transformation.get("dimensions", {})
    default = transformation.get("defaultValue")
    if dimensions and default is not None:
        msg = f"{transformation['metricName']}: with dimensions there can be no default value"
        raise UnsupportedError(msg)
    if len(dimensions) > MOST_DIMENSIONS:
        msg = f"{transformation['metricName']}: there can be {MOST_DIMENSIONS} dimensions, not {len(dimensions)}"
        raise UnsupportedError(msg)
    if default not in (None, 0):
        msg = f"{transformation['metricName']}: how often a default of {default} counts is not documented"
        raise UnsupportedError(msg)
    for selector in dimensions.values():
        Selector.parse(selector)
    if transformation["metricValue"].startswith("$"):
        Selector.parse(transformation["metricValue"])
    else:
        float(transformation["metricValue"])


def _datum(
    transformation: Mapping[str, Any], line: Mapping[str, Any], timestamp: datetime, *, matched: bool
) -> Iterator[Datum]:
    _check(transformation)
    value = _value(transformation["metricValue"], line) if matched else transformation.get("defaultValue")
    if value is not None:
        dimensions = transformation.get("dimensions", {}) if matched else {}
        yield Datum(
            namespace=transformation["metricNamespace"],
            name=transformation["metricName"],
            dimensions=frozenset((name, _dimension(name, field, line)) for name, field in dimensions.items()),
            timestamp=timestamp,
            value=float(value),
            unit=transformation.get("unit", "None"),
        )


def _value(text: str, line: Mapping[str, Any]) -> float | None:
    """A literal, or the number in a field; nothing where there is no number."""
    if not text.startswith("$"):
        return float(text)
    value = Selector.parse(text).find(line)
    if isinstance(value, str):
        msg = f"whether the text {value!r} in {text} counts as a number is not documented"
        raise UnsupportedError(msg)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _dimension(name: str, field: str, line: Mapping[str, Any]) -> str:
    value = Selector.parse(field).find(line)
    if not isinstance(value, str):
        missing = "absent" if value is Absent else f"no text but {json.dumps(value)}"
        msg = f"dimension {name}: {field} is {missing}, and what that comes to is not documented"
        raise UnsupportedError(msg)
    return value
