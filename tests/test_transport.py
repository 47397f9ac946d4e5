"""Calls over a real socket: deadlines, sizes, repeats, redirects, proxies, tokens and secrets."""

from __future__ import annotations

import json
import logging
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from werkzeug import Request, Response

from conftest import interruptible
from crossdock.channels.auth import redacted
from crossdock.channels.call_limits import Limits
from crossdock.channels.config import Channel, parse_channel
from crossdock.channels.http import Transport
from crossdock.channels.messages import Call, NoAnswer
from crossdock.core.diagnostics import Source
from crossdock.core.errors import ProjectError
from crossdock.core.json_types import JSON, MISSING, Missing
from fakes import faults
from fakes.channel import CLIENT_ID, CLIENT_SECRET, FakeChannel, Fault, answer

QUICK = Limits(seconds=0.4, answer_bytes=100_000, attempts=3, wait_seconds=0.05)
ENVIRON = {"DESK_ID": CLIENT_ID, "DESK_SECRET": CLIENT_SECRET, "DESK_TOKEN": "canary-bearer"}
CREDENTIALS = """\
  kind: client_credentials
  url: /token
  client_id: {env: DESK_ID}
  client_secret: {env: DESK_SECRET}
"""


class FakeDesk(FakeChannel):
    """A channel with one kind of document, which can be read and made."""

    base = "/api"
    open_paths = frozenset({"/token", "/open"})

    def routes(self) -> list[tuple[str, str, Callable[..., Any]]]:
        return [
            ("POST", "/token", self.token),
            ("GET", "/open", self.open_page),
            ("POST", "/open", self.open_page),
            ("GET", "/tickets/<name>", self.ticket),
            ("POST", "/tickets", self.new_ticket),
            ("PUT", "/tickets/<name>", self.set_ticket),
        ]

    def token(self, request: Request) -> Any:
        if request.authorization is not None:
            return self.give_token(request.authorization.username, request.authorization.password)
        given = request.json if request.is_json else request.form
        return self.give_token(given["client_id"], given["client_secret"])

    def open_page(self, request: Request) -> Any:
        response = answer({"query": dict(request.args)})
        response.set_cookie("session", "canary-cookie")
        return response

    def ticket(self, request: Request, name: str) -> Any:
        return {"name": name}

    def new_ticket(self, request: Request) -> Any:
        self.record("ticket", "new", request.json)
        return answer({"name": "new"}, 201)

    def set_ticket(self, request: Request, name: str) -> Any:
        self.record("ticket", name, request.json)
        return {"name": name}


@pytest.fixture
def desk() -> Iterator[FakeDesk]:
    with FakeDesk() as made:
        yield made


def channel(url: str, auth: str = CREDENTIALS, limits: Limits = QUICK, more: str = "") -> Channel:
    text = f'describe: A desk.\nbase_url: "{url}"\nauth:\n{auth}{more}'
    return replace(parse_channel(Source("channel.yaml", text)), limits=limits)


def transport(url: str, auth: str = CREDENTIALS, **limits: Any) -> Transport:
    return Transport(channel(url, auth, replace(QUICK, **limits)), {}, environ=ENVIRON)


OPEN = "  kind: none\n"
READ = Call("read", "GET", "/tickets/1", repeatable=True)
MAKE = Call("make", "POST", "/tickets", body={"subject": "tea"})
PUT = Call("put", "PUT", "/tickets/1", body={"subject": "tea"}, repeatable=True)


def asked(made: Transport, call: Call) -> tuple[str | int, str | None]:
    """The status of the answer and its text, or the kind of silence and its message."""
    try:
        found = made.ask(call)
    except NoAnswer as silence:
        return silence.kind, silence.message
    return found.status, found.text


# Faults: what comes of each, and how often a call is made

FAULTS: list[tuple[str, Fault, str | int, int, int]] = [
    # name, fault, what comes of it, calls made of a POST, and of a GET
    ("not found", faults.status(404), 404, 1, 1),
    ("conflict", faults.status(409), 409, 1, 1),
    ("unprocessable", faults.status(422), 422, 1, 1),
    ("too early: nothing was done", faults.status(425), 425, 3, 3),
    ("too many: nothing was done", faults.status(429), 429, 3, 3),
    ("error: who knows what was done", faults.status(500), 500, 1, 3),
    ("not implemented", faults.status(501), 501, 1, 1),
    ("unavailable", faults.status(503), 503, 1, 3),
    ("never answers", faults.never, "timeout", 1, 3),
    ("reset", faults.reset, "answer", 1, 3),
    ("reset after the work", faults.late_reset, "answer", 1, 3),
    ("silent after the work", faults.late_silence, "timeout", 1, 3),
    ("a page", faults.text(faults.PAGE), 200, 1, 1),
    ("cut off, and says so", faults.cut_off(honest=True), 200, 1, 1),
    ("cut off, and does not say so", faults.cut_off(honest=False), "answer", 1, 3),
    ("drips", faults.drip, "timeout", 1, 3),
    ("gzip bomb", faults.gzip_bomb, 200, 1, 1),
    ("no end", faults.endless, 200, 1, 1),  # it is too large
    ("200 kB of headers", faults.many_headers, "answer", 1, 3),
    ("no HTTP", faults.garbage, "answer", 1, 3),
    ("only 100 Continue", faults.continues, "timeout", 1, 3),
]


@pytest.mark.parametrize(
    ("fault", "comes_of_it", "post", "get"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS]
)
def test_a_fault_ends_in_time_and_only_what_is_safe_is_made_again(
    desk: FakeDesk, fault: Fault, comes_of_it: str | int, post: int, get: int
) -> None:
    rule = desk.fault(fault, matching="/tickets")
    with transport(desk.url) as made:
        for call, times in ((MAKE, post), (READ, get)):
            rule.hits, start = 0, time.monotonic()
            assert asked(made, call)[0] == comes_of_it
            assert rule.hits == times
            assert time.monotonic() - start < times * (QUICK.seconds + 0.3)
    assert len(desk.effects("ticket")) <= 1, "a POST has at most one effect"


@pytest.mark.parametrize("call", [READ, PUT], ids=["GET", "PUT"])
def test_an_error_that_passes_is_not_seen_where_the_call_may_be_repeated(desk: FakeDesk, call: Call) -> None:
    desk.fault(faults.status(500), matching="/tickets", times=2)
    with transport(desk.url) as made:
        assert asked(made, call) == (200, None)


def test_a_post_is_made_again_when_it_says_that_it_may_be(desk: FakeDesk) -> None:
    desk.fault(faults.late_reset, matching="/tickets", times=1)
    with transport(desk.url) as made:
        assert asked(made, replace(MAKE, repeatable=True)) == (201, None)
    assert desk.effects("ticket") == ["new", "new"], "that is what the file promised to be harmless"


def test_the_deadline_is_for_the_whole_call_and_not_for_each_byte(desk: FakeDesk) -> None:
    desk.fault(faults.drip, matching="/tickets")
    start = time.monotonic()
    with transport(desk.url, attempts=1) as made:
        kind, message = asked(made, READ)
    assert (kind, message) == ("timeout", "the channel did not answer within 0.4 seconds")
    assert 0.35 < time.monotonic() - start < 0.9


@pytest.mark.parametrize(
    ("most", "body", "exceeds"), [(15, {"name": "abc"}, 0), (14, MISSING, 14)], ids=["fits", "too large"]
)
def test_an_answer_is_read_up_to_its_size_and_no_further(
    desk: FakeDesk, most: int, body: JSON | Missing, exceeds: int
) -> None:
    desk.fault(faults.json_body({"name": "abc"}), matching="/open")
    with transport(desk.url, OPEN, answer_bytes=most) as made:
        found = made.ask(Call("read", "GET", "/open", repeatable=True))
    assert (found.status, found.body, found.text, found.exceeds) == (200, body, None, exceeds)
    assert len(desk.calls("/open")) == 1  # the same answer would be no smaller


@pytest.mark.parametrize(
    ("fault", "status", "body", "text"),
    [
        (faults.text("", 204), 204, MISSING, None),
        (faults.text("  \n"), 200, MISSING, None),
        (faults.json_body(None), 200, MISSING, None),
        (faults.text("null"), 200, None, None),
        (faults.text('{"a": 1, "a": 2}'), 200, MISSING, '{"a": 1, "a": 2}'),
        (faults.text("OK"), 200, MISSING, "OK"),
        (faults.text("x" * 9000, 500), 500, MISSING, "x" * 2000),
        (
            faults.gzip_bomb,
            200,
            MISSING,
            "the channel's answer is compressed although compression was not requested",
        ),
    ],
    ids=["204", "blank", "nothing", "null", "a key twice", "text", "long text", "packed"],
)
def test_what_is_no_json_is_text_and_nothing_is_unpacked(
    desk: FakeDesk, fault: Fault, status: int, body: object, text: str | None
) -> None:
    desk.fault(fault, matching="/open")
    with transport(desk.url, OPEN, attempts=1) as made:
        found = made.ask(Call("read", "GET", "/open"))
    assert (found.status, found.body, found.text) == (status, body, text)


# Waiting

_FULL_WAIT = {"one", "a-half", "huge", "date-in-an-hour", "date-without-a-zone"}


@pytest.mark.parametrize("form", list(faults.retry_after_forms()))
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured_within_bounds_whatever_it_says(
    desk: FakeDesk, form: str, status: int
) -> None:
    value = faults.retry_after_forms()[form]
    desk.fault(faults.status(status, Retry_After=value), matching="/open", times=1)
    with transport(desk.url, OPEN, wait_seconds=0.15) as made:
        start = time.monotonic()
        assert asked(made, Call("read", "GET", "/open", repeatable=True))[0] == 200
        waited = time.monotonic() - start
    assert waited < 0.6
    if form in _FULL_WAIT:
        assert waited >= 0.15


def test_zero_is_waited_for_as_zero(desk: FakeDesk) -> None:
    desk.fault(faults.status(429, Retry_After="0"), matching="/open", times=2)
    with transport(desk.url, OPEN, wait_seconds=60, seconds=2) as made:
        start = time.monotonic()
        assert asked(made, Call("read", "GET", "/open"))[0] == 200
    assert time.monotonic() - start < 1


# Where a call goes


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("call", [READ, MAKE], ids=["GET", "POST"])
def test_a_redirect_is_an_answer_and_its_host_is_never_asked(desk: FakeDesk, status: int, call: Call) -> None:
    with FakeDesk() as other, transport(desk.url) as made:
        desk.fault(faults.redirect(f"{other.url}/open", status), matching="/tickets")
        assert asked(made, call)[0] == status
        assert other.seen == []


def test_proxies_of_the_environment_see_nothing(desk: FakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeDesk() as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url.removesuffix("/api"))
            monkeypatch.setenv(name.lower(), proxy.url.removesuffix("/api"))
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        with transport(desk.url) as made:
            assert asked(made, READ)[0] == 200
        assert proxy.seen == []


@pytest.mark.parametrize(
    ("path", "query", "target"),
    [
        ("/tickets/a%2Fb", (), "/api/tickets/a%2Fb"),
        ("/tickets/%2E%2E", (), "/api/tickets/%2E%2E"),
        ("/tickets/1%3Fx%3D1%23y", (), "/api/tickets/1%3Fx%3D1%23y"),
        ("/open", (("q", "a b&c=d/é"), ("r", "")), "/api/open?q=a%20b%26c%3Dd%2F%C3%A9&r="),
        ("/open?x=1", (("q", "2"),), "/api/open?x=1&q=2"),
    ],
)
def test_paths_and_queries_arrive_as_they_were_said(
    path: str, query: tuple[tuple[str, str], ...], target: str
) -> None:
    with RawServer([b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"]) as server:
        with transport(server.url + "/api", OPEN) as made:
            made.ask(Call("read", "GET", path, query))
        assert server.received[0].split(b" ")[1].decode() == target


@pytest.mark.parametrize(
    "call",
    [
        replace(MAKE, headers=(("x-name", "Zoë"),)),
        replace(MAKE, headers=(("x-name", "a\r\nx-other: b"),)),
        replace(MAKE, headers=(("x name", "a"),)),
        replace(MAKE, headers=(("Host", "other.example.com"),)),
        replace(MAKE, headers=(("Content-Length", "3"),)),
        replace(MAKE, body={"subject": "\ud800"}),
        replace(MAKE, body={"amount": float("nan")}),
        replace(MAKE, path="/tickets\n/x"),
    ],
    ids=["not ascii", "line end", "no name", "host", "length", "half a character", "no number", "path"],
)
def test_a_call_that_is_no_http_is_not_made(desk: FakeDesk, call: Call) -> None:
    with transport(desk.url) as made:
        assert asked(made, call)[0] == "request"
    assert desk.calls("/tickets") == []


def test_a_header_of_the_call_takes_the_place_of_the_channels(desk: FakeDesk) -> None:
    more = "headers: {X-Site: {$const: '1'}, x-none: '`null`', accept: {$const: text/plain}}\n"
    with Transport(channel(desk.url, OPEN, more=more), {}, environ={}) as made:
        made.ask(Call("read", "GET", "/open", headers=(("x-site", "2"), ("Authorization", "mine"))))
    headers = desk.seen[0].headers
    assert (headers["x-site"], headers["accept"], headers["authorization"]) == ("2", "text/plain", "mine")
    assert headers["accept-encoding"] == "identity"
    assert "x-none" not in headers


def test_cookies_are_not_kept(desk: FakeDesk) -> None:
    with transport(desk.url, OPEN) as made:
        made.ask(Call("read", "GET", "/open"))
        made.ask(Call("read", "GET", "/open"))
    assert [seen.headers.get("cookie") for seen in desk.seen] == [None, None]


# Connections


class RawServer:
    """Takes connections one after another; each has its script of answers, one for each request."""

    def __init__(self, *scripts: list[bytes], listen_after: float = 0) -> None:
        self.received: list[bytes] = []
        self.connections = 0
        self._scripts = scripts
        self._delay = listen_after
        self._socket = socket.create_server(("127.0.0.1", 0)) if not listen_after else socket.socket()
        if listen_after:
            self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> RawServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(5)
        self._socket.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def _serve(self) -> None:
        if self._delay:
            time.sleep(self._delay)
            self._socket.listen()
        self._socket.settimeout(3)
        for script in self._scripts:
            try:
                connection, _ = self._socket.accept()
            except TimeoutError:
                return
            self.connections += 1
            with connection:
                connection.settimeout(3)
                for data in script:
                    self.received.append(_whole_request(connection))
                    connection.sendall(data)


def _whole_request(connection: socket.socket) -> bytes:
    data = b""
    while True:
        data += (part := connection.recv(65536))
        head, end, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        if not part or (end and len(body) >= int(length[1] if length else 0)):
            return data


_KEPT = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def test_a_connection_that_cannot_be_made_is_tried_again_even_for_a_post() -> None:
    with RawServer([_KEPT], listen_after=0.2) as server:
        with transport(server.url, OPEN, attempts=200, wait_seconds=0.02, seconds=2) as made:
            assert asked(made, MAKE)[0] == 200
        assert len(server.received) == 1


def test_without_a_listener_the_channel_is_unreachable() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with transport(f"http://127.0.0.1:{closed.getsockname()[1]}", OPEN) as made:
            assert asked(made, MAKE) == ("unreachable", "no connection to the channel could be made")


def test_a_name_that_is_nowhere_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with Transport(channel("https://desk.example.com", OPEN, QUICK), {}, environ={}) as made:
        assert asked(made, MAKE)[0] == "unreachable"


def test_tls_to_a_server_that_has_none_is_unreachable() -> None:
    with RawServer([b"HTTP/1.1 400 Bad Request\r\n\r\n"]) as server:
        made = transport(server.url.replace("http:", "https:"), OPEN, attempts=1)
        with made:
            assert asked(made, MAKE)[0] == "unreachable"


def test_a_connection_is_used_again_and_one_that_was_closed_meanwhile_is_not() -> None:
    with RawServer([_KEPT, _KEPT], [_KEPT]) as server, transport(server.url, OPEN) as made:
        assert asked(made, MAKE)[0] == 200
        assert asked(made, MAKE)[0] == 200
        time.sleep(0.1)  # the server closes the first connection
        assert asked(made, MAKE)[0] == 200
        assert (server.connections, len(server.received)) == (2, 3)


# Tokens


def test_a_token_is_fetched_once_and_used_for_every_call(desk: FakeDesk) -> None:
    with transport(desk.url) as made:
        for _ in range(5):
            assert asked(made, READ)[0] == 200
    assert len(desk.calls("/token")) == 1


def test_many_calls_at_once_wait_for_one_token(desk: FakeDesk) -> None:
    with transport(desk.url, seconds=5) as made, ThreadPoolExecutor(8) as pool:
        assert {found for found, _ in pool.map(lambda _: asked(made, READ), range(8))} == {200}
    assert len(desk.calls("/token")) == 1


def test_a_token_that_is_not_taken_any_more_is_renewed_exactly_once_by_all_calls(desk: FakeDesk) -> None:
    with transport(desk.url, seconds=5) as made:
        made.ask(READ)
        for renewed in (1, 2, 3):
            desk.expire_tokens()
            with ThreadPoolExecutor(8) as pool:
                found = list(pool.map(lambda _: asked(made, MAKE), range(8)))
            assert found == [(201, None)] * 8
            assert len(desk.calls("/token")) == 1 + renewed
    assert len(desk.effects("ticket")) == 24


def test_a_call_that_hears_late_of_its_old_token_takes_the_new_one(desk: FakeDesk) -> None:
    def late(wire: faults.Wire) -> Response:
        until = time.monotonic() + 3
        while len(desk.tokens.given) < 2 and time.monotonic() < until:
            time.sleep(0.01)
        return wire.real()

    desk.fault(late, matching="/tickets/late", times=1)
    with transport(desk.url, seconds=5) as made, ThreadPoolExecutor(2) as pool:
        made.ask(READ)
        desk.expire_tokens()
        slow = pool.submit(asked, made, replace(READ, path="/tickets/late"))
        while not desk.calls("/tickets/late"):
            time.sleep(0.01)
        assert asked(made, READ)[0] == 200
        assert slow.result() == (200, None)
    assert len(desk.calls("/token")) == 2


def test_a_token_that_is_never_taken_is_renewed_once_for_a_call(desk: FakeDesk) -> None:
    desk.fault(faults.status(401), matching="/tickets")
    with transport(desk.url) as made:
        assert asked(made, MAKE)[0] == 401
    assert len(desk.calls("/tickets")) == 2
    assert len(desk.calls("/token")) == 2


def test_one_401_is_not_seen(desk: FakeDesk) -> None:
    desk.fault(faults.status(401), matching="/tickets", times=1)
    with transport(desk.url) as made:
        assert asked(made, MAKE)[0] == 201
    assert len(desk.effects("ticket")) == 1


def test_a_token_is_renewed_before_it_runs_out(desk: FakeDesk) -> None:
    desk.tokens.seconds = 0.3
    with transport(desk.url) as made:
        assert asked(made, READ)[0] == 200
        time.sleep(0.2)
        assert asked(made, READ)[0] == 200
    assert len(desk.calls("/token")) == 2
    assert len(desk.calls("/tickets")) == 2, "no call was made with a token that had run out"


@pytest.mark.parametrize("lasts", ["3600", None, "soon", [], True, "1e999", -5, 0])
def test_how_long_a_token_lasts_may_be_said_badly(desk: FakeDesk, lasts: Any) -> None:
    def given(wire: faults.Wire) -> Response:
        return answer({**wire.real().json, "expires_in": lasts})

    desk.fault(given, matching="/token")
    with transport(desk.url) as made:
        assert asked(made, READ)[0] == 200


@pytest.mark.parametrize(
    ("fault", "kind", "message"),
    [
        (faults.status(401), "answer", "the channel answered 401"),
        (faults.status(500), "answer", "the channel answered 500"),
        (faults.text(faults.PAGE), "answer", "the channel answered 200"),
        (faults.json_body({"access_token": ""}), "answer", "the channel answered 200"),
        (faults.json_body({"access_token": "a\nb"}), "answer", "the channel answered 200"),
        (faults.json_body(["token"]), "answer", "the channel answered 200"),
        (faults.never, "timeout", "the channel did not answer within 0.4 seconds"),
        (faults.redirect("http://127.0.0.1:9/"), "answer", "the channel answered 302"),
    ],
    ids=["401", "500", "a page", "empty", "line end", "a list", "silence", "redirect"],
)
def test_without_a_token_no_call_is_made(desk: FakeDesk, fault: Fault, kind: str, message: str) -> None:
    desk.fault(fault, matching="/token")
    with transport(desk.url) as made:
        assert asked(made, MAKE) == (kind, f"no token was given: {message}")
    assert desk.calls("/tickets") == []
    assert len(desk.calls("/token")) <= 3


def test_a_failing_token_is_asked_for_again_because_the_call_has_not_been_made(desk: FakeDesk) -> None:
    desk.fault(faults.status(503), matching="/token", times=2)
    with transport(desk.url) as made:
        assert asked(made, MAKE)[0] == 201
    assert len(desk.effects("ticket")) == 1


def test_calls_that_wait_for_the_same_token_give_up_together(desk: FakeDesk) -> None:
    desk.fault(faults.never, matching="/token")
    start = time.monotonic()
    with transport(desk.url, attempts=1) as made, ThreadPoolExecutor(8) as pool:
        assert {kind for kind, _ in pool.map(lambda _: asked(made, READ), range(8))} == {"timeout"}
    assert time.monotonic() - start < 2


BASIC = b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()


@pytest.mark.parametrize(
    ("style", "kind", "body", "authorization"),
    [
        (
            "json",
            "application/json",
            f'{{"grant_type":"client_credentials","client_id":"{CLIENT_ID}",'
            f'"client_secret":"{CLIENT_SECRET}","scope":"s2s"}}',
            None,
        ),
        (
            "form",
            "application/x-www-form-urlencoded",
            f"grant_type=client_credentials&client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}&scope=s2s",
            None,
        ),
        (
            "basic",
            "application/x-www-form-urlencoded",
            "grant_type=client_credentials&scope=s2s",
            f"Basic {BASIC}",
        ),
    ],
)
def test_credentials_are_sent_in_the_channels_style(
    desk: FakeDesk, style: str, kind: str, body: str, authorization: str | None
) -> None:
    with transport(desk.url, f"{CREDENTIALS}  style: {style}\n  scope: s2s\n") as made:
        assert asked(made, READ)[0] == 200
    token, read = desk.seen
    assert (token.headers["content-type"], token.body) == (kind, body)
    assert token.headers.get("authorization") == authorization
    assert read.headers["authorization"] == "Bearer canary-token-1"


def test_a_bearer_token_and_headers_go_with_every_call(desk: FakeDesk) -> None:
    with transport(desk.url, "  kind: bearer\n  token: {env: DESK_TOKEN}\n") as made:
        made.ask(Call("read", "GET", "/open"))
    auth = (
        '  kind: headers\n  headers: {X-Key: {env: DESK_TOKEN}, X-App: {env: DESK_TOKEN, prefix: "App "}}\n'
    )
    with transport(desk.url, auth) as made:
        made.ask(Call("read", "GET", "/open"))
    assert desk.seen[0].headers["authorization"] == "Bearer canary-bearer"
    assert (desk.seen[1].headers["x-key"], desk.seen[1].headers["x-app"]) == (
        "canary-bearer",
        "App canary-bearer",
    )


def test_a_token_may_be_given_by_another_host() -> None:
    with FakeDesk() as desk, FakeDesk() as other:
        other.fault(faults.json_body({"access_token": "canary-token-1"}), matching="/token")
        desk.tokens.given["canary-token-1"] = time.monotonic() + 60
        with transport(desk.url, CREDENTIALS.replace("/token", f"{other.url}/token")) as made:
            assert asked(made, READ)[0] == 200
        assert len(other.seen) == 1


# Secrets


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (None, "the environment variable `DESK_TOKEN` is not set"),
        ("", "the environment variable `DESK_TOKEN` is not set"),
        ("canary\n", "the environment variable `DESK_TOKEN` contains characters that cannot be sent"),
        ("canary-é", "the environment variable `DESK_TOKEN` contains characters that cannot be sent"),
    ],
    ids=["missing", "empty", "line end", "not ascii"],
)
def test_a_missing_secret_is_named_by_its_variable(value: str | None, problem: str) -> None:
    environ = {} if value is None else {"DESK_TOKEN": value}
    made = channel("https://desk.example.com", "  kind: bearer\n  token: {env: DESK_TOKEN}\n")
    with pytest.raises(ProjectError) as caught:
        Transport(made, {}, environ=environ)
    assert problem in str(caught.value)
    assert "set it to the channel's `token`" in str(caught.value)
    assert "canary" not in str(caught.value)


def test_no_secret_is_shown_even_when_the_channel_repeats_it(
    desk: FakeDesk, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    def repeat(wire: faults.Wire) -> Response:
        seen = f"{wire.request.headers} {CLIENT_SECRET} {CLIENT_ID}"
        return answer({"message": seen}, 400) if wire.request.method == "GET" else Response(seen, 400)

    caplog.set_level(logging.DEBUG)
    desk.fault(repeat, matching="/tickets")
    with transport(desk.url) as made:
        shown = [repr(made.ask(READ)), repr(made.ask(MAKE)), repr(made), repr(vars(made)["_headers"])]
        desk.fault(faults.reset, matching="/tickets|/token")
        desk.expire_tokens()
        shown += [repr(asked(made, READ)), repr(asked(made, MAKE))]
    written = capfd.readouterr()
    for text in (*shown, caplog.text, written.out, written.err):
        assert "canary" not in text
        assert CLIENT_ID not in text


def test_a_short_secret_takes_nothing_out_of_an_answer() -> None:
    assert (
        redacted(b'{"id": "1", "key": "long-secret"}', ["1", "long-secret"]) == b'{"id": "1", "key": "***"}'
    )


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (rb'{"error": "bad token abc\/DEF+ghi"}', b'{"error": "bad token ***"}'),
        (rb'{"abc\u002fDEF\u002Bghi": 1}', b'{"***": 1}'),
        (rb'["\u0061\u0062\u0063/DEF+ghi", "abc/DEF"]', rb'["***", "abc/DEF"]'),
        (rb"<p>abc\/DEF+ghi</p> cut: {", b"<p>***</p> cut: {"),
    ],
)
def test_a_secret_that_is_repeated_with_escapes_is_hidden(answer: bytes, shown: bytes) -> None:
    assert redacted(answer, ["abc/DEF+ghi"]) == shown


def test_every_character_of_a_secret_may_be_escaped() -> None:
    secret = 'a"b\\c/dé😀'
    for text in (secret, json.dumps(secret)[1:-1], secret.replace("/", "\\/")):
        assert redacted(f"<{text}\\>".encode(), [secret]) == b"<***\\>"


def test_no_library_logs_where_a_call_goes(desk: FakeDesk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with transport(desk.url) as made:
        made.ask(Call("read", "GET", "/tickets/1", query=(("email", "a@example.com"),)))
    assert caplog.records == []


# URLs


@pytest.mark.parametrize(
    "url",
    [
        "https://desk.example.com",
        "https://desk.example.com:8443/api/",
        "http://127.0.0.1:8000",
        "http://localhost/api",
        "http://[::1]:8000/api",
    ],
)
def test_a_channel_is_reached_over_https_or_on_this_machine(url: str) -> None:
    with Transport(channel(url, OPEN), {}, environ={}) as made:
        assert made.base_url == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        " ",
        "desk.example.com",
        "http://desk.example.com",
        "ftp://desk.example.com",
        "https://",
        "https:///api",
        "https://user:canary@desk.example.com",
        "https://user@desk.example.com",
        "https://@desk.example.com",
        "https://desk.example.com?x=1",
        "https://desk.example.com/#a",
        "https://desk.example.com#",
        "https://desk.example.com:port",
        "https://desk.example.com:99999",
        "https://desk.example.com:0",
        "https://[::1",
        "https://desk.example.com\\\\@other.example.com",
        "https://desk.example.com/a b",
        "https://desk.example.com\\n.other.example.com",
        "https://dеsk.example.com",  # noqa: RUF001 (the letter is Cyrillic)
        "http://127。0。0。1",
        "http://127.1",
        "http://0.0.0.0",
        "http://2130706433",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
    ],
)
def test_any_other_url_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(ProjectError) as caught:
        Transport(channel(url, OPEN), {}, environ={})
    assert caught.value.diagnostics[0].id == "bad-url"
    assert "canary" not in caught.value.diagnostics[0].message


@pytest.mark.parametrize(
    "url", ["http://other.example.com/token", "token", "//other.example.com", "https://"]
)
def test_a_tokens_url_is_checked_too(url: str) -> None:
    made = channel("https://desk.example.com", CREDENTIALS.replace("/token", url))
    if url == "//other.example.com":
        with Transport(made, {}, environ=ENVIRON) as stays:
            assert stays.base_url == "https://desk.example.com", "it is a path below the channel's own host"
        return
    with pytest.raises(ProjectError) as caught:
        Transport(made, {}, environ=ENVIRON)
    assert caught.value.diagnostics[0].id == "bad-url"


# The end


@contextmanager
def within(seconds: float) -> Iterator[None]:
    start = time.monotonic()
    yield
    assert time.monotonic() - start < seconds


def test_closing_twice_is_closing_once(desk: FakeDesk) -> None:
    made = transport(desk.url)
    made.ask(READ)
    made.close()
    made.close()
    assert asked(made, READ) == ("unreachable", "the transport is closed")


def test_closing_ends_the_calls_that_are_still_made(desk: FakeDesk) -> None:
    desk.fault(faults.never, matching="/tickets")
    with ThreadPoolExecutor(4) as pool, within(3):
        made = transport(desk.url, seconds=30)
        waiting = [pool.submit(asked, made, READ) for _ in range(4)]
        while len(desk.calls("/tickets")) < 4:
            time.sleep(0.01)
        made.close()
        assert [each.result() for each in waiting] == [("answer", "the call was cancelled")] * 4


CONVERSATION = """\
describe: Read tickets.
request: desk/request
response_schema: desk/response
steps:
  - step: read
    each: names
    at_once: {at_once}
    call: GET /tickets/{{{{ name }}}}
response: {{events: events()}}
"""
SCHEMA = '{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"}'


@pytest.mark.parametrize("at_once", [1, 4])
def test_an_interrupted_process_ends_at_once(desk: FakeDesk, tmp_path: Path, at_once: int) -> None:
    files = {
        "mappings/desk/channel.yaml": f'describe: A desk.\nbase_url: "{desk.url}"\nlimits: {{seconds: 30}}\n',
        "mappings/desk/read/conversation.yaml": CONVERSATION.format(at_once=at_once),
        "schemas/desk/request.schema.json": SCHEMA,
        "schemas/desk/response.schema.json": SCHEMA,
        "request.json": json.dumps({"names": [{"name": str(number)} for number in range(8)]}),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    desk.fault(faults.never, matching="/tickets")
    command = [sys.executable, "-m", "crossdock.cli", "answer", "desk", "read", "request.json"]
    with subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, preexec_fn=interruptible
    ) as process:
        until = time.monotonic() + 10
        while len(desk.calls("/tickets")) < at_once and time.monotonic() < until and process.poll() is None:
            time.sleep(0.02)
        with within(3):
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=10)
    assert (process.returncode, said.strip()) == (130, "interrupted")
