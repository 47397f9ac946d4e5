"""`make serve-demo`: an order travels from a fake Kibo through the gateway, and nothing is left behind."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest


def demonstrate(repository: Path, temporary: Path) -> str:
    command = [sys.executable, str(repository / "scripts" / "serve_demo.py")]
    environ = {**os.environ, "TMPDIR": str(temporary)}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_an_order_travels_and_nothing_is_left_behind(repository: Path, tmp_path: Path) -> None:
    shown = demonstrate(repository, tmp_path)

    assert '"channel_refnum": "1001"' in shown
    assert shown.count('{"events":[]}') == 2
    lines = shown.splitlines()
    (listed,) = [text for text in lines if text.endswith(" kibo shipment_submit done")][:1]
    assert re.fullmatch(r"1 \S+ kibo shipment_submit done", listed)
    assert any(re.fullmatch(r"  \S+ \S+: POST http://\S+/packages answered 201", text) for text in lines)
    assert lines[lines.index("Kibo did, once each:") + 1 :].count("  packages 1001") == 1

    assert list(tmp_path.iterdir()) == []
    ports = re.findall(r"http://127\.0\.0\.1:(\d+)", shown)
    for port in {int(found) for found in ports}:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=2)


def test_make_has_the_demonstration(repository: Path) -> None:
    makefile = (repository / "Makefile").read_text(encoding="utf-8")
    assert "\nserve-demo: $(VENV)/.served" in makefile
    assert "\t$(BIN)/python scripts/serve_demo.py\n" in makefile
