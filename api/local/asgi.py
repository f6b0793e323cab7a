"""ASGI in front of the same routes.

Powertools' own ASGI handler runs a route's function on the event loop, where a query would hold up every other
request, and each synchronous middleware in a thread that waits for the next one: with more requests than threads all
of them wait for ever. Here each request is resolved in one thread from end to end, as in Lambda.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aws_lambda_powertools.event_handler.http_resolver import HttpProxyEvent, HttpResolverLocal, MockLambdaContext

from api.application import register
from api.body import close, encode
from api.errors import answer_of
from api.problems import Problem
from api.services import Services

__all__ = ["LocalApi"]

_LOG = logging.getLogger("vistafresca.api")
_REQUESTS = 256  # at a time; most of them wait for the database
_STREAMS = 16
_LARGEST_BODY = 1 << 20  # bytes
_NO_MORE = b""
_READ_WITHIN_S = 60.0  # an answer: its rows hold a connection and a snapshot

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class LocalApi(HttpResolverLocal):
    """The application for uvicorn or any other ASGI server. Close it at the end."""

    def __init__(self, services: Services) -> None:
        super().__init__(enable_validation=True, debug=False)
        register(self, services)
        for route in self._static_routes + self._dynamic_routes:
            # Otherwise the first requests of a route, in several threads, would each wrap it once more.
            route._build_middleware_stack(self._router_middlewares, self)  # noqa: SLF001  # there is no public way
        self._requests = ThreadPoolExecutor(_REQUESTS, thread_name_prefix="request")
        # Apart: a stream holds a connection that a thread of a request may be waiting for.
        self._streams = ThreadPoolExecutor(_STREAMS, thread_name_prefix="stream")

    def close(self) -> None:
        """End the threads."""
        self._requests.shutdown()
        self._streams.shutdown()

    async def asgi_handler(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            body = await _read_body(receive)
            event = _event(scope, body or b"")
            answer = await _in_thread(self._requests, self._answer, event, body)
            try:
                await self._send_answer(send, answer, event)
            except TimeoutError:
                _LOG.warning(
                    "request %s: whoever asked for %s did not take the answer within %.0f s, and is cut off: the "
                    "connection to the database that it held is needed by others",
                    event["requestContext"]["requestId"],
                    event["path"],
                    _READ_WITHIN_S,
                )
                raise
            finally:
                await _in_thread(self._streams, close, answer)

    def _answer(self, event: dict[str, Any], body: bytes | None) -> dict[str, Any]:
        request_id = event["requestContext"]["requestId"]
        if body is None:
            answer = answer_of(_too_large(), request_id)
        else:
            state = type(self._startup_state)(
                event=self._to_proxy_event(event), lambda_context=MockLambdaContext(), context={}
            )
            self._request_state.set(state)
            answer = self._resolve().build(self.current_event, None)
        answer["headers"]["X-Request-Id"] = request_id
        return answer

    async def _send_answer(self, send: Send, answer: dict[str, Any], event: dict[str, Any]) -> None:
        """Raises TimeoutError for a reader that is too slow; the server then breaks the connection off."""
        deadline = asyncio.get_running_loop().time() + _READ_WITHIN_S

        async def give(message: MutableMapping[str, Any]) -> None:
            # Only the reader's time: to leave a thread that is at the database would not end what it does there.
            async with asyncio.timeout_at(deadline):
                await send(message)

        pieces = encode(answer, event)
        headers = [(name.lower().encode(), str(value).encode()) for name, value in answer["headers"].items()]
        await give({"type": "http.response.start", "status": answer["statusCode"], "headers": headers})
        if pieces is not None:
            while (piece := await _in_thread(self._streams, next, pieces, _NO_MORE)) != _NO_MORE:
                await give({"type": "http.response.body", "body": piece, "more_body": True})
        await give({"type": "http.response.body", "body": b""})


def _event(scope: Scope, body: bytes) -> dict[str, Any]:
    """As Powertools makes it, with what an HTTP API's events have besides. Bytes that are no text are no error here:
    what they stand for is refused, or of no interest, like any other value."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    query = scope.get("query_string", b"").decode("latin-1")
    event = HttpProxyEvent(scope["method"], scope["path"], headers, body.decode(errors="replace"), query).raw_event
    request = {**event["requestContext"], "requestId": uuid.uuid4().hex}
    return {**event, "rawQueryString": query, "requestContext": request}


async def _in_thread(threads: ThreadPoolExecutor, function: Callable[..., Any], *arguments: Any) -> Any:
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(threads, context.run, function, *arguments)


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _read_body(receive: Receive) -> bytes | None:
    """None: it is larger than any that a route takes."""
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if len(body) > _LARGEST_BODY:
            return None
        if not message.get("more_body", False):
            return body


def _too_large() -> Problem:
    return Problem(413, "body-too-large", "The body is larger than 1 MB.", remedy="Send less; no route takes more.")
