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
    ),
    "a return is not known again by its attribute": Mistake(
        REPEATS,
        "fabric",
        "fabric/items_returned/conversation.yaml",
        "[?number == to_string(",
        "[?credit == to_string(",
    ),
    "what was collected since is not counted": Mistake(
        REPEATS,
        "fabric",
        "fabric/capture_channel_payments/conversation.yaml",
        "sum($payments[].charged))))",
        "$asked.settled)))",
    ),
    "lines are paired with the smallest first": Mistake(
        UNITS, "kibo", "pair_lines.yaml", "sort_by([?line], &neg(", "sort_by([?line], &("
    ),
    "lines are paired with the smallest first, where none may grow": Mistake(
        UNITS, "fabric", "pair_lines.yaml", "sort_by([?line], &neg(", "sort_by([?line], &("
    ),
    "what is not shipped of a line is kept, and what is shipped is taken off": Mistake(
        UNITS,
        "kibo",
        "kibo/order_complete/conversation.yaml",
        "items/{{ element.id }}/quantity/{{ packed }}",
        "items/{{ element.id }}/quantity/{{ open }}",
    ),
    "more comes back than was shipped": Mistake(
        SURVIVAL,
        "kibo",
        "kibo/items_returned/conversation.yaml",
        "$all_numbered && product.fulfillmentStatus",
        "`false` && product.fulfillmentStatus",
    ),
    "each payment is given back as much as is due in all": Mistake(
        MONEY,
        "kibo",
        "kibo/items_returned/conversation.yaml",
        "amount: min_of(left, subtract($due.amount, sum($refundable[?left > `0` && place < root().place].left)))",
        "amount: min_of(left, $due.amount)",
    ),
    "what was collected of a payment can be collected again": Mistake(
        MONEY,
        "fabric",
        "fabric/capture_channel_payments/payments.yaml",
        "left: max_of(`0`, subtract(payment.authorizedAmount || `0`, payment.chargedAmount))",
        "left: number(payment.authorizedAmount) || `0`",
    ),
    "what was given back is not counted": Mistake(
        SURVIVAL,
        "fabric",
        "fabric/items_returned/conversation.yaml",
        "max_of(`0`, subtract($money.collected, $money.given))",
        "$money.collected",
    ),
    "packages leave only when all are packed": Mistake(
        SURVIVAL,
        "kibo",
        "kibo/shipment_submit/conversation.yaml",
        "  - step: leaving\n    if: $order\n",
        "  - step: leaving\n    if: length($parcel[].package) == length($packages)\n",
    ),
    "a row without a SKU is taken along": Mistake(
        SURVIVAL,
        "fabric",
        "fabric/inv_push/conversation.yaml",
        "sort_by(unique_by($rows[?sku], &text(sku), 'last'), &text(sku))",
        "sort_by(unique_by($rows, &text(sku), 'last'), &text(sku))",
    ),
    "an order that is marked is marked again": Mistake(
        IDLE, "kibo", "kibo/order_ack/conversation.yaml", "unless: $acknowledged\n", "unless: '`false`'\n"
    ),
    "an order that is complete is marked again": Mistake(
        IDLE,
        "fabric",
        "fabric/order_complete/conversation.yaml",
        "unless: $nothing_left || entries($order.attributes || `{}`)[?key == settings().complete_attribute]",
        "unless: $nothing_left",
    ),
    "the discount has its sign turned": Mistake(
        TOTALS,
        "kibo",
        "kibo/order.yaml",
        "not_null(magnitude(discountTotal),",
        "not_null(neg(discountTotal),",
    ),
    "an order that a search brings along is taken": Mistake(
        OTHERS, "kibo", "kibo/look_up_order.yaml", "[?equal(orderNumber, number($refnum))]", "[]"
    ),
    "an order that a search brings along is taken, by its other name": Mistake(
        OTHERS, "fabric", "fabric/find_order.yaml", "[?orderExternalId == to_string($refnum)]", "[]"
    ),
    "calls name another tenant": Mistake(
        OTHERS,
        "kibo",
        "kibo/channel.yaml",
        "x-vol-tenant: settings().tenant",
        "x-vol-tenant: settings().site",
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
