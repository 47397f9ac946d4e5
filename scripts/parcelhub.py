"""Parcelhub, the shop of the tutorial: an API on this machine, with a handful of orders in memory.

    python scripts/parcelhub.py [PORT]

GET  /orders?state=open            open orders, two a page; `Link` leads to the next page
GET  /orders/REFERENCE             one order
PUT  /orders/REFERENCE/acknowledgement
GET  /orders/REFERENCE/parcels
POST /orders/REFERENCE/parcels     {id, carrier, tracking, lines: [{no, count}]}
POST /orders/REFERENCE/cancellation
GET  /articles?code=A&code=B       the articles with these codes, each with its id
PUT  /articles/ID/stock            {count}

Every call needs `Authorization: Bearer demo`. Errors have the body {"error": {"code", "text"}}.
"""

# ruff: noqa: T201 (a server prints its address)

from __future__ import annotations

import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = 2
TOKEN = "demo"  # noqa: S105 (of a shop that is not real)


class ShopError(Exception):
    """What the shop refuses, as the status and the body of an answer."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.body = {"error": {"code": code, "text": text}}


def order(number: int, buyer: str, city: str, tax: float, *lines: dict[str, Any]) -> dict[str, Any]:
    """An order with these lines, which this numbers."""
    home = {"street": f"Ring {number - 112}", "zip": "1010", "city": city, "country": "AT"}
    goods = sum(int(line["count"]) * line["price"] for line in lines)
    return {
        "reference": f"PH-2024-{number:06}",
        "placed_at": f"2024-03-08T21:{number - 104:02}:11Z",
        "currency": "EUR",
        "buyer": {"name": buyer, "email": f"{buyer.split()[0].lower()}@example.com", "phone": None},
        "deliver_to": home,
        "invoice_to": home,
        "delivery": {"service": "Post Express", "price": 4.9},
        "lines": [{"no": number, **line} for number, line in enumerate(lines, 1)],
        "tax": tax,
        "total": round(goods + tax + 4.9, 2),
    }


BLUE = {"article": "MUG-BLUE", "name": "Mug, blue", "count": 2, "price": 12.5}
RED = {"article": "MUG-RED", "name": "Mug, red", "count": "1", "price": 12, "note": "engrave A"}
BOWL = {"article": "BOWL", "name": "Bowl", "count": 1, "price": 20}


class Shop:
    """Orders, parcels and stock."""

    def __init__(self) -> None:
        orders = [
            order(117, "Ada Muster", "Wien", 7.32, BLUE, RED),
            order(118, "Ben Beispiel", "Graz", 4, BOWL),
            order(119, "Cleo Muster", "Linz", 9, BLUE, BOWL),
        ]
        self.orders = {each["reference"]: each for each in orders}
        self.states = dict.fromkeys(self.orders, "open")
        self.parcels: dict[str, list[dict[str, Any]]] = {reference: [] for reference in self.orders}
        self.articles = {7001: ("MUG-BLUE", 40), 7002: ("MUG-RED", 12), 7003: ("BOWL", 3)}

    def open_orders(self, query: dict[str, list[str]]) -> tuple[list[dict[str, Any]], str]:
        after = query.get("after", [""])[0]
        left = [name for name, state in self.states.items() if state == "open" and name > after]
        more = f"/orders?state=open&after={left[PAGE - 1]}" if len(left) > PAGE else ""
        return [self.orders[name] for name in left[:PAGE]], more

    def named(self, reference: str) -> dict[str, Any]:
        if reference not in self.orders:
            raise ShopError(404, "no_such_order", f"There is no order {reference}.")
        return self.orders[reference]

    def acknowledge(self, reference: str) -> None:
        self.named(reference)
        if self.states[reference] == "open":
            self.states[reference] = "acknowledged"

    def send(self, reference: str, parcel: dict[str, Any]) -> dict[str, Any]:
        numbers = {line["no"] for line in self.named(reference)["lines"]}
        if self.states[reference] == "cancelled":
            raise ShopError(409, "order_cancelled", f"Order {reference} is cancelled.")
        if not parcel.get("lines") or any(line.get("no") not in numbers for line in parcel["lines"]):
            raise ShopError(422, "wrong_line", f"Order {reference} does not have these lines.")
        self.parcels[reference].append(parcel)
        self.states[reference] = "sent"
        return parcel

    def cancel(self, reference: str) -> dict[str, Any]:
        self.named(reference)
        if self.states[reference] == "cancelled":
            raise ShopError(409, "already_cancelled", f"Order {reference} is cancelled already.")
        if self.states[reference] == "sent":
            raise ShopError(409, "already_sent", f"A parcel of order {reference} has left.")
        self.states[reference] = "cancelled"
        return {"reference": reference, "state": "cancelled"}

    def find(self, codes: list[str]) -> list[dict[str, Any]]:
        return [
            {"id": id, "code": code, "stock": stock}
            for id, (code, stock) in self.articles.items()
            if code in codes
        ]

    def set_stock(self, id: int, count: object) -> None:
        if id not in self.articles:
            raise ShopError(404, "no_such_article", f"There is no article {id}.")
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise ShopError(422, "wrong_count", "The stock is a whole number, and not below 0.")
        self.articles[id] = (self.articles[id][0], count)


class Handler(BaseHTTPRequestHandler):
    """The paths of the API, over the one shop of this process."""

    protocol_version = "HTTP/1.1"
    shop = Shop()
    lock = Lock()

    def do_GET(self) -> None:
        self.respond()

    def do_PUT(self) -> None:
        self.respond()

    def do_POST(self) -> None:
        self.respond()

    def respond(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                raise ShopError(401, "no_access", "The token is missing or wrong.")
            with self.lock:
                status, body, more = self.call(json.loads(sent or "null"))
        except ShopError as error:
            status, body, more = error.status, error.body, ""
        content = b"" if body is None else json.dumps(body, indent=2).encode() + b"\n"
        self.send_response(status)
        if more:
            self.send_header("Link", f'<{more}>; rel="next"')
        if status != 204:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def call(self, body: Any) -> tuple[int, Any, str]:
        """The status, the body and the next page of the answer."""
        url = urlsplit(self.path)
        match [self.command, *url.path.strip("/").split("/")]:
            case ["GET", "orders"]:
                orders, more = self.shop.open_orders(parse_qs(url.query))
                return 200, orders, more
            case ["GET", "orders", reference]:
                return 200, self.shop.named(reference), ""
            case ["PUT", "orders", reference, "acknowledgement"]:
                self.shop.acknowledge(reference)
                return 204, None, ""
            case ["GET", "orders", reference, "parcels"]:
                self.shop.named(reference)
                return 200, self.shop.parcels[reference], ""
            case ["POST", "orders", reference, "parcels"]:
                return 201, self.shop.send(reference, body), ""
            case ["POST", "orders", reference, "cancellation"]:
                return 201, self.shop.cancel(reference), ""
            case ["GET", "articles"]:
                return 200, self.shop.find(parse_qs(url.query).get("code", [])), ""
            case ["PUT", "articles", id, "stock"] if re.fullmatch(r"\d{1,9}", id):
                self.shop.set_stock(int(id), body.get("count"))
                return 204, None, ""
        raise ShopError(404, "no_such_path", f"The API has no {self.command} {url.path}.")


def main() -> None:
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8300
    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        server.daemon_threads = True
        print(f"Parcelhub is at http://127.0.0.1:{server.server_port}, its token is {TOKEN}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("Parcelhub is closed")


if __name__ == "__main__":
    main()
