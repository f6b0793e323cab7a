"""Bodies: compressed for who wants that, streamed by the local server, put together within Lambda's limit."""

from __future__ import annotations

import asyncio
import gzip
import json
import tracemalloc
import zlib
from collections.abc import Awaitable, Iterator
from typing import Any

import pytest

from api.body import LARGEST_ANSWER, accepts_gzip, assemble, compress
from api.problems import Problem
from refresh_task.errors import StatementFailedError
from tests.api.published import publish
from tests.fix_api import ADMIN, Client, HttpClient, LambdaClient
from tests.fix_database import Database, create_database, drop_database

PATH = "/api/v1/views/public.wide/rows"
_ROWS, _WIDTH = 4_000, 3_000


@pytest.fixture(scope="module")
def wide(migrated_template: Database) -> Iterator[Database]:
    """public.wide: 12 MB, which gzip makes little of: hexadecimal digits of hashes."""
    database = create_database(migrated_template.server, template=migrated_template.name)
    database.execute(
        "CREATE MATERIALIZED VIEW wide AS SELECT id, (SELECT string_agg(md5(id::text || n), '') "
        f"FROM generate_series(1, {_WIDTH} / 32) AS n) AS digits FROM generate_series(1, {_ROWS}) AS id"
    )
    database.execute("CREATE UNIQUE INDEX ON wide (id)")
    database.manage("public.wide")
    database.execute(
        """UPDATE bi_refresh.view_policy SET endpoint = '{"roles": [], "filters": null, "order": [], "max_limit": 10000,
        "max_staleness_s": null, "on_stale": "serve", "base": null, "tenant_column": null, "refresh_within_s": 5}'"""
    )
    yield database
    drop_database(database)


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("*", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip;q=0.0, *", False),
        ("*;q=0", False),
    ],
)
def test_who_accepts_gzip(header: str, *, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted


def test_what_is_compressed_in_pieces_is_the_same() -> None:
    pieces = [b"a" * 100_000, b"", b"bc", bytes(range(256)) * 1_000]
    assert gzip.decompress(b"".join(compress(iter(pieces)))) == b"".join(pieces)


def test_a_compressed_answer(client: Client, database: Database) -> None:
    publish(database)
    path = "/api/v1/views/summary/rows"
    plain = client.get(path)
    packed = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.json["rows"] == plain.json["rows"]
    for answer in (plain, packed):
        assert answer.headers["vary"] == "Authorization, Accept-Encoding"


def test_the_local_server_streams_in_bounded_memory(wide: Database) -> None:
    client = HttpClient(wide)
    peaks: list[int] = []

    async def read() -> tuple[int, int]:
        packer, pieces = zlib.crc32(b""), 0
        size = 0

        async def send(message: Any) -> None:
            nonlocal size, pieces, packer
            size += len(message.get("body", b""))
            pieces += 1
            peaks.append(tracemalloc.get_traced_memory()[1])

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        await client.api(_scope(client), receive, send)
        return size, pieces

    asyncio.run(client.ask_async("GET", PATH, {"limit": "1"}))  # what is made once is made
    tracemalloc.start()
    try:
        size, pieces = asyncio.run(read())
    finally:
        tracemalloc.stop()
    client.close()
    assert size > _ROWS * (_WIDTH - 32)
    assert pieces > 10
    assert max(peaks) < size / 3


def _scope(client: HttpClient) -> dict[str, Any]:
    token = client.token_of(ADMIN)
    return {
        "type": "http",
        "method": "GET",
        "path": PATH,
        "query_string": b"",
        "headers": [(b"authorization", f"Bearer {token}".encode())],
    }


def test_who_hangs_up_gives_the_connection_back(wide: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    client = HttpClient(wide, connections=1)
    kept: list[Any] = []  # so that it is not the garbage collector who closes them
    make_answer = client.api._answer

    def keep(*arguments: Any) -> dict[str, Any]:
        kept.append(make_answer(*arguments))
        return dict(kept[-1])

    monkeypatch.setattr(client.api, "_answer", keep)
    asyncio.run(client.ask_async("GET", PATH, {"limit": "1"}))

    async def hang_up() -> None:
        async def send(message: Any) -> None:
            if message["type"] == "http.response.body":
                raise ConnectionResetError

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        with pytest.raises(ConnectionResetError):
            await client.api(_scope(client), receive, send)

    for _ in range(3):
        asyncio.run(hang_up())
    assert client.get(PATH, {"limit": "1"}).status == 200
    client.close()


def test_who_does_not_read_is_cut_off(
    wide: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client = HttpClient(wide, connections=1)
    asyncio.run(client.ask_async("GET", PATH, {"limit": "1"}))
    monkeypatch.setattr("api.local.asgi._READ_WITHIN_S", 0.01)
    reached = []

    async def ask() -> None:
        async def send(message: Any) -> None:
            reached.append(message["type"])
            if message["type"] == "http.response.body":
                await asyncio.Event().wait()

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        await asyncio.wait_for(_raised(client.api(_scope(client), receive, send)), 20)

    async def _raised(answering: Awaitable[None]) -> None:
        with pytest.raises(TimeoutError):  # uvicorn then ends the connection without the last chunk
            await answering

    asyncio.run(ask())
    assert reached == ["http.response.start", "http.response.body"]
    assert f"whoever asked for {PATH} did not take the answer" in caplog.text
    # the connection is back
    assert client.get(PATH, {"limit": "1"}).status == 200
    client.close()


@pytest.mark.parametrize(("letter", "width"), [("a", 1), ('"', 2), ("ñ", 6), ("𝄞", 12)])
def test_lambdas_limit_is_of_the_answer_as_json(letter: str, width: int) -> None:
    """In which a quote takes two characters, and a letter beyond ASCII six for each of its UTF-16 units."""

    def answer(letters: int) -> dict[str, Any]:
        return {"statusCode": 200, "headers": {}, "body": letter * letters}

    most = (LARGEST_ANSWER - 2) // width  # within quotes
    assert assemble(answer(most), {})["body"] == letter * most
    with pytest.raises(Problem) as caught:
        assemble(answer(most + 1), {})
    assert caught.value.status == 413


def test_an_answer_that_lambda_cannot_give_says_what_to_do(wide: Database) -> None:
    client = LambdaClient(wide)
    answer = client.get(PATH)
    assert (answer.status, answer.json["type"]) == (413, "urn:vistafresca:problem:answer-too-large")
    assert "limit" in answer.json["remedy"]
    assert answer.headers["x-request-id"] == answer.json["request_id"]
    # what it advises works, and the connection is in order again
    page = client.get(PATH, {"limit": "1000"})
    assert len(page.json["rows"]) == 1_000
    packed = client.get(PATH, {"limit": "2500"}, headers={"Accept-Encoding": "gzip"})
    assert len(packed.json["rows"]) == 2_500
    assert client.get(PATH, headers={"Accept-Encoding": "gzip"}).status == 413
    client.close()


def test_a_large_body_is_refused(http: HttpClient) -> None:
    async def ask() -> list[Any]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "http.request", "body": b"x" * (1 << 20), "more_body": True}

        await http.api({**_scope_of_health(), "method": "POST"}, receive, send)
        return sent

    start, *rest = asyncio.run(ask())
    assert start["status"] == 413
    assert json.loads(b"".join(message["body"] for message in rest))["remedy"]


def test_bytes_that_are_no_text_are_refused_or_ignored(http: HttpClient) -> None:
    async def ask() -> list[Any]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "http.request", "body": b"\xff\xfe", "more_body": False}

        odd = {"headers": [(b"x-odd", b"\xff"), (b"x-odd", b"\xe9")], "query_string": b"a=%ff&\xff"}
        await http.api({**_scope_of_health(), **odd}, receive, send)
        return sent

    assert asyncio.run(ask())[0]["status"] == 200


def test_an_answer_that_breaks_off_does_not_look_whole(wide: Database) -> None:
    client = HttpClient(wide)
    asyncio.run(client.ask_async("GET", PATH, {"limit": "1"}))
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)
        if len(sent) == 2:  # the first piece is on its way: the database goes
            await asyncio.to_thread(
                wide.execute,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid()",
            )

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    with pytest.raises(StatementFailedError):  # uvicorn then ends the connection without the last chunk
        asyncio.run(client.api(_scope(client), receive, send))
    assert sent[0]["status"] == 200
    assert all(message["more_body"] for message in sent[1:])
    # the next one gets a connection that works
    assert client.get(PATH, {"limit": "1"}).status == 200
    client.close()


def _scope_of_health() -> dict[str, Any]:
    return {"type": "http", "method": "GET", "path": "/health", "query_string": b"", "headers": []}
