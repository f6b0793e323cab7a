"""Which image this task runs, as ECS tells it: the version says what the code claims to be, the digest what it is.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate.html
"""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from refresh_task import __version__

_TIMEOUT_S = 1.0
"""All in all: the endpoint is on the task's own host and answers within milliseconds."""

_MOST_BYTES = 1 << 16
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_SHORT = slice(len("sha256:"), len("sha256:") + 12)


@dataclass(frozen=True, slots=True)
class Image:
    """`name` is the task definition's; `unknown` says why there is no digest where there should be one."""

    name: str | None = None
    digest: str | None = None
    unknown: str | None = None

    @property
    def release(self) -> str:
        """The version, with the digest's beginning as build metadata: what Sentry tells releases apart by."""
        return f"vistafresca@{__version__}" + (f"+{self.digest[_SHORT]}" if self.digest else "")


def read_image(metadata_uri: str | None) -> Image:
    """Ask ECS's metadata endpoint; without one (no ECS), nothing is known and nothing is amiss. Never raises, and takes
    a second at most."""
    if metadata_uri is None:
        return Image()
    found = [Image(unknown=f"no answer within {_TIMEOUT_S:g} s")]

    def ask() -> None:
        try:
            found[0] = _image(_get(metadata_uri))
        except (OSError, HTTPException, ValueError) as error:
            found[0] = Image(unknown=f"{type(error).__name__}: {error}")

    # The one limit: a socket's own would be for each read, and let an answer that drips in hold up the run. What still
    # waits then is a daemon, which does not hold up the process's end either.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(_TIMEOUT_S)
    return found[0]


def _get(uri: str) -> Any:
    parts = urlsplit(uri)
    if parts.scheme != "http" or parts.hostname is None:
        raise ValueError(f"'{uri}' is not an http URL")
    connection = HTTPConnection(parts.hostname, parts.port)
    try:
        connection.request("GET", parts.path or "/")
        answer = connection.getresponse()
        body = answer.read(_MOST_BYTES)
        if answer.status != 200:  # noqa: PLR2004  OK
            raise ValueError(f"answered {answer.status}")
        return json.loads(body)
    finally:
        connection.close()


def _image(described: Any) -> Image:
    """`Image` is as the task definition has it. `ImageID` is the digest on Fargate's platform 1.4
    (aws/containers-roadmap#1310); elsewhere it may be the image's id, so a digest that the name is pinned by wins."""
    if not isinstance(described, dict):
        raise ValueError("answered something else than a container's description")  # noqa: TRY004  bad data, not a bad call
    name, identifier = (str(described.get(key) or "") for key in ("Image", "ImageID"))
    digest = _DIGEST.search(name) or _DIGEST.fullmatch(identifier)
    if digest is None:
        return Image(name=name or None, unknown="neither Image nor ImageID has a digest")
    return Image(name=name or None, digest=digest[0])
