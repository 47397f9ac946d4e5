"""The command line: exit codes, streams, one clear line for every bad input, and never a traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click
import pytest

from conftest import REPOSITORY, MakeProject, Run, interruptible
from crossdock import __version__
from crossdock.cli import commands
from crossdock.cli.app import cli
from crossdock.cli.commands import SUMMARIES

SCHEMA = {
    "type": "object",
    "required": ["number"],
    "properties": {
        "number": {"type": "integer"},
        "name": {"type": ["string", "null"]},
        "amount": {},
        "total": {},
        "rows": {"type": "array"},
    },
}
FILES = {
    "schemas/shop/source.schema.json": json.dumps(SCHEMA),
    "schemas/shop/any.schema.json": "{}",
    "schemas/shop/target.schema.json": json.dumps(
        {
            "type": "object",
            "properties": {"ref": {"type": "string"}, "name": {"type": "string"}, "colour": {}},
        }
    ),
    "mappings/shop/channel.yaml": """
describe: A shop.
settings:
  colour: {describe: of it, default: red, one_of: [red, blue]}
  limit: {describe: how many, default: 3}
  strict: {describe: whether, default: false}
""",
    "mappings/shop/order.yaml": """
from: shop/source
to: shop/target
map: {ref: to_string(number), name: name, colour: settings().colour}
checks:
  - check: equal(root().amount, root().total)
    message: the parts do not add up
""",
    "mappings/shop/settings.yaml": "map: settings()\nfrom: shop/any\n",
    "mappings/shop/fails.yaml": "map: {ref: upper(number)}\nfrom: shop/any\n",
    "mappings/shop/breaks.yaml": "to: shop/target\nmap: {ref: number}\nfrom: shop/any\n",
    "good.json": '{"number": 7, "name": "Zoë 𝄞", "amount": 1, "total": "1.00"}',
}
GOOD = '{\n  "ref": "7",\n  "name": "Zoë 𝄞",\n  "colour": "red"\n}\n'


@pytest.fixture
def crossdock(
    project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_crossdock: Run
) -> Run:
    """Runs a command in a small project."""
    project(FILES)
    monkeypatch.chdir(tmp_path)
    return run_crossdock


def test_a_payload_from_a_file(crossdock: Run) -> None:
    assert crossdock("transform", "shop/order", "good.json") == (0, GOOD, "")


@pytest.mark.parametrize("file", [["-"], []])
def test_a_payload_from_stdin(file: list[str], crossdock: Run) -> None:
    assert crossdock("transform", "shop/order", *file, stdin=FILES["good.json"].encode()) == (0, GOOD, "")


def test_a_mapping_by_its_file(crossdock: Run) -> None:
    assert crossdock("transform", "mappings/shop/order.yaml", "good.json") == (0, GOOD, "")


def test_a_project_elsewhere(crossdock: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "x" / "y"
    elsewhere.mkdir(parents=True)
    monkeypatch.chdir(elsewhere)

    assert crossdock("transform", "shop/order", "../../good.json") == (0, GOOD, "")
    monkeypatch.chdir("/")
    assert crossdock("-C", str(tmp_path), "transform", "shop/order", str(tmp_path / "good.json")).out == GOOD


def test_the_result_on_one_line(crossdock: Run) -> None:
    ran = crossdock("transform", "shop/order", "good.json", "--compact")

    assert ran == (0, '{"ref":"7","name":"Zoë 𝄞","colour":"red"}\n', "")


def test_the_result_in_a_file(crossdock: Run, tmp_path: Path) -> None:
    assert crossdock("transform", "shop/order", "good.json", "-o", "out.json") == (0, "", "")
    assert (tmp_path / "out.json").read_text(encoding="utf-8") == GOOD
    assert crossdock("transform", "shop/order", "good.json", "-o", "-").out == GOOD


@pytest.mark.parametrize(
    ("output", "reason"),
    [("nowhere/out.json", "no such file or directory"), ("mappings", "it is a directory")],
)
def test_a_file_that_cannot_be_written(output: str, reason: str, crossdock: Run) -> None:
    line = f"error[unwritable]: `{output}` cannot be written: {reason}\n"

    assert crossdock("transform", "shop/order", "good.json", "-o", output) == (2, "", line)


def test_a_file_is_not_touched_when_the_mapping_fails(crossdock: Run, tmp_path: Path) -> None:
    (tmp_path / "out.json").write_text("as it was")

    assert crossdock("transform", "shop/fails", "good.json", "-o", "out.json").code == 4
    assert (tmp_path / "out.json").read_text() == "as it was"


# Whose fault it is

BAD_PAYLOADS: list[tuple[str, bytes, str]] = [
    ("not JSON", b"hello", "error[not-json]: expected a value, found a word"),
    ("single quotes", b"{'a': 1}", "error[not-json]: expected a key in double quotes, found a single quote"),
    ("truncated", b'{"a": [1, 2', "error[not-json]: the payload ends where a comma or `]` is expected"),
    ("truncated in a text", b'{"a": "b', "error[not-json]: the payload ends inside a text"),
    ("empty", b"", "error[empty-payload]: the payload is empty"),
    ("only space", b" \n", "error[empty-payload]: the payload is empty"),
    ("an array", b"[1]", "error[wrong-type]: expected an object, found a list"),
    ("a text", b'"a"', "error[wrong-type]: expected an object, found text"),
    (
        "a duplicated key",
        b'{"number": 1, "number": 2}',
        "error[duplicate-key]: the key `number` occurs twice in one object",
    ),
    ("NaN", b'{"number": NaN}', "error[not-a-number]: `NaN` is not a JSON number"),
    ("Infinity", b'{"number": -Infinity}', "error[not-a-number]: `-Infinity` is not a JSON number"),
    ("not UTF-8", b'{"number": 1, "name": "\xff"}', "error[not-utf-8]: the byte at offset 23 is not UTF-8"),
    (
        "UTF-16",
        '{"number": 1}'.encode("utf-16"),
        "error[byte-order-mark]: the payload begins with a byte order mark",
    ),
    (
        "a byte order mark",
        b'\xef\xbb\xbf{"number": 1}',
        "error[byte-order-mark]: the payload begins with a byte order mark",
    ),
    (
        "half of a surrogate pair",
        b'{"number": 1, "name": "\\ud800"}',
        "error[lone-surrogate]: half of a surrogate pair is not a character",
    ),
    ("a number out of range", b'{"number": 1e999}', "error[number-range]: the number is out of range"),
    ("deep", b"[" * 100 + b"]" * 100, "error[nesting-too-deep]: objects and lists nest more than 64 deep"),
    ("very deep", b"[" * 200_000, "error[nesting-too-deep]: objects and lists nest more than 64 deep"),
    ("two values", b"{} {}", "error[not-json]: there is more text after the end of the JSON value"),
    ("a comment", b'{"a": 1} // x', "error[not-json]: there is more text after the end of the JSON value"),
    ("a missing property", b"{}", "error[missing-required]: the required property `number` is missing"),
    ("a wrong type", b'{"number": "x"}', "error[wrong-type]: expected a whole number, found text"),
]


@pytest.mark.parametrize(("content", "line"), [pytest.param(*row, id=name) for name, *row in BAD_PAYLOADS])
def test_a_bad_payload_is_the_senders_fault(
    content: bytes, line: str, crossdock: Run, tmp_path: Path
) -> None:
    (tmp_path / "bad.json").write_bytes(content)

    for ran in (
        crossdock("transform", "shop/order", "bad.json"),
        crossdock("transform", "shop/order", stdin=content),
    ):
        assert (ran.code, ran.out) == (3, "")
        assert ran.err.splitlines()[0] == line
        assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("nothing.json", "error[no-such-file]: there is no file `nothing.json`"),
        ("mappings", "error[is-a-directory]: `mappings` is a directory, not a file"),
        ("good.json/x", "error[no-such-file]: there is no file `good.json/x`"),
        ("\x1b[31m.json", "error[no-such-file]: there is no file `\\x1b[31m.json`"),
    ],
)
def test_a_payload_that_cannot_be_read(file: str, line: str, crossdock: Run) -> None:
    assert crossdock("transform", "shop/order", file) == (3, "", line + "\n")


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (
            ["transform", "shop/fails", "good.json"],
            4,
            "error[evaluation-failed]: `upper` takes text as its first argument, not a number",
        ),
        (
            ["transform", "shop/breaks", "good.json"],
            4,
            "error[wrong-type]: expected text, found a whole number",
        ),
        (
            ["transform", "shop/ordr", "good.json"],
            2,
            "error[unknown-mapping]: there is no mapping `shop/ordr`",
        ),
        (
            ["transform", "shop/nothing.yaml", "good.json"],
            2,
            "error[unknown-mapping]: there is no mapping `shop/nothing.yaml`",
        ),
        (["transform", "", "good.json"], 2, "error[unknown-mapping]: there is no mapping ``"),
        (
            ["transform", "shop/channel", "good.json"],
            2,
            "error[unknown-key]: a mapping file has no key `settings`",
        ),
        (
            ["-C", "/nowhere", "list"],
            2,
            "error[no-project]: there is no directory `/nowhere`",
        ),
        (
            ["transform", "shop/order", "good.json", "--set", "color=red"],
            2,
            "error[unknown-setting]: there is no setting `color`",
        ),
        (
            ["transform", "shop/order", "good.json", "--set", "colour=green"],
            2,
            "error[setting-value]: the setting `colour` takes one of red, blue",
        ),
        (
            ["transform", "shop/order", "good.json", "--set", "limit=x"],
            2,
            "error[setting-value]: the setting `limit` takes a whole number",
        ),
        (
            ["transform", "shop/order", "good.json", "--set", "strict=yes"],
            2,
            "error[setting-value]: the setting `strict` takes true or false",
        ),
    ],
)
def test_who_is_to_blame_is_a_number(arguments: list[str], code: int, line: str, crossdock: Run) -> None:
    ran = crossdock(*arguments)

    assert (ran.code, ran.out) == (code, "")
    assert ran.err.splitlines()[0] == line
    assert "Traceback" not in ran.err


USAGE = [
    (["transfrom"], "No such command 'transfrom'; did you mean `transform`?"),
    (["transform"], "Missing argument 'MAPPING'"),
    (["transform", "shop/order", "good.json", "more"], "several files are read with --lines"),
    (["transform", "shop/order", "--compct"], "No such option"),
    (
        ["transform", "shop/order", "--format", "xml"],
        "'xml' is not one of 'text', 'short', 'json', 'github', 'sarif'",
    ),
    (
        ["transform", "shop/order", "good.json", "--set", "colour"],
        "Invalid value for '--set': write it as key=value",
    ),
    (
        ["transform", "shop/order", "good.json", "--set", "=red"],
        "Invalid value for '--set': write it as key=value",
    ),
    (["functions", "mony"], "there is no function `mony`; did you mean `money`?"),
    (["completion", "tcsh"], "'tcsh' is not one of 'bash', 'zsh', 'fish'"),
]


@pytest.mark.parametrize(("arguments", "line"), USAGE)
def test_usage(arguments: list[str], line: str, crossdock: Run) -> None:
    ran = crossdock(*arguments)

    assert (ran.code, ran.out) == (2, "")
    assert line in ran.err
    assert "Traceback" not in ran.err


def test_the_rendering_of_a_failure_whole(crossdock: Run) -> None:
    assert crossdock("transform", "shop/breaks", "good.json") == (
        4,
        "",
        "error[wrong-type]: expected text, found a whole number\n"
        "  --> mappings/shop/breaks.yaml:2:12\n"
        "  |\n"
        "2 | map: {ref: number}\n"
        "  |            ^^^^^^\n"
        "  = input: good.json at /number\n"
        "  = output: /ref\n",
    )


def test_without_validation_a_result_comes_out_as_it_is(crossdock: Run) -> None:
    ran = crossdock("transform", "shop/breaks", "good.json", "--no-validate", "--compact")

    assert ran == (0, '{"ref":7}\n', "")


def test_a_check_that_fails_is_a_warning_beside_the_result(crossdock: Run) -> None:
    ran = crossdock("transform", "shop/order", "--compact", stdin=b'{"number": 1, "amount": 1, "total": 3}')

    assert (ran.code, ran.out) == (0, '{"ref":"1","colour":"red"}\n')
    assert ran.err == (
        "warning[check-failed]: the parts do not add up: 1 against 3, a difference of -2\n"
        "  --> mappings/shop/order.yaml:6:12\n"
        "  |\n"
        "6 |   - check: equal(root().amount, root().total)\n"
        "  |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "  = input: <stdin>\n"
    )


@pytest.mark.parametrize(
    ("given", "settings"),
    [
        ([], {"colour": "red", "limit": 3, "strict": False}),
        (["colour=blue"], {"colour": "blue", "limit": 3, "strict": False}),
        (["limit=-5", "strict=true"], {"colour": "red", "limit": -5, "strict": True}),
        (["limit=1", "limit=2"], {"colour": "red", "limit": 2, "strict": False}),
    ],
)
def test_settings_are_given_as_text_and_become_what_they_are(
    given: list[str], settings: dict[str, object], crossdock: Run
) -> None:
    options = [part for pair in given for part in ("--set", pair)]

    assert json.loads(crossdock("transform", "shop/settings", *options, stdin=b"{}").out) == settings


# check


def test_check_finds_nothing(crossdock: Run) -> None:
    assert crossdock("check") == (0, "", "4 mappings checked, no findings\n")
    assert crossdock("check", "shop/order") == (0, "", "1 mapping checked, no findings\n")


def test_check_reports_every_mistake_of_every_file(crossdock: Run, project: MakeProject) -> None:
    project({"mappings/a.yaml": "map: {x: foo(, y: mony(z)}\n", "mappings/b.yaml": "map: {x: &y z}\n"})
    ran = crossdock("check", "--format", "short")

    assert (ran.code, ran.err) == (2, "")
    assert ran.out == (
        "mappings/a.yaml:1:13: error[expression-syntax]: the expression is not finished\n"
        "mappings/a.yaml:1:19: error[unknown-function]: there is no function `mony`\n"
        "mappings/b.yaml:1:10: error[yaml-anchor]: anchors are not allowed\n"
    )


def test_check_of_a_mapping_that_is_not_there(crossdock: Run) -> None:
    ran = crossdock("check", "shop/ordr")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error[unknown-mapping]: there is no mapping `shop/ordr`\n")


@pytest.mark.parametrize("form", ["json", "sarif"])
@pytest.mark.parametrize("style", ["--format={}", "--format {}"])
def test_a_document_is_a_document_whatever_happens(
    form: str, style: str, crossdock: Run, project: MakeProject
) -> None:
    option = style.format(form).split()

    ran = crossdock("check", *option)
    assert (ran.code, ran.err) == (0, "")
    json.loads(ran.out)
    project({"mappings/a.yaml": "map: {x: foo(}\n"})
    ran = crossdock("check", *option)
    assert ran.code == 2
    assert ran.err == ""
    assert "expression-syntax" in json.dumps(json.loads(ran.out))
    ran = crossdock("transform", "shop/order", *option, stdin=b"{")
    assert ran.code == 3
    assert "not-json" in json.dumps(json.loads(ran.err))


@pytest.mark.parametrize("form", ["text", "short", "json", "github", "sarif"])
def test_a_report_can_be_written_to_a_file(
    form: str, crossdock: Run, project: MakeProject, tmp_path: Path
) -> None:
    project({"mappings/a.yaml": "map: {x: foo(}\n"})
    shown = crossdock("check", "--format", form)

    ran = crossdock("check", "--format", form, "-o", str(tmp_path / "report"))

    assert (ran.code, ran.out) == (2, "")
    assert (tmp_path / "report").read_text(encoding="utf-8") == shown.out


@pytest.mark.parametrize(
    "arguments",
    [
        ("list",),
        ("functions",),
        ("functions", "money"),
        ("show", "kibo/failure"),
        ("show", "kibo/order_ack"),
        ("schema", "retailops/order"),
        ("schema", "mapping"),
        ("overview",),
        ("explain", "kibo/failure"),
        ("sheet", "kibo/order_ack", "--format", "csv"),
        ("coverage", "kibo/failure", "--static"),
    ],
)
def test_every_report_can_be_written_to_a_file(
    arguments: tuple[str, ...], crossdock: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = crossdock(*arguments)
    ran = crossdock(*arguments, "-o", "report")

    assert (ran.code, ran.out, ran.err) == (shown.code, "", shown.err)
    assert shown.out
    assert (tmp_path / "report").read_text(encoding="utf-8") == shown.out
    assert crossdock(*arguments, "-o", "-") == shown


def test_show_takes_the_name_of_an_action(crossdock: Run) -> None:
    file = REPOSITORY / "mappings/kibo/order_ack/conversation.yaml"

    assert crossdock("show", "kibo/order_ack") == (0, file.read_text(encoding="utf-8"), "")


def test_every_command_with_a_report_has_the_option(crossdock: Run) -> None:
    """Those without it print none, or their files have places of their own, or their own commands have it."""
    without = {name for name in SUMMARIES if "--output" not in crossdock(name, "--help").out}

    assert without == {"bulk", "completion", "journal", "lsp", "mcp", "new", "serve", "studio"}


@pytest.mark.parametrize("command", ["check", "coverage", "compile", "derive"])
def test_where_there_is_no_project_the_bundled_one_is_not_taken(
    command: str, crossdock: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_without_project(tmp_path))
    ran = crossdock(command)

    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "error[no-project]: there is no project here: neither this directory nor one above it has a "
        "`mappings` folder\n"
        "  = help: `crossdock new` begins one"
        + "; --bundled takes the mappings that come with Crossdock\n" * (command != "derive")
        + "\n" * (command == "derive")
    )


def test_the_bundled_mappings_are_checked_when_asked_for(
    crossdock: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_without_project(tmp_path))
    ran = crossdock("check", "--bundled", "kibo/failure")

    assert (ran.code, ran.err) == (0, "1 mapping checked, no findings\n")


def tmp_path_without_project(tmp_path: Path) -> Path:
    (place := tmp_path.parent / f"{tmp_path.name}-empty").mkdir()
    return place


# The rest


def test_list(crossdock: Run) -> None:
    ran = crossdock("list")

    assert ran.code == 0
    assert {"shop/breaks", "shop/fails", "shop/order", "shop/settings"} <= set(ran.out.splitlines())
    assert "shop/channel" not in ran.out


def test_functions(crossdock: Run) -> None:
    every = crossdock("functions")
    one = crossdock("functions", "money", "upper")

    assert every.code == one.code == 0
    assert "money(amount: number | string, currency?: string, rounding?: string) -> string\n    " in every.out
    assert "→" not in every.out
    assert '    money(`19.9`)  →  "19.90"\n' in one.out
    assert "upper(text: string) -> string\n" in one.out


def test_version(crossdock: Run) -> None:
    assert crossdock("--version") == (0, f"crossdock, version {__version__}\n", "")


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["transform", "--help"], ["check", "-h"]])
def test_help(arguments: list[str], crossdock: Run) -> None:
    ran = crossdock(*arguments)

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Usage: crossdock")


def test_every_summary_is_shown_whole_at_80_columns(crossdock: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    _, _, listed = crossdock("--help").out.partition("Commands:\n")

    assert [line.split(maxsplit=1) for line in listed.splitlines()] == [
        list(pair) for pair in SUMMARIES.items()
    ]
    assert "..." not in listed


def test_the_summaries_are_those_of_the_commands() -> None:
    context = click.Context(cli)

    assert list(SUMMARIES) == sorted(
        path.stem for path in Path(commands.__path__[0]).glob("*.py") if path.stem != "__init__"
    )
    for name, summary in SUMMARIES.items():
        command = cli.get_command(context, name)
        assert command is not None
        assert (command.name, command.get_short_help_str(1000)) == (name, summary)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["explain", "shop/order", "--as", "tree"], "--as is now --format"),
        (["explain", "shop/order", "--as=json"], "--as is now --format"),
        (["diff", "HEAD:shop/order", "--as", "markdown"], "--as is now --format"),
        (["diff", "HEAD:shop/order", "--corpus", "lines.ndjson"], "--corpus is now --examples"),
        (["coverage", "--as", "json"], "--as is now --format"),
        (["sheet", "shop/order", "--as", "csv"], "--as is now --format"),
        (["mutate", "shop/order", "--as", "json"], "--as is now --format"),
        (["mutate", "shop/order", "--examples", "shop/order"], "--examples is now --only"),
        (["journal", "list", "--most", "3"], "--most is now --limit"),
    ],
)
def test_the_old_spelling_of_an_option_names_the_new_one(
    arguments: list[str], line: str, crossdock: Run
) -> None:
    ran = crossdock(*arguments)

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines()[-1] == f"Error: {line}"


@pytest.mark.parametrize("arguments", [["list", "--as", "json"], ["check", "--corpus", "x"]])
def test_an_option_without_a_new_spelling_is_unknown(arguments: list[str], crossdock: Run) -> None:
    ran = crossdock(*arguments)

    assert (ran.code, ran.out) == (2, "")
    assert "No such option" in ran.err


@pytest.mark.parametrize("command", [["coverage", "shop/order"], ["diff", "shop/order", "shop/order"]])
def test_examples_are_read_from_stdin_and_from_several_places(command: list[str], crossdock: Run) -> None:
    line = FILES["good.json"].encode() + b"\n"
    one = crossdock(*command, "--examples", "-", stdin=line)
    three = crossdock(*command, "--examples", "-", "--examples", "good.json", stdin=2 * line)

    assert ("in 1 example" in one.out) or ("1 payload read" in one.out)
    assert ("in 3 examples" in three.out) or ("3 payloads read" in three.out)


@pytest.mark.parametrize(
    "command", [["coverage"], ["diff", "shop/order"], ["suggest", "shop/source", "shop/target"]]
)
def test_examples_that_do_not_exist(command: list[str], crossdock: Run, project: MakeProject) -> None:
    ran = crossdock(*command, *(["shop/order"] if command[0] == "diff" else []), "--examples", "nowhere")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines()[-1] == "Error: Invalid value for '--examples': there is no file `nowhere`"


def test_stdin_holds_the_examples_of_one_mapping_only(crossdock: Run) -> None:
    ran = crossdock("coverage", "--examples", "-")

    assert (ran.code, ran.out) == (2, "")
    assert (
        ran.err.splitlines()[-1]
        == "Error: Invalid value for '--examples': - can be read for one mapping only"
    )


@pytest.mark.parametrize(
    ("form", "report", "problem"),
    [
        ("text", "/ref  7 ", "error[wrong-type]: "),
        ("json", "{", "["),
        ("markdown", "##", "error[wrong-type]: "),
        ("short", "/ref  7 ", "mappings/shop/breaks.yaml:2:12: error[wrong-type]: "),
        ("github", "/ref  7 ", "::error "),
        ("sarif", "/ref  7 ", "{"),
    ],
)
def test_one_format_is_that_of_a_report_and_of_its_diagnostics(
    form: str, report: str, problem: str, crossdock: Run
) -> None:
    ran = crossdock("explain", "shop/breaks", "--payload", "good.json", "--format", form)
    assert ran.code == 4
    assert ran.out.startswith(report), ran.out
    assert ran.err.startswith(problem), ran.err


@pytest.mark.parametrize("command", ["coverage", "explain", "mutate"])
def test_an_error_is_json_when_the_report_would_be(command: str, crossdock: Run) -> None:
    ran = crossdock(command, "shop/ordr", "--format", "json")

    assert (ran.code, ran.out) == (2, "")
    assert json.loads(ran.err)[0]["id"] == "unknown-mapping"


@pytest.mark.parametrize("command", ["coverage", "explain", "sheet"])
def test_an_error_is_text_when_the_report_would_be_markdown(command: str, crossdock: Run) -> None:
    ran = crossdock(command, "shop/ordr", "--format", "markdown")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error[unknown-mapping]: there is no mapping `shop/ordr`\n")


def test_the_last_format_counts(crossdock: Run) -> None:
    ran = crossdock("check", "shop/ordr", "--format", "json", "--format=short")

    assert ran.err == "error[unknown-mapping]: there is no mapping `shop/ordr`\n"


def test_without_a_command_the_help_is_shown(crossdock: Run) -> None:
    ran = crossdock()

    assert ran.code == 2
    assert "Usage: crossdock" in ran.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str, crossdock: Run) -> None:
    ran = crossdock("completion", shell)

    assert (ran.code, ran.err) == (0, "")
    assert "_CROSSDOCK_COMPLETE" in ran.out


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("crossdock s", ["schema", "serve", "sheet", "show", "studio", "suggest"]),
        ("crossdock --pr", ["--project"]),
        ("crossdock explain --f", ["--field", "--format"]),
        ("crossdock sheet --format ", ["html", "markdown", "csv"]),
        ("crossdock mutate --on", ["--only"]),
    ],
)
def test_what_is_completed(words: str, completed: list[str], crossdock: Run, tmp_path: Path) -> None:
    at = str(len(words.split(" ")) - 1)
    asked = {"_CROSSDOCK_COMPLETE": "zsh_complete", "COMP_WORDS": words, "COMP_CWORD": at}
    ran = process([], tmp_path, env={**os.environ, **asked})

    found = ran.stdout.decode().splitlines()
    assert (ran.returncode, ran.stderr, found[1::3]) == (0, b"", completed)


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, False),
    ],
)
def test_colour(
    environment: dict[str, str], coloured: bool, crossdock: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "TERM", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert ("\x1b[" in crossdock("transform", "shop/fails", "good.json").err) is coloured


def test_an_interruption_is_130_and_one_word(crossdock: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("crossdock.core.json_reader.read", interrupt)

    ran = crossdock("transform", "shop/order")
    assert (ran.code, ran.out, ran.err.strip()) == (130, "", "interrupted")


def test_too_little_memory_is_said(crossdock: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_out(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("crossdock.core.json_reader.read", run_out)

    ran = crossdock("transform", "shop/order")
    assert (ran.code, ran.out, ran.err) == (6, "", "error: there is not enough memory\n")


# What only a process shows

COMMAND = [sys.executable, "-m", "crossdock.cli"]


def process(
    arguments: Sequence[str], directory: Path, start: Sequence[str] = COMMAND, **options: object
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*start, *arguments], cwd=directory, capture_output=True, timeout=30, **options)  # type: ignore[call-overload, no-any-return]


def test_the_process_exits_as_it_says(project: MakeProject, tmp_path: Path) -> None:
    project(FILES)
    ran = process(["transform", "shop/order", "-"], tmp_path, input=b"{")

    assert (ran.returncode, ran.stdout) == (3, b"")
    assert ran.stderr.startswith(b"error[not-json]")


def test_a_reader_that_has_enough_is_no_failure(project: MakeProject, tmp_path: Path) -> None:
    project({**FILES, "mappings/all.yaml": "map: '@'\n", "big.json": json.dumps(["x" * 100] * 20_000)})
    writer = subprocess.Popen(
        [*COMMAND, "transform", "all", "big.json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert writer.stdout is not None and writer.stderr is not None
    assert writer.stdout.read(1) == b"["
    writer.stdout.close()
    err = writer.stderr.read()
    writer.stderr.close()

    assert (writer.wait(30), err) == (0, b"")


# Until the last one that it needs is there, it does not read. Click comes first.
@pytest.mark.parametrize(
    "modules", [("click.globals",), ("crossdock.core.json_reader", "crossdock.project.project")]
)
def test_ctrl_c_while_it_is_imported_and_while_it_waits(
    project: MakeProject, tmp_path: Path, modules: tuple[str, ...]
) -> None:
    project(FILES)
    running = subprocess.Popen(
        [*COMMAND, "transform", "shop/order"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPROFILEIMPORTTIME": "1"},
        preexec_fn=interruptible,
    )
    assert running.stderr is not None
    for line in running.stderr:
        if line.decode().rstrip().endswith(modules):
            break
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)

    said = [line for line in err.splitlines() if line and not line.startswith(b"import time:")]
    assert (running.returncode, out, said) == (130, b"", [b"interrupted"])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_a_full_disk_is_no_traceback(project: MakeProject, tmp_path: Path) -> None:
    project(FILES)
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [*COMMAND, "transform", "shop/order", "good.json"],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=30,
        )

    assert (ran.returncode, ran.stderr) == (2, b"error: no space left on device\n")


@pytest.mark.parametrize("command", [("transform", "shop/order", "good.json"), ("list",), ("functions",)])
def test_a_closed_output_is_an_error(project: MakeProject, tmp_path: Path, command: tuple[str, ...]) -> None:
    project(FILES)
    ran = process(["bash", "-c", '"$@" >&-', "bash", *COMMAND, *command], tmp_path, start=[])

    assert (ran.returncode, ran.stderr) == (2, b"error: standard output is closed\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
@pytest.mark.parametrize(
    ("redirected", "arguments", "code"),
    [
        ("2>/dev/full", ["transform", "shop/order", "-"], 3),
        ("2>&-", ["transform", "shop/order", "-"], 3),
        ("2>/dev/full", ["transform", "no/such", "-"], 2),
        ("2>/dev/full", ["no-such-command"], 2),
    ],
)
def test_a_lost_message_changes_no_exit_code(
    project: MakeProject, tmp_path: Path, redirected: str, arguments: list[str], code: int
) -> None:
    project(FILES)
    shell = ["bash", "-c", f'"$@" {redirected}', "bash", *COMMAND, *arguments]
    ran = process(shell, tmp_path, start=[], input=b"{")

    assert (ran.returncode, ran.stdout) == (code, b"")


def test_the_result_is_utf_8_whatever_the_locale(project: MakeProject, tmp_path: Path) -> None:
    project(FILES)
    environment = {
        **os.environ,
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONIOENCODING": "ascii",
    }
    ran = process(["transform", "shop/order", "good.json"], tmp_path, env=environment)

    assert (ran.returncode, ran.stdout.decode("utf-8")) == (0, GOOD)
