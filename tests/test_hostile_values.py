"""Values of a payload on their way into a call: the line that goes out, byte by byte, and nowhere else.

A real socket takes what is sent. A value stays one piece of the path, one value of the query, one header;
or the call is not made.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import pytest

from conftest import MakeProject
from crossdock import ChannelError, Project
from crossdock.channels.dry_run import plan
from crossdock.core.json_types import JSON, MISSING

CONVERSATION = """\
response_schema: desk/any
steps:
  - step: read
    call: GET /orders/{{ id }}/lines
    query: {filter: "{{ about }}"}
    tolerate: status == `404`
response: {events: events()}
"""
FILES = {
    "mappings/desk/notify/conversation.yaml": CONVERSATION,
    "schemas/desk/any.schema.json": '{"type": "object"}',
}
# the value, and its form in the path and in the query
HOSTILE: dict[str, tuple[JSON, str, str]] = {
    "upwards": ("../../admin", "..%2F..%2Fadmin", "..%2F..%2Fadmin"),
    "upwards, encoded": ("%2e%2e", "%252e%252e", "%252e%252e"),
    "upwards, encoded with its slash": ("%2e%2e%2f", "%252e%252e%252f", "%252e%252e%252f"),
    "a query": ("1?admin=1", "1%3Fadmin%3D1", "1%3Fadmin%3D1"),
    "a value more": ("1&admin=1", "1%26admin%3D1", "1%26admin%3D1"),
    "a fragment": ("1#x", "1%23x", "1%23x"),
    "a user": ("x@evil.example.com", "x%40evil.example.com", "x%40evil.example.com"),
    "a host": ("//evil.example.com", "%2F%2Fevil.example.com", "%2F%2Fevil.example.com"),
    "a URL": ("http://127.0.0.1:1/", "http%3A%2F%2F127.0.0.1%3A1%2F", "http%3A%2F%2F127.0.0.1%3A1%2F"),
    "a backslash": ("..\\admin", "..%5Cadmin", "..%5Cadmin"),
    "a line end": ("1\r\nX-Evil: 1", "1%0D%0AX-Evil%3A%201", "1%0D%0AX-Evil%3A%201"),
    "a whole request": (
        "1 HTTP/1.1\r\n\r\nDELETE /orders",
        "1%20HTTP%2F1.1%0D%0A%0D%0ADELETE%20%2Forders",
        "1%20HTTP%2F1.1%0D%0A%0D%0ADELETE%20%2Forders",
    ),
    "a parameter": (";jsessionid=1", "%3Bjsessionid%3D1", "%3Bjsessionid%3D1"),
    "a NUL": ("1\0", "1%00", "1%00"),
    "another alphabet": ("Zoë", "Zo%C3%AB", "Zo%C3%AB"),
    "a slash of another alphabet": ("1\u2215admin", "1%E2%88%95admin", "1%E2%88%95admin"),
    "a template": ("{{ settings }}", "%7B%7B%20settings%20%7D%7D", "%7B%7B%20settings%20%7D%7D"),
    "a large number": (2**63, "9223372036854775808", "9223372036854775808"),
}
CONTROLS = ("a line end", "a whole request", "a NUL")
NOT_MADE: dict[str, JSON] = {"nothing": "", "null": None, "here": ".", "upwards": ".."}

Answered: TypeAlias = Callable[[JSON], tuple[list[bytes], JSON]]


@contextmanager
def listening() -> Iterator[tuple[str, list[bytes]]]:
    """A server that writes down the head of each request, and says 404."""
    heads: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(3)
                data = b""
                while b"\r\n\r\n" not in data and (part := connection.recv(65536)):
                    data += part
                heads.append(data)
                connection.sendall(
                    b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
                )

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}", heads
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


@pytest.fixture
def answered(project: MakeProject, tmp_path: Path) -> Iterator[Answered]:
    """Runs the conversation for a request with an id, and gives what went out, and the response."""
    with listening() as (url, heads):
        channel = f'describe: A desk.\nbase_url: "{url}/api"\nlimits: {{seconds: 3, attempts: 1}}\n'
        made: Project = project({**FILES, "mappings/desk/channel.yaml": channel})

        def answer(request: JSON) -> tuple[list[bytes], JSON]:
            heads.clear()
            with made.connect("desk", environ={}) as desk:
                outcome = desk.answer("notify", request)
            assert outcome.response is not MISSING
            return list(heads), outcome.response

        yield answer


def lines(head: bytes) -> tuple[str, list[str]]:
    """The request line of what went out, and the names of its headers."""
    assert head.count(b"\r\n\r\n") == 1
    assert head.endswith(b"\r\n\r\n")
    first, *headers = head.removesuffix(b"\r\n\r\n").decode("ascii").split("\r\n")
    return first, sorted(line.partition(":")[0].lower() for line in headers)


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_value_is_one_piece_of_the_path_that_goes_out(answered: Answered, case: str) -> None:
    value, in_path, _ = HOSTILE[case]
    (head,), _ = answered({"id": value})
    first, names = lines(head)
    assert first == f"GET /api/orders/{in_path}/lines HTTP/1.1"
    assert set(names) <= {"accept", "accept-encoding", "connection", "host", "user-agent"}
    assert len(names) == len(set(names))


@pytest.mark.parametrize("case", [case for case in HOSTILE if case not in CONTROLS])
def test_a_hostile_value_is_one_value_of_the_query_that_goes_out(answered: Answered, case: str) -> None:
    value, _, in_query = HOSTILE[case]
    (head,), _ = answered({"id": 1, "about": value})
    assert lines(head)[0] == f"GET /api/orders/1/lines?filter={in_query} HTTP/1.1"


@pytest.mark.parametrize("case", CONTROLS)
def test_a_query_with_control_characters_is_not_made(answered: Answered, case: str) -> None:
    with pytest.raises(ChannelError) as caught:
        answered({"id": 1, "about": HOSTILE[case][0]})
    what = "a NUL" if case == "a NUL" else "a line end"
    (finding,) = caught.value.diagnostics
    assert finding.message == f"the step `read` failed: `filter` contains {what}"


@pytest.mark.parametrize("case", NOT_MADE)
def test_a_value_that_is_no_piece_of_a_path_makes_no_call(answered: Answered, case: str) -> None:
    with pytest.raises(ChannelError) as caught:
        answered({"id": NOT_MADE[case]})
    problem = "only dots" if NOT_MADE[case] else "nothing"
    (finding,) = caught.value.diagnostics
    path = "/orders/{{ id }}/lines"
    assert finding.message == (
        f"the step `read` failed: the path has {problem} where it needs a value: {path}"
    )


@pytest.mark.parametrize("case", HOSTILE)
def test_a_plan_shows_the_same_line(project: MakeProject, case: str) -> None:
    value, in_path, _ = HOSTILE[case]
    made = project({**FILES, "mappings/desk/channel.yaml": "describe: A desk.\n"})
    shown, _ = plan(
        made.conversation("desk", "notify"),
        made.channel_of("desk"),
        {"id": value},
        settings={},
        answers={},
        name="request",
    )
    assert json.loads(json.dumps(shown))["calls"][0]["url"] == f"/orders/{in_path}/lines"


@pytest.mark.parametrize("value", ["1\r\nX-Evil: 1", "1\nX-Evil: 1", "1\rX", "1\0", "Zoë"])
def test_a_header_that_is_none_makes_no_call(project: MakeProject, value: str) -> None:
    text = CONVERSATION.replace("    query:", "    headers: {x-order: id}\n    query:").replace(
        "{{ id }}", "1"
    )
    with listening() as (url, heads):
        channel = f'describe: A desk.\nbase_url: "{url}/api"\nlimits: {{seconds: 3, attempts: 1}}\n'
        files = {"mappings/desk/notify/conversation.yaml": text, "mappings/desk/channel.yaml": channel}
        made = project({**FILES, **files})
        with made.connect("desk", environ={}) as desk, pytest.raises(ChannelError):
            desk.answer("notify", {"id": value})
        assert heads == []
