"""`$each: {name: list}`: the name of an element, in every reading of a mapping."""

from __future__ import annotations

import json

import pytest

from conftest import Compile, MakeProject, Refuse
from crossdock.checking.lineage import lineage
from crossdock.checking.read_set import read_paths
from crossdock.checking.sensitivity import sensitivity_of
from crossdock.core.json_types import JSON
from crossdock.execution import codegen
from crossdock.execution.interpreter import execute
from crossdock.execution.scope import Scope

ORDER = {
    "type": "object",
    "required": ["number"],
    "properties": {
        "number": {"type": "integer"},
        "note": {"type": "string"},
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["sku"],
                "properties": {
                    "sku": {"type": "string"},
                    "secret": {"type": "string", "x-sensitive": True},
                    "parts": {
                        "type": "array",
                        "items": {"type": "object", "properties": {"id": {"type": "string"}}},
                    },
                },
            },
        },
        "packages": {
            "type": "array",
            "items": {"type": "object", "properties": {"sku": {"type": "string"}, "no": {"type": "string"}}},
        },
    },
}
FILES = {"schemas/shop/order.schema.json": json.dumps(ORDER)}
PAYLOAD: JSON = {
    "number": 7,
    "items": [
        {"sku": "a", "secret": "s", "parts": [{"id": "1"}, {"id": "2"}]},
        {"sku": "b", "parts": [{"id": "3"}]},
        {"sku": "c"},
    ],
    "packages": [{"sku": "b", "no": "p1"}, {"sku": "a", "no": "p2"}, {"sku": "b", "no": "p3"}],
}
HEAD = "from: shop/order\n"
MAPPINGS = {
    "in a filter": (
        "map:\n  - $each: {line: items}\n    sku: sku\n    in: root().packages[?sku == $line.sku].no\n",
        [{"sku": "a", "in": ["p2"]}, {"sku": "b", "in": ["p1", "p3"]}, {"sku": "c", "in": []}],
    ),
    "deeper inside": (
        "map:\n  - $each: {line: items}\n    parts:\n      - $each: {part: parts}\n"
        '        both: "{{ $line.sku }}-{{ $part.id }}"\n        here: id == $part.id\n',
        [
            {"parts": [{"both": "a-1", "here": True}, {"both": "a-2", "here": True}]},
            {"parts": [{"both": "b-3", "here": True}]},
            {"parts": []},
        ],
    ),
    "an inner name hides an outer one": (
        "map:\n  - $each: {it: items}\n    $value:\n      - {$value: $it.sku}\n"
        "      - {$each: {it: parts}, $value: $it.id}\n      - {$value: $it.sku}\n",
        [["a", "1", "2", "a"], ["b", "3", "b"], ["c", "c"]],
    ),
    "with a filter, a condition and another context": (
        "map:\n  - $each: {line: \"items[?sku != 'b']\"}\n    $if: $line.parts\n"
        "    $with: root()\n    number: number\n    sku: $line.sku\n",
        [{"number": 7, "sku": "a"}],
    ),
    "a list that is made": (
        'map:\n  - $each: {made: "items[*].{n: sku, all: [sku, `1`]}"}\n    n: $made.n\n'
        "    all: $made.all[0]\n    whole: $made\n",
        [{"n": n, "all": n, "whole": {"n": n, "all": [n, 1]}} for n in "abc"],
    ),
    "in a fragment": (
        "fragments:\n  ref: {sku: $line.sku, number: root().number}\nmap:\n"
        "  - {$each: {line: items}, $use: ref, more: $line.sku}\n",
        [{"sku": sku, "number": 7, "more": sku} for sku in "abc"],
    ),
    "with a let": (
        "map:\n  - $each: {line: items}\n"
        "    all: 'let $sku = $line.sku in root().packages[?sku == $sku].{no: no, sku: $line.sku}'\n",
        [
            {"all": [{"no": "p2", "sku": "a"}]},
            {"all": [{"no": "p1", "sku": "b"}, {"no": "p3", "sku": "b"}]},
            {"all": []},
        ],
    ),
}


@pytest.mark.parametrize("case", MAPPINGS)
def test_an_element_has_a_name(case: str, compiled: Compile) -> None:
    text, wanted = MAPPINGS[case]
    mapping = compiled(HEAD + text, FILES)

    assert mapping.run(PAYLOAD).value == wanted


@pytest.mark.parametrize("case", MAPPINGS)
@pytest.mark.parametrize("objects", [True, False])
def test_the_generated_code_gives_the_same(case: str, objects: bool, compiled: Compile) -> None:
    linked = compiled(HEAD + MAPPINGS[case][0], FILES).linked
    function = codegen.compile_mapping(linked, objects=objects)

    assert function is not None
    assert function(PAYLOAD, Scope()) == MAPPINGS[case][1]
    assert (
        function({"number": 1}, Scope())
        == execute(linked, {"number": 1}, Scope(), name="", traced=False).value
    )


def test_the_list_must_be_one_with_a_name_too(compiled: Compile) -> None:
    linked = compiled("map: [{$each: {line: items}, a: $line}]").linked
    function = codegen.compile_mapping(linked)

    assert function is not None
    with pytest.raises(Exception):  # noqa: B017 (of any kind: the interpreter explains)
        function({"items": 1}, Scope())


REFUSED = {
    "map: [{$each: {line: items}, a: $lime.sku}]": (
        "error[unknown-variable]: there is no variable `$lime` here\n"
        "  --> mappings/shop/order.yaml:2:33\n"
        "  |\n"
        "2 | map: [{$each: {line: items}, a: $lime.sku}]\n"
        "  |                                 ^^^^^\n"
        "  = help: did you mean `$line`?"
    ),
    "map: [{$each: {line: items}, a: sku}, {$value: $line.sku}]": (
        "error[unknown-variable]: there is no variable `$line` here\n"
        "  --> mappings/shop/order.yaml:2:48\n"
        "  |\n"
        "2 | map: [{$each: {line: items}, a: sku}, {$value: $line.sku}]\n"
        "  |                                                ^^^^^\n"
        "  = help: a variable is named by `let $name = value in …` around it"
    ),
    "map: [{$each: {line: $line.parts}, a: id}]": (
        "error[unknown-variable]: there is no variable `$line` here\n"
        "  --> mappings/shop/order.yaml:2:22\n"
        "  |\n"
        "2 | map: [{$each: {line: $line.parts}, a: id}]\n"
        "  |                      ^^^^^\n"
        "  = help: a variable is named by `let $name = value in …` around it"
    ),
    "map: [{$each: {line: items}, a: $line.skuu}]": (
        "error[unknown-property]: `shop/order.items[]` has no property `skuu`\n"
        "  --> mappings/shop/order.yaml:2:39\n"
        "  |\n"
        "2 | map: [{$each: {line: items}, a: $line.skuu}]\n"
        "  |                                       ^^^^\n"
        "  = help: did you mean `sku`?"
    ),
    "map: [{$each: {line: number}, a: $line}]": (
        "error[not-a-list]: `$each` takes a list, and this is a whole number\n"
        "  --> mappings/shop/order.yaml:2:22\n"
        "  |\n"
        "2 | map: [{$each: {line: number}, a: $line}]\n"
        "  |                      ^^^^^^"
    ),
    "map: [{$each: {li-ne: items}, a: sku}]": (
        "error[variable-name]: this cannot be the name of a value: `li-ne`\n"
        "  --> mappings/shop/order.yaml:2:16\n"
        "  |\n"
        "2 | map: [{$each: {li-ne: items}, a: sku}]\n"
        "  |                ^^^^^\n"
        "  = help: a name is made of letters, digits and _, and is written without the `$` here"
    ),
    "map: [{$each: {}, a: sku}]": (
        "error[variable-name]: `$each` names one element\n"
        "  --> mappings/shop/order.yaml:2:15\n"
        "  |\n"
        "2 | map: [{$each: {}, a: sku}]\n"
        "  |               ^^\n"
        "  = help: `$each: {line: items}` names the element `$line`"
    ),
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_wrong_is_refused(text: str, refused: Refuse) -> None:
    assert refused(HEAD + text + "\n", FILES) == REFUSED[text]


def test_a_condition_about_the_name_narrows_it(project: MakeProject) -> None:
    target = {
        "type": "array",
        "items": {"type": "object", "required": ["x"], "properties": {"x": {"type": "string"}}},
    }
    text = (
        "from: shop/order\nto: shop/list\nmap: [{$each: {line: items}, $if: $line.secret, x: $line.secret}]\n"
    )
    files = {**FILES, "schemas/shop/list.schema.json": json.dumps(target)}

    sure = project({**files, "mappings/shop/order.yaml": text}).mapping("shop/order")
    assert sure.findings == ()

    unsure = project({**files, "mappings/shop/order.yaml": text.replace("$if: $line.secret, ", "")})
    assert [item.id for item in unsure.mapping("shop/order").findings] == ["may-be-missing"]


def test_lineage_and_the_read_set_follow_a_name(compiled: Compile) -> None:
    text = "map:\n  - {$each: {line: items}, in: 'root().packages[?sku == $line.sku].no', all: $line}\n"
    linked = compiled(HEAD + text, FILES).linked

    links = {link.target: (link.sources, link.because_of) for link in lineage(linked)}
    assert links["[].in"] == (("packages[].no",), ("packages[].sku", "items[].sku"))
    assert ("packages", "[]", "sku") in read_paths(linked)
    assert ("items", "[]") in read_paths(linked)


def test_what_a_name_stands_for_stays_sensitive(compiled: Compile) -> None:
    text = "fragments: {one: {x: $line.secret}}\nmap: [{$each: {line: items}, $use: one, sku: $line.sku}]\n"
    held = sensitivity_of(compiled(HEAD + text, FILES).linked).result

    assert held.at(("[]", "x")).itself
    assert not held.at(("[]", "sku")).itself


def test_only_what_is_read_is_decoded(compiled: Compile) -> None:
    text = "map:\n  - {$each: {line: items}, in: 'root().packages[?sku == $line.sku].no'}\n"
    mapping = compiled(HEAD + text, FILES)
    data = json.dumps(PAYLOAD).encode()

    assert mapping.convert(data, trust_source=True) == mapping.convert(data)


def _told(project: MakeProject, cell: str, each: str = "packages") -> list[tuple[str, str | None]]:
    """The findings of a cell inside of `$each`, each with its help."""
    text = f'from: shop/order\nmap:\n  - {{$each: {each}, x: "{cell}"}}\n'
    found = project({**FILES, "mappings/shop/order.yaml": text}).check()
    return [(f"{item.severity} {item.id}: {item.message}", item.help) for item in found]


HIDDEN = "warning hidden-name: `{}` is read from the filtered element, not from the element around"


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("root().items[?secret == sku].parts", "sku"),
        ("root().items[?sku == secret].parts", "sku"),
        ("root().items[?secret && to_string(secret) == lower(sku)].parts", "sku"),
        ("root().items[?!(secret == sku)].parts", "sku"),
        ("root() | items[?parts[0].id == sku] | [0]", "sku"),
        ("root().items[].parts[?sub == no][]", "no"),
        ("root().items[?secret && contains(secret, sku)].parts", "sku"),
        ("root().items[?secret && !contains(sku, secret)].parts", "sku"),
    ],
)
def test_a_filter_that_means_the_element_around_is_told(project: MakeProject, cell: str, name: str) -> None:
    order = json.dumps(ORDER).replace(
        '"id": {', '"no": {"type": "string"}, "sub": {"type": "string"}, "id": {'
    )
    made = {**FILES, "schemas/shop/order.schema.json": order}
    text = f'from: shop/order\nmap:\n  - {{$each: packages, x: "{cell}"}}\n'
    found = project({**made, "mappings/shop/order.yaml": text}).check()

    help = f"name the element around, `$each: {{line: packages}}`, and read `$line.{name}`"
    assert [(f"{item.severity} {item.id}: {item.message}", item.help) for item in found] == [
        (HIDDEN.format(name), help)
    ]


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("root().items[?secret == sku].parts", "sku]"),
        ("root().items[?sku == secret].parts", "sku =="),
        ("root().items[?secret == lower(sku)].parts", "sku)"),
        ("root().items[?secret && contains(secret, sku)].parts", "sku)"),
    ],
)
def test_the_finding_is_at_the_hidden_name(project: MakeProject, cell: str, name: str) -> None:
    text = f'from: shop/order\nmap:\n  - {{$each: packages, x: "{cell}"}}\n'
    (found,) = project({**FILES, "mappings/shop/order.yaml": text}).check()

    assert found.span is not None
    assert (found.span.start, found.span.end) == (text.index(name), text.index(name) + len("sku"))


def test_an_element_that_has_a_name_is_told_by_it(project: MakeProject) -> None:
    told = _told(project, "root().items[?secret == sku].parts", "{package: packages}")

    assert told == [(HIDDEN.format("sku"), "`$package.sku` is that of the element around")]


@pytest.mark.parametrize(
    "cell",
    [
        "root().items[?secret == parts[0].id].sku",  # the element around has neither
        "root().items[?sku == $it.sku].secret",
        "root().items[?secret != sku].secret",
        "root().items[?sku == 'a'].secret",
        "root().items[?parts[?id == 'a'] == `[]`].secret",
    ],
)
def test_other_comparisons_in_a_filter_are_not(project: MakeProject, cell: str) -> None:
    assert _told(project, cell, "{it: packages}") == []


def test_a_comparison_that_is_meant_is_allowed(project: MakeProject) -> None:
    text = (
        "from: shop/order\nmap:\n  - $each: packages\n"
        "    x: root().items[?secret == sku].parts  # allow[hidden-name]: a gift names itself\n"
    )

    assert project({**FILES, "mappings/shop/order.yaml": text}).check() == []


@pytest.mark.parametrize(
    ("cell", "help"),
    [
        ("items[0].sku", "`root().items` reads it from the whole payload"),
        (
            "root().items[?sku == no].parts",
            "name the element around, `$each: {line: packages}`, and read `$line.no`",
        ),
    ],
)
def test_what_only_the_element_or_the_payload_around_has(project: MakeProject, cell: str, help: str) -> None:
    ((message, told),) = _told(project, cell)

    assert message.startswith("error unknown-property: ")
    assert told == help


def test_the_each_of_a_step_is_such_an_element_too(project: MakeProject) -> None:
    conversation = (
        "describe: d\nrequest: shop/order\nresponse_schema: shop/any\nsteps:\n"
        "  - step: note\n    each: packages\n    call: POST /notes\n"
        "    body: {x: 'request().items[?secret == sku].parts'}\nresponse: {x: number}\n"
    )
    channel = "describe: d\nbase_url: https://shop.example\n"
    any_schema = {"schemas/shop/any.schema.json": "{}"}
    made = {
        **any_schema,
        "mappings/shop/channel.yaml": channel,
        "mappings/shop/go/conversation.yaml": conversation,
    }
    found = project({**FILES, **made}).check()

    assert [(f"{item.severity} {item.id}: {item.message}", item.help) for item in found] == [
        (HIDDEN.format("sku"), "name the element around, `each: {line: packages}`, and read `$line.sku`")
    ]
