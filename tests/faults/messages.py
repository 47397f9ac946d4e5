"""HTTP/1.1 as the fault kit reads and writes it: whole messages with a length, and kept connections."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

REASONS = {200: "OK", 201: "Created", 302: "Found", 404: "Not Found", 422: "Unprocessable Content"}


@dataclass(frozen=True)
class Message:
    """A request or an answer; ``head`` is its lines as they came, ``start`` the first of them in words."""

    start: tuple[str, str, str]
    headers: dict[str, str]
    body: bytes
    head: bytes = field(repr=False, default=b"")

    @property
    def data(self) -> bytes:
        return self.head + self.body


async def read(reader: asyncio.StreamReader) -> Message | None:
    """The next message of a connection; None when it has ended."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    one, two, *rest = first.split(" ", 2)
    return Message((one, two, rest[0] if rest else ""), headers, body, head)


def answer(status: int, body: Any = None, **headers: str) -> bytes:
    """An answer as bytes. ``body`` is JSON, or bytes as they are."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Fault')}", "Content-Type: application/json"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines.append(f"Content-Length: {len(content)}")
    return "\r\n".join([*lines, "", ""]).encode() + content
