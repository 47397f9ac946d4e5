"""The Python that is generated: what it looks like, that no text of a mapping becomes code, and its limits.

That it gives what the interpreter gives is the matter of test_codegen_agrees.py.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from crossdock import Mapping, Project, Source
from crossdock.execution import codegen, runtime
from crossdock.execution.interpreter import execute
from crossdock.execution.runtime import Imprecise
from crossdock.execution.scope import Scope
from crossdock.project.compiler import compile_mapping

ODD = ['"', "'", "\\", "{", "}", "\n", "\u2028", "\x7f", "😀", "#", "\\N{DASH}", "{0}", "'''", '"""']


def mapping_of(text: str, tmp_path: Path) -> Mapping:
    """A mapping of a project that has nothing else."""
    return compile_mapping("shop/one", Source("one.yaml", text), Project([tmp_path]))


def lines_of(text: str, tmp_path: Path, **options: Any) -> list[str]:
    """The lines of the function that is generated, without comments."""
    source = codegen.generate(mapping_of(text, tmp_path).linked, **options).source
    body = source.partition("def run(payload, scope, failed=REFUSED):\n")[2]
    return [line[4:] for line in body.splitlines() if not line.strip().startswith("#")]


def test_it_reads_like_python_by_hand(tmp_path: Path) -> None:
    text = (
        "map: {number: order.number, town: order.address.town, items: [{$each: 'items[?sku]', sku: sku}]}\n"
    )

    assert lines_of(text, tmp_path) == [
        "if payload.__class__ is not dict: raise Unexplained",
        "v1 = payload.get('order')",
        "o2 = v1 if v1.__class__ is dict else EMPTY",
        "v3 = o2.get('number')",
        "v5 = (t4 if (t4 := o2.get('address')).__class__ is dict else EMPTY).get('town')",
        "r6 = []",
        "v7 = payload.get('items')",
        "if v7.__class__ is list:",
        "    for e8 in v7:",
        "        v9 = (e8 if e8.__class__ is dict else EMPTY).get('sku')",
        "        if (v9 or v9.__class__ in NUMBERS):",
        "            d10 = {'sku': v9}",
        "            if v9 is None: del d10['sku']",
        "            r6.append(d10)",
        "d11 = {'number': v3, 'town': v5, 'items': r6}",
        "if v3 is None: del d11['number']",
        "if v5 is None: del d11['town']",
        "return d11",
    ]


def test_the_lines_of_the_mapping_stand_above_their_code(tmp_path: Path) -> None:
    source = codegen.generate(mapping_of("map:\n  number: order.number\n", tmp_path).linked).source

    assert "    # one.yaml:2  number: order.number\n" in source


def test_a_sum_needs_no_list(tmp_path: Path) -> None:
    lines = lines_of("map: {a: 'sum(items[].multiply(price, quantity))'}\n", tmp_path)

    assert not any("append" in line for line in lines)
    assert any(line.strip().startswith("u") and " += " in line for line in lines)


def test_a_sum_over_the_result_is_added_up_while_it_is_made(tmp_path: Path) -> None:
    check = "checks: [{check: 'equal(sum(items[].price), root().total)', message: no}]\n"
    text = "map: {items: [{$each: items, price: money(price)}]}\n" + check
    lines = lines_of(text, tmp_path)

    assert sum(line.strip().startswith("for ") for line in lines) == 1


def test_the_first_of_a_list_ends_the_loop(tmp_path: Path) -> None:
    assert any(line.strip() == "break" for line in lines_of("map: {a: 'items[?sku].name | [0]'}\n", tmp_path))


def test_the_first_of_a_list_does_not_hide_what_fails_behind_it(tmp_path: Path) -> None:
    lines = lines_of("map: {a: 'items[?upper(sku)].name | [0]'}\n", tmp_path)

    assert not any(line.strip() == "break" for line in lines)


@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize("place", ["template", "constant", "key", "expression", "table", "describe"])
def test_no_text_of_a_mapping_becomes_code(text: str, place: str, tmp_path: Path) -> None:
    quoted = "".join(f"\\U{ord(char):08x}" for char in text)
    literal = text.replace("\\", "\\\\").replace("'", "\\'")
    cells = {
        "template": f'map: {{a: "{quoted}{{{{ b }}}}"}}\n'
        if "{" not in text
        else "map: {a: '{ {{ b }} }'}\n",
        "constant": f'map: {{a: {{$const: "{quoted}"}}}}\n',
        "key": f'map: {{"{quoted}": b}}\n',
        "expression": "map: {a: " + yaml_text(f"'{literal}' || b") + "}\n",
        "table": f'map: {{a: "lookup(\'t\', b)"}}\ntables: {{t: {{"{quoted}": "{quoted}"}}}}\n',
        "describe": f'describe: "{quoted}"\nmap: {{a: b}}\n',
    }
    mapping = mapping_of(cells[place], tmp_path)
    payload = {"b": text}
    function = codegen.compile_mapping(mapping.linked)

    assert function is not None
    assert (
        function(payload, Scope())
        == execute(mapping.linked, payload, Scope(), name="payload", traced=False).value
    )


def yaml_text(text: str) -> str:
    """Text between YAML's double quotes."""
    return '"' + "".join(f"\\U{ord(char):08x}" for char in text) + '"'


def test_pairs_of_odd_characters_in_a_template(tmp_path: Path) -> None:
    for one, other in product(ODD, repeat=2):
        if {"{", "{0}", "\\N{DASH}", "}", "#"} & {one, other}:
            continue  # Jinja reads them
        mapping = mapping_of(
            "map: {a: " + yaml_text(f"{one}{other}{{{{ b }}}}{other}{one}") + "}\n", tmp_path
        )
        function = codegen.compile_mapping(mapping.linked)

        assert function is not None
        assert function({"b": "-"}, Scope()) == {"a": f"{one}{other}-{other}{one}"}


def test_what_is_too_deep_for_python_is_interpreted(tmp_path: Path) -> None:
    payload: Any = "end"
    for _ in range(24):
        payload = {"a": [payload]}
    mapping = mapping_of(f"map: {{a: '{'.'.join(['a[*]'] * 24)}'}}\n", tmp_path)

    assert codegen.compile_mapping(mapping.linked) is None
    assert mapping.prepared() is None
    assert mapping(payload) == mapping.run(payload).value


def test_amounts_that_are_no_ten_thousandths_are_computed_as_they_are(tmp_path: Path) -> None:
    mapping = mapping_of("map: {a: 'add(b, c)', t: money(b)}\n", tmp_path)
    strict = codegen.generate(mapping.linked)
    payload = {"b": 0.00001, "c": 1}

    with pytest.raises(Imprecise):
        strict.load(runtime)(payload, Scope())
    assert mapping(payload) == {"a": 1.00001, "t": "0.00"}


@pytest.mark.parametrize(
    ("value", "text"),
    [(19.9, "19.90"), (-0.004, "0.00"), (-0.006, "-0.01"), (0, "0.00"), ("2.675", "2.68"), (-2.675, "-2.68")],
)
@pytest.mark.parametrize(("currency", "places"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4)])
def test_money_in_every_currency(value: Any, text: str, currency: str, places: int, tmp_path: Path) -> None:
    mapping = mapping_of(f"map: {{a: \"money(b, '{currency}')\"}}\n", tmp_path)
    found = mapping({"b": value})

    assert found == mapping.run({"b": value}).value
    assert len(found["a"].partition(".")[2]) == places  # type: ignore[index, call-overload, union-attr]
    assert places != 2 or found == {"a": text}


def test_the_same_source_every_time(tmp_path: Path) -> None:
    text = "map: {a: 'b.c || d', e: {$each: f, g: h}}\n".replace("{$each: f, g: h}", "[{$each: f, g: h}]")

    assert (
        codegen.generate(mapping_of(text, tmp_path).linked).source
        == codegen.generate(mapping_of(text, tmp_path).linked).source
    )


@pytest.mark.parametrize("other", [{"b": 2}, [], [["b", 2]]])
def test_merge_takes_what_jmespath_takes(other: Any, tmp_path: Path) -> None:
    mapping = mapping_of("map: {a: 'merge(one, other)'}\n", tmp_path)
    function = codegen.compile_mapping(mapping.linked)
    payload = {"one": {"a": 1}, "other": other}

    assert function is not None
    assert (
        function(payload, Scope())
        == execute(mapping.linked, payload, Scope(), name="payload", traced=False).value
    )
