"""A mapping is checked in each place that uses it, with the types of that place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from conftest import MakeProject
from crossdock.checking.check import CellCheck
from crossdock.core.rendering import render
from crossdock.language.syntax import LinkedMapping


def schema(**properties: Any) -> str:
    return json.dumps({"type": "object", "required": [*properties], "properties": properties})


TEXT, NUMBER = {"type": "string"}, {"type": "number"}
LINES = {"type": "array", "items": json.loads(schema(sku=TEXT, quantity=NUMBER))}
FILES = {
    "schemas/shop/order.schema.json": schema(number=TEXT, lines=LINES),
    "schemas/shop/stock.schema.json": schema(sku=TEXT, left=NUMBER),
    "schemas/erp/parcel.request.schema.json": schema(shipment=TEXT),
    "schemas/erp/parcel.response.schema.json": "{}",
    "schemas/erp/failure.schema.json": json.dumps(
        {"type": "object", "properties": {"kind": TEXT, "body": {"properties": {"reason": TEXT}}}}
    ),
}
CONVERSATION = """\
request: erp/parcel.request
response_schema: erp/parcel.response
steps:
  - step: order
    call: GET /orders/{{ shipment }}
    answer: shop/order
  - step: sent
    call: POST /parcels
    body: parcel
response: {}
"""
HELP = "  = help: constant text is written {$const: "


def found(project: MakeProject, files: Mapping[str, str], *names: str) -> str:
    return render(project({**FILES, **files}).check(names))


def test_the_body_of_a_call_is_checked_with_the_answers_before_it(project: MakeProject) -> None:
    files = {
        "mappings/shop/parcel/conversation.yaml": CONVERSATION,
        "mappings/shop/parcel/parcel.yaml": "map: {order: answers().order.numbr}\n",
    }

    assert found(project, files) == (
        "error[unknown-property]: `shop/order` has no property `numbr`\n"
        "  --> mappings/shop/parcel/parcel.yaml:1:30\n"
        "  |\n"
        "1 | map: {order: answers().order.numbr}\n"
        "  |                              ^^^^^\n"
        "  = note: used at mappings/shop/parcel/conversation.yaml:9:11\n"
        "  = help: did you mean `number`?"
    )


@pytest.mark.parametrize(
    ("cell", "name", "thing"),
    [
        ("shipmnt", "shipmnt", "erp/parcel.request"),
        ("root().shipmnt", "shipmnt", "erp/parcel.request"),
        ("request().shipmnt", "shipmnt", "erp/parcel.request"),
        ("answers().ordr", "ordr", "the answers so far"),
        ("answers().order.lines[].skus", "skus", "shop/order.lines[]"),
    ],
)
def test_all_that_a_mapping_reads_has_the_types_of_its_place(
    project: MakeProject, cell: str, name: str, thing: str
) -> None:
    files = {
        "mappings/shop/parcel/conversation.yaml": CONVERSATION,
        "mappings/shop/parcel/parcel.yaml": f"map: {{x: '{cell}'}}\n",
    }

    shown = found(project, files, "shop/parcel/parcel")

    assert shown.startswith(f"error[unknown-property]: `{thing}` has no property `{name}`\n")
    assert "  = note: used at mappings/shop/parcel/conversation.yaml:9:11" in shown


@pytest.mark.parametrize(
    "key", ["value: {$use: ./parcel}", "event: {$use: ./parcel}", "about: {$use: ./parcel}"]
)
def test_a_cell_of_a_step_is_followed_into_what_it_uses(project: MakeProject, key: str) -> None:
    task = "\n    value: 1" if key.startswith("about") else ""
    text = CONVERSATION.replace("call: POST /parcels\n    body: parcel", key + task)
    files = {
        "mappings/shop/parcel/conversation.yaml": text,
        "mappings/shop/parcel/parcel.yaml": "map: {x: shipmnt}\n",
    }

    assert "`erp/parcel.request` has no property `shipmnt`" in found(project, files)


def test_a_mapping_with_a_source_has_the_answers_of_its_use(project: MakeProject) -> None:
    files = {
        "mappings/shop/parcel/conversation.yaml": CONVERSATION,
        "mappings/shop/parcel/parcel.yaml": "from: erp/parcel.request\nmap: {order: answers().order.numbr}\n",
    }

    assert "`shop/order` has no property `numbr`" in found(project, files, "shop/parcel/parcel")


def test_the_result_of_a_used_mapping_has_a_type(project: MakeProject) -> None:
    text = CONVERSATION.replace("call: POST /parcels\n    body: parcel", "value: {$use: ./parcel}")
    files = {
        "mappings/shop/parcel/conversation.yaml": text.replace(
            "response: {}", "response: {a: answers().sent.ordr}"
        ),
        "mappings/shop/parcel/parcel.yaml": "map: {order: answers().order.number}\n",
    }

    assert "has no property `ordr`" in found(project, files)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ("{$const: null}", "`shop/order.lines[]` takes an object, and this is null"),
        (
            "{sku: {$const: null}, quantity: {$const: 1}}",
            "`shop/order.lines[].sku` takes text, and this is null",
        ),
    ],
)
def test_null_that_a_used_mapping_writes_is_reported_where_it_is_not_taken(
    project: MakeProject, made: str, message: str
) -> None:
    order = "from: shop/order\nto: shop/order\nmap: {number: number, lines: [{$use: ./row}]}\n"
    files = {"mappings/shop/order.yaml": order, "mappings/shop/row.yaml": f"map: {made}\n"}

    assert found(project, files, "shop/order") == (
        f"error[wrong-type]: {message}\n"
        "  --> mappings/shop/order.yaml:3:38\n"
        "  |\n"
        "3 | map: {number: number, lines: [{$use: ./row}]}\n"
        "  |                                      ^^^^^"
    )


def test_a_finding_says_which_uses_it_concerns(project: MakeProject) -> None:
    files = {
        "mappings/shop/line.yaml": "map: {sku: sku, quantity: quantity}\n",
        "mappings/shop/order.yaml": "from: shop/order\nmap:\n  lines:\n    - {$each: lines, $use: ./line}\n",
        "mappings/shop/stock.yaml": "from: shop/stock\nmap: {$use: ./line}\n",
    }

    shown = (
        "error[unknown-property]: `shop/stock` has no property `quantity`\n"
        "  --> mappings/shop/line.yaml:1:27\n"
        "  |\n"
        "1 | map: {sku: sku, quantity: quantity}\n"
        "  |                           ^^^^^^^^\n"
        "  = note: used at mappings/shop/stock.yaml:2:13\n"
        "  = note: where it is used at mappings/shop/order.yaml:4:28, there is no such finding\n"
        f"{HELP}quantity}}"
    )
    assert found(project, files, "shop/line") == shown
    assert found(project, files, "shop/order") == ""


def test_a_finding_behind_two_uses_names_both(project: MakeProject) -> None:
    files = {
        "mappings/shop/line.yaml": "map: {sku: skus}\n",
        "mappings/shop/lines.yaml": "map:\n  - {$each: lines, $use: ./line}\n",
        "mappings/shop/order.yaml": "from: shop/order\nmap: {lines: {$use: ./lines}}\n",
    }

    note = "used at mappings/shop/lines.yaml:2:26, which is used at mappings/shop/order.yaml:2:21"
    assert f"  = note: {note}\n" in found(project, files, "shop/line")


def test_a_whole_result_that_may_be_missing_is_a_finding_where_no_file_uses_the_mapping(
    project: MakeProject,
) -> None:
    row = "from: shop/stock\nto: shop/stock\nmap:\n  $if: left > `0`\n  sku: sku\n  left: left\n"
    files = {"mappings/shop/row.yaml": row}

    assert found(project, files) == (
        "warning[may-be-missing]: `shop/stock` is required, and this may be missing\n"
        "  --> mappings/shop/row.yaml:4:3\n"
        "  |\n"
        "4 |   $if: left > `0`\n"
        "  |   ^\n"
        "  = help: give it a default: `… || other`, or allow it on its line with a reason"
    )
    user = "from: shop/stock\nmap: {row: {$use: ./row}}\n"
    assert found(project, {**files, "mappings/shop/user.yaml": user}) == ""
    assert found(project, {}, "shop/row") == ""
    allowed = row.replace("`0`", "`0`   # allow[may-be-missing]: only rows with stock come here")
    assert found(project, {"mappings/shop/user.yaml": "map: {}", "mappings/shop/row.yaml": allowed}) == ""
    nullable = {"schemas/shop/perhaps.schema.json": '{"type": ["object", "null"]}'}
    assert (
        found(
            project, {**nullable, "mappings/shop/row.yaml": row.replace("to: shop/stock", "to: shop/perhaps")}
        )
        == ""
    )


def test_a_request_that_may_be_missing_is_a_finding(project: MakeProject) -> None:
    adapt = "steps:\n  - step: all\n    adapts: parcel\n    with: {$if: lines, shipment: number}\n"
    adapt += "response: {left: 1, sku: number}\n"
    files = {
        "mappings/shop/parcel/conversation.yaml": "request: erp/parcel.request\nsteps: []\nresponse: {}\n",
        "mappings/shop/other/conversation.yaml": f"request: shop/order\nresponse_schema: shop/stock\n{adapt}",
        "schemas/retailops/parcel.request.schema.json": schema(shipment=TEXT),
        "schemas/retailops/parcel.response.schema.json": "{}",
    }

    assert found(project, files) == (
        "warning[may-be-missing]: `retailops/parcel.request` is required, and this may be missing\n"
        "  --> mappings/shop/other/conversation.yaml:6:11\n"
        "  |\n"
        "6 |     with: {$if: lines, shipment: number}\n"
        "  |           ^\n"
        "  = help: give it a default: `… || other`, or allow it on its line with a reason"
    )


def test_a_mapping_that_nothing_uses_has_no_types(project: MakeProject) -> None:
    shown = (
        "warning[unused-mapping]: no file uses this mapping, and it has no `from`: "
        "the types of what it reads are not known\n"
        "  --> mappings/shop/line.yaml:1:1\n"
        "  |\n"
        "1 | map: {sku: sku}\n"
        "  | ^\n"
        "  = help: use it, delete it, or name the schema of its payload: `from: shop/order`"
    )
    line = {"mappings/shop/line.yaml": "map: {sku: sku}\n"}

    assert found(project, line) == shown
    assert found(project, line, "shop/line") == shown
    allowed = "# allow[unused-mapping]: for our own tests\nmap: {sku: sku}\n"
    assert found(project, {"mappings/shop/line.yaml": allowed}) == ""
    assert found(project, {"mappings/shop/line.yaml": "map: {sku: {$const: A}}\n"}) == ""
    used = {**line, "mappings/shop/stock.yaml": "from: shop/stock\nmap: {$use: ./line}\n"}
    assert found(project, used) == found(project, used, "shop/line") == ""


def test_a_file_with_errors_may_use_a_mapping(project: MakeProject) -> None:
    files = {
        "mappings/shop/line.yaml": "map: {sku: sku}\n",
        "mappings/shop/stock.yaml": "from: shop/stock\nmap: {a: b(, c: {$use: ./line}}\n",
    }

    assert found(project, files, "shop/line") == ""


def test_a_comment_is_needed_by_one_use(project: MakeProject) -> None:
    files = {
        "schemas/shop/part.schema.json": json.dumps({"type": "object", "properties": {"sku": TEXT}}),
        "mappings/shop/line.yaml": (
            "to: shop/stock\nmap:\n  left: 1\n  sku: sku  # allow[may-be-missing]: it has one\n"
        ),
        "mappings/shop/part.yaml": "from: shop/part\nmap: {$use: ./line}\n",
    }

    assert (
        found(project, files)
        == found(project, files, "shop/line")
        == found(project, files, "shop/part")
        == ""
    )
    files["mappings/shop/part.yaml"] = "from: shop/stock\nmap: {$use: ./line}\n"
    assert found(project, files).startswith(
        "warning[unused-allowance]: `may-be-missing` is allowed here, but there is no such finding\n"
        "  --> mappings/shop/line.yaml:4:15\n"
    )


def test_a_failure_has_the_properties_that_are_documented(project: MakeProject) -> None:
    text = CONVERSATION + "failure: {what: action, why: mesage}\n"
    files = {
        "mappings/shop/parcel/conversation.yaml": text,
        "mappings/shop/parcel/parcel.yaml": "map: {}\n",
    }

    assert (
        found(project, files).splitlines()[0]
        == "error[unknown-property]: `the failure` has no property `mesage`"
    )
    files["mappings/shop/parcel/conversation.yaml"] = text.replace("mesage", "message")
    assert found(project, files) == ""


def test_a_failure_mapping_reads_the_answers_of_nested_steps(project: MakeProject) -> None:
    text = """\
request: erp/parcel.request
response_schema: erp/parcel.response
steps:
  - step: all
    steps:
      - step: order
        call: GET /orders/{{ shipment }}
        answer: shop/order
    failure: {inner: answers().order.%s}
  - step: later
    value: 1
response: {}
failure: {outer: answers().order.number, last: answers().later, whole: answers().all.order}
"""

    files = {"mappings/shop/parcel/conversation.yaml": text % "number"}
    assert found(project, files) == ""
    files = {"mappings/shop/parcel/conversation.yaml": text % "numbr"}
    assert found(project, files).startswith("error[unknown-property]: `shop/order` has no property `numbr`\n")


def test_an_answer_has_what_the_answer_or_the_failure_documents(project: MakeProject) -> None:
    text = CONVERSATION.replace("    answer: shop", "    tolerate: body.%s == 'gone'\n    answer: shop")
    files = {
        "mappings/shop/parcel/conversation.yaml": text % "reason" + "failure: ../failure\n",
        "mappings/shop/parcel/parcel.yaml": "map: {}\n",
        "mappings/shop/failure.yaml": "from: erp/failure\nmap: {kind: kind}\n",
    }

    assert found(project, files) == ""
    files["mappings/shop/parcel/conversation.yaml"] = text % "raeson" + "failure: ../failure\n"
    assert "has no property `raeson`" in found(project, files)
    files["mappings/shop/parcel/conversation.yaml"] = text % "number" + "failure: ../failure\n"
    assert found(project, files) == ""


@pytest.mark.parametrize(("when", "line"), [("shipmnt", 1), ("shipment && order.numbr", 1)])
def test_the_shape_of_an_action_is_that_of_some_request(project: MakeProject, when: str, line: int) -> None:
    other = {
        "mappings/shop/count/conversation.yaml": CONVERSATION.partition("steps:")[0].replace(
            "parcel.request", "order"
        )
        + "response: {}\n"
    }
    files = {
        **other,
        "schemas/erp/order.schema.json": schema(order=json.loads(schema(number=TEXT))),
        "mappings/shop/parcel/conversation.yaml": CONVERSATION,
        "mappings/shop/parcel/parcel.yaml": "map: {}\n",
        "mappings/actions.yaml": (
            f"parcel: {{call: POST /parcels, when: '{when}'}}\n"
            "count: {call: POST /counts, when: order.number}\n"
        ),
    }

    [item] = project({**FILES, **files}).check()

    assert item.id == "unknown-property"
    assert str(item.span).startswith(f"mappings/actions.yaml:{line}:")


def test_a_mapping_is_checked_once_for_each_of_its_types(
    project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        f"mappings/m{number}.yaml": f"map: [{{$use: ./m{number + 1}}}, {{$use: ./m{number + 1}}}]\n"
        for number in range(9)
    }
    files |= {
        "mappings/m9.yaml": "map: {sku: sku}\n",
        "mappings/stock.yaml": "from: shop/stock\nmap: {$use: ./m0}\n",
    }
    made = project({**FILES, **files})
    checked: list[str] = []
    check = CellCheck.mapping

    def counted(self: CellCheck, mapping: LinkedMapping) -> Any:
        checked.append(mapping.name)
        return check(self, mapping)

    monkeypatch.setattr(CellCheck, "mapping", counted)

    assert made.check() == []
    # Each once for itself, and once with the types of the source.
    assert sorted(checked) == sorted(
        [*(f"m{number}" for number in range(10)), *(f"m{number}" for number in range(10)), "stock"]
    )


@pytest.mark.parametrize("row", ["{n: n}", "n", "[n]", "{$if: n, n: n}", "[{$each: ns, $value: '@'}]", "ns"])
@pytest.mark.parametrize("target", ['{"type": "object", "properties": {"n": {"type": "string"}}}', "{}"])
def test_a_mapping_over_what_may_be_null_is_as_right_as_a_fragment(
    project: MakeProject, row: str, target: str
) -> None:
    files = {
        "schemas/shop/from.schema.json": '{"type": "object", "properties": {'
        '"n": {"type": ["string", "null"]},'
        ' "ns": {"type": ["array", "null"], "items": {"type": ["string", "null"]}}}}',
        "schemas/shop/to.schema.json": f'{{"type": "object", "properties": {{"o": {target}}}}}',
    }
    head = "from: shop/from\nto: shop/to\nmap: {o: {$use: "
    fragment = project({**files, "mappings/shop/outer.yaml": f"{head}row}}}}\nfragments: {{row: {row}}}"})
    found = {item.id for item in fragment.check()}
    for inner in (f"map: {row}", f"from: shop/from\nmap: {row}"):
        outer = f"{head}./row}}}}"
        used = project({**files, "mappings/shop/outer.yaml": outer, "mappings/shop/row.yaml": inner})
        assert {item.id for item in used.check(["shop/outer"])} == found
