"""The API without a network: the same request as an HTTP API's event for the Lambda function, and through ASGI."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import uuid
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, unquote, urlencode

from api.database import ApiDatabase
from api.database.connections import OneConnection
from api.database.database import open_api_session
from api.database.pool import PooledConnections
from api.identity import GatewayIdentity, LocalIdentity, Principal
from api.lambda_handler import LambdaApi
from api.local import LocalApi
from api.services import Services
from refresh_task.settings import Settings
from tests.fix_database import Database

ADMIN = Principal("admin@example.com", frozenset({"admin"}))
READER = Principal("reader@example.com", frozenset({"reader"}))

Query = Mapping[str, Any] | list[tuple[str, str]] | str | None


@dataclass(frozen=True)
class Answer:
    """What came back. Header names are in lower case; `body` is uncompressed."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Client(Protocol):
    """Asks the API."""

    def ask(
        self,
        method: str,
        path: str,
        query: Query = None,
        *,
        principal: Principal | None = ADMIN,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request, as `principal` (None: as nobody)."""

    def get(self, path: str, query: Query = None, **how: Any) -> Answer:
        """GET."""
        return self.ask("GET", path, query, **how)

    def close(self) -> None:
        """Close its connections."""


class LambdaClient(Client):
    """Hands events to the Lambda function."""

    def __init__(self, database: Database, **services: Any) -> None:
        settings = Settings(database_url=database.dsn)
        self.database = ApiDatabase(OneConnection(lambda: open_api_session(settings, {})))
        self.api = LambdaApi(
            Services(database=self.database, identify=GatewayIdentity(), settings=settings, **services)
        )

    def ask(
        self,
        method: str,
        path: str,
        query: Query = None,
        *,
        principal: Principal | None = ADMIN,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        answer = self.api(http_api_event(method, path, query, principal, headers or {}), None)
        body = answer.get("body") or ""
        return _answer(
            answer["statusCode"],
            {**answer["headers"]},
            base64.b64decode(body) if answer["isBase64Encoded"] else body.encode(),
        )

    def close(self) -> None:
        self.database.close()


class HttpClient(Client):
    """Speaks ASGI to the local server's application."""

    def __init__(self, database: Database, *, connections: int = 10, **services: Any) -> None:
        settings = Settings(database_url=database.dsn)
        self.tokens: dict[str, Principal] = {}
        self.database = ApiDatabase(PooledConnections(settings, {}, most=connections))
        identify = LocalIdentity(token_required=True, tokens=self.tokens)
        self.api = LocalApi(Services(database=self.database, identify=identify, settings=settings, **services))

    def ask(
        self,
        method: str,
        path: str,
        query: Query = None,
        *,
        principal: Principal | None = ADMIN,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        return asyncio.run(self.ask_async(method, path, query, principal=principal, headers=headers))

    async def ask_async(
        self,
        method: str,
        path: str,
        query: Query = None,
        *,
        principal: Principal | None = ADMIN,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The same on the loop of the caller, so that many requests can be under way at once."""
        sent = {"host": "localhost", **(headers or {})}
        if principal is not None:
            sent["authorization"] = f"Bearer {self.token_of(principal)}"
        scope: MutableMapping[str, Any] = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": _query_string(query).encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
        }
        messages: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            messages.append(message)

        await self.api(scope, receive, send)
        start, *rest = messages
        return _answer(
            start["status"],
            {name.decode(): value.decode() for name, value in start["headers"]},
            b"".join(message["body"] for message in rest),
        )

    def close(self) -> None:
        self.api.close()
        self.database.close()

    def token_of(self, principal: Principal) -> str:
        """A token that stands for this caller."""
        token = f"token-{hash(principal)}"
        self.tokens[token] = principal
        return token


CLIENTS = {"lambda": LambdaClient, "http": HttpClient}


def http_api_event(
    method: str, path: str, query: Query, principal: Principal | None, headers: Mapping[str, str]
) -> dict[str, Any]:
    """An event of an HTTP API with a JWT authorizer, payload format 2.0: lists in claims become "[a b]"."""
    query_string = _query_string(query)
    single: dict[str, str] = {}
    for pair in filter(None, query_string.split("&")):
        name, _, value = (unquote(part.replace("+", " ")) for part in pair.partition("="))
        single[name] = f"{single[name]},{value}" if name in single else value
    context: dict[str, Any] = {
        "accountId": "123456789012",
        "apiId": "api",
        "domainName": "api.example.com",
        "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test"},
        "requestId": uuid.uuid4().hex,
        "routeKey": "$default",
        "stage": "$default",
        "time": "12/Mar/2026:19:03:58 +0000",
        "timeEpoch": 1583348638390,
    }
    if principal is not None:
        claims = {"sub": principal.subject, "cognito:groups": f"[{' '.join(sorted(principal.roles))}]"}
        if principal.tenant is not None:
            claims["custom:tenant"] = principal.tenant
        context["authorizer"] = {"jwt": {"claims": claims, "scopes": None}}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query_string,
        "headers": {name.lower(): value for name, value in headers.items()},
        **({"queryStringParameters": single} if single else {}),
        "requestContext": context,
        "isBase64Encoded": False,
    }


def _query_string(query: Query) -> str:
    return query if isinstance(query, str) else urlencode(query or {}, quote_via=quote)


def _answer(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    lower = {name.lower(): value for name, value in headers.items()}
    return Answer(status, lower, gzip.decompress(body) if lower.get("content-encoding") == "gzip" else body)
