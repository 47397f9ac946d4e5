"""A channel in a process of its own, as quick as Python lets it be: every call has a fixed answer.

It prints its URL, and ends with its input. A search finds the order whose number it asks for.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import Final

import httptools

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from fakes.kibo_orders import line, order

_TOKEN: Final = json.dumps({"access_token": "token", "expires_in": 86_400, "token_type": "bearer"}).encode()
_ATTRIBUTES: Final = b"[]"
_ORDER: Final = json.dumps(order(1, line(1, "MUG-BLUE", 2, 10)))
_ASKED: Final = re.compile(rb"eq%20(\d+)")


class Channel(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._url = b""

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_message_complete(self) -> None:
        body = answer(self._url)
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)


def answer(url: bytes) -> bytes:
    if url.endswith(b"/oauth"):
        return _TOKEN
    asked = _ASKED.search(url)
    if asked is None:
        return _ATTRIBUTES
    found = _ORDER.replace('"orderNumber": 1,', f'"orderNumber": {int(asked[1])},', 1)
    return f'{{"startIndex":0,"pageSize":20,"pageCount":1,"totalCount":1,"items":[{found}]}}'.encode()


async def main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Channel, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
