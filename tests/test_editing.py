"""The service behind editors: diagnostics, completion and hover of texts in memory, with real projects."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import REPOSITORY
from crossdock.core.diagnostics import Diagnostic, Source
from crossdock.editing.formatting import formatted
from crossdock.editing.positions import Position, TextLines
from crossdock.editing.workspace import Workspace
from crossdock.project.project import Project


@pytest.fixture(scope="module")
def bundled() -> Workspace:
    return Workspace(REPOSITORY)


@pytest.fixture
def workspace(bundled: Workspace) -> Iterator[Workspace]:
    """The project of the repository, with all its files as on disk again after the test."""
    yield bundled
    for path in list(bundled._files.unsaved):
        bundled.close(path)


def at(workspace: Workspace, name: str, old: str, new: str) -> tuple[Path, int, int]:
    """Replace a text of a file; ``¦`` in the new one is where the cursor is. File, line and column."""
    path = REPOSITORY / "mappings" / f"{name}.yaml"
    text = path.read_text()
    assert text.count(old) == 1, text.count(old)
    whole = text.replace(old, new)
    before, _, after = whole.partition("¦")
    workspace.change(path, before + after)
    position = TextLines(before + after).position(len(before))
    return path, position.line, position.column


def offered(workspace: Workspace, name: str, old: str, new: str) -> list[str]:
    return [item.label for item in workspace.completion(*at(workspace, name, old, new)).items]


def said(found: list[Diagnostic]) -> list[str]:
    return [f"{item.span}: {item.severity}[{item.id}]: {item.message}" for item in found]


def test_diagnostics_are_those_of_check_in_the_file_and_in_those_that_use_it(workspace: Workspace) -> None:
    path, *_ = at(workspace, "kibo/order", "unit_tax: 0", "unit_tax: produkt¦")
    assert said(workspace.first_diagnostics(path)) == [
        "mappings/kibo/order.yaml:85:17: error[unknown-property]: "
        "`kibo/order.items[]` has no property `produkt`"
    ]
    assert said(workspace.all_diagnostics()) == [
        "mappings/kibo/order.yaml:85:17: error[unknown-property]: "
        "`kibo/order.items[]` has no property `produkt`",
        "mappings/kibo/order_fetch/conversation.yaml:121:23: error[broken-use]: "
        "the mapping `../order` has errors of its own",
        "mappings/kibo/order_writeback/conversation.yaml:158:35: error[broken-use]: "
        "the mapping `../order` has errors of its own",
    ]
    workspace.close(path)
    assert workspace.all_diagnostics() == []


def test_a_change_is_checked_by_file_and_by_use_and_nothing_is_read_again(workspace: Workspace) -> None:
    workspace.all_diagnostics()
    reads = workspace._files.reads
    kept = dict(workspace.project._compiled._kept)
    path, *_ = at(workspace, "kibo/order", "unit_tax: 0", "unit_tax: 1¦")
    workspace.first_diagnostics(path)
    checked = {key for key, made in workspace.project._compiled._kept.items() if kept.get(key) is not made}
    assert checked == {("mapping", "kibo/order"), ("strict check", "kibo/order")}
    workspace.all_diagnostics()
    checked = {key for key, made in workspace.project._compiled._kept.items() if kept.get(key) is not made}
    assert sorted(checked) == [
        ("check", "kibo"),
        ("check with", "kibo/order_pull retailops_v1 False"),
        ("check with", "kibo/order_update retailops_v1 False"),
        ("conversation", "kibo/order_fetch/conversation"),
        ("conversation", "kibo/order_writeback/conversation"),
        ("dialect", "kibo/order_pull retailops_v1"),
        ("dialect", "kibo/order_update retailops_v1"),
        ("mapping", "kibo/order"),
        ("strict check", "kibo/order"),
        ("strict check", "kibo/order_fetch/conversation"),
        ("strict check", "kibo/order_writeback/conversation"),
    ]
    assert workspace._files.reads == reads


def test_a_conversation_is_checked_again_only_if_what_it_uses_has_another_result(
    workspace: Workspace,
) -> None:
    workspace.all_diagnostics()
    earlier = workspace.project._compiled.earlier
    assert earlier is not None
    before = earlier._checked["kibo/order_writeback/conversation"]
    at(workspace, "kibo/order", "unit_tax: 0", "unit_tax: 0   # none¦")
    assert workspace.all_diagnostics() == []
    assert earlier._checked["kibo/order_writeback/conversation"] is before
    at(workspace, "kibo/order", "unit_tax: 0", "unit_tax: subtotal¦")
    assert said(workspace.all_diagnostics()) == []
    assert earlier._checked["kibo/order_writeback/conversation"] is not before


def test_properties_are_offered_by_the_type_of_the_place(workspace: Workspace) -> None:
    assert offered(workspace, "kibo/order", "unit_tax: 0", "unit_tax: sub¦")[0] == "subtotal"
    found = offered(workspace, "kibo/order", "unit_tax: 0", "unit_tax: product.¦")
    assert {"sku", "productCode", "variationProductCode"} <= set(found)
    assert "orderNumber" not in found


def test_a_cell_that_is_as_the_one_beside_it_but_for_a_constant_ends_with_the_same(
    workspace: Workspace,
) -> None:
    cell = "pickups: $same[?kind == 'pickups']."
    found = offered(workspace, "kibo/shipment_submit/conversation", f"{cell}box", f"{cell}¦")
    assert found[:2] == ["box", "items"]


def test_the_types_of_a_mapping_without_a_schema_are_those_of_its_uses(workspace: Workspace) -> None:
    found = offered(workspace, "fabric/inv_push/count", "  sku: of.sku", "  sku: of.¦")
    assert sorted(found) == ["concept", "elsewhere", "id", "places", "quantity", "sku"]
    found = offered(workspace, "fabric/inv_push/count", "  sku: of.sku", "  sku: answers().held.data[].¦")
    assert {"counters", "locationNumber"} <= set(found)


def test_a_file_that_is_used_by_a_file_that_is_used_has_the_types_of_the_conversation(
    workspace: Workspace,
) -> None:
    offers = offered(
        workspace, "fabric/shipment_submit/carton", "shippedQuantity: units", "shippedQuantity: ¦"
    )
    assert "units" in offers


def test_what_other_files_read_at_such_a_place_comes_first(workspace: Workspace) -> None:
    """It is known once all files were checked. What is cut off here does not count."""
    workspace.all_diagnostics()
    offers = offered(workspace, "fabric/order_ack/conversation", "tolerate: not_found", "tolerate: ¦")
    assert offers[:2] == ["not_found", "too_large"]


def test_a_constant_beside_says_what_is_meant(workspace: Workspace) -> None:
    name, about = "fabric/order_writeback/conversation", "about: {concept: {$const: sku}, id: line."
    assert offered(workspace, name, f"{about}sku}}", f"{about}¦}}")[0] == "sku"
    of_line = about.replace("sku}", "line}")
    assert offered(workspace, name, f"{about}sku}}", f"{of_line}¦}}")[0] == "id"


def test_keys_words_names_and_values_are_offered(workspace: Workspace) -> None:
    assert offered(workspace, "kibo/order", "unit_tax: 0", "unit_tax: 0\n      ¦")[:2] == ["$const", "$with"]
    assert offered(workspace, "kibo/order", "      unit_tax: 0\n", "      ¦\n")[0] == "unit_tax"
    assert offered(workspace, "kibo/order", "unit_tax: 0", "unit_tax: {$use: ¦}")[0] == "address"
    assert "tender" in offered(workspace, "kibo/order", "unit_tax: 0", "unit_tax: lookup('¦', id)")
    assert offered(workspace, "kibo/order", "unit_tax: 0", "unit_tax: mon¦") == ["money"]
    assert offered(workspace, "kibo/order", "from: kibo/order", "from: kibo/order¦")[0] == "kibo/order"
    settings = "settings().order_reference == '¦'"
    assert offered(workspace, "kibo/order", "unit_tax: 0", f"unit_tax: {settings}") == ["number", "id"]
    found = offered(workspace, "fabric/inv_push/conversation", "unless: $updated || $created", "unless: $¦")
    assert sorted(found) == ["$addressed", "$count", "$created", "$held", "$stock", "$stock_of", "$updated"]


def test_an_unfinished_text_is_completed(workspace: Workspace) -> None:
    """The bracket is not closed, the quote is not, and the rest of the line does not fit."""
    for written in ("money(product.¦", '"[product.¦', "money(product.¦ unitPrice"):
        assert "productCode" in offered(workspace, "kibo/order", "unit_tax: 0", f"unit_tax: {written}")


def test_hover_says_the_type_and_where_it_is_from(workspace: Workspace) -> None:
    def hover(old: str, new: str) -> str | None:
        found = workspace.hover(*at(workspace, "kibo/order", old, new))
        return None if found is None else found.text

    assert hover("sku: product.variationProductCode ||", "sku: product.variation¦ProductCode ||") == (
        "`kibo/order.items[].product.variationProductCode`: text?, may be missing\n\n"
        "The code of the very variation; it is what is shipped."
    )
    assert hover("unit_tax: 0", "unit_t¦ax: 0") == (
        "`retailops/order.items[].unit_tax`: number, may be missing\n\n"
        "The tax of one unit, when tax is stated at the lines."
    )
    assert hover("from: kibo/order", "fr¦om: kibo/order") == (
        "`from`: the schema of the source payload, such as `kibo/order`"
    )
    text = hover("unit_tax: 0", "unit_tax: mo¦ney(subtotal)")
    assert text is not None
    assert text.startswith("`money(amount: number | string, currency?: string")


def test_columns_are_utf_16_and_lines_end_as_they_do() -> None:
    lines = TextLines("a: '😀é' # x\r\nb: 1\rc\n")
    assert lines.position(lines.text.index("#")) == Position(0, 9)
    assert lines.offset(Position(0, 9)) == lines.text.index("#")
    assert lines.offset(Position(0, 5)) == lines.text.index("😀")  # within the pair
    assert lines.position(lines.text.index("b")) == Position(1, 0)
    assert lines.position(lines.text.index("c")) == Position(2, 0)
    assert lines.offset(Position(0, 99)) == lines.text.index("\r\n")
    assert lines.offset(Position(99, 0)) == len(lines.text)


def test_crlf_and_characters_beyond_the_first_plane(workspace: Workspace) -> None:
    path = REPOSITORY / "mappings" / "kibo" / "order.yaml"
    text = (
        path.read_text().replace("unit_tax: 0", "unit_tax: '{{ \"😀\" }}{{ produ }}'").replace("\n", "\r\n")
    )
    workspace.change(path, text)
    _, found = workspace.first_diagnostics(path)
    assert found.span is not None
    where = TextLines(text).of(found.span)
    assert (where.start, where.end) == (Position(84, 30), Position(84, 35))
    items = workspace.completion(path, where.end.line, where.end.column).items
    assert items[0].label == "product"


def test_files_that_are_made_and_removed_on_disk_are_found(tmp_path: Path) -> None:
    folder = tmp_path / "mappings" / "shop"
    folder.mkdir(parents=True)
    order, row = folder / "order.yaml", folder / "row.yaml"
    order.write_text("describe: An order.\nfrom: shop/made\nto: shop/made\nmap:\n  line: {$use: ./row}\n")
    schemas = tmp_path / "schemas" / "shop"
    schemas.mkdir(parents=True)
    made = '{"type": "object", "properties": {"line": {"type": "object"}}}'
    (schemas / "made.schema.json").write_text(made)
    workspace = Workspace(tmp_path)
    assert [item.id for item in workspace.diagnostics(order)] == ["unknown-mapping"]
    row.write_text("describe: A row.\nmap: {sku: {$const: a}}\n")
    workspace.refresh([row])
    assert workspace.all_diagnostics() == Project([*workspace._roots]).check() == []
    workspace.change(row, "describe: Steps.\ninputs: {}\nsteps: []\nanswer: 1\n")
    assert [item.id for item in workspace.diagnostics(order)] == ["unknown-mapping"]
    workspace.close(row)
    assert workspace.all_diagnostics() == []
    (schemas / "made.schema.json").write_text(made.replace("object", "string", 1))
    workspace.refresh([schemas / "made.schema.json"])
    assert [item.id for item in workspace.diagnostics(order)] == ["wrong-type"]
    shutil.rmtree(schemas)
    workspace.refresh([schemas / "made.schema.json"])
    assert {item.id for item in workspace.diagnostics(order)} == {"unknown-schema"}


def laid_out(text: str) -> str:
    return formatted(Source("order.yaml", text))


def test_the_layout_changes_white_space_and_never_what_a_file_says() -> None:
    allowed, note = "  # allow[may-be-missing]: why  \n  sku: sku\t\n\n\n\n", "  # A note\n  name: >-\n"
    text = f"\n\nmap:   \n\n\n{allowed}{note}    a\n\n\n    b\n\n\n"
    assert laid_out(text) == (
        "map:\n\n  # allow[may-be-missing]: why\n  sku: sku\n\n  # A note\n  name: >-\n    a\n\n\n    b\n"
    )
    assert laid_out(text.replace("\n", "\r\n")) == laid_out(text).replace("\n", "\r\n")
    assert laid_out("a: |\n  x  \n\n  y\nb: c  \n\n\nd: e") == "a: |\n  x  \n\n  y\nb: c\n\nd: e\n"
    assert laid_out("a: 'x\n\n\n  y'   \n\n\nb: c\n") == "a: 'x\n\n\n  y'\n\nb: c\n"
    kept = "a: |+\n  x\n\n\n"
    assert laid_out(kept) == kept
    assert laid_out("a: [\n") == "a: [\n"


def test_the_layout_of_the_bundled_files_is_that_of_the_formatter() -> None:
    for path in sorted((REPOSITORY / "mappings").rglob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        assert laid_out(text) == text, path
