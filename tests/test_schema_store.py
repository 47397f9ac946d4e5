"""The schema store: the search path, closed references, what a schema may say, and shapes."""

from __future__ import annotations

import http.server
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crossdock.core.diagnostics import Diagnostic
from crossdock.core.errors import ProjectError
from crossdock.core.json_types import JSON
from crossdock.schema.dialect import DIALECT, Node
from crossdock.schema.safe_regex import unsafe
from crossdock.schema.shape import Shape
from crossdock.schema.store import Schema, SchemaStore
from crossdock.schema.validator import validate

Put = Callable[..., SchemaStore]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Writes schema files below a root and opens a store on it."""

    def write(files: dict[str, JSON], root: str = "schemas") -> SchemaStore:
        for name, document in files.items():
            path = tmp_path / root / f"{name}.schema.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(document if isinstance(document, str) else json.dumps(document))
        return SchemaStore([tmp_path / root])

    return write


def refused(store: SchemaStore, name: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(ProjectError) as caught:
        store.get(name)
    return caught.value.diagnostics


def told(store: SchemaStore, name: str) -> list[tuple[str, str, str | None]]:
    return [(each.id, each.message, each.help) for each in refused(store, name)]


# --- names and files


def test_a_schema_by_name(put: Put) -> None:
    store = put({"kibo/order": {"type": "object"}, "kibo/order_fetch.response": {}, "fabric/order": {}})
    assert store.names() == ("fabric/order", "kibo/order", "kibo/order_fetch.response")
    schema = store.get("kibo/order")
    assert (schema.name, schema.node, schema.document) == (
        "kibo/order",
        {"type": "object"},
        {"type": "object"},
    )
    assert store.get("kibo/order") is schema


def test_a_part_of_a_schema(put: Put) -> None:
    store = put({"kibo/order": {"$defs": {"a/b": {"type": "string"}}, "properties": {"x": True}}})
    part = store.get("kibo/order#/$defs/a~1b")
    assert part.name == "kibo/order#/$defs/a~1b"
    assert part.node == {"type": "string"}
    assert part.document is store.get("kibo/order").document
    assert store.get("kibo/order#/properties/x").node == {}
    assert told(store, "kibo/order#/$defs/a~1c") == [
        ("unknown-schema", "`kibo/order` has no part `/$defs/a~1c`", "did you mean `/$defs/a~1b`?")
    ]


def test_the_first_root_wins(put: Put, tmp_path: Path) -> None:
    put({"kibo/order": {"title": "mine"}}, root="mine")
    put({"kibo/order": {"title": "bundled"}, "kibo/return": {}}, root="bundled")
    store = SchemaStore([tmp_path / "mine", tmp_path / "missing", tmp_path / "bundled"])
    assert store.names() == ("kibo/order", "kibo/return")
    assert store.get("kibo/order").node == {"title": "mine"}


def test_a_reference_finds_the_file_that_shadows(put: Put, tmp_path: Path) -> None:
    put({"kibo/parts": {"$defs": {"id": {"type": "integer"}}}}, root="mine")
    put({"kibo/parts": {"$defs": {"id": {"type": "string"}}}, "kibo/order": {"$ref": "parts#/$defs/id"}})
    store = SchemaStore([tmp_path / "mine", tmp_path / "schemas"])
    assert store.get("kibo/order").shape().types == {"integer"}


@pytest.mark.parametrize("name", ["kibo/ordr", "../kibo/order", "/etc/passwd", "kibo/order.schema.json", ""])
def test_an_unknown_schema(put: Put, name: str) -> None:
    ((id, message, help),) = told(put({"kibo/order": {}}), name)
    assert (id, message) == ("unknown-schema", f"there is no schema `{name}`")
    assert help == ("did you mean `kibo/order`?" if "order" in name or "ordr" in name else None)


def test_a_schema_that_is_not_json(put: Put) -> None:
    (finding,) = refused(put({"kibo/order": '{\n  "type": "object",\n}'}), "kibo/order")
    assert (finding.id, str(finding.span)) == ("not-json", "schemas/kibo/order.schema.json:3:1")
    (finding,) = refused(put({"kibo/twice": '{"type": "object",\n"type": "array"}'}), "kibo/twice")
    assert (finding.id, str(finding.span)) == ("duplicate-key", "schemas/kibo/twice.schema.json:2:1")


def test_a_schema_that_cannot_be_read(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    store = put({"kibo/order": {}})
    monkeypatch.setattr(Path, "read_bytes", denied)
    assert told(store, "kibo/order") == [
        ("unreadable", "`schemas/kibo/order.schema.json` cannot be read: permission denied", None)
    ]


# --- what a schema may say


WRONG: dict[str, tuple[JSON, str, str, str | None]] = {
    "unknown-keyword": (
        {"minimun": 1},
        "unknown-keyword",
        "`minimun` is not a keyword that schemas here may use",
        "did you mean `minimum`?",
    ),
    "foreign-keyword": (
        {"nullable": True},
        "unknown-keyword",
        "`nullable` is not a keyword that schemas here may use",
        "your own keywords begin with `x-`",
    ),
    "dynamic": (
        {"$dynamicRef": "#x"},
        "unknown-keyword",
        "`$dynamicRef` is not a keyword that schemas here may use",
        "your own keywords begin with `x-`",
    ),
    "format": (
        {"format": "date_time"},
        "invalid-schema",
        "`date_time` is not a format that is checked here",
        "did you mean `date-time`?",
    ),
    "foreign-format": (
        {"format": "ipv4"},
        "invalid-schema",
        "`ipv4` is not a format that is checked here",
        "the formats are date-time, date, uri, email, uuid, currency, country; "
        "note another one as `x-format`",
    ),
    "type": (
        {"type": "text"},
        "invalid-schema",
        "`type` must be one or more of `null`, `boolean`, `object`, `array`, `number`, `integer`, `string`",
        None,
    ),
    "required": ({"required": "id"}, "invalid-schema", "`required` must be a list of property names", None),
    "enum": ({"enum": []}, "invalid-schema", "`enum` must be a list of values", None),
    "count": ({"maxLength": -1}, "invalid-schema", "`maxLength` must be a whole number, 0 or more", None),
    "count-bool": (
        {"maxLength": True},
        "invalid-schema",
        "`maxLength` must be a whole number, 0 or more",
        None,
    ),
    "number": ({"minimum": "1"}, "invalid-schema", "`minimum` must be a number", None),
    "step": ({"multipleOf": 0}, "invalid-schema", "`multipleOf` must be a number above 0", None),
    "flag": ({"uniqueItems": 1}, "invalid-schema", "`uniqueItems` must be true or false", None),
    "sensitive": ({"x-sensitive": "yes"}, "invalid-schema", "`x-sensitive` must be true or false", None),
    "numbers-as-text": (
        {"x-numbers-as-text": 1},
        "invalid-schema",
        "`x-numbers-as-text` must be true or false",
        None,
    ),
    "fails-alone": (
        {"x-fails-alone": {"id": "sku"}},
        "invalid-schema",
        "`x-fails-alone` must be an object with the text `concept` and, if elements have one, the path `id`",
        None,
    ),
    "text": ({"title": 1}, "invalid-schema", "`title` must be text", None),
    "properties": ({"properties": []}, "invalid-schema", "`properties` must be an object of schemas", None),
    "any-of": ({"anyOf": []}, "invalid-schema", "`anyOf` must be a list of schemas", None),
    "items": ({"items": [{}]}, "invalid-schema", "a schema must be an object, true or false", None),
    "dependents": (
        {"dependentRequired": {"a": "b"}},
        "invalid-schema",
        "`dependentRequired` must be an object of lists of property names",
        None,
    ),
    "dialect": (
        {"$schema": "http://json-schema.org/draft-07/schema#"},
        "invalid-schema",
        "`$schema` names another dialect than draft 2020-12",
        f"write `{DIALECT}`",
    ),
    "nested-id": (
        {"properties": {"a": {"$id": "x"}}},
        "invalid-schema",
        "`$id` is only allowed at the top of a file",
        None,
    ),
    "ref-type": ({"$ref": 1}, "invalid-schema", "`$ref` must be text", None),
    "root": ([], "invalid-schema", "a schema file must contain an object", None),
    "root-boolean": (True, "invalid-schema", "a schema file must contain an object", None),
    "pattern": (
        {"pattern": "("},
        "unsafe-pattern",
        "the pattern is not a regular expression of Python",
        "write it without nested repetition, or use `maxLength` and `enum` instead",
    ),
    "pattern-name": (
        {"patternProperties": {"^(a+)+$": {}}},
        "unsafe-pattern",
        "the pattern repeats a part that is itself repeated or a choice",
        "write it without nested repetition, or use `maxLength` and `enum` instead",
    ),
    "anchor": (
        {"$ref": "#name"},
        "unresolved-reference",
        "`#name` is not a schema of this project",
        "references lead to files below schemas/, and nothing is ever fetched",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_schema(put: Put, case: str) -> None:
    document, id, message, help = WRONG[case]
    assert told(put({"kibo/order": document}), "kibo/order") == [(id, message, help)]


def test_every_mistake_is_told_with_its_place(put: Put) -> None:
    text = '{\n  "type": "objct",\n  "properties": {\n    "a": {"minimun": 1}\n  }\n}'
    findings = refused(put({"kibo/order": text}), "kibo/order")
    assert [(each.id, str(each.span)) for each in findings] == [
        ("invalid-schema", "schemas/kibo/order.schema.json:2:11"),
        ("unknown-keyword", "schemas/kibo/order.schema.json:4:22"),
    ]


def test_words_that_look_like_keywords_are_left_alone(put: Put) -> None:
    schema = put(
        {
            "kibo/order": {
                "properties": {"$ref": {"type": "string"}, "$id": {}, "minimun": {}},
                "const": {"$ref": "http://nowhere.invalid/"},
                "examples": [{"$ref": 1}],
                "x-note": {"$ref": "http://nowhere.invalid/"},
            }
        }
    ).get("kibo/order")
    assert schema.shape().property_names() == {"$ref", "$id", "minimun"}


@pytest.mark.parametrize(
    "pattern",
    [
        r"^(a+)+$",
        r"^(a|a)*$",
        r"(x+x+)+y",
        r"^([a-zA-Z0-9_.+-]+)+@",
        r"^((ab)*)*$",
        r"^(\d{1,20}){30}$",
        r"(a)\1",
        "a" * 201,
    ],
)
def test_patterns_that_are_refused(pattern: str) -> None:
    assert unsafe(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"^\d{4}(-\d{2}){2}$",
        r"^[A-Z]{2,3}$",
        r"^(a|b)$",
        r"^(\d+)(\.\d+)?$",
        r"^[(+*|)]+$",
        r"^\(a+\)+$",
        r"^(ab)+$",
    ],
)
def test_patterns_that_are_taken(pattern: str) -> None:
    assert unsafe(pattern) is None


# --- references


def test_references_by_file_and_by_id(put: Put) -> None:
    definitions: JSON = {"$id": "https://schemas.invalid/parts", "$defs": {"id": {"type": "integer"}}}
    order: JSON = {
        "$id": "https://schemas.invalid/kibo/order",
        "properties": {
            "here": {"$ref": "#/$defs/own"},
            "file": {"$ref": "parts.schema.json#/$defs/id"},
            "bare": {"$ref": "parts#/$defs/id"},
            "up": {"$ref": "../kibo/parts#/$defs/id"},
            "id": {"$ref": "https://schemas.invalid/parts#/$defs/id"},
            "near": {"$ref": "../parts#/$defs/id"},
            "escaped": {"$ref": "#/$defs/a%20b~1c"},
        },
        "$defs": {"own": {"type": "integer"}, "a b/c": {"type": "integer"}},
    }
    schema = put({"kibo/parts": definitions, "kibo/order": order}).get("kibo/order")
    for name in schema.shape().property_names():
        place = schema.shape().member(name)
        assert place is not None and place.types == {"integer"}, name
        assert [each.parts for each in validate({name: "x"}, schema)] == [(name,)]
        assert validate({name: 1}, schema) == []


def test_files_may_refer_to_each_other(put: Put) -> None:
    store = put(
        {
            "kibo/a": {"properties": {"b": {"$ref": "b"}}},
            "kibo/b": {"type": "object", "properties": {"a": {"$ref": "a"}}},
        }
    )
    schema = store.get("kibo/a")
    assert [each.parts for each in validate({"b": {"a": {"b": 1}}}, schema)] == [("b", "a", "b")]


def test_resolve_follows_to_the_end(put: Put) -> None:
    schema = put(
        {"kibo/a": {"$ref": "#/$defs/b", "$defs": {"b": {"$ref": "#/$defs/c"}, "c": {"type": "null"}}}}
    ).get("kibo/a")
    assert schema.resolve(schema.node) == {"type": "null"}
    assert schema.resolve({"type": "string"}) == {"type": "string"}


@pytest.mark.parametrize(
    ("reference", "message", "help"),
    [
        ("#/$defs/idd", "`kibo/order` has no schema at `/$defs/idd`", "did you mean `/$defs/id`?"),
        ("parts#/$defs/idd", "`kibo/parts` has no schema at `/$defs/idd`", "did you mean `/$defs/id`?"),
        ("parts#/x-note", "`kibo/parts` has no schema at `/x-note`", None),
        ("part", "`part` is not a schema of this project", ...),
        ("https://schemas.invalid/x", "`https://schemas.invalid/x` is not a schema of this project", ...),
        ("file:///etc/passwd", "`file:///etc/passwd` is not a schema of this project", ...),
        ("../../../etc/passwd", "`../../../etc/passwd` is not a schema of this project", ...),
        ("/kibo/parts", "`/kibo/parts` is not a schema of this project", ...),
    ],
)
def test_a_loose_reference(put: Put, reference: str, message: str, help: object) -> None:
    parts: JSON = {"$defs": {"id": {}}, "x-note": {}}
    order: JSON = {"properties": {"a": {"$ref": reference}}, "$defs": {"id": {}}}
    store = put({"kibo/order": order, "kibo/parts": parts})
    if help is ...:
        help = "references lead to files below schemas/, and nothing is ever fetched"
    (finding,) = refused(store, "kibo/order")
    assert (finding.id, finding.message, finding.help) == ("unresolved-reference", message, help)
    assert finding.span is not None and finding.span.text == json.dumps(reference)


def test_a_loose_reference_in_another_file_counts(put: Put) -> None:
    store = put({"kibo/order": {"$ref": "parts"}, "kibo/parts": {"$ref": "#/nothing"}})
    (finding,) = refused(store, "kibo/order")
    assert finding.span is not None and finding.span.source.name == "schemas/kibo/parts.schema.json"


class _Hits(http.server.BaseHTTPRequestHandler):
    count = 0

    def do_GET(self) -> None:
        _Hits.count += 1
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"type": "string"}')

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    _Hits.count = 0
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Hits) as running:
        threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/s.json"
        running.shutdown()


def test_nothing_is_fetched(put: Put, server: str, tmp_path: Path) -> None:
    (tmp_path / "outside.json").write_text('{"type": "string"}')
    for target in (server, (tmp_path / "outside.json").as_uri(), f"{server}#/type"):
        store = put({"kibo/order": {"properties": {"a": {"$ref": target}}}})
        assert [each.id for each in refused(store, "kibo/order")] == ["unresolved-reference"]
    # nor when the schema says that it lives there itself, and not by the validator
    store = put(
        {
            "kibo/order": {
                "$id": server,
                "properties": {"a": {"$ref": f"{server}#/$defs/x"}},
                "$defs": {"x": {}},
            }
        }
    )
    assert validate({"a": 1}, store.get("kibo/order")) == []
    assert _Hits.count == 0


# --- schemas without end


def test_references_without_end(put: Put) -> None:
    message = "the references here form a cycle, or multiply without limit"
    help = "descend into a property or an item in between"
    doubling: JSON = {
        "$ref": "#/$defs/d0",
        "$defs": {
            **{
                f"d{i}": {"anyOf": [{"$ref": f"#/$defs/d{i + 1}"}, {"$ref": f"#/$defs/d{i + 1}"}]}
                for i in range(30)
            },
            "d30": {"type": "string"},
        },
    }
    chain: JSON = {
        "$ref": "#/$defs/d0",
        "$defs": {**{f"d{i}": {"$ref": f"#/$defs/d{i + 1}"} for i in range(3000)}, "d3000": {}},
    }
    circles: list[JSON] = [
        {"$ref": "#"},
        {"allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"anyOf": [{"not": {"$ref": "#/$defs/a"}}]}}},
        {"dependentSchemas": {"a": {"$ref": "#"}}},
        doubling,
        chain,
    ]
    for circle in circles:
        started = time.perf_counter()
        assert told(put({"kibo/order": circle}), "kibo/order") == [("endless-reference", message, help)]
        assert time.perf_counter() - started < 2


def test_a_tree_of_itself_is_no_circle(put: Put) -> None:
    schema = put({"kibo/tree": {"type": "object", "properties": {"next": {"$ref": "#"}}}}).get("kibo/tree")
    deep: JSON = {}
    for _ in range(60):
        deep = {"next": deep}
    assert validate(deep, schema) == []
    shape: Shape | None = schema.shape()
    for _ in range(100):
        assert shape is not None
        shape = shape.member("next")
    assert shape is not None and shape.types == {"object"}


# --- shapes


@pytest.fixture
def shape(put: Put) -> Callable[[JSON], Shape]:
    return lambda document: put({"kibo/shape": document}).get("kibo/shape").shape()


SHAPES: dict[str, tuple[JSON, set[str] | None, tuple[JSON, ...] | None]] = {
    "anything": ({}, None, None),
    "one type": ({"type": "string"}, {"string"}, None),
    "nullable": ({"type": ["string", "null"]}, {"string", "null"}, None),
    "number covers integer": ({"type": ["number", "integer"]}, {"number"}, None),
    "all types": ({"type": ["null", "boolean", "object", "array", "number", "string"]}, None, None),
    "union": ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"string", "null"}, None),
    "union within a type": (
        {"type": "string", "oneOf": [{"maxLength": 1}, {"pattern": "x"}]},
        {"string"},
        None,
    ),
    "merge": ({"allOf": [{"type": ["string", "number"]}, {"type": ["integer", "null"]}]}, {"integer"}, None),
    "constant": ({"const": "charge"}, {"string"}, ("charge",)),
    "values": ({"enum": ["a", None, 1]}, {"string", "null", "integer"}, ("a", None, 1)),
    "values merged": ({"allOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]}, {"string"}, ("b",)),
    "values united": (
        {"anyOf": [{"enum": ["a"]}, {"const": "b"}, {"type": "null"}]},
        {"string", "null"},
        ("a", "b", None),
    ),
    "values of one branch": ({"anyOf": [{"enum": ["a"]}, {"type": "string"}]}, {"string"}, None),
    "if": ({"if": {}, "then": {"type": "string"}, "else": {"type": "null"}}, {"string", "null"}, None),
    "reference": ({"$ref": "#/$defs/a", "$defs": {"a": {"type": "string"}}}, {"string"}, None),
    "nothing": ({"not": {}}, set(), None),
}


@pytest.mark.parametrize("case", SHAPES)
def test_types_and_values(shape: Callable[[JSON], Shape], case: str) -> None:
    document, types, values = SHAPES[case]
    assert (shape(document).types, shape(document).enum) == (types, values)


CONTACT: JSON = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}


def test_properties_through_unions_and_merges(shape: Callable[[JSON], Shape]) -> None:
    order = shape(
        {
            "type": "object",
            "required": ["id"],
            "properties": {
                "id": {"type": ["string", "integer"]},
                "bill": {"anyOf": [{"$ref": "#/$defs/c"}, {"type": "null"}]},
            },
            "allOf": [
                {
                    "required": ["ship"],
                    "properties": {"ship": {"$ref": "#/$defs/c"}, "id": {"type": "string"}},
                }
            ],
            "$defs": {"c": CONTACT},
        }
    )
    assert order.property_names() == {"id", "bill", "ship"}
    assert order.required() == {"id", "ship"}
    assert not order.is_open
    assert order.member("nothing") is None
    id, bill = order.member("id"), order.member("bill")
    assert id is not None and id.types == {"string"}
    assert bill is not None and bill.types == {"object", "null"}
    assert (bill.required(), bill.property_names(), bill.is_open) == ({"name"}, {"name"}, False)
    name = bill.member("name")
    assert name is not None and name.types == {"string"} and name.member("x") is None and not name.is_open
    assert order.member("bill") is bill


def test_properties_that_differ_by_alternative(shape: Callable[[JSON], Shape]) -> None:
    either = shape(
        {
            "oneOf": [
                {"required": ["kind", "a"], "properties": {"kind": {"const": "x"}, "a": {"type": "string"}}},
                {"required": ["kind"], "properties": {"kind": {"const": "y"}, "a": {"type": "integer"}}},
            ]
        }
    )
    assert either.required() == {"kind"}
    kind, a = either.member("kind"), either.member("a")
    assert kind is not None and kind.enum == ("x", "y")
    assert a is not None and a.types == {"string", "integer"}


TESTED: dict[str, tuple[JSON, str, set[str] | None]] = {
    "if": ({"if": {"properties": {"b": {"const": "x"}}}, "then": {}}, "b", None),
    "if, in an object": (
        {"properties": {"b": {"type": "object"}}, "if": {"properties": {"b": {"properties": {"c": {}}}}}},
        "b.c",
        None,
    ),
    "if, in a list": (
        {
            "properties": {"b": {"items": {"properties": {"c": {}}}}},
            "if": {"properties": {"b": {"items": {"required": ["d"]}}}},
        },
        "b.[].d",
        None,
    ),
    "then": ({"if": {}, "then": {"properties": {"b": {"type": "string"}}}}, "b", {"string"}),
    "dependentSchemas": (
        {"dependentSchemas": {"a": {"properties": {"b": {"type": "string"}}}}},
        "b",
        {"string"},
    ),
    "what dependentSchemas depends on": ({"dependentSchemas": {"b": {}}}, "b", None),
    "dependentRequired": ({"dependentRequired": {"a": ["b"]}}, "b", None),
    "required": ({"required": ["b"]}, "b", None),
    "required by an alternative": ({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, "b", None),
    "required from others": (
        {"required": ["b"], "additionalProperties": {"type": "string"}},
        "b",
        {"string"},
    ),
}


@pytest.mark.parametrize("case", TESTED)
def test_properties_that_a_condition_or_a_dependency_names(shape: Callable[[JSON], Shape], case: str) -> None:
    document, path, types = TESTED[case]
    found: Shape | None = shape(document)
    for name in path.split("."):
        assert found is not None
        found = found.items() if name == "[]" else found.member(name)
    assert found is not None and found.types == types


@pytest.mark.parametrize(
    "document",
    [
        {"if": {"properties": {"a": {"const": 1}}}, "then": {}},
        {"if": {}, "then": {"properties": {"a": {"type": "integer"}}}},
        {"dependentSchemas": {"b": {"properties": {"a": {"type": "integer"}}}}},
        {"anyOf": [{"properties": {"a": {"type": "integer"}}}, {"required": ["b"]}]},
    ],
)
def test_what_holds_only_in_some_alternatives_says_nothing_in_the_others(
    shape: Callable[[JSON], Shape], document: dict[str, JSON]
) -> None:
    stated: dict[str, JSON] = {"properties": {"a": {"type": ["string", "integer"]}}}
    found = shape({**document, **stated}).member("a")
    assert found is not None and (found.types, found.enum) == ({"string", "integer"}, None)


def test_maps(shape: Callable[[JSON], Shape]) -> None:
    found = shape({"properties": {"id": {"type": "integer"}}, "additionalProperties": {"type": "string"}})
    id, other = found.member("id"), found.member("other")
    assert id is not None and id.types == {"integer"}
    assert other is not None and other.types == {"string"}
    assert (found.property_names(), found.is_open) == ({"id"}, False)
    found = shape({"patternProperties": {"^x_": {"type": "string"}}, "additionalProperties": False})
    assert found.member("x_1") is not None and found.member("y") is None and not found.is_open


@pytest.mark.parametrize(
    ("document", "is_open"),
    [
        ({}, True),
        ({"type": "object"}, True),
        ({"type": ["object", "null"], "additionalProperties": True}, True),
        ({"type": "object", "properties": {}}, True),
        ({"type": "object", "additionalProperties": False}, False),
        ({"type": "string"}, False),
        ({"properties": {"a": {}}}, False),
        ({"anyOf": [CONTACT, {"type": "object"}]}, True),
        ({"anyOf": [CONTACT, {"type": "null"}]}, False),
        ({"allOf": [{"type": "object"}, CONTACT]}, False),
    ],
)
def test_open_objects(shape: Callable[[JSON], Shape], document: JSON, is_open: bool) -> None:
    assert shape(document).is_open is is_open


@pytest.mark.parametrize(
    ("document", "types"),
    [
        ({"type": "array", "items": {"type": "string"}}, {"string"}),
        ({"type": "array"}, None),
        ({}, None),
        ({"type": "string"}, set()),
        ({"prefixItems": [{"type": "string"}, {"type": "null"}], "items": False}, {"string", "null"}),
        ({"prefixItems": [{"type": "string"}]}, None),
        ({"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]}, {"string"}),
        ({"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "array"}]}, None),
        ({"allOf": [{"type": "array"}, {"items": {"type": "string"}}]}, {"string"}),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"items": {"type": "string"}}}}, {"string"}),
    ],
)
def test_items(shape: Callable[[JSON], Shape], document: JSON, types: set[str] | None) -> None:
    assert shape(document).items().types == types


@pytest.mark.parametrize(
    ("document", "types"),
    [
        ({"properties": {"a": {"type": "string"}}}, None),
        ({"additionalProperties": False}, None),
        ({"additionalProperties": {}}, None),
        ({"additionalProperties": {"type": "number"}}, {"number"}),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"additionalProperties": {"type": "null"}}}}, {"null"}),
        (
            {"patternProperties": {"^x": {"type": "string"}}, "additionalProperties": {"type": "null"}},
            {"string", "null"},
        ),
    ],
)
def test_the_values_of_a_map_have_a_shape(
    document: JSON, types: set[str] | None, shape: Callable[[JSON], Shape]
) -> None:
    found = shape(document).others()

    assert (None if found is None else found.types) == types


def test_the_properties_keep_the_order_of_the_file(shape: Callable[[JSON], Shape]) -> None:
    below = {"a": {"properties": {"y": {}, "b": {}}}}
    document = {"$ref": "#/$defs/a", "properties": {"z": {}, "a": {}, "y": {}}, "$defs": below}

    assert shape(document).property_order() == ("z", "a", "y", "b")


def test_a_wide_recursive_union_stays_cheap() -> None:
    branches: list[JSON] = [
        {"properties": {"next": {"$ref": "#", "title": f"{i}"}, f"p{i}": {}}} for i in range(8)
    ]
    union: Node = {"anyOf": branches}
    found: Shape | None = Shape(union, lambda _: union)
    started = time.perf_counter()
    for _ in range(30):
        assert found is not None
        found = found.member("next")
    assert time.perf_counter() - started < 2


# --- what is not paid for


def test_looking_at_schemas_imports_no_validator(put: Put, tmp_path: Path) -> None:
    put({"kibo/order": {"$ref": "#/$defs/a", "$defs": {"a": CONTACT}}})
    code = (
        "import sys, pathlib, crossdock.schema.validator\n"
        "from crossdock.schema.store import SchemaStore\n"
        f"SchemaStore([pathlib.Path({str(tmp_path / 'schemas')!r})]).get('kibo/order').shape().types\n"
        "print(sorted({'jsonschema', 'referencing', 'rpds', 'attrs'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_schema_keeps_what_is_built_of_it(put: Put) -> None:
    schema = put({"kibo/order": {}}).get("kibo/order")
    made: list[Schema] = []

    def build(given: Schema) -> int:
        made.append(given)
        return len(made)

    assert (schema.once(build), schema.once(build), made) == (1, 1, [schema])
    assert schema.shape() is schema.shape()


def test_messages_are_one_line(put: Put) -> None:
    for document, *_ in WRONG.values():
        for finding in refused(put({"kibo/order": document}), "kibo/order"):
            assert re.fullmatch(r"[^\n]*[^.\n]", finding.message)
            assert finding.message[0] in "`" or finding.message[0].islower()
