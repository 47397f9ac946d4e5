"""Requests as they are sent: numbers for texts, null for lists, and elements that cannot be used."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from conftest import MakeProject
from crossdock import Project
from crossdock.channels.dry_run import plan
from crossdock.channels.given_answers import placed_answers
from crossdock.channels.received import Received, received
from crossdock.channels.runner import received_request
from crossdock.core.errors import CrossdockError, InputError
from crossdock.core.json_types import JSON
from crossdock.project.cases import Case, cases_of
from crossdock.project.examples import settings_beside

ROOT = Path(__file__).parent.parent
LINE = {
    "type": ["object", "null"],
    "required": ["sku"],
    "properties": {
        "sku": {"type": ["string", "null"]},
        "secret": {"type": "string", "x-sensitive": True},
        "quantity": {"type": ["integer", "string"], "pattern": "^-?[0-9]+$"},
        "price": {"type": ["number", "string"]},
        "parts": {
            "type": "array",
            "items": {"type": ["string", "null"]},
            "x-fails-alone": {"concept": "part"},
        },
        "of": {"type": "object", "properties": {"id": {"type": ["string", "integer"]}}},
    },
}
SCHEMA = {
    "type": "object",
    "x-numbers-as-text": True,
    "properties": {
        "refnum": {"type": "string"},
        "count": {"type": "integer"},
        "lines": {
            "type": ["array", "null"],
            "items": LINE,
            "x-fails-alone": {"concept": "sku", "id": "sku"},
        },
        "others": {"type": "array", "items": LINE, "x-fails-alone": {"concept": "other", "id": "of.id"}},
        "secrets": {"type": "array", "items": LINE, "x-fails-alone": {"concept": "s", "id": "secret"}},
        "whole": {"type": "array", "items": LINE},
    },
}

Take = Callable[..., Received]


@pytest.fixture
def take(project: MakeProject) -> Take:
    """Receives a request of an invented form."""
    schema = project({"schemas/shop/notice.schema.json": json.dumps(SCHEMA)}).schema("shop/notice")
    return lambda request, alone=True: received(request, schema, "request", alone=alone)


# --- numbers as text


@pytest.mark.parametrize(
    "given, taken",
    [
        ({"refnum": 53}, {"refnum": "53"}),
        ({"refnum": 12345678901234567890}, {"refnum": "12345678901234567890"}),
        ({"refnum": 1.0}, {"refnum": "1"}),
        ({"refnum": 0.5}, {"refnum": "0.5"}),
        ({"refnum": -7}, {"refnum": "-7"}),
        (
            {"lines": [{"sku": 53, "parts": [1, "2", None]}]},
            {"lines": [{"sku": "53", "parts": ["1", "2", None]}]},
        ),
        # A number that may be one stays one, however large, and what no schema documents stays as it is.
        ({"lines": [{"sku": "A", "quantity": 5, "price": 0.1}]},) * 2,
        ({"count": 12345678901234567890, "more": {"sku": 53}, "refnum": "053"},) * 2,
        ({"lines": [{"sku": "A", "of": {"id": 7}}]},) * 2,
        ({"lines": [{"sku": "A", "of": {"id": 7.5}}]}, {"lines": [{"sku": "A", "of": {"id": "7.5"}}]}),
    ],
)
def test_a_number_is_taken_as_its_text_where_only_text_is_allowed(
    take: Take, given: JSON, taken: JSON
) -> None:
    before = copy.deepcopy(given)
    assert take(given) == Received(taken, taken)
    assert given == before


@pytest.mark.parametrize("given", [True, [53], {"is": 53}, None])
def test_nothing_else_is_taken_as_text(take: Take, given: JSON) -> None:
    with pytest.raises(InputError, match=r"expected text, found"):
        take({"refnum": given})


def test_numbers_stay_numbers_without_the_keyword(project: MakeProject) -> None:
    plain = {key: value for key, value in SCHEMA.items() if key != "x-numbers-as-text"}
    schema = project({"schemas/shop/notice.schema.json": json.dumps(plain)}).schema("shop/notice")
    with pytest.raises(InputError, match="expected text, found a whole number"):
        received({"refnum": 53}, schema, "request", alone=True)


# --- elements that fail alone


def left_out(taken: Received) -> list[tuple[str, str, str | None]]:
    return [(each.sentence, each.concept, each.id) for each in taken.left_out]


def test_elements_that_cannot_be_used_are_left_out_and_described(take: Take) -> None:
    lines: JSON = ["x", {"sku": "A"}, 2.5, [1], None, 7, {"sku": 8, "quantity": "many"}, {"quantity": 1}]
    taken = take({"lines": lines})
    assert taken.value == {"lines": [None, {"sku": "A"}, None, None, None, None, None, None]}
    assert left_out(taken) == [
        ("lines[0] cannot be used and is left out: expected an object or null, found text.", "sku", None),
        ("lines[2] cannot be used and is left out: expected an object or null, found a number.", "sku", None),
        ("lines[3] cannot be used and is left out: expected an object or null, found a list.", "sku", None),
        (
            "lines[5] cannot be used and is left out: expected an object or null, found a whole number.",
            "sku",
            None,
        ),
        (
            "lines[6] cannot be used and is left out: `quantity`: expected text that matches `^-?[0-9]+$`, "
            "found text of 4 characters.",
            "sku",
            "8",
        ),
        (
            "lines[7] cannot be used and is left out: the required property `sku` is missing.",
            "sku",
            None,
        ),
    ]
    assert taken.whole == {"lines": [*lines[:6], {"sku": "8", "quantity": "many"}, {"quantity": 1}]}


def test_the_outermost_element_fails(take: Take) -> None:
    taken = take({"lines": [{"sku": "A", "parts": ["1", {}]}, {"sku": "B", "parts": []}]})
    assert taken.value == {"lines": [None, {"sku": "B", "parts": []}]}
    sentence = "lines[0] cannot be used and is left out: `parts[1]`: expected text or null, found an object."
    assert left_out(taken) == [(sentence, "sku", "A")]


def test_an_element_is_named_by_what_its_path_leads_to_unless_that_is_sensitive(take: Take) -> None:
    taken = take(
        {"others": [{"of": {"id": 7}}, {"of": {"id": {}}}, {"of": "x"}], "secrets": [{"secret": "s"}]}
    )
    assert [(each.concept, each.id) for each in taken.left_out] == [
        ("other", "7"),
        ("other", None),
        ("other", None),
        ("s", None),
    ]


def test_more_elements_than_violations_are_listed_may_fail(take: Take) -> None:
    taken = take({"lines": [{"sku": number, "quantity": "x"} for number in range(1000)] + [{"sku": "A"}]})
    assert [each.id for each in taken.left_out] == [str(number) for number in range(1000)]
    assert taken.value == {"lines": [None] * 1000 + [{"sku": "A"}]}


@pytest.mark.parametrize("broken", [{"refnum": {}}, {"whole": ["x"]}, {"lines": "x"}])
def test_what_is_wrong_elsewhere_refuses_the_request_with_all_that_is_wrong(take: Take, broken: Any) -> None:
    with pytest.raises(InputError) as caught:
        take({"lines": [{"sku": "A"}, "x"], **broken})
    assert len(caught.value.diagnostics) == (1 if "lines" in broken else 2)


def test_no_element_is_left_out_where_it_cannot_be_reported(take: Take) -> None:
    with pytest.raises(InputError, match="expected an object or null, found text"):
        take({"lines": ["x"]}, alone=False)


def test_an_element_that_cannot_be_null_refuses_the_request(project: MakeProject) -> None:
    rows = {"type": "array", "items": {"type": "string"}, "x-fails-alone": {"concept": "row"}}
    schema = {"type": "object", "properties": {"rows": rows}}
    made = project({"schemas/shop/notice.schema.json": json.dumps(schema)}).schema("shop/notice")
    with pytest.raises(InputError, match="expected text, found a list"):
        received({"rows": ["a", []]}, made, "request", alone=True)


# --- all actions of both channels, with their examples

ACTIONS = [*Project.open(ROOT).actions.by_name]
EACH = pytest.mark.parametrize(
    "channel, action", [(channel, action) for channel in ("kibo", "fabric") for action in ACTIONS]
)


@pytest.fixture(scope="module")
def ours() -> Project:
    return Project.open(ROOT)


def answered(project: Project, case: Case, request: JSON) -> JSON:
    """The plan for a request in place of that of an example; the error as text."""
    channel, action = case.of.split("/")
    conversation = project.conversation(channel, action)
    settings = project.settings(channel, settings_beside(case.root / case.name, "the settings"))
    beside = case.beside(".answers.json")
    given: JSON = json.loads(beside.read_text(encoding="utf-8")) if beside.exists() else {}
    answers = placed_answers(given, "answers", conversation)
    try:
        of = project.channel_of(channel)
        return plan(conversation, of, request, settings=settings, answers=answers, name="request")[0]
    except CrossdockError as error:
        return str(error)


def usable(project: Project, channel: str, action: str) -> list[Case]:
    """The examples of an action, but those of requests with elements that cannot be used."""
    return [
        case for case in cases_of(project, f"{channel}/{action}") if "cannot-be-used" not in case.path.stem
    ]


def request_of(case: Case) -> Any:
    return json.loads((case.root / case.name).read_text(encoding="utf-8"))


def changed(value: JSON, change: Callable[[JSON], JSON]) -> JSON:
    match value:
        case dict():
            return {key: changed(each, change) for key, each in value.items()}
        case list():
            return [changed(each, change) for each in value]
    return change(value)


def number(value: JSON) -> JSON:
    """A text as the number that a sender may print for it."""
    numeric = isinstance(value, str) and re.fullmatch(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]*[1-9])?", value)
    return json.loads(str(value)) if numeric else value


def text(value: JSON) -> JSON:
    return json.dumps(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


@EACH
def test_numbers_and_their_texts_mean_the_same(ours: Project, channel: str, action: str) -> None:
    for case in usable(ours, channel, action):
        request = request_of(case)
        usual = answered(ours, case, request)
        assert answered(ours, case, changed(request, number)) == usual, case.name
        assert answered(ours, case, changed(request, text)) == usual, case.name


def lists_in(value: JSON, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    inner: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    if isinstance(value, list):
        yield at
    for key, each in inner:
        yield from lists_in(each, (*at, key))


def with_list(request: JSON, at: tuple[str | int, ...], make: Callable[[Any], JSON]) -> JSON:
    request = copy.deepcopy(request)
    around: Any = request
    for part in at[:-1]:
        around = around[part]
    around[at[-1]] = make(around[at[-1]])
    return request


# Two packages that only differ in this are one.
DIFFER = {"examples/fabric/shipment_submit/shipments-of-several-kinds-before.json"}


@EACH
def test_null_for_a_list_is_an_empty_list(ours: Project, channel: str, action: str) -> None:
    seen = set()
    for case in usable(ours, channel, action):
        for at in lists_in(request := request_of(case)):
            # One example for each list, and a few more for the most important.
            name = tuple("[]" if isinstance(part, int) else part for part in at)
            if case.name in DIFFER or (name in seen and len(name) > 3):
                continue
            seen.add(name)
            empty, null = (with_list(request, at, lambda _, made=made: made) for made in ([], None))  # type: ignore[misc]
            assert answered(ours, case, null) == answered(ours, case, empty), (case.name, at)


ALONE = {
    "inv_push": [("data", "inventory", "data")],
    "order_ack": [("data", "order", "acks")],
    "shipment_submit": [("data", "shipment", "packages")],
    "order_writeback": [("data", "line_items"), ("data", "rmas")],
    "catpush_transmit": [("data", "feed", "data", "Product")],
    "items_returned": [("data", "return", "items"), ("data", "return", "credit_items_ref")],
    "order_complete": [("data", "order", "unshipped_items_ref")],
}
UNUSABLE: dict[str, list[JSON]] = {
    "acks": [{}, [1], True],
    "unshipped_items_ref": [[1], True, {"quantity": "x"}],
}


# Examples of writebacks in which lines are missing.
LINES_MISSING = {
    "line-no-longer-named",
    "line-no-longer-named-is-reported",
    "one-product-by-two-names",
    "completed-order-with-a-line-that-is-not-named",
    "lines-of-every-kind",
    "line-that-is-not-named",
    "line-that-is-not-named-is-cancelled",
    "one-of-two-lines-with-a-sku-and-a-line-without-a-count",
    "lines-that-are-packed-rounded-and-taken-off",
    "lines-without-a-name-that-are-kept",
}


def at(value: Any, parts: tuple[str, ...]) -> Any:
    for part in parts:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def without_unusable(shown: Any) -> tuple[Any, int]:
    """A plan without the events of elements that are left out, and how many those are."""
    response = shown.get("response", {}) if isinstance(shown, dict) else {}
    events = response.get("events") or []
    others = [each for each in events if each["data"].get("code") != "ELEMENT_UNUSABLE"]
    changed = {**shown, "response": {**response, "events": others}} if events else shown
    return changed, len(events) - len(others)


@EACH
def test_elements_that_cannot_be_used_leave_the_others_done(ours: Project, channel: str, action: str) -> None:
    for case in usable(ours, channel, action):
        request = request_of(case)
        usual = without_unusable(answered(ours, case, request))
        for parts in [*ALONE.get(action, []), ("data", "order", "shipments")]:
            # A line that cannot be read may be one that seems to be missing: none is taken off then.
            rows = at(request, parts)
            if not isinstance(rows, list) or (parts[-1] == "line_items" and case.path.stem in LINES_MISSING):
                continue
            bad = UNUSABLE.get(parts[-1], ["x", 2.5, [[1]], 7])
            found = answered(ours, case, with_list(request, parts, lambda rows, bad=bad: [*rows, *bad]))  # type: ignore[misc]
            assert without_unusable(found)[0] == usual[0], (case.name, parts)


def planned(project: Project, channel: str, action: str, request: JSON) -> Any:
    conversation, of = project.conversation(channel, action), project.channel_of(channel)
    settings = project.settings(channel, {})
    return plan(conversation, of, request, settings=settings, answers={}, name="request")[0]


def test_a_request_of_nothing_but_unusable_elements_is_answered(ours: Project) -> None:
    request: JSON = {
        "headers": {"client_id": 497, "ticket": 7},
        "version": 1,
        "action": "order_ack",
        "data": {"order": {"acks": [{}, [5]]}},
    }
    shown = planned(ours, "kibo", "order_ack", request)
    assert shown["calls"] == []
    assert [event["handle"] for event in shown["response"]["events"]] == ["channel_order_ack_fail"] * 2
    assert shown["response"]["events"][1] == {
        "handle": "channel_order_ack_fail",
        "secondary": {"concept": "order"},
        "data": {
            "sub_code": "",
            "data_items": [],
            "additonal": "[]",
            "is_failure": 1,
            "code": "ELEMENT_UNUSABLE",
            "message": "data.order.acks[1] cannot be used and is left out: "
            "expected text, a whole number or null, found a list.",
        },
    }
    # What is checked before an answer still has them, so that the answer reports them.
    check = partial(received_request, ours.conversation("kibo", "order_ack"))
    assert check(request).whole == {**request, "headers": {"client_id": 497, "ticket": "7"}}  # type: ignore[dict-item]
