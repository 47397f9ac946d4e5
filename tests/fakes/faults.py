"""What can go wrong between a channel and its caller. Each fault is for one request.

Those that HTTP cannot express write to the socket, and close it themselves.
"""

from __future__ import annotations

import gzip
import os
import socket
import struct
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, NoReturn

from werkzeug import Response

from fakes.channel import Fault, Wire, answer

PAGE = "<!doctype html><title>Sign in</title><p>Please sign in.</p>"


def status(code: int, **headers: str) -> Fault:
    """The channel's own error body with this status."""

    def fault(wire: Wire) -> Response:
        body = wire.channel.error(code, f"a fault of the test, {code}")
        response = answer(body, code)
        response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
        return response

    return fault


def text(content: str, code: int = 200, mimetype: str = "text/html") -> Fault:
    return lambda wire: Response(content, code, mimetype=mimetype)


def json_body(body: Any, code: int = 200) -> Fault:
    """JSON of another form than the one that is documented."""
    return lambda wire: answer(body, code)


def cut_off(*, honest: bool) -> Fault:
    """The beginning of the real answer. An honest Content-Length is that of what is sent."""

    def fault(wire: Wire) -> Response:
        data = wire.real().get_data()
        part = data[: max(1, len(data) // 2)]
        if honest:
            return Response(part, 200, mimetype="application/json")
        _raw(wire, _head(200, f"Content-Length: {len(data)}", "Content-Type: application/json") + part)
        _end(wire)

    return fault


def never(wire: Wire) -> Response:
    """No answer, for as long as the caller waits."""
    _wait_for_the_end(wire, 20)
    _end(wire)


def reset(wire: Wire) -> Response:
    """The connection is reset before anything is done."""
    _reset(wire)


def late_reset(wire: Wire) -> Response:
    """The work is done, and then the connection is reset: the caller cannot know."""
    wire.real()
    _reset(wire)


def late_silence(wire: Wire) -> Response:
    """The work is done, and nothing says so."""
    wire.real()
    return never(wire)


def drip(wire: Wire) -> Response:
    """One byte a second."""
    data = wire.real().get_data() or b"{}"
    _raw(wire, _head(200, f"Content-Length: {len(data)}"))
    for position in range(len(data)):
        if _wait_for_the_end(wire, 1):
            break
        _raw(wire, data[position : position + 1])
    _end(wire)


def gzip_bomb(wire: Wire) -> Response:
    """A compressed answer that was not requested: 20 kB that would be 20 MB."""
    return Response(_COMPRESSED, 200, {"Content-Encoding": "gzip", "Content-Type": "application/json"})


# Made here, and not for the first call: its deadline would run meanwhile.
_COMPRESSED = gzip.compress(b'{"items":[' + b" " * 20_000_000 + b"]}")


def endless(wire: Wire) -> Response:
    """An answer without an end."""
    _raw(wire, _head(200, "Content-Type: application/json", "Connection: close") + b"[")
    try:
        while not wire.channel.closing.is_set():
            wire.socket.sendall(b"0," * 50_000)
    except OSError:
        pass
    _end(wire)


def redirect(to: str, code: int = 302) -> Fault:
    return lambda wire: Response("", code, {"Location": to})


def many_headers(wire: Wire) -> Response:
    """Two hundred kilobytes of headers."""
    lines = [f"X-Filler-{number}: {'x' * 1000}" for number in range(200)]
    _raw(wire, _head(200, "Content-Length: 2", *lines) + b"{}")
    _end(wire)


def garbage(wire: Wire) -> Response:
    """Bytes that are no HTTP."""
    _raw(wire, b"\x16\x03\x01 what? \r\n\r\n" * 3)
    _end(wire)


def continues(wire: Wire) -> Response:
    """Nothing but interim answers."""
    try:
        while not wire.channel.closing.is_set():
            wire.socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)
    except OSError:
        pass
    _end(wire)


def retry_after_forms() -> dict[str, str]:
    """Every form of Retry-After that is met, by a name."""
    soon = datetime.now(UTC) + timedelta(seconds=3600)
    past = datetime.now(UTC) - timedelta(days=1)
    return {
        "zero": "0",
        "one": "1",
        "a-half": "0.5",
        "huge": "9" * 400,
        "exponent": "1e9",
        "negative": "-5",
        "date-in-an-hour": format_datetime(soon, usegmt=True),
        "date-without-a-zone": soon.strftime("%a %b %d %H:%M:%S %Y"),
        "date-of-yesterday": format_datetime(past, usegmt=True),
        "junk": "soon, I hope",
        "blank": " ",
    }


def _head(code: int, *lines: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {code} Fault", *lines, "", ""]).encode()


def _raw(wire: Wire, data: bytes) -> None:
    try:
        wire.socket.sendall(data)
    except OSError:
        _end(wire)


def _end(wire: Wire) -> NoReturn:
    """End the connection; the server takes this as a caller who went away."""
    with suppress(OSError):
        wire.socket.shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError


def _reset(wire: Wire) -> NoReturn:
    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(wire.socket.detach())
    raise ConnectionResetError


def _wait_for_the_end(wire: Wire, seconds: float) -> bool:
    """Wait until the caller goes away or the test ends; True when one of them did."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if wire.channel.closing.wait(0.02) or _gone(wire.socket):
            return True
    return False


def _gone(connection: socket.socket) -> bool:
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
