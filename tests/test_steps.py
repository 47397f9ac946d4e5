"""What a conversation may say, by the literal text of every refusal."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from conftest import MakeProject
from crossdock import CompileError

FILES = {
    "mappings/shop/failure.yaml": 'map: "@"',
    "mappings/shop/channel.yaml": (
        "settings: {till: {describe: which till, default: T1}}\nanswers: {not_found: status == `404`}"
    ),
    "mappings/shop/notify/parcel.yaml": "map: {id: id}",
    "schemas/desk/any.schema.json": '{"type": "object", "properties": {"events": {}}}',
    "schemas/shop/notice.schema.json": (
        '{"type": "object", "properties": {"id": {"type": "integer"}, "parcels": {"type": "array",'
        ' "items": {"type": "object", "properties": {"ref": {"type": "string"}}}}}}'
    ),
}
HEAD = "request: shop/notice\nresponse_schema: desk/any\n"
TAIL = "response: {events: events()}\n"
KEYS = (
    "= help: the keys are `step`, `if`, `unless`, `each`, `at_once`, `about`, `call`, `value`, `event`, "
    "`fail`, `warn`, `use`, `adapts`, `steps`, `query`, `headers`, `body`, `form`, `lists`, `answer`, "
    "`tolerate`, `refuse`, `repeatable`, `again`, `message`, `data`, `continue`, `with`, `none`, `failure`"
)


def refusal(project: MakeProject, text: str, files: Mapping[str, str] | None = None) -> str:
    made = project({**FILES, **(files or {}), "mappings/shop/notify/conversation.yaml": text})
    with pytest.raises(CompileError) as caught:
        made.conversation("shop", "notify")
    return str(caught.value)


def short(text: str) -> str:
    """A diagnostic without its frame: id and message, the place, the text above the carets, help."""
    found = []
    for part in text.split("\n\n"):
        lines = part.splitlines()
        place = next((line.partition("yaml:")[2] for line in lines if "-->" in line), "")
        helps = [line.strip() for line in lines if line.strip().startswith("= ")]
        shown = re.search(r"^ *\d+ \|(.*)\n *\|( *)(\^+)", part, re.MULTILINE)
        under = shown[1][len(shown[2]) : len(shown[2]) + len(shown[3])] if shown else ""
        found.append("\n".join([f"{lines[0].removeprefix('error')} @{place} <{under}>", *helps]))
    return "\n".join(found)


STEPS = [
    (
        "steps: [{step: a, call: GET /a, failure: null}]",
        "[not-an-object]: `failure` must give an event, and this is null @3:42 <null>\n"
        "= help: name a mapping, or leave `failure` out",
    ),
    ("steps: {}", "[not-a-list]: `steps` must be a list @3:8 <{}>"),
    (
        "steps: [order]",
        "[not-an-object]: a step must be an object with `step:` and what it does @3:9 <order>",
    ),
    (
        "- {call: GET /a}",
        "[step-name]: the step has no name @4:5 <{>\n"
        "= help: a name is made of letters, digits and _, and not `element`: `- step: order`",
    ),
    (
        "- {step: my-step, call: GET /a}",
        "[step-name]: this cannot be a step's name @4:12 <my-step>\n"
        "= help: a name is made of letters, digits and _, and not `element`: `- step: order`",
    ),
    (
        "- {step: element, call: GET /a}",
        "[step-name]: this cannot be a step's name @4:12 <element>\n"
        "= help: a name is made of letters, digits and _, and not `element`: `- step: order`",
    ),
    (
        "- {step: a, call: GET /a}\n  - {step: a, call: GET /b}",
        "[duplicate-step]: there are two steps `a` @5:12 <a>",
    ),
    (
        "- {step: a}",
        "[step-action]: the step does nothing @4:12 <a>\n"
        "= help: it has one of `call`, `value`, `event`, `fail`, `warn`, `use`, `adapts`, `steps`",
    ),
    (
        "- {step: a, call: GET /a, value: id}",
        "[step-action]: a step must do exactly one thing @4:12 <a>\n"
        "= help: it has one of `call`, `value`, `event`, `fail`, `warn`, `use`, `adapts`, `steps`",
    ),
    (
        "- {step: a, cal: GET /a, value: id}",
        "[unknown-key]: a step has no key `cal` @4:15 <cal>\n= help: did you mean `call`?",
    ),
    ("- {step: a, zzz: 1, value: id}", f"[unknown-key]: a step has no key `zzz` @4:15 <zzz>\n{KEYS}"),
    (
        "- {step: a, value: id, body: id, answer: shop/notice}",
        "[key-without-call]: `body` goes with a `call`, and this step has none @4:26 <body>\n"
        "[key-without-call]: `answer` goes with a `call`, and this step has none @4:36 <answer>",
    ),
    (
        "- {step: a, call: /a}",
        "[not-a-call]: this is not a call @4:21 </a>\n"
        "= help: write the method and the path: GET /orders/{{ id }}",
    ),
    (
        "- {step: a, call: 'GET a'}",
        "[not-a-call]: this is not a call @4:21 <'GET a'>\n"
        "= help: write the method and the path: GET /orders/{{ id }}",
    ),
    (
        "- {step: a, call: 'GET https://x/'}",
        "[not-a-call]: this is not a call @4:21 <'GET https://x/'>\n"
        "= help: write the method and the path: GET /orders/{{ id }}",
    ),
    (
        "- {step: a, call: {GET: /a}}",
        "[not-a-call]: this is not a call @4:21 <{GET: /a}>\n"
        "= help: write the method and the path: GET /orders/{{ id }}",
    ),
    (
        "- {step: a, call: GET /a?b=c}",
        "[not-a-call]: a path must not contain `?` or `#` @4:25 </a?b=c>\n"
        "= help: write what follows the `?` as `query: {key: value}`",
    ),
    (
        "- {step: a, call: 'GET /{{ id }}#b'}",
        "[not-a-call]: a path must not contain `?` or `#` @4:26 </{{ id }}#b>\n"
        "= help: write what follows the `?` as `query: {key: value}`",
    ),
    (
        "- {step: a, call: GET /a/../b}",
        "[not-a-call]: a path must not have a segment `.` or `..` @4:25 </a/../b>\n"
        "= help: the path begins at the channel's URL",
    ),
    (
        "- {step: a, call: 'GET /{{ id }}/%2E%2e/b'}",
        "[not-a-call]: a path must not have a segment `.` or `..` @4:26 </{{ id }}/%2E%2e/b>\n"
        "= help: the path begins at the channel's URL",
    ),
    (
        "- {step: a, call: 'GET /./{{ id }}'}",
        "[not-a-call]: a path must not have a segment `.` or `..` @4:26 </./{{ id }}>\n"
        "= help: the path begins at the channel's URL",
    ),
    (
        "- {step: a, call: GET /a b}",
        "[not-a-call]: a path must have only the characters of a URL @4:25 </a b>\n"
        "= help: a value in {{ }} is escaped",
    ),
    (
        "- {step: a, call: 'GET /a\\b'}",
        "[not-a-call]: a path must have only the characters of a URL @4:26 </a\\b>\n"
        "= help: a value in {{ }} is escaped",
    ),
    (
        "- {step: a, call: 'GET /größe/{{ id }}'}",
        "[not-a-call]: a path must have only the characters of a URL @4:26 </größe/{{ id }}>\n"
        "= help: a value in {{ }} is escaped",
    ),
    (
        "- {step: a, call: GET /a, headers: {x y: a, Host: a, X-Good: a}}",
        "[header-name]: `x y` cannot be the name of a header @4:39 <x y>\n"
        "[header-name]: `Host` is set by HTTP itself @4:47 <Host>\n= help: leave it out",
    ),
    (
        "- {step: a, call: get /a}",
        "[unknown-method]: there is no method `get` @4:21 <get>\n= help: did you mean `GET`?",
    ),
    (
        "- {step: a, call: OPTIONS /a}",
        "[unknown-method]: there is no method `OPTIONS` @4:21 <OPTIONS>\n"
        "= help: the methods are GET, HEAD, POST, PUT, PATCH, DELETE",
    ),
    (
        "- {step: a, call: GET /a, query: id}",
        "[not-an-object]: `query` must be an object of cells @4:36 <id>",
    ),
    (
        "- {step: a, call: GET /a, headers: [id]}",
        "[not-an-object]: `headers` must be an object of cells @4:38 <[id]>",
    ),
    ("- {step: a, call: GET /a, form: 'true'}", "[not-a-flag]: this must be true or false @4:35 <'true'>"),
    ("- {step: a, call: GET /a, repeatable: 1}", "[not-a-flag]: this must be true or false @4:41 <1>"),
    (
        "- {step: a, call: GET /a, lists: commas}",
        "[list-style]: `lists` is one of repeat, brackets @4:36 <commas>",
    ),
    (
        "- {step: a, call: GET /a, again: [id]}",
        "[not-an-object]: `again` must be an object with `when:` @4:36 <[id]>",
    ),
    (
        "- {step: a, call: GET /a, again: {wait: 1, til: id}}",
        "[incomplete-again]: `again` has no `when:` @4:36 <{wait: 1, til: id}>\n"
        "[unknown-key]: `again` has no key `til` @4:46 <til>\n"
        "= help: the keys are `when`, `url`, `path`, `query`, `body`, `wait`, `most`",
    ),
    (
        "- {step: a, call: GET /a, again: {when: body, most: 5}}",
        "[incomplete-again]: `again` would make the same call without an end @4:36 <{when: body, most: 5}>\n"
        "= help: it changes `url`, `path`, `query` or `body`, or it has a `wait:`",
    ),
    (
        "- {step: a, call: GET /a, again: {when: body, url: body, query: {a: id}}}",
        "[again-clash]: `url` is the whole next URL, so `query` has no meaning beside it "
        "@4:36 <{when: body, url: body, query: {a: id}}>",
    ),
    (
        "- {step: a, call: GET /a, again: {when: body, path: a}}",
        "[not-a-call]: this is not a path @4:55 <a>\n= help: it begins with a slash: /orders/{{ body.id }}",
    ),
    (
        "- {step: a, call: GET /a, again: {when: body, path: '/a/../{{ turn }}'}}",
        "[not-a-call]: a path must not have a segment `.` or `..` @4:56 </a/../{{ turn }}>\n"
        "= help: the path begins at the channel's URL",
    ),
    *(
        (
            f"- {{step: a, call: GET /a, again: {{when: body, wait: {value}}}}}",
            f"[limit-value]: `wait` must be a number of seconds above 0 @4:55 <{value}>",
        )
        for value in ("0", "-1", "true", "0.0")
    ),
    *(
        (
            f"- {{step: a, call: GET /a, again: {{when: body, wait: 1, most: {value}}}}}",
            f"[limit-value]: `most` must be a whole number from 2 to 10000 @4:64 <{value}>",
        )
        for value in ("1", "10001", "2.5", "'3'", "[2]")
    ),
    *(
        (
            f"- {{step: a, each: parcels, at_once: {value}, call: GET /a}}",
            f"[at-once]: `at_once` must be a whole number from 1 to 16 @4:39 <{value}>",
        )
        for value in ("0", "17", "2.5", "'2'", "true")
    ),
    (
        "- {step: a, at_once: 2, call: GET /a}",
        "[at-once]: `at_once` goes with `each`, and this step has none @4:24 <2>",
    ),
    (
        "- {step: a, if: '{{ id }}', call: GET /a}",
        "[not-an-expression]: `if` takes an expression @4:19 <'{{ id }}'>\n"
        "= help: a template yields text; write a JMESPath expression",
    ),
    (
        "- {step: a, each: [parcels], value: id}",
        "[not-an-expression]: `each` takes an expression @4:21 <[parcels]>",
    ),
    (
        "- {step: a, call: 'GET /{{ id | shout }}'}",
        "[unknown-function]: there is no filter `shout` @4:35 <shout>\n= help: did you mean `sort`?",
    ),
]


@pytest.mark.parametrize(
    "steps, expected", STEPS, ids=[expected.partition(":")[0] + s for s, expected in STEPS]
)
def test_a_step_that_says_something_else_is_refused(project: MakeProject, steps: str, expected: str) -> None:
    steps = steps if steps.startswith("steps:") else f"steps:\n  {steps}"
    assert short(refusal(project, f"{HEAD}{steps}\n{TAIL}")) == expected


NAMES = [
    (
        "- {step: a, call: GET /a, answer: shop/notise}",
        "[unknown-schema]: there is no schema `shop/notise` @4:37 <shop/notise>\n"
        "= help: did you mean `shop/notice`?",
    ),
    (
        "- {step: a, call: GET /a, body: parsel}",
        "[unknown-mapping]: there is no mapping `shop/notify/parsel` @4:35 <parsel>\n"
        "= help: did you mean `shop/notify/parcel`?",
    ),
    (
        "- {step: a, call: GET /a, failure: ../failur}",
        "[unknown-mapping]: there is no mapping `shop/failur` @4:38 <../failur>\n"
        "= help: did you mean `shop/failure`?",
    ),
    (
        "- {step: a, value: {$use: frag}}",
        "[unknown-fragment]: there is no fragment `frag` @4:29 <frag>\n"
        "= help: another mapping is named with a path: ./name",
    ),
    (
        "- {step: a, value: 'lookup(''t'', id)'}",
        "[unknown-table]: there is no table `t` @4:23 <lookup>",
    ),
    (
        "- {step: a, value: idd}",
        "[unknown-property]: `shop/notice` has no property `idd` @4:22 <idd>\n= help: did you mean `id`?",
    ),
    (
        "- {step: a, if: idd, value: id}",
        "[unknown-property]: `shop/notice` has no property `idd` @4:19 <idd>\n= help: did you mean `id`?",
    ),
    (
        "- {step: a, call: 'GET /{{ idd }}'}",
        "[unknown-property]: `shop/notice` has no property `idd` @4:30 <idd>\n= help: did you mean `id`?",
    ),
    *(
        (
            f"- {{step: a, each: parcels, {key}: {{x: reff}}, call: GET /a}}",
            f"[unknown-property]: `shop/notice.parcels[]` has no property `reff` @4:{36 + len(key)} <reff>\n"
            "= help: did you mean `ref`?",
        )
        for key in ("query", "headers", "body", "about")
    ),
    (
        "- {step: a, each: parcels, unless: root().id, value: request().id}",
        "[unknown-property]: `shop/notice.parcels[]` has no property `id` @4:45 <id>",
    ),
    (
        "- {step: order, call: GET /a, answer: shop/notice}\n  - {step: b, value: answers().ordr.id}",
        "[unknown-property]: `the answers so far` has no property `ordr` @5:32 <ordr>\n"
        "= help: did you mean `order`?",
    ),
    (
        "- {step: order, call: GET /a, answer: shop/notice}\n"
        "  - {step: b, call: 'GET /{{ answers.order.idd }}'}",
        "[unknown-property]: `shop/notice` has no property `idd` @5:44 <idd>\n= help: did you mean `id`?",
    ),
    (
        "- {step: b, value: answers().order.id}\n  - {step: order, call: GET /a, answer: shop/notice}",
        "[unknown-property]: `the answers so far` has no property `order` @4:32 <order>",
    ),
    (
        "- {step: a, each: parcels, steps: [{step: b, value: ref}, {step: c, value: id}]}",
        "[unknown-property]: `shop/notice.parcels[]` has no property `id` @4:78 <id>\n"
        "= help: constant text is written {$const: id}",
    ),
    (
        "- {step: a, each: parcels, steps: [{step: b, value: ref}]}\n  - {step: c, value: answers().b}",
        "[unknown-property]: `the answers so far` has no property `b` @5:32 <b>",
    ),
    (
        "- {step: a, each: parcels, steps: [{step: b, value: ref}]}\n"
        "  - {step: c, value: 'answers().a[].bb'}",
        "[unknown-property]: `the answers of a` has no property `bb` @5:37 <bb>\n= help: did you mean `b`?",
    ),
    (
        "- {step: a, each: parcels, steps: [{step: b, value: ref}]}\n"
        "  - {step: c, value: 'answers().a[].element.reff'}",
        "[unknown-property]: `shop/notice.parcels[]` has no property `reff` @5:45 <reff>\n"
        "= help: did you mean `ref`?",
    ),
    (
        "- {step: a, steps: [{step: b, value: id}]}\n  - {step: c, value: answers().a.element}",
        "[unknown-property]: `the answers of a` has no property `element` @5:34 <element>",
    ),
    (
        "- {step: a, event: {id: id}}\n  - {step: c, value: answers().a}",
        "[unknown-property]: `the answers so far` has no property `a` @5:32 <a>",
    ),
    (
        "- {step: a, call: GET /a, tolerate: code == `404`}",
        "[unknown-property]: `the answer` has no property `code` @4:39 <code>",
    ),
    (
        "- {step: a, call: GET /a, tolerate: not_fond}",
        "[unknown-property]: `the answer` has no property `not_fond` @4:39 <not_fond>\n"
        "= help: did you mean `not_found`?",
    ),
    (
        "- {step: a, call: GET /a, refuse: headers.Warning}",
        "[header-name]: the names of an answer's headers are in lower case, and `Warning` is not "
        "@4:45 <Warning>\n"
        '= help: write "warning"',
    ),
    (
        "- {step: a, call: GET /a, refuse: headers.age > `1`}",
        "[impossible-comparison]: text and a whole number cannot be compared @4:37 <headers>",
    ),
    (
        "- {step: a, call: GET /a, again: {when: bdy, query: {p: tirn}, path: '/{{ body.a }}/{{ stats }}', "
        "body: {x: root().idd}, wait: headers.Age}}",
        "[unknown-property]: `the answer` has no property `bdy` @4:43 <bdy>\n"
        "= help: did you mean `body`?\n"
        "[unknown-property]: `the answer` has no property `tirn` @4:59 <tirn>\n"
        "= help: did you mean `turn`?\n"
        "[unknown-property]: `the answer` has no property `stats` @4:90 <stats>\n"
        "= help: did you mean `status`?\n"
        "[unknown-property]: `shop/notice` has no property `idd` @4:118 <idd>\n"
        "= help: did you mean `id`?\n"
        "[header-name]: the names of an answer's headers are in lower case, and `Age` is not @4:138 <Age>\n"
        '= help: write "age"',
    ),
    (
        "- {step: a, call: GET /a, answer: shop/notice, again: {when: body.idd, wait: 1}}",
        "[unknown-property]: `shop/notice` has no property `idd` @4:69 <idd>\n= help: did you mean `id`?",
    ),
    (
        "- {step: a, call: GET /a, answer: shop/notice, again: {when: body.id, wait: 1}}\n"
        "  - {step: b, value: 'answers().a[].idd'}",
        "[unknown-property]: `shop/notice` has no property `idd` @5:37 <idd>\n= help: did you mean `id`?",
    ),
    (
        "- {step: a, call: GET /a, refuse: body.x == root().idd}",
        "[unknown-property]: `shop/notice` has no property `idd` @4:54 <idd>\n= help: did you mean `id`?",
    ),
    (
        "- {step: a, call: GET /a, failure: {what: mesage}}",
        "[unknown-property]: `the failure` has no property `mesage` @4:45 <mesage>\n"
        "= help: did you mean `message`?",
    ),
    (
        "- {step: a, value: settings().tll}",
        "[unknown-property]: `the channel's settings` has no property `tll` @4:33 <tll>\n"
        "= help: did you mean `till`?",
    ),
]


@pytest.mark.parametrize("steps, expected", NAMES, ids=[steps for steps, _ in NAMES])
def test_a_name_that_leads_nowhere_is_found_before_anything_runs(
    project: MakeProject, steps: str, expected: str
) -> None:
    assert short(refusal(project, f"{HEAD}steps:\n  {steps}\n{TAIL}")) == expected


FILE = [
    ("", "[not-a-conversation]: the file is not a conversation @1:1 <>\n"),
    ("- a", "[not-a-conversation]: the file is not a conversation @1:1 <->\n"),
    (
        f"{HEAD}respons: {{}}\n{TAIL}",
        "[unknown-key]: a conversation has no key `respons` @3:1 <respons>\n= help: did you mean `response`?",
    ),
    (
        f"request: shop/notice\nanswer: desk/any\n{TAIL}",
        "[renamed-key]: the key `answer` of a conversation is now `response_schema` @2:1 <answer>\n"
        "= help: in a step, `answer` is still the schema of the channel's answer",
    ),
    (
        f"answer: desk/anny\n{TAIL}",
        "[renamed-key]: the key `answer` of a conversation is now `response_schema` @1:1 <answer>\n"
        "= help: in a step, `answer` is still the schema of the channel's answer\n"
        "[unknown-schema]: there is no schema `desk/anny` @1:9 <desk/anny>\n= help: did you mean `desk/any`?",
    ),
    (
        f"response_schema: desk/anny\n{TAIL}",
        "[unknown-schema]: there is no schema `desk/anny` @1:18 <desk/anny>\n"
        "= help: did you mean `desk/any`?",
    ),
    (
        f"request: shop/notise\nresponse_schema: desk/any\n{TAIL}",
        "[unknown-schema]: there is no schema `shop/notise` @1:10 <shop/notise>\n"
        "= help: did you mean `shop/notice`?",
    ),
    (
        f"{HEAD}response: {{evens: events()}}",
        "[unknown-property]: `desk/any` has no property `evens` @3:12 <evens>\n"
        "= help: did you mean `events`?",
    ),
    (
        f"{HEAD}failure: {{what: mesage}}\n{TAIL}",
        "[unknown-property]: `the failure` has no property `mesage` @3:17 <mesage>\n"
        "= help: did you mean `message`?",
    ),
    (
        f"{HEAD}steps: [{{step: a, value: id}}]\nresponse: {{events: answers().b}}",
        "[unknown-property]: `the answers so far` has no property `b` @4:30 <b>",
    ),
]


@pytest.mark.parametrize("text, expected", FILE, ids=[expected.partition("\n")[0] for _, expected in FILE])
def test_a_file_that_is_no_conversation_is_refused(project: MakeProject, text: str, expected: str) -> None:
    begins = "\n= help: a conversation begins with `request:`, `steps:` and `response:`"
    expected = expected.rstrip("\n") + begins if expected.endswith("\n") else expected
    assert short(refusal(project, text)) == expected


def test_a_conversation_without_a_schema_of_its_own_answers_with_the_one_of_its_action(
    project: MakeProject,
) -> None:
    assert refusal(project, TAIL) == (
        "error[unknown-schema]: there is no schema `retailops/notify.response`\n"
        "  --> mappings/shop/notify/conversation.yaml:1:1\n"
        "  |\n"
        "1 | response: {events: events()}\n"
        "  | ^"
    )


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(project: MakeProject) -> None:
    text = """\
request: shop/notise
stepps: []
steps:
  - {step: my-step, each: "[", at_once: 99, query: 1, call: gett a}
  - {step: b, call: GETT /x, query: text, body: parsel, answer: shop/none, if: "("}
  - {step: b, value: id, event: id}
  - step: c
    steps:
      - {step: d}
      - {step: d, call: GET /d, form: maybe}
      - {step: d, call: GET /d}
"""
    assert re.findall(r"\[([a-z-]+)\]: .*\n *--> .*yaml:(\d+)", refusal(project, text)) == [
        ("unknown-schema", "1"),
        ("unknown-schema", "1"),
        ("unknown-key", "2"),
        ("step-name", "4"),
        ("expression-syntax", "4"),
        ("at-once", "4"),
        ("not-an-object", "4"),
        ("not-a-call", "4"),
        ("unknown-method", "5"),
        ("not-an-object", "5"),
        ("unknown-mapping", "5"),
        ("unknown-schema", "5"),
        ("expression-syntax", "5"),
        ("step-action", "6"),
        ("duplicate-step", "6"),
        ("step-action", "9"),
        ("duplicate-step", "10"),
        ("not-a-flag", "10"),
        ("duplicate-step", "11"),
    ]


def test_the_mistakes_of_a_mapping_that_a_step_names_are_told_with_it(project: MakeProject) -> None:
    files = {"mappings/shop/notify/parcel.yaml": "from: shop/notice\nmap: {id: idd}"}
    text = f"{HEAD}steps:\n  - {{step: a, call: PUT /a, body: parcel}}\n{TAIL}"
    assert short(refusal(project, text, files)) == (
        "[broken-use]: the mapping `./parcel` has errors of its own @4:35 <parcel>\n"
        "[unknown-property]: `shop/notice` has no property `idd` @2:11 <idd>\n"
        "= help: did you mean `id`?"
    )


def test_a_whole_conversation_is_checked_without_findings(project: MakeProject) -> None:
    text = """\
describe: Everything once.
request: shop/notice
response_schema: desk/any
tables: {way: {a: b}}
fragments: {ref: {r: ref}}
steps:
  - {step: one, call: GET /a, answer: shop/notice, tolerate: status == `404`, refuse: body.error}
  - step: many
    each: parcels[?@]
    at_once: 16
    unless: contains(not_null(answers().one.parcels[].ref, `[]`), ref)
    about: {concept: {$const: parcel}, id: ref}
    steps:
      - step: send
        if: ref
        call: "POST /parcels/{{ ref }}"
        query: {way: "lookup('way', ref)"}
        headers: {x-till: settings().till}
        body: {$use: ref}
        form: true
        repeatable: true
        failure: {say: message, of: request().id}
      - {step: told, event: {sent: answers().send.id, n: 'length(events())'}}
  - {step: sum, value: "answers().many[].{ref: element.ref, sent: send.id}"}
response: {events: events()}
failure: ../failure
"""
    made = project({**FILES, "mappings/shop/notify/conversation.yaml": text})
    assert made.check(["shop/notify/conversation"]) == []
    assert made.check([str(made.roots[0] / "mappings/shop/notify/conversation.yaml")]) == []
    assert repr(made.conversation("shop", "notify")) == "Conversation('shop/notify/conversation')"
