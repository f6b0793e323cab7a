"""How old an answer is: in its body and its headers, and what happens where that is too old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

from api.identity import Principal
from api.services import Refreshed
from tests.api.published import make_older, publish
from tests.fix_api import ADMIN, CLIENTS, READER, Client
from tests.fix_database import Database

PATH = "/api/v1/views/public.summary/rows"


def test_the_data_timestamp_and_its_age(client: Client, database: Database) -> None:
    view = publish(database)
    make_older(database, view, "100 seconds")
    answer = client.get(PATH)
    data_as_of = datetime.fromisoformat(answer.json["data_as_of"])
    assert data_as_of == database.value("SELECT data_timestamp FROM bi_refresh.view_state")
    assert data_as_of.utcoffset() == timedelta(0)
    assert 100 <= answer.json["lag_s"] < 160
    assert int(answer.headers["age"]) == int(answer.json["lag_s"])
    refreshed_at = database.value("SELECT refreshed_at FROM bi_refresh.view_state")
    assert parsedate_to_datetime(answer.headers["last-modified"]) == refreshed_at.astimezone(UTC).replace(microsecond=0)
    assert answer.headers["cache-control"] == "private, no-cache"


def test_freshness_is_that_of_the_status(client: Client, database: Database) -> None:
    view = publish(database)
    for age, freshness in (("14 min", "fresh"), ("20 min", "stale"), ("31 min", "very_stale")):
        make_older(database, view, age)
        assert client.get(PATH).json["freshness"] == freshness
        assert database.value("SELECT freshness FROM bi_refresh.view_status") == freshness
        assert client.get("/api/v1/mv/summary").json["freshness"] == freshness


def test_what_the_client_has_is_not_sent_again(client: Client, database: Database) -> None:
    view = publish(database)
    tag = client.get(PATH).headers["etag"]
    again = client.get(PATH, headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    assert "age" in again.headers
    assert client.get(PATH, {"n": "3"}, headers={"If-None-Match": tag}).status == 200
    database.execute("UPDATE source_rows SET n = 5 WHERE id = 1")
    database.execute("SELECT * FROM bi_refresh.refresh_bi_views(%s)", [view])
    changed = client.get(PATH, headers={"If-None-Match": tag})
    assert (changed.status, changed.json["rows"][0]["n"]) == (200, 5)


def test_max_staleness_of_the_client(client: Client, database: Database) -> None:
    view = publish(database)
    ways = ("3600", "PT1H", "PT60M", "1 hour", "59 minutes 60 seconds")
    make_older(database, view, "55 minutes")
    assert {client.get(PATH, {"max_staleness": way, "on_stale": "fail"}).status for way in ways} == {200}
    make_older(database, view, "61 minutes")
    for way in ways:
        answer = client.get(PATH, {"max_staleness": way, "on_stale": "fail"})
        assert (answer.status, answer.json["type"]) == (503, "urn:vistafresca:problem:view-too-stale")
        assert int(answer.headers["retry-after"]) > 0


def test_what_the_endpoint_says_of_old_data_holds(client: Client, database: Database) -> None:
    make_older(database, publish(database, max_staleness_s=60, on_stale="fail"), "2 minutes")
    assert client.get(PATH).status == 503
    # who publishes it so wants nobody to see old data
    assert client.get(PATH, {"on_stale": "serve"}).status == 400
    assert client.get(PATH, {"max_staleness": "3 minutes"}).status == 200


def test_old_data_is_served_unless_somebody_minds(client: Client, database: Database) -> None:
    make_older(database, publish(database, max_staleness_s=60), "2 days")
    answer = client.get(PATH)
    assert (answer.status, answer.json["freshness"]) == (200, "very_stale")


def test_a_view_of_unknown_age(client: Client, database: Database) -> None:
    publish(database, refresh=False)
    database.execute("REFRESH MATERIALIZED VIEW summary")
    answer = client.get(PATH)
    assert (answer.status, answer.json["data_as_of"], answer.json["lag_s"]) == (200, None, None)
    assert answer.json["freshness"] == "very_stale"
    assert not {"age", "etag", "last-modified"} & answer.headers.keys()
    assert client.get(PATH, {"on_stale": "fail"}).status == 503


class _Refresher:
    """Refreshes as the task would, and notes down for whom."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.asked: list[Principal] = []
        self.leaves_it_to_the_task = False

    def refresh(self, view: str, principal: Principal, *, force: bool = False) -> Refreshed:
        assert force
        self.asked.append(principal)
        if self.leaves_it_to_the_task:
            return Refreshed(view, refreshed=False, message="it takes a minute", status_url="/status/1")
        self.database.execute("SELECT * FROM bi_refresh.refresh_bi_views(%s)", [view])
        return Refreshed(view, refreshed=True, message="done")


@pytest.mark.parametrize("way", list(CLIENTS))
def test_a_refresh_for_readers(database: Database, way: str) -> None:
    refresher = _Refresher(database)
    client = CLIENTS[way](database, refresher=refresher)
    view = publish(database, on_stale="refresh")
    make_older(database, view, "1 hour")
    answer = client.get(PATH, principal=READER)
    assert (answer.status, answer.json["freshness"]) == (200, "fresh")
    assert refresher.asked == [Principal("readers of public.summary", frozenset({"admin"}))]

    make_older(database, view, "1 hour")
    refresher.leaves_it_to_the_task = True
    answer = client.get(PATH, principal=READER)
    assert (answer.status, answer.json["status_url"]) == (503, "/status/1")
    client.close()


@pytest.mark.parametrize("way", list(CLIENTS))
def test_who_may_refresh_may_ask_for_it(database: Database, way: str) -> None:
    refresher = _Refresher(database)
    client = CLIENTS[way](database, refresher=refresher)
    make_older(database, publish(database), "1 hour")
    assert client.get(PATH, {"on_stale": "refresh"}, principal=READER).status == 400
    assert client.get(PATH, {"on_stale": "refresh"}, principal=ADMIN).json["freshness"] == "fresh"
    assert refresher.asked == [ADMIN]
    client.close()
