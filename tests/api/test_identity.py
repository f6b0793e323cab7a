"""Who is who: from a JWT's claims, an IAM caller, a token; and that each sees its own tenant's rows and no others."""

from __future__ import annotations

from typing import Any

import pytest

from api.identity import LOCAL_TOKENS, GatewayIdentity, LocalIdentity, Principal, own_tokens
from api.problems import Problem
from tests.api.published import publish
from tests.fix_api import ADMIN, READER, Client
from tests.fix_database import Database

PATH = "/api/v1/views/public.summary/rows"
NORTH = Principal("anna", frozenset({"analyst"}), tenant="north")
SOUTH = Principal("berta", frozenset({"auditor"}), tenant="south")


def _event(**authorizer: Any) -> dict[str, Any]:
    return {"requestContext": {"authorizer": authorizer}}


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"sub": "u1", "cognito:groups": "[admin cfo]"}, Principal("u1", frozenset({"admin", "cfo"}))),
        ({"sub": "u1", "cognito:groups": ["admin"]}, Principal("u1", frozenset({"admin"}))),
        ({"sub": "u1", "roles": "admin, cfo"}, Principal("u1", frozenset({"admin", "cfo"}))),
        ({"sub": "u1", "roles": "[]"}, Principal("u1")),
        ({"sub": "u1", "scope": "read write"}, Principal("u1", frozenset({"read", "write"}))),
        ({"sub": "u1", "role": "cfo"}, Principal("u1", frozenset({"cfo"}))),
        # names with spaces, where it can be told that they are some
        ({"sub": "u1", "roles": ["not admin", "cfo"]}, Principal("u1", frozenset({"not admin", "cfo"}))),
        ({"sub": "u1", "roles": '["not admin", "cfo"]'}, Principal("u1", frozenset({"not admin", "cfo"}))),
        (
            {"sub": "u1", "email": "a@example.com", "tenant": "t1"},
            Principal("a@example.com", tenant="t1", account="u1"),
        ),
        ({"client_id": "c1", "custom:tenant": "t2"}, Principal("c1", tenant="t2")),
    ],
)
def test_claims(claims: dict[str, Any], expected: Principal) -> None:
    assert GatewayIdentity()(_event(jwt={"claims": claims, "scopes": None})) == expected


def test_an_iam_caller_has_the_roles_of_its_arn() -> None:
    identify = GatewayIdentity({"arn:aws:sts::1:assumed-role/bi/*": frozenset({"cfo"})})
    bi = "arn:aws:sts::1:assumed-role/bi/session"
    caller = identify(_event(iam={"userArn": bi}))
    assert (caller.subject, caller.roles) == (bi, frozenset({"cfo"}))
    other = "arn:aws:sts::1:assumed-role/bi2/session"
    assert identify(_event(iam={"userArn": other})).roles == frozenset()


@pytest.mark.parametrize(
    ("authorizer", "counted_as"),
    [
        ({"jwt": {"claims": {"sub": "u1", "email": "a@example.com"}}}, "u1"),
        ({"jwt": {"claims": {"client_id": "c1", "email": "a@example.com"}}}, "c1"),
        ({"jwt": {"claims": {"email": "a@example.com"}}}, "a@example.com"),
        ({"iam": {"userArn": "arn:aws:sts::1:assumed-role/bi/one"}}, "arn:aws:sts::1:assumed-role/bi"),
        ({"iam": {"userArn": "arn:aws:sts::1:assumed-role/bi/other"}}, "arn:aws:sts::1:assumed-role/bi"),
        ({"iam": {"userArn": "arn:aws:iam::1:user/finance/ana"}}, "arn:aws:iam::1:user/finance/ana"),
    ],
)
def test_refreshes_are_counted_by_what_a_caller_cannot_choose(authorizer: dict[str, Any], counted_as: str) -> None:
    assert GatewayIdentity()(_event(**authorizer)).counted_as == counted_as


def test_tokens_of_ones_own_are_others_each_time() -> None:
    first, second = own_tokens(), own_tokens()
    assert list(first.values()) == list(LOCAL_TOKENS.values())
    assert len({*first, *second, *LOCAL_TOKENS}) == 9
    assert all(len(token) > 40 for token in first)


@pytest.mark.parametrize("event", [{}, {"requestContext": {}}, _event(), _event(jwt={}), _event(iam={})])
def test_without_an_authorizers_word_nobody_comes_in(event: dict[str, Any]) -> None:
    with pytest.raises(Problem) as caught:
        GatewayIdentity()(event)
    assert caught.value.status == 401


@pytest.mark.parametrize(
    ("authorization", "roles"),
    [
        ("Bearer CEO_TOKEN", {"admin"}),
        ("bearer CFO_TOKEN", {"cfo"}),
        ("Bearer READER_TOKEN", {"reader"}),
        ("Bearer OTHER", None),
        ("Basic CEO_TOKEN", None),
        ("", None),
    ],
)
def test_local_tokens(authorization: str, roles: set[str] | None) -> None:
    event = {"headers": {"Authorization": authorization, "host": "localhost:8000"}}
    if roles is not None:
        assert LocalIdentity()(event).roles == roles
    else:
        with pytest.raises(Problem, match="token"):
            LocalIdentity()(event)


@pytest.mark.parametrize(
    ("headers", "is_operator"),
    [
        ({"host": "localhost:8000"}, True),
        ({"host": "127.0.0.1:8000"}, True),
        ({"host": "[::1]:8000", "origin": "http://[::1]:8000"}, True),
        ({"host": "localhost:8000", "origin": "https://elsewhere.example"}, False),
        ({"host": "localhost:8000", "sec-fetch-site": "same-origin"}, True),
        ({"host": "localhost:8000", "sec-fetch-site": "none"}, True),  # typed in
        ({"host": "localhost:8000", "sec-fetch-site": "cross-site"}, False),  # an image of a page elsewhere
        ({"host": "localhost:8000", "sec-fetch-site": "same-site"}, False),  # of another port here
        ({"host": "elsewhere.example:8000"}, False),
        ({}, False),
    ],
)
def test_the_operator_needs_no_token_but_another_sites_page_does(headers: dict[str, str], *, is_operator: bool) -> None:
    if is_operator:
        assert LocalIdentity()({"headers": headers}).roles == {"admin"}
        with pytest.raises(Problem):
            LocalIdentity(token_required=True)({"headers": headers})
    else:
        with pytest.raises(Problem):
            LocalIdentity()({"headers": headers})


def test_two_tenants_get_their_own_rows_and_no_more(client: Client, database: Database) -> None:
    publish(database, tenant_column="region", roles=["analyst", "auditor", "admin"], base="public.summary_base")

    def regions(principal: Principal, **query: str) -> list[str | None]:
        answer = client.get(PATH, query, principal=principal)
        assert answer.status == 200, answer.body
        return [row["region"] for row in answer.json["rows"]]

    assert regions(NORTH) == ["north"] * 3
    assert regions(SOUTH) == ["south"] * 2
    assert regions(NORTH, region="south") == []
    assert regions(NORTH, region__in="north,south") == ["north"] * 3
    assert regions(NORTH, region__is_null="true") == []
    # neither another one's page nor what another one has in its cache
    cursor = client.get(PATH, {"limit": "1"}, principal=NORTH).json["next_cursor"]
    assert client.get(PATH, {"cursor": cursor}, principal=SOUTH).status == 400
    tag = client.get(PATH, principal=NORTH).headers["etag"]
    assert client.get(PATH, principal=SOUTH, headers={"If-None-Match": tag}).status == 200
    # a role is asked for besides; who administers all tenants belongs to none
    assert client.get(PATH, principal=READER).status == 403
    assert client.get(PATH, principal=Principal("carl", frozenset({"auditor"}))).json["type"].endswith("no-tenant")
    assert len(regions(ADMIN)) == 10
    # by way of the base relation, too
    database.execute("DROP MATERIALIZED VIEW summary")
    assert (regions(NORTH), regions(SOUTH)) == (["north"] * 3, ["south"] * 2)
