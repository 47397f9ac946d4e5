"""``crossdock new CHANNEL --from openapi.yaml``: schemas, the channel's file and first conversations."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import descriptions
from conftest import REPOSITORY, Run
from crossdock import CrossdockError, Project
from crossdock.channels import dry_run
from crossdock.channels.config import parse_channel
from crossdock.channels.messages import Answer, Call
from crossdock.core.diagnostics import Source
from crossdock.core.json_types import JSON, Missing
from crossdock.project.cases import cases_of, given_of
from crossdock.schema.validator import validate
from crossdock.tools.openapi.description import read_description
from crossdock.tools.openapi.operations import chosen, operations

API = """\
openapi: 3.0.3
info: {title: Loom, version: "2"}
servers:
  - url: https://{shop}.loom.example/api
    variables:
      shop: {default: demo, description: the name of the shop}
security: [{key: []}]
paths:
  /orders:
    get:
      operationId: listOrders
      summary: List orders
      parameters:
        - {in: query, name: since, required: true, schema: {type: string}}
        - {in: query, name: cursor, schema: {type: string}}
      responses:
        200:
          content:
            application/json:
              schema:
                type: object
                properties:
                  items: {type: array, items: {$ref: "#/components/schemas/Order"}}
        default: {$ref: "#/components/responses/Failure"}
  /orders/{id}:
    patch:
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}}
      responses: {204: {description: done}}
  /orders/{id}/cancel:
    post: {operationId: cancelOrder, responses: {200: {description: done}}}
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: X-Loom-Key}
  responses:
    Failure: {content: {application/json: {schema: {$ref: "#/components/schemas/Problem"}}}}
  schemas:
    Problem: {type: object, properties: {code: {type: string}}}
    Order:
      type: object
      required: [id]
      description: "<p>An order. It has lines.</p>"
      properties:
        id: {type: string, maxLength: 40}
        country: {type: string, enum: [NO, SE]}
        total: {type: number, minimum: 0, exclusiveMinimum: true}
        note: {type: string, nullable: true, enum: [a, b]}
        email: {type: string, format: email}
        kind: {type: string, pattern: "(a+)+$"}
        size: {type: integer, maximum: "9"}
        state: {type: string, enum: [1, 2]}
        parent: {$ref: "#/components/schemas/Order"}
        buyer: {nullable: true, allOf: [{$ref: "#/components/schemas/Problem"}]}
        either: {oneOf: [{type: string}, {type: integer}]}
"""


@pytest.fixture
def loom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_crossdock: Run) -> Path:
    """A project with the channel that is made of the description above."""
    (tmp_path / "loom.yaml").write_text(API, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    ran = run_crossdock("new", "loom", "--from", "loom.yaml")
    assert (ran.code, ran.err) == (0, "")
    return tmp_path


def definitions(root: Path) -> dict[str, Any]:
    file = root / "schemas/loom/definitions.schema.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["$defs"]
    return found


def stated(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without where it comes from."""
    return {key: value for key, value in schema.items() if key not in ("x-status", "x-source")}


def test_what_is_said_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_crossdock: Run) -> None:
    (tmp_path / "loom.yaml").write_text(API, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    ran = run_crossdock("new", "loom", "--from", "loom.yaml")

    assert ran.out.split("\n\n")[1] == (
        "next:\n"
        "1. crossdock check, and decide what it says is not decided yet\n"
        "2. crossdock suggest loom/order retailops/order -o draft.yaml, and take what is right"
        " into mappings/loom/order.yaml\n"
        "3. put requests into examples/loom/ACTION/, and run pytest --snapshot-update\n"
    )
    again = run_crossdock("new", "loom", "--from", "loom.yaml")
    assert "created" not in again.out
    assert "kept     mappings/loom/channel.yaml, which already exists\n" in again.out


def test_the_check_says_only_what_is_to_be_decided(loom: Path, run_crossdock: Run) -> None:
    ran = run_crossdock("check", "--format", "short")

    assert ran.code == 1
    assert ran.out.splitlines() == [
        "mappings/loom/failure.yaml:5:1: warning[todo]: this is not decided yet:"
        " code and message: what the channel says in `body`",
        "mappings/loom/order.yaml:5:1: warning[todo]: this is not decided yet:"
        " `to` and `map`: crossdock suggest loom/order retailops/order drafts them",
        "mappings/loom/cat_push_config/conversation.yaml:5:1: warning[todo]: this is not decided yet:"
        " relatives or none: does a change of one SKU concern the other variants of its product?",
        "mappings/loom/order_ack/conversation.yaml:7:3: warning[todo]: this is not decided yet:"
        " is this the right call?; 1 more place is marked in this file",
        "mappings/loom/order_cancel/conversation.yaml:11:3: warning[todo]: this is not decided yet:"
        " is this the right call?",
        "mappings/loom/order_fetch/conversation.yaml:7:3: warning[todo]: this is not decided yet:"
        " is this the right call? List orders; 3 more places are marked in this file",
        "mappings/loom/order_writeback/conversation.yaml:11:3: warning[todo]: this is not decided yet:"
        " is this the right call?; 2 more places are marked in this file",
    ]


def test_a_conversation_has_the_call_and_what_is_open(loom: Path) -> None:
    assert (loom / "mappings/loom/order_fetch/conversation.yaml").read_text(encoding="utf-8") == (
        "# yaml-language-server: $schema=../../../.crossdock/conversation.json\n"
        "describe: Fetch the orders that are ready and that RetailOPS has not taken over.\n"
        "request: retailops/order_fetch.request\n"
        "failure: ../failure\n"
        "\n"
        "steps:\n"
        "  # TODO is this the right call? List orders\n"
        "  - step: list_orders\n"
        "    call: GET /orders\n"
        "    # TODO query: since (required), cursor\n"
        "    answer: loom/list_orders.answer\n"
        "\n"
        "# TODO orders: an element for each order of the answer that is ready, made by ../order\n"
        "# TODO next_page_state: what asks for the next page; null on the last one\n"
        "response: {orders: [], next_page_state: null}\n"
    )
    plan = Project([loom, REPOSITORY]).conversation("loom", "order_cancel")
    assert plan.describe == "Cancel an order."


def test_the_channel_has_its_address_its_key_and_its_settings(loom: Path) -> None:
    text = (loom / "mappings/loom/channel.yaml").read_text(encoding="utf-8")
    channel = parse_channel(Source("channel.yaml", text))

    assert 'base_url: "https://{{ settings.shop }}.loom.example/api"\n' in text
    assert "errors: loom/error\n" in text
    assert channel.describe == "Loom, version 2 of its API."
    assert channel.defaults() == {"shop": "demo"}
    assert channel.auth.kind == "headers"
    assert channel.auth.secrets["X-Loom-Key"].env == "LOOM_KEY"


@pytest.mark.parametrize(
    ("scheme", "lines"),
    [
        ("{type: http, scheme: bearer}", "auth:\n  kind: bearer\n  token: {env: LOOM_TOKEN}\n"),
        (
            "{type: http, scheme: basic}",
            "auth:\n  kind: headers\n  headers:\n    # the user, a colon and the password, in base64\n"
            '    authorization: {env: LOOM_BASIC, prefix: "Basic "}\n',
        ),
        (
            "{type: oauth2, flows: {clientCredentials: {tokenUrl: https://id.example/token, scopes: {}}}}",
            'auth:\n  kind: client_credentials\n  url: "https://id.example/token"\n  style: form\n'
            "  client_id: {env: LOOM_CLIENT_ID}\n  client_secret: {env: LOOM_CLIENT_SECRET}\n",
        ),
        (
            "{type: apiKey, in: query, name: key}",
            "# TODO auth: how calls are authenticated; no way that the description names is supported\n",
        ),
    ],
)
def test_ways_to_authenticate(
    scheme: str, lines: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_crossdock: Run
) -> None:
    text = API.replace("{type: apiKey, in: header, name: X-Loom-Key}", scheme)
    (tmp_path / "loom.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    run_crossdock("new", "loom", "--from", "loom.yaml")

    assert lines in (tmp_path / "mappings/loom/channel.yaml").read_text(encoding="utf-8")
    assert run_crossdock("check", "loom/order_ack/conversation").code == 1


def test_schemas_say_what_the_description_does_and_where(loom: Path) -> None:
    order = definitions(loom)["Order"]
    line = API.splitlines().index("    Order:") + 1
    assert order["x-source"] == {"document": "loom.yaml", "line": line}
    assert order["description"] == "An order."
    parts = {name: stated(part) for name, part in order["properties"].items()}
    assert parts == {
        "id": {"type": "string", "maxLength": 40},
        "country": {"type": "string", "enum": ["NO", "SE"]},
        "total": {"type": "number", "exclusiveMinimum": 0},
        "note": {"type": ["string", "null"], "enum": ["a", "b", None]},
        "email": {"type": "string", "x-format": "email", "x-sensitive": True},
        "kind": {"type": "string"},
        "size": {"type": "integer"},
        "state": {"type": "string"},
        "parent": {},
        "buyer": {"allOf": [{"$ref": "definitions#/$defs/Problem"}]},
        "either": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("swagger: '2.0'\n", "error[not-a-description]: this is not a description of OpenAPI 3.0 or 3.1:"),
        ("[]", "error[not-a-description]: this is not a description of OpenAPI 3.0 or 3.1:"),
        ('{"openapi": "3.1.0", ', "error[json-malformed]: expected a key in double quotes"),
        ("openapi: 3.0.0\npaths: {a: [}\n", "error[yaml-syntax]: "),
        (
            "openapi: 3.0.0\na: &x {}\nb: *x\n",
            "error[yaml-alias]: a description with YAML aliases is not read",
        ),
        ("openapi: 3.0.0\na: " + "[" * 70 + "]" * 70, "error[yaml-depth]: nested deeper than 64 levels"),
        (
            "openapi: 3.0.0\npaths: {/orders: {$ref: other.yaml#/orders}}\n",
            "error[description-reference]: `other.yaml#/orders` is not in the document",
        ),
        (
            'openapi: 3.0.0\npaths: {/orders: {$ref: "#/x"}}\nx: {$ref: "#/x"}\n',
            "error[description-reference]: the reference `#/x` leads back to itself",
        ),
    ],
)
def test_what_is_not_a_description(
    text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_crossdock: Run
) -> None:
    (tmp_path / "api.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    ran = run_crossdock("new", "loom", "--from", "api.yaml")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines()[0].startswith(message)
    assert [path.name for path in tmp_path.iterdir()] == ["api.yaml"]


def test_a_file_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_crossdock: Run
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run_crossdock("new", "loom", "--from", "api.json")
    assert (ran.code, ran.err) == (
        2,
        "error[document-unreadable]: `api.json` cannot be read: no such file or directory\n",
    )


def test_the_schemas_are_derived_again_from_a_newer_description(loom: Path, run_crossdock: Run) -> None:
    recipe = (loom / "schemas/loom/derive.yaml").read_text(encoding="utf-8")
    assert recipe == (
        "describe: loom, from the description of its API.\n"
        "\n"
        "# `crossdock derive loom` makes the schemas again, from a newer description too.\n"
        "# It is beside this file, or in the directory that --documents names.\n"
        "openapi:\n"
        '  document: "loom.yaml"\n'
        "  schemas:\n"
        '    list_orders.answer: {answer: "GET /orders"}\n'
        '    patch_orders.request: {request: "PATCH /orders/{id}"}\n'
        '    order: {answer: "GET /orders", at: "items[]"}\n'
        '    error: {component: "#/components/schemas/Problem"}\n'
    )
    assert run_crossdock("derive", "loom", "--check", "--documents", ".").out == ""

    newer = API.replace("id: {type: string, maxLength: 40}", "id: {type: string, maxLength: 64}")
    (loom / "schemas/loom/loom.yaml").write_text(newer, encoding="utf-8")
    ran = run_crossdock("derive", "loom", "--check")
    changed = [line for line in ran.out.splitlines() if line[0] in "-+" and line[1] == " "]
    assert (ran.code, changed) == (1, ['-          "maxLength": 40,', '+          "maxLength": 64,'])
    assert run_crossdock("derive", "loom").err == "5 schemas of loom written\n"
    assert stated(definitions(loom)["Order"]["properties"]["id"])["maxLength"] == 64


def test_a_recipe_says_what_is_sensitive(loom: Path, run_crossdock: Run) -> None:
    recipe = loom / "schemas/loom/derive.yaml"
    text = recipe.read_text(encoding="utf-8")
    recipe.write_text(f"{text}sensitive: [note]\npublic: [email]\n", encoding="utf-8")
    assert run_crossdock("derive", "loom", "--documents", ".").code == 0
    marked = [
        name for name, part in definitions(loom)["Order"]["properties"].items() if "x-sensitive" in part
    ]
    assert marked == ["note"]


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (
            "{answer: GET /order}",
            "error[evidence-empty]: `loom.yaml` has no call `GET /order`\n"
            "  = help: did you mean `GET /orders`?\n",
        ),
        (
            "{request: GET /orders}",
            "error[evidence-empty]: the call `GET /orders` of `loom.yaml` has no request in JSON\n",
        ),
        (
            '{answer: GET /orders, at: "lines[]"}',
            "error[evidence-empty]: `lines[]` does not occur in this part of `loom.yaml`\n",
        ),
        (
            "{component: Lines}",
            "error[description-reference]: `#/components/schemas/Lines` is not in the document\n"
            "  --> loom.yaml:1:1\n"
            "  |\n"
            "1 | openapi: 3.0.3\n"
            "  | ^\n"
            "  = help: a description in several files has to be bundled into one first\n",
        ),
        (
            "{componnent: Order}",
            "error[recipe-invalid]: `openapi.schemas.lines` has no key `componnent`\n"
            "  --> loom/derive.yaml:3:21\n"
            "  |\n"
            "3 |   schemas: {lines: {componnent: Order}}\n"
            "  |                     ^^^^^^^^^^\n"
            "  = help: did you mean `component`?\n",
        ),
        (
            '{at: "lines[]"}',
            "error[recipe-invalid]: `openapi.schemas.lines` must have one of request, answer, component\n"
            "  --> loom/derive.yaml:3:13\n"
            "  |\n"
            '3 |   schemas: {lines: {at: "lines[]"}}\n'
            "  |             ^^^^^\n",
        ),
    ],
)
def test_a_part_that_a_description_does_not_have(
    part: str, message: str, loom: Path, run_crossdock: Run
) -> None:
    recipe = f"openapi:\n  document: loom.yaml\n  schemas: {{lines: {part}}}\n"
    (loom / "schemas/loom/derive.yaml").write_text(recipe, encoding="utf-8")
    ran = run_crossdock("derive", "loom", "--documents", ".")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == message


def test_a_description_that_is_not_at_hand(
    loom: Path, run_crossdock: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CROSSDOCK_DOCUMENTS", raising=False)
    assert run_crossdock("derive", "loom").err == (
        "error[documents-unknown]: the description `loom.yaml` is not beside the recipe of `loom`\n"
        "  = help: put it there, or name its directory with --documents DIR, or in CROSSDOCK_DOCUMENTS\n"
    )
    (loom / "schemas/loom/derive.yaml").write_text("openapi: {schemas: {a: {component: B}}}\n", "utf-8")
    assert run_crossdock("derive", "loom").err == (
        "error[recipe-invalid]: the recipe of `loom` has no `openapi.document`\n"
    )


DESCRIPTIONS = descriptions.folder()
published = pytest.mark.skipif(DESCRIPTIONS is None, reason="the published descriptions are not here")


@published
@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (
            "kibo/commerce.json",
            {
                "order_fetch": "GET /commerce/orders",
                "order_writeback": "PUT /commerce/orders/{orderId}",
                "items_returned": "POST /commerce/returns",
                "capture_channel_payments": "POST /commerce/orders/{orderId}/payments/actions",
                "order_cancel": "PUT /commerce/orders/cancel/{orderId}",
            },
        ),
        (
            "fabric/orders.yml",
            {"order_fetch": "POST /orders/search", "order_cancel": "POST /orders/{orderId}/actions/cancel"},
        ),
        ("fabric/shipments.yml", {"shipment_submit": "POST /shipments/create-order-shipment"}),
        ("fabric/inventory.yml", {"inv_push": "POST /inventories"}),
        ("kibo/inventory.json", {"inv_push": "POST /commerce/inventory/v5/inventory"}),
        ("fabric/catalog.yml", {"catpush_transmit": "POST /catalog-connector/products"}),
    ],
)
def test_the_calls_of_published_descriptions(document: str, expected: dict[str, str]) -> None:
    assert DESCRIPTIONS is not None
    found = chosen(operations(read_description(DESCRIPTIONS / document)))
    assert {
        action: f"{call.method} {call.path}" for action, call in found.items()
    }.items() >= expected.items()


@published
@pytest.mark.parametrize(
    ("document", "channel", "component"),
    [("kibo/commerce.json", "kibo", "CommerceRuntimeOrder"), ("fabric/orders.yml", "fabric", "")],
)
def test_orders_that_a_published_description_allows_fit_the_schema(
    document: str,
    channel: str,
    component: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    run_crossdock: Run,
) -> None:
    assert DESCRIPTIONS is not None
    monkeypatch.chdir(tmp_path)
    run_crossdock("new", "shop", "--from", str(DESCRIPTIONS / document))
    ran = run_crossdock("check", "--format", "json")
    assert {each["id"] for each in json.loads(ran.out)} == {"todo"}

    schema = Project([tmp_path, REPOSITORY]).schema("shop/order")
    stored = json.loads((tmp_path / "schemas/shop/order.schema.json").read_text(encoding="utf-8"))
    name = component or stored["$ref"].rpartition("/")[2]
    judge = descriptions.Document(DESCRIPTIONS / document).validator({"$ref": f"#/components/schemas/{name}"})
    folder = REPOSITORY / "examples" / channel / "order"
    files = [path for path in sorted(folder.glob("*.json")) if "." not in path.stem]
    orders = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in files if _is_json(path)}
    allowed = {name: order for name, order in orders.items() if not any(judge.iter_errors(order))}
    assert len(allowed) >= 5
    assert {name: found for name, order in allowed.items() if (found := validate(order, schema))} == {}


def exchanged(channel: str, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str, JSON]]:
    """What all examples send and get with 2xx: ``request`` or ``answer``, the method, the path, the body."""
    seen: list[tuple[str, str, str, JSON]] = []
    given_answer = dry_run.given_answer

    def watched(call: Call, given: JSON | Missing) -> Answer:
        if not isinstance(call.body, Missing):
            seen.append(("request", call.method, call.path, call.body))
        answer = given_answer(call, given)
        if answer.status < 300 and answer.body is not None:
            seen.append(("answer", call.method, call.path, answer.body))
        return answer

    monkeypatch.setattr(dry_run, "given_answer", watched)
    project = Project([REPOSITORY])
    for name in project.conversation_names():
        for case in cases_of(project, name) if name.startswith(f"{channel}/") else ():
            given = given_of(project, case)
            assert given is not None
            with suppress(CrossdockError):  # examples of failures end with one
                given.outcome(given.conversation)
    return seen


@published
@pytest.mark.parametrize(
    ("channel", "document", "requests", "answers"),
    [("kibo", "commerce.json", 100, 400), ("fabric", "orders.yml", 70, 150)],
)
def test_all_examples_that_a_published_description_allows_fit_the_schemas(
    channel: str,
    document: str,
    requests: int,
    answers: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    run_crossdock: Run,
) -> None:
    """A recipe derives the schemas of every call that an example makes."""
    assert DESCRIPTIONS is not None
    judge = descriptions.Document(DESCRIPTIONS / channel / document)
    calls = sorted(judge.operations(), key=lambda each: each.path.count("{"))
    bodies: dict[tuple[str, str], list[JSON]] = {}
    parts = {}
    for kind, method, path, body in exchanged(channel, monkeypatch):
        found = next((each for each in calls if each.method == method and each.pattern.fullmatch(path)), None)
        schema = None if found is None else described_part(judge, found, kind)
        if found is not None and schema is not None:
            part = (kind, f"{found.method} {found.path}")
            parts[part] = judge.validator(schema)
            listed = bodies.setdefault(part, [])
            listed.extend([body] if body not in listed else [])

    names = {part: f"{part[0]}_{number}" for number, part in enumerate(parts)}
    (tmp_path / "schemas/shop").mkdir(parents=True)
    recipe = {"openapi": {"document": document, "schemas": {names[part]: dict([part]) for part in parts}}}
    (tmp_path / "schemas/shop/derive.yaml").write_text(json.dumps(recipe), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    ran = run_crossdock("derive", "shop", "--documents", str(DESCRIPTIONS / channel))
    assert (ran.code, ran.out, ran.err) == (0, "", f"{len(parts) + 1} schemas of shop written\n")

    project = Project([tmp_path, REPOSITORY])
    allowed = {
        part: [body for body in bodies[part] if not any(validator.iter_errors(body))]
        for part, validator in parts.items()
    }
    sent, got = (
        sum(len(allowed[part]) for part in parts if part[0] == kind) for kind in ("request", "answer")
    )
    assert sent >= requests
    assert got >= answers
    refused = [
        (part, found)
        for part, listed in allowed.items()
        for body in listed
        if (found := validate(body, project.schema(f"shop/{names[part]}")))
    ]
    assert refused == []


def described_part(
    judge: descriptions.Document, call: descriptions.Operation, kind: str
) -> dict[str, Any] | None:
    """The schema of a body or of the answer with 2xx, as the description has it."""
    answers = (each for status, each in call.described["responses"].items() if str(status).startswith("2"))
    places = [call.request] if kind == "request" else map(judge.resolved, answers)
    contents = (each.get("content", {}) for each in places)
    return next(
        (content["schema"] for each in contents for kind, content in each.items() if "json" in kind), None
    )


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return False
    return True


def test_yaml_is_read_as_json_would_be(tmp_path: Path) -> None:
    values = "on: yes, 200: 012, none: ~, n: 1e3, q: '5', big: 99999999999999999999"
    text = f"openapi: 3.0.0\npaths: {{}}\nx: {{{values}}}\n"
    (tmp_path / "api.yaml").write_text(text, encoding="utf-8")
    root = read_description(tmp_path / "api.yaml").root.value
    assert isinstance(root, dict)
    found = root["x"].value
    assert isinstance(found, dict)
    assert {name: each.value for name, each in found.items()} == {
        "on": "yes",
        "200": "012",
        "none": None,
        "n": 1000,
        "q": "5",
        "big": "99999999999999999999",
    }
