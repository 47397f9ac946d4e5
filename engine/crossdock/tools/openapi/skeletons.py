"""The first conversation of each action: the call that the description offers, and what is left to decide.

What the description cannot say is marked `# TODO`, which `crossdock check` reports. All else passes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from crossdock.tools.openapi.operations import Operation

_PARAMETER: Final = re.compile(r"\{[^{}]+\}")


@dataclass(frozen=True, slots=True)
class _Action:
    """What a skeleton says of an action. ``each`` are the elements that a call is made for."""

    describe: str
    each: str = ""
    about: str = ""
    reference: str = ""
    response: str = "{events: events()}"


ACTIONS: Final[dict[str, _Action]] = {
    "order_fetch": _Action(
        "Fetch the orders that are ready and that RetailOPS has not taken over.", response=""
    ),
    "order_ack": _Action(
        "Record which orders RetailOPS took over.",
        each="data.order.acks[?@].to_string(@)",
        about="{concept: {$const: order}, id: '@'}",
        reference="root",
    ),
    "shipment_submit": _Action(
        "Tell the channel which packages RetailOPS shipped, each only once.",
        each="data.shipment.packages[?@]",
        about="{concept: {$const: package}, id: id}",
    ),
    "order_writeback": _Action(
        "Change an order to the lines that RetailOPS lists.", response="{line_items: [], values: {}}"
    ),
    "items_returned": _Action("Record what came back, and refund it as RetailOPS decided, only once."),
    "inv_push": _Action("Set how many units of each SKU may be sold."),
    "catpush_transmit": _Action("Put RetailOPS' products into the catalog, one at a time."),
    "capture_channel_payments": _Action("Collect what is still owed for an order, only once."),
    "order_complete": _Action("Complete an order when no more of it will be shipped."),
    "order_cancel": _Action("Cancel an order."),
}
_ABOUT_AN_ORDER: Final = frozenset(
    {*("shipment_submit", "order_writeback", "items_returned", "capture_channel_payments")}
    | {"order_complete", "order_cancel"}
)


def skeleton(channel: str, action: str, operation: Operation, modeline: str) -> str:
    """The text of an action's `conversation.yaml`."""
    known = ACTIONS[action]
    lines = [
        f"# yaml-language-server: $schema={modeline}conversation.json",
        f"describe: {known.describe}",
        f"request: retailops/{action}.request",
        "failure: ../failure",
    ]
    if action in _ABOUT_AN_ORDER:
        lines += ["about: {concept: {$const: order}, id: data.order.channel_refnum}"]
        if _PARAMETER.search(operation.path):
            lines += ["", "values:", "  refnum: data.order.channel_refnum"]
    lines += ["", "steps:", *_todo(f"is this the right call? {operation.summary}", "  ")]
    lines += [f"  - step: {operation.name}"]
    if known.each:
        lines += [f"    each: {known.each}", f"    about: {known.about}"]
    reference = "$refnum" if action in _ABOUT_AN_ORDER else known.reference
    lines += [f"    call: {operation.method} {_path(operation.path, reference)}"]
    lines += [*_asked(operation, "    ")]
    if operation.answer is not None:
        lines += [f"    answer: {channel}/{operation.name}.answer"]
    lines += ["", *_response(action, known)]
    return "\n".join(lines) + "\n"


def setting_skeleton(modeline: str) -> str:
    """The conversation of cat_push_config, which is a setting and makes no call."""
    return (
        f"# yaml-language-server: $schema={modeline}conversation.json\n"
        "describe: Answer how far a change of one SKU spreads. No call is made.\n"
        "request: retailops/cat_push_config.request\n"
        "\n"
        "# TODO relatives or none: does a change of one SKU concern the other variants of its product?\n"
        "response: {fanout: {$const: none}}\n"
    )


def _response(action: str, known: _Action) -> Iterable[str]:
    if action == "order_fetch":
        return [
            "# TODO orders: an element for each order of the answer that is ready, made by ../order",
            "# TODO next_page_state: what asks for the next page; null on the last one",
            "response: {orders: [], next_page_state: null}",
        ]
    if action == "order_writeback":
        return ["# TODO line_items and values: what the channel answers", f"response: {known.response}"]
    return [f"response: {known.response}"]


def _asked(operation: Operation, indent: str) -> Iterable[str]:
    required = [name for name, needed in operation.query if needed]
    optional = [name for name, needed in operation.query if not needed]
    if required or optional:
        stated = ", ".join([*(f"{name} (required)" for name in required), *optional])
        yield from _todo(f"query: {stated}", indent)
    if operation.request is not None:
        yield from _todo(f"body: a cell or a mapping to the schema {operation.name}.request", indent)


def _todo(words: str, indent: str) -> Iterable[str]:
    """A comment in lines of at most 110 characters."""
    line = f"{indent}# TODO"
    for word in words.split():
        if len(line) + len(word) > 109:
            yield line
            line = f"{indent}#     "
        line += f" {word}"
    yield line


def _path(path: str, reference: str) -> str:
    """The path with the order's reference for its first parameter; what else it needs is not known."""
    first, *others = _PARAMETER.split(path)
    named = f"{{{{ {reference} }}}}" if reference else "TODO"
    return first + "".join(("TODO" if at else named) + part for at, part in enumerate(others))
