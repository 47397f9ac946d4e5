"""Canaries in every sensitive place of every bundled schema: no command shows one.

Each schema with marks has a mapping and a conversation that take all of its payload everywhere: as it is, as
text, its keys, its values. The payload has every field of the schema, and fits it. All of the schemas:
SENSITIVITY=1 python -m pytest tests/test_schema_canaries.py; without it only some are taken.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import REPOSITORY, Run
from crossdock import Project
from crossdock.core.json_types import JSON
from crossdock.core.paths import EACH
from crossdock.schema import node as nodes
from crossdock.schema.marks import Marks, marks_of
from fuzz.filled import filled
from test_sensitivity import leaks

MAPPING = """\
from: %s
to: s/any
map:
  all: "@"
  text: to_string(@)
  loud: upper(to_string(@))
  keys: keys(@)
  values: values(@)
  pairs: entries(@)
  each: [{$each: values(@), value: "@"}]
  line: "it is {{ root | to_string }}"
checks:
  - check: text
    level: warning
    message: there is no text
"""
CONVERSATION = """\
request: %s
response_schema: s/any
failure: ../failure
values: {named: to_string(@)}
steps:
  - {step: one, call: POST /a, query: {q: $named}, headers: {x-q: "'plain'"}, body: {all: "@"}, answer: %s}
  - {step: two, each: values(@), value: "@"}
  - {step: three, each: "[@]", call: "PUT /a/{{ $named }}/b", body: {two: $two}, tolerate: status == `404`}
  - {step: four, event: {one: $one, three: answers().three}}
  - {step: five, call: POST /b, form: true, body: {text: to_string(events()), all: "to_string(answers())"}}
response: {answers: answers(), events: events(), request: request()}
"""


def names() -> Iterator[str]:
    project = Project.open(REPOSITORY)
    for file in sorted((REPOSITORY / "schemas").rglob("*.schema.json")):
        name = file.relative_to(REPOSITORY / "schemas").as_posix().removesuffix(".schema.json")
        if marks_of(project.schema(name)).below:
            yield name


NAMES = tuple(names())
TRIED = NAMES if os.environ.get("SENSITIVITY") else ("fabric/order_create", "kibo/package", "retailops/order")


def slug(name: str) -> str:
    return name.replace("/", "_").replace(".", "_")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a mapping, a conversation and an example for each schema with marks."""
    root = tmp_path_factory.mktemp("canaries")
    shutil.copytree(REPOSITORY / "schemas", root / "schemas")
    files = {
        "schemas/s/any.schema.json": "{}",
        "mappings/t/channel.yaml": "base_url: https://t.example.com\nauth: {kind: none}\n",
        "mappings/t/failure.yaml": 'map: "@"\n',
        "mappings/t/empty.yaml": "map: {z: 0}\n",
    }
    project = Project.open(REPOSITORY)
    for name in TRIED:
        of = slug(name)
        payload = filled(project.schema(name)).value
        files |= {
            f"mappings/t/{of}.yaml": MAPPING % name,
            f"mappings/t/do_{of}/conversation.yaml": CONVERSATION % (name, name),
            f"examples/t/{of}/full.json": json.dumps(payload),
            f"answers/{of}/good.json": json.dumps({"one": payload, "three": [{"ok": 1}], "five": {"ok": 1}}),
            f"answers/{of}/failed.json": json.dumps({"one": {"$status": 500, "$body": payload}}),
            f"answers/{of}/text.json": json.dumps({"one": {"$text": json.dumps(payload)}}),
            f"answers/{of}/broken.json": json.dumps({"one": [payload]}),
            f"wrong/{of}.json": json.dumps(json.dumps(payload)),
        }
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    made = Project.open(root)
    for name in TRIED:
        target = root / "snapshots" / "t" / slug(name) / "full.json"
        target.parent.mkdir(parents=True)
        payload = json.loads((root / f"examples/t/{slug(name)}/full.json").read_text("utf-8"))
        result = made.mapping(f"t/{slug(name)}")(payload)
        target.write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return root


@pytest.fixture
def crossdock(shop: Path, monkeypatch: pytest.MonkeyPatch, run_crossdock: Run) -> Run:
    monkeypatch.chdir(shop)
    return run_crossdock


def test_schemas_of_every_system_have_marks() -> None:
    assert {name.partition("/")[0] for name in NAMES} == {"fabric", "kibo", "retailops", "retailops_v1"}
    assert len(NAMES) >= 24


@pytest.mark.parametrize("name", NAMES)
def test_a_payload_holds_a_canary_in_every_sensitive_place(name: str) -> None:
    schema = Project.open(REPOSITORY).schema(name)
    places = set(sensitive_places(marks_of(schema), (), frozenset()))
    assert filled(schema).fields == places


def sensitive_places(
    marks: Marks, place: tuple[str, ...], around: frozenset[int]
) -> Iterator[tuple[str, ...]]:
    """The fields of texts and numbers that are marked, or below a mark; a schema in itself ends there."""
    met = frozenset(map(id, marks.applied))
    parts = {name: marks.member(name) for each in marks.applied for name in nodes.properties(each)}
    if any(map(nodes.other_property_schemas, marks.applied)):
        parts["other"] = marks.others()
    if marks.items().applied:
        parts[EACH] = marks.items()
    if around.isdisjoint(met):
        for name, part in parts.items():
            yield from sensitive_places(part, (*place, name), around | met)
    fixed = any({"enum", "const"} & each.keys() or nodes.kinds(each) == {"boolean"} for each in marks.applied)
    if marks.sensitive and not parts and not fixed:
        yield place


EXPLAIN = ("explain", "t/do_{}", "--payload", "examples/t/{}/full.json")
COMMANDS = (
    *(
        ("explain", "t/{}", "--payload", "examples/t/{}/full.json", "--format", form)
        for form in ("text", "json", "markdown")
    ),
    ("explain", "t/{}", "--payload", "wrong/{}.json"),
    ("explain", "t/{}", "--format", "json"),
    ("explain", "t/{}", "--format", "openlineage"),
    *(
        ("diff", "t/empty", "t/{}", "--examples", "examples/t/{}", "--format", form)
        for form in ("text", "json", "markdown")
    ),
    ("diff", "t/{}", "t/empty", "--examples", "examples/t/{}"),
    *(("sheet", "t/{}", "--format", form) for form in ("html", "markdown", "csv")),
    *(
        ("coverage", "t/{}", "--examples", "examples/t/{}", "--format", form)
        for form in ("text", "json", "markdown")
    ),
    *(("mutate", "t/{}", "--limit", "6", "--format", form) for form in ("text", "json")),
    ("suggest", "{name}", "retailops/order", "--examples", "examples/t/{}"),
    ("check", "t/{}", "t/do_{}/conversation"),
    *(
        (
            "explain",
            "t/do_{}",
            "--payload",
            "examples/t/{}/full.json",
            "--answers",
            f"answers/{{}}/{given}.json",
        )
        for given in ("good", "failed", "text", "broken")
    ),
    (*EXPLAIN, "--format", "json"),
    ("compile", "t/{}", "--show"),
    *(
        ("plan", "t", "do_{}", "examples/t/{}/full.json", "--answers", f"answers/{{}}/{given}.json")
        for given in ("good", "failed", "text", "broken")
    ),
    ("plan", "t", "do_{}", "examples/t/{}/full.json", "--format", "json"),
    ("plan", "t", "do_{}", "wrong/{}.json", "--format", "sarif"),
    ("answer", "t", "do_{}", "examples/t/{}/full.json", "--dry-run"),
)


@pytest.mark.parametrize("name", TRIED)
def test_no_command_shows_a_canary(crossdock: Run, name: str) -> None:
    codes = set()
    for arguments in COMMANDS:
        ran = crossdock(*(each.replace("{name}", name).replace("{}", slug(name)) for each in arguments))
        codes.add(ran.code)
        assert ran.code in (0, 1, 3, 4), (arguments, ran.err)
        assert leaks(ran.out, ran.err) == [], arguments
    # A schema that only documents refuses nothing.
    refuses = "x-documented-as" not in Project.open(REPOSITORY).schema(name).node
    assert ({0, 3} if refuses else {0}) <= codes


@pytest.mark.parametrize("name", TRIED)
def test_the_conversation_does_send_and_return_them(crossdock: Run, name: str) -> None:
    of = slug(name)
    ran = crossdock(
        "plan",
        "t",
        f"do_{of}",
        f"examples/t/{of}/full.json",
        "--answers",
        f"answers/{of}/good.json",
        "--show-sensitive",
    )
    shown: dict[str, list[dict[str, JSON]]] = json.loads(ran.out)
    assert ran.code == 0, ran.err
    for part in (*(json.dumps(call) for call in shown["calls"]), json.dumps(shown["response"])):
        assert leaks(part)
