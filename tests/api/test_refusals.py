"""What the API refuses, and that it says what there is instead."""

from __future__ import annotations

import base64
import json

import pytest

from tests.api.published import publish
from tests.fix_api import ADMIN, CLIENTS, READER, Client
from tests.fix_database import Database

PATH = "/api/v1/views/public.summary/rows"


@pytest.mark.parametrize(
    ("query", "status", "slug", "told"),
    [
        ({"colour": "red"}, 400, "unknown-filter", "id, region, n, score, day"),
        ({"region__like": "n%"}, 400, "unknown-filter", "is_null"),
        ({"region__is_null": "perhaps"}, 400, "invalid-filter", "region__is_null=true"),
        ([("n", "1"), ("n", "2")], 400, "filter-given-twice", "n__in"),
        ({"n": "three"}, 422, "invalid-value", "integer"),
        ({"n__in": "1,three"}, 422, "invalid-value", "integer"),
        ({"n": "99999999999"}, 422, "invalid-value", "integer"),
        ({"day__gte": "2026-02-30"}, 422, "invalid-value", "date"),
        ({"score": "much"}, 422, "invalid-value", "numeric"),
        ({"order": "colour"}, 400, "unknown-column", "id, region, n, score, day"),
        ({"order": "n,-n"}, 400, "invalid-order", "one of the two"),
        ({"limit": "0"}, 422, "invalid-request", "openapi"),
        ({"limit": "many"}, 422, "invalid-request", "openapi"),
        ({"limit": "1001"}, 400, "limit-out-of-range", "next_cursor"),
        ({"cursor": "abc"}, 400, "invalid-cursor", "without a cursor"),
        ({"cursor": "é"}, 400, "invalid-cursor", "without a cursor"),
        ({"max_staleness": "soon"}, 400, "invalid-max-staleness", "PT10M"),
        ({"on_stale": "pray"}, 400, "on-stale-not-allowed", "serve, base, fail"),
        ("region=%00", 400, "invalid-filter", "Take it out"),
        ("&".join(f"a{n}=1" for n in range(101)), 400, "too-many-filters", "fewer"),
    ],
)
def test_a_wrong_question(reader: Client, query: dict[str, str], status: int, slug: str, told: str) -> None:
    answer = reader.get(PATH, query)
    assert (answer.status, answer.json["type"]) == (status, f"urn:vistafresca:problem:{slug}")
    assert told in answer.json["remedy"]
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "query", [{"order": "n,id"}, {"order": "-n", "region": "north"}, {"order": "-n", "n__gte": "0"}]
)
def test_a_cursor_of_another_question(reader: Client, query: dict[str, str]) -> None:
    cursor = reader.get(PATH, {"order": "-n", "limit": "2"}).json["next_cursor"]
    answer = reader.get(PATH, {**query, "cursor": cursor})
    assert (answer.status, answer.json["type"]) == (400, "urn:vistafresca:problem:cursor-of-another-question")


def _forged(cursor: str, after: object) -> str:
    purpose, _ = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    return base64.urlsafe_b64encode(json.dumps([purpose, after]).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "after", [["x", "y"], ["1"], [1, 2], "ab", {}, [None, "0x1f"], ["\0", "1"], ["\ud800", "1"], [["1"], "1"]]
)
def test_a_forged_cursor(reader: Client, after: object) -> None:
    cursor = reader.get(PATH, {"order": "n", "limit": "2"}).json["next_cursor"]
    answer = reader.get(PATH, {"order": "n", "cursor": _forged(cursor, after)})
    if after == [None, "0x1f"] and answer.status == 200:
        return  # PostgreSQL 16 and later read this as a number
    assert answer.status == 400, answer.body


@pytest.mark.parametrize(("view", "near"), [("public.summery", "summary"), ("nonsense", "/api/v1/mv")])
def test_an_unknown_view(reader: Client, view: str, near: str) -> None:
    for path in (f"/api/v1/views/{view}/rows", f"/api/v1/mv/{view}", f"/api/v1/mv/{view}/plan"):
        answer = reader.get(path)
        assert (answer.status, answer.json["type"]) == (404, "urn:vistafresca:problem:unknown-view")
        assert near in answer.json["remedy"]


def test_a_view_that_is_not_published(client: Client, database: Database) -> None:
    publish(database)
    database.execute("UPDATE bi_refresh.view_policy SET endpoint = NULL")
    answer = client.get(PATH)
    assert (answer.status, answer.json["type"]) == (404, "urn:vistafresca:problem:view-not-published")
    assert client.get("/api/v1/mv/summary").json["rows_url"] is None


def test_columns_that_are_not_declared_are_neither_filters_nor_orders(client: Client, database: Database) -> None:
    publish(database, filters=["region"], order=["-n"])
    assert client.get(PATH, {"region": "north", "order": "region,-n,id"}).status == 200
    assert client.get(PATH, {"score": "1"}).json["filters"] == ["region"]
    assert client.get(PATH, {"order": "score"}).json["columns"] == ["id", "region", "n"]


def test_an_ambiguous_name_is_not_guessed(client: Client, database: Database) -> None:
    publish(database)
    database.execute("CREATE SCHEMA other; CREATE MATERIALIZED VIEW other.summary AS SELECT 1 AS id")
    database.manage("other.summary")
    answer = client.get("/api/v1/mv/summary")
    assert (answer.status, answer.json["views"]) == (404, ["other.summary", "public.summary"])


def test_hyphens_stand_for_underscores(client: Client, database: Database) -> None:
    publish(database, name="summary_of_it")
    for written in ("summary-of-it", "public.summary-of-it", "summary_of_it"):
        assert client.get(f"/api/v1/views/{written}/rows").json["view"] == "public.summary_of_it"


def test_names_that_need_quotes(client: Client, database: Database) -> None:
    publish(database)
    database.execute('ALTER MATERIALIZED VIEW summary RENAME TO "Año 1; --"')
    database.execute("""INSERT INTO bi_refresh.view_policy (view_name, endpoint)
        SELECT 'public."Año 1; --"', endpoint FROM bi_refresh.view_policy""")
    assert client.get("/api/v1/views/public.Año 1; --/rows").status == 200


@pytest.mark.parametrize("way", list(CLIENTS))
def test_the_apis_role_may_not_read_it(database: Database, way: str) -> None:
    publish(database)
    # every session from now on is that of a login role that nobody has granted the view
    database.execute(f"ALTER DATABASE {database.name} SET role = 'bi_refresh_operator'")
    client = CLIENTS[way](database)
    answer = client.get(PATH)
    assert (answer.status, answer.json["type"]) == (500, "urn:vistafresca:problem:view-not-granted")
    client.close()


def test_roles_of_the_endpoint(client: Client, database: Database) -> None:
    publish(database, roles=["admin", "auditor"])
    assert client.get(PATH, principal=ADMIN).status == 200
    answer = client.get(PATH, principal=READER)
    assert (answer.status, answer.json["roles"]) == (403, ["admin", "auditor"])
