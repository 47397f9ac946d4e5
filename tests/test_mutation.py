"""Would the examples notice a mistake? On small mappings every mutant is listed; ours must be caught."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from conftest import MakeProject
from crossdock import Project, ProjectError
from crossdock.cli.app import run
from crossdock.language.syntax import Evaluate
from crossdock.project.cases import cases_of, run_case
from crossdock.tools.mutation.mutants import mutants_of
from crossdock.tools.mutation.text import write
from crossdock.tools.mutation.trials import mutate
from crossdock.tools.mutation.variants import variants


def ignore(_: object) -> None:
    return None


EXPRESSIONS = {
    "a": ["a → b"],
    "a || b": ["a || b → a", "a || b → b", "a → b", "b → a"],
    "a && !c": ["a && !c → a", "a && !c → !c", "a → b", "!c → c"],
    "c[?a > `1`]": [
        "c[?a > `1`] → c[*]",
        "c[?a > `1`] → c[?!(a > `1`)]",
        "a > `1` → a >= `1`",
        "a → b",
        "`1` → `2`",
    ],
    "c[0]": ["[0] → [-1]"],
    "c[-1]": ["[-1] → [0]"],
    "c[1:3]": ["[1:3] → [0:3]", "[1:3] → [1:4]"],
    "[c, 'x']": ["[…] without c", "[…] without 'x'", "'x' → 'x?'"],
    "money(c, 'USD')": [
        "money(c, 'USD') → amount(c, 'USD')",
        "money(c, 'USD') → c",
        "money(…) without 'USD'",
        "'USD' → 'USD?'",
    ],
    "not_null(c, d)": ["not_null(…) without c", "not_null(…) without d"],
    "upper(c)": ["upper(c) → lower(c)", "upper(c) → c"],
    "lookup('t', c, 'x')": ["lookup('t', c, 'x') → c", "lookup(…) without 'x'", "'x' → 'x?'"],
    "`true`": ["`true` → `false`"],
    "let $c = a, $d = e in $c": ["a → b", "$c → $d"],
    "let $c = a in let $d = $c in [$d]": ["a → b", "$d → $c"],
    "c || `null`": ["c || `null` → c", "c || `null` → `null`"],
    "{{ c }}-{% if d %}x{% endif %}": [
        "'-' → '-?'",
        '"x" if d else "" → x',
        '"x" if d else "" → ',
        "'x' → 'x?'",
    ],
}


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_the_changes_of_an_expression(text: str, project: MakeProject) -> None:
    file = f"map: {{key: {json.dumps(text)}}}\ntables: {{t: {{A: a}}}}\n"
    cell = project({"mappings/shop/order.yaml": file}).mapping("shop/order").linked.cell.fields[0].cell  # type: ignore[union-attr]
    assert isinstance(cell, Evaluate)
    found = variants(cell.expression.node, lambda part: {"a": "b", "b": "a"}.get(part.name))

    assert [variant.says for variant in found][: len(EXPRESSIONS[text])] == EXPRESSIONS[text]


MAPPING = """\
map:
  refnum: number
  kind: {$const: order}
  gift:
    $if: wrap
    text: words
  items:
    - $each: lines
      $use: line
      more: true
  person:
    $with: buyer
    name: first
fragments:
  line: {sku: "lookup('sku', sku)"}
tables:
  sku: {A: a, B: b}
  country: ./tables/country
checks:
  - {check: refnum, message: no number}
  - {check: "lookup('country', 'US')", message: no country}
"""
FILES = {"mappings/shop/order.yaml": MAPPING, "mappings/shop/tables/country.yaml": "US: a\nCA: b\n"}


def test_the_mutants_of_a_mapping(project: MakeProject) -> None:
    made = project(FILES)
    found = [mutant.name for mutant in mutants_of(made, made.mapping("shop/order").linked, ignore)]

    assert found == [
        "refnum: left out",
        "kind: left out",
        "kind: 'order' → 'order?'",
        "gift: left out",
        "gift: $if: wrap → no condition",
        "gift.text: left out",
        "items: left out",
        "items[]: left out",
        "items[].more: left out",
        "items[].more: True → False",
        "person: left out",
        "person.name: left out",
        "fragments.line.sku: left out",
        "fragments.line.sku: lookup('sku', sku) → sku",
        "checks[0]: left out",
        "checks[1]: left out",
        "checks[1]: lookup('country', 'US') → 'US'",
        "checks[1]: 'US' → 'US?'",
        "tables.sku.A: left out",
        "tables.sku.A: the value of B",
        "tables.sku.B: left out",
        "tables.sku.B: the value of A",
        "tables.country: no rows",
    ]


SMALL = """\
map:
  refnum: to_string(number || id)
  state: lookup('state', state) || 'new'
tables:
  state: {A: open, B: closed}
"""


def tried(project: MakeProject, payloads: Mapping[str, object], accepted: str = "") -> tuple[Project, str]:
    made = with_snapshots(project, {"mappings/shop/order.yaml": SMALL}, payloads, accepted)
    return made, write(mutate(made, made.mapping("shop/order").linked))


def with_snapshots(
    project: MakeProject, files: Mapping[str, str], payloads: Mapping[str, object], accepted: str = ""
) -> Project:
    examples = {f"examples/shop/order/{name}.json": json.dumps(value) for name, value in payloads.items()}
    if accepted:
        examples["examples/shop/order/mutants.yaml"] = accepted
    made = project({**files, **examples})
    for case in cases_of(made, "shop/order"):
        for suffix, text in zip((".json", ".txt"), run_case(made, case), strict=True):
            if text is not None:
                project({f"snapshots/{case.path.with_suffix(suffix)}": text + "\n"})
    return made


ONE = {"number": 7, "id": "x", "state": "A"}


def test_what_survives_is_listed_with_its_place(project: MakeProject) -> None:
    assert tried(project, {"one": ONE})[1] == (
        "shop/order: 9 of 14 mutants are caught (64.3 %), 9 by 1 example, 0 by the check\n"
        "  mappings/shop/order.yaml:2:21 refnum: number || id → number\n"
        "  mappings/shop/order.yaml:3:10 state: lookup('state', state) || 'new' → lookup('state', state)\n"
        "  mappings/shop/order.yaml:3:10 state: 'new' → 'new?'\n"
        "  mappings/shop/order.yaml:5:20 tables.state.B: left out\n"
        "  mappings/shop/order.yaml:5:20 tables.state.B: the value of A"
    )


def test_more_examples_catch_more(project: MakeProject) -> None:
    examples = {"one": ONE, "two": {"id": "y", "state": "B"}, "three": {"id": "z", "state": "C"}}

    assert "15 of 15 mutants are caught (100.0 %)" in tried(project, examples)[1]


def test_what_is_accepted_does_not_count(project: MakeProject) -> None:
    accepted = (
        '"refnum: number || id → number": every order has a number\n'
        '"refnum: to_string(number) → x": gone\n"refnum: number || id → id": mended\n'
    )

    text = tried(project, {"one": ONE}, accepted)[1]
    assert "  1 accepted with a reason\n" in text
    assert "number || id → number\n" not in text
    assert text.endswith(
        "\n  accepted, but there is no such mutant: refnum: to_string(number) → x"
        "\n  accepted, but caught: refnum: number || id → id"
    )


def test_a_finding_of_the_check_catches_too(project: MakeProject) -> None:
    schema = {"type": "object", "properties": {"refnum": {"type": "string"}}, "required": ["refnum"]}
    files = {
        "schemas/erp/order.schema.json": json.dumps(schema),
        "mappings/shop/order.yaml": "to: erp/order\nmap: {refnum: number || 'none'}\n",
    }
    made = with_snapshots(project, files, {"one": {"number": "7"}})
    found = mutate(made, made.mapping("shop/order").linked)

    assert {trial.mutant.change: trial.verdict for trial in found.trials} == {
        "left out": "examples",
        "number || 'none' → number": "survived",
        "number || 'none' → 'none'": "examples",
        "'none' → 'none?'": "survived",
    }


PAGE = """\
[
  {
    "refnum": "7"
  },
  {
    "refnum": "none"
  }
]
"""


def test_examples_of_mappings_that_use_it_catch(project: MakeProject) -> None:
    files = {
        "mappings/shop/order.yaml": "map: {refnum: number || 'none'}\n",
        "mappings/shop/page.yaml": "map: [{$each: orders, $use: ./order}]\n",
        "examples/shop/page/one.json": '{"orders": [{"number": "7"}, {}]}',
        "snapshots/shop/page/one.json": PAGE,
    }
    made = project(files)

    assert write(mutate(made, made.mapping("shop/order").linked)) == (
        "shop/order: 4 of 4 mutants are caught (100.0 %), 4 by 1 example, 0 by the check"
    )


def test_examples_are_needed(project: MakeProject) -> None:
    made = project(FILES)

    with pytest.raises(ProjectError, match="no examples to run its mutants on"):
        mutate(made, made.mapping("shop/order").linked)


def test_an_example_must_give_its_snapshot(project: MakeProject) -> None:
    made = project({"mappings/shop/order.yaml": SMALL, "examples/shop/order/one.json": "{}"})

    with pytest.raises(ProjectError, match=r"`examples/shop/order/one\.json` does not match its snapshot"):
        mutate(made, made.mapping("shop/order").linked)


def test_the_command(
    project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tried(project, {"one": ONE})
    monkeypatch.chdir(tmp_path)

    assert run(["-C", ".", "mutate", "shop/order"]) == 1
    assert run(["-C", ".", "mutate", "shop/order", "--at-least", "50"]) == 0
    capsys.readouterr()
    assert run(["-C", ".", "mutate", "shop/order", "--limit", "4", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "mapping": "shop/order",
        "examples": 1,
        "mutants": 14,
        "tried": 4,
        "score": 100.0,
        "caught": {"examples": 4, "check": 0},
        "accepted": [],
        "survived": [],
        "stale": [],
    }


PROJECT = Project.open(Path(__file__).parents[1])
# `make mutate` tries all of them.
WHOLE = os.environ.get("CROSSDOCK_MUTATE") == "all"


@pytest.mark.parametrize("name", ["kibo/order", "fabric/order"])
def test_the_examples_of_orders_notice_mistakes(name: str) -> None:
    found = mutate(
        PROJECT, PROJECT.mapping(name).linked, limit=None if WHOLE else 60, only=() if WHOLE else [name]
    )

    assert found.score >= 95, write(found)
    assert found.stale == ()
