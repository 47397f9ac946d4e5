"""A channel in this process: the connection's own code runs, from call to answer, without a socket."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import Mapping
from typing import Any

import httpx

from crossdock.channels.config import Channel
from crossdock.channels.http import Transport
from crossdock.channels.messages import Answer, Call
from crossdock.channels.patience import ENDLESS, Patience
from crossdock.core.json_types import JSON, MISSING, Missing
from fakes.channel import CLIENT_ID, CLIENT_SECRET, FakeChannel

ENVIRON = {
    f"{channel}_{name}": value
    for channel in ("KIBO", "FABRIC")
    for name, value in (("CLIENT_ID", CLIENT_ID), ("CLIENT_SECRET", CLIENT_SECRET))
}
Fault = tuple[str, int]
"""What goes wrong, and at which call of the attempt."""

LOST = ("lost", "lost500")
KINDS = (*LOST, "lost", "reset", "500", "409", "429", "422")
_STATUS = {"lost500": 500, "500": 500, "409": 409, "429": 429, "422": 422}


def is_token(request: httpx.Request) -> bool:
    return "oauth" in request.url.path


def changes(method: str, target: str) -> bool:
    """Whether a call may change something: no reading, no search, no token."""
    return method != "GET" and "/search" not in target and "oauth" not in target


class Wire(httpx.AsyncBaseTransport):
    """The connections of a transport, to the fake that is at hand; some calls go wrong, by their number."""

    def __init__(self) -> None:
        self.fake: FakeChannel = FakeChannel()
        self.faults: dict[int, str] = {}
        self.refused = ""
        self.calls = 0
        self.total = 0
        self.hits = 0
        self.done: list[str] = []
        """The changing calls of this attempt that the channel did not refuse."""

    def begin(self, faults: tuple[Fault, ...] = ()) -> None:
        """Another attempt: its calls are counted from 0."""
        self.calls, self.hits, self.faults = 0, 0, {number: kind for kind, number in faults}
        self.done = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.total += 1
        if is_token(request):
            return self.real(request)
        kind = self.faults.get(self.calls, "")
        if self.refused and self.refused in request.content.decode():
            kind = "422"
        self.calls += 1
        self.hits += bool(kind)
        if kind in ("", *LOST):
            response = self.real(request)
            if response.status_code < 400 and changes(request.method, request.url.path):
                self.done.append(f"{request.method} {request.url.path}")
        if kind == "":
            return response
        if kind in _STATUS:
            return self.refusal(_STATUS[kind])
        raise httpx.ReadError("the test ends the connection")

    def refusal(self, status: int) -> httpx.Response:
        body = self.fake.error(status, "a fault of the test")
        headers = {"content-type": "application/json", **({"retry-after": "0"} if status == 429 else {})}
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(json.dumps(body).encode()))

    def real(self, request: httpx.Request) -> httpx.Response:
        status: list[Any] = []

        def start(line: str, headers: list[tuple[str, str]], *_: Any) -> Any:
            status.extend((int(line[:3]), headers))

        data = b"".join(self.fake._application(_environ(request), start))
        return httpx.Response(status[0], headers=status[1], stream=httpx.ByteStream(data))


class Direct(Transport):
    """A transport over a wire. Its loop runs where a call is made: to wait for a thread takes longer."""

    def __init__(self, channel: Channel, settings: Mapping[str, JSON], wire: Wire) -> None:
        super().__init__(channel, settings, environ=ENVIRON)
        self._connections = wire  # type: ignore[assignment]
        self._here = asyncio.new_event_loop()
        self._turn = threading.Lock()

    def ask(self, call: Call, _given: JSON | Missing = MISSING, patience: Patience = ENDLESS) -> Answer:
        with self._turn:
            return self._here.run_until_complete(self._ask(call, patience))

    def forget(self) -> None:
        """The token of a channel that is no more."""
        self._token = None

    def close(self) -> None:
        self._here.close()
        super().close()


def _environ(request: httpx.Request) -> dict[str, Any]:
    """The call as a server of Python's gives it to an application (PEP 3333)."""
    named = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()}
    return {
        **named,
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": request.url.path,
        "QUERY_STRING": request.url.query.decode(),
        "RAW_URI": request.url.raw_path.decode(),
        "SERVER_NAME": "fake",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(request.content)),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.content),
        "werkzeug.socket": None,
    }
