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
from tests.api.published import publish
from tests.fix_api import Client
from tests.fix_database import Database

PATH = "/api/v1/views/public.summary/rows"
SETTINGS = Settings(service="prod-main", metrics_namespace="Vistafresca")


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    logger = logging.getLogger("test_metrics")
    count_fallbacks(SETTINGS, logger)
    yield logger
    logger.handlers.clear()


@pytest.fixture
def counting() -> Iterator[None]:
    """The API's own records count, as on Lambda."""
    logger = logging.getLogger("vistafresca.api")
    before = list(logger.handlers)
    count_fallbacks(SETTINGS, logger)
    yield
    logger.handlers[:] = before


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


def counted(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The metrics of standard output, where the server's own lines are, too."""
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith('{"')]
    return [name for line in map(json.loads, lines) for name in ("ApiFallbacks", "ApiFallbackRefused") if name in line]


@pytest.mark.usefixtures("counting")
def test_an_empty_view_counts_as_a_fallback_and_without_a_base_as_refused(
    client: Client, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(database, refresh=False, on_stale="base", base="public.summary_base")
    assert client.get(PATH).json["source"] == "base"
    assert counted(capsys) == ["ApiFallbacks"]
    database.execute("UPDATE bi_refresh.view_policy SET endpoint = endpoint || jsonb_build_object('base', NULL)")
    assert client.get(PATH).status == 503
    assert counted(capsys) == ["ApiFallbackRefused"]


@pytest.mark.usefixtures("counting")
def test_a_caller_who_wants_newer_data_than_was_promised_pages_nobody(
    client: Client, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(database, base="public.summary_base")
    answer = client.get(PATH, {"max_staleness": "0 seconds", "on_stale": "base"})
    assert (answer.status, answer.json["source"]) == (200, "base"), answer.body
    assert counted(capsys) == []
