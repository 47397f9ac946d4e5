"""The pytest plugin, in an integrator's directory: no Python, its own mapping, schema and examples."""

from __future__ import annotations

import json

import pytest

# pytester forgets the modules that a run imports; loaded here, they are the same for every run.
import crossdock.core.json_reader
import crossdock.project.project
import crossdock.project.snapshots
import crossdock.schema.validator  # noqa: F401

pytest_plugins = ["pytester"]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide xdist from the inner pytest runs, also when these tests themselves run in xdist workers."""
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT"):
        monkeypatch.delenv(name, raising=False)


MAPPING = """\
describe: A ticket as the desk reads it.
from: shop/ticket
to: desk/ticket

checks:
  - check: equal(total, root().sum)
    message: the total is not the shop's

map:
  number: to_string(id)
  seller: settings().seller
  buyer: name
  total: money(amount, 'EUR')
  paid: "null"
"""
CHANNEL = """\
describe: A shop.
settings:
  seller: {describe: who sells, default: Ada}
"""
SHOP = {"type": "object", "properties": {k: {} for k in ("id", "name", "amount", "sum")}, "required": ["id"]}
DESK = {
    "type": "object",
    "properties": {"number": {"type": "string"}, "seller": {}, "buyer": {}, "total": {}, "paid": {}},
}
FULL = {"id": 7, "name": "Zoë", "amount": 5, "sum": 5}
FULL_RESULT = """\
{
  "number": "7",
  "seller": "Ada",
  "buyer": "Zoë",
  "total": "5.00",
  "paid": null
}
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    write(pytester, "mappings/shop/ticket.yaml", MAPPING.replace('"null"', "null"))
    write(pytester, "mappings/shop/channel.yaml", CHANNEL)
    write(pytester, "schemas/shop/ticket.schema.json", json.dumps(SHOP))
    write(pytester, "schemas/desk/ticket.schema.json", json.dumps(DESK))
    write(pytester, "examples/shop/ticket/full.json", json.dumps(FULL))
    write(pytester, "examples/shop/ticket/no-id.json", '{"name": "Zoë"}')
    write(pytester, "examples/shop/ticket/odd-sum.json", json.dumps({**FULL, "sum": 6}))
    return pytester


@pytest.fixture
def snapshots(project: pytest.Pytester) -> pytest.Pytester:
    """The project with the snapshots that it should have."""
    assert run(project, "--snapshot-update").ret == 0
    return project


def write(pytester: pytest.Pytester, name: str, text: str) -> None:
    path = pytester.path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    plugins = ("no:cacheprovider", "no:hypothesispytest", "no:anyio")  # slow to load, and of no use here
    return pytester.runpytest_inprocess(*(part for name in plugins for part in ("-p", name)), *arguments)


def text(pytester: pytest.Pytester, name: str) -> str:
    return (pytester.path / "snapshots/shop/ticket" / name).read_bytes().decode()


def names(pytester: pytest.Pytester) -> list[str]:
    return sorted(path.name for path in (pytester.path / "snapshots").rglob("*") if path.is_file())


def test_update_writes_what_transform_prints_and_what_it_reports(snapshots: pytest.Pytester) -> None:
    assert names(snapshots) == ["full.json", "no-id.txt", "odd-sum.json", "odd-sum.txt"]
    assert text(snapshots, "full.json") == FULL_RESULT
    assert text(snapshots, "odd-sum.json") == FULL_RESULT
    assert text(snapshots, "no-id.txt").splitlines()[0].startswith("error[")
    assert "examples/shop/ticket/no-id.json" in text(snapshots, "no-id.txt")
    assert text(snapshots, "odd-sum.txt").startswith("warning[check-failed]: the total is not the shop's")
    assert "--> mappings/shop/ticket.yaml:6:" in text(snapshots, "odd-sum.txt")
    assert text(snapshots, "no-id.txt").endswith("\n") and not text(snapshots, "no-id.txt").endswith("\n\n")


def test_each_example_is_a_test_named_by_its_file(snapshots: pytest.Pytester) -> None:
    outcome = run(snapshots, "-v")
    outcome.assert_outcomes(passed=3)
    outcome.stdout.fnmatch_lines(["examples/shop/ticket/full.json::full PASSED*", "4 snapshots passed."])
    assert outcome.ret == 0
    run(snapshots, "examples/shop/ticket/no-id.json").assert_outcomes(passed=1)
    run(snapshots, "-k", "odd").assert_outcomes(passed=1, deselected=2)


def test_a_missing_snapshot_fails_and_shows_what_it_would_be(project: pytest.Pytester) -> None:
    outcome = run(project, "examples/shop/ticket/full.json")
    outcome.assert_outcomes(failed=1)
    outcome.stdout.fnmatch_lines(
        [
            "*_ shop/ticket/full _*",
            "snapshots/shop/ticket/full.json does not exist; this came out",
            '  "number": "7",',
            "= help: `pytest --snapshot-update` writes it",
            "FAILED examples/shop/ticket/full.json*",
        ]
    )
    outcome.stdout.no_fnmatch_line("*Traceback*")
    assert names(project) == []


def test_a_changed_result_shows_the_lines_that_changed(snapshots: pytest.Pytester) -> None:
    write(snapshots, "examples/shop/ticket/full.json", json.dumps({**FULL, "name": "Zoé"}))
    outcome = run(snapshots)
    outcome.assert_outcomes(failed=1, passed=2)
    outcome.stdout.fnmatch_lines(
        [
            "snapshots/shop/ticket/full.json (-) is not what came out (+)",
            '-   "buyer": "Zoë",',
            '+   "buyer": "Zoé",',
            "= help: `pytest --snapshot-update` writes it",
        ],
        consecutive=False,
    )
    assert text(snapshots, "full.json") == FULL_RESULT


def test_the_order_of_keys_and_a_null_matter(snapshots: pytest.Pytester) -> None:
    value = json.loads(FULL_RESULT)
    for other in (dict(reversed(value.items())), {key: item for key, item in value.items() if item}):
        write(snapshots, "snapshots/shop/ticket/full.json", json.dumps(other, indent=2) + "\n")
        run(snapshots).assert_outcomes(failed=1, passed=2)


def test_an_example_that_begins_to_fail(snapshots: pytest.Pytester) -> None:
    write(snapshots, "examples/shop/ticket/full.json", "[")
    outcome = run(snapshots, "examples/shop/ticket/full.json")
    outcome.stdout.fnmatch_lines(
        [
            "snapshots/shop/ticket/full.json exists, but no result came out",
            "= help: `pytest --snapshot-update` deletes it",
            "snapshots/shop/ticket/full.txt does not exist; this came out",
            "error*",
        ]
    )
    assert run(snapshots, "--snapshot-update").ret == 0
    assert names(snapshots) == ["full.txt", "no-id.txt", "odd-sum.json", "odd-sum.txt"]


def test_an_example_that_no_longer_warns(snapshots: pytest.Pytester) -> None:
    write(snapshots, "examples/shop/ticket/odd-sum.json", json.dumps(FULL))
    outcome = run(snapshots, "-k", "odd")
    outcome.assert_outcomes(failed=1, deselected=2)
    outcome.stdout.fnmatch_lines(["snapshots/shop/ticket/odd-sum.txt exists, but no diagnostics came out"])
    assert run(snapshots, "--snapshot-update").ret == 0
    assert names(snapshots) == ["full.json", "no-id.txt", "odd-sum.json"]


@pytest.mark.parametrize("arguments", [(), ("examples",), (".",)])
def test_a_snapshot_without_an_example_fails_a_whole_run(
    snapshots: pytest.Pytester, arguments: tuple[str, ...]
) -> None:
    (snapshots.path / "examples/shop/ticket/no-id.json").unlink()
    outcome = run(snapshots, *arguments)
    outcome.assert_outcomes(passed=2)
    outcome.stdout.fnmatch_lines(
        [
            "*= snapshots without an example =*",
            "unused: snapshots/shop/ticket/no-id.txt",
            "`pytest --snapshot-update` deletes them",
        ]
    )
    assert outcome.ret == pytest.ExitCode.TESTS_FAILED
    assert "no-id.txt" in names(snapshots)


@pytest.mark.parametrize(
    "arguments",
    [("-k", "full"), ("examples/shop/ticket/full.json",), ("--deselect", "examples/shop/ticket/full.json")],
)
def test_a_partial_run_does_not_look_for_unused_snapshots(
    snapshots: pytest.Pytester, arguments: tuple[str, ...]
) -> None:
    write(snapshots, "snapshots/shop/ticket/gone.json", "{}\n")
    for more in ((), ("--snapshot-update",)):
        outcome = run(snapshots, *arguments, *more)
        outcome.stdout.no_fnmatch_line("*gone.json*")
        assert outcome.ret == 0
        assert "gone.json" in names(snapshots)


def test_update_removes_unused_snapshots_and_the_folders_they_leave_empty(
    snapshots: pytest.Pytester,
) -> None:
    write(snapshots, "snapshots/shop/gone/deep/case.json", "{}\n")
    write(snapshots, "snapshots/README.md", "What came out.\n")
    outcome = run(snapshots, "--snapshot-update")
    outcome.stdout.fnmatch_lines(["deleted: snapshots/shop/gone/deep/case.json"])
    assert outcome.ret == 0
    assert not (snapshots.path / "snapshots/shop/gone").exists()
    assert (snapshots.path / "snapshots/README.md").exists()
    assert run(snapshots).ret == 0


def test_syrupys_options_for_unused_snapshots_hold(snapshots: pytest.Pytester) -> None:
    write(snapshots, "snapshots/shop/ticket/gone.json", "{}\n")
    warned = run(snapshots, "--snapshot-warn-unused")
    warned.stdout.fnmatch_lines(["unused: snapshots/shop/ticket/gone.json"])
    assert warned.ret == 0
    assert run(snapshots, "--snapshot-disable-unused").ret == 0
    assert run(snapshots, "--snapshot-update", "--snapshot-no-cleanup").ret == 0
    assert "gone.json" in names(snapshots)


def test_settings_stand_beside_an_example(snapshots: pytest.Pytester) -> None:
    write(snapshots, "examples/shop/ticket/other-seller.json", json.dumps(FULL))
    write(snapshots, "examples/shop/ticket/other-seller.settings.yaml", "seller: Bo\n")
    run(snapshots, "--snapshot-update").assert_outcomes(passed=4)
    assert json.loads(text(snapshots, "other-seller.json"))["seller"] == "Bo"

    write(snapshots, "examples/shop/ticket/other-seller.settings.yaml", "sellr: Bo\n")
    outcome = run(snapshots, "-k", "other")
    outcome.stdout.fnmatch_lines(["*there is no setting `sellr`*", "*did you mean `seller`?*"])

    write(snapshots, "examples/shop/ticket/other-seller.settings.yaml", "seller\n")
    outcome = run(snapshots, "-k", "other")
    outcome.stdout.fnmatch_lines(["*--> examples/shop/ticket/other-seller.settings.yaml:1:1"])


def test_a_folder_that_names_no_mapping(project: pytest.Pytester) -> None:
    write(project, "examples/shop/tickt/full.json", json.dumps(FULL))
    write(project, "examples/full.json", json.dumps(FULL))
    outcome = run(project, "--snapshot-update")
    outcome.assert_outcomes(failed=2, passed=3)
    outcome.stdout.fnmatch_lines(
        [
            "error[[]unknown-mapping[]]: there is no mapping `shop/tickt`",
            "  = help: did you mean `shop/ticket`?",
            "  = note: examples are named examples/<mapping>/<case>.json",
        ]
    )


def test_a_mapping_that_does_not_compile(project: pytest.Pytester) -> None:
    write(project, "mappings/shop/ticket.yaml", MAPPING.replace("buyer: name", "buyer: nme"))
    outcome = run(project, "--snapshot-update")
    outcome.assert_outcomes(failed=3)
    outcome.stdout.fnmatch_lines(["*  buyer: nme", "*^^^", "*did you mean `name`?"])
    outcome.stdout.no_fnmatch_line("*Traceback*")
    assert names(project) == []


def test_the_bundled_mappings_are_named_without_their_directory(pytester: pytest.Pytester) -> None:
    write(pytester, "mappings/own.yaml", "map: {}\n")
    write(pytester, "examples/kibo/order/empty.json", "{}")
    run(pytester, "--snapshot-update")
    written = (pytester.path / "snapshots/kibo/order/empty.txt").read_text(encoding="utf-8")
    assert "/engine/" not in written and str(pytester.path) not in written
    assert "--> mappings/kibo/order.yaml:" in written or "--> examples/kibo/order/empty.json" in written


def test_a_project_below_the_directory_that_pytest_runs_in(snapshots: pytest.Pytester) -> None:
    inner = snapshots.path / "integration"
    inner.mkdir()
    for folder in ("mappings", "schemas", "examples", "snapshots"):
        (snapshots.path / folder).rename(inner / folder)
    write(snapshots, "integration/snapshots/shop/ticket/gone.json", "{}\n")
    outcome = run(snapshots)
    outcome.assert_outcomes(passed=3)
    outcome.stdout.fnmatch_lines(["unused: integration/snapshots/shop/ticket/gone.json"])


def test_a_foreign_directory_is_left_alone(pytester: pytest.Pytester) -> None:
    write(pytester, "examples/data.json", "no JSON")
    write(pytester, "mappings/stub.json", "{}")
    write(pytester, "snapshots/data.json", "{}")
    write(pytester, "test_own.py", "def test_own(): pass\n")
    outcome = run(pytester)
    outcome.assert_outcomes(passed=1)
    outcome.stdout.no_fnmatch_line("*snapshot*")
    assert outcome.ret == 0


def test_nothing_of_the_engine_is_loaded_where_there_is_no_project(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_modules():
            loaded = {name for name in sys.modules if name.startswith("crossdock.")}
            assert loaded == {"crossdock.project", "crossdock.project.pytest_plugin"}
            assert not {"yaml", "jinja2", "jmespath", "jsonschema", "httpx"} & set(sys.modules)
        """
    )
    pytester.runpytest_subprocess("-p", "no:hypothesispytest").assert_outcomes(passed=1)


def test_without_syrupy_it_says_what_to_install(project: pytest.Pytester) -> None:
    outcome = run(project, "-p", "no:syrupy")
    outcome.assert_outcomes(failed=3)
    outcome.stdout.fnmatch_lines(["examples are compared by syrupy: pip install 'crossdock[[]test[]]'"])


def test_new_snapshots_alone_can_be_written(project: pytest.Pytester) -> None:
    run(project, "--snapshot-update", "-k", "full").stdout.fnmatch_lines(["1 snapshot generated."])
    write(project, "examples/shop/ticket/full.json", json.dumps({**FULL, "name": "Zoé"}))
    outcome = run(project, "--snapshot-update-new-only", "-p", "xdist", "-n", "2")
    outcome.assert_outcomes(passed=2, failed=1)
    assert text(project, "full.json") == FULL_RESULT


def test_a_missing_newline_at_the_end_is_a_difference(snapshots: pytest.Pytester) -> None:
    write(snapshots, "snapshots/shop/ticket/full.json", FULL_RESULT.rstrip("\n"))
    outcome = run(snapshots)
    outcome.assert_outcomes(passed=2, failed=1)
    outcome.stdout.fnmatch_lines(["- }", "+ }␤", "= help: *"], consecutive=True)


CONVERSATION = """\
response_schema: desk/response
steps:
  - step: ticket
    call: GET /tickets/{{ id }}
    tolerate: status == `404`
  - step: refund
    call: POST /refunds
    body: {amount: answers().ticket.amount, by: settings().seller}
response: {refunded: answers().refund}
"""


@pytest.fixture
def talking(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with a conversation, and beside it a mapping for its answers."""
    write(pytester, "mappings/shop/channel.yaml", CHANNEL)
    write(pytester, "mappings/shop/refund/conversation.yaml", CONVERSATION)
    write(pytester, "mappings/shop/refund/reason.yaml", "map: {reason: id}\n")
    write(pytester, "schemas/desk/response.schema.json", '{"type": "object", "properties": {"refunded": {}}}')
    write(pytester, "examples/shop/refund/waits.json", '{"id": 7}')
    write(pytester, "examples/shop/refund/whole.json", '{"id": 7}')
    write(pytester, "examples/shop/refund/whole.answers.json", '{"ticket": {"amount": 5}, "refund": true}')
    write(pytester, "examples/shop/refund/whole.settings.yaml", "seller: Bo\n")
    write(pytester, "examples/shop/refund/refused.json", '{"id": 7}')
    write(pytester, "examples/shop/refund/refused.answers.json", '{"ticket": {"$status": 500}}')
    write(pytester, "examples/shop/refund/reason/plain.json", '{"id": 7}')
    return pytester


def test_an_example_of_a_conversation_is_a_request_and_its_snapshot_the_plan(
    talking: pytest.Pytester,
) -> None:
    run(talking, "--snapshot-update").assert_outcomes(passed=4)
    assert names(talking) == ["plain.json", "refused.txt", "waits.json", "whole.json"]
    written = talking.path / "snapshots/shop/refund"
    ticket = {"step": "ticket", "method": "GET", "url": "/tickets/7"}
    refund = {"step": "refund", "method": "POST", "url": "/refunds", "body": {"amount": 5, "by": "Bo"}}
    assert json.loads((written / "whole.json").read_text()) == {
        "calls": [ticket, refund],
        "response": {"refunded": True},
    }
    waiting = {"step": "refund", "call": "POST /refunds", "for": ["ticket"]}
    assert json.loads((written / "waits.json").read_text()) == {"calls": [ticket], "waiting": [waiting]}
    assert (written / "refused.txt").read_text().startswith("error[channel-failed]: the step `ticket` failed")
    assert json.loads((written / "reason/plain.json").read_text()) == {"reason": 7}
    outcome = run(talking)
    outcome.assert_outcomes(passed=4)
    assert outcome.ret == 0


def test_answers_and_settings_are_no_examples(talking: pytest.Pytester) -> None:
    run(talking, "--snapshot-update")
    write(talking, "snapshots/shop/refund/whole.answers.json", "{}\n")
    outcome = run(talking)
    outcome.assert_outcomes(passed=4)
    outcome.stdout.fnmatch_lines(["unused: snapshots/shop/refund/whole.answers.json"])


def test_answers_that_are_not_json_are_named(talking: pytest.Pytester) -> None:
    write(talking, "examples/shop/refund/whole.answers.json", "[")
    run(talking, "--snapshot-update")
    written = (talking.path / "snapshots/shop/refund/whole.txt").read_text()
    assert written.startswith("error[not-json]")
    assert "--> examples/shop/refund/whole.answers.json:1:" in written


def test_a_conversation_that_does_not_compile(talking: pytest.Pytester) -> None:
    write(talking, "mappings/shop/refund/conversation.yaml", CONVERSATION.replace("().ticket", "().tickt"))
    outcome = run(talking, "--snapshot-update", "examples/shop/refund/whole.json")
    outcome.assert_outcomes(failed=1)
    outcome.stdout.fnmatch_lines(
        ["*--> mappings/shop/refund/conversation.yaml:8:*", "*did you mean `ticket`?"]
    )
    outcome.stdout.no_fnmatch_line("*Traceback*")
