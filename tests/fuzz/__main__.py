"""The long run, from the folder ``tests``: ``python -m fuzz [target…] [--inputs N] [--seconds N]``.

Prints a line for each target, and writes the inputs of findings into a folder when it is given one.
The status is 1 when there are findings.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from fuzz.choices import drawn
from fuzz.engine import Tally, attempt, checked, keep, limit_memory, warm
from fuzz.targets import TARGETS, Target

ROW = "{:<22}{:>10}{:>10}{:>13}{:>13}{:>10}"


def main() -> int:
    given = _arguments()
    limit_memory(given.memory)
    if given.replay:
        return _replay(given.replay)
    print(ROW.format("target", "inputs", "minutes", "slowest, ms", "memory, +MB", "findings"))
    tallies = [_run(TARGETS[name], given) for name in given.targets or TARGETS]
    print(f"{sum(tally.inputs for tally in tallies)} inputs in all")
    return int(any(tally.findings for tally in tallies))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description="Hostile input for the engine.")
    parser.add_argument("targets", nargs="*", help=f"of {', '.join(TARGETS)}; all when none is named")
    parser.add_argument("--inputs", type=int, help="how many inputs for each target")
    parser.add_argument("--seconds", type=float, help="how long for each target: 10 when nothing is said")
    parser.add_argument("--seed", type=int, default=0, help="the first seed; the same seed, the same inputs")
    parser.add_argument("--guided", action="store_true", help="led by coverage, with atheris")
    parser.add_argument("--memory", type=int, default=3000, help="how many MB the process may have")
    parser.add_argument("--keep", type=Path, help="a folder for the inputs of findings")
    parser.add_argument("--replay", nargs="+", type=Path, help="kept inputs; a name begins with its target's")
    given = parser.parse_args()
    if unknown := sorted(set(given.targets) - set(TARGETS)):
        parser.error(f"there is no target {', '.join(unknown)}; there are {', '.join(TARGETS)}")
    if given.inputs is None and given.seconds is None:
        given.seconds = 10.0
    return given


def _run(target: Target, given: argparse.Namespace) -> Tally:
    begun = time.monotonic()
    tally = _guided(target, given) if given.guided else _drawn(target, given)
    minutes = (time.monotonic() - begun) / 60
    figures = (
        f"{minutes:.1f}",
        f"{tally.slowest * 1000:.0f}",
        f"{tally.memory_growth:.0f}",
        len(tally.findings),
    )
    print(ROW.format(target.name, tally.inputs, *figures), flush=True)
    for finding in tally.findings.values():
        print(f"  {finding.kind}, {finding.times} times: {finding.data[:300]!r}")
    if given.keep:
        keep(tally, target, given.keep)
    return tally


def _drawn(target: Target, given: argparse.Namespace) -> Tally:
    """Inputs drawn from one seed after the other."""
    warm(target)
    tally = Tally(target.name)
    end = None if given.seconds is None else time.monotonic() + given.seconds
    while tally.inputs != given.inputs and (end is None or time.monotonic() < end):
        attempt(target, drawn(given.seed + tally.inputs), tally)
    tally.measure()
    return tally


def _guided(target: Target, given: argparse.Namespace) -> Tally:
    """Inputs led by coverage, in a process of its own: libFuzzer ends the one that it runs in."""
    command = [sys.executable, "-m", "fuzz.guided", target.name, str(given.seed + 1), str(given.memory)]
    command += [str(given.inputs or 0), str(int(given.seconds or 0))]
    done = subprocess.run(command, capture_output=True, check=False)
    told = [line for line in done.stdout.decode().splitlines() if line.startswith('{"target"')]
    if not told:
        why = [line for line in done.stderr.decode(errors="replace").splitlines() if line[:1] not in "#I"]
        sys.exit("\n".join([*why[-30:], f"the guided run of {target.name} ended with {done.returncode}"]))
    return Tally.read(json.loads(told[-1]))


def _replay(files: list[Path]) -> int:
    found = 0
    for file in files:
        name = next((name for name in TARGETS if name in (file.parent.name, file.name.partition("-")[0])), "")
        if not name:
            sys.exit(f"{file} says of no target that it is for it")
        finding = checked(TARGETS[name], file.read_bytes())
        print(f"{file}: {finding.told if finding else 'every promise is kept'}")
        found += finding is not None
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
