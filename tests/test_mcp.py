"""The tools for assistants, asked over stdio by the client of the official SDK."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from mcp import Client, StdioServerParameters

from test_lsp import make_shop

PAYLOAD = json.dumps({"number": "7", "total": 9.5, "items": [{"sku": "a"}]})


def session(folder: Path, *options: str, calls: list[tuple[str, dict[str, Any]]]) -> list[Any]:
    """The names of the tools, and the answer of each call."""

    async def talk() -> list[Any]:
        command = [sys.executable, "-m", "crossdock.cli", "-C", str(folder), "mcp", *options]
        found = list[Any]()
        async with Client(StdioServerParameters(command=command[0], args=command[1:])) as client:
            found.append([tool.name for tool in (await client.list_tools()).tools])
            for name, arguments in calls:
                found.append((await client.call_tool(name, arguments)).structured_content)
        return found

    return asyncio.run(talk())


def test_the_tools_give_what_the_commands_print(tmp_path: Path) -> None:
    make_shop(tmp_path)
    answers = json.dumps({"found": {"total": "9.50"}, "noted": {}})
    names, checked, made, explained, planned, drafted, covered, compared, refused = session(
        tmp_path,
        calls=[
            ("check", {}),
            ("transform", {"mapping": "shop/order", "payload": PAYLOAD}),
            ("explain", {"mapping": "shop/order", "payload": PAYLOAD, "field": "/total"}),
            ("plan", {"channel": "shop", "action": "take", "request": PAYLOAD, "answers": answers}),
            ("suggest", {"source": "shop/order", "target": "shop/sale"}),
            ("coverage", {"mapping": "shop/order"}),
            ("diff", {"old": "shop/order", "new": "shop/order"}),
            ("check", {"names": ["/etc/hosts.yaml"]}),
        ],
    )
    assert names == ["check", "transform", "explain", "plan", "suggest", "coverage", "diff"]
    assert checked == {"code": 0, "result": "[]\n", "diagnostics": ""}
    assert (made["code"], json.loads(made["result"])) == (
        0,
        {"number": "7", "total": "9.50", "lines": [{"sku": "a", "title": "Apple"}]},
    )
    assert explained["result"].endswith('call    money(9.5)  →  "9.50"\n')
    assert planned["code"] == 0, planned
    assert '"total": "9.50"' in planned["result"]
    assert drafted["result"].startswith("# A draft: ")
    assert json.loads(covered["result"])[0]["mapping"] == "shop/order"
    assert compared["code"] == 2
    assert "there are no payloads to compare" in compared["diagnostics"]
    assert refused == {"code": 2, "result": "", "diagnostics": "error: `/etc/hosts.yaml` is not a name"}


def test_a_call_is_ended_at_the_limits_of_an_untrusted_run(tmp_path: Path) -> None:
    make_shop(tmp_path)
    payload = '{"number": "7", "items": [' + "[]," * 10_000_000 + "[]]}"
    _, made, unknown = session(
        tmp_path,
        calls=[
            ("transform", {"mapping": "shop/order", "payload": payload}),
            ("transform", {"mapping": "shop/nosuch", "payload": "{}"}),
        ],
    )
    assert made["code"] == 6
    limit = made["diagnostics"].partition(":")[0]
    assert limit in ("error[memory-limit]", "error[processor-limit]")  # whichever this machine meets first
    assert unknown["diagnostics"].startswith("error[unknown-mapping]: there is no mapping `shop/nosuch`")


def test_only_with_write_is_anything_saved_and_only_below_mappings(tmp_path: Path) -> None:
    folder = make_shop(tmp_path / "project")
    (tmp_path / "elsewhere").mkdir()
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    text = "describe: A row.\nfrom: shop/order\nmap: {a: number}\n"
    outside = ["../out", "shop/../../out", str(tmp_path / "out"), "shop/linked/out"]
    calls = [("save", {"name": name, "text": text}) for name in ("shop/row", *outside)]
    names, saved, *refused = session(tmp_path / "project", "--write", calls=calls)
    assert names[-1] == "save"
    assert saved == {"code": 0, "result": "mappings/shop/row.yaml", "diagnostics": ""}
    assert (folder / "row.yaml").read_text() == text
    assert refused == [
        {"code": 2, "result": "", "diagnostics": f"error: `{name}` cannot be written"} for name in outside
    ]
    assert not list((tmp_path / "elsewhere").iterdir())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "project"]


def test_without_the_extra_the_command_says_what_to_install() -> None:
    code = "import sys; sys.modules['mcp'] = None\nfrom crossdock.cli.app import run; sys.exit(run(['mcp']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "Error: mcp.server is needed: install crossdock[mcp]\n")
