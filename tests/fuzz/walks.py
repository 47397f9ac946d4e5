"""Mappings that walk through few names and look at little on their way, and documents of the same names.

What they leave unread is where reading less of a payload could go wrong: objects that are empty or not,
lists in lists, an object where a list was, and the same place walked through in several ways.
"""

from __future__ import annotations

import json

from crossdock import CompileError, Mapping, Source
from crossdock.checking.read_set import read_paths
from crossdock.core.diagnostics import Span
from crossdock.core.yaml_reader import parse_yaml
from crossdock.language.linker import Resolution
from crossdock.language.parser import parse_mapping
from fuzz.choices import Choices
from fuzz.targets import SMALL

_FORMS = (
    *("a", "b", "@", "root()", "{0}.a", "{0}.b", "{0}[0]", "{0}[-1]", "{0}[0].a", "{0}[:1]", "{0}.*"),
    *("{0}[*]", "{0}[]", "{0}[][]", "{0}[*][*]", "{0}[?{1}]", "{0}[*].a", "{0}[].b", "{0}[?{1}].a"),
    *("{0}[*].[{1}, {2}]", "{0}[].{{a: {1}}}", "[{0}, {1}]", "{{a: {0}, b: {1}}}", "{0} | {1}"),
    *("{0} || {1}", "{0} && {1}", "!{0}", "{0} == `null`", "{0} != {1}", "not_null({0}, {1})"),
    *("map(&{1}, {0})", "length({0})", "first({0})", "last({0})", "type({0})", "unique({0})"),
    *("merge({0}, {1})", "merge({0}, {{a: {1}}}).a", "values({0})", "entries({0})[].value", "zip({0}, {1})"),
    *(
        "zip(positions({0}), {0})[*].{{a: [1].a}}",
        "reverse({0})[0]",
        "max_by({0}, &to_string({1}))",
        "[{0}, {1}][1]",
    ),
    *("lookup('t', 'x', {0}).a", "sort_by({0}, &to_string({1})).b"),
    *("unique_by({0}, &to_string({1}))", "unique_by({0}, &to_string({1}), 'last')[].b", "chunks({0}, `2`)"),
    *("group_by({0}, &to_string({1})).x[].a", "values(group_by({0}, &to_string({1})))[][].b"),
    *("index_by({0}, &to_string({1})).*.a", "entries(index_by({0}, &to_string({1})))[0].value.b"),
    *("chunks({0}, `2`)[0][].a", "chunks({0}, length({1}))[][].b"),
    *("sort_by({0}, &length(to_string({1})))", "[{0}, {1}][]", "[{0}, {1}][].a", "to_array({0})"),
    *("let $v = {0} in $v.a", "let $v = {0} in [$v[].b, {1}]", "let $v = {0}, $w = {1} in $w[?$v].a"),
    *("{0}[*].[let $v = @ in {1} && $v.b]", "let $v = {0} in map(&[$v.a, b], {1})", "let $v = {0} in !$v.a"),
)
_CELLS = (
    *("{0}", "{0}", "[{{$each: {0}, $value: {1}}}]", "{{$with: {0}, $value: {1}}}"),
    *("{{$if: {0}, $const: 1}}", "{{$with: {0}, $if: {1}, x: {2}}}", "{{$with: {0}, $use: part}}"),
    *("[{{$each: {0}, $if: {1}, $use: part}}]", '"{{{{ {3} }}}}"'),
    *('[{{$each: {{e: {0}}}, $with: {1}, x: "$e.a", y: {2}}}]', '[{{$each: {{e: {0}}}, $value: "a[?$e]"}}]'),
    *("{{$switch: {0}, x: {1}, $else: {2}}}", "{{$switch: {1}, x: {0}, '': {2}}}"),
    '"{{% if {3} %}}x{{% else %}}{{{{ a.b | default(b) }}}}{{% endif %}}"',
)
_LOOKS = (
    *("a", "b", "@", "a.a", "`1`", "length(@)", "a.b", "@ != `null`", "type(@)", "a[0]", "a[].b"),
    *("root().a", "!a"),
)
_STEPS = ("a", "b", "@", "a.b", "b.a", "root()")
_LEAVES: tuple[object, ...] = (1, "x", "", None, False, [], {})


def mapping(choices: Choices) -> str:
    """The text of a mapping of a few cells."""
    lines = ["tables: {t: {y: 1}}", "fragments:", f"  part: {json.dumps(choices.pick(_LOOKS))}", "map:"]
    for key in "xyz"[: 1 + choices.below(3)]:
        cells = [walk(choices, 1 + choices.below(3)), choices.pick(_LOOKS), choices.pick(_LOOKS)]
        printed = choices.pick(("a", "b.a", "a[0]", "b[0].a"))
        lines.append(f"  {key}: {choices.pick(_CELLS).format(*map(json.dumps, cells), printed)}")
    return "\n".join(lines) + "\n"


def walk(choices: Choices, depth: int) -> str:
    """An expression."""
    if depth <= 0:
        return choices.pick(_STEPS)
    parts = [walk(choices, depth - 1 - choices.below(2)) for _ in range(3)]
    return choices.pick(_FORMS).format(*(part if part in _STEPS else f"({part})" for part in parts))


def document(choices: Choices, depth: int = 5) -> object:
    """A value with those names, and with others that are never read."""
    kind = choices.below(12)
    if depth <= 0 or kind == 0:
        return choices.pick(_LEAVES)
    if kind < 5:
        return [document(choices, depth - 1) for _ in choices.several(3)]
    if kind == 5:
        names = [name for name in "ab" if choices.one_in(2)]
        return [{name: document(choices, depth - 2) for name in names} for _ in choices.several(3)]
    return {name: document(choices, depth - 1) for name in "abcd" if not choices.one_in(4)}


def compiled(text: str) -> Mapping:
    """A mapping that is not checked, for a check would refuse most of these. Raises CompileError."""
    source = Source("walk.yaml", text)
    parsed, problems = parse_mapping(parse_yaml(source), Span(source, 0, 1))
    if parsed is None:
        raise CompileError(problems)
    resolution = Resolution("shop/walk", parsed, SMALL)
    found = Mapping(resolution.mapping(source), read_paths=read_paths)
    if problems := [*problems, *resolution.problems]:
        raise CompileError(problems)
    return found
