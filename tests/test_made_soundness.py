"""The check keeps its promise for generated files over generated schemas, and a broken one is seen.

Mappings, mappings that use each other, and conversations, with every kind of cell: see ``soundness_files``.
Results must have no unknown property, no value of the wrong kind, and no missing required property. That
mistakes of the check are seen is tested by planting some.

50,000 files without findings, with up to 25 payloads each: SOUNDNESS=all python -m pytest \\
    tests/test_made_soundness.py -k all_made -s     (SOUNDNESS=10000: so many of them)
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import MakeProject
from crossdock.channels import conversation_check
from crossdock.checking import assignability, check, facts, function_types, infer
from crossdock.checking.infer import Inference
from crossdock.checking.infer_calls import CallTypes
from crossdock.checking.schema_types import SchemaType
from crossdock.checking.types import ANYTHING, ListType, Type, union
from crossdock.execution.runner import Mapping
from crossdock.language.expr import And, Expr, FilterProjection, Or
from crossdock.language.syntax import If
from soundness_files import Files
from test_soundness import OF_KIND, PROMISED, broken_promises

WANTED = os.environ.get("SOUNDNESS", "")
ALL = 50_000 if WANTED == "all" else int(WANTED or "0")
EACH = 60  # files over one schema
FEW = 12
TRIED = Counter[str]()
WORDS = (
    "$switch",
    "use: ../",
    "adapts:",
    "again:",
    "fail:",
    "warn:",
    "none:",
    "values:",
    "failure:",
    "event:",
)


def broken(files: Files) -> Iterator[str]:
    """What goes wrong with one more generated file over a schema, if it checks clean."""
    conversation = files.chance.random() < 0.35
    made = files.conversation() if conversation else files.mapping()
    if made is None:
        TRIED["with findings"] += 1
        return
    TRIED["conversations" if conversation else "using" if "./other" in files.text else "mappings"] += 1
    TRIED.update(word for word in WORDS if word in files.text)
    for payload in files.payloads():
        TRIED["runs"] += 1
        if isinstance(made, Mapping):
            found = [str(item) for item in broken_promises(made, payload)]
        else:
            found = [
                str(item)
                for item in files.hold(made, payload)
                if item.id in PROMISED or OF_KIND.search(item.message)
            ]
        if found:
            yield f"{found}\n{files.text}\n{json.dumps(files.nodes)}\n{json.dumps(payload)}"
            return


def clean() -> int:
    return TRIED["mappings"] + TRIED["using"] + TRIED["conversations"]


@given(seed=st.integers(0, 2**32))
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_checks_clean_does_as_the_check_says(seed: int, project: MakeProject) -> None:
    files = Files.made(project, seed)
    assert [found for _ in range(FEW) for found in broken(files)] == [], seed


def test_many_files_of_every_kind_check_clean(project: MakeProject) -> None:
    TRIED.clear()
    for seed in range(6):
        files = Files.made(project, seed)
        assert [found for _ in range(EACH) for found in broken(files)] == [], seed

    assert min(TRIED["mappings"], TRIED["using"], TRIED["conversations"]) >= 5
    assert [word for word in WORDS if not TRIED[word]] == []


@pytest.mark.skipif(not ALL, reason="takes many minutes: SOUNDNESS=all")
def test_all_made_files_do_as_the_check_says(project: MakeProject) -> None:
    TRIED.clear()
    start = time.process_time()
    for seed in count(1_000_000):
        if clean() >= ALL:
            break
        files = Files.made(project, seed)
        assert [found for _ in range(EACH) for found in broken(files)] == [], seed
    seconds = time.process_time() - start
    sys.stdout.write(f"{clean()} files without findings, {dict(TRIED)}, {seconds:.0f} s\n")


# Planted mistakes: each is one that an author of the check could make


def without_the_right(of: Callable[..., Type]) -> Callable[..., Type]:
    def either_or(self: Inference, node: Or, context: Type) -> Type:
        found = of(self, node, context)
        return found.with_optional(False)

    return either_or


def only_the_left(of: Callable[..., Type]) -> Callable[..., Type]:
    def either_or(self: Inference, node: Or, context: Type) -> Type:
        of(self, node, context)
        left = self.infer(node.left, context)
        return left.with_optional(False) if left.kinds else of(self, node, context)

    return either_or


def right_where_left_is_true(of: Callable[..., Type]) -> Callable[..., Type]:
    def either_or(self: Inference, node: Or, context: Type) -> Type:
        inner, there = self.where(node.left, context)
        return union([of(self, node, context), inner.infer(node.right, there)]).with_optional(False)

    return either_or


def only_the_right_of_and(of: Callable[..., tuple[Type, Type]]) -> Callable[..., tuple[Type, Type]]:
    def with_truth(self: Inference, node: Expr, context: Type) -> tuple[Type, Type]:
        found, true = of(self, node, context)
        return (true, true) if isinstance(node, And) else (found, true)

    return with_truth


def always_there(of: Callable[..., Type]) -> Callable[..., Type]:
    def given(*arguments: Any) -> Type:
        return of(*arguments).with_optional(False)

    return given


def as_long_as_before(of: Callable[..., Type]) -> Callable[..., Type]:
    def projection(self: Inference, node: Any, context: Type) -> Type:
        found = of(self, node, context)
        if isinstance(node, FilterProjection) and isinstance(found, ListType):
            return ListType(found.element, found.optional, least=1)
        return found

    return projection


def member_always_there(of: Callable[..., Type | None]) -> Callable[..., Type | None]:
    def member(self: SchemaType, name: str) -> Type | None:
        found = of(self, name)
        return None if found is None else found.with_optional(False)

    return member


def both_at_once(of: Callable[..., Any]) -> Callable[..., Any]:
    assert of
    return facts.all_of


def never_null(of: Callable[..., bool]) -> Callable[..., bool]:
    def may_hold_null(typ: Type, name: str) -> bool:
        of(typ, name)
        return False

    return may_hold_null


def all_rows(of: Callable[..., Type]) -> Callable[..., Type]:
    def lookup(self: CallTypes) -> Type:
        return of(self).with_optional(False)

    return lookup


def always_kept(of: Callable[..., Type]) -> Callable[..., Type]:
    def cell(self: Any, cell: Any, *others: Any) -> Type:
        found = of(self, cell, *others)
        return found.with_optional(False) if isinstance(cell, If) else found

    return cell


def shows_the_opposite(of: Callable[..., Any]) -> Callable[..., Any]:
    return lambda node, truth=True, known=None: of(node, not truth) if known is not None else of(node, truth)


def answers_always(of: Callable[..., None]) -> Callable[..., None]:
    def answered(self: Any, step: Any, answer: list[Type], around: Any) -> None:
        of(self, step, [typ.with_optional(False) for typ in answer], around)
        around.answers.update({name: typ.with_optional(False) for name, typ in around.answers.items()})

    return answered


def anything_beside(of: Callable[..., Type]) -> Callable[..., Type]:
    def others(typ: SchemaType) -> Type | None:
        of(typ)
        return None

    return others  # type: ignore[return-value]


def any_use(of: Callable[..., Type]) -> Callable[..., Any]:
    def check_use(mapping: Any, context: Type, scope: Any) -> Any:
        return of(mapping, ANYTHING, scope)

    return check_use


def no_types_given(of: Callable[..., Any]) -> Callable[..., Any]:
    return lambda file, given, *, lenient: of(file, dict.fromkeys(given, ANYTHING), lenient=lenient)


PLANTED: dict[str, tuple[object, str, Callable[..., Any]]] = {
    "|| always has a value": (Inference, "either_or", without_the_right),
    "|| is its left side": (Inference, "either_or", only_the_left),
    "the right side of || where the left is true": (Inference, "either_or", right_where_left_is_true),
    "&& is its right side": (Inference, "with_truth", only_the_right_of_and),
    "an element is always there": (infer, "element_at", always_there),
    "the first is always there": (function_types, "element_at", always_there),
    "a filter leaves an element": (Inference, "projection", as_long_as_before),
    "a property is always there": (SchemaType, "member", member_always_there),
    "both sides of || hold": (facts, "any_of", both_at_once),
    "a property is never null": (assignability, "may_hold_null", never_null),
    "a table has every row": (CallTypes, "lookup", all_rows),
    "$if is always true": (check.CellCheck, "cell", always_kept),
    "a step always has an answer": (conversation_check._ConversationCheck, "answered", answers_always),
    "an object has no others": (SchemaType, "others", anything_beside),
    "a switch has every case": (check.CellCheck, "chosen", always_there),
    "a whole value is there": (check.CellCheck, "present", lambda _: lambda *_: None),
    "shared steps are given anything": (conversation_check, "_shared_check", no_types_given),
    "nothing ends the steps": (conversation_check, "uncertain_steps", lambda _: lambda _: frozenset()),
    "the place of a use is not known": (check, "check_use", any_use),
    "an argument is there": (CallTypes, "needs", lambda _: lambda *_: None),
    "kinds of arguments do not matter": (CallTypes, "wrong_kinds", lambda _: lambda *_: False),
    "a condition shows its opposite": (infer, "shown_by", shows_the_opposite),
}

SEEN_AT = {
    "a step always has an answer": 27,
    "the first is always there": 21,
    "both sides of || hold": 18,
    "a property is never null": 13,
    "a switch has every case": 10,
    "|| always has a value": 6,
    "the right side of || where the left is true": 6,
    "|| is its left side": 6,
    "a whole value is there": 5,
    "nothing ends the steps": 5,
    "a condition shows its opposite": 4,
    "an element is always there": 2,
    "a filter leaves an element": 2,
}
"""Seeds that are tried first: there, a mistake was seen that is not seen soon."""


@pytest.mark.parametrize("mistake", PLANTED)
def test_a_planted_mistake_is_seen(
    mistake: str, project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, name, planted = PLANTED[mistake]
    monkeypatch.setattr(place, name, planted(getattr(place, name)))
    for seed in (SEEN_AT.get(mistake, 0), *range(120)):
        files = Files.made(project, seed)
        if any(found for _ in range(EACH) for found in broken(files)):
            return
    pytest.fail("no generated file fails because of it")
