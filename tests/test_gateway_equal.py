"""Equal requests at one moment, at two processes that share a journal: one effect, and one answer for all.

CI tries each action twice. ``EQUAL=200`` tries each 200 times, with two requests and with eight.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator

import pytest

from faults import messages
from faults.kit import ACTIONS, Action, actions
from faults.ledger import Ledger, running
from faults.process import Process
from faults.proxy import FaultProxy, Plan

TRIES = int(os.environ.get("EQUAL", "2"))
NUMBERS = iter(range(1001, 10**6))


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def gateway(
    request: pytest.FixtureRequest, ledger: Ledger, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Process]:
    """Every answer of the ledger is on its way for a while, so that two that look it up see the same."""
    folder = tmp_path_factory.mktemp("gateway")
    journal = f"sqlite:///{folder}/journal.db"
    if request.param == "postgresql":
        from gateway_kit import own_schema

        journal = own_schema(request.getfixturevalue("postgres_url"))
    proxy = FaultProxy(lambda: ledger.port, Plan(share=1, shares={"latency": 1}), late=0.08)
    with running(proxy, ledger):
        process = Process(folder, proxy.url, mode="naive", workers=2, journal=journal, seconds=20)
        with process:
            process.ready()
            yield process


def at_one_moment(process: Process, action: Action, number: int) -> list[tuple[str, bytes]]:
    """The statuses and bodies of so many equal requests, each on a connection of its own."""
    body = json.dumps(action.request).encode()
    head = f"POST {action.path} HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n"
    data = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    async def one(ready: asyncio.Barrier) -> tuple[str, bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", process.port)
        await ready.wait()
        writer.write(data)
        answer = await messages.read(reader)
        writer.close()
        assert answer is not None
        return answer.start[1], answer.body

    async def all_of_them() -> list[tuple[str, bytes]]:
        ready = asyncio.Barrier(number)
        return list(await asyncio.gather(*(one(ready) for _ in range(number))))

    return asyncio.run(all_of_them())


@pytest.mark.parametrize("number", [2, 8])
@pytest.mark.parametrize("name", ACTIONS)
def test_equal_requests_at_two_processes_have_one_effect(
    gateway: Process, ledger: Ledger, name: str, number: int
) -> None:
    status = "201" if name in ("inv_push", "catpush_transmit") else "200"
    for _ in range(TRIES):
        action = actions(next(NUMBERS))[ACTIONS.index(name)]
        answers = at_one_moment(gateway, action, number)
        assert answers == [(status, b'{"events":[]}')] * number
        assert ledger.counts[action.key] == 1
