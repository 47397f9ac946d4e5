"""A row in a process of its own, which lives as long as the benchmark and measures itself.

It reads one line of JSON and writes one: see ``conversation_worker.py`` and ``rivals/node/worker.js``.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


class Worker:
    """A running worker."""

    def __init__(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to a request. Raises RuntimeError when the worker has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the worker has ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def seconds(self, calls: int) -> float:
        """The processor's seconds of so many calls, as the worker measures them."""
        return float(self.ask({"calls": calls})["seconds"])

    def close(self) -> None:
        """End the worker: it ends with its input."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
