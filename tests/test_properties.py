"""What holds of every mapping and every payload, tried on many of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from conftest import REPOSITORY
from crossdock import CompileError, EvaluationError, InputError, Mapping, OutputError, Project, Source
from crossdock.core.json_reader import decode, encode
from crossdock.project.compiler import compile_mapping

PROJECT = Project([REPOSITORY])
ORDERS = ["kibo/order", "fabric/order"]
TEXTS = {name: (REPOSITORY / "mappings" / f"{name}.yaml").read_text(encoding="utf-8") for name in ORDERS}


def examples(name: str) -> list[Path]:
    """The example payloads, without the settings that some of them have beside them."""
    return sorted(path for path in (REPOSITORY / "examples" / name).glob("*.json"))


def leaves(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield path


def outcome(mapping: Mapping, payload: object) -> str:
    """What a run gives, as text: the result and its warnings, or the diagnostics."""
    try:
        result = mapping.run(payload)  # type: ignore[arg-type]
    except (InputError, EvaluationError, OutputError) as error:
        return str(error)
    return encode(result.value) + "".join(str(item) for item in result.warnings)


@pytest.mark.parametrize("name", ORDERS)
def test_the_same_payload_gives_the_same_bytes(name: str) -> None:
    again = compile_mapping(name, Source(f"mappings/{name}.yaml", TEXTS[name]), PROJECT)
    mapping = PROJECT.mapping(name)
    for file in examples(name):
        payload = decode(file.read_bytes(), file.name)
        before = json.dumps(payload)
        first = outcome(mapping, payload)

        assert outcome(mapping, payload) == first
        assert outcome(again, decode(file.read_bytes(), file.name)) == first
        assert json.dumps(payload) == before, "a payload is never changed"


@pytest.mark.parametrize("name", ORDERS)
def test_every_leaf_of_a_result_has_a_step(name: str) -> None:
    mapping = PROJECT.mapping(name)
    traced = 0
    for file in examples(name):
        try:
            result = mapping.run(decode(file.read_bytes(), file.name))
        except (InputError, EvaluationError, OutputError):
            continue
        written = {step.output: step for step in result.trace.steps if step.present}
        for path in leaves(result.value):
            steps = [written[path[:length]] for length in range(1, len(path) + 1) if path[:length] in written]
            assert steps and steps[-1].span.text, f"{file.name}: {path}"
            traced += 1

    assert traced > 100


# Random payloads and mappings

_scalars = st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from([0.5, "", "a", "b", "12", "é"])
_values = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
    max_leaves=8,
)
_expressions = st.sampled_from(
    [
        "a",
        "b",
        "a.b",
        "a[0]",
        "a[]",
        "a[*].b",
        "a || b",
        "@",
        "root().a",
        "c",
        "{a: b}",
        "[a, b]",
        "d.*",
        "length(a)",
    ]
)


def _quoted(text: str) -> str:
    return json.dumps(text)


_templates = st.sampled_from(['"{{ a }}"', '"x {{ b | default(1) }}"', '"{% if a %}y{% endif %}"'])
_cells = st.recursive(
    _expressions.map(_quoted)
    | _templates
    | st.sampled_from(["1", "true", "null", "{$const: {a: [1, null]}}"]),
    lambda cell: st.one_of(
        st.dictionaries(st.sampled_from("wxyz"), cell, max_size=3).map(
            lambda found: "{" + ", ".join(f"{key}: {value}" for key, value in found.items()) + "}"
        ),
        st.lists(cell, max_size=3).map(lambda found: "[" + ", ".join(found) + "]"),
        st.tuples(_expressions, cell).map(lambda p: f"[{{$each: {_quoted(p[0])}, $value: {p[1]}}}]"),
        st.tuples(_expressions, cell).map(lambda p: f"{{$with: {_quoted(p[0])}, $value: {p[1]}}}"),
        st.tuples(_expressions, cell).map(lambda p: f"{{$if: {_quoted(p[0])}, $value: {p[1]}}}"),
        st.tuples(_expressions, cell).map(lambda p: f"{{$with: {_quoted(p[0])}, $use: part, x: {p[1]}}}"),
    ),
    max_leaves=8,
)


def _compiled(cell: str) -> Mapping:
    text = f"fragments:\n  part: {{a: a, x: b}}\nmap:\n  key: {cell}\n"
    try:
        return compile_mapping("none/such", Source("m.yaml", text), PROJECT)
    except CompileError:  # a property of what has none, say
        reject()


@given(cell=_cells, payload=_values)
@settings(max_examples=200, deadline=None)
def test_a_mapping_gives_json_or_a_diagnostic_with_its_places(cell: str, payload: object) -> None:
    mapping = _compiled(cell)
    before = json.dumps(payload)
    try:
        result = mapping.run(payload)  # type: ignore[arg-type]
    except EvaluationError as error:
        (item,) = error.diagnostics
        assert item.span is not None and item.output is not None
        assert str(error)
    else:
        assert json.loads(encode(result.value)) == result.value
        written = {step.output for step in result.trace.steps if step.present}
        for path in leaves(result.value):
            assert any(path[:length] in written for length in range(len(path) + 1)), path
    assert json.dumps(payload) == before


@given(cell=_cells, payload=_values)
@settings(max_examples=100, deadline=None)
def test_absent_and_null_are_never_mixed(cell: str, payload: object) -> None:
    """A result contains null only where the mapping writes one, or inside the value of an expression."""
    mapping = _compiled(cell)
    try:
        result = mapping.run(payload)  # type: ignore[arg-type]
    except EvaluationError:
        return
    written = {step.output: step.span.text for step in result.trace.steps if step.present}
    for path in leaves(result.value):
        value: object = result.value
        for part in path:
            value = value[part]  # type: ignore[index]
        if value is None and path in written:
            assert written[path] == "null"


@st.composite
def _mutated(draw: st.DrawFn) -> tuple[str, str]:
    """The text of a mapping with a few characters changed, taken out or put in."""
    name = draw(st.sampled_from(ORDERS))
    text = TEXTS[name].partition("\nignored:")[0] + "\n"
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text) - 1))
        gone = draw(st.integers(0, 3))
        new = draw(st.text(st.sampled_from("\n\t :#{}[]()'\"`|&*!?@$%<>=.,-~\\ax1é\x00\u2028𝄞"), max_size=3))
        text = text[:at] + new + text[at + gone :]
    return name, text


@given(mutated=_mutated())
@settings(max_examples=60, deadline=None)
def test_a_mapping_with_any_mistake_is_refused_with_places_and_in_no_other_way(
    mutated: tuple[str, str],
) -> None:
    name, text = mutated
    source = Source(f"mappings/{name}.yaml", text)
    try:
        compile_mapping(name, source, PROJECT)
    except CompileError as error:
        assert str(error)
        for item in error.diagnostics:
            assert item.span is not None
            assert 0 <= item.span.start <= item.span.end <= len(item.span.source.text)


@given(text=st.text(max_size=60) | st.binary(max_size=60).map(lambda data: data.decode("latin-1")))
@settings(max_examples=150, deadline=None)
def test_any_text_at_all_is_a_mapping_or_refused(text: str) -> None:
    for whole in (text, f"map: {text}\n", f'map: "{text}"\n', f"map:\n  a: >-\n    {text}\n"):
        try:
            compile_mapping("none/such", Source("m.yaml", whole), PROJECT)
        except CompileError as error:
            assert str(error)


@given(text=st.text(st.sampled_from("ab.[]{}()|&!?*@'\"`1,: \\=<>-"), max_size=25))
@settings(max_examples=300, deadline=None)
def test_any_expression_at_all_gives_a_value_or_is_refused(text: str) -> None:
    try:
        mapping = compile_mapping("none/such", Source("m.yaml", f"map: {{key: {_quoted(text)}}}\n"), PROJECT)
    except CompileError as error:
        assert all(item.span for item in error.diagnostics)
        return
    for payload in ({"a": [{"b": 1}, None], "b": {"a": "x"}}, [1, "a"], None):
        try:
            encode(mapping.run(payload).value)  # type: ignore[arg-type]
        except EvaluationError as error:
            assert str(error)
