"""The examples of "Configuring metric values", "Publishing dimensions" and "Using values in log events".

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.emulation.cloudwatch import metric_filters
from tests.emulation.cloudwatch.datum import Datum
from tests.emulation.unsupported import UnsupportedError

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATENCY = json.dumps({"latency": 50, "requestType": "GET"})
TRAIL = json.dumps({"eventType": "UpdateTrail", "sourceIPAddress": "111.111.111.111", "arrayKey": ["value"]})


def of(pattern: str, **transformation: Any) -> dict[str, Any]:
    """An entry of describe_metric_filters."""
    named = {"metricName": "myMetric", "metricNamespace": "Mine", "metricValue": "1"}
    return {
        "filterName": "mine",
        "filterPattern": pattern,
        "logGroupName": "group",
        "creationTime": 0,
        "metricTransformations": [named | transformation],
    }


def datum(value: float, **dimensions: str) -> Datum:
    return Datum(
        namespace="Mine", name="myMetric", dimensions=frozenset(dimensions.items()), timestamp=NOON, value=value
    )


def test_a_value_found_in_the_line_is_published() -> None:
    found = metric_filters.data(of("{ $.latency = * }", metricValue="$.latency"), LATENCY, NOON)
    assert found == [datum(50)]


def test_a_field_of_the_line_is_a_dimension() -> None:
    metric_filter = of(
        '{ $.eventType = "*" && $.sourceIPAddress != 123.123.* }', dimensions={"eventType": "$.eventType"}
    )
    assert metric_filters.data(metric_filter, TRAIL, NOON) == [datum(1, eventType="UpdateTrail")]


def test_the_metric_grows_by_its_value_with_each_match_and_by_its_default_without() -> None:
    """The page: two matches in a minute make 2; two records without a match make 0."""
    metric_filter = of("ERROR", defaultValue=0)
    first = [found for line in ("ERROR a", "ERROR b") for found in metric_filters.data(metric_filter, line, NOON)]
    second = [found for line in ("fine", "fine") for found in metric_filters.data(metric_filter, line, NOON)]
    assert sum(found.value for found in first) == 2
    assert sum(found.value for found in second) == 0
    assert second


def test_without_a_default_a_line_that_does_not_match_reports_nothing() -> None:
    assert metric_filters.data(of("ERROR"), "fine", NOON) == []


def test_the_unit_is_kept() -> None:
    (found,) = metric_filters.data(of("ERROR", unit="Count"), "ERROR", NOON)
    assert found.unit == "Count"


@pytest.mark.parametrize("line", ['{"latency": null}', '{"latency": [1]}', "{}", '{"latency": true}'])
def test_where_there_is_no_number_nothing_is_published(line: str) -> None:
    assert metric_filters.data(of("{ $.other NOT EXISTS }", metricValue="$.latency"), line, NOON) == []


@pytest.mark.parametrize(
    ("transformation", "pattern"),
    [
        ({"defaultValue": 0, "dimensions": {"a": "$.a"}}, "{ $.a = * }"),  # "you can't specify default values"
        ({"dimensions": {name: f"$.{name}" for name in "abcd"}}, "{ $.a = * }"),  # "up to three dimensions"
        ({"defaultValue": 1}, "ERROR"),
        ({"dimensions": {"a": "$a"}}, "{ $.a = * }"),
        ({"dimensions": {"a": "$.a"}}, "ERROR"),
        ({"metricValue": "$.a"}, "ERROR"),
        ({"metricValue": "$a"}, "{ $.a = * }"),
        ({"applyOnTransformedLogs": True}, "ERROR"),
    ],
)
def test_what_it_does_not_know_it_refuses_before_there_is_any_line(
    transformation: dict[str, Any], pattern: str
) -> None:
    with pytest.raises(UnsupportedError):
        metric_filters.check(of(pattern, **transformation))


@pytest.mark.parametrize("line", ["{}", '{"service": 1}', '{"service": null}'])
def test_a_dimension_that_the_line_lacks_is_refused(line: str) -> None:
    with pytest.raises(UnsupportedError, match="dimension service"):
        metric_filters.data(of("{ $.other NOT EXISTS }", dimensions={"service": "$.service"}), line, NOON)


def test_a_number_written_as_a_text_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="counts as a number"):
        metric_filters.data(of("{ $.other NOT EXISTS }", metricValue="$.latency"), '{"latency": "50"}', NOON)
