"""A studio for tests: a small shop in a directory of its own, and the command that serves it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ORDER = """\
from: shop/order
to: shop/sale
map:
  number: id
  buyer: customer.email
  lines:
    - $each: items[?quantity > `0`]
      sku: sku
      total: money(price)
"""
CONVERSATION = """\
request: shop/ask
response_schema: shop/answer
steps:
  - step: order
    call: GET /orders/{{ number }}
    answer: shop/order
  - step: note
    if: $order.paid
    call: POST /notes
    body:
      about: $order.id
      email: $order.customer.email
response:
  number: $order.id
"""
FILES: dict[str, Any] = {
    "schemas/shop/order.schema.json": {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "paid": {"type": "boolean"},
            "customer": {
                "type": "object",
                "properties": {"email": {"type": "string", "x-sensitive": True}},
            },
            "items": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "sku": {"type": "string"},
                        "quantity": {"type": "integer"},
                        "price": {"type": "number"},
                    },
                    "required": ["sku", "quantity", "price"],
                },
            },
        },
        "required": ["id", "customer", "items"],
    },
    "schemas/shop/sale.schema.json": {
        "type": "object",
        "properties": {
            "number": {"type": "string"},
            "buyer": {"type": "string"},
            "lines": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"sku": {"type": "string"}, "total": {"type": "string"}},
                    "additionalProperties": False,
                },
            },
        },
        "required": ["number"],
        "additionalProperties": False,
    },
    "schemas/shop/ask.schema.json": {
        "type": "object",
        "properties": {"number": {"type": "string"}},
        "required": ["number"],
    },
    "schemas/shop/answer.schema.json": {
        "type": "object",
        "properties": {"number": {"type": "string"}},
        "additionalProperties": False,
    },
    "mappings/shop/order.yaml": ORDER,
    "mappings/shop/channel.yaml": 'describe: A shop.\nbase_url: "https://shop.example"\n',
    "mappings/shop/order_ack/conversation.yaml": CONVERSATION,
    "examples/shop/order/full.json": {
        "id": "R-1",
        "paid": True,
        "customer": {"email": "ada@example.com"},
        "items": [
            {"sku": "MUG", "quantity": 2, "price": 9.5},
            {"sku": "GONE", "quantity": 0, "price": 1},
        ],
    },
    "examples/shop/order/empty.json": {"id": "R-2", "customer": {}, "items": []},
    "snapshots/shop/order/full.json": {
        "number": "R-1",
        "buyer": "ada@example.com",
        "lines": [{"sku": "MUG", "total": "9.50"}],
    },
    "snapshots/shop/order/empty.json": {"number": "R-3", "lines": []},
    "examples/shop/order_ack/full.json": {"number": "R-1"},
    "examples/shop/order_ack/full.answers.json": {
        "order": {"id": "R-1", "paid": True, "customer": {"email": "ada@example.com"}, "items": []},
        "note": {},
    },
}


def make_shop(folder: Path) -> Path:
    """Write the files of the shop into a directory."""
    for name, content in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else json.dumps(content, indent=2) + "\n"
        file.write_text(text, encoding="utf-8")
    return folder


@dataclass
class Studio:
    """A studio that is served, and a client that has its cookie."""

    folder: Path
    url: str
    client: httpx.Client
    process: subprocess.Popen[str]

    @property
    def origin(self) -> str:
        return self.url.partition("/?")[0]

    def ask(self, question: str, **data: Any) -> Any:
        answer = self.client.post(f"/api/{question}", json=data)
        found = answer.json()
        assert answer.status_code == 200 and "refused" not in found, answer.text
        return found

    def refused(self, question: str, **data: Any) -> str:
        answer = self.client.post(f"/api/{question}", json=data)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["refused"])


@contextmanager
def studio_of(folder: Path, *arguments: str) -> Iterator[Studio]:
    """`crossdock studio` of a directory, until the block ends."""
    command = [sys.executable, "-m", "crossdock.cli", "studio", str(folder), "--no-open", "--port", "0"]
    process = subprocess.Popen(
        [*command, *arguments], stderr=subprocess.PIPE, text=True, env={**os.environ, "NO_COLOR": "1"}
    )
    assert process.stderr is not None
    line = process.stderr.readline()
    found = re.fullmatch(r"the studio is at (http://127\.0\.0\.1:\d+/\?token=\S+)\n", line)
    try:
        assert found, line + process.stderr.read()
        origin = found[1].partition("/?")[0]
        with httpx.Client(base_url=origin, timeout=60) as client:
            assert client.get(found[1]).status_code == 303
            yield Studio(folder, found[1], client, process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(10)
        process.stderr.close()
