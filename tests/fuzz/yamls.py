"""Files in YAML that are almost right: those of the project and of ``tests/errors``, a little changed."""

from __future__ import annotations

import json
from pathlib import Path

from fuzz.choices import Choices
from fuzz.documents import document
from fuzz.grammar import chained, damaged, expression, template

TESTS = Path(__file__).parents[1]
_FOLDERS = (TESTS / "errors", TESTS.parent / "mappings")
_LARGEST = 6_000  # a large mapping takes long to compile, and its parts are like those of the small ones
_MARKS = "\n\t :#{}[]()'\"`|&*!?@$%<>=.,-~\\ax1é\x00\u2028\ufeff𝄞"
_ODD = (
    *("!!python/object:os.system x", "&a [*a]", "<<: *a", "%YAML 1.2", "---", "...", "? a", "- - - a"),
    *("a: b: c",),
    *("$use: part", "$use: ./line", "$use: ../x/y", "$each: items", "$with: @", "$if: a", "$value: a"),
    *("$const: {}",),
    *("$nothing: a", "map: map", "from: shop/order", "to: erp/order", "tables: {a: b}"),
    *("fragments: {a: {$use: a}}",),
    *("ignored: {a: b}", "checks: [{check: a, message: '{{ a }}'}]", "'a'", "''", '"\\ud800"'),
    *('"\\x00"', "|2-"),
    *(">-\n  x", "12e999", "-0", "0x1F", "1_000", ".nan", "NO", "~", "2024-05-01", "[" * 40),
    *("{a: " * 40, "}", "]"),
    *('$use: "a\\0b.yaml"', f"$use: ./{'x' * 300}"),
)


def _texts() -> tuple[str, ...]:
    files = sorted(file for folder in _FOLDERS for file in folder.rglob("*.yaml"))
    texts = (file.read_text(encoding="utf-8") for file in files)
    return tuple(text for text in texts if len(text) <= _LARGEST)


TEXTS = _texts()


def file(choices: Choices) -> str:
    """The text of a mapping, channel, conversation or table file; or of none of them."""
    match choices.below(12):
        case 0 | 1 | 2 | 3 | 4:
            return small(choices)
        case 5:
            return json.dumps(document(choices, 5), ensure_ascii=choices.one_in(2))
    text = choices.pick(TEXTS)
    for _ in range(1 + choices.below(3)):
        text = _changed(choices, text)
    return text


def _changed(choices: Choices, text: str) -> str:
    lines = text.split("\n")
    at = choices.below(len(lines))
    match choices.below(11):
        case 0:
            return damaged(choices, text, _MARKS)
        case 1:
            del lines[at]
        case 2:
            lines.insert(choices.below(len(lines)), lines[at])
        case 3:
            lines[at] = " " * choices.below(9) + lines[at].lstrip()
        case 4:
            other = choices.pick(TEXTS).split("\n")
            start = choices.below(len(other))
            lines[at:at] = other[start : start + 1 + choices.below(6)]
        case 5 | 6 | 7:
            key, colon, _ = lines[at].partition(": ")
            lines[at] = f"{key}{colon or ': '}{scalar(choices)}"
        case 8:
            lines[at] = f"{lines[at][: len(lines[at]) - len(lines[at].lstrip())]}{choices.pick(_ODD)}"
        case 9:
            lines[at] = f"{lines[at]} {choices.pick(_ODD)}"
        case _:
            lines = lines[:at]
    return "\n".join(lines)


def scalar(choices: Choices) -> str:
    """The value of a key: an expression, a template or something odd, in one of YAML's styles."""
    match choices.below(5):
        case 0 | 1:
            text = expression(choices, 3)
        case 2:
            text = template(choices, 2)
        case 3:
            text = choices.pick(_ODD)
        case _:
            text = chained(choices, 1)
    return styled(choices, text)


def styled(choices: Choices, text: str) -> str:
    match choices.below(5):
        case 0:
            return text
        case 1:
            return "'" + text.replace("'", "''") + "'"
        case 2:
            return choices.pick(("|", ">", "|-", ">+", "|2")) + "\n      " + text.replace("\n", "\n      ")
    return json.dumps(text, ensure_ascii=choices.one_in(2))


def small(choices: Choices) -> str:
    """A mapping with a few cells, without schemas: what compiles most often."""
    lines = ["fragments:", f"  part: {cell(choices, 1)}", "map:"]
    lines += [f"  {key}: {cell(choices, 3)}" for key in "wxyz"[: 1 + choices.below(4)]]
    return "\n".join(lines) + "\n"


def cell(choices: Choices, depth: int) -> str:
    quoted = json.dumps(expression(choices, 2))
    if depth <= 0:
        return quoted
    inner = cell(choices, depth - 1)
    match choices.below(9):
        case 0 | 1:
            return quoted
        case 2:
            return f"{{{choices.pick('abc')}: {inner}, d: {quoted}}}"
        case 3:
            return f"[{inner}, {quoted}]"
        case 4:
            over, value = choices.pick(((quoted, inner), (f"{{e: {quoted}}}", f"[{inner}, $e, $e.a]")))
            return f"[{{$each: {over}, $value: {value}}}]"
        case 5:
            return f"{{$with: {quoted}, $value: {inner}}}"
        case 6:
            words = (f"$if: {quoted}, $value: {inner}", f"$switch: {quoted}, x: {inner}, '1': null, $else: a")
            return f"{{{choices.pick(words)}}}"
        case 7:
            return json.dumps(template(choices, 2))
    return choices.pick(
        ("{$use: part}", f"{{$with: {quoted}, $use: part, x: {inner}}}", "{$const: {a: [1, null]}}")
    )
