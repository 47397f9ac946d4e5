"""The tree of an expression as text again: any part of it, so that a part can be shown by itself.

    written(tree of `a || money(b)`)                  a || money(b)
    written(its second child)                         money(b)

What comes out means the same as what was written; spaces and needless brackets may differ. Of a template
its parts come out as expressions: ``{{ first | upper }}`` as ``{{ upper(first) }}``.
"""

from __future__ import annotations

import json
import re
from typing import Final

from crossdock.core.json_types import JSON
from crossdock.language.jmespath import children
from crossdock.language.legacy import Tree

_COMPARISONS: Final = {"eq": "==", "ne": "!=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_BINDING: Final = {
    "conditional": 0,
    "pipe": 1,
    "concat": 1,
    "or_expression": 2,
    "and_expression": 3,
    "comparator": 4,
    "not_expression": 5,
}
_TIGHTEST: Final = 9
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def written(tree: Tree) -> str:
    """A part of an expression as JMESPath, or of a template as a template."""
    return _text_of(tree) if tree["type"] == "text" else _written(tree)


def _text_of(tree: Tree) -> str:
    return "".join(_piece(child) for child in tree["children"])


def _piece(tree: Tree) -> str:
    match tree["type"]:
        case "literal":
            return str(tree["value"])
        case "text":
            return _text_of(tree)
        case "conditional" if tree.get("value") != "inline":
            test, then, otherwise = tree["children"]
            other = _piece(otherwise)
            behind = f"{{% else %}}{other}" if other else ""
            return f"{{% if {_written(test)} %}}{_piece(then)}{behind}{{% endif %}}"
    return f"{{{{ {_written(tree)} }}}}"


def _written(tree: Tree, around: int = 0) -> str:
    text = _operator(tree) or _chain(tree) or _simple(tree)
    return f"({text})" if _BINDING.get(tree["type"], _TIGHTEST) < around else text


def _operator(tree: Tree) -> str | None:
    parts, binding = tree["children"], _BINDING.get(tree["type"], 0)
    match tree["type"]:
        case "pipe":
            return " | ".join(_written(child, binding) for child in parts)
        case "or_expression":
            return " || ".join(_written(child, binding) for child in parts)
        case "and_expression":
            return " && ".join(_written(child, binding) for child in parts)
        case "comparator":
            left, right = (_written(child, binding + 1) for child in parts)
            return f"{left} {_COMPARISONS[tree['value']]} {right}"
        case "not_expression":
            return "!" + _written(parts[0], binding)
        case "concat":
            return " ~ ".join(_written(child, binding + 1) for child in parts)
        case "conditional":
            test, then, otherwise = (_written(child, 1) for child in parts)
            return f"{then} if {test} else {otherwise}"
    return None


def _chain(tree: Tree) -> str | None:
    """What goes into a value, step by step."""
    parts = children(tree)
    match tree["type"]:
        case "subexpression" | "index_expression":
            text = _base(parts[0])
            for child in parts[1:]:
                text += _behind(child)
            return text
        case "flatten":
            return _written(parts[0], _TIGHTEST) + "[]"
        case "projection":
            own = "" if _opens_itself(parts[0]) else "[*]"
            return _base(parts[0]) + own + _behind(parts[1])
        case "value_projection":
            left = _base(parts[0])
            return (left + ".*" if left else "*") + _behind(parts[1])
        case "filter_projection":
            condition = _written(parts[2])
            return f"{_base(parts[0])}[?{condition}]{_behind(parts[1])}"
    return None


def _base(tree: Tree) -> str:
    """What is gone into. Brackets end a projection, or else all behind it would be part of it."""
    text = _written(tree, _TIGHTEST)
    return f"({text})" if tree["type"].endswith("projection") else text


def _opens_itself(tree: Tree) -> bool:
    """Whether an expression projects without another bracket: a flattened list, or a slice."""
    if tree["type"] == "index_expression":
        return bool(tree["children"][-1]["type"] == "slice")
    return bool(tree["type"] == "flatten")


def _behind(tree: Tree) -> str:
    text = _written(tree, _TIGHTEST)
    bracket = text.startswith("[") and not _begins_with_list(tree)
    return text if not text or bracket else "." + text


def _begins_with_list(tree: Tree) -> bool:
    while tree["type"] not in ("multi_select_list", "multi_select_dict") and children(tree):
        tree = children(tree)[0]
    return bool(tree["type"] == "multi_select_list")


def _simple(tree: Tree) -> str:
    parts = children(tree)
    match tree["type"]:
        case "field":
            return _name(tree["value"])
        case "current":
            return "@"
        case "index":
            return f"[{tree['value']}]"
        case "slice":
            start, stop, step = ("" if part is None else str(part) for part in tree["children"])
            return f"[{start}:{stop}{':' + step if step else ''}]"
        case "literal":
            return literal(tree["value"])
        case "function_expression":
            return f"{tree['value']}({', '.join(_written(child) for child in parts)})"
        case "expref":
            return "&" + _written(parts[0], _TIGHTEST)
        case "multi_select_list":
            return f"[{', '.join(_written(child) for child in parts)}]"
        case "multi_select_dict":
            pairs = (f"{_name(pair['value'])}: {_written(pair['children'][0])}" for pair in parts)
            return f"{{{', '.join(pairs)}}}"
        case "text":
            return json.dumps(_text_of(tree), ensure_ascii=False)
    return ""


def _name(name: str) -> str:
    return name if _NAME.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def literal(value: JSON) -> str:
    """A constant as an expression writes it: text in single quotes, the rest as JSON in backticks."""
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return "`" + json.dumps(value, ensure_ascii=False).replace("`", "\\`") + "`"
