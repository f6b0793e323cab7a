"""What the API counts of its fallbacks, for the alarms of infrastructure/api/alarms.py."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from api.metrics import FALLBACKS, count_fallbacks
from api.problems import Problem
from refresh_task.settings import Settings


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    logger = logging.getLogger("test_metrics")
    count_fallbacks(Settings(service="prod-main", metrics_namespace="Vistafresca"), logger)
    yield logger
    logger.handlers.clear()


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def problem(slug: str) -> Problem:
    return Problem.later(slug, "public.summary cannot be read.", remedy="Try again later.", retry_after_s=5)


def test_an_answer_from_the_base_relation_counts_with_the_dimension_that_the_alarm_has(
    logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    logger.warning("Usando vista base %s", "public.v_summary", extra={"counts": FALLBACKS})
    (line,) = written(capsys)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"]) == ("Vistafresca", [["service"]])
    assert [metric["Name"] for metric in directive["Metrics"]] == ["ApiFallbacks"]
    assert (line["service"], line["ApiFallbacks"]) == ("prod-main", [1.0])


@pytest.mark.parametrize("slug", ["base-busy", "base-failing", "view-unavailable"])
def test_a_reader_who_gets_neither_view_nor_base_counts_as_refused(
    logger: logging.Logger, capsys: pytest.CaptureFixture[str], slug: str
) -> None:
    logger.error("request %s: %s", "r-1", problem(slug), extra={"request_id": "r-1"})
    (line,) = written(capsys)
    assert line["ApiFallbackRefused"] == [1.0]


@pytest.mark.parametrize("slug", ["view-too-stale", "database-unavailable", "internal"])
def test_a_callers_own_demand_and_other_faults_do_not_count(
    logger: logging.Logger, capsys: pytest.CaptureFixture[str], slug: str
) -> None:
    logger.error("request %s: %s", "r-1", problem(slug), extra={"request_id": "r-1"})
    logger.warning("a view is late")
    assert written(capsys) == []
