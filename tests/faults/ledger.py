"""A channel that counts what was done to it: how often for each key, with an idempotency key or without.

with running(Ledger()) as ledger:
    ... ledger.url ...
    assert ledger.counts["cancel-1001"] == 1
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar
from urllib.parse import unquote

from faults import messages

KEY = "canary-ledger-key"


class Server(Protocol):
    """Something that serves connections on a loop."""

    port: int

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None: ...


S = TypeVar("S", bound=Server)


class Ledger:
    """An entry for each key. ``counts`` has how often each was made: an idempotency key prevents the second.

    ``amounts`` are the texts that came with a key; ``statuses`` answers the keys in it with a status instead.
    """

    def __init__(self) -> None:
        self.port = 0
        self.counts: Counter[str] = Counter()
        self.repeated = 0
        self.amounts: dict[str, Any] = {}
        self.order: list[str] = []
        self.seen: list[str] = []
        self.statuses: dict[str, int] = {}
        self.location = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (message := await messages.read(reader)) is not None:
            writer.write(self.answer(message))
            await writer.drain()

    def answer(self, message: messages.Message) -> bytes:
        method, target, _ = message.start
        self.seen.append(f"{method} {target}")
        if message.headers.get("x-ledger-key") != KEY:
            return messages.answer(401, {"message": "no key"})
        if self.location:
            return messages.answer(302, {}, Location=self.location)
        if method == "GET" and target.startswith("/entries/"):
            key = unquote(target.removeprefix("/entries/"))
            found = self.counts.get(key, 0)
            return messages.answer(200, {"key": key}) if found else messages.answer(404, {})
        if method == "POST" and target == "/entries":
            return self._entered(message)
        return messages.answer(404, {})

    def _entered(self, message: messages.Message) -> bytes:
        body = json.loads(message.body)
        key = body["key"]
        if key in self.statuses:
            return messages.answer(self.statuses[key], {"message": "not this one"})
        own = message.headers.get("idempotency-key")
        if own is not None and key in self.counts:
            self.repeated += 1
            return messages.answer(200, {"key": key})
        self.counts[key] += 1
        self.order.append(key)
        self.amounts[key] = body.get("amount")
        return messages.answer(201, {"key": key})


@contextmanager
def running(*servers: S) -> Iterator[S]:
    """Serve on this machine, from one thread, each on a port that the system chooses."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> list[asyncio.Server]:
        started = []
        for server in servers:
            found = await asyncio.start_server(_quietly(server), "127.0.0.1", server.port, backlog=512)
            server.port = found.sockets[0].getsockname()[1]
            started.append(found)
        return started

    async def stop() -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    listening = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    try:
        yield servers[0]
    finally:
        for each in listening:
            loop.call_soon_threadsafe(each.close)
        asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def _quietly(server: Server) -> Any:
    """A connection that breaks ends, and is not an error of the test."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await server.connected(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    return connected
