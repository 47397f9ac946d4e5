"""A constant that no payload can make right is an error at its cell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crossdock.cli.app import run
from crossdock.core.json_types import JSON

DEPENDENT: JSON = {"type": "object", "dependentRequired": {"a": ["b"]}, "additionalProperties": True}
REFUSED: list[tuple[JSON, str, str]] = [
    ({"type": "string", "pattern": "^[A-Z]+$"}, "{$const: abc}", "pattern-mismatch"),
    ({"type": "string", "minLength": 4}, "\"'abc'\"", "too-short"),
    ({"type": "string", "maxLength": 2}, "{$const: abc}", "too-long"),
    ({"type": "string", "format": "date-time"}, "{$const: yesterday}", "format-mismatch"),
    ({"type": "number", "minimum": 5}, "{$const: 4}", "too-small"),
    ({"type": "number", "exclusiveMaximum": 4}, '"`4`"', "too-large"),
    ({"type": "number", "multipleOf": 0.01}, "{$const: 0.125}", "not-a-multiple"),
    ({"allOf": [{"type": "number", "maximum": 5}]}, "{$const: 6}", "too-large"),
    ({"type": "array", "items": {"type": "string", "maxLength": 2}}, "{$const: [ab, abc]}", "too-long"),
    ({"type": "array", "contains": {"const": "abc"}}, "{$const: [ab, 7]}", "missing-item"),
    ({"type": "array", "contains": {"type": "string"}}, "{$const: []}", "missing-item"),
    (DEPENDENT, "{$const: {a: 1}}", "missing-required"),
    ({"allOf": [DEPENDENT]}, '"`{\\"a\\": 1}`"', "missing-required"),
    ({"type": "object", "propertyNames": {"pattern": "^x"}}, "{$const: {xa: 1, ya: 1}}", "unknown-property"),
]
TAKEN: list[tuple[JSON, str]] = [
    ({"type": "string", "pattern": "^[a-z]+$", "minLength": 3, "maxLength": 3}, "{$const: abc}"),
    ({"type": ["string", "number"], "minimum": 5}, "{$const: abc}"),
    ({"anyOf": [{"type": "string", "maxLength": 2}, {"type": "string", "minLength": 3}]}, "{$const: abc}"),
    ({"type": "string", "maxLength": 2}, "\"s == 'x' && 'abc' || 'ab'\""),
    ({"type": ["string", "null"], "minLength": 4}, "null"),
    ({"type": "array", "contains": {"const": "abc"}}, "{$const: [ab, abc]}"),
    ({"type": "array", "contains": {"not": {"type": "string"}}}, "{$const: [ab]}"),
    ({"type": "array", "contains": {"const": "abc"}, "minContains": 0}, "{$const: [ab]}"),
    (DEPENDENT, "{$const: {a: 1, b: 2}}"),
    (DEPENDENT, "{$const: {b: 1}}"),
    ({"type": "object", "propertyNames": {"pattern": "^x"}}, "{$const: {xa: 1}}"),
]


def checked(folder: Path, schema: JSON, cell: str) -> int:
    for part in ("schemas", "mappings"):
        (folder / part / "shop").mkdir(parents=True)
    source = {"type": "object", "properties": {"s": {"type": "string"}}}
    target = {"type": "object", "properties": {"t": schema}}
    (folder / "schemas/shop/in.schema.json").write_text(json.dumps(source))
    (folder / "schemas/shop/out.schema.json").write_text(json.dumps(target))
    (folder / "mappings/shop/m.yaml").write_text(f"from: shop/in\nto: shop/out\nmap:\n  t: {cell}\n")
    return run(["-C", str(folder), "check", "--format", "short"])


@pytest.mark.parametrize(("schema", "cell", "id"), REFUSED)
def test_a_constant_that_never_fits_is_an_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], schema: JSON, cell: str, id: str
) -> None:
    assert checked(tmp_path, schema, cell) == 2
    assert f"error[{id}]: `shop/out.t" in capfd.readouterr().out


@pytest.mark.parametrize(("schema", "cell"), TAKEN)
def test_a_constant_that_may_fit_is_none(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], schema: JSON, cell: str
) -> None:
    checked(tmp_path, schema, cell)
    assert "error[" not in capfd.readouterr().out
