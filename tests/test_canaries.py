"""Canaries: each sensitive field of our own examples holds a marker, and no command ever shows one.

What transforms, plans and answers prints the payload's values on purpose; there only the standard error is
looked at. All others are looked at as a whole: on success, and on each kind of failure.
"""

from __future__ import annotations

import copy
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from conftest import REPOSITORY, Run
from crossdock import Project
from crossdock.core.json_types import JSON
from crossdock.schema.marks import Marks, marks_of

MAPPINGS = ("kibo/order", "fabric/order", "fabric/order_create", "kibo/order_import")
FORMS = ("text", "short", "json", "github", "sarif")
MARK = "q7canary"

Parts: TypeAlias = tuple[str | int, ...]


def sensitive(value: JSON, marks: Marks, parts: Parts = ()) -> Iterator[Parts]:
    """The places of single values that the schema marks, or that lie below such a mark."""
    match value:
        case dict():
            for name, each in value.items():
                yield from sensitive(each, marks.member(name), (*parts, name))
        case list():
            for place, each in enumerate(value):
                yield from sensitive(each, marks.items(), (*parts, place))
        case str() if marks.sensitive:
            yield parts


def at(value: JSON, parts: Parts) -> JSON:
    for part in parts:
        value = value[part]  # type: ignore[index]
    return value


def put(value: JSON, parts: Parts, new: JSON) -> JSON:
    """The value with another one at a place."""
    changed = copy.deepcopy(value)
    container = at(changed, parts[:-1])
    container[parts[-1]] = new  # type: ignore[index]
    return changed


def marked(payload: JSON, marks: Marks) -> tuple[JSON, list[Parts]]:
    """A payload with a marker of its own in each sensitive text, in the form that the text had."""
    places = list(sensitive(payload, marks))
    for number, parts in enumerate(places):
        address = "@" in str(at(payload, parts))
        payload = put(payload, parts, f"{MARK}{number}" + ("@example.com" if address else ""))
    return payload, places


def leaks(*texts: str) -> list[str]:
    """The markers that texts hold, with the text around them, in upper or lower case."""
    return [
        text[max(0, found.start() - 60) : found.end() + 20]
        for text in texts
        for found in re.finditer(MARK, text, re.IGNORECASE)
    ]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our project, with one example for each of the mappings, full of markers."""
    root = tmp_path_factory.mktemp("shop")
    for folder in ("mappings", "schemas"):
        shutil.copytree(REPOSITORY / folder, root / folder)
    project = Project.open(REPOSITORY)
    for name in MAPPINGS:
        source = project.mapping(name).linked.source
        assert source is not None
        payload, places = marked(_example(name), marks_of(source))
        assert len(places) >= 5
        (root / "examples" / name).mkdir(parents=True)
        (root / "examples" / name / "marked.json").write_text(json.dumps(payload), encoding="utf-8")
        (root / "snapshots" / name).mkdir(parents=True)
        result = json.dumps(project.mapping(name)(payload), ensure_ascii=False, indent=2)
        (root / "snapshots" / name / "marked.json").write_text(result + "\n", encoding="utf-8")
    return root


def _example(name: str) -> JSON:
    """Of a mapping's examples that have a result the one with the most sensitive texts."""
    results = REPOSITORY / "snapshots" / name
    files = [REPOSITORY / "examples" / name / file.name for file in sorted(results.glob("*.json"))]
    source = Project.open(REPOSITORY).mapping(name).linked.source
    assert source is not None
    marks = marks_of(source)
    payloads: list[JSON] = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    return max(payloads, key=lambda payload: len(list(sensitive(payload, marks))))


@pytest.fixture
def crossdock(shop: Path, monkeypatch: pytest.MonkeyPatch, run_crossdock: Run) -> Run:
    monkeypatch.chdir(shop)
    return run_crossdock


def payload_of(shop: Path, name: str) -> JSON:
    found: JSON = json.loads((shop / "examples" / name / "marked.json").read_text(encoding="utf-8"))
    return found


def wrong(payload: JSON, marks: Marks) -> Iterator[tuple[str, bytes]]:
    """The payload with each kind of mistake, the markers still in it."""
    text = json.dumps(payload)
    yield "cut in the middle", text[: len(text) // 2].encode()
    yield "cut in a marker", text[: text.rindex(MARK) + len(MARK) + 1].encode()
    yield "a key twice", (text[:-1] + f', "x{MARK[:2]}": "{MARK}", "x{MARK[:2]}": 1}}').encode()
    yield "without quotes", text.replace(f'"{MARK}0', f"{MARK}0", 1).encode()
    yield "not UTF-8", text.replace(f"{MARK}0", f"{MARK}0\udcff", 1).encode("utf-8", "surrogateescape")
    yield "in a list", json.dumps([payload]).encode()
    yield "all of it text", json.dumps(text).encode()
    assert isinstance(payload, dict)
    ways: dict[str, Callable[[JSON], JSON]] = {
        "a list": lambda mark: [mark],
        "an object": lambda mark: {"is": mark},
        "very long": lambda mark: f"{mark}" * 2_000,
        "no address": lambda mark: f"{mark}\n\x1b[31m@@",
    }
    for way, change in ways.items():
        changed: JSON = payload
        for parts in sensitive(payload, marks):
            changed = put(changed, parts, change(at(payload, parts)))
        yield f"{way} at every place", json.dumps(changed).encode()
    empty = {key: each for key, each in payload.items() if isinstance(each, list | dict)}
    yield "nothing but lists and objects", json.dumps(empty).encode()
    yield "text in the place of lists", json.dumps({**payload, **dict.fromkeys(empty, MARK)}).encode()


@pytest.mark.parametrize("name", MAPPINGS)
def test_transform_tells_of_no_sensitive_value_whatever_is_wrong(
    shop: Path, crossdock: Run, name: str
) -> None:
    source = Project.open(shop).mapping(name).linked.source
    assert source is not None
    codes: set[int] = set()
    cases = list(wrong(payload_of(shop, name), marks_of(source)))
    for number, (case, data) in enumerate(cases[MAPPINGS.index(name) :: 2]):
        form = FORMS[number % len(FORMS)]
        ran = crossdock("transform", name, "-", "--format", form, "--no-cache", stdin=data)
        codes.add(ran.code)
        assert leaks(ran.err) == [], case
        assert ran.code in (0, 3, 4), case
    assert {3} < codes


@pytest.mark.parametrize("name", MAPPINGS)
def test_lines_tell_of_no_sensitive_value_whatever_is_wrong(shop: Path, crossdock: Run, name: str) -> None:
    source = Project.open(shop).mapping(name).linked.source
    assert source is not None
    cases = [data for case, data in wrong(payload_of(shop, name), marks_of(source)) if b"\n" not in data]
    for form in FORMS:
        ran = crossdock("transform", name, "-", "--lines", "--format", form, stdin=b"\n".join(cases))
        assert (ran.code, leaks(ran.err)) == (3, [])


@pytest.mark.parametrize("name", MAPPINGS[:2])
def test_a_process_of_its_own_tells_no_more(shop: Path, crossdock: Run, name: str) -> None:
    source = Project.open(shop).mapping(name).linked.source
    assert source is not None
    for case, data in list(wrong(payload_of(shop, name), marks_of(source)))[::3]:
        ran = crossdock("transform", name, "-", "--untrusted", stdin=data)
        assert (ran.code in (0, 3, 4), leaks(ran.err)) == (True, []), case


@pytest.mark.parametrize("name", MAPPINGS)
def test_a_result_without_validation_is_no_reason_to_tell(shop: Path, crossdock: Run, name: str) -> None:
    source = Project.open(shop).mapping(name).linked.source
    assert source is not None
    for case, data in list(wrong(payload_of(shop, name), marks_of(source)))[7:11]:
        ran = crossdock("transform", name, "-", "--no-validate", "--no-cache", stdin=data)
        assert leaks(ran.err) == [], case


@pytest.mark.parametrize("how", ["text", "json", "markdown"])
@pytest.mark.parametrize("name", MAPPINGS)
def test_explain_hides_what_is_sensitive(crossdock: Run, name: str, how: str) -> None:
    ran = crossdock("explain", name, "--payload", f"examples/{name}/marked.json", "--format", how)
    assert ran.code == 0
    assert leaks(ran.out, ran.err) == []


@pytest.mark.parametrize("name", MAPPINGS)
def test_explain_hides_it_when_the_payload_is_wrong(shop: Path, crossdock: Run, name: str) -> None:
    source = Project.open(shop).mapping(name).linked.source
    assert source is not None
    for case, data in list(wrong(payload_of(shop, name), marks_of(source)))[::5]:
        ran = crossdock("explain", name, "--payload", "-", stdin=data)
        assert leaks(ran.out, ran.err) == [], case


@pytest.mark.parametrize("how", ["text", "json", "markdown"])
@pytest.mark.parametrize("name", MAPPINGS)
def test_diff_hides_what_is_sensitive(shop: Path, crossdock: Run, name: str, how: str) -> None:
    """Against a version that writes each field that one path gives in capital letters, if it has any."""
    file = shop / "mappings" / f"{name}.yaml"
    text = file.read_text(encoding="utf-8")
    changed = re.sub(r"(?m)^(\s+\w+: )(\w*(?:[nN]ame|[mM]ail|[aA]ddress1|street1?))$", r"\1upper(\2)", text)
    other = file.with_name("other.yaml")
    other.write_text(changed, encoding="utf-8")
    try:
        arguments = ["diff", other.relative_to(shop).as_posix(), name, "--examples", f"examples/{name}"]
        ran = crossdock(*arguments, "--format", how)
    finally:
        other.unlink()
    assert ran.code == (0 if changed == text else 1), ran.err
    assert leaks(ran.out, ran.err) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("check",),
        ("coverage", *MAPPINGS),
        ("coverage", "kibo/order", "--examples", "examples/kibo/order", "--format", "json"),
        ("coverage", "kibo/order", "--examples", "examples/kibo/order", "--format", "markdown"),
        ("sheet", "kibo/order"),
        ("sheet", "fabric/order", "--format", "markdown"),
        ("sheet", "fabric/order_create", "--format", "csv"),
        ("suggest", "kibo/order", "retailops/order", "--examples", "examples/kibo/order"),
        ("suggest", "fabric/order", "retailops/order", "--examples", "examples/fabric/order"),
        ("compile", "kibo/order"),
        ("compile", "fabric/order", "--show"),
        ("overview",),
        ("list",),
    ],
    ids=" ".join,
)
def test_what_looks_at_examples_shows_no_sensitive_value(crossdock: Run, arguments: tuple[str, ...]) -> None:
    ran = crossdock(*arguments)
    assert ran.code in (0, 1)
    assert leaks(ran.out, ran.err) == []


@pytest.mark.parametrize("command", [("plan",), ("answer", "--dry-run")])
@pytest.mark.parametrize(
    "data", [b"%s", b"[%s", b'{"action": %s}', b'{"action": "%s", "data": {"order": %s}}']
)
def test_a_request_that_cannot_be_planned_is_not_repeated(
    crossdock: Run, command: tuple[str, ...], data: bytes
) -> None:
    for channel, form in (("kibo", "text"), ("fabric", "json"), ("kibo", "github")):
        request = data.replace(b'"%s"', b'"' + MARK.encode() + b'"').replace(b"%s", f'"{MARK}"'.encode())
        ran = crossdock(*command, channel, "-", "--format", form, stdin=request)
        assert ran.code != 0
        assert leaks(ran.out, ran.err) == []


@pytest.mark.parametrize("action", ["order_complete", "items_returned", "order_fetch"])
def test_a_plan_tells_of_no_sensitive_value_beside_its_calls(crossdock: Run, action: str) -> None:
    """The ticket of a request opens the door to the shop: it is in no call, and in no message."""
    files = sorted((REPOSITORY / "examples" / "kibo" / action).glob("*.json"))
    request = json.loads(next(file for file in files if ".answers" not in file.name).read_text("utf-8"))
    request.setdefault("headers", {})["ticket"] = MARK
    for form in ("text", "sarif"):
        ran = crossdock("plan", "kibo", action, "-", "--format", form, stdin=json.dumps(request).encode())
        assert leaks(ran.out, ran.err) == []
        broken = json.dumps({**request, "data": MARK}).encode()
        ran = crossdock("plan", "kibo", action, "-", "--format", form, stdin=broken)
        assert (ran.code != 0, leaks(ran.out, ran.err)) == (True, [])
