"""The reference of the functions, as Markdown, made from the registry alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from crossdock.language.functions.function import Example, Function

_HEAD = """\
# Functions

<!-- Made by crossdock.language.functions.reference(); change the functions, not this page. -->

One library serves [expressions and templates](language.md). `money(total)` is the same in both; a template
may also write `{{ total | money }}`. Every example on this page is run as a test, on a payload of null.

**What is missing stays missing.** Where a function needs an argument and gets null, it yields null:
`money(total)` of a payload without `total` leaves its key out. A parameter whose type lists `null` makes its
own use of it. Null for an optional parameter (`name?`) is as if it were not written. JMESPath's own
functions, at the end of the page, are stricter: null is an error there, unless the type lists it or is `any`.

**Numbers** are JSON numbers or numeric text: `"19.90"`, `"-10."`, `".5"`. Text with anything else in it (a
space, a sign of currency, a comma, an exponent) is an error and never a guess, and a boolean is not a number.
All arithmetic is decimal: 0.1 and 0.2 make 0.3. A number other than 0 lies between 1e-20 and 1e21 in size.

**Roundings** are `half_up` (the usual one), `half_even`, `up`, `down`, `ceiling` and `floor`. A **currency**
is its ISO 4217 code, in capital or small letters; what has no code has two decimal places.
"""


def render(sections: Iterable[tuple[str, Sequence[Function]]]) -> str:
    """The page: its introduction, an index, and one entry for each function."""
    sections = [(title, sorted(functions, key=lambda item: item.name)) for title, functions in sections]
    index = [f"| {title} | {' '.join(_link(item) for item in functions)} |" for title, functions in sections]
    parts = [_HEAD, "\n".join(["| | |", "|---|---|", *index]) + "\n"]
    for title, functions in sections:
        parts.append(f"## {title}\n")
        parts.extend(_entry(item) for item in functions)
    return "\n".join(parts)


def _link(function: Function) -> str:
    return f"[`{function.name}`](#{function.name})"


def _entry(function: Function) -> str:
    lines = [f"### {function.name}", "", f"`{function.signature}`", "", f"{function.doc}.", ""]
    if function.examples:
        lines += ["```text", *_examples(function.examples), "```", ""]
    return "\n".join(lines)


def _examples(examples: Sequence[Example]) -> list[str]:
    width = max(len(example.expression) for example in examples)
    return [f"{example.expression:<{width}}  ->  {_json(example)}" for example in examples]


def _json(example: Example) -> str:
    return json.dumps(example.result, ensure_ascii=False)
