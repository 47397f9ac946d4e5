"""The gateway over real sockets: what RetailOPS gets for each kind of request, and what is refused how."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from crossdock import Project
from crossdock.core.limits import PAYLOAD_BYTES
from crossdock.gateway.config import GatewayConfig, GatewayLimits, Profile
from fakes import faults, retailops
from fakes.kibo import FakeKibo
from fakes.kibo_orders import line, order
from gateway_kit import TICKET, Served, config_for, exchange, project_for, served, until

JSON_TYPE = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def kibo() -> Iterator[FakeKibo]:
    with FakeKibo() as fake:
        fake.add(*(order(number, line(1, "MUG-BLUE", 2, 10)) for number in range(1001, 1040)))
        yield fake


@pytest.fixture(scope="module")
def project(kibo: FakeKibo, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    place = project_for(tmp_path_factory.mktemp("shop"), repository, "kibo", kibo.url)
    return Project.open(place)


@pytest.fixture(scope="module")
def gateway(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    journal = f"sqlite:///{tmp_path_factory.mktemp('journal')}/journal.db"
    with served(project, config_for("kibo", journal)) as shop:
        yield shop


def shown(answer: httpx.Response) -> tuple[int, str]:
    """The status and the detail of a problem."""
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["detail"]


# What RetailOPS asks for


def test_a_fetch_by_get_and_by_post_is_the_same(gateway: Served) -> None:
    query = (
        f"headers[ticket]={TICKET}&headers[client_id]=497&version=1&action=testco.orderpull.order_fetch"
        "&data[order][channel_refnum]=1001&data[single]=1&data[client_id]=1"
    )
    by_get = gateway.client.get(f"/orders?{query}")
    by_post = gateway.post("/orders", retailops.fetch_one(1001))

    assert (by_get.status_code, by_post.status_code) == (200, 200)
    assert by_get.json() == by_post.json()
    assert [each["channel_refnum"] for each in by_get.json()["orders"]] == ["1001"]


def test_the_path_decides_what_is_asked_for(gateway: Served, kibo: FakeKibo) -> None:
    """RetailOPS' own examples name order_fetch in the request of nearly every action."""
    request = {**retailops.cancel(1002), "action": "testco.orderpull.order_fetch"}
    answer = gateway.post("/orders/cancel", request)

    assert (answer.status_code, answer.json()["events"]) == (200, [])
    assert kibo.effects("cancelled") == ["1002"]


@pytest.mark.parametrize("path", ["/orders/order_ack", "//orders//order_ack", "/orders/order_ack/"])
def test_slashes_make_no_difference(gateway: Served, path: str) -> None:
    answer = gateway.client.post(f"{gateway.url}{path}", json=retailops.acknowledge(1003))
    assert (answer.status_code, answer.json()) == (200, {"events": []})


def test_stock_is_answered_201(gateway: Served) -> None:
    answer = gateway.post("/inventory", retailops.stock(("MUG-BLUE", 5)))
    assert answer.status_code == 201


def test_a_failure_of_the_channel_is_an_event(gateway: Served, kibo: FakeKibo) -> None:
    rule = kibo.fault(faults.status(500), matching="1004")
    answer = gateway.post("/orders/order_ack", retailops.acknowledge(1004))
    rule.left = 0
    assert answer.status_code == 200
    (event,) = answer.json()["events"]
    assert event["data"]["is_failure"] == 1


def test_a_fetch_that_could_not_ask_is_no_empty_page(gateway: Served, kibo: FakeKibo) -> None:
    rule = kibo.fault(faults.status(500), matching="GET .*orders")
    answer = gateway.post("/orders", retailops.fetch())
    rule.left = 0
    assert shown(answer) == (
        502,
        "channel-failed: the step `page` failed: the channel answered 500",
    )


# What is refused


def test_every_wrong_ticket_gets_the_same(gateway: Served) -> None:
    request = retailops.cancel(1005)
    wrong: list[Any] = ["", "wrong", "wröng", "x" * 1_000_000, [TICKET], {"a": TICKET}, None, 7, TICKET + " "]
    requests = [{**request, "headers": {"client_id": "497", "ticket": ticket}} for ticket in wrong]
    requests += [{key: value for key, value in request.items() if key != "headers"}, {}]
    answers = [gateway.post("/orders/cancel", each) for each in requests]

    assert {answer.status_code for answer in answers} == {401}
    assert {answer.content for answer in answers} == {
        b'{"title":"Unauthorized","status":401,"detail":"the ticket is missing or not valid"}'
    }


BODIES: list[tuple[bytes, int, str]] = [
    (b"", 400, "the body is not JSON"),
    (b"null", 400, "the request is not a JSON object"),
    (b'"text"', 400, "the request is not a JSON object"),
    (b"[1]", 400, "the request is not a JSON object"),
    (b'{"a": ', 400, "the body is not JSON"),
    (b'{"a": 1} x', 400, "the body is not JSON"),
    (b'{"a": 1, "a": 2}', 400, "the body is not JSON"),
    (b'{"a": NaN}', 400, "the body is not JSON"),
    (b'{"a": 1e999999}', 400, "the body is not JSON"),
    (b'{"a": ' + b"9" * 5000 + b"}", 400, "the body is not JSON"),
    (b"[" * 100_000, 400, "the body is not JSON"),
    ('{"a": "\ufeff"}'.encode("utf-16"), 400, "the body is not JSON"),
    (b'{"a": "\xff"}', 400, "the body is not JSON"),
    (b'{"a": "\\ud800"}', 400, "the body is not JSON"),
    (b"{'a': 1}", 400, "the body is not JSON"),
    (b"{}", 401, "the ticket is missing or not valid"),
]


@pytest.mark.parametrize("body, status, detail", BODIES, ids=lambda value: repr(value)[:30])
def test_a_body_that_is_no_request(gateway: Served, body: bytes, status: int, detail: str) -> None:
    answer = gateway.client.post("/orders/cancel", content=body, headers=JSON_TYPE)
    assert shown(answer) == (status, detail)


def test_a_body_that_is_not_json_names_the_place(gateway: Served) -> None:
    body = b'{\n  "headers": {"ticket": "canary-ticket",}\n}'
    answer = gateway.client.post("/orders/cancel", content=body, headers=JSON_TYPE)
    (error,) = answer.json()["errors"]
    assert (error["code"], error["line"], error["column"]) == ("not-json", 2, 41)
    assert "canary" not in answer.text


def test_a_request_that_breaks_its_schema_names_the_place(gateway: Served) -> None:
    request = retailops.cancel(1005)
    request["version"] = "canary"
    answer = gateway.post("/orders/cancel", request)
    assert shown(answer) == (422, "the request does not fit its schema")
    (error,) = answer.json()["errors"]
    assert error["pointer"] == "/version"
    assert "canary" not in answer.text


def test_a_path_with_two_actions_needs_to_know_which(gateway: Served) -> None:
    request = {**retailops.envelope("x"), "action": "x"}
    assert shown(gateway.post("/inventory", request)) == (
        422,
        "the request does not say which action it is: items_returned, inv_push",
    )


def test_an_unknown_path_and_a_wrong_method(gateway: Served) -> None:
    unknown = gateway.post("/orders/nothing", retailops.cancel(1005))
    assert unknown.status_code == 404
    assert unknown.json()["detail"].startswith(
        "there is no action at this path; the actions are GET /orders ("
    )
    wrong = gateway.client.put("/orders", json={})
    assert (shown(wrong), wrong.headers["allow"]) == (
        (405, "this path is called with GET, POST"),
        "GET, POST",
    )


def test_other_types_and_encodings_are_refused(gateway: Served) -> None:
    post = gateway.client.post
    xml = post("/orders/cancel", content=b"<a/>", headers={"content-type": "text/xml"})
    assert shown(xml) == (415, "the body must be application/json")
    packed = post("/orders/cancel", content=b"x", headers={**JSON_TYPE, "content-encoding": "gzip"})
    assert shown(packed) == (415, "the body must not be compressed")
    with_body = gateway.client.request("GET", "/orders", content=b"{}", headers=JSON_TYPE)
    assert shown(with_body) == (400, "a GET request must not have a body")


def test_a_large_body_is_refused_unread(gateway: Served) -> None:
    head = (
        "POST /orders/cancel HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Content-Length: {PAYLOAD_BYTES + 1}\r\n\r\n"
    )
    answer = exchange(gateway.url, head.encode())
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"the body has more than 33554432 bytes, the limit" in answer
    assert b"connection: close" in answer.lower()


def test_a_slow_body_is_not_waited_for(gateway: Served) -> None:
    head = (
        "POST /orders/cancel HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Content-Length: 10\r\n\r\n{"
    )
    answer = exchange(gateway.url, head.encode())
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"the body did not come within 2 seconds" in answer


@pytest.mark.parametrize(
    "query, status, detail",
    [
        (
            "data[channel]=x&data[channel][id]=1",
            400,
            "a name in the query has both a value and names below it",
        ),
        ("a[b" + "][b" * 3000 + "]=1", 400, "a name in the query has more than 64 levels, the limit"),
        ("&".join(f"a{n}=1" for n in range(201)), 400, "the query has more than 200 fields, the limit"),
        ("a=%ff", 400, "the query is not percent-encoded UTF-8"),
        ("a=1&a=2", 400, "a name in the query occurs twice"),
        ("data[order=1", 400, "a name in the query has brackets that do not match"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_query_that_is_no_request(gateway: Served, query: str, status: int, detail: str) -> None:
    assert shown(gateway.client.get(f"/orders?{query}")) == (status, detail)


def test_a_target_that_is_a_whole_url_is_understood(gateway: Served) -> None:
    answer = exchange(gateway.url, f"GET {gateway.url}/healthz HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 200 ")


# Operation


def test_health_readiness_metrics_and_description(gateway: Served) -> None:
    assert gateway.client.get("/healthz").text == "ok\n"
    assert gateway.client.get("/readyz").text == "ok\n"
    gateway.post("/orders/order_ack", retailops.acknowledge(1003))
    metrics = gateway.client.get("/metrics").text
    assert 'crossdock_requests_total{action="order_ack",profile="kibo",status="200"}' in metrics
    assert "crossdock_journal_entries" in metrics
    described = gateway.client.get("/openapi.json").json()
    assert described["openapi"] == "3.1.0"
    assert set(described["paths"]["/orders"]) == {"get", "post"}
    cancel = described["paths"]["/orders/cancel"]["post"]
    assert set(cancel["responses"]) >= {"200", "401", "422", "503"}
    assert described["components"]["schemas"]["retailops.order_cancel.request"]["required"] == [
        "headers",
        "version",
        "action",
        "data",
    ]
    references = re.findall(r'"\$ref":\s?"#/components/schemas/([^"/]+)', json.dumps(described))
    assert set(references) == set(described["components"]["schemas"])


def test_no_value_of_a_request_is_in_the_log(gateway: Served, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        gateway.post("/orders/cancel", {**retailops.cancel(1006), "canary-key": "canary-value"})
        gateway.client.get(f"/orders?headers[ticket]={TICKET}")
    assert "answered" in caplog.text
    kept = json.dumps(
        [record.__dict__ for record in caplog.records if record.name.startswith("crossdock")], default=str
    )
    assert "canary" not in kept


# Several profiles


def test_the_path_and_the_channel_tell_merchants_apart(
    project: Project, tmp_path: Path, kibo: FakeKibo
) -> None:
    profiles = (
        Profile("one", "kibo", ("TICKET",), path="/one"),
        Profile("a", "kibo", ("TICKET",), path="/two", channel_id="21"),
        Profile("b", "kibo", ("OTHER",), path="/two", channel_id="22"),
    )
    config = GatewayConfig(profiles, f"sqlite:///{tmp_path}/journal.db", limits=GatewayLimits())
    with served(project, config, environ={"OTHER": "other-ticket"}) as shop:
        request = retailops.acknowledge(1007)
        assert shop.post("/one/orders/order_ack", request).status_code == 200
        assert shop.post("/two/orders/order_ack", request).status_code == 200
        nowhere = shop.post("/orders/order_ack", request)
        assert nowhere.status_code == 404
        expected = (
            "there is no action at this path; after the path of a profile, the actions are GET /orders ("
        )
        assert nowhere.json()["detail"].startswith(expected)
        request["data"]["channel"] = {**request["data"]["channel"], "id": 22}
        assert shown(shop.post("/two/orders/order_ack", request)) == (
            403,
            "the request is for another channel than this ticket",
        )
        assert [entry.profile for entry in shop.gateway.journal.entries()] == ["one", "a"]


REFUSED = {
    "404": ("POST /nothing HTTP/1.1\r\n", b"", b"x" * 3000),
    "431": ("POST /orders/cancel HTTP/1.1\r\nx-a: " + "a" * 17_000 + "\r\n", b"", b"x" * 3000),
    "431 without an end": ("POST /orders/cancel HTTP/1.1\r\nx-a: " + "a" * 17_000, b"a" * 3000, b"a" * 3000),
    "400": ("POST /orders/cancel HTTP/1.1\r\nx a: b\r\n", b"", b"x" * 3000),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_arrives_also_when_the_body_comes_after_the_head(name: str, gateway: Served) -> None:
    """The system resets a connection that is closed on unread bytes, and then some answers are lost."""
    line, middle, body = REFUSED[name]
    head = line.encode() + middle
    if not middle:
        head += b"host: a\r\ncontent-type: application/json\r\ncontent-length: 3000\r\n\r\n"
    for number in range(400 if name == "404" else 100):
        with connected(gateway.url) as sender:
            sender.sendall(head)
            time.sleep(0.0005 * (number % 7))
            sender.sendall(body)
            answer = everything(sender)
        assert answer.startswith(f"HTTP/1.1 {name[:3]} ".encode())
        assert answer.endswith(b"}")


def everything(sender: socket.socket) -> bytes:
    """What comes until the other side closes."""
    found = b""
    while piece := sender.recv(65_536):
        found += piece
    return found


def connected(url: str) -> socket.socket:
    host, _, port = url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=20)


def test_what_cannot_be_read_is_answered_after_the_requests_before_it(gateway: Served) -> None:
    """The first answer is that of the first request, also when the second one came before it was done."""
    body = json.dumps(retailops.acknowledge(1008)).encode()
    head = b"POST /orders/order_ack HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
    with connected(gateway.url) as sender:
        sender.sendall(head + b"content-length: %d\r\n\r\n" % len(body) + body + b"what?\r\n\r\n")
        first, second = everything(sender).split(b"HTTP/1.1 ")[1:]
    assert first.startswith(b"200 ")
    assert second.startswith(b"400 ")
    assert second.endswith(b'"detail":"this is not an HTTP request"}')


@pytest.mark.parametrize("times", [1, 2])
def test_a_sender_that_ends_its_side_is_answered(gateway: Served, times: int) -> None:
    """Two requests come at once there: both are answered, and then the connection is closed."""
    body = json.dumps(retailops.acknowledge(1008)).encode()
    head = b"POST /orders/order_ack HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
    with connected(gateway.url) as sender:
        sender.sendall((head + b"content-length: %d\r\n\r\n" % len(body) + body) * times)
        sender.shutdown(socket.SHUT_WR)
        found = everything(sender)
    assert (found.count(b"HTTP/1.1 200 OK\r\n"), found.count(b'{"events":[]}')) == (times, times)


def test_a_request_that_its_sender_does_not_finish_is_not_waited_for(gateway: Served) -> None:
    head = b"POST /orders/order_ack HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
    with connected(gateway.url) as sender:
        sender.sendall(head + b"content-length: 300\r\n\r\n{")
        sender.shutdown(socket.SHUT_WR)
        assert everything(sender) == b""


def test_a_sender_that_waits_with_its_body_is_refused_at_once(gateway: Served) -> None:
    """It does not send the body after the refusal, and must not be waited for."""
    head = b"POST /nothing HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
    found = exchange(gateway.url, head + b"content-length: 3\r\nexpect: 100-continue\r\n\r\n")
    assert found.startswith(b"HTTP/1.1 404 ")


def test_too_many_requests_are_told_to_come_again(project: Project, tmp_path: Path, kibo: FakeKibo) -> None:
    limits = GatewayLimits(threads=1, waiting=1, deadline_seconds=20)
    config = replace(config_for("kibo", f"sqlite:///{tmp_path}/journal.db"), limits=limits)
    rule = kibo.fault(faults.never, matching="1008")
    with served(project, config) as shop:
        found: list[int] = []

        def ask(number: int) -> None:
            found.append(shop.post("/orders/order_ack", retailops.acknowledge(1008, number)).status_code)

        threads = [threading.Thread(target=ask, args=(1009 + number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        until(lambda: found.count(503) == 4)
        rule.left = 0
        for thread in threads:
            thread.join()
    assert sorted(found) == [200, 200, 503, 503, 503, 503]
