"""What an expression did, step by step: what it read, which branch it took, what each function gave.

    not_null(unitPrice.saleAmount, unitPrice.listAmount) | money(@)

    read  unitPrice.saleAmount        absent
    read  unitPrice.listAmount        19.9
    call  not_null(absent, 19.9)      19.9
    call  money(19.9)                 "19.90"

A path is one step, however many places it reads; so is a list that is gone through.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from crossdock.execution.values import is_true
from crossdock.language.jmespath import children
from crossdock.language.legacy import Tree
from crossdock.language.unparse import written
from crossdock.tools.explain.replay import Judge, Part
from crossdock.tools.explain.shown import Shown, show

Kind = Literal["each", "with", "if", "read", "call", "lookup", "branch", "test", "text", "make", "take"]
_PATHS: Final = {
    *("field", "index", "slice", "subexpression", "index_expression", "pipe", "flatten"),
    *("current", "identity", "literal", "projection", "filter_projection", "value_projection"),
}
_PROJECTIONS: Final = ("projection", "filter_projection", "value_projection", "flatten")
AROUND: Final = ("root", "settings", "request", "answers", "events")


@dataclass(frozen=True, slots=True)
class ReadValue:
    """A place in the payload that was read, and its value."""

    pointer: str
    value: Shown


@dataclass(frozen=True, slots=True)
class EvaluationStep:
    """One step. ``text`` is the part of the expression; a call has its arguments in the text's place."""

    kind: Kind
    text: str
    value: Shown
    reads: tuple[ReadValue, ...] = ()
    arguments: tuple[Shown, ...] = ()
    note: str = ""


def steps(judge: Judge, part: Part) -> Iterator[EvaluationStep]:
    """The steps of a part of an expression, in the order in which they were taken."""
    tree = part.tree
    if tree["type"] == "literal":
        return
    if _is_path(tree) or tree["type"] in _PROJECTIONS:
        yield _read(judge, part)
        return
    match tree["type"]:
        case "function_expression":
            yield from _call(judge, part)
        case "or_expression":
            yield from _branches(judge, part)
        case "conditional":
            yield from _parts(judge, part)
            taken = "then" if is_true(part.parts[0].value) else "else"
            yield EvaluationStep("branch", written(tree["children"][0]), _shown(judge, part), note=taken)
        case "comparator" | "not_expression":
            yield EvaluationStep("test", written(tree), _shown(judge, part), _reads(judge, part))
        case "text" | "concat":
            yield from _parts(judge, part)
            if len(tree["children"]) > 1:
                yield EvaluationStep("text", written(tree), _shown(judge, part))
        case "multi_select_list" | "multi_select_dict":
            yield from _parts(judge, part)
            yield EvaluationStep("make", written(tree), _shown(judge, part))
        case "subexpression" | "index_expression":
            yield from _parts(judge, part)
            yield EvaluationStep("take", written(tree), _shown(judge, part))
        case _:
            yield from _parts(judge, part)


def _parts(judge: Judge, part: Part) -> Iterator[EvaluationStep]:
    for inner in part.parts:
        yield from steps(judge, inner)


def _is_path(tree: Tree) -> bool:
    """Names, indexes and lists, perhaps from the root on; filters may hold anything."""
    if tree["type"] == "function_expression":
        return tree["value"] in AROUND
    if tree["type"] not in _PATHS:
        return False
    inner = children(tree)
    return all(map(_is_path, inner[:2] if tree["type"] == "filter_projection" else inner))


def _shown(judge: Judge, part: Part) -> Shown:
    return show(part.value, hidden=judge.hides(part))


def _reads(judge: Judge, part: Part) -> tuple[ReadValue, ...]:
    return tuple(ReadValue(seen.pointer, show(seen.value, hidden=judge.secret(seen))) for seen in part.seen())


def _read(judge: Judge, part: Part) -> EvaluationStep:
    return EvaluationStep(
        "read", written(part.tree), _shown(judge, part), _reads(judge, part), note=passed(part)
    )


def passed(part: Part) -> str:
    """How many elements the first filter of a part lets through."""
    for each in part.all():
        if each.tree["type"] == "filter_projection":
            condition = each.tree["children"][2]
            asked = [inner for inner in each.parts if inner.tree is condition]
            kept = sum(is_true(inner.value) for inner in asked)
            return f"{kept} of {len(asked)}" if asked else ""
    return ""


def _call(judge: Judge, part: Part) -> Iterator[EvaluationStep]:
    tree = part.tree
    arguments = part.parts[: len(tree["children"])]
    for argument in arguments:
        if argument.tree["type"] != "expref":
            yield from steps(judge, argument)
    shown = tuple(_shown(judge, each) for each in arguments if each.tree["type"] != "expref")
    if tree["value"] == "lookup":
        found = part.value is not None
        note = "" if found else "no such row"
        yield EvaluationStep(
            "lookup", str(tree["children"][0]["value"]), _shown(judge, part), (), shown[1:], note
        )
    else:
        yield EvaluationStep(
            "call", tree["value"], _shown(judge, part), _other_reads(judge, part, arguments), shown
        )


def _other_reads(judge: Judge, part: Part, arguments: list[Part]) -> tuple[ReadValue, ...]:
    """What a function read by itself, in an argument that it evaluates for each element."""
    named = {read.pointer for each in arguments for read in _reads(judge, each)}
    return tuple(read for read in _reads(judge, part) if read.pointer not in named)


def _branches(judge: Judge, part: Part) -> Iterator[EvaluationStep]:
    """The alternatives up to the one that was taken."""
    asked, total = _alternatives(part), len(_all_alternatives(part.tree))
    for each in asked:
        yield from steps(judge, each)
    taken = asked[-1]
    none = len(asked) == total and not is_true(taken.value)
    note = f"none of {total} is true" if none else f"{len(asked)} of {total}"
    yield EvaluationStep("branch", written(taken.tree), _shown(judge, part), note=note)


def _alternatives(part: Part) -> list[Part]:
    if part.tree["type"] != "or_expression":
        return [part]
    return [each for inner in part.parts for each in _alternatives(inner)]


def _all_alternatives(tree: Tree) -> list[Tree]:
    if tree["type"] != "or_expression":
        return [tree]
    return [each for child in tree["children"] for each in _all_alternatives(child)]
