"""A whole number is one value however it is written, on every path; equality is that of JSON."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock import EvaluationError, Project
from crossdock.cli.app import run
from crossdock.core.equality import among, equal
from crossdock.core.json_types import JSON, exact_as_int, settle, settled

SOURCE: JSON = {
    "type": "object",
    "properties": {"n": {"type": "integer"}, "size": {"enum": [1, 2]}, "any": {}},
    "required": ["n"],
}
MAPPING = """\
from: shop/parcel
map:
  text: "no. {{ n }}"
  row: lookup('names', n)
  size: to_string(size)
  id: uuid('parcel', n)
  whole: to_string(@)
  copied: n
  read: "parse_json('[1.0, 2e0]')"
  written: to_string(`[1.0, 1e1]`)
  constant: {$const: [1.0, 1e1]}
  template: "{{ 1.0 }}"
  number: to_string(to_number('1.0'))
  setting: to_string(settings().north)
tables:
  names: {'1': one}
"""
CHANNEL = """\
describe: A shop.
settings:
  north: {describe: how far, default: 0.0}
"""
WRITTEN = ["1", "1.0", "1.000", "1e0", "10e-1", "0.1E+1"]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    for folder in ("schemas", "mappings"):
        (tmp_path / folder / "shop").mkdir(parents=True)
    (tmp_path / "schemas/shop/parcel.schema.json").write_text(json.dumps(SOURCE))
    (tmp_path / "mappings/shop/label.yaml").write_text(MAPPING)
    (tmp_path / "mappings/shop/channel.yaml").write_text(CHANNEL)
    return Project([tmp_path])


@pytest.mark.parametrize("written", WRITTEN)
def test_every_way_to_write_a_whole_number_gives_the_same(project: Project, written: str) -> None:
    mapping = project.mapping("shop/label")
    text = f'{{"n": {written}, "size": {written}, "any": [{written}]}}'
    wanted = {
        "text": "no. 1",
        "row": "one",
        "size": "1",
        "id": "f9cbd7df-1b0f-5f9c-8c0d-000000000000",
        "whole": '{"n":1,"size":1,"any":[1]}',
        "copied": 1,
        "read": [1, 2],
        "written": "[1,10]",
        "constant": [1, 10],
        "template": "1",
        "number": "1",
        "setting": "0",
    }
    wanted["id"] = mapping({"n": 1})["id"]  # type: ignore[index,call-overload]
    expected = json.dumps(wanted)

    for trust in (False, True):
        assert json.dumps(json.loads(mapping.convert(text.encode(), trust_source=trust))) == expected
    assert json.dumps(mapping.run(json.loads(text)).value) == expected
    assert json.dumps(mapping(json.loads(text))) == expected
    assert json.dumps(mapping.run(json.loads(text), trust_source=True, traced=False).value) == expected


def test_a_setting_with_a_decimal_default_takes_decimals(project: Project) -> None:
    mapping = project.mapping("shop/label")

    assert mapping({"n": 1}, settings=project.settings("shop/label", {"north": "45.5"}))["setting"] == "45.5"  # type: ignore[index,call-overload]
    assert mapping({"n": 1}, settings=project.settings("shop/label", {"north": "45"}))["setting"] == "45"  # type: ignore[index,call-overload]


@pytest.mark.parametrize(
    "number, message",
    [("1e-400", "the number is out of range"), ("18446744073709551616", "the number is out of range")],
)
@pytest.mark.parametrize("options", [[], ["--trust-source"]], ids=["validated", "trusted"])
def test_a_number_out_of_range_is_refused(
    project: Project,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    options: list[str],
    number: str,
    message: str,
) -> None:
    (tmp_path / "mappings/shop/copy.yaml").write_text("from: shop/parcel\nmap: {n: n, any: any}\n")
    (tmp_path / "parcel.json").write_text(f'{{"n": 1, "any": [{number}]}}')
    arguments = ["transform", "shop/copy", str(tmp_path / "parcel.json"), "--format", "short", *options]

    assert run(["-C", str(tmp_path), *arguments]) == 3
    assert f"parcel.json:1:18: error[number-range]: {message}" in capfd.readouterr().err


@pytest.mark.parametrize(
    "expression, value",
    [
        ("rows[0].f == `[1]`", False),
        ("`[1]` == `[1.0]`", True),
        ('{k: rows[0].f} == `{"k": [1]}`', False),
        ('{k: rows[0].f} != `{"k": [1]}`', True),
        ("any == `[1]`", False),
        ("any != `[1]`", True),
        ("[any] == `[[true]]`", True),
        ("contains(`[1, 2]`, any[0])", False),
        ("contains(`[[1]]`, any)", False),
        ("contains(`[[true]]`, any)", True),
        ("contains(any, `1`)", False),
        ("contains(any, `true`)", True),
        ("contains('text', 'ex')", True),
        ("length(unique([any, `[1]`, `[true]`]))", 2),
        ("rows[?f == `[1]`].id", [2]),
    ],
)
def test_equality_is_that_of_json_at_any_depth(tmp_path: Path, expression: str, value: JSON) -> None:
    (tmp_path / "mappings/shop").mkdir(parents=True)
    (tmp_path / "mappings/shop/same.yaml").write_text(f"map:\n  t: {json.dumps(expression)}\n")
    mapping = Project([tmp_path]).mapping("shop/same")
    payload: JSON = {"any": [True], "rows": [{"id": 1, "f": [True]}, {"id": 2, "f": [1]}]}

    assert mapping(payload) == mapping.run(payload).value == {"t": value}


@pytest.mark.parametrize(
    "schema, expression, message",
    [
        ({"enum": [1, 2]}, "{$const: true}", "error[wrong-type]"),
        ({"type": "number"}, '"contains(`[1, 2]`, a) && a || `0`"', ""),
    ],
)
def test_the_check_knows_true_from_1(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], schema: JSON, expression: str, message: str
) -> None:
    for folder in ("schemas", "mappings"):
        (tmp_path / folder / "shop").mkdir(parents=True)
    target = {"type": "object", "properties": {"t": schema}}
    (tmp_path / "schemas/shop/out.schema.json").write_text(json.dumps(target))
    (tmp_path / "schemas/shop/in.schema.json").write_text('{"type": "object", "properties": {"a": {}}}')
    (tmp_path / "mappings/shop/m.yaml").write_text(f"from: shop/in\nto: shop/out\nmap:\n  t: {expression}\n")

    assert run(["-C", str(tmp_path), "check", "--format", "short"]) == (2 if message else 0)
    assert message in capfd.readouterr().out


@pytest.mark.parametrize("name", ["floor", "ceil"])
def test_a_whole_number_that_a_function_gives_has_a_bound(tmp_path: Path, name: str) -> None:
    (tmp_path / "mappings/shop").mkdir(parents=True)
    (tmp_path / "mappings/shop/whole.yaml").write_text(f"map: {{r: {name}(n)}}\n")
    mapping = Project([tmp_path]).mapping("shop/whole")

    assert mapping({"n": 1e20}) == mapping.run({"n": 1e20}).value == {"r": 10**20}
    for traced in (False, True):
        with pytest.raises(EvaluationError, match=f"`{name}` gives a number of 1e21 or more in size"):
            mapping.run({"n": 1e300}, traced=traced)


@pytest.mark.parametrize(
    ("constant", "number"),
    [("0123", "0123"), ("-007", "-007"), ("00.5", "00.5"), ("[1, 012]", "012"), ("{a: 07}", "07")],
)
def test_a_number_with_a_leading_zero_is_refused_in_a_constant(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], constant: str, number: str
) -> None:
    (tmp_path / "mappings/shop").mkdir(parents=True)
    (tmp_path / "mappings/shop/zero.yaml").write_text(f"map: {{r: {{$const: {constant}}}}}\n")

    assert run(["-C", str(tmp_path), "check", "--format", "short"]) == 2
    message = f"error[yaml-syntax]: `{number}` is neither a number of JSON nor text in quotes"
    assert message in capfd.readouterr().out


def test_what_has_no_whole_float_is_not_copied() -> None:
    value: JSON = {"a": [1, 1.5, {"b": "c"}], "d": None}

    assert settled(value) is value
    assert settled({"a": value, "b": [2.0]}) == {"a": value, "b": [2]}
    assert settled({"a": value, "b": 2.0})["a"] is value  # type: ignore[index,call-overload]


def test_equal_values() -> None:
    assert equal({"a": [1, None]}, {"a": [1.0, None]})
    assert not equal({"a": [1]}, {"a": [True]})
    assert not equal({"a": 0}, {"b": 0})
    assert among(0, [False, 0])
    assert not among([0], [[False], 0, None])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_in_place_and_as_a_copy_give_the_same(value: JSON) -> None:
    copied = settled(value, exact_as_int)
    assert repr(settle(deepcopy(value))) == repr(copied)
