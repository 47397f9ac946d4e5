"""An order's way through the gateway, on this machine alone: `make serve-demo`.

It starts a fake Kibo and `crossdock serve`, fetches an order and ships it with curl as RetailOPS would,
repeats the shipment, and shows the journal. Then it stops both and leaves nothing behind.
"""

# ruff: noqa: S603, S607, T201 (it runs and prints commands)

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from fakes import retailops  # noqa: E402
from fakes.kibo import FakeKibo  # noqa: E402
from fakes.kibo_orders import line, order  # noqa: E402
from gateway_kit import SECRETS, TICKET, project_for  # noqa: E402

COMMAND = str(Path(sys.executable).parent / "crossdock")


def main() -> None:
    if shutil.which("curl") is None:
        sys.exit("the demonstration needs curl")
    with FakeKibo() as kibo, tempfile.TemporaryDirectory(prefix="crossdock-demo-") as folder:
        kibo.add(order(1001, line(1, "MUG-BLUE", 2, 12.5), line(2, "BOWL", 1, 20)))
        place = project_for(Path(folder), ROOT, "kibo", kibo.url)
        journal = f"sqlite:///{place}/journal.db"
        print(f"A fake Kibo with order 1001 is at {kibo.url}", flush=True)
        with serving(place, journal) as url:
            travel(kibo, place, url)
            show("Each request is in the journal, with the calls that it led to:", journal)
        print("\nKibo did, once each:")
        for effect in kibo.ledger:
            print(f"  {effect.effect} {effect.subject}")


@contextmanager
def serving(place: Path, journal: str) -> Iterator[str]:
    """`crossdock serve` as a process: its URL. Its log goes into a file beside the journal."""
    command = [COMMAND, "-C", str(place), "serve", "kibo", "--port", "0", "--journal", journal]
    environ = {**os.environ, **SECRETS["kibo"], "RETAILOPS_TICKET": TICKET}
    with (place / "log").open("w") as log:
        process = subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True, cwd=place)
        try:
            assert process.stderr is not None
            started = process.stderr.readline()
            print(f"$ crossdock serve kibo\n{started}", end="", flush=True)
            if not started.startswith("listening at "):
                sys.exit(process.stderr.read())
            copying = subprocess.Popen(["cat"], stdin=process.stderr, stdout=log)
            yield started.split()[-1]
        finally:
            process.terminate()
            process.wait(40)
        copying.wait(10)


def travel(kibo: FakeKibo, place: Path, url: str) -> None:
    fields = {
        "version": "1",
        "action": "order_fetch",
        "headers[client_id]": "497",
        "headers[ticket]": TICKET,
        "data[single]": "1",
        "data[order][channel_refnum]": "1001",
    }
    query = "&".join(f"{name}={value}" for name, value in fields.items())
    print("\nRetailOPS fetches the order:")
    found = json.loads(curl("-g", f"{url}/orders?{query}"))
    print(json.dumps(found, indent=2, ensure_ascii=False))

    mug = kibo.numbered(1001)["items"][0]
    packed = retailops.package("370", "1Z370", (mug, 2))
    body = json.dumps(retailops.ship(1001, "900", packed), indent=2)
    (place / "shipment.json").write_text(body, encoding="utf-8")
    post = ("-H", "Content-Type: application/json", "-d", "@shipment.json", f"{url}/orders/shipment_submit")
    print("\nRetailOPS ships two mugs of it:")
    print(curl(*post, cwd=place))
    print(
        "\nIt has not heard the answer, and asks again. The answer is the same, and nothing is shipped twice:"
    )
    print(curl(*post, cwd=place))


def curl(*arguments: str, cwd: Path | None = None) -> str:
    shown = " ".join(f"'{each}'" if set(each) & set("[& ") else each for each in arguments)
    print(f"$ curl -s {shown}", flush=True)
    done = subprocess.run(
        ["curl", "-sS", "--noproxy", "*", "--max-time", "60", *arguments],
        cwd=cwd,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def show(why: str, journal: str) -> None:
    print(f"\n{why}")
    for arguments in (["list"], ["show", "1"]):
        print(f"$ crossdock journal {' '.join(arguments)}", flush=True)
        subprocess.run([COMMAND, "journal", "--journal", journal, *arguments], check=True)


if __name__ == "__main__":
    main()
