"""HTTP/1.1 over connections that are kept open: the only module that imports h11, and knows its rules.

    connections = Connections(certificates)
    answer = await connections.exchange(http_call("GET", url, headers, b""), most=1_000_000, connect=5.0)

All of it runs on one event loop. There are no redirects, cookies or proxies, nothing is unpacked, and no
call is sent twice.
"""

from __future__ import annotations

import asyncio
import re
import select
import ssl
from collections import defaultdict
from collections.abc import Mapping as MappingType
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple, cast
from urllib.parse import quote, urlsplit

import certifi
import h11

_HEAD_BYTES: Final = 100 * 1024
"""The head of an answer may have so many."""
_INTERIM: Final = 100
"""Interim answers to one call. After those nothing more is read, and the call ends by its deadline."""
_URL_CHARACTERS: Final = 64 * 1024
_CONNECTIONS: Final = 100
_KEPT: Final = 20
_KEPT_SECONDS: Final = 5.0
"""A connection that is not used for longer is not used again: servers close them, some without a word."""
_PORTS: Final = {"http": 80, "https": 443}
# What a URL may contain as it is (WHATWG URL, 1.3). A percent sign begins an escape, or is the author's.
_IN_PATH: Final = "!$%&'()*+,/:;=@[\\]^|"
_IN_QUERY: Final = _IN_PATH + "?`{}"
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


class NotHttpError(Exception):
    """The call cannot be written as HTTP, so nothing of it was sent."""


class NotConnectedError(Exception):
    """No connection could be made, so nothing of the call was sent."""


class BrokenError(Exception):
    """The connection ended before the answer was complete, or the answer is not HTTP."""


class HttpHost(NamedTuple):
    """Where a connection leads to."""

    scheme: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class HttpCall:
    """A call that can be sent. ``head`` has the target and all headers."""

    origin: HttpHost
    head: h11.Request
    content: bytes

    @property
    def method(self) -> str:
        return self.head.method.decode()

    @property
    def target(self) -> str:
        return self.head.target.decode()

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.head.headers}


class HttpAnswer(NamedTuple):
    """An answer as it came: names of headers in lower case, ``data`` at most one piece beyond the limit."""

    status: int
    headers: list[tuple[bytes, bytes]]
    data: bytes


def http_call(method: str, url: str, headers: MappingType[str, str], content: bytes) -> HttpCall:
    """A call. Raises NotHttpError when a part of it cannot be sent."""
    # A line end would begin another header, and `urlsplit` would leave it out.
    if len(url) > _URL_CHARACTERS or _CONTROL.search(url):
        raise NotHttpError
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        query = "?" + quote(parts.query, _IN_QUERY) if parts.query else ""
        target = quote(parts.path or "/", _IN_PATH) + query
        given = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
        if content or method in ("POST", "PUT", "PATCH"):
            given.append((b"content-length", str(len(content)).encode()))
        shown = parts.netloc if parts.port != _PORTS[parts.scheme] else parts.netloc.rpartition(":")[0]
        head = h11.Request(method=method, target=target, headers=[(b"host", shown.encode("ascii")), *given])
    except (ValueError, KeyError, h11.LocalProtocolError):
        raise NotHttpError from None
    return HttpCall(HttpHost(parts.scheme, host, port), head, content)


@cache
def certificates() -> ssl.SSLContext:
    """The certificate authorities to trust; kept, because reading them is slow. Nothing turns this off."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context


class Connections:
    """The connections to any number of hosts, with ``certificates`` for those that use TLS."""

    def __init__(self, certificates: ssl.SSLContext | None) -> None:
        self._certificates = certificates
        self._idle: defaultdict[HttpHost, list[_Connection]] = defaultdict(list)
        self._places = asyncio.Semaphore(_CONNECTIONS)

    async def exchange(self, call: HttpCall, *, most: int, connect: float) -> HttpAnswer:
        """The answer to a call, its body read up to ``most`` bytes.

        ``connect``: the seconds in which there must be a connection. Raises NotConnectedError, BrokenError.
        """
        connection = await self._connection(call.origin, connect)
        try:
            return await connection.exchange(call, most)
        finally:
            self._places.release()
            self._keep(call.origin, connection)

    def close(self) -> None:
        """Close the connections that are not in use."""
        for connections in self._idle.values():
            for each in connections:
                each.close()
        self._idle.clear()

    async def _connection(self, origin: HttpHost, seconds: float) -> _Connection:
        try:
            async with asyncio.timeout(seconds):
                await self._places.acquire()
                try:
                    return self._kept(origin) or await self._opened(origin)
                except BaseException:
                    self._places.release()
                    raise
        except (OSError, UnicodeError):  # TimeoutError is an OSError, and so are those of TLS and of names
            raise NotConnectedError from None

    def _kept(self, origin: HttpHost) -> _Connection | None:
        idle = self._idle[origin]
        while idle:
            found = idle.pop()
            if found.is_usable():
                return found
            found.close()
        return None

    def _keep(self, origin: HttpHost, connection: _Connection) -> None:
        if not connection.begins_anew():
            connection.close()
            return
        idle = self._idle[origin]
        idle.append(connection)
        while len(idle) > _KEPT or not idle[0].is_fresh():
            idle.pop(0).close()

    async def _opened(self, origin: HttpHost) -> _Connection:
        secure = origin.scheme == "https"
        _, connection = await asyncio.get_running_loop().create_connection(
            _Connection,
            origin.host,
            origin.port,
            ssl=self._certificates if secure else None,
            server_hostname=origin.host if secure else None,
            happy_eyeballs_delay=0.25,
        )
        return connection


class _Connection(asyncio.Protocol):
    """One connection, with one call at a time."""

    def __init__(self) -> None:
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_BYTES)
        self._loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[HttpAnswer] | None = None
        self._head: h11.Response | None = None
        self._data = bytearray()
        self._most = self._interim = 0
        self._used = 0.0
        self._is_open = True

    # What the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        answer = self._answer
        if answer is None or answer.done():
            self.close()  # nothing was asked
            return
        try:
            self._http.receive_data(data)
            if (found := self._read()) is not None:
                answer.set_result(found)
        except (h11.RemoteProtocolError, BrokenError):
            answer.set_exception(BrokenError())

    def eof_received(self) -> None:
        self.data_received(b"")

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._is_open = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(BrokenError())

    # What its calls use

    async def exchange(self, call: HttpCall, most: int) -> HttpAnswer:
        self._answer = self._loop.create_future()
        self._head, self._data, self._most, self._interim = None, bytearray(), most, 0
        self.send(call)
        return await self._answer

    def send(self, call: HttpCall) -> None:
        events: list[h11.Event] = [call.head, h11.EndOfMessage()]
        if call.content:
            events.insert(1, h11.Data(data=call.content))
        self._transport.write(b"".join(self._http.send(event) or b"" for event in events))

    def _read(self) -> HttpAnswer | None:
        """What has come by now: the answer if it is complete, or has more bytes than are read."""
        while True:
            event = self._http.next_event()
            if isinstance(event, h11.Response):
                self._head = event
            elif isinstance(event, h11.Data):
                self._data += event.data
                if len(self._data) > self._most:
                    return self._found()
            elif isinstance(event, h11.EndOfMessage):
                return self._found()
            elif isinstance(event, h11.ConnectionClosed):
                raise BrokenError
            elif isinstance(event, h11.InformationalResponse):
                self._interim += 1
                if self._interim > _INTERIM:
                    self._transport.pause_reading()
                    return None
            else:
                return None  # more bytes are needed

    def _found(self) -> HttpAnswer:
        assert self._head is not None
        return HttpAnswer(self._head.status_code, [*self._head.headers], bytes(self._data))

    def begins_anew(self) -> bool:
        """Whether another call may follow: this one was answered whole, and nothing came after."""
        http = self._http
        whole = http.our_state is h11.DONE and http.their_state is h11.DONE and not http.trailing_data[0]
        if not (whole and self._is_open):
            return False
        http.start_next_cycle()
        self._answer = None
        self._used = self._loop.time()
        return True

    def is_fresh(self) -> bool:
        return self._is_open and self._loop.time() - self._used < _KEPT_SECONDS

    def is_usable(self) -> bool:
        """Whether a call may be sent, as far as can be known: the end of the server may just have come."""
        if not self.is_fresh():
            return False
        poll = select.poll()
        poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return not poll.poll(0)

    def close(self) -> None:
        self._is_open = False
        self._transport.abort()  # an orderly end of TLS would wait for the server
