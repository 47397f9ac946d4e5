"""The console script, and ``python -m crossdock.cli``.

It imports the command line itself only inside of what handles Ctrl-C, because imports take most of the time
of a short run.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from types import FrameType
from typing import Final, NoReturn

_STOPPED: Final = 128  # plus the signal's number: what a shell reports for a process that a signal has ended


class Stopped(BaseException):
    """A signal asks the process to end. Files that are half written are removed on its way out."""


def main() -> NoReturn:
    code = _run()
    gc.freeze()  # the process ends and frees everything: Python need not walk it for cycles before
    sys.exit(code)


def _run() -> int:
    try:
        _listen()
        from crossdock.cli.app import run

        if sys.stdout is None:
            sys.stdout = _closed_output()
        return run(sys.argv[1:])
    except KeyboardInterrupt:  # while it is imported: `run` handles it afterwards
        os.write(2, b"interrupted\n")
        return _STOPPED + signal.SIGINT
    except Stopped as stopped:
        number = int(stopped.args[0])
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)  # so that the parent sees which signal it was
        return _STOPPED + number


def _listen() -> None:
    """End on the usual signals as an exception does. One that the parent ignores, as by nohup, is ignored."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _stop)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    raise Stopped(number)


def _closed_output() -> object:
    """A stream to which nothing can be written: else a result would be lost without a word."""
    return os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")


if __name__ == "__main__":
    main()
