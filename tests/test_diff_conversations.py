"""`crossdock diff` of conversations: which call, event or part of the response a change alters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import REPOSITORY, MakeProject, Run
from crossdock import Project
from crossdock.channels.dry_run import plan
from crossdock.core.json_types import JSON
from crossdock.project.cases import GivenCase, cases_of, given_of
from crossdock.project.examples import examples_of
from crossdock.tools.diff.conversations import ConversationVersion
from crossdock.tools.diff.versions import version_of
from test_diff import commit

CONVERSATION = """\
request: s/request
response_schema: s/any
failure: ../failure
events: ../event
steps:
  - step: order
    call: GET /orders/{{ id }}
    query: {for: email}
    answer: s/order
    tolerate: status == `404`
    none: {fail: ORDER_UNKNOWN, message: "There is no order {{ id }}."}
  - step: parcel
    each: {line: parcels}
    if: $line.n > `1`
    steps:
      - step: send
        call: PUT /parcels
        body: {number: n, to: request().email, of: $order.id}
response: {orders: $order.id, events: events()}
"""
FILES = {
    "mappings/actions.yaml": "notify: {call: POST /notify, when: id}\n",
    "mappings/shop/channel.yaml": "base_url: https://shop.example.com\nauth: {kind: none}\n",
    "mappings/shop/failure.yaml": "map: {what: message}\n",
    "mappings/shop/event.yaml": "map: {code: code, text: message}\n",
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
    "examples/shop/notify/two.json": json.dumps(
        {"id": "7", "email": "canary@x", "parcels": [{"n": 1}, {"n": 2}, {"n": 3}]}
    ),
    "examples/shop/notify/two.answers.json": json.dumps(
        {"order": {"id": "o1"}, "parcel": [{}, {"send": {}}, {"send": {}}]}
    ),
    "examples/shop/notify/none.json": '{"id": "8", "email": "canary@x", "parcels": []}',
    "examples/shop/notify/none.answers.json": '{"order": {"$status": 404}}',
}


@pytest.fixture
def shop(project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    project(FILES)
    commit(tmp_path)
    return tmp_path / "mappings/shop/notify/conversation.yaml"


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_nothing_changes(shop: Path, run_crossdock: Run) -> None:
    done = run_crossdock("diff", "HEAD:shop/notify")
    assert (done.code, done.out) == (0, "shop/notify: 2 payloads read, nothing changed\n")


def test_a_changed_body_names_its_step_and_cell(shop: Path, run_crossdock: Run) -> None:
    change(shop, "number: n,", 'number: "to_string(n)",')
    done = run_crossdock("diff", "HEAD:shop/notify")
    assert done.code == 1
    assert done.out == (
        "shop/notify: 2 payloads read, 1 changed\n"
        "\n"
        "mappings/shop/notify/conversation.yaml:18:25\n"
        "  - n\n"
        "  + to_string(n)\n"
        "    calls.send[].body.number  retyped  1 payload, 2 places\n"
        '      two.json  /calls/send/0/body/number  2  →  "2"\n'
        '      two.json  /calls/send/1/body/number  3  →  "3"\n'
        "\n"
        "changed: two.json\n"
    )


def test_a_changed_condition_leaves_out_calls(shop: Path, run_crossdock: Run) -> None:
    change(shop, "$line.n > `1`", "$line.n > `2`")
    out = run_crossdock("diff", "HEAD:shop/notify").out
    assert "    calls.send[]  removed  1 payload\n" in out
    assert '"number":2' in out
    change(shop, "$line.n > `2`", "$line.n > `3`")
    out = run_crossdock("diff", "HEAD:shop/notify").out
    assert "    calls.send  removed  1 payload\n" in out


def test_an_event_is_told_by_the_step_that_reports_it(shop: Path, run_crossdock: Run) -> None:
    change(shop, "There is no order {{ id }}.", "No order {{ id }}.")
    out = run_crossdock("diff", "HEAD:shop/notify").out
    assert (
        "mappings/shop/notify/conversation.yaml:11:43\n"
        "  - There is no order {{ id }}.\n"
        "  + No order {{ id }}.\n"
        "    events.order[].text  changed  1 payload\n"
        '      none.json  /events/order/0/text  "There is no order 8."  →  "No order 8."\n'
    ) in out
    assert "response.events[].text" in out


def test_a_changed_path_and_response(shop: Path, run_crossdock: Run) -> None:
    change(shop, "GET /orders/{{ id }}", "GET /all/{{ id }}")
    change(shop, "{orders: $order.id,", "{order: $order.id,")
    found = json.loads(run_crossdock("diff", "HEAD:shop/notify", "--format", "json").out)
    fields = {field["field"]: field for rule in found["mappings"][0]["rules"] for field in rule["fields"]}
    assert list(fields) == ["calls.order[].path", "response.order", "response.orders"]
    assert fields["calls.order[].path"]["samples"][0] == {
        "payload": "none.json",
        "pointer": "/calls/order/0/path",
        "before": "/orders/8",
        "after": "/all/8",
    }


def test_answers_of_steps_that_one_version_has_not_are_no_fault(shop: Path, run_crossdock: Run) -> None:
    change(shop, "      - step: send\n", "      - step: sent\n")
    done = run_crossdock("diff", "HEAD:shop/notify")
    assert done.code == 1
    assert "calls.sent  added" in done.out
    assert "calls.send  removed" in done.out
    assert "fail" not in done.out


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_sensitive_values_are_hidden(shop: Path, run_crossdock: Run, form: str) -> None:
    change(shop, "{for: email}", '{for: "upper(email)", more: email}')
    change(shop, "to: request().email", 'to: "[request().email]"')
    change(shop, "{orders: $order.id,", "{orders: email,")
    out = run_crossdock("diff", "HEAD:shop/notify", "--format", form).out
    assert "•••" in out
    assert "canary" not in out.lower()


def test_a_folder_has_its_conversations(shop: Path, run_crossdock: Run) -> None:
    change(shop, "GET /orders/{{ id }}", "GET /all/{{ id }}")
    out = run_crossdock("diff", "HEAD:shop").out
    assert "shop/notify: 2 payloads read, 2 changed\n" in out


def test_shared_steps_are_compared_with_their_user(shop: Path, run_crossdock: Run) -> None:
    (shop.parent.parent / "find.yaml").write_text(
        "describe: Finds.\ninputs: {id: {describe: An id.}}\nsteps:\n  - {step: a, value: id}\nanswer: $a\n"
    )
    done = run_crossdock("diff", "mappings/shop/find.yaml", "mappings/shop/find.yaml")
    assert done.code == 2
    assert "cannot be compared: shared steps run in another conversation" in done.err


def test_what_a_plan_hides_is_hidden() -> None:
    """On our own conversations, two examples of each."""
    project, hidden = Project.open(REPOSITORY), 0
    for name in project.conversation_names():
        if project.is_dialect(name):
            continue
        version = version_of(project, f"{name}/conversation", {})
        assert isinstance(version, ConversationVersion)
        for case in cases_of(project, name)[:2]:
            record = next(each for each in examples_of(project.roots, name) if case.path.name == each.name)
            run, given = version.run(record), given_of(project, case)
            if run.failure or given is None:
                continue
            planned = masked_plan(given)
            shown = version.privacy.shown(run.value, (), {})
            assert isinstance(planned, dict) and isinstance(shown, dict) and isinstance(shown["calls"], dict)
            assert hides(shown.get("response"), planned.get("response")), case.name
            bodies = [each.get("body") for calls in shown["calls"].values() for each in calls]  # type: ignore[union-attr]
            expected = [each.get("body") for each in planned["calls"]]  # type: ignore[union-attr]
            assert sorted(map(json.dumps, bodies)) == sorted(map(json.dumps, expected)), case.name
            hidden += json.dumps([bodies, shown.get("response")]).count(json.dumps("•••"))
    assert hidden > 0


def hides(shown: JSON, planned: JSON) -> bool:
    """Whether all that a plan hides is hidden. A plan knows more of each event, and may hide less."""
    if isinstance(shown, dict) and isinstance(planned, dict):
        return all(hides(value, planned[key]) for key, value in shown.items() if key in planned)
    if isinstance(shown, list) and isinstance(planned, list):
        return all(map(hides, shown, planned))
    return shown in (planned, "•••")


def masked_plan(given: GivenCase) -> JSON:
    shown, _ = plan(
        given.conversation,
        given.channel,
        given.request,
        settings=given.settings,
        answers=given.answers,
        name=given.case.name,
        masked=True,
    )
    return shown
