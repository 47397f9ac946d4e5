"""uvicorn's HTTP protocol with what it has no limits for: long heads, slow heads and many connections.

The server takes the class by `uvicorn.Config(http=GuardedHttp)`. The application's lifespan may give
`head_seconds` in its state.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from http import HTTPStatus
from typing import Final

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from crossdock.gateway.logs import LOG
from crossdock.gateway.problems import HttpProblem, Reply, unavailable

HEAD_BYTES: Final = 16 * 1024
HEAD_SECONDS: Final = 30
CONNECTIONS: Final = 500
"""Connections of one process; those above get 503."""
DISCARDED_BYTES: Final = 1024 * 1024
DISCARD_SECONDS: Final = 2


class GuardedHttp(HttpToolsProtocol):
    """One connection. Its head is counted and timed; what cannot be read is answered with problem details."""

    _in_head = True
    _head_bytes = 0
    _unfinished = 0
    _heads = 0
    _above = False
    _last: HttpProblem | None = None
    _ended = False
    _half_closed = False
    _left = DISCARDED_BYTES
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._above = len(self.connections) > CONNECTIONS
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._last is not None:
            self._left -= len(data)
            if self._left < 0:
                self.transport.close()
            return
        in_head, heads = self._in_head, self._heads
        if in_head:
            self._start_timer()
        super().data_received(data)
        # The parser keeps a line until it has ended: what is only a part of a head is counted here.
        only_head = in_head and self._in_head and heads == self._heads
        self._unfinished = self._unfinished + len(data) if only_head else 0
        if self._unfinished > HEAD_BYTES and self._last is None:
            self._close_with(_too_long())

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = 0
        self._start_timer()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._head_bytes += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._head_bytes += len(name) + len(value) + len(": \r\n")

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._heads += 1
        self._stop_timer()
        refusal = self._refusal()
        if refusal is None:
            super().on_headers_complete()
            return
        app, self.app = self.app, RefusedRequest(refusal)
        try:
            super().on_headers_complete()
        finally:
            self.app = app

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_head, self._head_bytes = True, 0

    def eof_received(self) -> bool:  # type: ignore[override]
        """A sender that has ended its side may still read: what it asked for is answered before the end."""
        cycle = self.cycle
        self._half_closed = cycle is not None and not (cycle.response_complete or cycle.more_body)
        return self._half_closed

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._last is not None:
            self._close_with(self._last)
        elif self._half_closed and self.cycle.response_complete:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 (uvicorn's text, which is not ours)
        self._close_with(HttpProblem(400, "this is not an HTTP request"))

    def _refusal(self) -> HttpProblem | None:
        if self._above:
            return unavailable("too many connections are open")
        return _too_long() if self._head_bytes > HEAD_BYTES else None

    def _start_timer(self) -> None:
        if self._timer is None:
            seconds = self.app_state.get("head_seconds", HEAD_SECONDS)
            self._timer = self.loop.call_later(seconds, self._time_is_over)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _time_is_over(self) -> None:
        self._timer = None
        if self.transport.is_closing() or self._last is not None:
            return
        if self.flow.read_paused or (self.cycle is not None and not self.cycle.response_complete):
            self._start_timer()  # the request before it is being answered, and nothing is read meanwhile
            return
        self._close_with(HttpProblem(408, "the head of the request did not come in time"))

    def _close_with(self, problem: HttpProblem) -> None:
        """Answer what cannot be read, after the requests before it, and read nothing more of it.

        What comes is discarded for a while: the system resets a connection that is closed on unread bytes,
        and the sender would lose the answer.
        """
        self._last = problem
        answered = self.cycle is None or self.cycle.response_complete
        if self._ended or self.transport.is_closing() or (self._in_head and not answered):
            return
        self._ended = True
        reply = _logged(problem)
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in _headers(reply))
        status = f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}\r\n"
        self.transport.write(status.encode() + lines + b"\r\n" + reply.body)
        with suppress(OSError, NotImplementedError):  # the sender has gone; TLS has no half of a connection
            self.transport.write_eof()
        self.loop.call_later(DISCARD_SECONDS, self.transport.close)


async def discard(receive: Receive) -> None:
    """Read the body of a request that is refused, as far as it is small and comes at once."""
    left, more = DISCARDED_BYTES, True
    with suppress(TimeoutError):
        async with asyncio.timeout(DISCARD_SECONDS):
            while more and left >= 0:
                message = await receive()
                left -= len(message.get("body", b""))
                more = message.get("more_body", False)


def waits_for_answer(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a sender sends its body only after an answer (RFC 9110, 10.1.1): a refusal is enough."""
    return any(name == b"expect" and value.lower() == b"100-continue" for name, value in headers)


class RefusedRequest:
    """An application that answers every request with one problem, and reads of it what is small."""

    def __init__(self, problem: HttpProblem) -> None:
        self._reply = _logged(problem)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not waits_for_answer(scope["headers"]):
            await discard(receive)
        await send(
            {
                "type": "http.response.start",
                "status": self._reply.status,
                "headers": _headers(self._reply),
            }
        )
        await send({"type": "http.response.body", "body": self._reply.body})


def _too_long() -> HttpProblem:
    return HttpProblem(431, f"the head of the request has more than {HEAD_BYTES} bytes, the limit")


def _logged(problem: HttpProblem) -> Reply:
    LOG.info("refused", extra={"status": problem.status, "reason": problem.detail})
    return problem.reply()


def _headers(reply: Reply) -> list[tuple[bytes, bytes]]:
    own = [(name.encode(), value.encode()) for name, value in reply.headers]
    length = str(len(reply.body)).encode()
    kind = reply.content_type.encode()
    return [*own, (b"content-type", kind), (b"content-length", length), (b"connection", b"close")]
