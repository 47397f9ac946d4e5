"""Steps that a channel's file puts before those of its conversations, and what ours do there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import MakeProject
from crossdock import CompileError, CrossdockError, Project
from crossdock.channels.dry_run import plan
from crossdock.core.json_types import JSON

SHOP = """\
describe: A shop.
base_url: https://shop.example.com
settings:
  ours: {{describe: the number of this shop, default: "7"}}
first:
{first}
"""
MEANT = "  - {step: meant, if: shop != settings().ours, fail: OTHER, message: 'shop {{ shop }} is another'}"
NOTIFY = """\
request: shop/notice
response_schema: desk/any
events: ../event
steps:
  - {step: ship, call: 'POST /orders/{{ number }}/ship'}
response: {events: events()}
"""
FILES = {
    "mappings/shop/event.yaml": "map: {code: code, message: message}",
    "mappings/shop/notify/conversation.yaml": NOTIFY,
    "schemas/desk/any.schema.json": '{"type": "object", "properties": {"events": {}}}',
    "schemas/shop/notice.schema.json": (
        '{"type": "object", "required": ["number"],'
        ' "properties": {"number": {"type": "string"}, "shop": {"type": "string"}}}'
    ),
}

Shop = Callable[..., Project]


@pytest.fixture
def shop(project: MakeProject) -> Shop:
    """Makes the project of a shop whose channel's file has these first steps."""

    def make(first: str = MEANT, files: dict[str, str] | None = None) -> Project:
        return project({**FILES, "mappings/shop/channel.yaml": SHOP.format(first=first), **(files or {})})

    return make


def planned(project: Project, channel: str, action: str, request: JSON, **settings: JSON) -> Any:
    conversation = project.conversation(channel, action)
    known = project.settings(channel, settings)
    shown, _ = plan(conversation, project.channel_of(channel), request, settings=known, answers={}, name="r")
    return shown


def refused(shop: Shop, first: str, files: dict[str, str] | None = None) -> str:
    with pytest.raises(CompileError) as caught:
        shop(first, files).conversation("shop", "notify")
    return str(caught.value)


def test_a_first_step_that_fails_ends_the_conversation_before_its_calls(shop: Shop) -> None:
    made = shop()
    assert made.check() == []
    shown = planned(made, "shop", "notify", {"number": "A", "shop": "8"})
    assert shown["calls"] == []
    assert shown["response"] == {"events": [{"code": "OTHER", "message": "shop 8 is another"}]}
    assert len(planned(made, "shop", "notify", {"number": "A", "shop": "7"})["calls"]) == 1
    assert len(planned(made, "shop", "notify", {"number": "A", "shop": "8"}, ours="8")["calls"]) == 1


def test_the_first_steps_may_be_those_of_a_file_and_have_answers(shop: Shop) -> None:
    files = {
        "mappings/meant.yaml": "inputs: {it: {describe: one}}\nsteps: []\nanswer: it",
        "mappings/shop/notify/conversation.yaml": NOTIFY.replace("{{ number }}", "{{ $meant }}"),
    }
    made = shop("  - {step: meant, use: ../../meant, with: {it: 'number || settings().ours'}}", files)
    assert made.check() == []
    assert made.check(["meant"]) == []
    (call,) = planned(made, "shop", "notify", {"number": "A"})["calls"]
    assert call["url"] == "https://shop.example.com/orders/A/ship"


def test_what_is_wrong_with_a_first_step_is_found_with_the_request_of_the_conversation(shop: Shop) -> None:
    found = refused(shop, MEANT.replace("if: shop", "if: shopp"))
    assert "error[unknown-property]: `shop/notice` has no property `shopp`" in found
    assert "mappings/shop/channel.yaml:6:" in found


def test_a_first_step_and_a_step_of_the_conversation_cannot_share_a_name(shop: Shop) -> None:
    assert "there are two steps `ship`" in refused(shop, "  - {step: ship, value: number}")


def test_first_must_be_a_list(shop: Shop) -> None:
    found = refused(shop, "  {step: meant, value: number}")
    assert "`first` must be a list of steps" in found


def test_a_first_step_that_reports_needs_events(shop: Shop) -> None:
    files = {"mappings/shop/notify/conversation.yaml": NOTIFY.replace("events: ../event\n", "")}
    assert "`fail` needs `events:`, and the file has none" in refused(shop, MEANT, files)


# --- what makes events, in the channel's file


def made_by(project: MakeProject, conversation: str, channel: str = "") -> Project:
    """A shop whose channel's file says what makes the events of its conversations."""
    head = "base_url: https://shop.example.com\nfailure: ../failed\nevents: ../event\n"
    return project(
        {
            **FILES,
            "mappings/shop/channel.yaml": channel or head,
            "mappings/shop/failed.yaml": "map: {code: kind, by: {$const: the channel}}",
            "mappings/shop/other.yaml": "map: {code: kind, by: {$const: the conversation}}",
            "mappings/shop/notify/conversation.yaml": conversation,
            "schemas/retailops/notify.request.schema.json": '{"properties": {"number": {}}}',
            "schemas/retailops/notify.response.schema.json": '{"properties": {"events": {}}}',
        }
    )


SHIPS = "steps:\n  - {step: ship, call: POST /ship}\n  - {step: late, warn: LATE, message: late}\n"


def events_of(project: Project) -> Any:
    conversation = project.conversation("shop", "notify")
    answers: JSON = {"ship": {"$error": "timeout"}}
    known = project.settings("shop", {})
    shown, _ = plan(conversation, project.channel_of("shop"), {}, settings=known, answers=answers, name="r")
    assert isinstance(shown, dict)
    return shown["response"]


def test_the_channel_says_what_makes_the_events_of_conversations_that_do_not(project: MakeProject) -> None:
    assert events_of(made_by(project, SHIPS)) == {"events": [{"code": "timeout", "by": "the channel"}]}


def test_a_conversation_can_say_itself_what_makes_its_events(project: MakeProject) -> None:
    made = made_by(project, f"failure: ../other\n{SHIPS}")
    assert events_of(made) == {"events": [{"code": "timeout", "by": "the conversation"}]}


def test_a_conversation_can_say_that_a_failure_is_an_error(project: MakeProject) -> None:
    with pytest.raises(CrossdockError, match="the step `ship` failed: the channel did not answer"):
        events_of(made_by(project, f"failure: null\n{SHIPS}"))


def test_a_conversation_can_say_so_where_the_channel_makes_no_events(project: MakeProject) -> None:
    """Otherwise a channel's file with an error would make another one in each such conversation."""
    made = made_by(
        project, f"failure: null\n{SHIPS}", "base_url: https://shop.example.com\nevents: ../event\n"
    )
    with pytest.raises(CrossdockError, match="the step `ship` failed: the channel did not answer"):
        events_of(made)


def test_a_request_is_that_of_the_action_by_default(project: MakeProject) -> None:
    made = made_by(project, "steps: [{step: a, value: numbr}]\n")
    with pytest.raises(CompileError, match=r"`retailops/notify\.request` has no property `numbr`"):
        made.conversation("shop", "notify")


# --- the bundled channels


def requests(repository: Path) -> list[Any]:
    """An example of each action of both channels that names its channel: the full one, if there is one."""
    found = []
    for folder in sorted((repository / "examples").glob("[fk]*/*/")):
        for file in sorted(folder.glob("*.json"), key=lambda file: (file.stem != "full", file.name)):
            other = file.name.endswith(".answers.json") or file.name.startswith("for-another-")
            request = None if other else json.loads(file.read_text())
            data = request.get("data") if isinstance(request, dict) else None
            if isinstance(data, dict) and data.get("channel"):
                found.append((folder.parent.name, folder.name, request))
                break
    return found


ROOT = Path(__file__).parent.parent
REQUESTS = [pytest.param(*each, id=f"{each[0]}-{each[1]}") for each in requests(ROOT)]


def test_every_action_that_is_given_a_channel_has_a_request_here() -> None:
    actions = [*Project.open(ROOT).actions.by_name]
    names = {each.id for each in REQUESTS}
    missing = {f"{channel}-{action}" for channel in ("kibo", "fabric") for action in actions} - names
    assert missing == {"kibo-cat_push_config"}


def codes(shown: Any) -> list[tuple[str, str, str, int]]:
    return [
        (
            event["data"]["code"],
            event["data"]["message"],
            event["secondary"]["id"],
            event["data"]["is_failure"],
        )
        for event in shown["response"]["events"]
    ]


@pytest.mark.parametrize("channel, action, request_", REQUESTS)
def test_a_request_for_another_channel_or_tenant_is_refused_before_any_call(
    channel: str, action: str, request_: Any
) -> None:
    project = Project.open(ROOT)
    shown = planned(project, channel, action, request_, retailops_channel="22")
    assert shown["calls"] == []
    assert codes(shown) == [
        (
            "OTHER_CHANNEL",
            "The request is for channel 21 of RetailOPS, and this is channel 22. Nothing is done.",
            "21",
            1,
        )
    ]
    theirs = {**request_["data"]["channel"], "params": {"tenant": "999"}}
    elsewhere = {**request_, "data": {**request_["data"], "channel": theirs}}
    own = {"kibo": {}, "fabric": {"retailops_tenant": "15394"}}[channel]
    shown = planned(project, channel, action, elsewhere, **own)
    assert shown["calls"] == []
    assert codes(shown) == [
        (
            "OTHER_TENANT",
            "The request is for tenant 999, and this is tenant 15394. Nothing is done.",
            "999",
            1,
        )
    ]


CANCEL = {
    "headers": {"client_id": "497", "ticket": "t"},
    "version": 1,
    "action": "order_cancel",
    "data": {"order": {"channel_refnum": "496"}},
}


@pytest.mark.parametrize(
    "named, setting, refused_as",
    [
        ({"channel": {"id": 21}}, "21", None),
        ({"channel": {"id": " 21 "}}, "21", None),
        ({"channel": {"id": ""}}, "22", None),
        ({"channel": {"id": None, "params": None}}, "22", None),
        ({"channel": None}, "22", None),
        ({"channel": {"id": 21}}, "", None),
        ({"channel_info": {"id": 21}}, "22", "21"),
        ({"channel": {"id": 22}, "channel_info": {"id": "21"}}, "22", "21"),
        ({"channel": {"params": {"tenant": ""}}}, "", None),
    ],
)
@pytest.mark.parametrize("channel", ["kibo", "fabric"])
def test_what_a_request_names_is_compared_with_what_is_set(
    channel: str, named: dict[str, Any], setting: str, refused_as: str | None
) -> None:
    info = {"channel_info": named["channel_info"]} if "channel_info" in named else {}
    data = {**CANCEL["data"], **({"channel": named["channel"]} if "channel" in named else {})}
    request: Any = {**CANCEL, **info, "data": data}
    shown = planned(Project.open(ROOT), channel, "order_cancel", request, retailops_channel=setting)
    assert (shown["calls"] == []) is (refused_as is not None)
    if refused_as is not None:
        assert [each[0::2] for each in codes(shown)] == [("OTHER_CHANNEL", refused_as)]
