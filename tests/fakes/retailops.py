"""Requests as RetailOPS sends them, as short as its schemas let them be."""

from __future__ import annotations

from typing import Any

Request = dict[str, Any]

_CHANNEL = {"id": 21, "params": {"tenant": "15394", "appKey": "acme_co.retailops.0.1.0.Release"}}


def envelope(action: str, **data: Any) -> Request:
    return {
        "headers": {"client_id": "497", "ticket": "canary-ticket"},
        "version": 1,
        "action": action,
        "data": {"channel": _CHANNEL, **data},
    }


def order_of(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"49{number}",
        "channel_refnum": str(number),
        "grand_total": "50",
        "shipments": [None],
        "unshipped_items_ref": [],
        **more,
    }


def fetch(page: int | None = None, **more: Any) -> Request:
    return envelope("order_fetch", page_state=page, max_page_size=50, single=0, client_id=1, **more)


def fetch_one(number: int) -> Request:
    return envelope("order_fetch", single=1, order={"channel_refnum": str(number)}, client_id=1)


def acknowledge(*numbers: int) -> Request:
    return envelope("order_ack", order={"acks": [str(number) for number in numbers]}, client_id=1)


def cancel(number: int) -> Request:
    return envelope("order_cancel", order=order_of(number))


def complete(number: int, **more: Any) -> Request:
    return envelope("order_complete", order=order_of(number, **more))


def package(id: str, tracking: str, *items: tuple[dict[str, Any], int]) -> dict[str, Any]:
    """A package with so many units of each of these lines of the channel's order."""
    return {
        "id": id,
        "carrier_code": "UPS",
        "carrier_name": "UPS",
        "carrier_class_code": "UPSGRND",
        "carrier_class_name": "UPS Ground",
        "class_name": "Ground",
        "mapped_shipcode": None,
        "tracking_number": tracking,
        "date_shipped": "2025-03-17T21:13:11Z",
        "weight": "0.85",
        "ship_items": [
            {
                "id": f"{id}-{line['lineId']}",
                "channel_refnum": line["id"],
                "sku_num": line["product"]["productCode"],
                "quantity": quantity,
            }
            for line, quantity in items
        ],
    }


def ship(number: int, id: str, *packages: dict[str, Any]) -> Request:
    shipment = {"id": id, "packages": list(packages)}
    return envelope("shipment_submit", shipment=shipment, order=order_of(number))


def capture(number: int, amount: float, settled: float = 0) -> Request:
    account = {
        "id": "6",
        "method": "channel",
        "module": "Channel",
        "captures_are_external": 1,
        "settled": f"{settled:.2f}",
        "unsettled_external": f"{amount:.2f}",
        "charged": f"{amount + settled:.2f}",
    }
    status = {**account, "by_account": [account]}
    order = order_of(number, channel_payment=account, payment_status=status)
    return envelope("capture_channel_payments", order=order)


def write_back(number: int, *lines: dict[str, Any], **more: Any) -> Request:
    info = {"shipping_amt": "5", "discount_amt": "0", "tax_amt": "0", "direct_tax_amt": "0"}
    data: dict[str, Any] = {"order_info": info, "rmas": None, **more}
    return envelope("order_writeback", line_items=list(lines), order=order_of(number), **data)


def written(corr: str, sku: str, quantity: int, price: float, *, removed: int = 0) -> dict[str, Any]:
    return {
        "corr": corr,
        "sku": sku,
        "quantity": str(quantity),
        "unit_price": f"{price:.2f}",
        "removed": removed,
        "direct_ship_amt": "0",
        "apportioned_ship_amt": "0",
        "estimated_unit_cost": "0",
        "estimated_cost": "0",
        "estimated_extended_cost": "0.00",
        "estimated_ship_date": 1460151590,
    }


def take_back(number: int, id: str, amount: float, *items: tuple[dict[str, Any], int]) -> Request:
    """A return of so many units of each of these lines, worth so much in all."""
    rows = [
        {
            "channel_refnum": line["id"],
            "order_item_id": f"73{line['lineId']}",
            "sku": line["product"]["productCode"],
            "quantity": quantity,
        }
        for line, quantity in items
    ]
    credited = [
        {
            "credit_item_refnum": f"{id}-{line['lineId']}",
            "channel_item_refnum": line["id"],
            "channel_order_refnum": str(number),
            "sku": line["product"]["productCode"],
            "quantity": str(quantity),
            "reason": "CustomerReturn",
            "item_credit_amt": f"{amount / len(items):.2f}",
        }
        for line, quantity in items
    ]
    returned = {
        "id": id,
        "rma_id": None,
        "items": rows,
        "credit_items_ref": credited,
        "product_amt": f"{amount:.2f}",
        "subtotal_amt": f"{amount:.2f}",
        "discount_amt": "0.00",
        "shipping_amt": "0.00",
        "tax_amt": "0.00",
        "refund_amt": f"{amount:.2f}",
        "refund_action": "refund",
    }
    return envelope("items_returned", order=order_of(number), **{"return": returned})


def stock(*rows: tuple[str, int]) -> Request:
    data = [
        {"sku": sku, "id": str(number), "concept": "sku", "qty_available": quantity, "qty_breakdown": []}
        for number, (sku, quantity) in enumerate(rows, 66)
    ]
    return envelope("inv_push", inventory={"data": data}, client_id=1)


def catalog(*codes: str) -> Request:
    return envelope(
        "catpush_transmit", feed={"data": {"Product": [_fed(code) for code in codes]}}, client_id=1
    )


def _fed(code: str) -> dict[str, Any]:
    content = {"Product Name": f"Product {code}", "Short Description": "", "Full Description": "Enamelled."}
    return {
        "object_data": {"id": code, "source_type": "sku"},
        "feed_data": {
            "Global": {
                "General": {
                    "Product Code": code,
                    "SKU": code,
                    "Product Type": {"Name": "Base"},
                    "Content": content,
                    "Pricing": {"Price": "12.50"},
                    "Cost": {"Value": "4.10"},
                },
                "Options": [],
                "Properties": [],
                "Extras": [],
                "Shipping": {"Weight": {"Unit": "lbs", "Value": "0.8"}},
            },
            "Catalogs": [
                {
                    "Catalog": {
                        "Catalog ID": "1",
                        "Content": content,
                        "Price": {"Price": "12.50"},
                        "Status": {"Is Active": "1"},
                        "Product Categories": [{"Category Code(s)": "mugs"}],
                    }
                }
            ],
            "Publishing": {"Publish Set Code": "", "State": ""},
        },
    }
