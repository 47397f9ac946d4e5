"""An expression in plain words, for people who know the payloads and not the language.

    money(not_null(sale, list), root().currency)      (the first of sale and list that has a value) as money …
    lookup('card', upper(code), 'Other')              code in upper case, looked up in the table …
    items[?quantity != `0`]                           items where quantity is not 0

The words follow the tree from the inside out. ``here`` names the context: after a pipe it
is the expression before the pipe.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from crossdock.core.json_types import JSON
from crossdock.language.jmespath import children
from crossdock.language.legacy import Tree
from crossdock.language.unparse import written
from crossdock.tools.sheet.phrases import CONDITIONS, PHRASES

_HERE: Final = "it"
_MARK: Final = "\0"
_COMPARED: Final = {
    "eq": "{0} is {1}",
    "ne": "{0} is not {1}",
    "lt": "{0} is less than {1}",
    "lte": "{0} is at most {1}",
    "gt": "{0} is more than {1}",
    "gte": "{0} is at least {1}",
}
_OPPOSITES: Final = {"eq": "ne", "ne": "eq", "lt": "gte", "gte": "lt", "gt": "lte", "lte": "gt"}
_AROUND: Final = {
    "root": "the payload",
    "settings": "the settings",
    "request": "the request",
    "answers": "the answers",
}
_JOINTS: Final = (
    " where ",
    " when ",
    " if ",
    ", ",
    "; ",
    " and ",
    " plus ",
    " minus ",
    " times ",
    " divided by ",
)
_EMPTY: Final[tuple[JSON, ...]] = (None, [], {}, "")


def words(tree: Tree, here: str = _HERE) -> str:
    """A value in words."""
    match tree["type"]:
        case "literal":
            return constant(tree["value"])
        case "current" | "identity":
            return here
        case "field":
            return tree["value"] if here == _HERE else f"{tree['value']} of {here}"
        case "function_expression":
            return _call(tree, here)
        case "or_expression":
            return _first_of(tree, here)
        case "and_expression":
            left, right = tree["children"]
            return f"{_inner(words(right, here))} when {condition(left, here)}"
        case "comparator" | "not_expression":
            return f"whether {condition(tree, here)}"
        case "conditional":
            return _either(tree, here)
        case "text" | "concat":
            return _text(tree, here)
        case "multi_select_list":
            return listed([_inner(words(child, here)) for child in tree["children"]])
        case "multi_select_dict":
            pairs = ((part["value"], words(part["children"][0], here)) for part in tree["children"])
            return "an object of " + "; ".join(f"{name}: {value}" for name, value in pairs)
    return _chain(tree, here)


def _chain(tree: Tree, here: str) -> str:
    """What goes into a value, step by step."""
    parts = children(tree)
    match tree["type"]:
        case "subexpression":
            return _inside(parts, here)
        case "pipe":
            if (cases := _cases(parts[0], here)) is not None and _is_first(parts[1]):
                return cases
            for part in parts:
                here = _behind(part, here)
            return here
        case "index_expression":
            base = words(parts[0], here)
            return _at(parts[1], base)
        case "index" | "slice":
            return _at(tree, here)
        case "flatten":
            return words(parts[0], here)
        case "projection" | "filter_projection" | "value_projection":
            return _projection(tree, here)
    return written(tree)


def _is_first(tree: Tree) -> bool:
    last = tree["children"][-1] if tree["type"] == "index_expression" else tree
    return bool(last["type"] == "index" and last["value"] == 0)


def _behind(tree: Tree, here: str) -> str:
    """The expression after a pipe. Words that are needed more than once are written once, at the end."""
    if here == _HERE:
        return words(tree)
    said = words(tree, _MARK)
    if said.count(_MARK) <= 1:
        return said.replace(_MARK, here if said == _MARK else _inner(here))
    return f"{words(tree)}, from {_inner(here)}"


def _inside(parts: Sequence[Tree], here: str) -> str:
    """A path. From one of the values around, and in a plain chain of names, it is read as one."""
    first, rest = parts[0], parts[1:]
    if not all(map(_is_path, rest)):
        for part in parts:
            here = _behind(part, here)
        return here
    path = ".".join(map(written, rest))
    if first["type"] == "function_expression" and first["value"] in _AROUND:
        return (
            f"the setting {path}" if first["value"] == "settings" else f"{path} of {_AROUND[first['value']]}"
        )
    if _is_path(first):
        path = f"{written(first)}.{path}"
        return path if here == _HERE else f"{path} of {_inner(here)}"
    return f"{path} of {_inner(words(first, here))}"


def _is_path(tree: Tree) -> bool:
    return tree["type"] == "field" or (
        tree["type"] == "subexpression" and all(map(_is_path, tree["children"]))
    )


def _at(tree: Tree, base: str) -> str:
    if tree["type"] == "slice":
        return f"{_inner(base)}{written(tree)}"
    position = tree["value"]
    which = {0: "the first", 1: "the second", 2: "the third", -1: "the last"}.get(position)
    return f"{which} of {_inner(base)}" if which else f"number {position + 1} of {_inner(base)}"


def _projection(tree: Tree, here: str) -> str:
    source, each = tree["children"][:2]
    elements = words(source, here)
    if tree["type"] == "filter_projection":
        elements = f"{_inner(elements)} where {condition(tree['children'][2])}"
    if each["type"] == "identity":
        return elements
    if _is_path(each):
        if tree["type"] == "projection" and _is_list_path(source) and here == _HERE:
            return f"{elements}[].{words(each)}"
        return f"{words(each)} of {_inner(elements)}"
    return f"{_inner(words(each))} of each of {_inner(elements)}"


def _is_list_path(tree: Tree) -> bool:
    if tree["type"] in ("flatten", "projection"):
        return all(_is_list_path(child) or child["type"] == "identity" for child in tree["children"])
    return _is_path(tree)


def _cases(tree: Tree, here: str) -> str | None:
    """``[{by: 'a', name: x}, {by: 'b', name: y}][?by == e].name``: x when e is 'a', y when e is 'b'."""
    source, each, *condition = tree["children"] if tree["type"] == "filter_projection" else (tree, tree)
    if not condition or source["type"] != "multi_select_list" or each["type"] != "field":
        return None
    test = condition[0]
    if test["type"] != "comparator" or test["value"] != "eq" or test["children"][0]["type"] != "field":
        return None
    asked, said = words(test["children"][1]), []
    for choice in source["children"]:
        if choice["type"] != "multi_select_dict":
            return None
        pairs = {pair["value"]: pair["children"][0] for pair in choice["children"]}
        key, value = pairs.get(test["children"][0]["value"]), pairs.get(each["value"])
        if key is None or value is None or key["type"] != "literal":
            return None
        said.append(f"{_inner(words(value, here))} when {asked} is {constant(key['value'])}")
    return ", else ".join(said)


def _inner(text: str) -> str:
    """Words inside others, in brackets where they would run into them."""
    quoted = text.startswith("'") and text.endswith("'") and text.count("'") == 2
    if quoted or _enclosed(text) or not any(joint in text for joint in _JOINTS):
        return text
    return f"({text})"


def _enclosed(text: str) -> bool:
    """Whether one pair of brackets holds the whole text."""
    depth = 0
    for position, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return char == ")" and position == len(text) - 1
    return False


def _first_of(tree: Tree, here: str) -> str:
    """``a || b``: the first that has a value; constants at the end are what else there is."""
    alternatives = _alternatives(tree)
    last = alternatives[-1]
    otherwise = ""
    if last["type"] == "literal":
        alternatives = alternatives[:-1]
        # A constant that is nothing to look at stands for the absence of a value.
        otherwise = "" if last["value"] in _EMPTY else f", else {constant(last['value'])}"
    said = [words(each, here) for each in alternatives]
    if len(said) == 1:
        return said[0] + otherwise
    if all(" " not in each for each in said):
        return f"the first of {', '.join(said)}{otherwise}"
    return ", else ".join(map(_inner, said)) + otherwise


def _alternatives(tree: Tree) -> list[Tree]:
    if tree["type"] != "or_expression":
        return [tree]
    return [each for child in tree["children"] for each in _alternatives(child)]


def _call(tree: Tree, here: str) -> str:
    name, arguments = tree["value"], tree["children"]
    if name in _AROUND and not arguments:
        return _AROUND[name]
    if name == "lookup":
        return _lookup(arguments, here)
    if name in CONDITIONS:
        return f"whether {condition(tree, here)}"
    said = [_argument(argument, here) for argument in arguments]
    phrases = PHRASES.get(name, ())
    phrase = phrases[min(len(said), len(phrases)) - 1] if phrases and said else "".join(phrases[:1])
    if not phrase:
        return f"{name} of {listed(said)}" if said else name
    return phrase.format(*said, all=listed(said), plus=" plus ".join(said), times=" times ".join(said))


def _argument(tree: Tree, here: str) -> str:
    if tree["type"] == "expref":
        return words(tree["children"][0])
    return _inner(words(tree, here))


def _lookup(arguments: Sequence[Tree], here: str) -> str:
    table, key = arguments[0].get("value"), words(arguments[1], here)
    found = f"{key}, looked up in the table {table}"
    if len(arguments) < 3:
        return found
    other = arguments[2]
    same = other in (arguments[1], *children(arguments[1]))
    return f"{found}, else as it is" if same else f"{found}, else {words(other, here)}"


def _either(tree: Tree, here: str) -> str:
    test, then, otherwise = tree["children"]
    said = f"{words(then, here)} if {condition(test, here)}"
    other = words(otherwise, here)
    return said if other in ("", "''") else f"{said}, else {other}"


def _text(tree: Tree, here: str) -> str:
    """A text with values in it: the values in ⟨⟩."""
    parts = tree["children"]
    if len(parts) == 1:
        return words(parts[0], here)
    said = [str(part["value"]) if part["type"] == "literal" else f"⟨{words(part, here)}⟩" for part in parts]
    return " ".join("".join(said).split())


def condition(tree: Tree, here: str = _HERE, *, true: bool = True) -> str:
    """A condition in words, or its opposite."""
    parts = children(tree)
    match tree["type"]:
        case "not_expression":
            return condition(parts[0], here, true=not true)
        case "and_expression" | "or_expression":
            both = (tree["type"] == "and_expression") == true
            said = (_part(part, here, true) for part in parts)
            return (" and " if both else " or ").join(said)
        case "comparator":
            operator = tree["value"] if true else _OPPOSITES[tree["value"]]
            return _COMPARED[operator].format(*(_inner(words(part, here)) for part in parts))
        case "function_expression" if tree["value"] in CONDITIONS:
            text = CONDITIONS[tree["value"]].format(*(_inner(words(part, here)) for part in parts))
            return text if true else f"it is not true that {text}"
        case "function_expression" if tree["value"] == "lookup" and len(parts) == 2:
            place = f"in the table {parts[0].get('value')}"
            return f"{words(parts[1], here)} is {'' if true else 'not '}{place}"
        case "function_expression" if tree["value"] == "trim":
            return f"{words(parts[0], here)} is {'not blank' if true else 'blank'}"
        case "current" | "identity":
            return f"{here} is {'' if true else 'not '}set"
    return f"{_inner(words(tree, here))} is {'' if true else 'not '}set"


def _part(tree: Tree, here: str, true: bool) -> str:
    said = condition(tree, here, true=true)
    return f"({said})" if tree["type"] in ("and_expression", "or_expression") else said


def constant(value: JSON) -> str:
    """A constant as it is written in a payload; text in single quotes."""
    match value:
        case None:
            return "null"
        case str():
            return f"'{value}'"
    return json.dumps(value, ensure_ascii=False)


def listed(said: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(said) < 2:
        return "".join(said)
    return ", ".join(said[:-1]) + " and " + said[-1]
