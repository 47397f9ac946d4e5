"""Several calls of one step: pages, cursors and jobs, in plans and over real sockets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from werkzeug import Request

from conftest import MakeProject
from crossdock.channels.conversation import ConversationResult
from crossdock.channels.conversation_sensitivity import masked_result
from crossdock.channels.dry_run import given_answer, plan_as_json
from crossdock.channels.http import Transport
from crossdock.channels.messages import Call
from crossdock.channels.runner import run_conversation
from crossdock.channels.steps import Conversation
from crossdock.core.errors import InputError
from crossdock.core.json_types import JSON
from crossdock.project.project import Project
from fakes.channel import FakeChannel, answer

CHANNEL = """\
settings: {url: {describe: where, default: "https://shop.example.com/api"}}
base_url: "{{ settings.url }}"
answers:
  done: body.state == 'done'
  retry: {when: "body.errors[0].code == 'THROTTLED'", wait: body.wait}
limits: {wait_seconds: 1}
"""
PAGE = '{"type": "object", "properties": {"n": {"type": "integer"}}}'
MARKED = '{"type": "object", "properties": {"next": {"type": "string", "x-sensitive": true}}}'
CONVERSATION = """\
response_schema: desk/any
failure: ../failure
steps:
  - {{step: a, {step}}}
response: {{events: events(), answers: answers()}}
"""
Compile = Callable[..., Project]


@pytest.fixture
def compiled(project: MakeProject) -> Compile:
    def compile_step(step: str, **files: str) -> Project:
        return project(
            {
                "mappings/shop/failure.yaml": "map: {kind: kind, message: message, url: url}",
                "mappings/shop/channel.yaml": CHANNEL,
                "schemas/desk/any.schema.json": '{"type": "object"}',
                "schemas/shop/marked.schema.json": MARKED,
                "schemas/shop/page.schema.json": PAGE,
                "mappings/shop/notify/conversation.yaml": CONVERSATION.format(step=step),
                **{f"mappings/shop/notify/{name}.yaml": text for name, text in files.items()},
            }
        )

    return compile_step


URL = "https://shop.example.com/api"


def planned(made: Project, given: JSON, request: JSON = None, url: str = URL) -> Any:
    result = run_conversation(
        made.conversation("shop", "notify"), request or {}, given_answer, given={"a": given}, base_url=url
    )
    return plan_as_json(result, url)


def page(number: int, link: str | None = None) -> JSON:
    headers: dict[str, JSON] = {} if link is None else {"next": link}
    return {"$headers": headers, "$body": {"n": number}}


LINKED = "call: GET /orders, query: {size: '`2`'}, again: {when: headers.next, url: headers.next}"


# --- what is called next


@pytest.mark.parametrize(
    "step, given, calls",
    [
        (
            "call: GET /orders, query: {size: '`2`'}, again: {when: body.next, query: {after: body.next}}",
            [{"next": "x"}, {"next": "y"}, {}],
            [
                {"url": "/orders", "query": {"size": "2"}},
                {"url": "/orders", "query": {"size": "2", "after": "x"}},
                {"url": "/orders", "query": {"size": "2", "after": "y"}},
            ],
        ),
        (
            "call: GET /o, query: {p: '`1`', full: {$const: yes}}, again: {when: body.more, "
            "query: {p: 'add(turn, `1`)', full: null}}",
            [{"more": 1}, {}],
            [{"url": "/o", "query": {"p": "1", "full": "yes"}}, {"url": "/o", "query": {"p": "2"}}],
        ),
        (
            "call: GET /o, again: {when: body.next, path: '/o/{{ body.next }}'}",
            [{"next": "a/b"}, {}],
            [{"url": "/o"}, {"url": "/o/a%2Fb"}],
        ),
        (
            "call: POST /q, body: {q: id}, again: {when: body.end, body: {q: root().id, after: body.end}}",
            [{"end": "e"}, {}],
            [{"url": "/q", "body": {"q": 7}}, {"url": "/q", "body": {"q": 7, "after": "e"}}],
        ),
        (
            "call: POST /q, body: {q: id}, again: {when: body.end, body: following}",
            [{"end": "e"}, {}],
            [
                {"url": "/q", "body": {"q": 7}},
                {"url": "/q", "body": {"after": "e", "turn": 1, "done": False}},
            ],
        ),
        (
            "call: 'GET /jobs/{{ id }}', again: {when: '!done', wait: 2}",
            [{"state": "new"}, {"state": "half"}, {"state": "done"}],
            [{"url": "/jobs/7"}, {"wait": 2, "url": "/jobs/7"}, {"wait": 2, "url": "/jobs/7"}],
        ),
        (
            'call: GET /jobs, again: {when: body.again, wait: headers."retry-after"}',
            [{"$headers": {"Retry-After": "1.5"}, "$body": {"again": True}}, {}],
            [{"url": "/jobs"}, {"wait": 1.5, "url": "/jobs"}],
        ),
        (
            "call: GET /jobs, tolerate: status == `404`, again: {when: status == `404`, wait: 1}",
            [{"$status": 404}, {"n": 1}],
            [{"url": "/jobs"}, {"wait": 1, "url": "/jobs"}],
        ),
    ],
)
def test_the_next_call_has_what_changes(
    compiled: Compile, step: str, given: list[JSON], calls: list[dict[str, JSON]]
) -> None:
    following = "map: {after: body.end, turn: turn, done: done}"
    shown = planned(compiled(step, following=following), given, {"id": 7}, url="")
    assert shown["response"]["events"] == []
    for call, expected in zip(shown["calls"], calls, strict=True):
        assert {key: value for key, value in call.items() if key not in ("step", "method")} == expected


def test_the_answer_is_the_list_of_the_answers(compiled: Compile) -> None:
    made = compiled("call: GET /o, answer: shop/page, again: {when: body.n < `3`, query: {p: turn}}")
    assert planned(made, [{"n": 1}, {"n": 2}, {"n": 3}])["response"]["answers"] == {
        "a": [{"n": 1}, {"n": 2}, {"n": 3}]
    }
    assert planned(made, [{"n": 3}])["response"]["answers"] == {"a": [{"n": 3}]}


def test_with_each_it_is_a_list_of_lists(compiled: Compile) -> None:
    made = compiled("each: ids, call: 'GET /{{ id }}', again: {when: body.more, query: {p: turn}}")
    shown = planned(made, [[{"more": 1}, {}], [{}]], {"ids": [{"id": 1}, {"id": 2}]})
    assert shown["response"]["answers"] == {"a": [[{"more": 1}, {}], [{}]]}
    assert [call["url"] for call in shown["calls"]] == [f"{URL}/{n}" for n in (1, 1, 2)]


@pytest.mark.parametrize("status", [404, 204])
def test_calls_without_a_body_give_nothing(compiled: Compile, status: int) -> None:
    made = compiled("call: GET /o, tolerate: status == `404`, again: {when: body.more, query: {p: turn}}")
    assert planned(made, [{"$status": status}])["response"] == {"events": [], "answers": {}}


def test_a_plan_shows_the_calls_that_its_answers_lead_to(compiled: Compile) -> None:
    made = compiled("call: GET /o, again: {when: body.more, query: {p: turn}}")
    shown = planned(made, [{"more": 1}])
    assert [call.get("query") for call in shown["calls"]] == [None, {"p": "1"}]
    assert "response" not in shown


def test_given_answers_are_a_list(compiled: Compile) -> None:
    made = compiled("call: GET /o, again: {when: body.more, query: {p: turn}}")
    with pytest.raises(InputError) as caught:
        planned(made, {"more": 1})
    assert str(caught.value) == (
        "error[wrong-type]: the answers to a step with `again` are a list, with one for each call\n"
        "  = note: an answer to the step `a`"
    )


# --- URLs that the channel gives


@pytest.mark.parametrize(
    "link, url",
    [
        (
            "https://shop.example.com/api/orders?page=2&size=2",
            "https://shop.example.com/api/orders?page=2&size=2",
        ),
        ("https://shop.example.com:443/else?c=%2B+%20", "https://shop.example.com/else?c=%2B+%20"),
        ("HTTPS://SHOP.example.com/x", "https://shop.example.com/x"),
        ("?page=2", "https://shop.example.com/api/orders?page=2"),
        ("/api/orders;next", "https://shop.example.com/api/orders;next"),
        ("more/2#top", "https://shop.example.com/api/more/2"),
        ("https://shop.example.com", "https://shop.example.com/"),
        ("https://shop.example.com//evil.example.com/x", "https://shop.example.com//evil.example.com/x"),
    ],
)
def test_a_url_is_called_as_the_channel_gives_it(compiled: Compile, link: str, url: str) -> None:
    shown = planned(compiled(LINKED), [page(1, link), page(2)])
    assert shown["calls"][1] == {"step": "a", "method": "GET", "url": url}


ELSEWHERE = "the next URL leads to another host than the channel's"


@pytest.mark.parametrize(
    "link, message",
    [
        ("https://evil.example.com/api/orders?page=2", ELSEWHERE),
        ("//evil.example.com/orders", ELSEWHERE),
        ("http://shop.example.com/api/orders", ELSEWHERE),
        ("https://shop.example.com:8443/api/orders", ELSEWHERE),
        ("https://user@shop.example.com/api/orders", ELSEWHERE),
        ("https://shop.example.com@evil.example.com/", ELSEWHERE),
        ("https://shop.example.com.evil.example.com/", ELSEWHERE),
        ("ftp://shop.example.com/", ELSEWHERE),
        ("https://[", ELSEWHERE),
        ("https://shop.example.com:x/", ELSEWHERE),
        ("https://shop.example.com\\@evil.example.com/", "the next URL is not a URL"),
        ("/a b", "the next URL is not a URL"),
        ("/ä", "the next URL is not a URL"),
        ("/a\r\nHost: evil", "the next URL is not a URL"),
    ],
)
def test_a_url_elsewhere_is_a_failure_before_anything_is_sent(
    compiled: Compile, link: str, message: str
) -> None:
    shown = planned(compiled(LINKED), [page(1, link), page(2)])
    assert shown["response"]["events"] == [
        {"kind": "answer", "message": message, "url": "https://shop.example.com/api/orders?size=2"}
    ]
    assert len(shown["calls"]) == 1


def test_a_url_that_is_missing_is_a_failure(compiled: Compile) -> None:
    made = compiled("call: GET /o, again: {when: body.n, url: headers.next}")
    (event,) = planned(made, [page(1), page(2)])["response"]["events"]
    assert event["message"] == "the answer has no next URL, although `when` of `again` is true"


# --- what does not end


def test_a_circle_of_pages_is_a_failure_at_once(compiled: Compile) -> None:
    pages = [page(1, "/api/orders?p=2"), page(2, "/api/orders?p=3"), page(3, "/api/orders?p=2")]
    shown = planned(compiled(LINKED), pages * 9)
    (event,) = shown["response"]["events"]
    assert event["kind"] == "endless"
    assert event["message"] == "the channel's answers lead to a call that was made already"
    assert len(shown["calls"]) == 3


def test_a_url_that_is_the_first_call_is_a_failure(compiled: Compile) -> None:
    shown = planned(compiled(LINKED), [page(1, "?size=2"), page(2)])
    (event,) = shown["response"]["events"]
    assert event["message"] == "the channel's answers lead to a call that was made already"
    assert len(shown["calls"]) == 1


def test_reaching_the_most_calls_is_a_failure(compiled: Compile) -> None:
    made = compiled("call: GET /o, again: {when: body.n, query: {p: turn}, most: 3}")
    shown = planned(made, [{"n": 1}] * 9)
    (event,) = shown["response"]["events"]
    assert event["message"] == "the channel had not come to an end after 3 calls"
    assert event["url"] == "https://shop.example.com/api/o?p=2"
    assert len(shown["calls"]) == 3


def test_a_hundred_calls_are_made_where_the_step_does_not_say(compiled: Compile) -> None:
    made = compiled("call: GET /o, again: {when: body.n, query: {p: turn}}")
    shown = planned(made, [{"n": 1}] * 200)
    assert len(shown["calls"]) == 100
    (event,) = shown["response"]["events"]
    assert event["message"] == "the channel had not come to an end after 100 calls"


@pytest.mark.parametrize(
    "step, given, kind, message",
    [
        (
            "call: GET /o, again: {when: body.n, query: {p: turn}}",
            [{"n": 1}, {"$status": 500}],
            "status",
            "the channel answered 500",
        ),
        (
            "call: GET /o, answer: shop/page, again: {when: body.n, query: {p: turn}}",
            [{"n": 1}, {"n": "x"}],
            "answer",
            "the channel's answer breaks `shop/page`: expected a whole number, found text at /n",
        ),
        (
            "call: GET /o, again: {when: 'abs(body.n)', query: {p: turn}}",
            [{"n": "x"}],
            "answer",
            "`abs` takes a number, not text",
        ),
        (
            "call: GET /o, again: {when: body.n, path: '/o/{{ body.gone }}'}",
            [{"n": 1}],
            "request",
            "the path has nothing where it needs a value: /o/{{ body.gone }}",
        ),
    ],
)
def test_a_later_call_that_fails_fails_the_step(
    compiled: Compile, step: str, given: JSON, kind: str, message: str
) -> None:
    shown = planned(compiled(step), given)
    (event,) = shown["response"]["events"]
    assert (event["kind"], event["message"]) == (kind, message)
    assert shown["response"]["answers"] == {}


# --- over the network


class Shelf(FakeChannel):
    """Five orders on pages of two, with Link headers, and a job that takes three looks."""

    base = "/api"

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0
        self.link = ""

    def routes(self) -> list[tuple[str, str, Callable[..., Any]]]:
        return [
            ("GET", "/orders", self.orders),
            ("GET", "/job", self.job),
            ("POST", "/form", self.form),
            ("GET", "/query", self.query),
            ("POST", "/graphql", self.graphql),
        ]

    def _authorize(self, request: Request) -> None:
        """Everybody may ask."""

    def orders(self, request: Request) -> Any:
        start = int(request.args.get("from", 0))
        found = answer({"orders": list(range(1, 6))[start : start + 2]})
        if start + 2 < 5:
            url = self.link or f"{self.url}/orders?from={start + 2}"
            found.headers["Link"] = f'<{self.url}/orders>; rel="first", <{url}>; rel="next"'
        return found

    def job(self, request: Request) -> Any:
        self.looks += 1
        return {"state": "done" if self.looks == 3 else "running"}

    def graphql(self, request: Request) -> Any:
        """Every second request is put off."""
        self.looks += 1
        if self.looks % 2:
            return {"errors": [{"code": "THROTTLED"}], "wait": 0.01}
        after = request.get_json()["variables"].get("after", 0)
        return {"data": {"orders": [after + 1], "end": after + 1 if after < 2 else None}}

    def form(self, request: Request) -> Any:
        return {}

    def query(self, request: Request) -> Any:
        return {"tags": request.args.getlist("tag")}


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with Shelf() as made:
        yield made


def asked(made: Project, url: str, request: JSON = None) -> ConversationResult:
    channel, settings = made.channel_of("shop"), {"url": url}
    with Transport(channel, settings, environ={}) as transport:
        conversation: Conversation = made.conversation("shop", "notify")
        return run_conversation(
            conversation, request or {}, transport.ask, settings=settings, base_url=transport.base_url
        )


PAGES = (
    "call: GET /orders, again: {when: 'link(headers.link, ''next'')', url: 'link(headers.link, ''next'')'}"
)


def test_pages_are_followed_to_the_last(compiled: Compile, shelf: Shelf) -> None:
    result = asked(compiled(PAGES), shelf.url)
    assert result.answers["a"] == [{"orders": [1, 2]}, {"orders": [3, 4]}, {"orders": [5]}]
    assert [seen.target for seen in shelf.seen] == ["/api/orders", "/api/orders?from=2", "/api/orders?from=4"]


def test_a_page_elsewhere_is_never_asked_for(compiled: Compile, shelf: Shelf) -> None:
    with Shelf() as other:
        shelf.link = f"{other.url}/orders?from=2"
        result = asked(compiled(PAGES), shelf.url)
        assert [event["message"] for event in result.events if isinstance(event, dict)] == [ELSEWHERE]
        assert other.seen == []


def test_pages_that_lead_to_themselves_end(compiled: Compile, shelf: Shelf) -> None:
    shelf.link = "?from=0"
    result = asked(compiled(PAGES), shelf.url)
    assert [event["kind"] for event in result.events if isinstance(event, dict)] == ["endless"]
    assert len(shelf.seen) == 2


def test_a_job_is_asked_for_until_it_is_done(compiled: Compile, shelf: Shelf) -> None:
    made = compiled("call: GET /job, again: {when: '!done', wait: 0.01}")
    assert asked(made, shelf.url).answers["a"] == [{"state": "running"}] * 2 + [{"state": "done"}]


def test_graphql_with_a_cursor_is_throttled_in_a_200(compiled: Compile, shelf: Shelf) -> None:
    made = compiled(
        "call: POST /graphql, body: {query: {$const: q}, variables: {first: n}}, "
        "again: {when: body.data.end, "
        "body: {query: {$const: q}, variables: {first: root().n, after: body.data.end}}}"
    )
    result = asked(made, shelf.url, {"n": 1})
    pages = result.answers["a"]
    assert isinstance(pages, list)
    assert [page["data"]["orders"] for page in pages if isinstance(page, dict)] == [[1], [2], [3]]
    assert len(shelf.seen) == 6
    assert json.loads(shelf.seen[-1].body)["variables"] == {"first": 1, "after": 2}


# --- what a plan shows


@pytest.mark.parametrize(
    "again, second",
    [
        ("query: {after: body.next, size: '`2`'}", "https://shop.example.com/api/o?after=•••&size=2"),
        ("path: '/o/{{ body.next }}'", "https://shop.example.com/api/o/•••"),
        ("url: body.next", "https://shop.example.com/•••"),
        ("body: {after: body.next, n: turn}", "https://shop.example.com/api/o"),
    ],
)
def test_what_is_sensitive_in_an_answer_is_masked_in_the_next_call(
    compiled: Compile, again: str, second: str
) -> None:
    made = compiled(f"call: POST /o, answer: shop/marked, again: {{when: body.next, {again}}}")
    conversation = made.conversation("shop", "notify")
    given: JSON = {"a": [{"next": "/secret"}, {}]}
    result = run_conversation(conversation, {}, given_answer, given=given, base_url=URL)
    call = masked_result(conversation, result).calls[1]
    assert unquote(call.url(URL)) == second
    if "body:" in again:
        assert call.body == {"after": "•••", "n": 1}


# --- queries and forms


@pytest.mark.parametrize(
    "step, sent",
    [
        ("call: GET /query, query: {tag: tags}", "tag=a%20b&tag=c%2Fd"),
        ("call: GET /query, query: {tag: tags}, lists: brackets", "tag%5B%5D=a%20b&tag%5B%5D=c%2Fd"),
        ("call: GET /query, query: {f: {on: yes_, off: null}}, lists: brackets", "f%5Bon%5D=true"),
    ],
)
def test_lists_of_a_query(compiled: Compile, shelf: Shelf, step: str, sent: str) -> None:
    result = asked(compiled(step), shelf.url, {"tags": ["a b", None, "c/d"], "yes_": True})
    assert result.events == []
    assert shelf.seen[0].target == f"/api/query?{sent}"


@pytest.mark.parametrize(
    "step, sent",
    [
        ("body: {t: text, n: n, yes: yes_, gone: null}", "t=a+b%26%C3%BC*-._%7E%0A&n=1.5&yes=true"),
        ("body: {tag: tags}", "tag=a+b&tag=c%2Fd"),
        ("lists: brackets, body: {tag: tags}", "tag%5B%5D=a+b&tag%5B%5D=c%2Fd"),
        (
            "lists: brackets, body: {item: lines}",
            "item%5B0%5D%5Bsku%5D=A&item%5B0%5D%5Bq%5D%5B%5D=1&item%5B0%5D%5Bq%5D%5B%5D=2&item%5B1%5D%5Bsku%5D=B",
        ),
        ("body: {}", ""),
    ],
)
def test_a_form_is_sent_as_browsers_do(compiled: Compile, shelf: Shelf, step: str, sent: str) -> None:
    request: JSON = {
        "text": "a b&ü*-._~\n",
        "n": 1.5,
        "yes_": True,
        "tags": ["a b", None, "c/d"],
        "lines": [{"sku": "A", "q": [1, 2]}, {"sku": "B"}],
    }
    result = asked(compiled(f"call: POST /form, form: true, {step}"), shelf.url, request)
    assert result.events == []
    assert shelf.seen[0].body == sent
    assert shelf.seen[0].headers.get("content-type") == "application/x-www-form-urlencoded"


def test_the_channel_says_how_lists_are_sent(compiled: Compile) -> None:
    made = compiled("call: GET /q, query: {tag: tags}, lists: repeat")
    folder = made.roots[0] / "mappings" / "shop"

    def sent() -> Any:
        return planned(Project(made.roots), {}, {"tags": ["a", "b"]})["calls"][0]["query"]

    assert sent() == {"tag": ["a", "b"]}
    (folder / "channel.yaml").write_text(CHANNEL + "lists: brackets\n")
    assert sent() == {"tag": ["a", "b"]}
    conversation = (folder / "notify" / "conversation.yaml").read_text()
    (folder / "notify" / "conversation.yaml").write_text(conversation.replace(", lists: repeat", ""))
    assert sent() == {"tag[]": ["a", "b"]}


def test_a_call_shows_each_name_of_its_query_once() -> None:
    call = Call("a", "GET", "/a", query=(("t", "1"), ("u", "2"), ("t", "3")))
    assert json.dumps(call.as_json()) == (
        '{"step": "a", "method": "GET", "url": "/a", "query": {"t": ["1", "3"], "u": "2"}}'
    )
