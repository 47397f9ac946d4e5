"""A gateway of the ledger channel in the process of the test, for what needs no process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx

import gateway_kit
from crossdock import Project
from crossdock.gateway.config import GatewayConfig
from fakes import retailops
from faults.ledger import KEY, Ledger, running
from faults.proxy import FaultProxy, Plan

HERE = Path(__file__).parent / "project"
_ROW = ({"lineId": 1, "id": "1", "product": {"productCode": "MUG"}}, 1)


@cache
def project() -> Project:
    """The project of the ledger, compiled once."""
    return Project.open(HERE)


@dataclass(frozen=True)
class Action:
    """How an action that changes something is asked for, and the key that the ledger then has."""

    path: str
    key: str
    request: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.request["action"])


def actions(number: int) -> list[Action]:
    """Every action that changes something, for an order or an article with this number."""
    package = retailops.package("1", "1Z370", _ROW)
    return [
        Action("/orders/order_ack", f"ack-{number}", retailops.acknowledge(number)),
        Action("/orders/shipment_submit", f"shipment-{number}-900", retailops.ship(number, "900", package)),
        Action("/orders/cancel", f"cancel-{number}", retailops.cancel(number)),
        Action("/orders/complete", f"complete-{number}", retailops.complete(number)),
        Action("/orders/writeback", f"writeback-{number}", retailops.write_back(number)),
        Action("/inventory", f"return-{number}-7", retailops.take_back(number, "7", 12.34, _ROW)),
        Action("/payment", f"capture-{number}", retailops.capture(number, 50)),
        Action("/inventory", f"stock-{number}-5", retailops.stock((str(number), 5))),
        Action("/catalogs", f"product-{number}", retailops.catalog(str(number))),
    ]


ACTIONS = [action.name for action in actions(1)]


@dataclass
class Shop:
    """A gateway, the ledger behind it, and what is between them."""

    served: gateway_kit.Served
    ledger: Ledger
    proxy: FaultProxy

    def ask(self, action: Action, **more: Any) -> httpx.Response:
        return self.served.post(action.path, action.request, **more)

    def cancel(self, number: int) -> httpx.Response:
        return self.served.post("/orders/cancel", retailops.cancel(number))

    def states(self) -> list[str]:
        return [entry.state for entry in self.served.gateway.journal.entries()]


def config(journal: str, url: str, mode: str = "naive", **more: Any) -> GatewayConfig:
    return gateway_kit.config_for("ledger", journal, settings={"url": url, "mode": mode}, **more)


@contextmanager
def shop(
    journal: str,
    script: list[tuple[str, str]] | None = None,
    *,
    late: float = 0.5,
    environ: dict[str, str] | None = None,
    **more: Any,
) -> Iterator[Shop]:
    """A gateway whose calls go through a proxy, which breaks those of a script. ``more`` is the profile's."""
    ledger = Ledger()
    proxy = FaultProxy(lambda: ledger.port, Plan(script=list(script or [])), late=late)
    with running(proxy, ledger):
        chosen = config(journal, proxy.url, **more)
        with gateway_kit.served(project(), chosen, environ={"LEDGER_KEY": KEY, **(environ or {})}) as served:
            yield Shop(served, ledger, proxy)
