"""/health, and what every answer has."""

from __future__ import annotations

from refresh_task import __version__
from tests.fix_api import Client


def test_health_answers_nobody_in_particular(client: Client) -> None:
    answer = client.get("/health", principal=None)
    assert answer.status == 200
    assert answer.json == {"status": "ok", "database": "ok", "version": __version__}
    assert answer.headers["x-request-id"]


def test_an_unknown_path_is_a_problem(client: Client) -> None:
    answer = client.get("/nothing")
    assert answer.status == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["type"] == "urn:vistafresca:problem:no-such-route"
    assert answer.json["remedy"]
    assert answer.json["request_id"] == answer.headers["x-request-id"]


def test_a_known_path_says_which_methods_it_answers_to(client: Client) -> None:
    answer = client.ask("DELETE", "/health")
    assert answer.status == 405
    assert answer.headers["allow"] == "GET"


def test_without_an_identity_nothing_else_is_told(client: Client) -> None:
    answer = client.get("/nothing", principal=None)
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == "Bearer"
