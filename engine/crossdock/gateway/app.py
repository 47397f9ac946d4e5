"""The gateway as an ASGI application: it reads a request, and hands it to a thread.

app = application(gateway)
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from crossdock.core.limits import PAYLOAD_BYTES
from crossdock.gateway.gateway import Gateway
from crossdock.gateway.http_guard import discard, waits_for_answer
from crossdock.gateway.intake import HttpRequest, check_head, too_large
from crossdock.gateway.logs import LOG, told
from crossdock.gateway.metrics import Metrics
from crossdock.gateway.openapi import openapi
from crossdock.gateway.problems import HttpProblem, Reply, unavailable

# The body that is too slow or too large.
_READ_NO_MORE: Final = frozenset({408, 413})


def application(gateway: Gateway, on_start: Callable[[], None] = lambda: None) -> ASGIApp:
    """The application of a gateway, which it starts and closes. ``on_start`` is called in the main thread.

    The requests of actions do not pass Starlette's routes and their middleware.
    """
    door = Door(gateway)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, float]]:
        gateway.keeper.start()
        on_start()
        try:
            yield {"head_seconds": gateway.config.limits.body_seconds}
        finally:
            await asyncio.to_thread(door.close)

    app = Starlette(
        routes=[
            Route("/healthz", door.health, methods=["GET"]),
            Route("/readyz", door.ready, methods=["GET"]),
            Route("/metrics", door.metrics, methods=["GET"]),
            Route("/openapi.json", door.openapi, methods=["GET"]),
        ],
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.router.default = door  # every other method
    own = {route.path for route in app.routes if isinstance(route, Route)}

    async def front(scope: Scope, receive: Receive, send: Send) -> None:
        to_action = scope["type"] == "http" and scope["path"] not in own
        await (door if to_action else app)(scope, receive, send)

    return front


class Door:
    """Reads requests, and bounds how many are at work and how many wait."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        limits = gateway.config.limits
        self._limits = limits
        self._threads = ThreadPoolExecutor(limits.threads, thread_name_prefix="crossdock-answer")
        self._inside = 0
        self._metrics = Metrics(gateway)
        self._openapi = json.dumps(openapi(gateway.project, gateway.served), ensure_ascii=False).encode()

    def close(self) -> None:
        self._gateway.drain()
        self._gateway.cancellation.cancel()
        self._threads.shutdown(wait=True)
        self._gateway.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        reply, id = await self.answer(Request(scope, receive))
        given = (*reply.headers, ("content-type", reply.content_type), ("x-request-id", id))
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in given]
        headers.append((b"content-length", str(len(reply.body)).encode()))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})

    async def answer(self, request: Request) -> tuple[Reply, str]:
        """The reply to a request, and the id that its line in the log has."""
        started, id = time.perf_counter(), secrets.token_hex(8)
        http = HttpRequest(
            request.method,
            request.scope["path"],
            request.scope["query_string"],
            {name.decode("latin-1"): value.decode("latin-1") for name, value in request.scope["headers"]},
        )
        reply = await self._reply(request, http)
        seconds = time.perf_counter() - started
        self._metrics.answered(reply, seconds)
        self._log(id, http, reply, seconds)
        return reply, id

    async def _reply(self, request: Request, http: HttpRequest) -> Reply:
        unread = True
        try:
            found = check_head(self._gateway.served, http)
            body = await self._body(request)
            unread = False
            if self._inside >= self._limits.threads + self._limits.waiting:
                raise unavailable("too many requests wait already")
        except HttpProblem as problem:
            reply = problem.reply()
            if (
                unread
                and reply.status not in _READ_NO_MORE
                and not waits_for_answer(request.scope["headers"])
            ):
                await discard(request.receive)
            # What was not read of the body would be taken for the next request.
            return replace(reply, headers=(*reply.headers, ("connection", "close")))
        except ClientDisconnect:
            return HttpProblem(400, "the body was not sent whole").reply()
        self._inside += 1
        try:
            loop = asyncio.get_running_loop()
            whole = HttpRequest(http.method, http.path, http.query, http.headers, body)
            return await loop.run_in_executor(self._threads, self._gateway.answer, whole, found)
        except Exception:
            LOG.error("an answer ended unexpectedly", exc_info=told())
            return HttpProblem(500, "the request could not be answered").reply()
        finally:
            self._inside -= 1

    async def _body(self, request: Request) -> bytes:
        """The body, counted as it comes. Raises HttpProblem 408 and 413."""
        if request.method == "GET":
            return b""
        data = bytearray()
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                async for chunk in request.stream():
                    data += chunk
                    if len(data) > PAYLOAD_BYTES:
                        raise too_large()
        except TimeoutError:
            raise HttpProblem(
                408, f"the body did not come within {self._limits.body_seconds} seconds"
            ) from None
        return bytes(data)

    def _log(self, id: str, http: HttpRequest, reply: Reply, seconds: float) -> None:
        more = {"reason": reply.note} if reply.note else {}
        LOG.info(
            "answered",
            extra={
                "request": id,
                "method": http.method,
                "profile": reply.profile,
                "action": reply.action,
                "status": reply.status,
                "milliseconds": round(seconds * 1000, 1),
                **more,
            },
        )

    async def health(self, _request: Request) -> Response:
        """The process lives."""
        return Response("ok\n", media_type="text/plain")

    async def ready(self, _request: Request) -> Response:
        """Requests can be answered: everything is compiled, and the journal can be written."""
        problem = await asyncio.to_thread(self._gateway.not_ready)
        return Response(f"{problem or 'ok'}\n", 503 if problem else 200, media_type="text/plain")

    async def metrics(self, _request: Request) -> Response:
        data, kind = await asyncio.to_thread(self._metrics.shown)
        return Response(data, media_type=kind)

    async def openapi(self, _request: Request) -> Response:
        return Response(self._openapi, media_type="application/json")
