"""Where the view cannot be read, its base relation is: guarded, so that its readers do no harm."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter

import pytest

from api.services import GuardLimits
from tests.api.published import ROWS, make_older, publish
from tests.fix_api import CLIENTS, Client, HttpClient
from tests.fix_database import WAITING_SESSIONS, Database

PATH = "/api/v1/views/public.summary/rows"
BASE = "public.summary_base"


@pytest.mark.parametrize("state", ["dropped", "unpopulated", "too old"])
def test_the_base_relation_answers(
    client: Client, database: Database, state: str, caplog: pytest.LogCaptureFixture
) -> None:
    view = publish(database, base=BASE, on_stale="base")
    match state:
        case "dropped":
            database.execute("DROP MATERIALIZED VIEW summary")
        case "unpopulated":
            database.execute("REFRESH MATERIALIZED VIEW summary WITH NO DATA")
        case "too old":
            make_older(database, view, "1 day")
    database.execute("INSERT INTO source_rows VALUES (11, 'new', 1, 1, NULL)")
    with caplog.at_level(logging.INFO, "vistafresca.api"):
        answer = client.get(PATH, {"region": "new"})
    assert answer.status == 200, answer.body
    assert (answer.json["source"], answer.json["freshness"], answer.json["lag_s"]) == ("base", "fresh", 0.0)
    assert [row["id"] for row in answer.json["rows"]] == [11]
    assert answer.headers["age"] == "0"
    assert "etag" not in answer.headers
    assert "Usando vista base public.summary_base" in caplog.text


@pytest.mark.parametrize("state", ["dropped", "unpopulated"])
def test_without_a_base_relation_it_is_unavailable(client: Client, database: Database, state: str) -> None:
    publish(database)
    database.execute(
        "DROP MATERIALIZED VIEW summary" if state == "dropped" else "REFRESH MATERIALIZED VIEW summary WITH NO DATA"
    )
    answer = client.get(PATH)
    assert (answer.status, answer.json["type"]) == (503, "urn:vistafresca:problem:view-unavailable")
    assert int(answer.headers["retry-after"]) > 0


def test_who_asks_to_fail_does_not_get_the_base(client: Client, database: Database) -> None:
    publish(database, base=BASE)
    database.execute("DROP MATERIALIZED VIEW summary")
    assert client.get(PATH, {"on_stale": "fail"}).status == 503


def test_the_base_relation_is_gone_too(client: Client, database: Database) -> None:
    publish(database, base=BASE)
    database.execute("DROP MATERIALIZED VIEW summary; DROP VIEW summary_base")
    assert client.get(PATH).status == 503


def test_pages_go_on_when_the_view_goes(client: Client, database: Database) -> None:
    publish(database, base=BASE)
    first = client.get(PATH, {"order": "-n", "limit": "4"})
    database.execute("DROP MATERIALIZED VIEW summary")
    second = client.get(PATH, {"order": "-n", "limit": "50", "cursor": first.json["next_cursor"]})
    assert (first.json["source"], second.json["source"]) == ("materialized_view", "base")
    found = [row["id"] for answer in (first, second) for row in answer.json["rows"]]
    assert found == [2, 6, 5, 1, 3, 7, 9, 8, 4, 10]


def test_a_view_that_comes_back_is_read_again(client: Client, database: Database) -> None:
    view = publish(database, base=BASE)
    database.execute("REFRESH MATERIALIZED VIEW summary WITH NO DATA")
    assert client.get(PATH).json["source"] == "base"
    database.execute("SELECT * FROM bi_refresh.refresh_bi_views(%s)", [view])
    assert client.get(PATH).json["source"] == "materialized_view"


_GATE = 1  # an advisory lock: who holds it keeps the base relation's queries waiting
_WAITING = f"SELECT count(*) FROM ({WAITING_SESSIONS} AND locktype = 'advisory' AND objid = {_GATE}) AS w"

_SLOTS_TAKEN = (
    "SELECT count(*) FROM pg_locks JOIN pg_database AS d ON d.oid = database"
    " WHERE locktype = 'advisory' AND classid = 1447445075 AND datname = current_database()"
)


def _put_gate(database: Database) -> None:
    """Before the base relation of a view that is missing."""
    database.execute("DROP MATERIALIZED VIEW summary")
    database.execute(
        "CREATE FUNCTION pass() RETURNS boolean LANGUAGE plpgsql AS "
        f"$$ BEGIN PERFORM pg_advisory_xact_lock_shared({_GATE}); RETURN true; END $$"
    )
    # once per query: it depends on no row
    database.execute("CREATE OR REPLACE VIEW summary_base AS SELECT * FROM source_rows WHERE (SELECT public.pass())")


def test_200_readers_of_a_missing_view_run_no_more_queries_than_two(database: Database) -> None:
    publish(database, base=BASE)
    client = HttpClient(database, guard_limits=GuardLimits(queries=2, patience_s=0.0))
    _put_gate(database)

    async def ask_all() -> None:
        async def wait_for(queries: int) -> None:
            await asyncio.to_thread(database.wait_for, f"SELECT 1 WHERE ({_WAITING}) = {queries}")

        with database.connect() as gate:
            gate.execute("SELECT pg_advisory_lock(%s)", [_GATE])
            asking = [asyncio.create_task(client.ask_async("GET", PATH))]
            await wait_for(1)
            asking.append(asyncio.create_task(client.ask_async("GET", PATH, {"n": "3"})))
            await wait_for(2)
            equal = [asyncio.create_task(client.ask_async("GET", PATH)) for _ in range(99)]
            others = [client.ask_async("GET", PATH, {"limit": str(limit)}) for limit in range(1, 100)]
            refused = await asyncio.gather(*others)
            assert Counter((each.status, each.json["type"].rpartition(":")[2]) for each in refused) == {
                (503, "base-busy"): 99
            }
            assert all(int(each.headers["retry-after"]) > 0 for each in refused)
            # with all of these waiting, the server still answers others
            assert (await client.ask_async("GET", "/health", principal=None)).status == 200
            assert database.value(_WAITING) == 2
            assert database.value(_SLOTS_TAKEN) == 2
            gate.execute("SELECT pg_advisory_unlock(%s)", [_GATE])
        whole, filtered, *same = await asyncio.gather(*asking, *equal)
        assert [len(each.json["rows"]) for each in (whole, filtered)] == [len(ROWS), 4]
        assert {each.status for each in same} == {200}
        assert {str(each.json["rows"]) for each in same} == {str(whole.json["rows"])}

    asyncio.run(ask_all())
    client.close()


@pytest.mark.parametrize("way", list(CLIENTS))
def test_a_base_relation_that_takes_too_long(database: Database, way: str) -> None:
    publish(database, base=BASE)
    client = CLIENTS[way](database, guard_limits=GuardLimits(timeout_s=0.05, failures=2, rest_s=3_600))
    _put_gate(database)
    with database.connect() as gate:
        gate.execute("SELECT pg_advisory_lock(%s)", [_GATE])
        answers = [client.get(PATH) for _ in range(3)]
    assert [each.status for each in answers] == [503] * 3
    # the third was not asked any more
    assert [each.json["type"].rpartition(":")[2] for each in answers] == ["timed-out", "timed-out", "base-failing"]
    assert 3_590 <= int(answers[2].headers["retry-after"]) <= 3_600
    client.close()


def test_readers_of_other_processes_count_and_are_no_failures(client: Client, database: Database) -> None:
    publish(database, base=BASE)
    database.execute("DROP MATERIALIZED VIEW summary")
    take = "SELECT pg_advisory_xact_lock(1447445075, hashtext('public.summary/%s'))"
    with database.connect(autocommit=False) as other:
        other.execute(take % 1)
        assert client.get(PATH).status == 200
        other.execute(take % 2)
        answers = [client.get(PATH) for _ in range(4)]  # one more than the failures after which nobody asks
        other.rollback()
    assert [(each.status, each.json["type"].rpartition(":")[2]) for each in answers] == [(503, "base-busy")] * 4
    assert {each.headers["retry-after"] for each in answers} == {"2"}
    assert [client.get(PATH).status for _ in range(3)] == [200] * 3  # each gives its slot back
