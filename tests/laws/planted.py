"""Mistakes, one in a mapping file each, and the law that each of them breaks.

A mistake takes out what makes its law hold: the text before is in the file once, and is replaced by the text
after. ``number`` is that of a history that shows it; should histories be made in another way, the first 400
are tried.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from laws.rules import IDLE, MONEY, OTHERS, REPEATS, SURVIVAL, TOTALS, UNITS


@dataclass(frozen=True, slots=True)
class Mistake:
    law: int
    channel: str
    file: str
    before: str
    after: str
    number: int = 0


MISTAKES = {
    "a return is not known again": Mistake(
        REPEATS,
        "kibo",
        "kibo/items_returned/conversation.yaml",
        "?externalId == to_string(",
        "?id == to_string(",
        number=0,
    ),
    "a return is not known again by its attribute": Mistake(
        REPEATS,
        "fabric",
        "fabric/items_returned/conversation.yaml",
        "[?number == to_string(",
        "[?credit == to_string(",
        number=25,
    ),
    "what was collected since is not counted": Mistake(
        REPEATS,
        "fabric",
        "fabric/capture_channel_payments/conversation.yaml",
        "sum($payments[].charged))))",
        "$asked.settled)))",
        number=10,
    ),
    "lines are paired whatever they have": Mistake(
        UNITS,
        "fabric",
        "pair_lines.yaml",
        "$lines[].least, $lines[].units, $wants[].cost",
        "$lines[].least, map(&`9`, $lines), $wants[].cost",
    ),
    "what is not shipped of a line is kept, and what is shipped is taken off": Mistake(
        UNITS,
        "kibo",
        "kibo/order_complete/conversation.yaml",
        "items/{{ element.item.id }}/quantity/{{ element.packed }}",
        "items/{{ element.item.id }}/quantity/{{ element.open }}",
        number=24,
    ),
    "more comes back than was shipped": Mistake(
        UNITS,
        "kibo",
        "kibo/items_returned/line.yaml",
        "answers().packed.numbered && line.product",
        "`false` && line.product",
        number=83,
    ),
    "each payment is given back in whole": Mistake(
        MONEY,
        "kibo",
        "kibo/items_returned/conversation.yaml",
        'value: "{id: [0].id, amount: [1]}"',
        'value: "{id: [0].id, amount: [0].left}"',
        number=163,
    ),
    "what was collected of a payment can be collected again": Mistake(
        MONEY,
        "fabric",
        "fabric/capture_channel_payments/payments.yaml",
        "left: max_of(`0`, subtract(payment.authorizedAmount || `0`, payment.chargedAmount))",
        "left: number(payment.authorizedAmount) || `0`",
        number=29,
    ),
    "more is given back than was collected": Mistake(
        MONEY,
        "fabric",
        "fabric/items_returned/conversation.yaml",
        "min_of($due.amount, max_of(`0`, subtract($money.collected, $money.given)))",
        "$due.amount",
        number=76,
    ),
    "packages leave only when all are packed": Mistake(
        SURVIVAL,
        "kibo",
        "kibo/shipment_submit/conversation.yaml",
        "  - step: leaving\n    if: $order\n",
        "  - step: leaving\n    if: length($parcel[].package) == length($packages)\n",
        number=5,
    ),
    "a package with an unknown item is not recorded": Mistake(
        SURVIVAL,
        "fabric",
        "fabric/shipment_submit/conversation.yaml",
        "      - step: content\n",
        "      - step: content\n        unless: $item[?!sure]\n",
    ),
    "a return with an unknown item is not recorded": Mistake(
        SURVIVAL,
        "fabric",
        "returned_units.yaml",
        "  - step: room\n",
        "  - step: room\n    unless: $part[?!(line || code)]\n",
    ),
    "an order that is marked is marked again": Mistake(
        IDLE,
        "kibo",
        "kibo/order_ack/conversation.yaml",
        "unless: $acknowledged\n",
        "unless: '`false`'\n",
        number=20,
    ),
    "an order that is complete is marked again": Mistake(
        IDLE,
        "fabric",
        "fabric/order_complete/conversation.yaml",
        "unless: $nothing_left || entries($order.attributes || `{}`)[?key == settings().complete_attribute]",
        "unless: $nothing_left",
        number=24,
    ),
    "the discount has its sign turned": Mistake(
        TOTALS,
        "kibo",
        "kibo/order.yaml",
        "not_null(magnitude(discountTotal),",
        "not_null(neg(discountTotal),",
        number=23,
    ),
    "the tax has its sign turned": Mistake(
        TOTALS,
        "fabric",
        "fabric/order.yaml",
        "tax_amt: money(tax,",
        "tax_amt: money(neg(tax),",
    ),
    "an edited order has the discount of none": Mistake(
        TOTALS,
        "fabric",
        "fabric/order_writeback/conversation.yaml",
        "    discount_amt: discount_amt\n",
        "    discount_amt: '`0`'\n",
    ),
    "an order is created without its shipping": Mistake(
        TOTALS,
        "kibo",
        "kibo/order_import.yaml",
        "shipping: amount(shipping_amt || `0`, $currency),",
        "shipping: `0`,",
    ),
    "an order is created with the tax of each line rounded": Mistake(
        TOTALS,
        "fabric",
        "fabric/order_create.yaml",
        "shares($tax, $subtotals, $currency)",
        "map(&amount(ratio($tax, length($subtotals))), $subtotals)",
    ),
    "an order that a search brings along is taken": Mistake(
        OTHERS,
        "kibo",
        "kibo/look_up_order.yaml",
        "[?equal(orderNumber, number($refnum))]",
        "[]",
        number=1,
    ),
    "the first order that a search answers is taken": Mistake(
        OTHERS,
        "fabric",
        "fabric/find_order.yaml",
        "|| $named[0]",
        "|| $by_external_id.data[0]",
    ),
    "calls name another tenant": Mistake(
        OTHERS,
        "kibo",
        "kibo/channel.yaml",
        "x-vol-tenant: settings().tenant",
        "x-vol-tenant: settings().site",
        number=0,
    ),
    "calls name the channel as the tenant": Mistake(
        OTHERS,
        "fabric",
        "fabric/channel.yaml",
        "x-fabric-tenant-id: settings().tenant",
        "x-fabric-tenant-id: settings().channel",
    ),
}


def planted(mistake: Mistake, repository: Path, folder: Path) -> Path:
    """A copy of the project with the mistake in it."""
    shutil.copytree(repository / "mappings", folder / "mappings")
    (folder / "schemas").symlink_to(repository / "schemas", target_is_directory=True)
    file = folder / "mappings" / mistake.file
    text = file.read_text(encoding="utf-8")
    assert mistake.before in text, f"{mistake.file} has no {mistake.before!r}"
    file.write_text(text.replace(mistake.before, mistake.after, 1), encoding="utf-8")
    return folder
