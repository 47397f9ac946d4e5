"""The network connections to a channel: httpcore's, as httpx makes them, without httpcore's pool.

The pool looks at every connection several times for each call. With some of them open, that costs more of the
processor than the call itself. Here the idle connections of an origin are a stack: the one that was used last
is used next, and others expire. The pool also closes idle connections when many are busy.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

import httpcore
import httpx

_IDLE_SECONDS: Final = 5.0  # as httpx has it: a server may close a connection that is idle for longer
_MOST_IDLE: Final = 20
# What httpcore raises, and what httpx calls it; a class comes before those that it is derived from.
_ERRORS: Final = (
    (httpcore.ConnectTimeout, httpx.ConnectTimeout),
    (httpcore.ConnectError, httpx.ConnectError),
    (httpcore.ConnectionNotAvailable, httpx.ConnectError),
    (httpcore.TimeoutException, httpx.ReadTimeout),
    (httpcore.LocalProtocolError, httpx.LocalProtocolError),
    (httpcore.ProtocolError, httpx.RemoteProtocolError),
    (httpcore.NetworkError, httpx.ReadError),
    (httpcore.UnsupportedProtocol, httpx.LocalProtocolError),
)

_Origin = tuple[bytes, bytes, int]


class Connections(httpx.AsyncBaseTransport):
    """Makes requests over connections that are kept for the next ones. It belongs to one event loop."""

    def __init__(self, certificates: Callable[[], ssl.SSLContext]) -> None:
        """``certificates`` gives the authorities to trust; it is only called for https."""
        self._certificates = certificates
        self._idle: dict[_Origin, list[httpcore.AsyncHTTPConnection]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer to a request; its stream must be closed. Raises httpx.HTTPError."""
        url = request.url
        origin = (url.raw_scheme, url.raw_host, url.port or (443 if url.scheme == "https" else 80))
        connection = await self._taken(origin)
        try:
            with _as_httpx(request):
                answer = await connection.handle_async_request(
                    httpcore.Request(
                        request.method,
                        httpcore.URL(scheme=origin[0], host=origin[1], port=origin[2], target=url.raw_path),
                        headers=request.headers.raw,
                        content=request.stream,
                        extensions=request.extensions,
                    )
                )
        except BaseException:
            await connection.aclose()
            raise
        stream = _Stream(answer, request, lambda: self._returned(origin, connection))
        return httpx.Response(answer.status, headers=answer.headers, stream=stream)

    async def aclose(self) -> None:
        """Close the connections that are idle; one that is in use is closed with its answer."""
        idle, self._idle = self._idle, {}
        for connection in (each for kept in idle.values() for each in kept):
            await connection.aclose()

    async def _taken(self, origin: _Origin) -> httpcore.AsyncHTTPConnection:
        """The connection that became idle last, or a new one. What the server has closed is dropped."""
        kept = self._idle.get(origin, [])
        while kept:
            connection = kept.pop()
            if not connection.has_expired():
                return connection
            await connection.aclose()
        return httpcore.AsyncHTTPConnection(
            httpcore.Origin(*origin),
            ssl_context=self._certificates() if origin[0] == b"https" else None,
            keepalive_expiry=_IDLE_SECONDS,
        )

    async def _returned(self, origin: _Origin, connection: httpcore.AsyncHTTPConnection) -> None:
        kept = self._idle.setdefault(origin, [])
        if connection.is_idle() and len(kept) < _MOST_IDLE:
            kept.append(connection)
        else:
            await connection.aclose()


class _Stream(httpx.AsyncByteStream):
    """The body of an answer. The connection is free again when it is closed."""

    def __init__(
        self, answer: httpcore.Response, request: httpx.Request, returned: Callable[[], Awaitable[None]]
    ) -> None:
        self._answer, self._request, self._return = answer, request, returned

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx(self._request):
            async for part in self._answer.aiter_stream():
                yield part

    async def aclose(self) -> None:
        with _as_httpx(self._request):
            await self._answer.aclose()
        await self._return()


@contextmanager
def _as_httpx(request: httpx.Request) -> Iterator[None]:
    """Raise what httpcore raises as httpx does."""
    try:
        yield
    except Exception as error:
        for kind, ours in _ERRORS:
            if isinstance(error, kind):
                raise ours(str(error), request=request) from error
        raise
