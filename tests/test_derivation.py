"""Documents as they come, hard cases included, and what is derived from them."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from crossdock.core.errors import ProjectError
from crossdock.core.limits import DOCUMENT_BYTES
from crossdock.tools.derivation import check, derive, write

HERE = Path(__file__).parent
SCHEMAS = HERE.parent / "schemas"
SYSTEMS = ("fabric", "kibo", "retailops")


def documents() -> Path:
    """Where the channels' documents are, or the test is skipped: they are not ours to carry."""
    stated = os.environ.get("CROSSDOCK_DOCUMENTS")
    beside = (parent / "shared" / "seeds" for parent in HERE.parents)
    found = [Path(stated)] if stated else [path for path in beside if path.is_dir()]
    if not found:
        pytest.skip("the channels' documents are not at hand: name their directory in CROSSDOCK_DOCUMENTS")
    return found[0]


def published_schemas() -> Path:
    """The JSON Schemas that RetailOPS publishes for its later dialect, or the test is skipped."""
    beside = (parent / "shared" / "reference" / "retailops_v1" for parent in HERE.parents)
    found = [path for path in beside if path.is_dir()]
    if not found:
        pytest.skip("the published schemas of RetailOPS' later dialect are not at hand")
    return found[0]


def system(folder: Path, recipe: str, **files: str | bytes) -> Path:
    """A system `acme` with this recipe; files are documents, named `document` in recipes."""
    acme = folder / "acme"
    acme.mkdir()
    (acme / "derive.yaml").write_text(recipe, encoding="utf-8")
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode()
        (folder / f"{name}.md").write_bytes(data)
    return acme


def one(part: str) -> str:
    return f"shapes:\n  order:\n    from:\n      - {{document: 'doc.md', {part}}}\n"


def schema(acme: Path, folder: Path, name: str = "order") -> dict:
    return json.loads(derive(acme, folder)[acme / f"{name}.schema.json"])


def refused(acme: Path, folder: Path) -> str:
    with pytest.raises(ProjectError) as error:
        derive(acme, folder)
    assert not list(acme.glob("*.schema.json")), "nothing is written"
    return str(error.value)


# --- tables


TABLE = """
# Call

| Name | Type | Description | Example |
| ---- | ---- | ----------- | ------- |
| **data:order:id** | *integer* | the id | `"497"` |
| **data:order:gift** | *integer* | boolean? | `0` |
| **data:order:shipments/id** | *string* | | `"1"` |
| **data:order:shipments/packages** | *array* | | `[{"id":"370","weight":"1","items":[null]}]` |
| **data:note** | *string* | a bar in a cell: `a|b` | `"x"` |
| **data:seen** | *nullable string* | not JSON | some text |
| **order_in_filfillment** | *integer* | wire names are kept | `null` |
"""


def test_table_names_nest_and_both_the_type_and_the_example_count(tmp_path):
    acme = system(tmp_path, one("under: 'Call', table: 1"), doc=TABLE)
    derived = schema(acme, tmp_path)["properties"]
    order = derived["data"]["properties"]["order"]["properties"]
    assert order["id"]["type"] == ["string", "integer"]
    assert order["gift"]["type"] == ["integer", "boolean"]
    shipment = order["shipments"]["items"]["properties"]
    assert shipment["id"]["type"] == "string"
    assert shipment["packages"]["items"]["properties"]["weight"]["type"] == "string"
    assert "items" not in shipment["packages"]["items"]["properties"]["items"], "null says nothing"
    assert derived["data"]["properties"]["note"]["type"] == "string"
    assert derived["data"]["properties"]["seen"]["type"] == ["string", "null"]
    assert derived["order_in_filfillment"]["type"] == ["integer", "null"]


def test_a_table_row_is_documented_and_named_by_its_line(tmp_path):
    acme = system(tmp_path, one("under: 'Call', table: 1"), doc=TABLE)
    found = schema(acme, tmp_path)["properties"]["data"]["properties"]["order"]["properties"]["gift"]
    assert found["x-status"] == "documented"
    assert found["x-source"] == {"document": "doc.md", "line": 7}


# --- published JSON Schemas


PUBLISHED = """{
  "title": "an action",
  "links": [{
    "schema": {"allOf": [{
      "type": "object", "required": ["order"],
      "properties": {
        "order": {"type": ["object", "null"], "properties": {
          "id": {"type": "integer", "description": "not taken", "minimum": 1},
          "state": {"enum": ["new", "old"], "type": "string"},
          "gone": {"type": "string", "enum": [true, false]},
          "made": {"type": "string", "format": "date-time"},
          "tags": {"type": "array", "maxItems": 2, "items": {"type": "string", "maxLength": 9}}
        }}
      }
    }]}
  }]
}"""


def test_a_published_schema_gives_types_limits_and_what_is_required(tmp_path):
    acme = system(tmp_path, one("schema: '/links/0/schema/allOf/0'"), doc=PUBLISHED)
    found = schema(acme, tmp_path)
    assert found["required"] == ["order"]
    order = found["properties"]["order"]
    assert order["type"] == ["object", "null"]
    source = {"document": "doc.md", "line": 8}
    id_ = {"type": "integer", "minimum": 1, "x-status": "documented", "x-source": source}
    assert order["properties"]["id"] == id_
    assert order["properties"]["state"]["enum"] == ["new", "old"]
    assert "enum" not in order["properties"]["gone"], "no value of the type is allowed: a mistake"
    assert order["properties"]["made"]["format"] == "date-time"
    assert order["properties"]["tags"]["maxItems"] == 2
    assert order["properties"]["tags"]["items"] == {"type": "string", "maxLength": 9}


def test_the_enumerations_of_a_published_schema_may_be_only_noted(tmp_path):
    recipe = "policy: {enumerations: noted}\n" + one("schema: '/links/0/schema/allOf/0'")
    order = schema(system(tmp_path, recipe, doc=PUBLISHED), tmp_path)["properties"]["order"]
    assert order["properties"]["state"]["x-known-values"] == ["new", "old"]
    assert "enum" not in order["properties"]["state"]


def test_a_pointer_that_leads_to_no_schema_is_refused(tmp_path):
    acme = system(tmp_path, one("schema: '/links/1/schema'"), doc=PUBLISHED)
    message = "error[evidence-empty]: the document `doc.md` has no schema at `/links/1/schema`"
    assert message in refused(acme, tmp_path)


# --- JSON in text


PAGE = """curl -X POST https://example.com \\
  --data '
{
"a": 1, "when": "2024-03-08T21:13:11.123Z"
}
'{
"b": {"c": [1, 2.5], "d": "<string>"}
}Some text follows {right} away, and [1] is no JSON.
| x | `{"in": "a table"}` |
{ }
[{"e": null}]
"""


@pytest.mark.parametrize(
    ("part", "names"),
    [("json: 1", ["a", "when"]), ("json: 2", ["b"]), ("json: 3, at: '[]'", ["e"])],
)
def test_json_is_found_wherever_it_stands(tmp_path, part, names):
    assert list(schema(system(tmp_path, one(part), doc=PAGE), tmp_path)["properties"]) == names


def test_json_carries_its_lines_and_formats(tmp_path):
    found = schema(system(tmp_path, one("json: 1"), doc=PAGE), tmp_path)["properties"]
    assert found["when"]["format"] == "date-time"
    assert found["when"]["x-source"] == {"document": "doc.md", "line": 4}
    assert found["a"]["x-status"] == "observed"


def test_placeholders_stand_for_what_the_recipe_says(tmp_path):
    recipe = "placeholders: {'\"<string>\"': any, '1': number}\n" + one("json: 2")
    found = schema(system(tmp_path, recipe, doc=PAGE), tmp_path)["properties"]["b"]["properties"]
    assert found["c"]["items"]["type"] == "number"
    assert "type" not in found["d"]


def test_a_page_of_markup_is_read_as_its_text(tmp_path):
    page = '<!DOCTYPE html>\n<script>var x = {"no": 1}</script>\n<pre>{<b>&quot;a&quot;</b>: 1}</pre>'
    found = schema(system(tmp_path, one("json: 1"), doc=page), tmp_path)["properties"]
    assert found["a"]["x-source"]["line"] == 3


def test_a_curl_query_is_read_as_nested_text(tmp_path):
    page = (
        "# Get\ncurl -n https://example.com -G \\\n -d data[id]=4%2C9 \\\n -d data[order][ref]= \\\n -d v=1\n"
    )
    found = schema(system(tmp_path, one("under: 'Get', curl: 1"), doc=page), tmp_path)["properties"]
    assert list(found) == ["data", "v"]
    assert found["data"]["properties"]["order"]["properties"]["ref"]["type"] == "string"
    assert found["v"]["x-source"]["line"] == 5


PROSE = """{"id": "7", "lines": [{"no": 1}], "total": 9.5, "kind": "WEB", "hidden": true}
Response.
Unique identifier of the thing.
"7"
1 - 9 elementsShow child attributes
Total amount,
with tax
9.5
Which kind of thing it is.
WEB, POS "WEB"
Footer
"""


def test_running_descriptions_are_laid_beside_the_properties(tmp_path):
    recipe = one("json: 1") + "      - {document: 'doc.md', prose: ['Response.', 'Footer']}\n"
    found = schema(system(tmp_path, recipe, doc=PROSE), tmp_path)["properties"]
    assert found["total"]["x-status"] == "documented"
    assert found["total"]["x-source"]["line"] == 6
    assert found["kind"]["x-known-values"] == ["WEB", "POS"]
    assert found["hidden"]["x-status"] == "observed"
    assert "description" not in found["total"], "the page's words are not ours"


# --- documents that cannot be used


@pytest.mark.parametrize(
    ("part", "document", "message"),
    [
        (
            "json: 1",
            '# Order\n\n{"a": 1,\n "b": [1, 2',
            """\
error[document-cut]: the document `doc.md` ends in the middle of the JSON that begins here
  --> doc.md:3:1
  |
3 | {"a": 1,
  | ^
  = help: fetch the document again""",
        ),
        (
            "json: 1",
            '{"a": 1, "b": 2,}',
            """\
error[json-malformed]: the JSON that begins in line 1 cannot be read: expected a key in double quotes
  --> doc.md:1:17
  |
1 | {"a": 1, "b": 2,}
  |                 ^""",
        ),
        (
            "json: 1",
            "only words",
            """\
error[json-missing]: the document `doc.md` holds no JSON here
  --> doc.md:1:1
  |
1 | only words
  | ^""",
        ),
        (
            "json: 2",
            '{"a": 1}',
            """\
error[json-missing]: the document `doc.md` holds 1 JSON value here, not 2
  --> doc.md:1:1
  |
1 | {"a": 1}
  | ^""",
        ),
        (
            "under: 'Order', json: 1",
            '# Orders\n{"a": 1}',
            "error[heading-unknown]: the document `doc.md` has no heading `Order`\n"
            "  = help: did you mean `Orders`?",
        ),
        (
            "json: 1",
            '{"a": "gr\u00fcn"}'.encode("latin-1"),
            "error[document-encoding]: the document `doc.md` is not UTF-8: byte 9 cannot be read\n"
            "  = help: save it as UTF-8",
        ),
        (
            "json: 1",
            '{"a": 1}'.encode("utf-16"),
            "error[document-encoding]: the document `doc.md` is not UTF-8: byte 0 cannot be read\n"
            "  = help: save it as UTF-8",
        ),
        (
            "json: 1",
            '{"a": ' * 99 + "1" + "}" * 99,
            None,
        ),
    ],
)
def test_a_document_that_cannot_be_used_is_refused_in_one_sentence(tmp_path, part, document, message):
    found = refused(system(tmp_path, one(part), doc=document), tmp_path)
    if message is None:
        assert "cannot be read: nested deeper than 64 levels" in found
    else:
        assert found == message


def test_a_document_of_100_megabytes_is_refused_unread(tmp_path):
    acme = system(tmp_path, one("json: 1"))
    with (tmp_path / "doc.md").open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    assert refused(acme, tmp_path) == (
        "error[document-too-large]: the document `doc.md` has 100 MiB, "
        "more than the limit of 8 MiB\n"
        "  = help: cut out the part that describes the payloads"
    )
    assert DOCUMENT_BYTES == 8 * 1024 * 1024


def test_a_document_that_is_absent_is_named(tmp_path, monkeypatch):
    acme = system(tmp_path, one("json: 1"))
    assert refused(acme, tmp_path) == (
        "error[document-missing]: the document `doc.md` is not in the documents' directory"
    )
    monkeypatch.delenv("CROSSDOCK_DOCUMENTS", raising=False)
    with pytest.raises(ProjectError) as error:
        derive(acme)
    assert str(error.value) == (
        "error[documents-unknown]: `acme` is derived from `doc.md`, but no directory of documents is given\n"
        "  = help: give it with --documents DIR, or in CROSSDOCK_DOCUMENTS"
    )


def test_the_documents_directory_may_be_named_in_the_environment(tmp_path, monkeypatch):
    acme = system(tmp_path, one("json: 1"), doc=PAGE)
    monkeypatch.setenv("CROSSDOCK_DOCUMENTS", str(tmp_path))
    assert derive(acme) == derive(acme, tmp_path)


def test_a_schema_names_the_published_calls_that_it_is_of(tmp_path):
    described = "    described_by: {api: shop, request: [POST /a, PUT /a], answer: GET /a}\n"
    acme = system(
        tmp_path,
        "apis: {shop: {title: Shop API, version: '2'}}\n" + one("json: 1") + described,
        doc='{"a": 1}',
    )
    assert schema(acme, tmp_path)["x-described-by"] == [
        {"title": "Shop API", "version": "2", "request": ["POST /a", "PUT /a"], "answer": ["GET /a"]}
    ]


def test_a_rule_closes_every_object_and_a_correction_opens_one(tmp_path):
    recipe = one("json: 1") + (
        "    policy: {rules: [closed]}\n    corrections: [{at: free, closed: false, why: w}]\n"
        "rules: {closed: [{at: '**', closed: true, why: w}]}\n"
    )
    order = schema(system(tmp_path, recipe, doc='{"a": {"b": 1}, "free": {"c": 1}, "none": {}}'), tmp_path)
    assert order["additionalProperties"] is False
    inner = order["properties"]
    assert [each for each in inner if "additionalProperties" in inner[each]] == ["a"]


# --- recipes that are wrong


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ("shapes: [", "error[recipe-invalid]: this is not YAML: "),
        ("shape: {}", "error[recipe-invalid]: `the recipe` has no key `shape`\n"),
        ("shapes: {order: {}}", "`shapes.order` has neither `from` nor `defs`"),
        ("shapes: {order: {from: [{json: 1}]}}", "must name either a `document` or a `sample`"),
        ("shapes: {order: {from: [{sample: a.json, json: 0}]}}", "must be a whole number, counted from 1"),
        (
            one("json: 1") + "    corrections: [{at: 'a', type: string}]\n",
            "a correction at `a` has no `why`",
        ),
        (
            one("json: 1") + "    corrections: [{at: 'z', type: string, why: w}]\n",
            "error[correction-unmet]: the path `z` of the recipe of `acme/order` matches no part of a shape",
        ),
        (
            one("json: 1") + "    corrections: [{at: '', required: [aa], why: w}]\n",
            "a correction of `order` at `the top level` names `aa`, which is not a property there\n"
            "  = help: did you mean `a`?",
        ),
        (one("json: 1") + "    policy: {rules: [read]}\n", "names a rule `read` that does not exist"),
        (one("json: 1") + "    policy: {nullable: some}\n", "must be one of none, values, all"),
        (one("json: 1, at: 'x.y'"), "error[evidence-empty]: `x.y` does not occur in this part of `doc.md`"),
        (one("json: 1, pick: [q]"), "error[evidence-empty]: this part of `doc.md` has no property `q`"),
        (one("json: 1, at: 'x..['"), "the path `x..[` cannot be read at `"),
        (one("prose: ['Nowhere', '']"), "no line of `doc.md` begins with `Nowhere`"),
        (one("table: 4"), "holds 1 table here, not 4"),
        (
            "apis: {shop: {title: Shop}}\n"
            + one("json: 1")
            + "    described_by: {api: shp, request: POST /a}\n",
            "`shapes.order.described_by` names an api `shp` that `apis` lacks",
        ),
        ("apis: {shop: {titel: Shop}}\n" + one("json: 1"), "`apis.shop` has no key `titel`"),
        (one("curl: 1"), "holds 0 curl queries here, not 1"),
    ],
)
def test_a_wrong_recipe_says_where(tmp_path, recipe, message):
    assert message in refused(system(tmp_path, recipe, doc=PAGE), tmp_path)


def test_a_system_without_a_recipe_says_so(tmp_path):
    with pytest.raises(ProjectError) as error:
        derive(tmp_path)
    assert str(error.value).startswith("error[recipe-missing]: the system `")


# --- deriving, comparing and writing


def parcelhub(tmp_path: Path) -> Path:
    return Path(shutil.copytree(HERE / "data" / "parcelhub", tmp_path / "parcelhub"))


def test_a_system_of_samples_only_needs_no_documents_and_no_python(tmp_path):
    hub = parcelhub(tmp_path)
    write(derive(hub))
    order = json.loads((hub / "order.schema.json").read_text())
    assert order["$id"] == "https://crossdock.dev/schemas/parcelhub/order"
    assert order["properties"]["deliver_to"]["$ref"] == "#/$defs/address"
    line = order["properties"]["lines"]["items"]
    assert line["required"] == ["article", "count"]
    assert line["properties"]["count"]["type"] == ["string", "integer"]
    assert line["properties"]["price"]["type"] == ["number", "null"]
    assert order["$defs"]["address"]["properties"]["vat_id"]["x-sensitive"] is True
    assert order["properties"]["buyer"]["properties"]["phone"]["type"] == ["string", "null"]


def test_check_is_empty_when_equal_and_a_diff_when_a_line_changed(tmp_path):
    hub = parcelhub(tmp_path)
    write(derive(hub))
    assert check(hub) == ""
    path = hub / "order.schema.json"
    path.write_text(path.read_text().replace('"format": "date-time"', '"format": "date"'))
    assert (
        check(hub)
        == """\
--- parcelhub/order.schema.json
+++ parcelhub/order.schema.json (derived)
@@ -12,7 +12,7 @@
     },
     "placed_at": {
       "type": ["string", "null"],
-      "format": "date",
+      "format": "date-time",
       "x-status": "observed",
       "x-source": {"document": "samples/order.json", "line": 3}
     },
"""
    )


def test_check_tells_of_files_that_are_missing_or_no_longer_derived(tmp_path):
    hub = parcelhub(tmp_path)
    (hub / "old.schema.json").write_text("{}\n")
    found = check(hub)
    assert "--- /dev/null\n+++ parcelhub/order.schema.json (derived)\n" in found
    assert found.endswith("--- parcelhub/old.schema.json\n+++ /dev/null\n@@ -1 +0,0 @@\n-{}\n")


def test_derived_text_is_the_same_every_time(tmp_path):
    hub = parcelhub(tmp_path)
    assert derive(hub) == derive(hub)


def test_nothing_is_half_written(tmp_path):
    hub = parcelhub(tmp_path)
    schemas = derive(hub)
    impossible = hub / "nowhere" / "x.schema.json"
    with pytest.raises(ProjectError) as error:
        write({**schemas, impossible: "{}"})
    assert str(error.value).startswith("error[schemas-unwritable]: the schemas cannot be written: ")
    assert not list(hub.glob("*.schema.json*")) + list(hub.glob(".*"))


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_schemas_of_the_project_are_what_the_documents_give(name):
    assert check(SCHEMAS / name, documents()) == ""


def test_the_schemas_of_the_later_dialect_are_what_its_published_schemas_give():
    assert check(SCHEMAS / "retailops_v1", published_schemas()) == ""


def test_the_page_on_schemas_derives_its_own_example(tmp_path):
    page = (HERE.parent / "docs" / "schemas.md").read_text(encoding="utf-8")
    sample, recipe = (page.split(f"```{word}\n")[1].split("```")[0] for word in ("json", "yaml"))
    acme = system(tmp_path, recipe)
    (acme / "samples").mkdir()
    (acme / "samples" / "order.json").write_text(sample, encoding="utf-8")
    order = schema(acme, tmp_path)
    assert order["properties"]["bill_to"]["$ref"] == "#/$defs/address"
    assert order["properties"]["rows"]["items"]["required"] == ["article", "count"]
    assert order["$defs"]["address"]["properties"]["street"]["x-sensitive"] is True


def test_the_page_on_schemas_names_every_word_of_a_recipe():
    from crossdock.tools.derivation import recipe

    page = (HERE.parent / "docs" / "schemas.md").read_text(encoding="utf-8")
    words = (*recipe._SYSTEM, *recipe._SHAPE, *recipe._EVIDENCE, *recipe._CORRECTION, *recipe._POLICY)
    told = set(re.findall(r"[a-z_]+", page))
    assert not [word for word in words if word not in told]


@pytest.mark.parametrize(
    "text", ["[" * 200_000, '{"a":' * 200_000, "<html>" + "<script" * 100_000, '{"a": 1}\n' * 2_000]
)
def test_a_hostile_document_is_refused_in_time(tmp_path, text):
    found = refused(system(tmp_path, one("json: 1"), doc=text), tmp_path)
    assert re.match(r"error\[json-(too-many|missing|malformed)\]: ", found)


def test_a_sample_or_a_path_that_cannot_be_read_is_named(tmp_path):
    recipe = "shapes: {order: {from: [{sample: samples/a.json}]}}"
    acme = system(tmp_path, recipe)
    assert refused(acme, tmp_path) == "error[sample-missing]: the sample `a.json` is not in `samples`"
    (acme / "derive.yaml").write_bytes(b"\xff\xfe")
    assert refused(acme, tmp_path).startswith("error[recipe-encoding]: the recipe `derive.yaml` is not UTF-8")
    (acme / "derive.yaml").write_text(one("json: 1, at: '/(/'"), encoding="utf-8")
    assert "the path `/(/` holds no expression: " in refused(acme, tmp_path)
