"""The examples and the rules of "Specification: Embedded metric format".

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.emulation.cloudwatch import embedded_metrics
from tests.emulation.cloudwatch.datum import Datum
from tests.emulation.cloudwatch.embedded_metrics import SpecificationError
from tests.emulation.unsupported import UnsupportedError

EXAMPLE: dict[str, Any] = {
    "_aws": {
        "Timestamp": 1574109732004,
        "CloudWatchMetrics": [
            {
                "Namespace": "lambda-function-metrics",
                "Dimensions": [["functionVersion"]],
                "Metrics": [{"Name": "time", "Unit": "Milliseconds", "StorageResolution": 60}],
            }
        ],
    },
    "functionVersion": "$LATEST",
    "time": 100,
    "requestId": "989ffbf8-9ace-4817-a57c-e4dd734019ee",
}
THEN = datetime.fromtimestamp(1574109732.004, UTC)


def data(line: Any) -> list[Datum]:
    return embedded_metrics.data(json.dumps(line), THEN)


def changed(path: list[str | int], value: Any) -> dict[str, Any]:
    """The example with one value replaced; with `...`, without it."""
    line = deepcopy(EXAMPLE)
    holder: Any = line
    for step in path[:-1]:
        holder = holder[step]
    if value is ...:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return line


DIRECTIVE: list[str | int] = ["_aws", "CloudWatchMetrics", 0]


def test_the_example() -> None:
    assert data(EXAMPLE) == [
        Datum(
            namespace="lambda-function-metrics",
            name="time",
            dimensions=frozenset({("functionVersion", "$LATEST")}),
            timestamp=THEN,
            value=100.0,
            unit="Milliseconds",
        )
    ]


def test_an_array_is_one_value_each() -> None:
    assert [datum.value for datum in data(changed(["time"], [1, 2.5]))] == [1.0, 2.5]
    assert data(changed(["time"], [])) == []


def test_every_dimension_set_makes_a_metric_and_the_empty_one_too() -> None:
    line = changed([*DIRECTIVE, "Dimensions"], [["functionVersion"], ["functionVersion", "requestId"], []])
    assert [len(datum.dimensions) for datum in data(line)] == [1, 2, 0]


def test_the_unit_and_the_resolution_are_optional() -> None:
    (datum,) = data(changed([*DIRECTIVE, "Metrics"], [{"Name": "time"}]))
    assert datum.unit == "None"


def test_a_reference_with_a_dot_is_a_name_and_not_a_path() -> None:
    line = changed([*DIRECTIVE, "Metrics"], [{"Name": "A.a"}])
    assert [datum.value for datum in data(line | {"A.a": 1})] == [1.0]
    with pytest.raises(SpecificationError, match=r"A\.a is not on the root node"):
        data(line | {"A": {"a": 1}})


def test_members_that_the_specification_does_not_know_are_ignored() -> None:
    assert data(changed([*DIRECTIVE, "Other"], 1)) == data(EXAMPLE)


@pytest.mark.parametrize("line", ["START RequestId: 1", "[1]", "1", '{"message": "no metrics"}'])
def test_other_lines_hold_no_metrics(line: str) -> None:
    assert embedded_metrics.data(line, THEN) == []


def test_data_before_or_after_the_object_make_it_another_line() -> None:
    assert embedded_metrics.data(f"2019-11-18 {json.dumps(EXAMPLE)}", THEN) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["_aws"], []),
        (["_aws", "Timestamp"], ...),
        (["_aws", "Timestamp"], "1574109732004"),
        (["_aws", "CloudWatchMetrics"], ...),
        ([*DIRECTIVE, "Namespace"], ...),
        ([*DIRECTIVE, "Namespace"], ""),
        ([*DIRECTIVE, "Namespace"], "n" * 1025),
        ([*DIRECTIVE, "Dimensions"], ...),
        ([*DIRECTIVE, "Dimensions"], []),
        ([*DIRECTIVE, "Dimensions"], ["functionVersion"]),
        ([*DIRECTIVE, "Dimensions"], [["absent"]]),
        ([*DIRECTIVE, "Dimensions"], [["time"]]),
        ([*DIRECTIVE, "Dimensions"], [["functionVersion"] * 31]),
        ([*DIRECTIVE, "Metrics"], ...),
        ([*DIRECTIVE, "Metrics"], [{}]),
        ([*DIRECTIVE, "Metrics"], [{"Name": "absent"}]),
        ([*DIRECTIVE, "Metrics"], [{"Name": "time"}] * 101),
        ([*DIRECTIVE, "Metrics"], [{"Name": "time", "Unit": "Fortnights"}]),
        (["functionVersion"], "v" * 1025),
        (["functionVersion"], " "),
        (["functionVersion"], "é"),
        (["time"], "100"),
        (["time"], True),
        (["time"], {"value": 1}),
        (["time"], [1] * 101),
    ],
)
def test_what_the_specification_forbids_is_an_error(path: list[str | int], value: Any) -> None:
    with pytest.raises(SpecificationError):
        data(changed(path, value))


@pytest.mark.parametrize("late", [timedelta(days=15), timedelta(hours=-3)])
def test_a_timestamp_may_be_two_weeks_old_or_two_hours_ahead(late: timedelta) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#about_timestamp"""
    with pytest.raises(SpecificationError, match="too far"):
        embedded_metrics.data(json.dumps(EXAMPLE), THEN + late)


def test_high_resolution_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="high-resolution"):
        data(changed([*DIRECTIVE, "Metrics"], [{"Name": "time", "StorageResolution": 1}]))
