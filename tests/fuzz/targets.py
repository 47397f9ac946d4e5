"""The targets: each makes an input of choices, and holds the engine to what it promises of such an input.

An input is bytes that can be read: a payload, a file in YAML, or a case in JSON. ``check`` raises for a
promise that is not kept: AssertionError, or whatever the engine let out.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from crossdock import CompileError, CrossdockError, Mapping, Project, ProjectError, Source
from crossdock.channels.actions import parse_actions
from crossdock.channels.compiler import compile_conversation
from crossdock.channels.config import parse_channel
from crossdock.checking.given_types import schema_type
from crossdock.core.diagnostics import Span
from crossdock.core.errors import InputError
from crossdock.core.json_faults import first_fault
from crossdock.core.json_reader import decode, encode, locate
from crossdock.core.json_types import MISSING, settled
from crossdock.core.paths import pointer
from crossdock.core.rendering import render
from crossdock.core.yaml_reader import ScalarNode
from crossdock.execution.errors import EvaluationError
from crossdock.execution.evaluator import Evaluator, Failure
from crossdock.execution.scope import Scope
from crossdock.language.expr import Constant, Expression, FunctionCall, source_order
from crossdock.language.jinja import compile_template
from crossdock.language.jmespath import compile_expression
from crossdock.project.compiler import compile_mapping
from crossdock.project.examples import examples_of
from crossdock.schema.fast import accepts, read, write
from crossdock.schema.store import Schema, SchemaStore
from crossdock.schema.validator import validate
from fuzz import agreement, shapes, yamls
from fuzz.choices import Choices
from fuzz.documents import CANARY, changed, document
from fuzz.grammar import TABLES, chained, damaged, expression, template
from fuzz.promises import as_text, exact, is_json, is_traced, is_well_said, outcome, places

TESTS = Path(__file__).parents[1]
OWN = Project([TESTS.parent])
SMALL = Project([TESTS / "errors"])


@dataclass(frozen=True)
class Target:
    """``seconds``: the processor's time that an input may take; ``suffix``: that of a file that keeps one."""

    name: str
    make: Callable[[Choices], bytes]
    check: Callable[[bytes], None]
    suffix: str = "json"
    seconds: float = 2.0


def case(**parts: object) -> bytes:
    """An input of several parts, as JSON."""
    return json.dumps(parts, indent=1).encode()


def _utf8(text: str) -> str:
    """Text as it can come out of a file: no half of a surrogate pair."""
    return text.encode("utf-8", "replace").decode()


# --- payloads


def make_payload(choices: Choices) -> bytes:
    text = _written(choices, document(choices, 5))
    match choices.below(8):
        case 0 | 1:
            return text.encode()
        case 2 | 3 | 4:
            return damaged(choices, text, _JSON_MARKS).encode("utf-8", "surrogatepass")
        case 5:
            return choices.rest()
        case 6:
            return text.encode(choices.pick(("utf-16", "utf-32", "utf-8-sig", "utf-16-le", "utf-16-be")))
    data = text.encode()
    at = choices.below(len(data) + 1)
    return data[:at] + choices.rest()[:9] + data[at:]


_JSON_MARKS = (
    *"{}[]:,\"\\/0123456789.eE+-#'\n\t\x00\x1f\x7f\ufeff\u2028é𝄞\ud800",
    *("\\ud800", "\\uDBFF\\uDFFF", "\\u0000", "\\x", "NaN", "-Infinity", "1e999", "01", "1.", "-"),
    *("true", "nul"),
    *("18446744073709551616", "-9223372036854775809", "9" * 5000, '"a":', f'"{CANARY}"', "[" * 70, "//"),
    *("1e-999",),
)


def _written(choices: Choices, value: object) -> str:
    """JSON text in one of the ways to write it."""
    indent = choices.pick((None, 1, 2, "\t"))
    separators = choices.pick((None, (",", ":"), (" , ", " : "), ("\n,", "\r\n:")))
    return json.dumps(value, ensure_ascii=choices.one_in(2), indent=indent, separators=separators)


_TOLD = re.compile(r'[^"]*"\s*:')


def check_payload(data: bytes) -> None:
    """Taken, and then as the standard parser reads it; or refused, with the place and without a value."""
    try:
        value = decode(data, "payload.json")
    except InputError as error:
        is_well_said(error)
        assert len(error.diagnostics) == 1
        _tells_no_value(data, error)
        assert read(data, anything()) is MISSING, "the quick reader takes what is refused"
        return
    text = data.decode("utf-8")
    assert exact(settled(json.loads(text))) == exact(value)
    assert first_fault(text) is None, "the two readers disagree"
    quickly = read(data, anything())
    assert quickly is MISSING or exact(quickly) == exact(value), "the quick reader reads something else"
    for compact in (True, False):
        again = encode(value, compact=compact)
        assert write(value, compact=compact) == again.encode()
        assert exact(decode(again.encode(), "again.json")) == exact(value)
        assert encode(json.loads(again), compact=compact) == again
    _can_be_located(text, value)


@cache
def anything() -> Schema:
    """A schema that every value fits."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        Path(folder, "anything.schema.json").write_text("{}", encoding="utf-8")
        return SchemaStore([Path(folder)]).get("anything")


def _tells_no_value(data: bytes, error: InputError) -> None:
    text = data.decode("utf-8", "replace")
    if not any(_TOLD.match(text, found.end()) for found in re.finditer(CANARY, text)):
        assert CANARY not in render(error.diagnostics), "a diagnostic tells a value"


def _can_be_located(text: str, value: object) -> None:
    pointers = {pointer(*path): path for path in list(places(value))[:20]}
    spans = locate(text, "payload.json", pointers, secret=False)
    assert set(spans) == set(pointers)
    for at, span in spans.items():
        found: Any = value
        for part in pointers[at]:
            found = found[part]
        assert found in ([], {}) or exact(settled(json.loads(span.text))) == exact(found)


# --- files in YAML


def make_file(choices: Choices) -> bytes:
    return _utf8(yamls.file(choices)).encode()


def check_file(data: bytes) -> None:
    """A mapping, channel, conversation or list of actions, compiled; or a CompileError with its places.

    A mapping that compiles gives JSON or a diagnostic.
    """
    text = data.decode("utf-8", "replace")
    source = Source("file.yaml", text)
    keys = set(re.findall(r"^(\w+):", text, re.MULTILINE))
    try:
        if keys & {"settings", "auth", "limits", "base_url"}:
            parse_channel(source)
        elif keys & {"steps", "response"}:
            compile_conversation("shop/notify/conversation", source, SMALL)
        elif "actions" in keys:
            parse_actions(source)
        else:
            _runs(compile_mapping("shop/file", source, SMALL))
    except CompileError as error:
        is_well_said(error)
        assert all(item.span is not None for item in error.diagnostics)
    except ProjectError as error:
        assert str(error)


def _runs(mapping: Mapping) -> None:
    for payload in ({"a": {"b": [1, None, "x"]}, "items": [{"price": 1.5}, {"price": "2"}, {}]}, [1], None):
        found = outcome(mapping, payload)
        if isinstance(found, CrossdockError):
            is_well_said(found)
        else:
            is_json(found.value)
            is_traced(found)


# --- expressions and templates


def make_expression(choices: Choices) -> bytes:
    match choices.below(10):
        case 0:
            text = chained(choices)
        case 1:
            text = damaged(choices, expression(choices))
        case 2:
            text = damaged(choices, expression(choices, 2))
        case _:
            text = expression(choices, 4)
    return case(expression=_utf8(text), context=document(choices))


def make_template(choices: Choices) -> bytes:
    text = template(choices)
    if choices.one_in(4):
        text = damaged(choices, text, "{}%#|.()[]'\"-~ \n\\abé𝄞")
    return case(template=_utf8(text), context=document(choices))


def check_expression(data: bytes) -> None:
    given = json.loads(data)
    _evaluates(compile_expression, given["expression"], given["context"])


def check_template(data: bytes) -> None:
    given = json.loads(data)
    _evaluates(compile_template, given["template"], given["context"])


Compile = Callable[[ScalarNode], Expression]
ODD: tuple[Any, ...] = (
    None,
    {
        "a": {"b": [1, None]},
        "b": "x",
        "c": 2,
        "items": [{"a": 1, "price": 0.1}, {"price": "2", "b": True}, None],
    },
    {"a": [[1], [], [[2]]], "b": -0.0, "c": True, "items": ["b", "a", ""], "price": "12.50"},
)


def compiled(text: str, compiler: Compile = compile_expression) -> Expression | None:
    """An expression or a template; None when it is refused, with a place in its text."""
    try:
        return compiler(ScalarNode(text, Span(Source("cell", text), 0, len(text))))
    except CompileError as error:
        is_well_said(error)
        assert all(item.span is not None for item in error.diagnostics)
        return None


def scope_of(context: Any) -> Scope:
    """A scope in which everything is there, and nothing is what it should be."""
    settings = {"a": 1, "b": None}
    return Scope(context, settings, context, {"a": context}, (context,), "2026-11-30T09:00:00Z", TABLES)


def _evaluates(compiler: Compile, text: str, context: object) -> None:
    """Values that are JSON, or failures; the same with a witness as without, and nothing is changed."""
    found = compiled(text, compiler)
    if found is None:
        return
    for given in (context, *ODD):
        before = exact(given)
        plain = evaluated(found, given)
        assert plain == evaluated(found, given, Unmoved()), "a witness makes a difference"
        assert exact(given) == before, "the document was changed"
        if found.is_text and plain[0] == "value":
            assert plain[1][0] in ("str", "NoneType"), "a template that gives no text"


class Unmoved:
    """A witness who remembers nothing."""

    def seen(self, container: object, key: str | int) -> None: ...

    def mark(self) -> int:
        return 0


def evaluated(found: Expression, context: Any, witness: Unmoved | None = None) -> tuple[str, Any]:
    """The exact value of an expression, or its failure: the sentence and the place."""
    try:
        value = Evaluator(scope_of(context), witness).evaluate(found, context)
    except Failure as failure:
        assert CANARY not in failure.message, "a failure tells a value"
        span = found.at(failure.node)
        return "failure", (failure.message, span.start, span.end)
    is_json(value)
    return "value", exact(value)


# --- schemas


def make_schema(choices: Choices) -> bytes:
    return case(schema=shapes.whole(choices), values=[document(choices, 3) for _ in range(3)])


def check_schema(data: bytes) -> None:
    """A schema is refused with its places, or validates any value without showing it.

    Where its keywords mean the same in both, jsonschema by itself finds the same values right.
    """
    given = json.loads(data)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        Path(folder, "s.schema.json").write_text(json.dumps(given["schema"]), encoding="utf-8")
        Path(folder, "other.schema.json").write_text('{"$defs": {"a": {"$ref": "s#"}}}', encoding="utf-8")
        store = SchemaStore([Path(folder)])
        try:
            schema = store.get("s")
        except ProjectError as error:
            is_well_said(error)
            return
        schema_type(schema)
        for value in given["values"]:
            found = validate(value, schema)
            told = json.dumps([each.message for each in found], ensure_ascii=False)
            assert CANARY not in told or CANARY in json.dumps(given["schema"]), "a message tells a value"
            assert not found or not accepts(value, schema), "the acceptor takes what breaks the schema"
            quickly = read(json.dumps(value).encode(), schema)
            assert quickly is MISSING or (not found and exact(quickly) == exact(settled(value)))
            if _means_the_same(data):
                assert (not found) == _is_valid(given["schema"], value), "jsonschema says otherwise"


def _means_the_same(data: bytes) -> bool:
    ours = ("format", "attern", "multipleOf", "other", "../s", '"$id"', "127.0.0.1")
    return not any(word.encode() in data for word in ours)


def _is_valid(schema: Any, value: Any) -> bool:
    from jsonschema import Draft202012Validator
    from referencing import Registry

    return Draft202012Validator(schema, registry=Registry()).is_valid(value)


# --- the whole way of a payload


@cache
def payloads() -> tuple[tuple[str, Any], ...]:
    """Every example of every mapping that is run by itself."""
    return tuple(
        (name, record.payload)
        for name in OWN.mapping_names()
        for record in examples_of([TESTS.parent], name)
        if record.fault is None
    )


@cache
def mappings() -> tuple[Mapping, ...]:
    """Those that have a source schema, to draw payloads from."""
    found = (OWN.mapping(name) for name in OWN.mapping_names())
    return tuple(mapping for mapping in found if mapping.linked.source is not None)


def make_run(choices: Choices) -> bytes:
    if choices.one_in(3):
        mapping = choices.pick(mappings())
        assert mapping.linked.source is not None
        return case(mapping=mapping.name, payload=shapes.value_of(mapping.linked.source.shape(), choices))
    name, payload = choices.pick(payloads())
    return case(mapping=name, payload=changed(choices, payload))


def check_run(data: bytes) -> None:
    """A result that is traced, or one of three errors; the same bytes each time; a payload never changed."""
    given = json.loads(data)
    mapping, payload = OWN.mapping(given["mapping"]), given["payload"]
    before = exact(payload)
    found = outcome(mapping, payload)
    if isinstance(found, CrossdockError):
        is_well_said(found)
        if isinstance(found, InputError | EvaluationError):
            assert CANARY not in str(found), "a diagnostic tells a value"
    else:
        is_json(found.value)
        is_traced(found)
    assert as_text(outcome(mapping, json.loads(data)["payload"])) == as_text(found), "another result"
    assert exact(payload) == before, "the payload was changed"


# --- the generated code


def check_generated_expression(data: bytes) -> None:
    """An expression or template gives the same interpreted and generated, or is refused by both."""
    given = json.loads(data)
    text = given.get("expression", given.get("template"))
    found = compiled(text, compile_expression if "expression" in given else compile_template)
    if found is None or _tables_are_unknown(found):
        return
    function = agreement.of_expression(found)
    for context in (given["context"], *ODD) if function else ():
        before = exact(context)
        kind, value = evaluated(found, context)
        wanted = (kind, value) if kind == "value" else agreement.REFUSED
        assert agreement.given(function, context, scope_of(context)) == wanted, "generated code differs"
        assert exact(context) == before, "the document was changed"


def _tables_are_unknown(found: Expression) -> bool:
    """Whether a lookup names no table that is there, which no mapping can do that compiles."""
    calls = (node for node in source_order(found.node) if isinstance(node, FunctionCall))
    tables = [call.arguments[0] for call in calls if call.name == "lookup"]
    return any(not isinstance(table, Constant) or str(table.value) not in TABLES for table in tables)


def make_generated_expression(choices: Choices) -> bytes:
    return make_template(choices) if choices.one_in(5) else make_expression(choices)


def make_generated_mapping(choices: Choices) -> bytes:
    return case(text=_utf8(yamls.small(choices)), payload=document(choices))


def check_generated_mapping(data: bytes) -> None:
    """A mapping of a few cells gives the same interpreted and generated, whatever the payload."""
    given = json.loads(data)
    try:
        mapping = compile_mapping("shop/file", Source("file.yaml", given["text"]), SMALL)
    except CompileError:
        return
    for payload in (given["payload"], *ODD):
        _agree(mapping, agreement.of_mapping(mapping), payload)


def check_generated_run(data: bytes) -> None:
    """A mapping of the project gives the same interpreted and generated, and by each of its public calls."""
    given = json.loads(data)
    mapping, payload = OWN.mapping(given["mapping"]), given["payload"]
    _agree(mapping, _generated(given["mapping"]), payload)
    wanted = agreement.run(mapping, payload)
    assert agreement.called(mapping, payload) == wanted, "the public calls differ"
    written = json.dumps(payload).encode()
    if is_read(written):
        assert agreement.converted(mapping, written) == wanted, "from bytes to bytes it differs"
        if wanted[0] == "value":
            assert agreement.converted(mapping, written, trust_source=True) == wanted, "trusted, it differs"


def is_read(data: bytes) -> bool:
    """Whether bytes are JSON, strictly."""
    try:
        decode(data, "payload")
    except InputError:
        return False
    return True


@cache
def _generated(name: str) -> agreement.Executor | None:
    return agreement.of_mapping(OWN.mapping(name))


def _agree(mapping: Mapping, function: agreement.Executor | None, payload: Any) -> None:
    """The generated code may leave values that are not objects to the interpreter."""
    if function is None:
        return
    before, scope = exact(payload), Scope(settings=mapping.linked.settings, request=payload)
    found = agreement.given(function, payload, scope)
    if found != agreement.REFUSED or isinstance(payload, dict):
        assert found == agreement.interpreted(mapping, payload, scope), "generated code differs"
    assert exact(payload) == before, "the payload was changed"


TARGETS = {
    target.name: target
    for target in (
        Target("payload", make_payload, check_payload),
        Target("file", make_file, check_file, suffix="yaml"),
        Target("expression", make_expression, check_expression),
        Target("template", make_template, check_template),
        Target("schema", make_schema, check_schema),
        Target("run", make_run, check_run),
        Target("generated-expression", make_generated_expression, check_generated_expression),
        Target("generated-mapping", make_generated_mapping, check_generated_mapping),
        Target("generated-run", make_run, check_generated_run),
    )
}
