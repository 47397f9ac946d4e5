"""Expressions and templates, written from their grammars: every form, every function of the registry.

What is written is mostly right, so that it gets as far as evaluation: arguments have mostly the kind that a
function takes. The names are those of ``documents``.
"""

from __future__ import annotations

import json

from crossdock.language.functions import REGISTRY
from crossdock.language.functions.function import Parameter
from fuzz.choices import Choices
from fuzz.documents import NAMES, TEXTS, document, scalar

TABLES = {"t": {"a": 1, "1": "one", "open": None, "x": [1, {"a": 2}]}, "empty": {}}
FUNCTIONS = tuple(REGISTRY.values())
# A template has no `&`, so it can call no function that takes one.
_IN_TEMPLATES = tuple(
    each for each in FUNCTIONS if not any("expression" in part.types for part in each.parameters)
)
_PLAIN = tuple(name for name in NAMES if name.isascii() and name.isidentifier())
# What a parameter of a name mostly wants.
_WANTED = {
    "currency": ("'USD'", "'JPY'", "'KWD'", "a", "''"),
    "rounding": ("'half-up'", "'half-even'", "'down'", "'up'", "a"),
    "zone": ("'UTC'", "'Europe/Oslo'", "'+02:00'", "''", "'../x'", "a"),
    "table": ("'t'", "'empty'"),
    "digits": ("`2`", "`0`", "`-2`", "`30`", "`1.0`"),
    "length": ("`3`", "`0`", "`-1`", "`1000`", "`1001`", "`2.0`"),
    "fill": ("'0'", "' '", "''", "'ab'"),
    "separator": ("','", "' '", "''"),
    "weights": ("`[1, 2]`", "`[]`", "`[0, 0]`", "`[1, -1]`", "items[].price", "`[1e300, 1e300]`"),
    "numbers": ("items[].quantity", "`[2, 0]`", "`[1.5, 7]`", "`[]`"),
    "lows": ("`[0, 0]`", "`[0, 1, 2]`"),
    "highs": ("`[3, 2]`", "`[4, 4, 4]`"),
    "by": ("`0.4`", "'1.25'", "b", "`0`"),
    "less": ("`0.5`", "'0.25'", "a"),
    "pattern": ("'^[a-z]+$'", "'[0-9]$'", "''", "'(a*)*'"),
    "keep": ("'first'", "'last'", "a", "'x'"),
    "size": ("`1`", "`2`", "`0`", "a"),
    "rel": ("'next'", "a"),
    "index": ("`0`", "`1`", "`-1`", "`7`"),
}
_OPERATORS = ("==", "!=", "<", "<=", ">", ">=")


def expression(choices: Choices, depth: int = 4) -> str:
    """An expression, up to ``depth`` forms inside of one another."""
    if depth <= 0 or choices.used_up:
        return _leaf(choices)
    match choices.below(16):
        case 0 | 1:
            return _leaf(choices)
        case 2 | 3 | 4:
            return call(choices, depth - 1)
        case 5 | 6 | 7:
            return expression(choices, depth - 1) + _behind(choices, depth - 1)
        case 8:
            return f"{expression(choices, depth - 1)} | {expression(choices, depth - 1)}"
        case 9:
            return f"{_part(choices, depth)} {choices.pick(('||', '&&'))} {_part(choices, depth)}"
        case 10:
            return f"{_part(choices, depth)} {choices.pick(_OPERATORS)} {_part(choices, depth)}"
        case 11:
            return f"!{_part(choices, depth)}"
        case 12:
            return _list(choices, depth)
        case 13:
            return _object(choices, depth)
        case 14:
            return _projection(choices, depth)
    if choices.one_in(2):
        return _let(choices, depth)
    return f"({expression(choices, depth - 1)})"


def _part(choices: Choices, depth: int) -> str:
    """An operand: mostly in brackets, so that it is what it was meant to be."""
    inner = expression(choices, depth - 1)
    return inner if choices.one_in(4) else f"({inner})"


def _leaf(choices: Choices) -> str:
    match choices.below(8):
        case 0 | 1 | 2:
            return choices.pick(_PLAIN)
        case 3:
            return _name(choices)
        case 4:
            return choices.pick(("@", "root()", "settings()", "events()", "answers()", "request()"))
        case 5:
            return raw(str(choices.pick(TEXTS)))
        case 6:
            return literal(scalar(choices))
    return literal(document(choices, 2))


def _name(choices: Choices) -> str:
    name = choices.pick(NAMES)
    return name if name in _PLAIN else json.dumps(name, ensure_ascii=choices.one_in(2))


def raw(text: str) -> str:
    """Text between single quotes."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def literal(value: object) -> str:
    """JSON between backticks."""
    return "`" + json.dumps(value, ensure_ascii=False).replace("`", "\\`") + "`"


def _behind(choices: Choices, depth: int) -> str:
    """The part after an expression: a step into its value."""
    number = choices.pick(("0", "1", "-1", "2", "-7", "99999999999999999999"))
    match choices.below(10):
        case 0 | 1:
            return f".{_name(choices)}"
        case 2:
            return f"[{number}]"
        case 3:
            return "[]"
        case 4:
            return "[*]"
        case 5:
            return ".*"
        case 6:
            bounds = [choices.pick(("", "0", "1", "-1", "-2", "5")) for _ in range(2)]
            return f"[{':'.join(bounds)}{choices.pick(('', ':', ':1', ':-1', ':2', ':0', ':-3'))}]"
        case 7:
            return f"[?{expression(choices, depth)}]"
        case 8:
            return f".{_list(choices, depth)}"
    return f".{_object(choices, depth)}"


def _projection(choices: Choices, depth: int) -> str:
    """A projection and what follows it, which is evaluated for each item."""
    steps = "".join(_behind(choices, depth - 2) for _ in choices.several(3))
    over = choices.pick(("items", "a", "@", "b.a", "(a || b)", ""))
    return f"{over}{choices.pick(('[*]', '[]', '[?@]'))}{steps}"


def _let(choices: Choices, depth: int) -> str:
    """One or two named values, and a body that reads them; now and then a name that is not there."""
    names = ("v", "w") if choices.one_in(4) else ("v",)
    bindings = ", ".join(f"${name} = {expression(choices, depth - 2)}" for name in names)
    name = "unknown" if choices.one_in(40) else choices.pick(names)
    scope = f"let {bindings} in {_reading(choices, depth - 2, name)}"
    return scope if choices.one_in(3) else f"({scope})"


def _reading(choices: Choices, depth: int, name: str) -> str:
    """An expression that reads a variable, in its own context or in that of a projection."""
    match choices.below(8):
        case 0:
            return f"${name}"
        case 1:
            return f"${name}{_behind(choices, depth)}"
        case 2:
            return f"[${name}, {expression(choices, depth)}]"
        case 3:
            return f"items[*].{{{_name(choices)}: @, {_name(choices)}: ${name}}}"
        case 4:
            return f"{_part(choices, depth)}[?{_part(choices, depth)} {choices.pick(_OPERATORS)} ${name}]"
        case 5:
            return f"map(&[@, ${name}], {expression(choices, depth)})"
        case 6:
            return f"let ${name} = [${name}, {expression(choices, depth)}] in ${name}[0]"
    return f"{_part(choices, depth)} {choices.pick(('||', '&&', '|'))} ${name}"


def _list(choices: Choices, depth: int) -> str:
    count = 1 + choices.below(3)
    return "[" + ", ".join(expression(choices, depth - 1) for _ in range(count)) + "]"


def _object(choices: Choices, depth: int) -> str:
    count = 1 + choices.below(3)
    return "{" + ", ".join(f"{_name(choices)}: {expression(choices, depth - 1)}" for _ in range(count)) + "}"


def call(choices: Choices, depth: int) -> str:
    """A function and its arguments; now and then one too few or too many."""
    function = choices.pick(FUNCTIONS)
    parameters = [each for each in function.parameters if not each.optional or choices.one_in(2)]
    if parameters and function.parameters[-1].variadic:
        parameters += [parameters[-1] for _ in choices.several(2)]
    if choices.one_in(40):
        parameters = parameters[1:] if choices.one_in(2) else [*parameters, *function.parameters[:1]]
    return f"{function.name}({', '.join(_argument(choices, each, depth) for each in parameters)})"


def _argument(choices: Choices, parameter: Parameter, depth: int) -> str:
    if "expression" in parameter.types:
        return f"&{_part(choices, depth)}"
    if parameter.name in _WANTED and not choices.one_in(6):
        return choices.pick(_WANTED[parameter.name])
    if choices.one_in(3):
        return expression(choices, depth - 1)
    return of_kind(choices, choices.pick(sorted(parameter.types)), depth)


def of_kind(choices: Choices, kind: str, depth: int) -> str:
    """An expression that mostly yields a value of a kind."""
    inner = choices.pick(_PLAIN)
    match kind:
        case "number" | "integer":
            return choices.pick(
                (literal(scalar(choices)), f"length({inner})", "`0.1`", "`3`", f"to_number({inner})")
            )
        case "string":
            return choices.pick(
                (raw(str(choices.pick(TEXTS))), f"to_string({inner})", f"type({inner})", inner)
            )
        case "boolean":
            return f"!{inner}"
        case "array":
            arrays = (f"to_array({inner})", "items", f"[{inner}, b]", "[]", "items[].price", "keys(@)", "*")
            return choices.pick((*arrays, _list(choices, depth - 1), literal(document(choices, 2))))
        case "object":
            return choices.pick((_object(choices, depth - 1), "@", "items[0]", "`{}`", "merge(@, `{}`)"))
    return expression(choices, depth - 1)


_DAMAGE = "ab01.[]{}()|&!?*@'\"`,: \\=<>-#$%^~;/\n\té𝄞\x00\ud800"


def damaged(choices: Choices, text: str, marks: str = _DAMAGE) -> str:
    """A text with a few characters put in, taken out, doubled or moved."""
    for _ in range(1 + choices.below(3)):
        at = choices.below(len(text) + 1)
        match choices.below(5):
            case 0:
                text = text[:at] + choices.pick(marks) + text[at:]
            case 1:
                text = text[:at] + text[at + 1 + choices.below(3) :]
            case 2:
                text = text[:at] + choices.pick(marks) + text[at + 1 :]
            case 3:
                text = text[:at] + text[max(0, at - 1 - choices.below(12)) :]
            case _:
                text = text[:at] + choices.pick(marks) * choices.pick((2, 40, 41, 101, 500)) + text[at:]
    return text[:6_000]


def chained(choices: Choices, depth: int = 2) -> str:
    """One form over and over: what is short to write and long to evaluate."""
    inner = expression(choices, depth)
    times = choices.pick((3, 10, 39, 41, 99, 120, 300))
    front, middle, end = choices.pick(
        (
            ("", " | [@, @]", ""),
            ("", "[@, @][]", ""),
            ("", " | [@, @][]", ""),
            ("", ".{a: @, b: @}", ""),
            ("", " | {a: [@, @], b: @}", ""),
            ("", " || ", inner),
            ("", "[*]", ""),
            ("", ".a", ""),
            ("!" * times, "", ""),
            ("(" * times, "", ")" * times),
            ("[" * times, "", "]" * times),
            ("to_array(" * times, "", ")" * times),
            ("to_string(" * times, "", ")" * times),
            ("", " | to_string([@, @])", ""),
            ("", " | join(@, [@, @, @])", ""),
            ("", " | map(&[@, @], to_array(@))", ""),
            ("", " | [add(@, @)] | [0]", ""),
            ("", " | multiply(@, @)", ""),
            ("", " | replace(to_string(@), 'a', 'aaaaaaaaaa')", ""),
        )
    )
    return front + inner + middle * times + end


# Templates


def template(choices: Choices, depth: int = 3) -> str:
    """A template: texts, values and branches."""
    return "".join(_piece(choices, depth) for _ in range(1 + choices.below(4)))


def _piece(choices: Choices, depth: int) -> str:
    kind = choices.below(20) if depth > 0 else choices.below(4)
    if kind < 3:
        return choices.pick(("x", " ", "é 𝄞", "{", "}}", "%", "\n", "$", "constant 'text'"))
    if kind < 13:
        trim = choices.pick(("", "", "", "-"))
        return f"{{{{{trim} {value(choices, depth)} {trim}}}}}"
    return _branch(choices, depth) if kind < 19 else choices.pick(_REFUSED)


_REFUSED = (
    *("{# a #}", "{% raw %}{{ a }}{% endraw %}", "{% set a = 1 %}", "{% for a in b %}{% endfor %}"),
    *("{{ -'x' }}", "{{ a", "{% endif %}", "{% if a %}", "{{ }}", "{{ '{{' }}"),
)


def _branch(choices: Choices, depth: int) -> str:
    text = f"{{% if {value(choices, depth - 1)} %}}{template(choices, depth - 2)}"
    for _ in choices.several(2):
        text += f"{{% elif {value(choices, depth - 1)} %}}{template(choices, depth - 2)}"
    if choices.one_in(2):
        text += "{% else %}" + template(choices, depth - 2)
    return text + "{% endif %}"


def value(choices: Choices, depth: int) -> str:
    """The content between the brackets of a template."""
    if depth <= 0 or choices.used_up:
        return _template_leaf(choices)
    match choices.below(13):
        case 0 | 1:
            return _template_leaf(choices)
        case 2 | 3:
            return f"{value(choices, depth - 1)} | {_filter(choices, depth - 1)}"
        case 4:
            return f"{value(choices, depth - 1)}.{choices.pick(_PLAIN)}"
        case 5:
            return f"{value(choices, depth - 1)}[{choices.pick(_INDEXES)}]"
        case 6:
            return f"{value(choices, depth - 1)} ~ {value(choices, depth - 1)}"
        case 7:
            operator = choices.pick(
                ("==", "!=", "<", ">=", "in", "not in", "and", "or", "and", "or", "<=", ">", "+")
            )
            return f"({value(choices, depth - 1)} {operator} {value(choices, depth - 1)})"
        case 8:
            return f"not {value(choices, depth - 1)}"
        case 9:
            otherwise = f" else {value(choices, depth - 1)}" if choices.one_in(2) else ""
            return f"({value(choices, depth - 1)} if {value(choices, depth - 1)}{otherwise})"
        case 10:
            test = choices.pick(("defined", "undefined", "none", "defined", "string"))
            return f"{value(choices, depth - 1)} is {test}"
        case 11:
            function = choices.pick(_IN_TEMPLATES)
            needed = [each for each in function.parameters if not each.optional]
            return f"{function.name}({', '.join(_arguments(choices, needed, depth))})"
    return f"({value(choices, depth - 1)})"


_INDEXES = ("0", "-1", "'a'", "0", "'price'", "1", "a", "1:2", "1.5", "-'a'")


def _template_leaf(choices: Choices) -> str:
    match choices.below(20):
        case 3 | 4 | 5:
            return choices.pick(("a.b", "items[0].price", "a['b c']"))
        case 6 | 7 | 8:
            return choices.pick(
                ("root", "settings", "events", "none", "true", "1", "1.0", "-1", "1e400", "''")
            )
        case 9 | 10 | 11:
            return repr(choices.pick(TEXTS))
        case 12:
            return choices.pick(("cycler", "self", "loop", "a.__class__", "[1]", "{}", "-a", "1 + 1"))
    return choices.pick(_PLAIN)


def _filter(choices: Choices, depth: int) -> str:
    if choices.one_in(2):
        return choices.pick(
            ("default('x')", "d(0)", "upper", "trim", "default(a)", "money", "attr('x')", "tojson")
        )
    function = choices.pick(_IN_TEMPLATES)
    needed = [each for each in function.parameters if not each.optional]
    written = _arguments(choices, needed[1:], depth)
    return f"{function.name}({', '.join(written)})" if written else function.name


def _arguments(choices: Choices, parameters: list[Parameter], depth: int) -> list[str]:
    """What is given to a function in a template, which has no lists of its own: a name may hold one."""
    given = [choices.pick(_WANTED.get(each.name, ("",))) for each in parameters]
    given = [choices.pick(("items", "a")) if text.startswith("`[") else text for text in given]
    return [text.strip("`") or value(choices, depth - 1) for text in given]
