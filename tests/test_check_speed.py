"""A file of the largest size is checked in 2 s of processor time, whatever is in it."""

from __future__ import annotations

import time

import pytest

from conftest import MakeProject
from crossdock.core.diagnostics import did_you_mean
from crossdock.core.similar import bounded
from hostile_cases import pace

SECONDS = 2.0
NAMES = [f"{a}{b}{c}{d}" for a in "kmnprstv" for b in "aeiou" for c in "kmnprstv" for d in "aeiou"]
CALLS = ",".join(f"{name}(a)" for name in NAMES[:300])
LISTS = "[" * 37 + "@" + "]" * 37
CHOICES = "(a && [" * 12 + "@" + "] || [b])" * 12

FILES = {
    "unknown fragments": (
        "fragments:\n"
        + "".join(f"  {name}: a\n" for name in NAMES)
        + "map:\n"
        + "".join(f"  {name}: {{$use: {name}x}}\n" for name in NAMES)
    ),
    "unknown functions": "map:\n" + "".join(f"  {name}: {name}(a)\n" for name in NAMES),
    "unknown functions in one expression": f'map:\n  a: "[{CALLS}]"\n  b: "[{CALLS}]"\n  c: "[{CALLS}]"\n',
    "unused fragments": "map: a\nfragments:\n"
    + "".join(f"  {name}{n}: a\n" for n in "12345" for name in NAMES),
    "long objects": "map:\n" + "".join(f"  {name}{n}: '@'\n" for n in "12345" for name in NAMES),
    "deep lists": "map:\n" + "".join(f'  {name}: "{LISTS}"\n' for name in NAMES[:300]),
    "deep constants": "map:\n"
    + "".join(f"  {name}: '`{LISTS.replace('@', '1')}`'\n" for name in NAMES[:300]),
    "nested choices": "map:\n" + "".join(f'  {name}: "{CHOICES}"\n' for name in NAMES[:100]),
}


@pytest.mark.parametrize("file", FILES)
def test_a_long_file_is_checked_in_time(file: str, project: MakeProject) -> None:
    made = project({"mappings/shop/order.yaml": FILES[file]})
    start = time.process_time()
    made.check(["shop/order"])

    assert time.process_time() - start <= SECONDS * pace()


def test_similar_names_are_searched_up_to_a_limit() -> None:
    with bounded():
        found = [did_you_mean(f"{name}x", NAMES) for name in NAMES[:20]]

    assert found[0] == "did you mean `kaka`?"
    assert found[-1] is None
    assert did_you_mean("kakax", NAMES) == "did you mean `kaka`?"


def test_long_names_are_not_compared() -> None:
    assert did_you_mean("a" * 100, ["a" * 99]) is None
