"""What RetailOPS adds up is what the buyer was asked for, to the cent, for every example of an order."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from crossdock import CrossdockError, EvaluationError, InputError, OutputError, Project

ROOT = Path(__file__).parents[1]
DIFFERS = "lines, discount, shipping and tax do not add up"
TOTAL = {"kibo": "total", "fabric": "orderTotal"}

# Examples whose own figures contradict each other, so that the mapping must warn; and why they do.
INCONSISTENT = {
    "fabric/order/cancelled-quantity-but-totals-as-placed": "the total counts the cancelled piece",
    "fabric/order/no-reading-and-fees-above-shipping": "the total is 21.50 more than its parts",
    "fabric/order/no-reading-and-shipping-above-fees": "the total is 23 more than its parts",
    "fabric/order/seed-example": "the document's figures were invented one by one",
    "fabric/order/totals-that-do-not-reconcile": "the total is 1.70 more than any reading of its parts",
    "kibo/order/payments-that-are-not-its-lines": "no total is stated, and 50 is paid for 57.52",
    "kibo/order/price-by-a-subtotal-that-does-not-divide": "a third of 10 has no price in cents",
    "kibo/order/seed-example": "the document prints 123 for every number",
    "kibo/order/totals-that-do-not-reconcile": "the total is 5 less than its parts",
}

# Examples of orders that are refused, and whose fault it is.
REFUSED: dict[str, type[CrossdockError]] = {
    "fabric/order/another-currency": OutputError,
    "fabric/order/another-currency-of-a-line": OutputError,
    "fabric/order/another-currency-of-a-payment": OutputError,
    "fabric/order/amount-with-a-comma": InputError,
    "fabric/order/cancelled-whole": OutputError,
    "fabric/order/date-that-is-no-date": EvaluationError,
    "fabric/order/empty-items": InputError,
    "fabric/order/line-without-a-price": OutputError,
    "fabric/order/missing-sku": InputError,
    "fabric/order/quantity-that-is-no-whole-number": InputError,
    "fabric/order/wrong-types": InputError,
    "kibo/order/another-currency": OutputError,
    "kibo/order/date-not-iso": EvaluationError,
    "kibo/order/dollars-in-a-channel-of-another-currency": OutputError,
    "kibo/order/items-not-a-list": InputError,
    "kibo/order/line-that-nothing-names": OutputError,
    "kibo/order/missing-sku": OutputError,
    "kibo/order/no-items": OutputError,
    "kibo/order/no-order-number": OutputError,
    "kibo/order/quantity-as-text": InputError,
}

EXAMPLES = sorted(ROOT.glob("examples/*/order/*.json"))


def name_of(example: Path) -> str:
    return example.relative_to(ROOT / "examples").with_suffix("").as_posix()


@pytest.fixture(scope="module")
def project() -> Project:
    return Project.open(ROOT)


def added_up(order: Any) -> Decimal:
    def figure(holder: dict[str, Any], key: str) -> Decimal:
        return Decimal(str(holder.get(key, 0)))

    lines = [
        figure(item, "quantity") * (figure(item, "unit_price") + figure(item, "unit_tax"))
        for item in order["items"]
    ]
    rest = figure(order, "shipping_amt") + figure(order, "tax_amt") - figure(order, "discount_amt")
    return sum(lines, rest)


@pytest.mark.parametrize("example", EXAMPLES, ids=name_of)
def test_the_result_adds_up_to_the_total_of_the_source(example: Path, project: Project) -> None:
    name = name_of(example)
    channel = name.partition("/")[0]
    mapping = project.mapping(name.rpartition("/")[0])
    payload = json.loads(example.read_text(encoding="utf-8"))
    given = example.with_suffix(".settings.yaml")
    settings = yaml.safe_load(given.read_text(encoding="utf-8")) if given.exists() else {}
    settings.pop("handling_and_duty", None)
    if refusal := REFUSED.get(name):
        with pytest.raises(refusal):
            mapping.run(payload, settings=settings)
        return
    result = mapping.run(payload, settings=settings)
    paid = [Decimal(payment["amount"]) for payment in result.value["payment"]]
    total = payload.get(TOTAL[channel], sum(paid))
    agrees = added_up(result.value) == round(Decimal(str(total)), 9)
    assert agrees == (name not in INCONSISTENT)
    warned = any(warning.message.startswith(DIFFERS) for warning in result.warnings)
    assert warned == (name in INCONSISTENT)


def test_what_is_listed_exists() -> None:
    assert {name_of(example) for example in EXAMPLES} >= REFUSED.keys() | INCONSISTENT.keys()
