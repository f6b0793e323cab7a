"""SQL in every parameter is a value like any other, and no answer shows any of ours."""

from __future__ import annotations

import re

import pytest

from tests.fix_api import Client
from tests.fix_database import Database

PATH = "/api/v1/views/public.summary/rows"
ATTEMPTS = [
    "'; DROP TABLE source_rows; --",
    "north' OR '1'='1",
    '"; DROP TABLE source_rows; --',
    "1); DELETE FROM source_rows; --",
    "1 UNION SELECT usename, passwd FROM pg_shadow",
    "(SELECT pg_sleep(1))",
    "$1",
    "%(p0)s",
    "%s",
    "{}",
    "\\'; SELECT 1",
    "id; SELECT pg_terminate_backend(pg_backend_pid())",
]
_TELLTALE = re.compile(rb"Traceback|psycopg|File \\\"|bi_refresh\.|view_policy|row_to_json|LINE \d|pg_catalog")


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_no_parameter_is_ever_sql(reader: Client, library: Database, attempt: str) -> None:
    parameters = ("region", "region__in", "n", "n__in", "day__gte", "order", "limit", "cursor", "max_staleness")
    for parameter in (*parameters, "on_stale", attempt, f"region__{attempt}", f"{attempt}__gte"):
        answer = reader.get(PATH, {parameter: attempt})
        assert answer.status in (200, 400, 422), (parameter, answer.body)
        if answer.status == 200:
            assert answer.json["rows"] == []
        assert not _TELLTALE.search(answer.body), answer.body
    for path in ("/api/v1/views/{}/rows", "/api/v1/mv/{}", "/api/v1/mv/{}/plan", "/api/v1/mv/{}/history"):
        answer = reader.get(path.format(attempt))
        assert answer.status == 404, (path, answer.body)
        assert not _TELLTALE.search(answer.body), answer.body
    for query in ({"status": attempt}, {"limit": attempt}):
        assert reader.get("/api/v1/mv/summary/history", query).status == 422
    for header in ("If-None-Match", "Accept-Encoding", "Accept"):
        assert reader.get(PATH, headers={header: attempt}).status == 200
    assert library.value("SELECT count(*) FROM source_rows") == 10


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        *((PATH, name) for name in ("region", "region__in", "n", "day__gte", "order", "cursor", "on_stale")),
        (PATH, "max_staleness"),
        (PATH, "a\0name"),
        ("/api/v1/mv/metrics/refresh-history", "view"),
    ],
)
def test_a_nul_is_refused_in_every_text(reader: Client, path: str, parameter: str) -> None:
    answer = reader.get(path, {parameter: "nor\0th"})
    assert (answer.status, answer.json["type"]) == (400, "urn:vistafresca:problem:invalid-filter")
    assert reader.get(PATH, {"region": "%00"}).json["rows"] == []  # these three characters are none


@pytest.mark.parametrize("path", ["/api/v1/views/sum\0mary/rows", "/api/v1/mv/sum\0mary", "/api/v1/mv/health/\0"])
def test_no_path_has_a_nul(reader: Client, path: str) -> None:
    assert reader.get(path).status == 404
