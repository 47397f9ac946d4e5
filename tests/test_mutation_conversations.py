"""Would the examples of a conversation notice a mistake? Every mutant of a small one is listed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from conftest import MakeProject, Run
from crossdock import Project
from crossdock.core.json_types import JSON
from crossdock.project.cases import cases_of, run_case
from crossdock.tools.mutation.conversation_mutants import mutants_of_conversation
from crossdock.tools.mutation.conversation_trials import mutate_conversation
from crossdock.tools.mutation.text import write
from test_mutation import PROJECT, WHOLE

CONVERSATION = """\
response_schema: s/any
failure: ../failure
events: ../event
about: {id: id}
values: {of: id}
fragments: {parcel: {n: n}}
tables: {carrier: {A: ups}}
steps:
  - step: order
    use: ../find
    with: {id: $of}
    none: {fail: UNKNOWN, message: "{{ id }}"}
  - step: parcel
    each: parcels
    if: n
    steps:
      - step: send
        call: POST /parcels/{{ n }}
        query: {for: $of}
        body: {$use: parcel}
        form: true
        tolerate: status == `404`
        refuse: "!(body.ok)"
  - {step: page, call: GET /pages, again: {when: body.next, url: body.next}}
  - {step: late, unless: $order, warn: LATE, message: "{{ id }}"}
response: {carrier: "lookup('carrier', $order.by)", events: events()}
"""
SHARED = """\
inputs: {id: {describe: the number}}
steps:
  - {step: by_number, call: "GET /orders/{{ id }}", tolerate: status == `404`}
answer: $by_number
"""
FILES = {
    "mappings/actions.yaml": "notify: {call: POST /notify, when: id}\n",
    "mappings/shop/channel.yaml": "base_url: https://shop.example.com\nauth: {kind: none}\n",
    "mappings/shop/failure.yaml": "map: {what: kind, id: id}\n",
    "mappings/shop/event.yaml": "map: {code: code, level: level, id: id, text: message}\n",
    "mappings/shop/find.yaml": SHARED,
    "mappings/shop/notify/conversation.yaml": CONVERSATION,
    "schemas/s/any.schema.json": "{}",
}


def with_examples(
    project: MakeProject, examples: Mapping[str, tuple[JSON, JSON]], files: Mapping[str, str] = FILES
) -> Project:
    """The project with examples of a request and answers, and their snapshots."""
    texts = dict(files)
    for name, (request, answers) in examples.items():
        texts[f"examples/shop/notify/{name}.json"] = json.dumps(request)
        texts[f"examples/shop/notify/{name}.answers.json"] = json.dumps(answers)
    made = project(texts)
    for case in cases_of(made, "shop/notify"):
        for suffix, text in zip((".json", ".txt"), run_case(made, case), strict=True):
            if text is not None:
                project({f"snapshots/{case.path.with_suffix(suffix)}": text + "\n"})
    return made


def test_the_mutants_of_a_conversation(project: MakeProject) -> None:
    made = project(FILES)
    found = mutants_of_conversation(made, made.conversation("shop", "notify"), lambda _part: None)

    assert [mutant.name for mutant in found] == LISTED


LISTED = [
    "order: left out",
    "order.none: left out",
    "order.none: fail → warn",
    "order.none: continue: true",
    "order.none.fail: 'UNKNOWN' → 'UNKNOWN?'",
    "parcel: left out",
    "parcel.if: the opposite",
    "parcel.if: left out",
    "parcel.each: none",
    "parcel.each: only the first",
    "parcel.send: left out",
    "parcel.send.call: POST → GET",
    "parcel.send.call: '/parcels/' → '/parcels/?'",
    "parcel.send.query: left out",
    "parcel.send.query.for: left out",
    "parcel.send.body: left out",
    "parcel.send.form: left out",
    "parcel.send.tolerate: the opposite",
    "parcel.send.tolerate: left out",
    "parcel.send.tolerate: status == `404` → status != `404`",
    "parcel.send.tolerate: `404` → `405`",
    "parcel.send.refuse: left out",
    "parcel.send.refuse: !(body.ok) → body.ok",
    "page: left out",
    "page.call: GET → POST",
    "page.call: '/pages' → '/pages?'",
    "page.again: left out",
    "page.again.when: the opposite",
    "page.again.url: left out",
    "late: left out",
    "late.unless: the opposite",
    "late.unless: left out",
    "late: warn → fail",
    "late.warn: 'LATE' → 'LATE?'",
    "response.carrier: left out",
    "response.carrier: lookup('carrier', answers().order.by) → answers().order.by",
    "response.events: left out",
    "failure: left out",
    "about: left out",
    "about.id: left out",
    "fragments.parcel.n: left out",
    "tables.carrier.A: left out",
]


def test_the_mutants_of_shared_steps(project: MakeProject) -> None:
    made = project(FILES)
    found = mutants_of_conversation(made, made.shared_steps("shop/find"), lambda _part: None)

    assert [mutant.name for mutant in found] == [
        "by_number: left out",
        "by_number.call: GET → POST",
        "by_number.call: '/orders/' → '/orders/?'",
        "by_number.tolerate: the opposite",
        "by_number.tolerate: left out",
        "by_number.tolerate: status == `404` → status != `404`",
        "by_number.tolerate: `404` → `405`",
    ]


KNOWN: tuple[JSON, JSON] = ({"id": "7", "parcels": []}, {"order": {"by_number": {"by": "A"}}, "page": [{}]})
UNKNOWN: tuple[JSON, JSON] = ({"id": "8"}, {"order": {"by_number": {"$status": 404}}})
SENT: tuple[JSON, JSON] = (
    {"id": "9", "parcels": [{"n": 1}, {"n": None}, {"n": 2}, {"n": 3}, {"n": 4}]},
    {
        "order": {"by_number": {"by": "B"}},
        "parcel": [
            {"send": {"ok": True}},
            {},
            {"send": {"ok": False}},
            {"send": {"$status": 404}},
            {"send": {"$status": 405}},
        ],
        "page": [{"next": "/pages/2"}, {}],
    },
)


def test_what_survives_in_the_steps_is_listed_with_its_place(project: MakeProject) -> None:
    made = with_examples(project, {"known": KNOWN, "sent": SENT})
    found = mutate_conversation(made, made.conversation("shop", "notify"))

    file = "mappings/shop/notify/conversation.yaml"
    assert write(found) == (
        "shop/notify: 38 of 45 mutants are caught (84.4 %), 38 by 2 examples, 0 by the check\n"
        f"  {file}:12:12 order.none: left out\n"
        f"  {file}:12:12 order.none: fail → warn\n"
        f"  {file}:12:12 order.none: continue: true\n"
        f"  {file}:12:18 order.none.fail: 'UNKNOWN' → 'UNKNOWN?'\n"
        f"  {file}:25:12 late: left out\n"
        f"  {file}:25:34 late: warn → fail\n"
        f"  {file}:25:40 late.warn: 'LATE' → 'LATE?'"
    )


def test_one_more_example_leaves_only_the_step_that_never_runs(project: MakeProject) -> None:
    made = with_examples(project, {"known": KNOWN, "sent": SENT, "unknown": UNKNOWN})
    found = mutate_conversation(made, made.conversation("shop", "notify"))

    assert [trial.mutant.place for trial in found.survivors] == ["late", "late", "late.warn"]


def test_shared_steps_are_tried_by_the_examples_of_conversations_that_use_them(project: MakeProject) -> None:
    made = with_examples(project, {"known": KNOWN})
    found = mutate_conversation(made, made.shared_steps("shop/find"))

    assert write(found) == (
        "shop/find: 5 of 7 mutants are caught (71.4 %), 5 by 1 example, 0 by the check\n"
        "  mappings/shop/find.yaml:3:63 by_number.tolerate: left out\n"
        "  mappings/shop/find.yaml:3:63 by_number.tolerate: `404` → `405`"
    )


def test_the_check_catches_what_no_example_runs(project: MakeProject) -> None:
    steps = "- {step: late, unless: id, value: id}\n  - {step: later, if: $late, value: $late}\n"
    text = f"response_schema: s/any\nsteps:\n  {steps}response: {{id: $later}}\n"
    files = {**FILES, "mappings/shop/notify/conversation.yaml": text}
    made = with_examples(project, {"known": ({"id": "7"}, {})}, files)
    found = mutate_conversation(made, made.conversation("shop", "notify"))

    caught = {trial.mutant.name for trial in found.trials if trial.verdict == "check"}
    assert caught == {"late: left out", "later: left out"}


def test_changes_of_values_and_fragments_are_noticed(project: MakeProject) -> None:
    text = """\
response_schema: s/any
values: {open: "state == 'open'"}
fragments: {parcel: {number: "n || 'none'"}}
steps: []
response: {open: $open, parcel: {$use: parcel}}
"""
    files = {**FILES, "mappings/shop/notify/conversation.yaml": text}
    made = with_examples(project, {"open": ({"state": "open", "n": "7"}, {}), "shut": ({}, {})}, files)
    found = mutate_conversation(made, made.conversation("shop", "notify"))

    assert write(found) == (
        "shop/notify: 10 of 10 mutants are caught (100.0 %), 10 by 2 examples, 0 by the check"
    )


def test_a_mutant_that_is_accepted_does_not_count(project: MakeProject) -> None:
    accepted = {"examples/shop/find/mutants.yaml": '"by_number.tolerate: left out": all are known\n'}
    made = with_examples(project, {"known": KNOWN}, {**FILES, **accepted})

    assert "  1 accepted with a reason\n" in write(mutate_conversation(made, made.shared_steps("shop/find")))


def test_the_command_takes_conversations_and_shared_steps(
    project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_crossdock: Run
) -> None:
    with_examples(project, {"known": KNOWN})
    monkeypatch.chdir(tmp_path)

    assert run_crossdock("mutate", "shop/notify", "--limit", "1").out.startswith("shop/notify: 1 of 1 of ")
    assert run_crossdock("mutate", "shop/notify/conversation", "--limit", "1").code == 0
    assert run_crossdock("mutate", "shop/find").out.startswith("shop/find: 5 of 7 mutants are caught")


def test_conversations_without_examples_have_nothing_to_try(
    project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_crossdock: Run
) -> None:
    project(FILES)
    monkeypatch.chdir(tmp_path)

    ran = run_crossdock("mutate", "shop/notify")
    assert ran.code == 2
    assert "`shop/notify` has no examples to run its mutants on" in ran.err


# With `make mutate` all mutants of them are tried.
ACTIONS = (
    "fabric/capture_channel_payments",
    "fabric/cat_push_config",
    "fabric/catpush_transmit",
    "fabric/inv_push",
    "fabric/items_returned",
    "fabric/order_ack",
    "fabric/order_cancel",
    "fabric/order_complete",
    "fabric/order_fetch",
    "fabric/order_writeback",
    "fabric/shipment_submit",
    "kibo/capture_channel_payments",
    "kibo/cat_push_config",
    "kibo/catpush_transmit",
    "kibo/inv_push",
    "kibo/items_returned",
    "kibo/order_ack",
    "kibo/order_cancel",
    "kibo/order_complete",
    "kibo/order_fetch",
    "kibo/order_writeback",
    "kibo/shipment_submit",
)


@pytest.mark.parametrize("action", ACTIONS)
def test_the_examples_of_conversations_notice_mistakes(action: str) -> None:
    limit = None if WHOLE else 40
    found = mutate_conversation(PROJECT, PROJECT.conversation(*action.split("/")), limit=limit)

    assert found.score >= 95, write(found)
    assert found.stale == ()


# Those with bounds. A change of the others runs the examples of many conversations.
SHARED = ("fabric/find_shipments", "left_to_ship", "read_return", "stock", "to_collect")
SLOW = ("addressed", "kibo/find_order", "share_out", "wanted_lines") if WHOLE else ()


@pytest.mark.parametrize("name", (*SHARED, *SLOW))
def test_the_examples_notice_mistakes_in_shared_steps(name: str) -> None:
    found = mutate_conversation(PROJECT, PROJECT.shared_steps(name), limit=None if WHOLE else 2)

    assert found.score >= 95, write(found)
    assert found.stale == ()
