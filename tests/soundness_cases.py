"""Generated schemas, payloads that fit them, and mappings over them, each from one source of chance.

The schemas have what makes types hard to know: maps, conditions, dependencies, alternatives, null, lists of
a least length. The mappings have every kind of cell. Whether one of them is right is what the check says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from string import Formatter

from crossdock.core.json_types import JSON

Node = dict[str, JSON]

TEXT: Node = {"type": "string"}
NUMBER: Node = {"type": "number"}
WHOLE: Node = {"type": "integer"}
WORDS = ("", "x", "open", "two words", "12.50", "7", "US")
NAMES = ("a", "b", "c", "d", "e", "f")
TABLE = "tables: {table: {open: new, US: there, '7': seven}}\n"


# Schemas


def scalar(chance: Random) -> Node:
    return chance.choice(
        [
            TEXT,
            TEXT,
            NUMBER,
            WHOLE,
            {"type": "boolean"},
            {"type": ["string", "null"]},
            {"type": ["number", "null"]},
            {"type": ["string", "number"]},
            {"enum": ["open", "US"]},
            {"enum": ["open", None, 7]},
            {"anyOf": [TEXT, {"type": "null"}]},
            {"oneOf": [TEXT, WHOLE]},
        ]
    )


def schema(chance: Random, depth: int = 2) -> Node:
    """The schema of any value."""
    if depth == 0 or chance.random() < 0.4:
        return scalar(chance)
    inner = schema(chance, depth - 1)
    match chance.choice(["list", "list", "object", "object", "map", "patterns", "either"]):
        case "list":
            least = chance.choice([0, 0, 1, 2])
            return {"type": "array", "items": inner, **({"minItems": least} if least else {})}
        case "map":
            named = {"a": schema(chance, 0)} if chance.random() < 0.3 else {}
            return {"type": "object", "properties": named, "additionalProperties": inner}
        case "patterns":
            return {"type": "object", "patternProperties": {"^x": inner}, "additionalProperties": False}
        case "either":
            kinds = [
                {"properties": {"kind": {"const": name}, name: schema(chance, 0)}, "required": ["kind"]}
                for name in ("a", "b")
            ]
            return {"type": "object", "oneOf": [*kinds]}
    return object_schema(chance, depth - 1)


def source(chance: Random) -> Node:
    """The schema of a payload, which has lists and a map in any case."""
    REACHED.clear()
    node = object_schema(chance, 2)
    listed = {"type": "array", "items": object_schema(chance, 1), "minItems": chance.choice([0, 1])}
    texts = {"type": "array", "items": scalar(chance), "minItems": chance.choice([0, 0, 1, 2])}
    mapped = {"type": "object", "additionalProperties": scalar(chance)}
    node["properties"] = {**part(node, "properties"), "rows": listed, "tags": texts, "map": mapped}
    node["required"] = [*node["required"], *chance.sample(["rows", "tags", "map"], 2)]  # type: ignore[misc]
    return node


def object_schema(chance: Random, depth: int) -> Node:
    """The schema of an object, sometimes with a condition or a dependency."""
    names = chance.sample(NAMES, chance.randint(2, 5))
    node: Node = {
        "type": "object",
        "properties": {name: schema(chance, depth) for name in names},
        "required": [name for name in names if chance.random() < 0.5],
    }
    match chance.randint(0, 7):
        case 0:
            node["additionalProperties"] = False
        case 1:
            node["properties"] = {**part(node, "properties"), "k": TEXT}
            node["if"] = {"properties": {"k": {"const": "A"}}, "required": ["k"]}
            node["then"] = {"properties": {"g": schema(chance, 0)}, "required": ["g"]}
        case 2:
            node["dependentSchemas"] = {names[0]: {"properties": {"g": schema(chance, 0)}}}
        case 3:
            node["dependentSchemas"] = {names[0]: {"properties": {names[1]: scalar(chance)}}}
        case 4:
            node["anyOf"] = [{"required": [names[0]]}, {"required": [names[1]]}]
        case 5:
            node["required"] = [*names[:1], "h"]
            node["additionalProperties"] = TEXT
    return node


TARGET: Node = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "text": TEXT,
        "number": NUMBER,
        "whole": WHOLE,
        "truth": {"type": "boolean"},
        "maybe": {"type": ["string", "null"]},
        "known": {"enum": ["open", "US", "there", "new", "seven"]},
        "texts": {"type": "array", "items": TEXT},
        "numbers": {"type": "array", "items": NUMBER},
        "map": {"type": "object", "additionalProperties": TEXT},
        "free": {"type": "object"},
        "row": {"$ref": "#/$defs/row"},
        "rows": {"type": "array", "items": {"$ref": "#/$defs/row"}},
    },
    "$defs": {
        "row": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"text": TEXT, "number": NUMBER, "maybe": {"type": ["string", "null"]}},
            "required": ["text"],
        }
    },
}


# Payloads


def value(node: Node, chance: Random, often: float, *, extras: bool) -> JSON:
    """A value that is meant to fit a schema; ``extras``: open objects may have undocumented properties."""
    for word in ("anyOf", "oneOf"):
        if word in node and "properties" not in node:
            chosen = chance.choice(node[word])  # type: ignore[arg-type]
            return value({**without(node, word), **chosen}, chance, often, extras=extras)  # type: ignore[dict-item]
    if "const" in node:
        return node["const"]
    if isinstance(values := node.get("enum"), list):
        return chance.choice(values)
    types = node.get("type", "string")
    match chance.choice(types) if isinstance(types, list) else types:
        case "null":
            return None
        case "boolean":
            return chance.random() < 0.5
        case "integer":
            return chance.choice([0, 1, 7, -3])
        case "number":
            return chance.choice([0, 1, 19.99, -0.5])
        case "array":
            least = int(node.get("minItems", 0))  # type: ignore[arg-type]
            items = part(node, "items")
            many = least + chance.choice([0, 0, 1, 2])
            return [value(items, chance, often, extras=extras) for _ in range(many)]
        case "object":
            return object_value(node, chance, often, extras=extras)
    return chance.choice(WORDS)


def object_value(node: Node, chance: Random, often: float, *, extras: bool) -> JSON:
    found: dict[str, JSON] = {}
    required = node.get("required", [])
    assert isinstance(required, list)
    known = dict(part(node, "properties"))
    if "if" in node and chance.random() < 0.5:
        found["k"] = "A"
        known.update(part(part(node, "then"), "properties"))
        required = [*required, "g"]
    elif "if" in node and chance.random() < 0.5:
        found["k"] = "B"
    for name, inner in known.items():
        if name in required or chance.random() < often:
            found[name] = value(inner, chance, often, extras=extras)  # type: ignore[arg-type]
    for name, dependent in part(node, "dependentSchemas").items():
        for key, inner in part(dependent, "properties").items():  # type: ignore[arg-type]
            if name in found and (key in found or chance.random() < often):
                found[key] = value(inner, chance, often, extras=extras)  # type: ignore[arg-type]
    if "h" in required:
        found["h"] = "x"
    for key in ("x1", "x2"):
        others = part(node, "patternProperties").get("^x", node.get("additionalProperties"))
        if isinstance(others, dict) and chance.random() < often:
            found[key] = value(others, chance, often, extras=extras)
        elif others is None and extras and chance.random() < 0.2:
            found["z" + key] = chance.choice([1, "x", None])
    return found


def without(node: Node, word: str) -> Node:
    return {key: inner for key, inner in node.items() if key != word}


def part(node: Node, word: str) -> Node:
    found = node.get(word, {})
    return found if isinstance(found, dict) else {}


# Expressions

REACHED: dict[tuple[int, str, int], tuple[Node, list[tuple[str, str]]]] = {}  # of one world
TEXTS = (
    *(
        "{t}",
        "{t}",
        "{t} || 'x'",
        "upper({t} || '')",
        "{t} && upper({t})",
        "join(', ', {lt})",
        "to_string({n})",
    ),
    *("split({t} || '', ' ')[0]", "split({t}, ' ')[1]", "{lt}[0]", "{lt}[-1]", "first({lt})", "last({lt})"),
    *("max({lt})", "not_null({t}, {u}, 'x')", "(type({x}) == 'string' && {x}) || 'n'", "keys({o})[0]"),
    *("(type({x}) != 'number' && {x}) || 'n'", "let $v = {t} in $v || 'x'", "lookup('table', {t}, 'x')"),
    *("lookup('table', {t})", "({c} && {t}) || 'y'", "(!({t}) && 'none') || {t}", "{t} || {u} || 'x'"),
    *("{lo}[?{ro}].{rt} | [0]", "{lo}[?{rt}][0].{rt}", "({lo} && {lo}[0].{rt}) || ''", "{o}.*.[@][] | [0]"),
    *("values({o})[0]", "entries({o})[0].key", "merge({o}, {{q: {t}}}).q", "[{t}, {u}][1]", "trim({x})"),
    *("{t} != `null` && lower({t}) || 'x'", "(length({lt}) > `1` && {lt}[1]) || 'x'"),
    *("sort({lt})[0]", "unique({lt})[0]", "reverse({lt} || ['x'])[0]", "{lt}[?@ != ''] | [0]", "type({x})"),
    *("text({n}) || 'x'", "group_by({lo}, &{rt}).x[0].{rt}", "index_by({lo}, &{rt} || 'x').x.{rt}"),
    *("unique_by({lo}, &{rt} || 'x')[0].{rt}", "chunks({lo}, `2`)[0][0].{rt}", "join(' ', {lt})"),
    *("values(group_by({lo}, &{rt} || 'x'))[0][0].{rt}", "keys(group_by({lo}, &{rt} || 'x'))[0]"),
    *("{t} || {u}", "upper({t} || {u})", "upper(lookup('table', {t}))", "lower({t} && {u})", "'x' && {u}"),
    *("replace({t}, 'x', 'y')", "money({n})", "max_by({lo}, &{rt}).{rt}", "sort_by({lo}, &{rn})[0].{rt}"),
)
NUMBERS = (
    *(
        "{n}",
        "fit({lo}[].{rn}, {ln}, {ln})[0]",
        "{n} || `0`",
        "length({lt})",
        "length({o})",
        "sum({ln})",
        "allot({ln}, {lo}[].{rn})[0].part",
        "allot({ln}, {ln})[].room | [0]",
        "allot({lo}[].{rn}, {ln})[-1].room",
        "max({ln})",
        "avg({ln})",
        "{ln}[0]",
    ),
    *("round({n})", "floor({n} || `1`)", "ceil({n})", "round({n}, `2`)", "add({n}, {m}, `1`)", "neg({n})"),
    *("subtract({n}, {m})", "multiply({n}, `2`)", "ratio({n}, {m})", "sum(values({o}))", "number({t})"),
    *(
        "({n} > `1` && {n}) || `1`",
        "min_of({n}, {m})",
        "sum({lo}[].{rn})",
        "length({lo}[?{ro}])",
        "first({ln})",
    ),
    *("(type({x}) == 'number' && {x}) || `0`", "({c} && {n}) || {m}", "not_null({n}, `3`)", "abs({n})"),
)
TRUTHS = (
    *(
        "{t} == 'open'",
        "!({t})",
        "{n} > `1`",
        "{c} && {d}",
        "{c} || {d}",
        "length({lt}) > `0`",
        "contains({lt}, {t})",
    ),
    *("!({c} || {d})", "!({c} && {d})", "{x} != `null`", "type({x}) == 'string'", "starts_with({t}, 'x')"),
    *("length({lt}) >= `2`", "{t}", "{u}", "{lt}", "{o}", "{x}", "{t} || {u}", "equal({n}, {m})"),
)
LISTS_OF_TEXTS = (
    *(
        "{lt}",
        "{lt}",
        "{lt} || `[]`",
        "sort({lt})",
        "reverse({lt})",
        "keys({o})",
        "values({o})",
        "[{t}, {u}]",
    ),
    *(
        "{lo}[].{rt}",
        "{lo}[?{ro}].{rt}",
        "{o}.*",
        "map(&{rt}, {lo})",
        "unique({lt})",
        "to_array({t})",
        "[{t}][]",
    ),
    *("entries({o})[].value", "entries({o})[].key", "{lt}[?@ == 'x']", "{lt}[:1]", "split({t} || 'x', ' ')"),
    *("{lo}[].[{rt}, {rt}][]", "zip({lt}, {lt})[].[0][]", "values(merge({o}, {p}))", "{lt}[].upper(@)"),
)
LISTS_OF_NUMBERS = (
    "{ln}",
    "{ln} || `[]`",
    "[{n}, {m}]",
    "{lo}[].{rn}",
    "values({o})",
    "positions({lt})",
    "{o}.*",
)
ROWS = (
    *("{{text: {t}, number: {n}}}", "{{text: {t}, maybe: {u}}}", "merge({{text: {t}}}, {{number: {n}}})"),
    *("merge({{text: {t}}}, {{text: {u}}})", "{{text: {t} || {u}}}", "{{text: {t} && {u}}}", "{lo}[0]"),
)
OBJECTS = (
    "{o}",
    "{o}",
    "merge({o}, {p})",
    "{{text: {t}, number: {n}}}",
    "{lo}[0]",
    "merge({o}, {{text: {t}}})",
)


@dataclass(slots=True)
class Writer:
    """Writes expressions and cells over values of a schema."""

    chance: Random
    node: Node
    depth: int = 2
    known: dict[str, list[str]] = field(default_factory=dict)
    roots: dict[str, Node] = field(default_factory=dict)  # what can be read beside the context, by its path

    def __post_init__(self) -> None:
        if not self.known:
            roots = ((node, path, 2) for path, node in self.roots.items())
            for node, path, depth in ((self.node, "", 3), *roots):
                for kind, found in reached(node, path, depth):
                    self.known.setdefault(kind, []).append(found)

    def of(self, kind: str) -> str:
        return self.chance.choice(self.known.get(kind) or self.known["any"])

    def property(self, kind: str) -> str:
        """A path that can follow a dot."""
        paths = [path for path in self.known.get(kind) or self.known["any"] if path != "@"]
        return self.chance.choice(paths or ["a"])

    def rows(self) -> tuple[str, Writer]:
        path = self.of("rows")
        return path, Writer(self.chance, part(self.at(path), "items"), 0, roots=self.roots)

    def at(self, path: str) -> Node:
        """The schema at a path that this writer knows."""
        for root, node in self.roots.items():
            if path == root or path.startswith(f"{root}."):
                return at(node, path[len(root) + 1 :] or "@")
        return at(self.node, path)

    def made(self, templates: tuple[str, ...], plain: str) -> str:
        if self.depth < 0:
            return self.of(plain)
        inner = Writer(self.chance, self.node, self.depth - 1, self.known, self.roots)
        template = self.chance.choice(templates)
        rows, row = self.rows()
        of_row = Writer(self.chance, row.node, 0)  # what follows a dot is a property
        made: dict[str, Callable[[], str]] = {
            "t": inner.text, "u": lambda: self.of("text"), "x": lambda: self.of("any"), "n": inner.number,
            "m": lambda: self.of("number"), "lt": lambda: self.of("texts"), "ln": lambda: self.of("numbers"),
            "o": lambda: self.of("object"), "p": lambda: self.of("object"), "c": inner.truth,
            "d": lambda: self.of("any"), "lo": lambda: rows, "rt": lambda: of_row.property("text"),
            "rn": lambda: of_row.property("number"), "ro": row.truth,
        }  # fmt: skip
        wanted = {name for _, name, _, _ in Formatter().parse(template) if name}
        return template.format(**{name: wrapped(made[name]()) for name in sorted(wanted)})

    def text(self) -> str:
        return self.made(TEXTS, "text") if self.chance.random() < 0.6 else self.of("text")

    def number(self) -> str:
        return self.made(NUMBERS, "number") if self.chance.random() < 0.6 else self.of("number")

    def truth(self) -> str:
        return self.made(TRUTHS, "any") if self.chance.random() < 0.7 else self.of("any")

    def write(self, key: str) -> str:
        """An expression for a key of the target; most often of its kind."""
        if self.chance.random() < 0.07:
            key = "free"
        match key:
            case "number" | "whole":
                return self.made(NUMBERS, "number")
            case "truth":
                return self.made(TRUTHS, "any")
            case "texts":
                return self.made(LISTS_OF_TEXTS, "texts")
            case "numbers":
                return self.made(LISTS_OF_NUMBERS, "numbers")
            case "map" | "free" | "row":
                return self.made(OBJECTS, "object")
            case "rows":
                return self.of("rows")
        return self.made(TEXTS, "text")

    def cell(self, key: str) -> str:
        """A cell for a key of the target."""
        if key == "row" and self.chance.random() < 0.9:
            return self.row()
        if key == "rows" and self.chance.random() < 0.9:
            path, row = self.rows()
            over = quoted(f"{path}[?{row.truth()}]" if self.chance.random() < 0.5 else path)
            if self.chance.random() < 0.3:
                named = Writer(self.chance, row.node, 0, roots={**self.roots, "$it": row.node})
                return f"[{{$each: {{it: {over}}}, {named.row()[1:-1]}}}]"
            return f"[{{$each: {over}, {row.row()[1:-1]}}}]"
        match self.chance.randint(0, 11):
            case 10 | 11:
                over = self.switched()
                return self.switch(over, lambda: quoted(self.guarded(over, key)))
            case 0:
                condition = self.truth()
                return f"{{$if: {quoted(condition)}, $value: {quoted(self.guarded(condition, key))}}}"
            case 1:
                path = self.of("object")
                inner = Writer(self.chance, self.at(path), 1, roots=self.roots)
                return f"{{$with: {quoted(path)}, $value: {quoted(inner.write(key))}}}"
            case 2 if key == "texts":
                return f"[{quoted(self.text())}, {{$each: {quoted(self.of('texts'))}, $value: '@'}}]"
            case 3 if key == "text":
                return '"{{ ' + self.of("text") + " }} {{ " + self.of("any") + ' or 1 }}"'
        return quoted(self.write(key))

    def switched(self) -> str:
        """What `$switch` compares."""
        if self.chance.random() < 0.3:
            return self.text()
        return self.of(self.chance.choice(["text", "text", "any"]))

    def switch(self, over: str, cell: Callable[[], str]) -> str:
        """A `$switch` with some cases, most often with `$else`."""
        known = self.at(over).get("enum")
        known = [f"'{case}'" for case in known if isinstance(case, str)] if isinstance(known, list) else []
        known = known or ["open", "US", "x", "'7'", "a"]
        cases = self.chance.sample(known, self.chance.randint(1, min(len(known), 3)))
        cases += ["$else"] if self.chance.random() < 0.8 else []
        written = ", ".join(f"{case}: {cell()}" for case in cases)
        return f"{{$switch: {quoted(over)}, {written}}}"

    def guarded(self, condition: str, key: str) -> str:
        """What a condition is about, or something else."""
        return condition if self.chance.random() < 0.3 else self.write(key)

    def row(self) -> str:
        fields = f"text: {quoted(self.write('text'))}, number: {quoted(self.write('number'))}"
        match self.chance.randint(0, 9):
            case 8:
                return self.switch(self.switched(), lambda: f"{{text: {quoted(self.write('text'))}}}")
            case 9:
                over = self.switched()
                text = self.switch(over, lambda: quoted(self.guarded(over, "text")))
                return f"{{text: {text}, number: {quoted(self.write('number'))}}}"
            case 6:
                return f"{{$value: {quoted(self.made(ROWS, 'object'))}}}"
            case 7:
                text = quoted(self.write("text"))
                return f"{{text: {{$if: {quoted(self.truth())}, $value: {text}}}, maybe: {text}}}"
            case 0:
                return f"{{$use: fragment, {fields}}}"
            case 1:
                return f"{{$use: fragment, text: {quoted(self.write('text'))}}}"
            case 2:
                condition = self.truth()
                return f"{{$if: {quoted(condition)}, text: {quoted(self.guarded(condition, 'text'))}}}"
            case 3:
                return f"{{maybe: {quoted(self.write('text'))}, {fields}}}"
            case 4:
                return self.either()
        return f"{{{fields}}}"

    def either(self) -> str:
        """A row where one of two texts is there, and what is then read of them."""
        one, other = self.of("text"), self.of("text")
        read = (
            "{1} || {0}",
            "{0} || {1}",
            "{1}",
            "not_null({1}, {0})",
            "!({0}) && {1} || {0}",
            "{0} && 'x' || {1}",
        )
        condition = self.chance.choice(["{0} || {1}", "!(!({0}) && !({1}))", "{1} || {0} || `false`"])
        text = self.chance.choice(read).format(one, other)
        return f"{{$if: {quoted(condition.format(one, other))}, text: {quoted(text)}}}"

    def fragment(self) -> str:
        text = quoted(self.of("text") + " || 'x'")
        return f"fragments:\n  fragment: {{text: {text}, maybe: {quoted(self.of('any'))}}}\n"

    def mapping(self) -> str:
        keys = self.chance.sample(list(part(TARGET, "properties")), self.chance.choice([1, 1, 2]))
        cells = "".join(f"  {key}: {self.cell(key)}\n" for key in keys)
        table = TABLE if "lookup(" in cells else ""
        fragment = self.fragment() if "$use" in cells else ""
        return f"from: made/source\nto: made/target\n{table}{fragment}map:\n{cells}"


def wrapped(text: str) -> str:
    plain = text.replace(".", "").replace("_", "").isalnum() or text == "@"
    return text if plain else f"({text})"


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def members(node: Node) -> dict[str, Node]:
    """The properties that a schema documents, and some that a map may have."""
    found: dict[str, JSON] = dict(part(node, "properties"))
    for word in ("then", "if"):
        found.update({**part(part(node, word), "properties"), **found})
    for dependent in part(node, "dependentSchemas").values():
        found.update({**part(dependent, "properties"), **found})  # type: ignore[arg-type]
    for branch in node.get("oneOf", []) if isinstance(node.get("oneOf"), list) else []:  # type: ignore[union-attr]
        found.update({**part(branch, "properties"), **found})  # type: ignore[arg-type]
    others = part(node, "patternProperties").get("^x", node.get("additionalProperties"))
    if isinstance(others, dict):
        found["x1"] = others
    return {name: inner for name, inner in found.items() if isinstance(inner, dict)}


def reached(node: Node, path: str, depth: int) -> list[tuple[str, str]]:
    """The paths from a value, with the kinds of what is there."""
    key = (id(node), path, depth)
    if key not in REACHED:
        found = [(kind, path or "@") for kind in kinds(node)]
        for name, inner in members(node).items() if depth else ():
            found += reached(inner, f"{path}.{name}" if path else name, depth - 1)
        REACHED[key] = (node, found)  # the node, so that no other one has its id
    return REACHED[key][1]


def kinds(node: Node) -> list[str]:
    """The kinds of paths that a value of this schema counts as."""
    types = node.get("type", [])
    text = repr(node)
    found = ["any"]
    if types == "array":
        items = part(node, "items")
        found += ["rows"] if items.get("type") == "object" else []
        found += ["texts"] if "string" in repr(items.get("type", "string")) else ["numbers"]
    elif types == "object":
        found.append("object")
    elif "'string'" in text or "open" in text:
        found.append("text")
    elif "number" in text or "integer" in text:
        found.append("number")
    return found


def at(node: Node, path: str) -> Node:
    """The schema at a path of the context; of any value if there is none."""
    for name in path.split(".") if path != "@" else ():
        node = members(node).get(name, {})
    return node
