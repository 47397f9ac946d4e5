"""What an author who comes from another language writes, and the words of the cure."""

from __future__ import annotations

import re
from typing import Final

from crossdock.language.expr import Expr, Identifier

_DIVIDED: Final = "`ratio(a, b)` divides"
_ADDED: Final = '`add(a, b)` adds numbers; texts are joined in a template: "{{ a }} {{ b }}"'
# What is written at the place of the mistake, and what is meant by it.
_AT: Final = {
    r"\?\?": "`a || b` is b where a is missing",
    r"\?\.": "`a.b` is null where a is missing",
    r"\?": "`a && b || c` is b where a is true, else c",
    r"=>": "`&` makes a function of an expression: map(&sku, items)",
    r"=": "`==` compares",
    r"\+": _ADDED,
    r"\*": "`multiply(a, b)` multiplies",
    r"/(?![/*])": _DIVIDED,
    r"and\b": "`&&` means and",
    r"or\b": "`||` means or",
    r"\$\.": "a path begins with its first property; `root()` is the whole payload",
    r"-\s": "`subtract(a, b)` subtracts",
}
# The same, with what is before the place.
_AROUND: Final = {
    (r".*<\s*", r">"): "`!=` compares",
    (r"(^|.*[\s(])not\s+", r""): "`!a` means not a",
    (r".*[<>=(,]\s*", r"-?[0-9]"): "a number is written in backticks: `3`",
    (r".*\[", r"'"): 'a property follows a dot: a.b, or a."b c"',
}
_FUNCTIONS: Final = {
    "`a && b || c` is b where a is true, else c": "if iif case switch",
    "the function is `not_null`": "coalesce ifnull nvl default firstnonnull",
    "the function is `length`": "len count size strlen",
    "the function is `upper`": "uppercase toupper touppercase ucase",
    "the function is `lower`": "lowercase tolower tolowercase lcase",
    "the function is `trim`": "strip",
    "the function is `join`": "concat concatenate string_join",
    "the function is `truncate`": "substring substr left slice",
    "the function is `to_string`, or `text`, which gives null for null": "str string tostring",
    "the function is `integer`": "int parseint toint toint64",
    "the function is `number`": "float decimal parsefloat tonumber tofloat",
    "the function is `subtract`": "sub minus",
    "the function is `multiply`": "mul times product",
    "the function is `ratio`": "div divide",
    "the function is `iso` for a text, `epoch` for seconds": "date todate parsedate strptime date_format",
    "the function is `now`, and the steps of a conversation have it": "today getdate current_timestamp",
    "a projection chooses elements: items[?quantity > `1`]": "filter where select",
    "the function is `first`": "head",
    "the function is `matches`": "regex match test regexp",
    "the function is `contains`": "includes has in",
}
_NAMES: Final = {name: cure for cure, names in _FUNCTIONS.items() for name in names.split()}


def cure(text: str, at: int) -> str | None:
    """What to write instead of what is at a place of an expression; None for what is not a known slip."""
    before, after = text[:at], text[at:]
    for written, meant in _AT.items():
        if re.match(written, after):
            return meant
    for (left, right), meant in _AROUND.items():
        if re.fullmatch(left, before, re.DOTALL) and re.match(right, after):
            return meant
    return None


def function_of(name: str) -> str | None:
    """What to call instead of a function that other languages have."""
    return _NAMES.get(name.lower())


def quotes(node: Expr | None, text: str) -> str | None:
    """What to write instead of a name in double quotes that is meant as text."""
    if not isinstance(node, Identifier) or f'"{node.name}"' not in text:
        return None
    return "double quotes are for names; text is written in single quotes: 'text'"
