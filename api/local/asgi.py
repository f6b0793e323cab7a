"""ASGI in front of the same routes.

Powertools' own ASGI handler runs a route's function on the event loop, where a query would hold up every other
request, and each synchronous middleware in a thread that waits for the next one: with more requests than threads all
of them wait for ever. Here each request is resolved in one thread from end to end, as in Lambda.
"""

from __future__ import annotations

import asyncio
import contextvars
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aws_lambda_powertools.event_handler.http_resolver import HttpProxyEvent, HttpResolverLocal, MockLambdaContext

from api.application import register
from api.body import Pieces
from api.services import Services

__all__ = ["LocalApi"]

_THREADS = 256
_LARGEST_BODY = 1 << 20

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class LocalApi(HttpResolverLocal):
    """The application for uvicorn or any other ASGI server."""

    def __init__(self, services: Services) -> None:
        super().__init__(enable_validation=True, debug=False)
        register(self, services)
        for route in self._static_routes + self._dynamic_routes:
            # Otherwise the first requests of a route, in several threads, would each wrap it once more.
            route._build_middleware_stack(self._router_middlewares, self)  # noqa: SLF001  # there is no public way
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="request")

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()

    async def asgi_handler(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            body = await _read_body(receive)
            answer = await self._in_thread(self._answer, scope, body)
            await self._send(send, answer)

    async def _in_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, contextvars.copy_context().run, function, *arguments)

    def _answer(self, scope: Scope, body: bytes) -> dict[str, Any]:
        event = HttpProxyEvent.from_asgi(scope, body).raw_event
        query = scope.get("query_string", b"").decode("latin-1")
        request_id = uuid.uuid4().hex
        event = {
            **event,
            "rawQueryString": query,
            "requestContext": {**event["requestContext"], "requestId": request_id},
        }
        state = type(self._startup_state)(
            event=self._to_proxy_event(event), lambda_context=MockLambdaContext(), context={}
        )
        self._request_state.set(state)
        answer = self._resolve().build(self.current_event, None)
        answer["headers"]["X-Request-Id"] = request_id
        return answer

    async def _send(self, send: Send, answer: dict[str, Any]) -> None:
        headers = [(name.lower().encode(), str(value).encode()) for name, value in answer["headers"].items()]
        body = answer["body"]
        await send({"type": "http.response.start", "status": answer["statusCode"], "headers": headers})
        if isinstance(body, Pieces):
            try:
                pieces = iter(body)
                while (piece := await self._in_thread(next, pieces, None)) is not None:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                await send({"type": "http.response.body", "body": b""})
            finally:
                await self._in_thread(body.close)
        else:
            await send({"type": "http.response.body", "body": (body or "").encode()})


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _read_body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        if len(body) <= _LARGEST_BODY:
            body += message.get("body", b"")
        if not message.get("more_body", False):
            return body
