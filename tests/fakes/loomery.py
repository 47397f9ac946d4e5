"""Loomery, an invented shop for yarn: a fake that refuses what its own description does not allow.

The description is tests/third_channel/api.yaml with the JSON Schemas beside it. Requests are validated
against it before they have any effect, and the shop's own answers too: one that breaks it fails the test.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from werkzeug import Request, Response

from fakes.channel import FakeChannel, Handler, Refusal, answer

HERE = Path(__file__).parents[1] / "third_channel"
API = yaml.safe_load((HERE / "api.yaml").read_text(encoding="utf-8"))
KEY = "canary-loom-key"
TOWN = {"name": "Ada Muster", "street": "Ring 5", "zip": "1010", "city": "Wien", "country": "AT"}


def _schemas() -> Registry[Any]:
    files = sorted((HERE / "schemas/loomery").glob("*.schema.json"))
    made = [Resource.from_contents(json.loads(file.read_text(encoding="utf-8"))) for file in files]
    return Registry().with_resources([(str(schema.id()), schema) for schema in made])


SCHEMAS = _schemas()


def complaint(value: Any, schema: str | dict[str, Any]) -> str | None:
    """What is wrong with this value, if anything."""
    if isinstance(schema, str):
        schema = {"$ref": f"https://crossdock.dev/schemas/loomery/{schema}"}
    for error in Draft202012Validator(schema, registry=SCHEMAS).iter_errors(value):
        return f"{error.json_path}: {error.message}"
    return None


def order(number: int, **more: Any) -> dict[str, Any]:
    return {
        "number": f"L-{number}",
        "reference": f"W/{number}",
        "state": "open",
        "placed": "2024-03-08T21:13:11Z",
        "currency": "EUR",
        "email": "ada@example.com",
        "ship_to": TOWN,
        "lines": [{"id": 1, "sku": "WOOL-RED", "title": "Wool, red", "units": 2, "price_cents": 1250}],
        "postage_cents": 490,
        "total_cents": 2990,
        **more,
    }


def form_of(text: str) -> dict[str, Any]:
    """A form with lists in brackets, as the shop reads it: ``a[]=1`` appends, ``a[0][b]=1`` goes deeper."""
    form: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, strict_parsing=True):
        key, *inner = re.fullmatch(r"(\w+)((?:\[\w*\])*)", name).groups()  # type: ignore[union-attr]
        match re.findall(r"\[(\w*)\]", inner[0]):
            case []:
                if key in form:
                    raise Refusal(400, f"{key} comes twice", code="bad_form")
                form[key] = value
            case [""]:
                form.setdefault(key, []).append(value)
            case [index, field]:
                rows = form.setdefault(key, [])
                if int(index) == len(rows):
                    rows.append({})
                rows[int(index)][field] = value
    return form


class FakeLoomery(FakeChannel):
    """The shop, with its orders, its stock and its jobs."""

    base = "/v2"

    def __init__(self, *orders: dict[str, Any]) -> None:
        super().__init__()
        self.orders = {order["number"]: order for order in orders}
        self.stock: dict[str, int] = {}
        self.unknown = {"NO-SUCH"}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.turns = 2
        self.throttled = 0
        self.forbidden = False
        self.times: list[float] = []

    def routes(self) -> list[tuple[str, str, Handler]]:
        handlers: dict[str, Callable[..., Any]] = {
            "GET /orders": self.page,
            "GET /orders/<number>": self.one,
            "GET /references/<reference>": self.by_reference,
            "POST /orders/<number>/parcels": self.parcel,
            "POST /stock-jobs": self.start,
            "GET /stock-jobs/<id>": self.job,
            "POST /graphql": self.graphql,
        }
        rows = [(*operation["call"].split(" "), operation) for operation in API["operations"]]
        return [
            (method, path, partial(self._checked, operation, handlers[operation["call"]]))
            for method, path, operation in rows
        ]

    def error(self, status: int, message: str, **more: Any) -> Any:
        return {"problem": {"code": more.get("code", "not_possible"), "text": message}}

    def _authorize(self, request: Request) -> None:
        self.times.append(time.monotonic())
        if request.headers.get("X-Loom-Key") != KEY:
            raise Refusal(401, "no or a wrong key", code="bad_key")

    def _checked(
        self, operation: dict[str, Any], handler: Callable[..., Any], request: Request, **pieces: str
    ) -> Any:
        """The handler's answer to a request that the description allows, or a refusal."""
        query: dict[str, Any] = {}
        described = operation.get("query", {"properties": {}})
        for name, value in parse_qsl(request.query_string.decode(), keep_blank_values=True):
            if described["properties"].get(name, {}).get("type") == "array":
                query.setdefault(name, []).append(value)
            elif name in query:
                raise Refusal(400, f"{name} comes twice", code="bad_query")
            else:
                query[name] = value
        self._refuse(query, {**described, "additionalProperties": False}, "bad_query")
        body = self._body(operation, request)
        found = handler(
            **pieces, **({} if body is None else {"body": body}), **({"query": query} if query else {})
        )
        content = found.get_json() if isinstance(found, Response) else found
        wrong = complaint(content, operation["answer"])
        assert wrong is None, wrong
        return found

    def _body(self, operation: dict[str, Any], request: Request) -> Any:
        kind, text = request.mimetype, request.get_data(as_text=True)
        if schema := operation.get("form"):
            if kind != "application/x-www-form-urlencoded":
                raise Refusal(415, f"{kind} is not a form", code="bad_form")
            return self._refuse(form_of(text), schema, "bad_form")
        if schema := operation.get("body"):
            if kind != "application/json":
                raise Refusal(415, f"{kind} is not JSON", code="bad_body")
            return self._refuse(json.loads(text), schema, "bad_body")
        if text:
            raise Refusal(400, "a body where none is described", code="bad_body")
        return None

    def _refuse(self, value: Any, schema: str | dict[str, Any], code: str) -> Any:
        if wrong := complaint(value, schema):
            raise Refusal(422, wrong, code=code)
        return value

    # Orders

    def page(self, query: dict[str, Any]) -> Response:
        size = int(query.get("size", "2"))
        found = [order for order in self.orders.values() if order["state"] in query["state"]]
        rest = [order for order in found if order["number"] > query.get("after", "")]
        response = answer({"orders": rest[:size]})
        if rest[size:]:
            states = "&".join(f"state={state}" for state in query["state"])
            here = f"{self.url}/orders?{states}&size={size}"
            last = rest[size - 1]["number"]
            response.headers["Link"] = f'<{here}>; rel="first", <{here}&after={last}>; rel="next"'
        return response

    def one(self, number: str) -> Any:
        if number not in self.orders:
            raise Refusal(404, f"no order {number}", code="no_such_order")
        return self.orders[number]

    def by_reference(self, reference: str) -> Any:
        for found in self.orders.values():
            if found["reference"] == reference:
                return found
        raise Refusal(404, f"no order {reference}", code="no_such_order")

    def parcel(self, number: str, body: dict[str, Any]) -> Response:
        lines = {str(line["id"]) for line in self.one(number)["lines"]}
        if strange := [line["id"] for line in body["lines"] if line["id"] not in lines]:
            raise Refusal(422, f"no line {strange[0]} in {number}", code="no_such_line")
        self.record("parcel", number, body)
        return answer({"id": f"P{len(self.effects('parcel'))}", "tracking": body["tracking"]}, 201)

    # Stock

    def start(self, body: dict[str, Any]) -> Response:
        job = {"id": f"J{len(self.jobs) + 1}", "state": "queued"}
        self.jobs[job["id"]] = {"job": job, "rows": body["rows"], "asked": 0}
        self.record("job", job["id"], body["rows"])
        return answer(job, 202)

    def job(self, id: str) -> Any:
        """A job is done when it was asked for as often as ``turns``."""
        if id not in self.jobs:
            raise Refusal(404, f"no job {id}", code="no_such_job")
        kept = self.jobs[id]
        kept["asked"] += 1
        if kept["asked"] < self.turns:
            return {"id": id, "state": "running"}
        rejected = [
            {"sku": row["sku"], "reason": "not in the shop"}
            for row in kept["rows"]
            if row["sku"] in self.unknown
        ]
        if len(rejected) == len(kept["rows"]):
            return {"id": id, "state": "failed", "reason": "no row could be set"}
        self.stock |= {row["sku"]: row["units"] for row in kept["rows"] if row["sku"] not in self.unknown}
        return {"id": id, "state": "done", "rejected": rejected}

    # GraphQL

    def graphql(self, body: dict[str, Any]) -> Any:
        number = body["variables"]["number"]
        if self.throttled > 0:
            self.throttled -= 1
            told = {"message": "too much at once", "extensions": {"code": "THROTTLED"}}
            return {"errors": [told], "extensions": {"cost": {"wait_seconds": 0.3}}}
        if self.forbidden:
            return {
                "data": None,
                "errors": [{"message": "not your order", "extensions": {"code": "FORBIDDEN"}}],
            }
        self.record("acknowledged", number)
        return {"data": {"acknowledge": {"number": number, "by": "retailops"}}}
