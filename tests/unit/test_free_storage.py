"""What CloudWatch says of an instance's storage; its answers are those that botocore would give."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.client
import botocore.exceptions
import pytest

from refresh_task.database import read_free_storage
from refresh_task.errors import VistafrescaError

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def cloudwatch(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The answers to come (an exception is raised), then the question that was asked."""
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    answers: list[Any] = []

    def call(_client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        answer = answers.pop(0)
        answers.append((operation, parameters))
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
    return answers


def test_the_newest_data_point_counts(cloudwatch: list[Any]) -> None:
    points = [{"Timestamp": NOON - timedelta(minutes=age), "Minimum": 1e9 * age} for age in (3, 1, 2)]
    cloudwatch.append({"Datapoints": points})
    assert read_free_storage("main") == 1e9
    ((operation, parameters),) = cloudwatch
    assert (operation, parameters["Namespace"], parameters["MetricName"]) == (
        "GetMetricStatistics", "AWS/RDS", "FreeStorageSpace",
    )  # fmt: skip
    assert parameters["Dimensions"] == [{"Name": "DBInstanceIdentifier", "Value": "main"}]


def test_no_data_point_is_explained(cloudwatch: list[Any]) -> None:
    cloudwatch.append({"Datapoints": []})
    with pytest.raises(VistafrescaError, match="has no FreeStorageSpace of main") as unknown:
        read_free_storage("main")
    assert "Aurora has no such metric" in unknown.value.remedy


def test_a_refusal_is_explained(cloudwatch: list[Any]) -> None:
    denied = {"Error": {"Code": "AccessDenied", "Message": "no policy allows it"}}
    cloudwatch.append(botocore.exceptions.ClientError(denied, "GetMetricStatistics"))
    with pytest.raises(VistafrescaError, match="no policy allows it") as unknown:
        read_free_storage("main")
    assert "cloudwatch:GetMetricStatistics" in unknown.value.remedy
