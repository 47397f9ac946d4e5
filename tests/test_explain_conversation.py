"""`crossdock explain` of a conversation: what each step did, why, and where its values came from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import MakeProject, Run
from crossdock.core.json_types import JSON

CONVERSATION = """\
request: s/request
response_schema: s/any
failure: ../failure
steps:
  - step: order
    call: GET /orders/{{ id }}
    query: {for: email}
    answer: s/order
    tolerate: status == `404`
  - {step: none, unless: $order.id, value: id}
  - step: parcel
    each: {line: parcels}
    if: $line.n > `1`
    about: {concept: {$const: parcel}, id: n}
    steps:
      - step: send
        call: PUT /parcels
        body: {number: n, to: request().email, of: $order.id, kind: {$const: box}}
      - {step: done, value: $send.ok}
  - {step: late, if: "events()[0]", value: "length(events())"}
response: {orders: $order.id, mail: email, events: events()}
"""
FILES = {
    "mappings/actions.yaml": "notify: {call: POST /notify, when: id}\n",
    "mappings/shop/channel.yaml": "base_url: https://shop.example.com\nauth: {kind: none}\n",
    "mappings/shop/failure.yaml": "map: {what: message, id: id}\n",
    "mappings/shop/notify/conversation.yaml": CONVERSATION,
    "schemas/s/any.schema.json": "{}",
    "schemas/s/request.schema.json": json.dumps(
        {
            "type": "object",
            "properties": {
                "id": {"type": "string"},
                "email": {"type": "string", "x-sensitive": True},
                "parcels": {
                    "type": "array",
                    "items": {"type": "object", "properties": {"n": {"type": "integer"}}},
                },
            },
        }
    ),
    "schemas/s/order.schema.json": '{"type": "object", "properties": {"id": {"type": "string"}}}',
    "request.json": json.dumps({"id": "7", "email": "ada", "parcels": [{"n": 1}, {"n": 2}, {"n": 3}]}),
    "answers.json": json.dumps(
        {"order": {"id": "o1"}, "parcel": [{}, {"send": {"ok": "yes"}}, {"send": {"$status": 500}}]}
    ),
}
ALL = ("explain", "shop/notify", "--payload", "request.json", "--answers", "answers.json")


@pytest.fixture
def shop(project: MakeProject, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = project(FILES).roots[0]
    monkeypatch.chdir(root)
    return root


@pytest.mark.usefixtures("shop")
def test_every_step_says_what_it_did_and_why(run_crossdock: Run) -> None:
    ran = run_crossdock(*ALL)
    assert ran.code == 0
    assert ran.out == EXPLAINED
    assert "the step `send` failed: the channel answered 500" in ran.err


@pytest.mark.usefixtures("shop")
def test_a_pull_request_gets_tables(run_crossdock: Run) -> None:
    ran = run_crossdock(*ALL, "--format", "markdown")
    assert ran.code == 0
    shown = [line.removesuffix(" |").split(" | ") for line in ran.out.splitlines()]
    rows = {cells[0].strip("| `"): cells[1:] for cells in shown if len(cells) > 3}
    at = "mappings/shop/notify/conversation.yaml"
    assert ran.out.startswith("### shop/notify/conversation, request.json\n\n| step | what became of it | ")
    assert rows["order"] == [
        "ran",
        "`GET https://shop.example.com/orders/7?for=•••` → 200",
        'path: `"7"`, read `id` → `"7"`<br>query `/for`: `•••`, read `email` → `•••`<br>'
        "tolerate: `false`, test `` status == `404` `` → `false`",
        f"{at}:5",
    ]
    assert rows["none"][0] == r"skipped: \`unless\` is true"
    assert rows["parcel"][0] == "3 elements"
    assert rows["parcel / element 3"][0] == "failed: a step in it failed"
    assert rows["parcel / element 2 / send"][1] == "`PUT https://shop.example.com/parcels` → 200"
    assert rows["parcel / element 3 / done"] == ["unreached: a step before it failed", "", "", f"{at}:19"]
    assert rows["/orders"] == ['`"o1"`', 'read `answers().order.id` → `"o1"`', f"{at}:21"]


EXPLAINED = """\
order  ran                                    mappings/shop/notify/conversation.yaml:5:11
├─ path        id  →  "7"    /request/id
├─ query /for  email  →  •••    /request/email
├─ call        GET https://shop.example.com/orders/7?for=•••  →  200
└─ tolerate    status == `404`  →  false

none  skipped: `unless` is true               mappings/shop/notify/conversation.yaml:10:12
├─ unless      answers().order.id  →  "o1"    /answers/order/id
└─ uses        order

parcel  3 elements                            mappings/shop/notify/conversation.yaml:11:11
├─ each        parcels  →  a list of 3    /request/parcels
├─ element 1  skipped: `if` is not true
│  └─ if          $line.n > `1`  →  false    /request/parcels/0/n
├─ element 2  ran
│  ├─ if          $line.n > `1`  →  true    /request/parcels/1/n
│  ├─ send  ran
│  │  ├─ body /number  n  →  2    /request/parcels/1/n
│  │  ├─ body /to    request().email  →  •••    /request/email
│  │  ├─ body /of    answers().order.id  →  "o1"    /answers/order/id
│  │  ├─ body /kind  "box"  constant
│  │  ├─ call        PUT https://shop.example.com/parcels  →  200
│  │  └─ uses        order
│  └─ done  ran
│     ├─ value       answers().send.ok  →  •••    /answers/send/•••
│     └─ uses        send
└─ element 3  failed: a step in it failed
   ├─ if          $line.n > `1`  →  true    /request/parcels/2/n
   ├─ about /concept  "parcel"  constant
   ├─ about /id   n  →  3    /request/parcels/2/n
   ├─ send  failed: the channel answered 500
   │  ├─ body /number  n  →  3    /request/parcels/2/n
   │  ├─ body /to    request().email  →  •••    /request/email
   │  ├─ body /of    answers().order.id  →  "o1"    /answers/order/id
   │  ├─ body /kind  "box"  constant
   │  ├─ call        PUT https://shop.example.com/parcels  →  500
   │  ├─ failure /what  message  →  "the channel answered 500"    /context/message
   │  ├─ failure /id  id  →  3    /context/id
   │  └─ uses        order
   └─ done  unreached: a step before it failed

late  ran                                     mappings/shop/notify/conversation.yaml:20:12
├─ if          events()[0]  →  an object of 2 properties
└─ value       1
   ├─ read    events()  →  a list of 1
   └─ call    length(a list of 1)  →  1

response
├─ /orders     answers().order.id  →  "o1"    /answers/order/id
├─ /mail       email  →  •••    /request/email
└─ /events     events()  →  a list of 1
"""


@pytest.mark.usefixtures("shop")
def test_without_answers_it_says_what_is_missing(run_crossdock: Run) -> None:
    ran = run_crossdock(*ALL[:4])
    assert ran.code == 0
    heads = [line.partition("  mappings/")[0].rstrip() for line in ran.out.splitlines() if line[:1].isalpha()]
    assert heads == [
        "order  unanswered: its answer is not given",
        "none  waiting: needs the answers of order",
        "parcel  3 elements",
        "late  skipped: `if` is not true",
    ]


@pytest.mark.usefixtures("shop")
def test_a_field_of_the_response(run_crossdock: Run) -> None:
    ran = run_crossdock(*ALL, "--field", "/events/0/id")
    assert ran.out.partition("response\n")[2] == "└─ /events/0/id  events()  →  a list of 1\n"


@pytest.mark.usefixtures("shop")
def test_json_has_all_of_it(run_crossdock: Run) -> None:
    ran = run_crossdock(*ALL, "--format", "json")
    found = json.loads(ran.out)
    assert [(step["step"], step["outcome"]) for step in found["steps"]] == [
        ("order", "ran"),
        ("none", "skipped"),
        ("parcel", "ran"),
        ("late", "ran"),
    ]
    assert [each["outcome"] for each in found["steps"][2]["elements"]] == ["skipped", "ran", "failed"]
    send = found["steps"][2]["elements"][1]["steps"][0]
    assert send["calls"] == [
        {
            "method": "PUT",
            "url": "https://shop.example.com/parcels",
            "body": {"number": 2, "to": "•••", "of": "o1", "kind": "box"},
            "status": 200,
        }
    ]
    assert send["uses"] == ["order"]
    place = {"file": "mappings/shop/notify/conversation.yaml", "line": 18, "column": 15}
    assert [(each["key"], each["failed"], each["at"]) for each in send["parts"]] == [("body", False, place)]
    assert [(each["output"], each["steps"]) for each in send["parts"][0]["values"]][1] == (
        "/to",
        [
            {
                "kind": "read",
                "text": "request().email",
                "hidden": True,
                "reads": [{"pointer": "/request/email", "hidden": True}],
            }
        ],
    )
    assert [each["output"] for each in found["response"]] == ["/orders", "/mail", "/events"]


@pytest.mark.parametrize("email", ["ada", "bob"])
def test_nothing_sensitive_is_shown(shop: Path, run_crossdock: Run, email: str) -> None:
    request: JSON = {"id": "7", "email": f"q7{email}", "parcels": [{"n": 2}]}
    (shop / "request.json").write_text(json.dumps(request), encoding="utf-8")
    for form in ("text", "json", "markdown"):
        ran = run_crossdock(*ALL, "--format", form)
        assert (ran.code, f"q7{email}" in ran.out + ran.err) == (0, False)
        assert "•••" in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("explain", "shop/notify"), "a conversation is explained with --payload, as text, JSON or Markdown"),
        (
            (*ALL, "--format", "openlineage"),
            "--format openlineage cannot be combined with --payload and --source",
        ),
        (("explain", "shop/failure", "--answers", "answers.json"), "--answers is for conversations"),
        ((*ALL, "--field", "/nothing"), "nothing is written to `/nothing` for this request"),
    ],
)
@pytest.mark.usefixtures("shop")
def test_what_cannot_be_explained(run_crossdock: Run, arguments: tuple[str, ...], said: str) -> None:
    ran = run_crossdock(*arguments)
    assert ran.code == 2
    assert said in ran.err


def test_an_error_that_ends_the_conversation_is_explained_up_to_there(shop: Path, run_crossdock: Run) -> None:
    file = shop / "mappings/shop/notify/conversation.yaml"
    file.write_text(CONVERSATION.replace("failure: ../failure\n", ""), encoding="utf-8")
    ran = run_crossdock(*ALL)
    assert ran.code == 5
    assert "send  failed: the channel answered 500" in ran.out
    assert "error[channel-failed]" in ran.err
    assert "response" not in ran.out


def test_a_wrong_request_is_an_error(shop: Path, run_crossdock: Run) -> None:
    (shop / "request.json").write_text('{"id": 7}', encoding="utf-8")
    ran = run_crossdock(*ALL)
    assert (ran.code, ran.out) == (3, "")


def test_shared_steps_are_explained_inside_the_step_that_uses_them(shop: Path, run_crossdock: Run) -> None:
    shared = (
        "describe: Reads an order.\ninputs: {no: {describe: its number}}\n"
        "steps: [{step: read, call: 'GET /orders/{{ no }}'}]\nanswer: {found: $read.id}\n"
    )
    (shop / "mappings/shop/shared.yaml").write_text(shared, encoding="utf-8")
    text = (
        "request: s/request\nresponse_schema: s/any\nfailure: ../failure\n"
        "steps: [{step: order, use: ../shared, with: {no: id}}]\nresponse: {id: $order.found}\n"
    )
    (shop / "mappings/shop/notify/conversation.yaml").write_text(text, encoding="utf-8")
    (shop / "answers.json").write_text('{"read": {"id": "o1"}}', encoding="utf-8")
    ran = run_crossdock(*ALL)
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[1:] == [
        '├─ with /no    id  →  "7"    /request/id',
        "├─ read  ran",
        '│  ├─ path        no  →  "7"    /context/no',
        "│  └─ call        GET https://shop.example.com/orders/7  →  200",
        '├─ answer /found  answers().read.id  →  "o1"    /answers/read/id',
        "└─ uses        read",
        "",
        "response",
        '└─ /id         answers().order.found  →  "o1"    /answers/order/found',
    ]
