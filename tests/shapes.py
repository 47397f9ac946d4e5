"""Orders as three well-known shops publish them, and which of their fields a draft should find.

The payloads in ``data/shapes`` are invented; their names are those of the shops' documentation (Shopify's
Admin REST API, WooCommerce's REST API v3, the REST API of Magento 2).
``python tests/shapes.py`` prints the table of docs/new-and-suggest.md.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from crossdock import Project
from crossdock.cli.app import run
from crossdock.core.paths import path_text
from crossdock.tools.drafting.draft import Drafting, Leaf, leaves
from crossdock.tools.drafting.example_values import samples_of

SHAPES: Final = Path(__file__).parent / "data" / "shapes"


def _address(target: str, source: str, **names: str) -> dict[str, str]:
    """The paths of an address below a source object; several names of one field are separated by blanks."""
    return {
        f"{target}.{name}": " ".join(f"{source}.{one}" for one in these.split())
        for name, these in names.items()
    }


_SHOPIFY_ADDRESS: Final = {
    "first_name": "first_name",
    "last_name": "last_name",
    "company": "company",
    "address1": "address1",
    "address2": "address2",
    "city": "city",
    "state_match": "province_code province",
    "postal_code": "zip",
    "country_match": "country_code country",
}
_WOO_ADDRESS: Final = {
    "first_name": "first_name",
    "last_name": "last_name",
    "company": "company",
    "address1": "address_1",
    "address2": "address_2",
    "city": "city",
    "state_match": "state",
    "postal_code": "postcode",
    "country_match": "country",
}
_MAGENTO_ADDRESS: Final = {
    "first_name": "firstname",
    "last_name": "lastname",
    "company": "company",
    "address1": "street[]",
    "city": "city",
    "state_match": "region_code region",
    "postal_code": "postcode",
    "country_match": "country_id",
}
_MAGENTO_SHIPPING: Final = "extension_attributes.shipping_assignments[].shipping"

# The fields of `retailops/order`, and the fields that an expert would take: any of them is right.
RIGHT: Final[dict[str, dict[str, str]]] = {
    "shopify": {
        **_address("bill_addr", "billing_address", **_SHOPIFY_ADDRESS),
        **_address("ship_addr", "shipping_address", **_SHOPIFY_ADDRESS),
        "channel_refnum": "name order_number id number",
        "channel_date_created": "created_at processed_at",
        "currency_code": "currency presentment_currency",
        "shipping_amt": "total_shipping_price_set.shop_money.amount shipping_lines[].price",
        "tax_amt": "total_tax current_total_tax total_tax_set.shop_money.amount",
        "discount_amt": "total_discounts current_total_discounts",
        "shipcode": "shipping_lines[].code shipping_lines[].title",
        "ip_address": "browser_ip",
        "customer.email_address": "email contact_email customer.email",
        "customer.phone_number": "phone customer.phone billing_address.phone",
        "customer.first_name": "customer.first_name billing_address.first_name",
        "customer.last_name": "customer.last_name billing_address.last_name",
        "items[].channel_refnum": "line_items[].id",
        "items[].sku": "line_items[].sku",
        "items[].quantity": "line_items[].quantity",
        "items[].sku_title": "line_items[].title line_items[].name",
        "items[].unit_price": "line_items[].price",
    },
    "woocommerce": {
        **_address("bill_addr", "billing", **_WOO_ADDRESS),
        **_address("ship_addr", "shipping", **_WOO_ADDRESS),
        "channel_refnum": "number id",
        "channel_date_created": "date_created_gmt date_created",
        "currency_code": "currency",
        "shipping_amt": "shipping_total",
        "tax_amt": "total_tax",
        "discount_amt": "discount_total",
        "shipcode": "shipping_lines[].method_id shipping_lines[].method_title",
        "ip_address": "customer_ip_address",
        "customer.email_address": "billing.email",
        "customer.phone_number": "billing.phone",
        "customer.first_name": "billing.first_name",
        "customer.last_name": "billing.last_name",
        "payment[].params.payment_type": "payment_method payment_method_title",
        "payment[].params.channel_refnum": "transaction_id",
        "payment[].amount": "total",
        "items[].channel_refnum": "line_items[].id",
        "items[].sku": "line_items[].sku",
        "items[].quantity": "line_items[].quantity",
        "items[].sku_title": "line_items[].name",
        "items[].unit_price": "line_items[].price",
    },
    "magento": {
        **_address("bill_addr", "billing_address", **_MAGENTO_ADDRESS),
        **_address("ship_addr", f"{_MAGENTO_SHIPPING}.address", **_MAGENTO_ADDRESS),
        "channel_refnum": "increment_id entity_id",
        "channel_date_created": "created_at",
        "currency_code": "order_currency_code base_currency_code store_currency_code",
        "shipping_amt": "shipping_amount base_shipping_amount",
        "tax_amt": "tax_amount base_tax_amount",
        "discount_amt": "discount_amount base_discount_amount",
        "shipcode": f"{_MAGENTO_SHIPPING}.method shipping_description",
        "ip_address": "remote_ip",
        "customer.email_address": "customer_email billing_address.email",
        "customer.phone_number": "billing_address.telephone",
        "customer.first_name": "customer_firstname billing_address.firstname",
        "customer.last_name": "customer_lastname billing_address.lastname",
        "payment[].params.payment_type": "payment.method payment.cc_type",
        "payment[].params.channel_refnum": "payment.last_trans_id payment.entity_id",
        "payment[].amount": "payment.amount_ordered payment.base_amount_ordered",
        "items[].channel_refnum": "items[].item_id",
        "items[].sku": "items[].sku",
        "items[].quantity": "items[].qty_ordered",
        "items[].sku_title": "items[].name",
        "items[].unit_price": "items[].price items[].base_price",
    },
}


@dataclass(frozen=True, slots=True)
class Score:
    """Of how many fields the draft takes a right one, or has it among three; ``wrong`` are the others."""

    fields: int
    first: int
    three: int
    wrong: tuple[tuple[str, tuple[str, ...]], ...]

    def row(self, name: str) -> str:
        return f"| {name} | {self.fields} | {self.first / self.fields:.0%} | {self.three / self.fields:.0%} |"


def scores(folder: Path) -> Iterator[tuple[str, Score]]:
    """The score of each shape. Its schema is derived in the folder, from the payload alone."""
    (folder / "mappings").mkdir(exist_ok=True)
    for name, right in RIGHT.items():
        samples = folder / "schemas" / name / "samples"
        samples.mkdir(parents=True)
        shutil.copy(SHAPES / f"{name}.json", samples / "order.json")
        recipe = f'describe: {name}.\nshapes:\n  order:\n    from: [{{sample: "samples/order.json"}}]\n'
        (samples.parent / "derive.yaml").write_text(recipe, encoding="utf-8")
        assert run(["-C", str(folder), "derive", name]) == 0
        yield name, _score(Project.open(folder), name, right)


def _score(project: Project, name: str, right: dict[str, str]) -> Score:
    payload = json.loads((SHAPES / f"{name}.json").read_text(encoding="utf-8"))
    source, target = project.schema(f"{name}/order"), project.schema("retailops/order")
    drafting = Drafting(source, target, samples_of([payload]))
    found = {path_text(leaf.target.path): _taken(leaf) for leaf in leaves(drafting.draft())}
    ranked = {target: (found.get(target, ()), right[target].split()) for target in right}
    first = [target for target, (paths, these) in ranked.items() if paths and paths[0] in these]
    three = [target for target, (paths, these) in ranked.items() if set(paths) & set(these)]
    wrong = tuple((target, paths) for target, (paths, _) in ranked.items() if target not in first)
    return Score(len(ranked), len(first), len(three), wrong)


def _taken(leaf: Leaf) -> tuple[str, ...]:
    """The field that the draft takes, and up to two others; "" for none that is taken."""
    taken = "" if leaf.chosen is None else path_text(leaf.chosen.path)
    others = (path_text(each.path) for each in leaf.candidates)
    return (taken, *[path for path in others if path != taken][:2])


def main() -> None:
    """Print the table, and with ``--wrong`` what is not found."""
    with tempfile.TemporaryDirectory() as folder:
        for name, score in scores(Path(folder)):
            click.echo(score.row(name))
            for target, paths in score.wrong if "--wrong" in sys.argv else ():
                click.echo(f"    {target}: {', '.join(paths) or 'nothing'}")


if __name__ == "__main__":
    main()
