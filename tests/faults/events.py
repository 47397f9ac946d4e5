"""The events of a storm, and the client that sends them as RetailOPS does: again, until they are answered."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from fakes import retailops
from faults import messages

QUEUED = ("order_ack",)
"""The actions that the gateway of a storm answers before they are done."""


@dataclass(frozen=True)
class Event:
    """A request of RetailOPS, and the key that the ledger has once it is done."""

    key: str
    path: str
    body: bytes
    queued: bool = False


def events(number: int) -> Iterator[Event]:
    """So many events: three of each order, whose actions wait for one another."""
    for each in range(number):
        order = 1000 + each // 3
        request: dict[str, Any]
        if each % 3 == 0:
            request, key, path = retailops.acknowledge(order), f"ack-{order}", "/orders/order_ack"
        elif each % 3 == 1:
            row = retailops.package("1", f"1Z{order}", ({"lineId": 1, "id": "1", "product": _MUG}, 1))
            request, key = retailops.ship(order, "900", row), f"shipment-{order}-900"
            path = "/orders/shipment_submit"
        else:
            request, key, path = retailops.cancel(order), f"cancel-{order}", "/orders/cancel"
        yield Event(key, path, json.dumps(request).encode(), queued=each % 3 == 0)


_MUG = {"productCode": "MUG"}


@dataclass
class Sender:
    """Sends events on some connections at once. ``accepted`` has the keys that were answered for good."""

    port: int
    seed: int
    duplicates: float = 0.2
    patience: float = 30.0
    accepted: set[str] = field(default_factory=set)
    sent: int = 0
    refused: int = 0
    reported: int = 0
    odd: list[str] = field(default_factory=list)
    answered_at: float = 0.0
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    async def run(self, waiting: list[Event], connections: int, until: float) -> None:
        """Send all events, or stop at a moment of the monotonic clock."""
        left = iter(waiting)
        await asyncio.gather(*(self._connection(left, until) for _ in range(connections)))

    async def _connection(self, left: Iterator[Event], until: float) -> None:
        streams: _Streams | None = None
        for event in left:
            for _ in range(2 if self._random.random() < self.duplicates else 1):
                streams = await self._until_answered(event, streams, until)
            if time.monotonic() > until:
                break
        if streams is not None:
            streams[1].close()

    async def _until_answered(self, event: Event, streams: _Streams | None, until: float) -> _Streams | None:
        while time.monotonic() < until:
            answer = None
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(self.patience):
                    streams = streams or await asyncio.open_connection("127.0.0.1", self.port)
                    answer = await self._asked(event, streams)
            if answer is None or answer.headers.get("connection") == "close":
                if streams is not None:
                    streams[1].close()
                streams = None
            if answer is not None and self._is_done(event, answer):
                return streams
            await asyncio.sleep(self._random.uniform(0.05, 0.3))
        return streams

    async def _asked(self, event: Event, streams: _Streams) -> messages.Message | None:
        reader, writer = streams
        head = f"POST {event.path} HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n"
        self.sent += 1
        writer.write(f"{head}Content-Length: {len(event.body)}\r\n\r\n".encode() + event.body)
        return await messages.read(reader)

    def _is_done(self, event: Event, answer: messages.Message) -> bool:
        """Whether the sender need not come again. An event of a failure means that it may."""
        status = int(answer.start[1])
        if status == 503:
            self.refused += 1
            return False
        if status != 200:
            self.odd.append(f"{status} {event.key}")
            return False
        self.answered_at = time.monotonic()
        self.answered.set()
        if json.loads(answer.body) != {"events": []}:
            self.reported += 1
            return False
        self.accepted.add(event.key)
        return True


_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
