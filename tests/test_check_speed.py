"""A file of the largest size is checked in 2 s of processor time, whatever is in it."""

from __future__ import annotations

import time

import pytest

from conftest import MakeProject
from crossdock.core.diagnostics import did_you_mean
from crossdock.core.limits import FILE_CHARACTERS
from crossdock.core.similar import bounded
from hostile_cases import pace

SECONDS = 2.0
NAMES = [f"{a}{b}{c}{d}" for a in "kmnprstv" for b in "aeiou" for c in "kmnprstv" for d in "aeiou"]
CALLS = ",".join(f"{name}(a)" for name in NAMES[:300])
LISTS = "[" * 37 + "@" + "]" * 37
ALTERNATIVES = " || ".join(f"{name}.a" for name in NAMES[:90])
CONDITIONS = " && ".join(f"{name}.a" for name in NAMES[:90])
FILTERS = "a[?b && c || !d].e[?f == g && (h || i)].j"
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
    "deep lists": "map:\n" + "".join(f'  {name}: "{LISTS}"\n' for name in NAMES),
    "deep constants": "map:\n"
    + "".join(f"  {name}: '`{LISTS.replace('@', '1')}`'\n" for name in NAMES[:300]),
    "nested choices": "map:\n" + "".join(f'  {name}: "{CHOICES}"\n' for name in NAMES[:1280]),
    "long alternatives": "map:\n" + "".join(f'  {name}: "{ALTERNATIVES}"\n' for name in NAMES[:280]),
    "long negations": "map:\n" + "".join(f'  {name}: "!({ALTERNATIVES})"\n' for name in NAMES[:280]),
    "long conditions": "map:\n" + "".join(f'  {name}: "{CONDITIONS}"\n' for name in NAMES[:280]),
    "filters with conditions": "map:\n"
    + "".join(f'  {name}{n}: "{FILTERS}"\n' for n in "123" for name in NAMES),
    "chains of fragments": (
        "fragments:\n"
        + "".join(
            f"  {name}{n}: {{$use: {name}{n + 1}, k{n}: a}}\n" for name in NAMES[:200] for n in range(28)
        )
        + "".join(f"  {name}28: {{z: b}}\n" for name in NAMES[:200])
        + "map:\n"
        + "".join(f"  {name}: {{$use: {name}0}}\n" for name in NAMES[:200])
    ),
}


@pytest.mark.parametrize("file", FILES)
def test_a_long_file_is_checked_in_time(file: str, project: MakeProject) -> None:
    made = project({"mappings/shop/order.yaml": FILES[file]})
    assert len(FILES[file]) <= FILE_CHARACTERS  # a longer one is not read
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


def test_keys_beside_each_use_of_a_chain_are_kept(project: MakeProject) -> None:
    chain = "".join(f"  f{n}: {{$use: f{n + 1}, k: a{n}, k{n}: a{n}}}\n" for n in range(29))
    text = f"map: {{$use: f0, last: b}}\nfragments:\n{chain}  f29: {{k: a29, last: c, first: d}}\n"
    mapping = project({"mappings/shop/order.yaml": text}).mapping("shop/order")
    payload = {**{f"a{n}": n for n in range(30)}, "b": "b", "c": "c", "d": "d"}
    wanted = {**{f"k{n}": n for n in range(29)}, "k": 0, "first": "d", "last": "b"}

    assert mapping(payload) == mapping.run(payload).value == wanted


def test_a_large_fragment_is_not_used_too_often(project: MakeProject) -> None:
    fragment = "".join(f"    {name}: a\n" for name in NAMES)
    uses = "".join(f"  u{n}: {{$use: large, b: a}}\n" for n in range(20))
    made = project({"mappings/shop/order.yaml": f"fragments:\n  large:\n{fragment}map:\n{uses}"})

    assert [item.message for item in made.check(["shop/order"])] == [
        "with `large` the mapping expands to more than 20000 cells of others"
    ]


def test_neither_is_one_of_a_conversation(project: MakeProject) -> None:
    fragment = "".join(f"    {name}: a\n" for name in NAMES)
    uses = "".join(f"  u{n}: {{$use: large, b: a}}\n" for n in range(20))
    text = f"response_schema: desk/any\nfragments:\n  large:\n{fragment}steps: []\nresponse:\n{uses}"
    made = project(
        {
            "schemas/desk/any.schema.json": '{"type": "object"}',
            "mappings/shop/order_ack/conversation.yaml": text,
        }
    )

    assert [item.message for item in made.check(["shop/order_ack/conversation"])] == [
        "with `large` the mapping expands to more than 20000 cells of others"
    ]
