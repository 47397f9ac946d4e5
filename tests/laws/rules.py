"""The laws. A history is lived through, and what breaks a law is told."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from typing import Any

from laws.creations import created
from laws.histories import CURRENCIES, Ask, History
from laws.model import Line, Merchant, Wanted
from laws.wire import Fault
from laws.worlds import State, Told, World

REPEATS, UNITS, MONEY, SURVIVAL, IDLE, TOTALS, OTHERS = range(1, 8)
LAWS = {
    REPEATS: "a repeat changes nothing more, also after a lost answer",
    UNITS: "units shipped, cancelled, returned and left are those ordered",
    MONEY: "no more is given back than was collected, or collected than was authorised",
    SURVIVAL: "what one element breaks, the others survive",
    IDLE: "a request of which nothing changed makes no changing call",
    TOTALS: "totals that reconcile at the source reconcile at the target",
    OTHERS: "nothing of another order or tenant is touched",
}
# Requests that set what is so already: the channel has no cheaper way to be asked whether it is.
SETS_AGAIN = {
    ("fabric", "order_ack"): "an attribute is set to the text that it has",
    ("fabric", "inv_push"): "a count is set, and not added",
    ("kibo", "inv_push"): "a count is set, and not added",
    ("fabric", "catpush_transmit"): "prices are set",
}
# What RetailOPS may ask for, and the channel decides.
DECIDED = ("order_cancel", "order_complete")


class Broken(Exception):
    """A law does not hold."""

    def __init__(self, law: int, text: str) -> None:
        super().__init__(f"law {law}: {text}")
        self.law = law


class Life:
    """A history as it happens."""

    def __init__(self, world: World, history: History) -> None:
        self.world, self.history = world, history
        world.begin(history)
        self.merchant = Merchant(history.sold, world.lines(), world.total())
        self.requests = 0

    def live(self) -> None:
        """All of it. Raises Broken."""
        for ask in self.history.asks:
            if self.skipped(ask):
                continue
            wanted = self.merchant.want(ask)
            if wanted is not None:
                self.carry_out(wanted, ask)
                self.learn()
        self.untouched()
        if self.world.fake.failures:
            raise Broken(0, str(self.world.fake.failures))

    def untouched(self) -> None:
        if self.world.others() != self.world.beside:
            raise Broken(OTHERS, "another order or shipment changed")
        header, value = self.world.tenant
        if any(each.headers.get(header, value) != value for each in self.world.fake.seen):
            raise Broken(OTHERS, "a call for another tenant")

    def skipped(self, ask: Ask) -> bool:
        """The lines of a unified order are not edited, and nothing of it comes back before all has left."""
        if self.world.modes[self.history.mode].get("fulfillment") != "shipments":
            return False
        waits = any(line.left for line in self.merchant.lines)
        return ask.action == "write" or (ask.action == "return" and waits)

    def asked(self, wanted: Wanted, faults: tuple[Fault, ...] = ()) -> Told:
        self.world.wire.begin(faults)
        self.requests += 1
        return self.world.answer(wanted.request, self.history.mode)

    def carry_out(self, wanted: Wanted, ask: Ask) -> None:
        """The request, with all that goes wrong, until it is heard; and once more."""
        before = self.world.state()
        told, first = self.until_heard(wanted, ask, before)
        self.untouched()
        self.changed(wanted, told, before, ask, REPEATS if not first and not wanted.refused else None)
        self.told(wanted, told, first)
        if wanted.request["action"] == "order_fetch":
            self.reconciled(told)
            return
        if wanted.request["action"] == "order_writeback" and told.response:
            self.edited(told.response)
        ledger, state = list(self.world.fake.ledger), self.world.state()
        again = self.asked(wanted)
        if self.world.fake.ledger != ledger or self.world.state() != state:
            more = self.world.fake.ledger[len(ledger) :]
            raise Broken(REPEATS, f"{wanted.request['action']} again does {more}")
        if again.wrong:
            raise Broken(REPEATS, f"{wanted.request['action']} again: {again.wrong}")
        kind = (self.world.name, wanted.request["action"])
        if self.world.wire.done and kind not in SETS_AGAIN:
            raise Broken(IDLE, f"{kind[1]} again calls {self.world.wire.done}")

    def until_heard(self, wanted: Wanted, ask: Ask, before: State) -> tuple[Told, bool]:
        """The answer to the first attempt of which nothing went wrong, and whether it was the first one."""
        if wanted.refused:
            self.world.wire.refused = wanted.refused
            told = self.asked(wanted)
            self.world.wire.refused = ""
            if self.world.modes[self.history.mode].get("shipments") != "per_shipment":
                less = {key: wanted.shipped[key] - units for key, units in wanted.without.items()}
                rest = replace(wanted, shipped={**wanted.shipped, **less})
                self.changed(rest, told, before, ask, SURVIVAL)
        first = not wanted.refused
        for faults in ask.faults:
            told = self.asked(wanted, faults)
            if not self.world.wire.hits:
                return told, first
            if not told.codes:
                self.changed(wanted, told, before, ask, REPEATS)
            first = False
        return self.asked(wanted), first

    def told(self, wanted: Wanted, told: Told, first: bool) -> None:
        action = wanted.request["action"]
        if told.wrong:
            raise Broken(0, f"{action}: {told.wrong}")
        if "*" in wanted.may:
            return
        heard = [code for code in told.codes if code not in wanted.may]
        if first and sorted(heard) != sorted(wanted.codes):
            raise Broken(SURVIVAL, f"{action}: RetailOPS hears {heard}, and should hear {list(wanted.codes)}")
        if not first and not wanted.codes and heard:
            raise Broken(REPEATS, f"{action}: RetailOPS hears {heard} of a repeat")

    def changed(self, wanted: Wanted, told: Told, before: State, ask: Ask, law: int | None = None) -> None:
        """What the request did is what was asked for."""
        now, action = self.world.state(), wanted.request["action"]
        law = SURVIVAL if wanted.codes else law
        self.bounded(now, action)
        pick = _sku if action == "order_writeback" or (ask.action == "ship" and ask.form % 4 == 3) else _id
        for name in ("shipped", "cancelled", "returned"):
            was, is_now = self.sums(getattr(before, name), pick), self.sums(getattr(now, name), pick)
            asked = self.sums(getattr(wanted, name), pick)
            done = {key: is_now.get(key, 0) - was.get(key, 0) for key in is_now | was}
            done = {key: units for key, units in done.items() if units}
            if done == asked or (action in DECIDED and not done and told.codes):
                continue
            raise Broken(law or UNITS, f"{action}: {name} {done}, asked for {asked}; {told.codes}")
        for name in ("collected", "refunded", "credited"):
            done_amount = getattr(now, name) - getattr(before, name)
            if done_amount != getattr(wanted, name):
                asked_amount = getattr(wanted, name)
                raise Broken(
                    law or MONEY, f"{action}: {name} {done_amount}, asked for {asked_amount}; {told.codes}"
                )

    def sums(self, units: Mapping[str, int], pick: object) -> dict[str, int]:
        found: dict[str, int] = {}
        for key, count in units.items():
            name = self.merchant.of(key).sku.lower() if pick is _sku else key
            found[name] = found.get(name, 0) + count
        return {key: count for key, count in found.items() if count}

    def bounded(self, now: State, action: str) -> None:
        for line in self.merchant.lines:
            shipped, cancelled = now.shipped.get(line.id, 0), now.cancelled.get(line.id, 0)
            returned = now.returned.get(line.id, 0)
            if cancelled < 0 or shipped + cancelled > line.ordered or returned > shipped:
                counts = f"{shipped} shipped, {cancelled} cancelled, {returned} back of {line.ordered}"
                raise Broken(UNITS, f"{action}: {counts}")
        if now.collected > self.merchant.authorized:
            raise Broken(MONEY, f"{action}: {now.collected} collected of {self.merchant.authorized}")
        if now.refunded + now.credited > now.collected:
            raise Broken(MONEY, f"{action}: more is given back than the {now.collected} that were collected")

    def reconciled(self, told: Told) -> None:
        """An order as RetailOPS gets it adds up to what it comes to in the channel, and so does a new one."""
        digits = CURRENCIES[self.merchant.sold.currency]
        for order in told.response["orders"]:
            total = added_up(order).scaleb(digits)
            # What is left to ship is handed over of an order that is shipped in part.
            if not any(line.shipped for line in self.merchant.lines) and total != self.world.total():
                raise Broken(TOTALS, f"the order adds up to {total}, and comes to {self.world.total()}")
            made, wrong = created(self.world, order)
            if wrong or {each.scaleb(digits) for each in made} != {total}:
                raise Broken(TOTALS, f"the order adds up to {total}, and is created as {made} {wrong}")

    def edited(self, response: Any) -> None:
        """The amounts that RetailOPS hears of an edited order, with its goods, are what it comes to now."""
        now, values = self.world.state(), response.get("values") or {}
        goods = sum(
            (line.ordered - now.cancelled.get(line.id, 0)) * line.price for line in self.merchant.lines
        )
        rest = figure(values, "shipping_amt") + figure(values, "tax_amt") - figure(values, "discount_amt")
        total = goods + rest.scaleb(CURRENCIES[self.merchant.sold.currency])
        if values and total != self.world.total():
            raise Broken(TOTALS, f"the edited order adds up to {total}, and comes to {self.world.total()}")

    def learn(self) -> None:
        state = self.world.state()
        for line in self.merchant.lines:
            _follow(line, state)
        self.merchant.collected = state.collected
        self.merchant.given_back = state.refunded + state.credited
        self.merchant.state = state.name


def added_up(order: Any) -> Decimal:
    """What RetailOPS makes of the amounts of an order."""
    lines = (
        figure(item, "quantity") * (figure(item, "unit_price") + figure(item, "unit_tax"))
        for item in order["items"]
    )
    rest = figure(order, "shipping_amt") + figure(order, "tax_amt") - figure(order, "discount_amt")
    return sum(lines, rest)


def figure(holder: Any, key: str) -> Decimal:
    return Decimal(str(holder.get(key, 0)))


def _follow(line: Line, state: State) -> None:
    line.shipped = state.shipped.get(line.id, 0)
    line.cancelled = state.cancelled.get(line.id, 0)
    line.returned = state.returned.get(line.id, 0)


def _id() -> None: ...


def _sku() -> None: ...


def broken(world: World, history: History) -> Broken | None:
    """The law that a history breaks, or None."""
    try:
        Life(world, deepcopy(history)).live()
    except Broken as law:
        return law
    return None
