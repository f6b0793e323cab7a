"""Who asks: from the claims of a JWT, from an IAM caller, or from the local server's tokens."""

from __future__ import annotations

import contextlib
import json
import re
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol

from aws_lambda_powertools.event_handler import Request

from api.problems import Problem

__all__ = [
    "LOCAL_TOKENS",
    "GatewayIdentity",
    "Identify",
    "LocalIdentity",
    "Principal",
    "caller",
    "own_tokens",
    "require_role",
]

# What `principal` is kept under in the request's context.
PRINCIPAL = "principal"

_ROLE_CLAIMS = ("roles", "role", "cognito:groups")
_TENANT_CLAIMS = ("tenant", "custom:tenant")
_SEND_TOKEN = "Send the header Authorization: Bearer with one of the server's tokens (docs/api.md)."  # noqa: S105  # none itself


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller. `tenant`: the only tenant whose rows it may see where a view has tenants; `account`: who
    it is in the directory, where `subject` is a name that may change."""

    subject: str
    roles: frozenset[str] = frozenset()
    tenant: str | None = None
    account: str | None = None

    @property
    def counted_as(self) -> str:
        """Whose refreshes within an hour these are: nothing that a caller chooses, as it may an e-mail or the name of a
        session."""
        return self.account or self.subject

    def has_any(self, roles: Collection[str]) -> bool:
        """Whether it has one of these roles; nobody is asked for one where there is none."""
        return not roles or not self.roles.isdisjoint(roles)


_LOCAL_OPERATOR = Principal("local operator", frozenset({"admin"}))
# The documents' own words, known to everybody: for the loopback interface only.
LOCAL_TOKENS = {
    "CEO_TOKEN": Principal("ceo@company.com", frozenset({"admin"})),
    "CFO_TOKEN": Principal("cfo@company.com", frozenset({"cfo"})),
    "READER_TOKEN": Principal("reader@company.com", frozenset({"reader"})),
}


def own_tokens() -> dict[str, Principal]:
    """The same callers by tokens that nobody can know."""
    return {secrets.token_urlsafe(32): principal for principal in LOCAL_TOKENS.values()}


class Identify(Protocol):
    """Who makes a request, by the event of the HTTP API or the local server. Raises Problem 401."""

    def __call__(self, event: Mapping[str, Any]) -> Principal:
        """The caller."""


@dataclass(frozen=True, slots=True)
class GatewayIdentity:
    """Callers that the HTTP API's authorizer has let in: nothing is checked here again, and nobody comes in without.

    `iam_roles` are the roles of callers that signed with IAM, by ARN; `*` stands for any run of characters, such as a
    session's name.
    """

    iam_roles: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def __call__(self, event: Mapping[str, Any]) -> Principal:
        authorizer = event.get("requestContext", {}).get("authorizer") or {}
        if claims := (authorizer.get("jwt") or {}).get("claims"):
            return _from_claims(claims, authorizer["jwt"].get("scopes") or ())
        if arn := (authorizer.get("iam") or {}).get("userArn"):
            granted = [roles for pattern, roles in self.iam_roles.items() if _matches(pattern, arn)]
            # The rest is the session's name, which the caller makes up.
            assumed = re.match(r".*:assumed-role/[^/]+(?=/)", arn)
            return Principal(arn, frozenset().union(*granted), account=assumed and assumed[0])
        raise unauthenticated("the request has no identity.", "Sign it with IAM, or send the JWT the API asks for.")


@dataclass(frozen=True, slots=True)
class LocalIdentity:
    """Callers of `vistafresca serve`: by token; without one the operator of this machine, unless `token_required`."""

    token_required: bool = False
    tokens: Mapping[str, Principal] = field(default_factory=lambda: LOCAL_TOKENS)

    def __call__(self, event: Mapping[str, Any]) -> Principal:
        headers = {name.lower(): str(value) for name, value in (event.get("headers") or {}).items()}
        written = headers.get("authorization")
        if written is None:
            if self.token_required or _is_foreign(headers):
                raise unauthenticated("the request has no token.", _SEND_TOKEN)
            return _LOCAL_OPERATOR
        scheme, _, token = written.strip().partition(" ")
        principal = self.tokens.get(token.strip()) if scheme.lower() == "bearer" else None
        if principal is None:
            raise unauthenticated("the token is not known.", _SEND_TOKEN)
        return principal


def caller(request: Request) -> Principal:
    """Who makes the request that a route is handed."""
    principal: Principal = request.context[PRINCIPAL]
    return principal


def require_role(principal: Principal, *roles: str) -> None:
    """Raise Problem 403 for a caller that has none of these roles."""
    if not principal.has_any(roles):
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "forbidden",
            f"This needs one of the roles {', '.join(sorted(roles))}.",
            remedy="Ask as somebody who has one of them.",
            extra={"roles": sorted(roles)},
        )


def unauthenticated(detail: str, remedy: str) -> Problem:
    """401, with the challenge that HTTP asks for."""
    return Problem(
        HTTPStatus.UNAUTHORIZED,
        "unauthenticated",
        detail[0].upper() + detail[1:],
        remedy=remedy,
        headers={"WWW-Authenticate": "Bearer"},
    )


def _is_foreign(headers: Mapping[str, str]) -> bool:
    """Whether a page of another site makes the operator's browser ask: by its Origin, or by a name of its own that it
    has pointed at this machine."""
    host = headers.get("host", "")
    origin = headers.get("origin")
    is_local = re.fullmatch(r"(localhost|127(\.\d+){3}|\[::1\])(:\d+)?", host) is not None
    # An image or a link of another page has no Origin. Other ports of this machine are the same site.
    is_of_another = headers.get("sec-fetch-site") in ("cross-site", "same-site")
    return not is_local or is_of_another or (origin is not None and origin != f"http://{host}")


def _from_claims(claims: Mapping[str, Any], scopes: Iterable[str]) -> Principal:
    roles: set[str] = set()
    for claim in _ROLE_CLAIMS:
        roles.update(_listed(claims.get(claim)))
    roles.update(str(claims.get("scope") or "").split(), scopes)
    tenant = next((str(claims[name]) for name in _TENANT_CLAIMS if claims.get(name)), None)
    subject = claims.get("email") or claims.get("sub") or claims.get("client_id") or "unknown"
    account = claims.get("sub") or claims.get("client_id") or subject
    return Principal(str(subject), frozenset(roles), tenant, None if account == subject else str(account))


def _listed(claim: Any) -> list[str]:
    """A list, or JSON of one, as it is. An HTTP API hands claims over as text, where a list becomes "[a b]": this is
    split at spaces and commas, and which of them were within a name nobody can tell any more."""
    if isinstance(claim, str) and claim.startswith("["):
        with contextlib.suppress(ValueError):  # "[a b]" is no JSON
            claim = json.loads(claim)
    if isinstance(claim, list):
        return [str(value) for value in claim]
    return [] if claim is None else re.findall(r"[^\s,]+", str(claim).strip("[] "))


def _matches(pattern: str, arn: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), arn) is not None
