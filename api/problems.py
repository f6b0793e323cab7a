"""RFC 9457 problem details: how every request that is not answered ends.

A problem says what is wrong and what to do about it, and never how the server is made: no trace, no SQL, no secret.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

__all__ = ["CONTENT_TYPE", "Problem"]

CONTENT_TYPE = "application/problem+json"


class Problem(Exception):  # noqa: N818  # RFC 9457's own word
    """An answer that ends a request.

    `slug` names the kind for machines (docs/api.md lists them); `detail` is about this request; `remedy` is one
    sentence in the imperative; `extra` are further members of the document; `headers` go with the answer.
    """

    def __init__(
        self,
        status: int,
        slug: str,
        detail: str,
        *,
        remedy: str,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.slug = slug
        self.detail = detail
        self.remedy = remedy
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})

    @classmethod
    def later(cls, slug: str, detail: str, *, remedy: str, retry_after_s: float, **extra: Any) -> Problem:
        """503: it may be answered after `retry_after_s` seconds."""
        headers = {"Retry-After": str(max(1, round(retry_after_s)))}
        return cls(HTTPStatus.SERVICE_UNAVAILABLE, slug, detail, remedy=remedy, extra=extra, headers=headers)

    @property
    def title(self) -> str:
        """The status in words."""
        return HTTPStatus(self.status).phrase

    def document(self, request_id: str) -> str:
        """The problem as JSON."""
        return json.dumps(
            {
                "type": f"urn:vistafresca:problem:{self.slug}",
                "title": self.title,
                "status": int(self.status),
                "detail": self.detail,
                "remedy": self.remedy,
                "request_id": request_id,
                **self.extra,
            },
            ensure_ascii=False,
        )
