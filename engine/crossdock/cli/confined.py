"""The child that runs one command of the command line, confined as ``sandbox.worker`` confines a mapping."""

from __future__ import annotations

import contextlib
import io
import sys

from crossdock.cli.app import run
from crossdock.cli.sandbox.worker import JobResult, child


def main() -> None:
    child(lambda head, data: _run_command(head["command"], data))


def _run_command(arguments: list[str], data: bytes) -> JobResult:
    printed, said = io.BytesIO(), io.StringIO()
    output = io.TextIOWrapper(printed, encoding="utf-8", write_through=True)
    sys.stdin = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8")
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(said):
        code = run(arguments)
    output.flush()
    return JobResult(code, said.getvalue(), printed.getvalue().decode())


if __name__ == "__main__":
    main()
