"""A third channel in YAML alone: Loomery, an invented shop that refuses what its API does not describe.

The project is in tests/third_channel. What is asserted is what the server got and what RetailOPS gets.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from werkzeug import Response

from conftest import Run
from crossdock import ChannelError, Connection, InputError, Project
from fakes import retailops
from fakes.channel import Fault, Wire, answer
from fakes.loomery import API, HERE, KEY, FakeLoomery, order

Connect = Callable[..., Connection]


@pytest.fixture(scope="module")
def mappings() -> Project:
    return Project.open(HERE)


@pytest.fixture
def shop() -> Iterator[FakeLoomery]:
    with FakeLoomery(*(order(number) for number in range(1001, 1006))) as made:
        yield made


@pytest.fixture
def connect(mappings: Project, shop: FakeLoomery) -> Iterator[Connect]:
    opened: list[Connection] = []

    def make(**settings: str) -> Connection:
        environ = {"LOOMERY_KEY": KEY}
        opened.append(mappings.connect("loomery", settings={"url": shop.url, **settings}, environ=environ))
        return opened[-1]

    yield make
    for connection in opened:
        connection.close()


def answered(connection: Connection, request: dict[str, Any], **more: Any) -> Any:
    return connection.answer(request["action"], request, **more).response


def told(response: Any) -> list[tuple[Any, ...]]:
    """What the events say, in short: handle, what it is about, code and message."""
    return [
        (event["handle"], event["secondary"]["id"], event["data"]["code"], event["data"]["message"])
        for event in response["events"]
    ]


def targets(shop: FakeLoomery) -> list[str]:
    """What was called, below the base."""
    return [f"{seen.method} {seen.target.removeprefix('/v2')}" for seen in shop.seen]


def fetch_one(name: str) -> dict[str, Any]:
    return retailops.envelope("order_fetch", single=1, order={"channel_refnum": name})


def acknowledge(*names: str) -> dict[str, Any]:
    return retailops.envelope("order_ack", order={"acks": list(names)})


def push(**units: int) -> dict[str, Any]:
    rows = [{"sku": sku.replace("_", "-"), "qty_available": str(count)} for sku, count in units.items()]
    return retailops.envelope("inv_push", inventory={"data": rows})


def package(id: int, **more: Any) -> dict[str, Any]:
    items = [{"channel_refnum": "1", "quantity": "2"}]
    return {"id": id, "carrier_code": "UPS", "tracking_number": f"1Z{id}", "ship_items": items, **more}


def ship(name: str, *packages: dict[str, Any]) -> dict[str, Any]:
    shipment = {"id": 9, "packages": list(packages)}
    return retailops.envelope("shipment_submit", shipment=shipment, order={"channel_refnum": name})


# Pages by Link


def test_orders_come_in_pages_by_link(shop: FakeLoomery, connect: Connect) -> None:
    found = answered(connect(), retailops.envelope("order_fetch", max_page_size=2))

    assert targets(shop) == [
        "GET /orders?state=open&state=part_shipped&size=2",
        "GET /orders?state=open&state=part_shipped&size=2&after=L-1002",
        "GET /orders?state=open&state=part_shipped&size=2&after=L-1004",
    ]
    assert [each["channel_refnum"] for each in found["orders"]] == [
        *("L-1001", "L-1002", "L-1003", "L-1004", "L-1005")
    ]
    assert found["orders"][0] == {
        "channel_refnum": "L-1001",
        "channel_date_created": 1709932391,
        "calc_mode": "order",
        "customer": {"first_name": "Ada", "last_name": "Muster", "email_address": "ada@example.com"},
        "ship_addr": {
            "first_name": "Ada",
            "last_name": "Muster",
            "address1": "Ring 5",
            "postal_code": "1010",
            "city": "Wien",
            "country_match": "AT",
        },
        "items": [
            {
                "channel_refnum": "1",
                "sku": "WOOL-RED",
                "sku_title": "Wool, red",
                "quantity": 2,
                "unit_price": "12.50",
            }
        ],
        "shipping_amt": "4.90",
    }
    assert (found["next_page_state"], found["events"]) == (0, [])


def linked(to: Callable[[int], str]) -> Fault:
    """A page whose Link depends on how many pages there were."""
    turns = iter(range(1, 100))

    def fault(wire: Wire) -> Response:
        response = answer({"orders": []})
        response.headers["Link"] = f'<{to(next(turns))}>; rel="next"'
        return response

    return fault


@pytest.mark.parametrize(
    ("to", "calls", "message"),
    [
        (lambda turn: f"?state=open&after=L-{turn}", 10, "the channel had not come to an end after 10 calls"),
        (lambda turn: "?state=open&state=part_shipped&size=50", 1, "lead to a call that was made already"),
        (lambda turn: f"?state=open&after=L-{turn % 2}", 3, "lead to a call that was made already"),
    ],
    ids=["always more", "the same page", "a circle"],
)
def test_pages_without_an_end_are_a_failure_and_not_a_short_list(
    to: Callable[[int], str], calls: int, message: str, shop: FakeLoomery, connect: Connect
) -> None:
    shop.fault(linked(to))

    with pytest.raises(ChannelError, match=re.escape(message)):
        answered(connect(), retailops.envelope("order_fetch"))

    assert len(shop.seen) == calls


def test_a_link_to_another_host_is_not_followed(shop: FakeLoomery, connect: Connect) -> None:
    with FakeLoomery() as other:
        shop.fault(linked(lambda turn: f"{other.url}/orders?state=open"))

        with pytest.raises(ChannelError) as caught:
            answered(connect(), retailops.envelope("order_fetch"))

        assert "leads to another host than the channel's" in str(caught.value)
        assert (len(shop.seen), other.seen) == (1, [])


def test_one_order_is_found_by_either_name(shop: FakeLoomery, connect: Connect) -> None:
    by_number = answered(connect(), fetch_one("L-1003"))
    by_reference = answered(connect(order_reference="reference"), fetch_one("W/1003"))

    assert targets(shop) == ["GET /orders/L-1003", "GET /references/W%2F1003"]
    assert [each["channel_refnum"] for each in by_number["orders"]] == ["L-1003"]
    assert [each["channel_refnum"] for each in by_reference["orders"]] == ["W/1003"]


def test_an_order_that_there_is_not_is_reported(shop: FakeLoomery, connect: Connect) -> None:
    found = answered(connect(), fetch_one("L-1"))

    assert found["orders"] == []
    assert found["events"] == [
        {
            "handle": "channel_order_fetch_fail",
            "secondary": {"id": "L-1", "concept": "order"},
            "data": {
                "sub_code": "",
                "data_items": [],
                "additonal": "[]",
                "is_failure": 1,
                "code": "ORDER_UNKNOWN",
                "message": "Loomery has no order L-1.",
            },
        }
    ]


# GraphQL


def test_throttling_in_a_200_is_waited_for(shop: FakeLoomery, connect: Connect) -> None:
    shop.throttled = 1

    assert answered(connect(), acknowledge("L-1001")) == {"events": []}

    assert targets(shop) == ["GET /orders/L-1001", "POST /graphql", "POST /graphql"]
    assert json.loads(shop.seen[1].body) == {
        "query": "mutation($number: ID!) { acknowledge(number: $number) { number by } }",
        "variables": {"number": "L-1001"},
    }
    assert shop.times[2] - shop.times[1] >= 0.25  # 0.3 is what the answer asked for
    assert shop.effects("acknowledged") == ["L-1001"]


def test_throttling_that_lasts_too_long_is_a_failure(shop: FakeLoomery, connect: Connect) -> None:
    shop.throttled = 3

    found = answered(connect(), acknowledge("L-1001", "L-1002"))

    assert told(found) == [("channel_order_ack_fail", "L-1001", "THROTTLED", "too much at once")]
    assert len(shop.calls("POST /v2/graphql")) == 4
    assert shop.effects("acknowledged") == ["L-1002"]


def test_errors_in_a_200_are_a_failure(shop: FakeLoomery, connect: Connect) -> None:
    shop.forbidden = True

    found = answered(connect(), acknowledge("L-1001", "L-7"))

    assert found["events"][0] == {
        "handle": "channel_order_ack_fail",
        "secondary": {"concept": "order", "id": "L-1001"},
        "data": {
            "is_failure": 1,
            "status": 200,
            "request_url": f"{shop.url}/graphql",
            "code": "FORBIDDEN",
            "message": "not your order",
        },
    }
    assert told(found)[1:] == [
        ("channel_order_ack_warning", "L-7", "ORDER_UNKNOWN", "Loomery has no order L-7.")
    ]


# Jobs


def test_stock_is_set_by_jobs_that_are_polled(shop: FakeLoomery, connect: Connect) -> None:
    found = answered(connect(), push(A=4, B=-2, NO_SUCH=1, D=7))

    assert targets(shop) == [
        *("POST /stock-jobs", "GET /stock-jobs/J1", "GET /stock-jobs/J1"),
        *("POST /stock-jobs", "GET /stock-jobs/J2", "GET /stock-jobs/J2"),
    ]
    assert json.loads(shop.seen[0].body) == {
        "mode": "absolute",
        "rows": [{"sku": "A", "units": 4}, {"sku": "B", "units": 0}, {"sku": "NO-SUCH", "units": 1}],
    }
    assert shop.stock == {"A": 4, "B": 0, "D": 7}
    assert told(found) == [
        (
            "channel_invpush_warning",
            "NO-SUCH",
            "STOCK_REJECTED",
            "Loomery did not set the stock of NO-SUCH: not in the shop.",
        )
    ]


def test_a_job_that_fails_is_reported(shop: FakeLoomery, connect: Connect) -> None:
    assert told(answered(connect(), push(NO_SUCH=1))) == [
        (
            "channel_invpush_fail",
            "NO-SUCH",
            "STOCK_JOB_FAILED",
            "Loomery's job J1 failed: no row could be set.",
        )
    ]


def test_a_job_that_never_ends_is_a_failure_of_its_part(shop: FakeLoomery, connect: Connect) -> None:
    shop.turns = 6

    found = answered(connect(), push(A=1))

    assert told(found) == [
        ("channel_invpush_fail", "A", "ENDLESS", "the channel had not come to an end after 5 calls")
    ]
    assert targets(shop) == ["POST /stock-jobs", *["GET /stock-jobs/J1"] * 5]


def test_a_deadline_ends_the_polling_and_reports_the_rest(shop: FakeLoomery, connect: Connect) -> None:
    shop.turns = 99
    connection = connect()
    assert answered(connection, push()) == {"events": []}  # compiles, and makes no call

    # The sixth call would begin a second after the first one, because of the rate.
    found = answered(connection, push(A=1, B=1, C=1, D=1), deadline=0.9)

    came = "the deadline of the conversation came before this call was made"
    assert told(found) == [
        ("channel_invpush_fail", "A, B, C", "DEADLINE", came),
        ("channel_invpush_fail", "D", "DEADLINE", came),
    ]
    assert targets(shop)[0] == "POST /stock-jobs"
    assert set(targets(shop)[1:]) == {"GET /stock-jobs/J1"}
    assert len(shop.seen) <= 5


# The rate


def test_the_rate_holds_for_all_threads_at_the_server(shop: FakeLoomery, connect: Connect) -> None:
    connection = connect()
    names = [f"L-{1001 + number % 5}" for number in range(12)]

    start = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda name: answered(connection, fetch_one(name))["orders"], names))

    assert [orders[0]["channel_refnum"] for orders in found] == names
    times = sorted(shop.times)
    assert len(times) == 12
    # Five calls begin in each second, and the server sees none before it began: the sixth after one second.
    assert all(seen - start >= number // 5 for number, seen in enumerate(times))


# Forms


def test_a_parcel_is_a_form_with_lists(shop: FakeLoomery, connect: Connect) -> None:
    wrapped = package(
        1,
        tracking_number="1Z & 2",
        class_name="Gröund + 1",
        ship_items=[{"channel_refnum": "1", "quantity": "2"}, None, {"channel_refnum": 1, "quantity": 1}],
    )

    assert answered(connect(notify_by="all"), ship("L-1001", wrapped)) == {"events": []}

    assert targets(shop) == ["GET /orders/L-1001", "POST /orders/L-1001/parcels"]
    assert shop.seen[1].headers["content-type"] == "application/x-www-form-urlencoded"
    assert shop.seen[1].body == (
        "carrier=courier&tracking=1Z+%26+2"
        "&lines%5B0%5D%5Bid%5D=1&lines%5B0%5D%5Bunits%5D=2&lines%5B1%5D%5Bid%5D=1&lines%5B1%5D%5Bunits%5D=1"
        "&notify%5B%5D=email&notify%5B%5D=sms&note=Gr%C3%B6und+%2B+1"
    )
    assert shop.ledger[0].data == {
        "carrier": "courier",
        "tracking": "1Z & 2",
        "lines": [{"id": "1", "units": "2"}, {"id": "1", "units": "1"}],
        "notify": ["email", "sms"],
        "note": "Gröund + 1",
    }


@pytest.mark.parametrize(("how", "notify"), [("email", ["email"]), ("none", None)])
def test_a_setting_says_how_knitters_are_told(
    how: str, notify: list[str] | None, shop: FakeLoomery, connect: Connect
) -> None:
    answered(connect(notify_by=how), ship("L-1001", package(1)))

    assert shop.ledger[0].data.get("notify") == notify


def test_each_package_is_reported_by_itself(shop: FakeLoomery, connect: Connect) -> None:
    shop.orders["L-1001"]["parcels"] = [{"tracking": "1Z1"}]
    strange = [{"channel_refnum": "8", "quantity": "1"}]

    found = answered(
        connect(),
        ship(
            "L-1001",
            package(1),
            package(2, carrier_code="PIGEON"),
            package(3, tracking_number=None),
            package(4, ship_items=strange),
            package(5),
        ),
    )

    assert told(found) == [
        ("channel_shipment_submit_warning", "1", "PARCEL_KNOWN", "Loomery has the parcel 1Z1 already."),
        (
            "channel_shipment_submit_fail",
            "2",
            "CARRIER_UNKNOWN",
            "Loomery does not know the carrier PIGEON.",
        ),
        (
            "channel_shipment_submit_fail",
            "3",
            "TRACKING_MISSING",
            "The package has no tracking number, and Loomery tells its parcels apart by it.",
        ),
        ("channel_shipment_submit_fail", "4", "no_such_line", "no line 8 in L-1001"),
    ]
    assert [effect.data["tracking"] for effect in shop.ledger] == ["1Z5"]


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("L-7", "ORDER_UNKNOWN", "Loomery has no order L-7."),
        (
            "L-1002",
            "ORDER_CANCELLED",
            "Order L-1002 is cancelled at Loomery, so its parcels are not recorded.",
        ),
    ],
)
def test_an_order_that_takes_no_parcels_ends_the_conversation(
    name: str, code: str, message: str, shop: FakeLoomery, connect: Connect
) -> None:
    shop.orders["L-1002"]["state"] = "cancelled"

    found = answered(connect(), ship(name, package(1), package(2)))

    assert told(found) == [("channel_shipment_submit_fail", name, code, message)]
    assert targets(shop) == [f"GET /orders/{name}"]


# The dialect


DAY: dict[str, Any] = {
    "depot": "Graz",
    "stock": [{"article": "A", "free": 3}, {"article": "NO-SUCH", "free": 1}],
    "taken_over": ["L-1001"],
    "parcels": [
        {"order": "L-1002", "by": "DHL", "label": "D1", "rows": [{"line": "1", "count": 1}]},
        {"order": "L-9", "by": "DHL", "label": "D2", "rows": [{"line": "1", "count": 1}]},
    ],
}


def test_one_request_of_a_depot_is_several_of_ours(shop: FakeLoomery, connect: Connect) -> None:
    report = connect().answer("day_end", DAY, dialect="depot").response

    assert targets(shop) == [
        *("POST /stock-jobs", "GET /stock-jobs/J1", "GET /stock-jobs/J1"),
        *("GET /orders/L-1001", "POST /graphql"),
        *("GET /orders/L-1002", "POST /orders/L-1002/parcels"),
        "GET /orders/L-9",
    ]
    assert shop.stock == {"A": 3}
    assert shop.ledger[-1].data == {
        "carrier": "courier",
        "tracking": "D1",
        "lines": [{"id": "1", "units": "1"}],
        "notify": ["email"],
    }
    assert report == {
        "depot": "Graz",
        "well": False,
        "remarks": [
            {
                "on": "NO-SUCH",
                "code": "STOCK_REJECTED",
                "text": "Loomery did not set the stock of NO-SUCH: not in the shop.",
            },
            {"on": "L-9", "code": "ORDER_UNKNOWN", "text": "Loomery has no order L-9."},
        ],
    }


def test_a_depot_that_did_nothing_calls_nothing(shop: FakeLoomery, connect: Connect) -> None:
    report = connect().answer("day_end", {"depot": "Graz"}, dialect="depot").response

    assert report == {"depot": "Graz", "well": True, "remarks": []}
    assert shop.seen == []


def test_a_request_that_is_not_of_the_dialect_is_refused(shop: FakeLoomery, connect: Connect) -> None:
    with pytest.raises(InputError, match="the required property `depot` is missing"):
        connect().answer("day_end", {"parcels": []}, dialect="depot")

    assert shop.seen == []


# What the server refuses


@pytest.mark.parametrize(
    ("method", "target", "sent", "status", "code"),
    [
        ("GET", "/orders", {}, 422, "bad_query"),
        ("GET", "/orders?state=shipped", {}, 422, "bad_query"),
        ("GET", "/orders?state=open&size=2&size=2", {}, 400, "bad_query"),
        ("GET", "/orders?state=open&page=2", {}, 422, "bad_query"),
        ("GET", "/orders/L-1001?full=1", {}, 422, "bad_query"),
        ("GET", "/orders/L-1", {}, 404, "no_such_order"),
        ("GET", "/carts", {}, 404, "not_possible"),
        ("POST", "/orders/L-1001/parcels", {"json": {"carrier": "post"}}, 415, "bad_form"),
        ("POST", "/orders/L-1001/parcels", {"data": {"carrier": "post", "tracking": "1"}}, 422, "bad_form"),
        ("POST", "/stock-jobs", {"json": {"mode": "absolute", "rows": []}}, 422, "bad_body"),
        (
            "POST",
            "/stock-jobs",
            {"json": {"mode": "all", "rows": [{"sku": "A", "units": 1}]}},
            422,
            "bad_body",
        ),
        ("POST", "/graphql", {"json": {"query": "{ orders }", "variables": {}}}, 422, "bad_body"),
    ],
)
def test_the_server_refuses_what_is_not_described(
    method: str, target: str, sent: dict[str, Any], status: int, code: str, shop: FakeLoomery
) -> None:
    found = httpx.request(method, shop.url + target, headers={"x-loom-key": KEY}, **sent)

    assert (found.status_code, found.json()["problem"]["code"]) == (status, code)
    assert shop.ledger == []


def test_the_server_refuses_a_wrong_key(shop: FakeLoomery, mappings: Project) -> None:
    with (
        mappings.connect("loomery", settings={"url": shop.url}, environ={"LOOMERY_KEY": "no"}) as connection,
        pytest.raises(ChannelError, match="401"),
    ):
        answered(connection, fetch_one("L-1001"))


# The project


def test_the_channel_is_yaml_and_schemas_alone() -> None:
    assert {path.suffix for path in HERE.rglob("*") if path.is_file()} == {".yaml", ".json"}


def test_the_schemas_of_the_description_are_schemas() -> None:
    for path in HERE.rglob("*.schema.json"):
        Draft202012Validator.check_schema(json.loads(path.read_text(encoding="utf-8")))


def test_the_check_has_no_findings(run_crossdock: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE)
    ran = run_crossdock("check")

    assert (ran.code, ran.out) == (0, "")
    assert ran.err == ("3 mappings, 1 file of shared steps and 5 conversations checked, no findings\n")


def test_the_conversations_make_the_calls_that_are_described(
    run_crossdock: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(HERE)
    page = run_crossdock("overview").out

    sections = re.findall(r"^### loomery\n(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL)
    sections = [section for section in sections if "|---" in section]
    assert len(sections) == 4
    called = {
        re.sub(r"\{\{.*?\}\}", "<>", call)
        for section in sections
        for call in re.findall(r"`((?:GET|POST) .*?)`", section)
    }
    assert called == {re.sub(r"<\w+>", "<>", operation["call"]) for operation in API["operations"]}


def written(folder: Path, name: str, value: Any) -> str:
    path = folder / name
    path.write_text(json.dumps(value), encoding="utf-8")
    return str(path)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """A request of two pages, and its answers, for the commands that make no calls."""
    monkeypatch.chdir(HERE)
    request = retailops.envelope("order_fetch", max_page_size=1)
    link = '</v2/orders?state=open&after=L-1>; rel="next"'
    first = {"$headers": {"link": link}, "$body": {"orders": [order(1)]}}
    answers = {"page": [first, {"orders": [order(2)]}]}
    return written(tmp_path, "request.json", request), written(tmp_path, "answers.json", answers)


def test_a_plan_shows_the_pages(files: tuple[str, str], run_crossdock: Run) -> None:
    request, answers = files
    ran = run_crossdock("plan", "loomery", "order_fetch", request, "--answers", answers)

    assert (ran.code, ran.err) == (0, "")
    plan = json.loads(ran.out)
    url = "https://api.loomery.example/v2/orders"
    query = {"state": ["open", "part_shipped"], "size": "1"}
    assert plan["calls"] == [
        {"step": "page", "method": "GET", "url": url, "query": query},
        {"step": "page", "method": "GET", "url": f"{url}?state=open&after=L-1"},
    ]
    assert [each["channel_refnum"] for each in plan["response"]["orders"]] == ["L-1", "L-2"]


def test_an_explanation_says_why_a_page_was_the_last(files: tuple[str, str], run_crossdock: Run) -> None:
    request, answers = files
    ran = run_crossdock("explain", "loomery/order_fetch", "--payload", request, "--answers", answers)

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("order  skipped: `if` is not true ")
    assert "└─ again       absent\n   ├─ read    headers.link  →  absent\n" in ran.out
    assert ran.out.count("GET https://api.loomery.example/v2/orders?") == 2


def test_the_command_answers(
    shop: FakeLoomery, files: tuple[str, str], run_crossdock: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOMERY_KEY", KEY)
    ran = run_crossdock("answer", "loomery", files[0], "--set", f"url={shop.url}")

    assert (ran.code, ran.err) == (0, "")
    assert len(json.loads(ran.out)["orders"]) == 5
    assert len(shop.seen) == 5


def test_the_command_answers_a_dialect(
    shop: FakeLoomery, tmp_path: Path, run_crossdock: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOMERY_KEY", KEY)
    monkeypatch.chdir(HERE)
    request = written(tmp_path, "day.json", {"depot": "Graz", "taken_over": ["L-1001", "L-9"]})
    ran = run_crossdock(
        "answer", "loomery", "day_end", request, "--dialect", "depot", "--compact", "--set", f"url={shop.url}"
    )

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        '{"depot":"Graz","well":false,"remarks":'
        '[{"on":"L-9","code":"ORDER_UNKNOWN","text":"Loomery has no order L-9."}]}\n'
    )
    assert shop.effects("acknowledged") == ["L-1001"]
