"""A mapping at speed is the mapping: `mapping(payload)`, `run(traced=False)` and `convert` against its trace.

`run` with a trace is the interpreter's, step by step. Whatever else runs in its place gives the same value
to the type and the order of its keys, the same warnings, and the same errors to their last caret.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest

from conftest import REPOSITORY, Compile, MakeProject
from crossdock import CrossdockError, Mapping, Project, render
from crossdock.core.diagnostics import Diagnostic
from crossdock.core.json_reader import decode, encode
from crossdock.core.json_types import JSON, MISSING
from crossdock.execution import codegen
from crossdock.execution import runner as module
from crossdock.execution.fast_path import NOTHING, Nothing
from crossdock.execution.interpreter import execute
from crossdock.execution.scope import Scope
from crossdock.project.examples import is_payload, settings_beside
from fuzz.choices import Choices, drawn
from fuzz.promises import exact
from fuzz.targets import changed

OWN = Project.open(REPOSITORY)
Given = tuple[Any, ...]


def told(found: tuple[Diagnostic, ...]) -> str:
    """Findings with all that they say: the text with its carets, and the places as data."""
    return render(found) + render(found, "json")


def given(call: Callable[[], Any]) -> Given:
    try:
        return "value", call()
    except CrossdockError as error:
        return type(error), told(error.diagnostics)


def careful(mapping: Mapping, payload: JSON, settings: dict[str, JSON]) -> Given:
    def run() -> Given:
        result = mapping.run(payload, settings=settings, name="in.json")
        return exact(result.value), result.present, told(result.warnings)

    return given(run)


def untraced(mapping: Mapping, payload: JSON, settings: dict[str, JSON]) -> Given:
    def run() -> Given:
        result = mapping.run(payload, settings=settings, name="in.json", traced=False)
        return exact(result.value), result.present, told(result.warnings)

    return given(run)


def converted(mapping: Mapping, data: bytes, settings: dict[str, JSON], *, compact: bool = True) -> Given:
    return given(lambda: mapping.convert(data, settings=settings, name="in.json", compact=compact))


def carefully_converted(
    mapping: Mapping, data: bytes, settings: dict[str, JSON], *, compact: bool = True
) -> Given:
    def convert() -> bytes:
        value = mapping.run(decode(data, "in.json"), settings=settings, name="in.json").value
        return encode(value, compact=compact).encode()

    return given(convert)


def values(name: str) -> Iterator[tuple[JSON, dict[str, JSON]]]:
    """The examples of a mapping that are JSON, each with the settings beside it."""
    for file in sorted(filter(is_payload, (REPOSITORY / "examples" / name).glob("*.json"))):
        try:
            yield (
                json.loads(file.read_bytes(), parse_constant=_refuse),
                OWN.settings(name, settings_beside(file, file.name)),
            )
        except ValueError:
            continue


def _refuse(word: str) -> None:
    raise ValueError(word)


WITH_EXAMPLES = [name for name in OWN.mapping_names() if (REPOSITORY / "examples" / name).is_dir()]


def same(mapping: Mapping, payload: JSON, settings: dict[str, JSON]) -> str:
    """Compares every path with the normal one, and returns the outcome."""
    wanted = careful(mapping, payload, settings)
    assert untraced(mapping, payload, settings) == wanted
    data = encode(payload).encode("utf-8", "surrogatepass")
    for compact in (True, False):
        found = converted(mapping, data, settings, compact=compact)
        assert found == carefully_converted(mapping, data, settings, compact=compact)
    if wanted[0] == "value":
        assert exact(mapping(payload, settings=settings)) == wanted[1][0]
        return "warned" if wanted[1][2] != told(()) else "value"
    return str(wanted[0].__name__)


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_every_example_gives_the_same_every_way(name: str) -> None:
    mapping = OWN.mapping(name)
    found = [same(mapping, payload, settings) for payload, settings in values(name)]

    assert found.count("value") + found.count("warned") >= 1


def test_examples_that_are_broken_give_the_same_every_way() -> None:
    """Values of other types, missing parts, odd numbers: what is refused is refused alike."""
    found = []
    for name in WITH_EXAMPLES:
        mapping = OWN.mapping(name)
        examples = list(values(name))
        for seed in range(30):
            choices = Choices(drawn(seed))
            payload, settings = choices.pick(examples)
            found.append(same(mapping, changed(choices, payload), settings))

    for kind, least in {"value": 10, "warned": 3, "InputError": 25}.items():
        assert found.count(kind) >= least, {kind: found.count(kind) for kind in set(found)}


def test_most_examples_go_the_quick_way() -> None:
    """Else all of the above would say little."""
    quick, all_of_them = 0, 0
    for name in WITH_EXAMPLES:
        prepared = OWN.mapping(name).prepared()
        assert prepared is not None
        for payload, settings in values(name):
            scope = Scope(settings=settings)
            quick += not isinstance(prepared.result(payload, scope, []), Nothing)
            all_of_them += 1

    assert quick >= all_of_them * 0.6


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[",
        b"nothing",
        b'{"a": 1, "a": 2}',
        b'{"a": NaN}',
        b"\xff",
        b'{"a": "\\ud800"}',
        b'{"a": 1e999}',
    ],
)
def test_what_is_no_json_is_refused_as_always(data: bytes) -> None:
    for name in ("kibo/order", "fabric/order"):
        wanted = given(lambda: decode(data, "in.json"))
        mapping = OWN.mapping(name)
        assert given(lambda mapping=mapping: mapping.convert(data, name="in.json")) == wanted
        assert wanted[0] != "value"


# Mappings of their own kind

SCHEMAS = {
    "schemas/shop/in.schema.json": json.dumps({"type": "object", "properties": {"a": {"type": "integer"}}}),
    "schemas/shop/out.schema.json": json.dumps({"type": "object", "properties": {"a": {"maximum": 9}}}),
    "mappings/shop/channel.yaml": "describe: A shop.\nsettings:\n  by: {describe: b, default: 2}\n",
}
PAYLOADS: list[JSON] = [{"a": 1}, {"a": 50}, {"a": "1"}, {}, {"a": None}, [], None, 5, "x", {"a": 1.5}]


@pytest.mark.parametrize("head", ["", "from: shop/in\n", "to: shop/out\n", "from: shop/in\nto: shop/out\n"])
@pytest.mark.parametrize(
    "cell",
    [
        "{a: a}",
        "{a: 'multiply(a, settings().by)'}",
        "{a: {$value: a, $if: a}}",
        "{$if: a, a: a}",
        "{$value: a}",
        "{a: 'upper(a)'}",
    ],
)
def test_with_and_without_schemas(head: str, cell: str, compiled: Compile) -> None:
    try:
        mapping = compiled(f"{head}map: {cell}\n", SCHEMAS)
    except CrossdockError:
        assert head, "a mapping without schemas is taken whatever it yields"
        return
    for payload in PAYLOADS:
        for settings in ({}, {"by": 3}, {"by": 30}):
            same(mapping, payload, settings)


def test_a_result_that_is_missing_as_a_whole(compiled: Compile) -> None:
    mapping = compiled("map: {$if: a, b: a}\n")

    assert same(mapping, {}, {}) == "value"
    assert mapping({}) is None
    assert mapping.convert(b"{}") == b"null"
    quick, slow = mapping.run({}, traced=False), mapping.run({})
    assert (quick.value, quick.present) == (slow.value, slow.present) == (None, False)
    prepared = mapping.prepared()
    assert prepared is not None
    assert prepared.result({}, Scope(), []) is MISSING
    null = compiled("map: {$value: a}\n")
    assert same(null, {"a": None}, {}) == "value"


def test_settings_are_those_that_are_given(compiled: Compile) -> None:
    mapping = compiled("map: {a: settings().by, all: settings()}\n", SCHEMAS)

    assert mapping({}) == mapping.run({}).value == {"a": 2, "all": {"by": 2}}
    for settings in ({"by": 7}, {"by": None}, {"other": 1}, {"by": [1]}):
        assert mapping({}, settings=settings) == mapping.run({}, settings=settings).value
        text = encode(mapping.run({}, settings=settings).value, compact=True)
        assert mapping.convert(b"{}", settings=settings) == text.encode()
    assert mapping({}) == {"a": 2, "all": {"by": 2}}


def test_what_a_request_says(compiled: Compile) -> None:
    mapping = compiled("map: {a: request().id}\n")

    for request in ({"id": 3}, {}, None):
        quick = mapping.run({}, request=request, traced=False)
        assert quick.value == mapping.run({}, request=request).value


def test_results_share_nothing(compiled: Compile) -> None:
    """A result that is changed changes no other result, and no setting."""
    text = "tables: {t: {k: [1]}}\nmap: {a: {$const: [1]}, b: settings(), c: \"lookup('t', 'k')\", d: x}\n"
    mapping = compiled(text, SCHEMAS)
    first: Any = mapping({"x": [1]})
    wanted = json.dumps(first)
    first["a"].append(2)
    first["b"]["by"] = 9

    assert json.dumps(mapping({"x": [1]})) == wanted
    assert json.dumps(mapping.run({"x": [1]}).value) == wanted


def test_a_mapping_that_is_watched_is_interpreted(compiled: Compile) -> None:
    """An observer is notified of every run, with or without a trace."""
    mapping = compiled("map: {a: upper(a)}\n")
    seen: list[str] = []

    class Watching:
        def __getattr__(self, name: str) -> Callable[..., None]:
            if name.startswith("__"):
                raise AttributeError(name)
            return lambda *arguments: seen.append(name)

    watched = replace(mapping, watch=Watching())  # type: ignore[arg-type]
    calls: list[Callable[[], object]] = [
        lambda: watched({"a": "x"}),
        lambda: watched.run({"a": "x"}, traced=False),
        lambda: watched.convert(b'{"a": "x"}'),
        lambda: watched.run({"a": "x"}),
    ]
    assert watched.prepared() is None
    for call in calls:
        seen.clear()
        call()
        assert seen
    assert mapping.prepared() is not None


def test_without_generated_code_it_is_interpreted(compiled: Compile, monkeypatch: pytest.MonkeyPatch) -> None:
    for error in codegen.BEYOND:
        mapping = compiled("map: {a: upper(a)}\n")

        def beyond(*arguments: object, error: type[Exception] = error, **named: object) -> None:
            raise error("too much")

        monkeypatch.setattr(codegen, "generate", beyond)
        assert mapping.prepared() is None
        for payload in ({"a": "x"}, {"a": 1}):
            same(mapping, payload, {})
        monkeypatch.undo()


def test_a_schema_that_has_no_acceptor_still_counts(
    project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fast path then accepts nothing, and the normal path decides."""
    from crossdock.schema.fast import acceptance

    def beyond(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr(acceptance, "_validator", beyond)
    files = {**SCHEMAS, "mappings/shop/order.yaml": "from: shop/in\nto: shop/out\nmap: {a: a}\n"}
    mapping = project(files).mapping("shop/order")
    prepared = mapping.prepared()
    assert prepared is not None
    assert prepared.result({"a": 1}, Scope(), []) is NOTHING
    for payload in PAYLOADS:
        same(mapping, payload, {})


@pytest.mark.parametrize("error", [ValueError, KeyError, RecursionError, ZeroDivisionError, MemoryError])
def test_whatever_goes_wrong_at_speed_is_said_by_the_careful_way(
    error: type[Exception], compiled: Compile, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapping = compiled("map: {a: a}\n")
    prepared = mapping.prepared()
    assert prepared is not None

    def failing(payload: JSON, scope: Scope, failed: object) -> JSON:
        raise error

    mapping._kept[0] = replace(prepared, run=failing)
    assert mapping._kept[0].result({"a": 1}, Scope(), []) is NOTHING
    assert mapping._kept[0].converted(b'{"a": 1}', Scope(), []) is NOTHING
    assert same(mapping, {"a": 1}, {}) == "value"
    assert mapping({"a": 1}) == {"a": 1}


LINE = (
    "map: {sku: sku, off: settings().by}\n"
    "checks:\n"
    "  - {check: 'equal(off, root().a)', message: 'line {{ sku }} of {{ settings().by }}'}\n"
    "  - {check: sku, message: it has no SKU}\n"
)
LINES = (
    "map: {lines: [{$each: lines, $use: ./line, tax: tax}], first: {$with: 'lines[0]', $use: ./line}, n: n}\n"
    "checks:\n"
    "  - {check: 'equal(n, sum(root().lines[].a))', message: the lines do not add up}\n"
    "  - {check: '!(root().refused)', message: it is refused, level: error}\n"
)


@pytest.fixture
def lines(project: MakeProject) -> Mapping:
    """A mapping with checks that uses another one with checks, in a list and beside it."""
    files = {**SCHEMAS, "mappings/shop/line.yaml": LINE, "mappings/shop/order.yaml": LINES}
    return project(files).mapping("shop/order")


def test_checks_that_warn_are_told_at_speed(lines: Mapping, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with its figures, where its mapping's payload is, and where its part of the result is."""
    order: Any = {
        "n": 9,
        "lines": [{"sku": "A", "a": 2}, {"sku": "A", "a": 1.5}, {"sku": "B", "a": 2}, {"a": 0}],
    }
    wanted = lines.run(order, name="in.json")
    monkeypatch.setattr(module, "execute", None)
    found = lines.run(order, name="in.json", traced=False)

    assert told(found.warnings) == told(wanted.warnings)
    assert exact(found.value) == exact(wanted.value)
    assert [(each.message, each.input and each.input.pointer, each.output) for each in found.warnings] == [
        ("line A of 2: 2.00 against 1.50, a difference of 0.50", "/lines/1", "/lines/1"),
        ("line {{ sku }} of {{ settings().by }}: 2 against 0, a difference of 2", "/lines/3", "/lines/3"),
        ("it has no SKU", "/lines/3", "/lines/3"),
        ("the lines do not add up: 9.00 against 5.50, a difference of 3.50", "", ""),
    ]
    assert exact(lines(order)) == exact(wanted.value)
    assert lines.convert(encode(order).encode()) == encode(wanted.value, compact=True).encode()


@pytest.mark.parametrize(
    ("order", "warnings"),
    [
        ({"n": 1, "lines": [{"sku": "A", "a": 0.00001}, {"sku": "B", "a": 2}]}, 3),
        ({"n": 0, "lines": [{"sku": "A", "a": 3}, {"sku": "B", "a": 0.00001}]}, 4),
        ({"n": 2, "lines": [{"sku": "A", "a": 2}]}, 0),
        ({"n": None, "lines": [{"sku": None, "a": "2"}]}, 3),
        ({"n": 3, "lines": [{"sku": "A", "a": "two"}], "refused": False}, "EvaluationError"),
        ({"n": 3, "lines": [{"sku": "A", "a": 1}], "refused": True}, "OutputError"),
    ],
)
def test_checks_that_warn_say_the_same_every_way(lines: Mapping, order: JSON, warnings: int | str) -> None:
    """Also when amounts have more decimals than the first function takes, and when another check refuses."""
    outcome = same(lines, order, {})
    if isinstance(warnings, str):
        assert outcome == warnings
    else:
        assert len(lines.run(order, traced=False).warnings) == warnings
        assert outcome == ("warned" if warnings else "value")


def test_at_speed_the_interpreter_is_not_asked(compiled: Compile, monkeypatch: pytest.MonkeyPatch) -> None:
    mapping = compiled("map: {a: upper(a)}\n")
    asked: list[object] = []

    def watched(*arguments: Any, **named: Any) -> Any:
        asked.append(arguments)
        return execute(*arguments, **named)

    monkeypatch.setattr(module, "execute", watched)
    assert mapping({"a": "x"}) == {"a": "X"}
    assert mapping.run({"a": "x"}, traced=False).value == {"a": "X"}
    assert mapping.convert(b'{"a": "x"}') == b'{"a":"X"}'
    assert asked == []
    with pytest.raises(CrossdockError):
        mapping({"a": 1})
    assert len(asked) == 1


def test_threads_share_a_mapping() -> None:
    """Eight threads start together and run a new mapping 200 times each."""
    name = "kibo/order"
    examples = [(payload, settings) for payload, settings in values(name)][:6]
    fresh = Project(OWN.roots).mapping(name)
    wanted = [careful(OWN.mapping(name), payload, settings) for payload, settings in examples]
    data = [encode(payload).encode() for payload, _ in examples]
    texts = [
        carefully_converted(OWN.mapping(name), text, settings)
        for text, (_, settings) in zip(data, examples, strict=True)
    ]
    start = Barrier(8)

    def work(thread: int) -> int:
        start.wait(30)
        wrong = 0
        for turn in range(200):
            at = (turn + thread) % len(examples)
            payload, settings = examples[at]
            if (turn + thread) % 2:
                wrong += untraced(fresh, payload, settings) != wanted[at]
            else:
                wrong += converted(fresh, data[at], settings) != texts[at]
        return wrong

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [0] * 8
