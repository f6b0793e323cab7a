"""Rows of a published view: all of them, filtered, in order, and page by page."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from refresh_task.policies.endpoint import Publication
from tests.api.published import NAMES, ROWS, publish
from tests.fix_api import Client
from tests.fix_database import Database

PATH = "/api/v1/views/public.summary/rows"


def ids(answer: Any) -> list[int]:
    """Of the rows of a good answer."""
    assert answer.status == 200, answer.body
    return [row["id"] for row in answer.json["rows"]]


def test_all_rows_with_what_is_known_of_them(reader: Client) -> None:
    answer = reader.get(PATH)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    body = answer.json
    assert list(body) == ["view", "data_as_of", "lag_s", "freshness", "source", "rows", "next_cursor"]
    assert (body["view"], body["source"], body["freshness"]) == ("public.summary", "materialized_view", "fresh")
    assert body["next_cursor"] is None
    assert [list(row) for row in body["rows"]] == [list(NAMES)] * len(ROWS)
    assert [(row["id"], row["region"], row["n"], row["day"]) for row in body["rows"]] == [
        (id_, region, n, day) for id_, region, n, _, day in ROWS
    ]


def test_numerics_keep_their_digits(reader: Client) -> None:
    assert b"99999999999999999999.5" in reader.get(PATH).body


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"region": "north"}, lambda row: row["region"] == "north"),
        ({"region": ""}, lambda row: row["region"] == ""),
        ({"region": "Ñandú \"q\" 'x' \\"}, lambda row: row["id"] == 8),
        ({"region__eq": "east, or so"}, lambda row: row["id"] == 7),
        ({"region__in": 'north,"east, or so"'}, lambda row: row["region"] in ("north", "east, or so")),
        ({"region__is_null": "true"}, lambda row: row["region"] is None),
        ({"region__is_null": "false"}, lambda row: row["region"] is not None),
        ({"n__gte": "3"}, lambda row: row["n"] is not None and row["n"] >= 3),
        ({"n__gt": "3"}, lambda row: row["n"] is not None and row["n"] > 3),
        ({"n__lt": "2"}, lambda row: row["n"] is not None and row["n"] < 2),
        ({"n__lte": "2"}, lambda row: row["n"] is not None and row["n"] <= 2),
        ({"n__in": "1,7"}, lambda row: row["n"] in (1, 7)),
        ({"score": "1.50"}, lambda row: row["score"] == Decimal("1.5")),
        ({"day__gte": "2026-01-06"}, lambda row: row["day"] is not None and row["day"] >= "2026-01-06"),
        ({"region": "north", "n": "3"}, lambda row: row["region"] == "north" and row["n"] == 3),
        ({"n__gte": "1", "n__lt": "3"}, lambda row: row["n"] in (1, 2)),
    ],
)
def test_filters(reader: Client, query: dict[str, str], expected: Callable[[dict[str, Any]], bool]) -> None:
    rows: list[dict[str, Any]] = [dict(zip(NAMES, row, strict=True)) for row in ROWS]
    for row in rows:
        row["score"] = None if row["score"] is None else Decimal(row["score"])
    wanted = [row["id"] for row in rows if expected(row)]
    assert wanted
    assert ids(reader.get(PATH, query)) == wanted


def _sorted_ids(order: str) -> list[int]:
    """As PostgreSQL orders: NULL is greater than everything; the key at the end."""
    rows: list[dict[str, Any]] = [dict(zip(NAMES, row, strict=True)) for row in ROWS]
    for part in reversed([*order.split(","), "id"]):
        rows.sort(key=partial(_rank, part.removeprefix("-")), reverse=part.startswith("-"))
    return [row["id"] for row in rows]


def _rank(name: str, row: dict[str, Any]) -> tuple[bool, Any]:
    value = row[name]
    return value is None, 0 if value is None else Decimal(value) if name == "score" else value


@pytest.mark.parametrize("order", ["region", "-region", "n,-region", "-n,region", "day,n", "-day,-n", "-id", "score"])
@pytest.mark.parametrize("limit", [1, 3])
def test_pages_are_the_whole_in_order(reader: Client, order: str, limit: int) -> None:
    whole = _sorted_ids(order)
    assert ids(reader.get(PATH, {"order": order})) == whole
    found: list[int] = []
    cursor = None
    for _ in itertools.count():
        query = {"order": order, "limit": str(limit)} | ({"cursor": cursor} if cursor else {})
        answer = reader.get(PATH, query)
        found += ids(answer)
        if (cursor := answer.json["next_cursor"]) is None:
            break
    assert found == whole


def test_a_page_that_ends_with_the_last_row_has_no_next(reader: Client) -> None:
    answer = reader.get(PATH, {"limit": str(len(ROWS))})
    assert (len(answer.json["rows"]), answer.json["next_cursor"]) == (len(ROWS), None)


def test_pages_of_a_view_without_a_key(client: Client, database: Database) -> None:
    publish(database, key=None)
    first = client.get(PATH, {"order": "n", "limit": "4"})
    second = client.get(PATH, {"order": "n", "limit": "6", "cursor": first.json["next_cursor"]})
    assert sorted(ids(first) + ids(second)) == [row[0] for row in ROWS]


def test_the_endpoints_own_order(client: Client, database: Database) -> None:
    publish(database, order=["-n", "region"])
    assert ids(client.get(PATH)) == _sorted_ids("-n,region")


def test_columns_may_be_called_with_a_percent_sign(client: Client, database: Database) -> None:
    database.execute(
        'CREATE MATERIALIZED VIEW shares AS SELECT n AS "%s", 10 * n AS "share %", 100 * n AS "%(p0)s"'
        " FROM generate_series(1, 4) AS n"
    )
    database.execute('CREATE UNIQUE INDEX ON shares ("%s")')
    database.execute(
        "INSERT INTO bi_refresh.view_policy (view_name, endpoint) VALUES ('public.shares', %s)",
        json.dumps(Publication().to_json()),
    )
    path = "/api/v1/views/shares/rows"
    rows = [{"%s": n, "share %": 10 * n, "%(p0)s": 100 * n} for n in range(1, 5)]
    assert client.get(path).json["rows"] == rows
    assert client.get(path, {"share %__gte": "20", "%(p0)s__in": "200,300", "order": "-share %"}).json["rows"] == [
        rows[2],
        rows[1],
    ]
    page = client.get(path, {"order": "-share %", "limit": "3"}).json
    assert client.get(path, {"order": "-share %", "cursor": page["next_cursor"]}).json["rows"] == [rows[0]]
    refused = client.get(path, {"share %": "much"})
    assert (refused.status, "share %" in refused.json["detail"]) == (422, True)
