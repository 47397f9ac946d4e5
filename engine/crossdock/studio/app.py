"""The page as an ASGI application: its files, and what it asks the engine, as JSON.

    app = application(StudioFiles(roots), token="…", port=8765)

A question is a POST with one JSON object. What cannot be done is answered with ``{"refused": "…"}``, which is
ordinary; what is not a question at all, with 400.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from crossdock.core.errors import CrossdockError
from crossdock.core.json_types import JSON
from crossdock.core.version import __version__
from crossdock.studio.answers import Answers, PageQuestion
from crossdock.studio.files import RefusedError, State, StudioFiles
from crossdock.studio.guard import POLICY, Guard

if TYPE_CHECKING:
    from crossdock.studio.traffic import Traffic

ASSETS: Final = Path(__file__).with_name("assets")
_LARGEST: Final = 16_000_000
_POLL_SECONDS: Final = 0.5
_AT_REST: Final = 20  # a look at the files of a large project takes at most a twentieth of the time

Answer: TypeAlias = "Callable[[PageQuestion], JSON]"


def application(
    files: StudioFiles,
    token: str,
    port: int,
    *,
    traffic: Traffic | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> ASGIApp:
    """The guarded application. ``stopping`` ends the streams of events, which would keep the server."""
    answers = Answers(files, traffic)
    page = _Page(files, traffic, stopping)
    routes = [
        Route("/", page.index, methods=["GET"]),
        Route("/api/events", page.events, methods=["GET"]),
        Route("/api/traffic", page.requests, methods=["GET"]),
        *(Route(f"/api/{name}", _answering(answer), methods=["POST"]) for name, answer in answers.by_name()),
        Mount("/assets", StaticFiles(directory=ASSETS)),
    ]
    return Guard(Starlette(routes=routes), token, port)


def _answering(answer: Answer) -> Callable[[Request], object]:
    """An endpoint that answers a question in a thread."""

    async def endpoint(request: Request) -> Response:
        try:
            asked = PageQuestion(_object(await _body(request)))
        except RefusedError as error:
            return JSONResponse({"refused": str(error)}, 400)
        try:
            return JSONResponse(await run_in_threadpool(answer, asked))
        except RefusedError as error:
            return JSONResponse({"refused": str(error)})
        except CrossdockError as error:
            return JSONResponse({"refused": error.diagnostics[0].message})

    return endpoint


async def _body(request: Request) -> bytes:
    """The body of a question. A page of another origin cannot send this type without asking first."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise RefusedError("a question is JSON")
    found = bytearray()
    async for part in request.stream():
        found += part
        if len(found) > _LARGEST:
            raise RefusedError(f"a question has at most {_LARGEST} bytes")
    return bytes(found)


def _object(data: bytes) -> dict[str, JSON]:
    try:
        found: JSON = json.loads(data)
    except (ValueError, RecursionError):
        raise RefusedError("a question is JSON") from None
    if not isinstance(found, dict):
        raise RefusedError("a question is an object")
    return found


class _Page:
    """The page itself, and the events that it listens to."""

    def __init__(self, files: StudioFiles, traffic: Traffic | None, stopping: Callable[[], bool]) -> None:
        self._files = files
        self._traffic = traffic
        self._stopping = stopping
        self._html = (ASSETS / "index.html").read_text(encoding="utf-8")

    async def index(self, _request: Request) -> Response:
        """The page. The editor makes style sheets at run time: only those with this nonce are used."""
        nonce = secrets.token_urlsafe(16)
        html = self._html.replace("{{nonce}}", nonce).replace("{{version}}", __version__)
        policy = POLICY.replace("style-src 'self'", f"style-src 'self' 'nonce-{nonce}'")
        return HTMLResponse(html, headers={"content-security-policy": policy})

    async def events(self, _request: Request) -> Response:
        return StreamingResponse(self._changes(), media_type="text/event-stream")

    async def requests(self, _request: Request) -> Response:
        if self._traffic is None:
            return Response(status_code=404)
        return StreamingResponse(self._arrivals(self._traffic), media_type="text/event-stream")

    async def _changes(self) -> AsyncIterator[str]:
        """The paths that were changed on disk, as server-sent events."""
        before = await run_in_threadpool(self._files.state)
        yield event({"ready": True})
        pause = _POLL_SECONDS
        while not self._stopping():
            await asyncio.sleep(pause)
            begun = time.monotonic()
            now: State = await run_in_threadpool(self._files.state)
            pause = max(_POLL_SECONDS, _AT_REST * (time.monotonic() - begun))
            if changed := before.changes(now):
                yield event({"changed": list(changed)})
            before = now

    async def _arrivals(self, traffic: Traffic) -> AsyncIterator[str]:
        """The requests of the gateway that are new or have changed, the oldest first."""
        known: dict[JSON, JSON] = {}
        while not self._stopping():
            try:
                newest: list[dict[str, JSON]] = await run_in_threadpool(traffic.requests)
            except RefusedError as error:
                yield event({"refused": str(error)})
                newest = []
            if changed := [each for each in reversed(newest) if known.get(each["id"]) != each]:
                yield event({"requests": list(changed)})
            known |= {each["id"]: each for each in changed}
            await asyncio.sleep(_POLL_SECONDS)


def event(data: JSON) -> str:
    return f"data: {json.dumps(data)}\n\n"
