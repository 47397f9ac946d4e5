"""A proxy before a channel that breaks calls, each in one way, as a seed decides.

    proxy = FaultProxy(ledger.port, Plan(seed=7, share=0.3))
    with running(ledger, proxy):
        ... proxy.url ...

Every fault is for one call. ``late_effect`` and those with ``after`` in their name let the channel do what it
was asked and hide it from the caller.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from faults import messages

LONG = 30.0  # longer than the caller waits
SHARES = {
    "status_500": 8,
    "status_429": 6,
    "status_503": 3,
    "reset_before": 3,
    "reset_after": 4,
    "half_body": 4,
    "garbage": 3,
    "garbage_json": 3,
    "hang_before": 2,
    "hang_after": 2,
    "drip": 2,
    "latency": 6,
    "late_effect": 3,
    "close_after": 3,
}
"""How often each fault comes, as parts of all faults."""


@dataclass
class Plan:
    """Which call is broken how: a share of them, by a seed; or as ``script`` says, one after another.

    A line of the script is what a call must have in ``METHOD target``, and its fault. Calls that do not have
    it pass, and so do all when the script is over.
    """

    seed: int = 0
    share: float = 0.0
    script: list[tuple[str, str]] = field(default_factory=list)
    shares: dict[str, int] = field(default_factory=lambda: SHARES)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def next(self, message: messages.Message) -> str | None:
        if self.script:
            fits = self.script[0][0] in " ".join(message.start[:2])
            return self.script.pop(0)[1] if fits else None
        if self._random.random() >= self.share:
            return None
        return self._random.choices(list(self.shares), list(self.shares.values()))[0]


class FaultProxy:
    """Forwards calls to a port of this machine. ``hits`` counts the faults."""

    def __init__(self, upstream: int | Callable[[], int], plan: Plan, *, late: float = 0.5) -> None:
        """``late``: after how many seconds a late effect comes; a slow answer takes a quarter of it."""
        self.port = 0
        self.plan = plan
        self.hits: Counter[str] = Counter()
        self._upstream = upstream
        self._late = late
        self._tasks: set[asyncio.Task[bytes]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        forward = _Forward(self._upstream if isinstance(self._upstream, int) else self._upstream())
        try:
            while (message := await messages.read(reader)) is not None:
                fault = self.plan.next(message)
                if fault is None:
                    writer.write(await forward.ask(message))
                    await writer.drain()
                    continue
                self.hits[fault] += 1
                if not await self._broken(fault, message, forward, writer):
                    return
        finally:
            forward.close()

    async def _broken(
        self, fault: str, message: messages.Message, forward: _Forward, writer: asyncio.StreamWriter
    ) -> bool:
        """Break one call. Whether the connection goes on."""
        if fault.startswith("status_"):
            status = int(fault.removeprefix("status_"))
            headers = {"Retry_After": "0"} if status in (429, 503) else {}
            writer.write(messages.answer(status, {"message": "a fault of the test"}, **headers))
            await writer.drain()
            return True
        act: Callable[..., Awaitable[None]] = getattr(self, f"_{fault}")
        await act(message, forward, writer)
        with suppress(ConnectionError):
            await writer.drain()
        return fault in ("latency", "garbage_json")

    async def _latency(self, message: messages.Message, forward: _Forward, writer: _Writer) -> None:
        """The answer is on its way for a while: it may not be true any more when it comes."""
        data = await forward.ask(message)
        await asyncio.sleep(self._late / 4)
        writer.write(data)

    async def _reset_before(self, _message: messages.Message, _forward: _Forward, writer: _Writer) -> None:
        _reset(writer)

    async def _reset_after(self, message: messages.Message, forward: _Forward, writer: _Writer) -> None:
        await forward.ask(message)
        _reset(writer)

    async def _close_after(self, message: messages.Message, forward: _Forward, writer: _Writer) -> None:
        await forward.ask(message)

    async def _half_body(self, message: messages.Message, forward: _Forward, writer: _Writer) -> None:
        data = await forward.ask(message)
        writer.write(data[: len(data) - 3])

    async def _garbage(self, _message: messages.Message, _forward: _Forward, writer: _Writer) -> None:
        writer.write(b"\x16\x03\x01 what? \r\n\r\n" * 3)

    async def _garbage_json(self, message: messages.Message, forward: _Forward, writer: _Writer) -> None:
        await forward.ask(message)
        writer.write(messages.answer(200, b'{"key": '))

    async def _hang_before(self, _message: messages.Message, _forward: _Forward, writer: _Writer) -> None:
        await asyncio.sleep(LONG)

    async def _hang_after(self, message: messages.Message, forward: _Forward, writer: _Writer) -> None:
        await forward.ask(message)
        await asyncio.sleep(LONG)

    async def _drip(self, message: messages.Message, forward: _Forward, writer: _Writer) -> None:
        for byte in await forward.ask(message):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.2)

    async def _late_effect(self, message: messages.Message, forward: _Forward, writer: _Writer) -> None:
        """The connection breaks, and the channel does what it was asked somewhat later."""

        async def later() -> bytes:
            await asyncio.sleep(self._late)
            own = _Forward(forward.port)
            try:
                return await own.ask(message)
            finally:
                own.close()

        task = asyncio.create_task(later())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        _reset(writer)


_Writer = asyncio.StreamWriter


class _Forward:
    """One connection to the channel, made when it is needed."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, message: messages.Message) -> bytes:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._streams
        writer.write(message.data)
        answer = await messages.read(reader)
        if answer is None:
            raise ConnectionResetError
        return answer.data

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection without a farewell."""
    connection = writer.get_extra_info("socket")
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
