"""Bad input, row by row of a list of 112: the status and the words that each gets over a real socket.

A row is named by its number and what it is. After each, the gateway still answers, its log has no trace of
an error and no value of the request.

    Row("25 version 2", post("/orders/cancel", changed(retailops.cancel(2025), "version", 2)), 422, "…")
"""

from __future__ import annotations

import json
import logging
import socket
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from crossdock import Project
from crossdock.core.limits import PAYLOAD_BYTES
from crossdock.gateway.http_guard import CONNECTIONS
from fakes import retailops
from fakes.kibo import FakeKibo
from fakes.kibo_orders import line, order
from gateway_kit import TICKET, Served, config_for, exchange, project_for, served

JSON_TYPE = {"content-type": "application/json"}
SHIP, CANCEL, ACK, STOCK = "/orders/shipment_submit", "/orders/cancel", "/orders/order_ack", "/inventory"
RETURN, CAPTURE, WRITE, ORDERS = "/inventory", "/payment", "/orders/writeback", "/orders"
UNAUTHORIZED = '{"title":"Unauthorized","status":401,"detail":"the ticket is missing or not valid"}'
NOT_HTTP = '{"title":"Bad Request","status":400,"detail":"this is not an HTTP request"}'
UNFIT = '"detail":"the request does not fit its schema"'
DONE = '{"events":[]}'


class Got(NamedTuple):
    """What came back, however it was asked for."""

    status: int
    text: str
    headers: dict[str, str]


class World(NamedTuple):
    """The gateway and the channel behind it."""

    gateway: Served
    kibo: FakeKibo

    def line(self, number: int) -> Any:
        return self.kibo.numbered(number)["items"][0]


Ask = Callable[[World], tuple[Got, Any]]  # and what was sent, to be looked for in the log


class Row(NamedTuple):
    """One row: how it is asked, the status, and the words that the answer has."""

    name: str
    ask: Ask
    status: int
    words: str
    then: Callable[[World, Got], bool] = lambda world, got: True


# Ways to ask


def got(answer: httpx.Response) -> Got:
    return Got(answer.status_code, answer.text, dict(answer.headers))


def post(path: str, body: Any) -> Ask:
    """A request as JSON, or bytes as they are. A function makes it of the world."""

    def ask(world: World) -> tuple[Got, Any]:
        sent = body(world) if callable(body) else body
        data = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
        return got(world.gateway.client.post(path, content=data, headers=JSON_TYPE)), sent

    return ask


def get(query: str) -> Ask:
    return lambda world: (got(world.gateway.client.get(f"/orders?{query}")), query)


def fetching(field: str) -> Ask:
    """A page by GET, with one more field."""
    known = "version=1&action=order_fetch&data[single]=0&headers[client_id]=497"
    return get(f"headers[ticket]={TICKET}&{known}&{field}")


def raw(*parts: bytes, pause: float = 0) -> Ask:
    """Bytes on a connection of their own."""

    def ask(world: World) -> tuple[Got, Any]:
        if pause:
            answer = slowly(world.gateway.url, parts[0])
        else:
            answer = exchange(world.gateway.url, b"".join(parts))
        return read(answer), None

    return ask


def slowly(url: str, data: bytes) -> bytes:
    """What comes when a part is sent, and then nothing more."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(data)
        found = b""
        while more := connection.recv(65536):
            found += more
        return found


def read(answer: bytes) -> Got:
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(each.lower().split(": ", 1) for each in lines)
    return Got(int(first.split()[1]), body.decode(), headers)


def head(path: str = CANCEL, *lines: str, method: str = "POST", body: bytes = b"{}") -> bytes:
    known = ["Host: x", "Content-Type: application/json", *(lines or [f"Content-Length: {len(body)}"])]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *known, "", ""]).encode() + body


def changed(request: Any, *steps: Any) -> Any:
    """A request whose value at a path is another one."""
    *path, value = steps
    made = deepcopy(request)
    at = made
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return made


def ticket(value: Any) -> Ask:
    return post(CANCEL, changed(retailops.cancel(2027), "headers", {"client_id": "497", "ticket": value}))


def package(number: int, *steps: Any) -> Ask:
    """A shipment of one unit, its package changed."""

    def make(world: World) -> Any:
        packed = retailops.package("370", f"1Z{number}", (world.line(number), 1))
        return retailops.ship(number, f"9{number}", changed(packed, *steps))

    return post(SHIP, make)


def returned(number: int, *steps: Any) -> Ask:
    def make(world: World) -> Any:
        request = retailops.take_back(number, f"7{number}", 10, (world.line(number), 1))
        return changed(request, "data", "return", *steps)

    return post(RETURN, make)


def written(number: int, *steps: Any) -> Ask:
    """The line of an order, changed."""

    def make(world: World) -> Any:
        row = retailops.written(world.line(number)["id"], "MUG-BLUE", 2, 10)
        row["channel_refnum"] = world.line(number)["id"]
        return retailops.write_back(number, changed(row, *steps))

    return post(WRITE, make)


def collecting(number: int, amount: str, currency: str = "USD") -> Ask:
    def make(world: World) -> Any:
        world.kibo.numbered(number)["currencyCode"] = currency
        request = retailops.capture(number, 12)
        asked = request["data"]["order"]
        for account in (asked["channel_payment"], asked["payment_status"]):
            account["unsettled_external"] = amount
        asked["payment_status"]["by_account"][0]["unsettled_external"] = amount
        return request

    return post(CAPTURE, make)


def ordered(number: int, *steps: Any) -> Ask:
    """An order of the channel that is fetched: one value of it is another one."""

    def make(world: World) -> Any:
        world.kibo.add(changed(order(number, line(1, "MUG-BLUE", 2, 10)), *steps))
        return retailops.fetch_one(number)

    return post(ORDERS, make)


def twice(first: Any, second: Any) -> Ask:
    """Two requests that are the same one: the second gets the first's answer, and is no entry of its own."""

    def ask(world: World) -> tuple[Got, Any]:
        entries = len(world.gateway.gateway.journal.entries(most=1000))
        post(ACK, first)(world)
        answer, sent = post(ACK, second)(world)
        assert len(world.gateway.gateway.journal.entries(most=1000)) == entries + 1
        return answer, sent

    return ask


def dialled(number: int) -> Ask:
    """A cancel whose `base_uri` is a socket that listens: a call to it would be taken."""

    def ask(world: World) -> tuple[Got, Any]:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listening.settimeout(0.2)
            uri = f"http://127.0.0.1:{listening.getsockname()[1]}/latest/meta-data"
            request = changed(retailops.cancel(number), "data", "channel", "params", "base_uri", uri)
            answer, sent = post(CANCEL, request)(world)
            with pytest.raises(TimeoutError):
                listening.accept()
        return answer, sent

    return ask


def crowded(world: World) -> tuple[Got, Any]:
    """More connections than the gateway keeps: the last one asks for something."""
    host, port = world.gateway.url.removeprefix("http://").split(":")
    held = [socket.create_connection((host, int(port))) for _ in range(CONNECTIONS)]
    try:
        return read(exchange(world.gateway.url, head("/healthz", "X-A: b", method="GET", body=b""))), None
    finally:
        for each in held:
            each.close()
        time.sleep(0.2)  # the client of the other rows has a connection above the limit until these are gone


NAME = ("fulfillmentInfo", "fulfillmentContact", "firstName")
COUNTRY = ("fulfillmentInfo", "fulfillmentContact", "address", "countryCode")
SHIPPED = "date_shipped"


def effect(name: str, data: Any) -> Callable[[World, Got], bool]:
    """The channel's newest effect."""
    return lambda world, _: world.kibo.ledger[-1].effect == name and world.kibo.ledger[-1].data == data


def handed_over(first_name: str) -> Callable[[World, Got], bool]:
    return lambda _, answer: json.loads(answer.text)["orders"][0]["ship_addr"]["first_name"] == first_name


def entry_of(problem: str) -> str:
    return f'"detail":"{problem}"'


BODY = [
    Row("1 empty", post(CANCEL, b""), 400, '"detail":"the payload is empty"'),
    Row("2 null", post(CANCEL, b"null"), 400, '"detail":"the request is not a JSON object"'),
    Row("2 text", post(CANCEL, b'"text"'), 400, '"detail":"the request is not a JSON object"'),
    Row("2 array", post(CANCEL, b"[1]"), 400, '"detail":"the request is not a JSON object"'),
    Row("3 truncated", post(CANCEL, b'{"version": '), 400, '"line":1,"column":12'),
    Row("4 trailing bytes", post(CANCEL, b"{} x"), 400, '"line":1,"column":4'),
    Row("5 a key twice", post(CANCEL, b'{"ticket": 1, "ticket": 2}'), 400, "the key `ticket` occurs twice"),
    Row("6 NaN", post(CANCEL, b'{"a": NaN}'), 400, "`NaN` is not a JSON number"),
    Row("7 Infinity", post(CANCEL, b'{"a": Infinity}'), 400, "`Infinity` is not a JSON number"),
    Row("8 1e999999", post(CANCEL, b'{"a": 1e999999}'), 400, "the number is out of range"),
    Row("9 5,000 digits", post(CANCEL, b'{"a": ' + b"9" * 5000 + b"}"), 400, "the number is out of range"),
    Row(
        "10 2^64 as an id",
        post(CANCEL, changed(retailops.cancel(2010), "data", "order", "id", 2**64)),
        400,
        "the number is out of range",
    ),
    Row("11 depth 65", post(CANCEL, b"[" * 65 + b"]" * 65), 400, "objects and lists nest more than 64 deep"),
    Row("12 depth 100,000", post(CANCEL, b"[" * 100_000), 400, "objects and lists nest more than 64 deep"),
    Row("13 BOM", post(CANCEL, "\ufeff{}".encode()), 400, "the payload begins with a byte order mark"),
    Row("14 UTF-16", post(CANCEL, "{}".encode("utf-16")), 400, "the payload begins with a byte order mark"),
    Row("15 not UTF-8", post(CANCEL, b'{"a": "\xff"}'), 400, "the byte at offset 7 is not UTF-8"),
    Row("16 overlong", post(CANCEL, b'{"a": "\xc0\xaf"}'), 400, "the byte at offset 7 is not UTF-8"),
    Row(
        "17 CESU",
        post(CANCEL, b'{"a": "\xed\xa0\xbd\xed\xb8\x80"}'),
        400,
        "the byte at offset 7 is not UTF-8",
    ),
    Row(
        "18 half a pair",
        post(CANCEL, b'{"a": "\\ud800"}'),
        400,
        "half of a surrogate pair is not a character",
    ),
    Row(
        "19 U+0000 in a SKU",
        post(STOCK, retailops.stock(("MUG\0BLUE", 5))),
        422,
        '"detail":"a text of the request has the character U+0000"',
    ),
    Row(
        "20 more bytes than the limit",
        raw(head(CANCEL, f"Content-Length: {PAYLOAD_BYTES + 1}")),
        413,
        '"detail":"the body has more than 33554432 bytes, the limit"',
    ),
    Row("21 single quotes", post(CANCEL, b"{'a': 1}"), 400, "found a single quote"),
    Row("21 comment", post(CANCEL, b"{} // all"), 400, "there is more text after the end of the JSON value"),
    Row("21 comma at the end", post(CANCEL, b'{"a": 1,}'), 400, "leave out the comma in front of it"),
    Row("22 __proto__", post(CANCEL, {**retailops.cancel(2022), "__proto__": {"version": 2}}), 200, DONE),
]
MEANING = [
    Row(
        "23 unknown path",
        post("/orders/teleport", retailops.cancel(2023)),
        404,
        "POST /payment (capture_channel_payments)",
    ),
    Row(
        "23 unknown action",
        post(STOCK, retailops.envelope("order_teleport")),
        422,
        '"detail":"the request does not say which action it is: items_returned, inv_push"',
    ),
    Row(
        "24 the seed's action",
        post(CANCEL, {**retailops.cancel(2024), "action": "testco.orderpull.order_fetch"}),
        200,
        DONE,
    ),
    Row(
        "25 version 2",
        post(CANCEL, changed(retailops.cancel(2025), "version", 2)),
        422,
        '"pointer":"/version"',
    ),
    Row(
        "25 version two as text",
        post(CANCEL, changed(retailops.cancel(2025), "version", "2")),
        422,
        '"pointer":"/version"',
    ),
    Row(
        "26 497 and text",
        twice(retailops.acknowledge(2026), changed(retailops.acknowledge(2026), "headers", "client_id", 497)),
        200,
        DONE,
    ),
    Row("27 no ticket", post(CANCEL, {"version": 1}), 401, UNAUTHORIZED),
    Row("28 wrong ticket", ticket("canary-wrong"), 401, UNAUTHORIZED),
    Row("29 not ASCII", ticket("canary-wröng"), 401, UNAUTHORIZED),
    Row("30 1 MB", ticket("canary" * 170_000), 401, UNAUTHORIZED),
    Row("31 array", ticket([TICKET]), 401, UNAUTHORIZED),
    Row("33 rma_id is the text null", returned(2033, "rma_id", "null"), 200, '"code":"VALIDATION_CONFLICT"'),
    Row(
        "34 negative return",
        returned(2034, "items", 0, "quantity", -1),
        200,
        "Return 72034 has -1 of MUG-BLUE; none of it is recorded.",
    ),
    Row(
        "34 negative package",
        package(2034, "ship_items", 0, "quantity", -1),
        200,
        "Package 370 holds -1 of MUG-BLUE; none of it is recorded.",
    ),
    Row("34 negative line", written(2034, "quantity", -2), 200, '"code":"QUANTITY_IMPOSSIBLE"'),
    Row("34 negative stock", post(STOCK, retailops.stock(("MUG-BLUE", -3))), 201, DONE, effect("stock", 0)),
    Row(
        "35 1.5 of a package",
        package(2035, "ship_items", 0, "quantity", "1.5"),
        200,
        "data.shipment.packages[0] cannot be used and is left out",
    ),
    Row(
        "35 1.5 of a return",
        returned(2035, "items", 0, "quantity", "1.5"),
        200,
        "data.return.items[0] cannot be used and is left out",
    ),
    Row(
        "35 1.5 in stock",
        post(STOCK, retailops.stock(("MUG-BLUE", "1.5"))),
        201,
        "The count of MUG-BLUE is missing or not a whole number",
    ),
    Row(
        "36 price 1,25",
        written(2036, "unit_price", "1,25"),
        200,
        "data.line_items[0] cannot be used and is left out: `unit_price`",
    ),
    Row(
        "36 price empty",
        written(2036, "unit_price", ""),
        200,
        "data.line_items[0] cannot be used and is left out: `unit_price`",
    ),
    Row(
        "36 price $1",
        written(2036, "unit_price", "$1"),
        200,
        "data.line_items[0] cannot be used and is left out: `unit_price`",
    ),
    Row(
        "36 amount $1",
        collecting(2036, "$1"),
        422,
        '"pointer":"/data/order/payment_status/unsettled_external"',
    ),
    Row("37 three decimals collected", collecting(2037, "12.345"), 200, DONE, effect("capture", 12.35)),
    Row(
        "37 price of three decimals",
        written(2038, "unit_price", "1.255"),
        200,
        '"events":[]',
        lambda world, _: world.line(2038)["unitPrice"]["extendedAmount"] == 1.255,
    ),
    Row("38 JPY with cents", collecting(2039, "12.5", "JPY"), 200, DONE, effect("capture", 13)),
    Row(
        "39 total of an order",
        ordered(2139, "total", 99),
        200,
        "do not add up to the order's total: 25 against 99, a difference of -74",
    ),
    Row("40 usd", ordered(2140, "currencyCode", "usd"), 200, '"channel_refnum":"2140"'),
    Row(
        "40 XXX",
        ordered(2240, "currencyCode", "XXX"),
        200,
        "the order is in another currency than the one that the channel's setting `currency` names",
    ),
    Row(
        "41 US United States",
        ordered(2141, *COUNTRY, "US United States"),
        200,
        '"country_match":"US United States"',
    ),
    Row(
        "42 unknown country",
        ordered(2142, *COUNTRY, "Atlantis"),
        200,
        "the country of an address is not known, and RetailOPS gets it as Kibo has it",
    ),
    Row("43 seconds", written(2043, "estimated_ship_date", 1460142547), 200, '"events":[]'),
    Row(
        "43 milliseconds",
        package(2043, SHIPPED, "1460142547000"),
        200,
        "`iso` takes an ISO 8601 or RFC 2822 date-time, and this text is neither, at /date_shipped",
    ),
    Row(
        "43 before 1970",
        package(2043, SHIPPED, -1),
        200,
        "`iso` takes an ISO 8601 or RFC 2822 date-time, and this text is neither, at /date_shipped",
    ),
    Row(
        "43 2^63",
        package(2043, SHIPPED, 2**63),
        200,
        "`iso` takes an ISO 8601 or RFC 2822 date-time, and this text is neither, at /date_shipped",
    ),
    Row(
        "44 30 February",
        package(2044, SHIPPED, "2016-02-30T10:00:00Z"),
        200,
        "`iso` takes a date-time that exists, and this one does not, at /date_shipped",
    ),
    Row(
        "44 30 February of an order",
        ordered(2144, "submittedDate", "2016-02-30T10:00:00Z"),
        200,
        "`iso` takes a date-time that exists, and this one does not, at /submittedDate",
    ),
    Row("45 no zone", package(2045, SHIPPED, "2016-02-28T10:00:00"), 200, DONE),
    Row(
        "45 no zone in an order",
        ordered(2145, "submittedDate", "2016-02-28T10:00:00"),
        200,
        "`iso` takes a date-time with an offset, or a zone as its second argument, at /submittedDate",
    ),
    Row("46 return of nothing", returned(2046, "items", []), 200, '"code":"VALIDATION_CONFLICT"'),
    Row("46 no packages", post(SHIP, retailops.ship(2046, "946")), 200, DONE),
    Row("46 no acks", post(ACK, retailops.acknowledge()), 200, DONE),
    Row(
        "46 order without lines",
        ordered(2146, "items", []),
        200,
        "expected at least 1 item, found 0, at /items",
    ),
    Row(
        "47 10,001 rows",
        post(STOCK, retailops.stock(*((f"S{row:05}", row) for row in range(10_001)))),
        201,
        DONE,
    ),
    Row("48 null in a list", package(2048, "ship_items", [None]), 200, DONE),
    Row("49 1 MB", package(2049, "tracking_number", "x" * 1_000_000), 200, DONE),
    Row(
        "50 names",
        ordered(2150, *NAME, "Zoë 👩‍🚀 \u202eabc e\u0301"),
        200,
        '"next_page_state":0',
        handed_over("Zoë 👩‍🚀 \u202eabc e\u0301"),
    ),
    Row(
        "51 HTML",
        ordered(2151, *NAME, "<script>alert(1)</script>"),
        200,
        '"next_page_state":0',
        handed_over("<script>alert(1)</script>"),
    ),
    Row("52 template", ordered(2152, *NAME, "{{7*7}}"), 200, '"next_page_state":0', handed_over("{{7*7}}")),
    Row(
        "53 lookup",
        ordered(2153, *NAME, "${jndi:ldap://x}"),
        200,
        '"next_page_state":0',
        handed_over("${jndi:ldap://x}"),
    ),
    Row(
        "54 card number",
        ordered(2154, "shopperNotes", {"giftMessage": "4111111111111111"}),
        200,
        '"gift_message":"4111111111111111"',
    ),
    Row("55 base_uri", dialled(2055), 200, DONE),
    Row(
        "56 id with ..",
        post(CANCEL, changed(retailops.cancel(2056), "data", "order", "id", "../../admin")),
        200,
        DONE,
    ),
    Row(
        "56 reference with ..",
        post(CANCEL, changed(retailops.cancel(2056), "data", "order", "channel_refnum", "../../admin")),
        200,
        "Kibo has no order ../../admin, so nothing is cancelled.",
    ),
]
QUERY = [
    Row(
        "57 value and names",
        get("data[channel]=x&data[channel][id]=1"),
        400,
        "a name in the query has both a value and names below it",
    ),
    Row(
        "58 levels",
        get("a[b" + "][b" * 3000 + "]=1"),
        400,
        "a name in the query has more than 64 levels, the limit",
    ),
    Row(
        "59 201 fields",
        get("&".join(f"a{field}=1" for field in range(201))),
        400,
        "the query has more than 200 fields, the limit",
    ),
    Row("60 %ff", get("a=%ff"), 400, "the query is not percent-encoded UTF-8"),
    Row("61 twice", get("a=1&a=2"), 400, "a name in the query occurs twice"),
    Row("62 1e9", fetching("data[max_page_size]=1e9"), 422, '"pointer":"/data/max_page_size"'),
    Row("62 -1", fetching("data[max_page_size]=-1"), 422, '"pointer":"/data/max_page_size"'),
    Row("62 abc", fetching("data[max_page_size]=abc"), 422, '"pointer":"/data/max_page_size"'),
    Row(
        "62 1,000,000,000",
        fetching("data[max_page_size]=1000000000"),
        200,
        '"orders":[',
        lambda world, _: "pageSize=200" in world.kibo.seen[-1].target,
    ),
    Row("63 brackets", get("data[order=1"), 400, "a name in the query has brackets that do not match"),
    Row(
        "64 body",
        raw(head(ORDERS, "Content-Length: 2", method="GET")),
        400,
        "a GET request must not have a body",
    ),
]
HTTP = [
    Row(
        "106 CL and TE",
        raw(head(CANCEL, "Content-Length: 5", "Transfer-Encoding: chunked", body=b"0\r\n\r\n")),
        400,
        NOT_HTTP,
    ),
    Row("107 two CL", raw(head(CANCEL, "Content-Length: 2", "Content-Length: 3")), 400, NOT_HTTP),
    Row("108 bare LF", raw(head().replace(b"\r\n", b"\n")), 400, NOT_HTTP),
    Row("108 obs-fold", raw(head(CANCEL, "X-A: b\r\n c", "Content-Length: 2")), 400, NOT_HTTP),
    Row("108 method in lower case", raw(head(method="post")), 400, NOT_HTTP),
    Row(
        "109 17 KB",
        raw(head(CANCEL, "X-A: " + "a" * 17_000, "Content-Length: 2")),
        431,
        "the head of the request has more than 16384 bytes, the limit",
    ),
    Row(
        "109 a line without an end",
        raw(b"POST / HTTP/1.1\r\nX-A: " + b"a" * 60_000),
        431,
        "the head of the request has more than 16384 bytes, the limit",
    ),
    Row(
        "110 slow head",
        raw(b"POST / HTTP/1.1\r\nX-A: ", pause=1),
        408,
        "the head of the request did not come in time",
    ),
    Row(
        "110 slow body",
        raw(head(CANCEL, "Content-Length: 10"), pause=1),
        408,
        "the body did not come within 2 seconds",
    ),
    Row(
        "111 XML",
        raw(head(CANCEL, "Content-Length: 2").replace(b"application/json", b"text/xml")),
        415,
        "the body must be application/json",
    ),
    Row(
        "111 gzip",
        raw(head(CANCEL, "Content-Encoding: gzip", "Content-Length: 2")),
        415,
        "the body must not be compressed",
    ),
    Row(
        "112 PUT",
        raw(head(ORDERS, method="PUT")),
        405,
        "this path is called with GET, POST",
        lambda _, answer: answer.headers["allow"] == "get, post",
    ),
    Row("112 TLS", raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 500), 400, NOT_HTTP),
    Row(
        "112 connections",
        crowded,
        503,
        "too many connections are open",
        lambda _, answer: answer.headers["retry-after"] == "5",
    ),
]
ROWS = [*BODY, *MEANING, *QUERY, *HTTP]


@pytest.fixture(scope="module")
def world(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with FakeKibo() as kibo:
        kibo.add(*(order(number, line(1, "MUG-BLUE", 2, 10)) for number in range(2000, 2100)))
        place = project_for(tmp_path_factory.mktemp("shop"), repository, "kibo", kibo.url)
        journal = f"sqlite:///{tmp_path_factory.mktemp('journal')}/journal.db"
        with served(Project.open(place), config_for("kibo", journal)) as gateway:
            yield World(gateway, kibo)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row(world: World, row: Row, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    answer, sent = row.ask(world)

    assert (answer.status, row.words in answer.text) == (row.status, True), answer
    assert row.then(world, answer)
    assert world.gateway.client.get("/healthz").text == "ok\n"
    logged = [record for record in caplog.records if record.name.startswith(("crossdock", "uvicorn"))]
    assert not [record for record in logged if record.exc_info]
    written = json.dumps([record.__dict__ for record in logged], default=str, ensure_ascii=False)
    assert not [text for text in texts(sent) if text in written]


def texts(sent: Any) -> list[str]:
    """The texts of a request that are long enough to be found, except the name of its action."""
    match sent:
        case dict():
            return [text for key, value in sent.items() if key != "action" for text in texts(value)]
        case list():
            return [text for value in sent for text in texts(value)]
        case str() if len(sent) > 8:
            return [sent]
    return []


def test_a_name_of_another_action_is_in_the_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """24: the path decides. The name in the document's examples says nothing, and is not told."""
    caplog.set_level(logging.WARNING)
    for name in ("testco.orderpull.order_fetch", "testco.orders.order_ack"):
        world.gateway.post(CANCEL, {**retailops.cancel(2024), "action": name})
    (record,) = caplog.records
    assert (record.message, record.__dict__["action"], record.__dict__["named"]) == (
        "a request names another action than its path",
        "order_cancel",
        "order_ack",
    )


def test_what_a_list_leaves_out_is_every_row() -> None:
    """32 is the gateway's own decision: a ticket is a text, and its parts are not read."""
    told = {int(row.name.split()[0]) for row in ROWS}
    assert {*range(1, 65), *range(106, 113)} - told == {32}
