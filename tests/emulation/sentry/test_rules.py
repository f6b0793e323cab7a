"""The rules refuse what Sentry refuses: each test breaks one thing of an envelope that is taken."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest

from tests.emulation.sentry.envelope import RejectedError, parse
from tests.emulation.sentry.ingest import SentryIngest, sentry_ingest
from tests.emulation.sentry.rules import check_check_in, check_event

AUTHORIZATION = "Sentry sentry_version=7, sentry_key=public"
MONITOR = {
    "schedule": {"type": "crontab", "value": "*/10 * * * *"},
    "timezone": "UTC",
    "checkin_margin": 3,
    "max_runtime": 10,
    "failure_issue_threshold": 2,
    "recovery_threshold": 1,
}
CHECK_IN = {
    "check_in_id": "8c1a2f1e9d7b4c3e8f6a5b4c3d2e1f0a",
    "monitor_slug": "vistafresca-e2e-shop",
    "status": "ok",
    "duration": 1.5,
    "monitor_config": MONITOR,
}
EVENT = {
    "event_id": CHECK_IN["check_in_id"],
    "timestamp": "2026-11-25T18:00:00Z",
    "level": "error",
    "tags": {"view": "a"},
}


def envelope(type_: str = "check_in", payload: Any = CHECK_IN, *, length: int | None = None) -> bytes:
    body = json.dumps(payload).encode()
    header = {"type": type_, "length": len(body) if length is None else length}
    return b'{"event_id":"8c1a2f1e9d7b4c3e8f6a5b4c3d2e1f0a"}\n' + json.dumps(header).encode() + b"\n" + body + b"\n"


def test_takes_what_is_right() -> None:
    check_check_in(CHECK_IN)
    check_check_in({**CHECK_IN, "duration": None, "status": "in_progress"})
    check_event(EVENT)
    header, (item,) = parse(envelope())
    assert (header["event_id"], item.type, item.payload) == (CHECK_IN["check_in_id"], "check_in", CHECK_IN)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"check_in_id": "1"}, "is no UUID"),
        ({"monitor_slug": "Vistafresca"}, "monitor_slug"),
        ({"monitor_slug": "v" * 51}, "monitor_slug"),
        ({"monitor_slug": None}, "monitor_slug"),
        ({"status": "missed"}, "status 'missed'"),
        ({"duration": "1 s"}, "duration"),
        ({"duration": -1}, "duration"),
        ({"monitor_config": "daily"}, "monitor_config"),
        ({"monitor_config": {**MONITOR, "schedule": None}}, "no schedule"),
        ({"monitor_config": {**MONITOR, "schedule": {"type": "cron", "value": "* * * * *"}}}, "of type 'cron'"),
        ({"monitor_config": {**MONITOR, "schedule": {"type": "crontab", "value": "0 0 * * ? *"}}}, "5 fields"),
        ({"monitor_config": {**MONITOR, "timezone": "Mars/Olympus"}}, "no time zone"),
        ({"monitor_config": {**MONITOR, "checkin_margin": 0}}, "checkin_margin"),
        ({"monitor_config": {**MONITOR, "max_runtime": 1.5}}, "max_runtime"),
        ({"monitor_config": {**MONITOR, "failure_issue_threshold": True}}, "failure_issue_threshold"),
    ],
)
def test_refuses_a_check_in(broken: dict[str, Any], reason: str) -> None:
    with pytest.raises(RejectedError, match=reason):
        check_check_in({**CHECK_IN, **broken})


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"event_id": None}, "event_id"),
        ({"level": "bad"}, "level"),
        ({"timestamp": None}, "timestamp"),
        ({"tags": {"a b": "x"}}, "a tag cannot be called"),
        ({"tags": {"view": "x\ny"}}, "not kept"),
        ({"tags": {"view": "x" * 201}}, "not kept"),
    ],
)
def test_refuses_an_event(broken: dict[str, Any], reason: str) -> None:
    with pytest.raises(RejectedError, match=reason):
        check_event({**EVENT, **broken})


@pytest.mark.parametrize(
    ("bytes_", "reason"),
    [
        (b"no JSON\n", "header is not JSON"),
        (b"[]\n", "not a JSON object"),
        (b"{}\n{}\n{}\n", "no type"),
        (b'{}\n{"type":"event"}\nno JSON\n', "payload of a event is not JSON"),
        (envelope(length=1_000_000), "has"),
        (envelope(length=5), "is longer"),
    ],
)
def test_refuses_an_envelope(bytes_: bytes, reason: str) -> None:
    with pytest.raises(RejectedError, match=reason):
        parse(bytes_)


def test_refuses_what_is_sent_to_another_address_or_without_a_key() -> None:
    sentry = SentryIngest(dsn="")
    with pytest.raises(RejectedError, match="not /api/1/store/"):
        sentry.receive("/api/1/store/", AUTHORIZATION, envelope())
    with pytest.raises(RejectedError, match="has a key"):
        sentry.receive("/api/1/envelope/", "", envelope())
    assert sentry.check_ins == []


def test_the_server_answers_400_and_keeps_the_reason() -> None:
    with sentry_ingest() as sentry:
        url = sentry.dsn.replace("public@", "").removesuffix("/1") + "/api/1/envelope/"
        assert _post(url, envelope(payload=CHECK_IN)) == 200
        assert _post(url, envelope(payload={**CHECK_IN, "status": "missed"})) == 400
    assert sentry.check_ins == [CHECK_IN]
    assert sentry.rejected == ["status 'missed' is none of ('in_progress', 'ok', 'error')"]


def _post(url: str, body: bytes) -> int:
    """The status of the answer."""
    host, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=10)
    connection.request("POST", f"/{path}", body, {"X-Sentry-Auth": AUTHORIZATION})
    status = connection.getresponse().status
    connection.close()
    return status
