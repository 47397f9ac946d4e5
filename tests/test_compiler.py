"""What a mapping is refused for: each diagnostic by its literal text, and all of a file at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import Compile, MakeProject, Refuse
from crossdock import CompileError, ProjectError

SOURCE_SCHEMA = {
    "type": "object",
    "properties": {
        "number": {"type": "integer"},
        "name": {"type": "string"},
        "buyer": {
            "type": ["object", "null"],
            "properties": {"email": {"type": "string"}, "age": {"type": "integer"}},
        },
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "sku": {"type": "string"},
                    "price": {"type": "number"},
                    "tags": {"type": "array", "items": {"type": "object", "properties": {"word": {}}}},
                },
            },
        },
        "extra": {"type": "object"},
    },
}
TARGET_SCHEMA = {
    "type": "object",
    "properties": {
        "ref": {"type": "string"},
        "title": {"type": "string"},
        "buyer": {"type": "object", "properties": {"email_address": {"type": "string"}}},
        "items": {"type": "array", "items": {"type": "object", "properties": {"sku": {}, "price": {}}}},
        "free": {"type": "object"},
        "attributes": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
FILES = {
    "schemas/shop/source.schema.json": json.dumps(SOURCE_SCHEMA),
    "schemas/shop/target.schema.json": json.dumps(TARGET_SCHEMA),
    "mappings/shop/channel.yaml": "describe: A shop.\nsettings: {colour: {describe: of it, default: red}}\n",
    "mappings/shop/broken.yaml": "map: {a: foo(}\n",
}
TYPED = "from: shop/source\nto: shop/target\n"


def whole(id: str, message: str, place: str, lines: str, *notes: str) -> str:
    """A diagnostic as it is rendered; ``lines`` is the numbered source line and its caret."""
    shown, _, carets = lines.partition("\n")
    number = shown.partition(" ")[0]
    margin = " " * len(number)
    return "\n".join(
        [
            f"error[{id}]: {message}",
            f"{margin} --> mappings/shop/order.yaml:{place}",
            f"{margin} |",
            shown,
            f"{margin} | {carets}",
            *(f"{margin} = {note}" for note in notes),
        ]
    )


REFUSED: list[tuple[str, str, str]] = [
    # the file
    (
        "a list is no mapping",
        "- a\n- b\n",
        whole(
            "not-a-mapping",
            "the file is not a mapping",
            "1:1",
            "1 | - a\n^",
            "help: a mapping begins with `from:`, `to:` and `map:`",
        ),
    ),
    (
        "a file without a map",
        "describe: x\n",
        whole(
            "missing-map",
            "the mapping has no `map:`",
            "1:1",
            "1 | describe: x\n^",
            "help: `map:` contains the result",
        ),
    ),
    (
        "a misspelt key of the file",
        "form: a/b\nmap: {}\n",
        whole(
            "unknown-key",
            "a mapping file has no key `form`",
            "1:1",
            "1 | form: a/b\n^^^^",
            "help: did you mean `from`?",
        ),
    ),
    (
        "an unknown key of the file",
        "zzz: 1\nmap: {}\n",
        whole(
            "unknown-key",
            "a mapping file has no key `zzz`",
            "1:1",
            "1 | zzz: 1\n^^^",
            "help: the keys are `describe`, `from`, `to`, `tables`, `fragments`, `ignored`, `unavailable`, "
            "`checks`, `map`",
        ),
    ),
    (
        "a description that is no text",
        "describe: [a]\nmap: {}\n",
        whole("not-text", "text is expected here", "1:11", "1 | describe: [a]\n          ^^^"),
    ),
    (
        "a schema that is no text",
        "from: 12\nmap: {}\n",
        whole("not-text", "text is expected here", "1:7", "1 | from: 12\n      ^^"),
    ),
    (
        "an unknown schema",
        "from: shop/sorce\nmap: {}\n",
        whole(
            "unknown-schema",
            "there is no schema `shop/sorce`",
            "1:7",
            "1 | from: shop/sorce\n      ^^^^^^^^^^",
            "help: did you mean `shop/source`?",
        ),
    ),
    (
        "an unknown part of a schema",
        "to: shop/target#/$defs/x\nmap: {}\n",
        whole(
            "unknown-schema",
            "`shop/target` has no part `/$defs/x`",
            "1:5",
            "1 | to: shop/target#/$defs/x\n    ^^^^^^^^^^^^^^^^^^^^",
        ),
    ),
    (
        "fragments that are a list",
        "fragments: [a]\nmap: {}\n",
        whole(
            "not-an-object",
            "`fragments` must contain names with their values",
            "1:12",
            "1 | fragments: [a]\n           ^^^",
        ),
    ),
    # words and cells
    (
        "an unknown word",
        "map:\n  a: {$iff: b, $value: c}\n",
        whole(
            "unknown-word",
            "there is no word `$iff`",
            "2:7",
            "2 |   a: {$iff: b, $value: c}\n      ^^^^",
            "help: did you mean `$if`?",
        ),
    ),
    (
        "a word that is like none",
        "map:\n  a: {$zzzz: b}\n",
        whole(
            "unknown-word",
            "there is no word `$zzzz`",
            "2:7",
            "2 |   a: {$zzzz: b}\n      ^^^^^",
            "help: the words are $const, $with, $each, $if, $switch, $else, $value, $use",
        ),
    ),
    (
        "each outside a list",
        "map:\n  a: {$each: b, c: d}\n",
        whole(
            "each-outside-list",
            "`$each` is only allowed in a list",
            "2:14",
            "2 |   a: {$each: b, c: d}\n             ^",
            "help: write it as the item of a list: `- $each: …`",
        ),
    ),
    (
        "two words that are the whole value",
        "map:\n  a: {$const: b, $value: c}\n",
        whole(
            "words-clash",
            "`$const` and `$value` exclude each other",
            "2:6",
            "2 |   a: {$const: b, $value: c}\n     ^^^^^^^^^^^^^^^^^^^^^^",
        ),
    ),
    (
        "use beside value",
        "map:\n  a: {$use: b, $value: c}\nfragments: {b: c}\n",
        whole(
            "words-clash",
            "`$value` and `$use` exclude each other",
            "2:6",
            "2 |   a: {$use: b, $value: c}\n     ^^^^^^^^^^^^^^^^^^^^",
        ),
    ),
    (
        "a key beside a constant",
        "map:\n  a: {$const: b, c: d}\n",
        whole(
            "words-clash",
            "`$const` is the whole value, so no key is allowed beside it",
            "2:18",
            "2 |   a: {$const: b, c: d}\n                 ^",
        ),
    ),
    (
        "a key beside a value",
        "map:\n  a: {$if: b, $value: b, c: d}\n",
        whole(
            "words-clash",
            "`$value` is the whole value, so no key is allowed beside it",
            "2:26",
            "2 |   a: {$if: b, $value: b, c: d}\n                         ^",
        ),
    ),
    (
        "an empty cell",
        "map:\n  a:\n  b: c\n",
        whole(
            "empty-cell",
            "the cell is empty",
            "2:5",
            "2 |   a:\n    ^",
            "help: write null for null, {$const: ''} for empty text, or leave the key out",
        ),
    ),
    (
        "an expression that is an object",
        "map:\n  a: {$with: {b: c}, d: e}\n",
        whole(
            "not-an-expression",
            "`$with` takes an expression",
            "2:14",
            "2 |   a: {$with: {b: c}, d: e}\n             ^^^^^^",
        ),
    ),
    (
        "an expression that is a boolean",
        "map:\n  a: {$if: true, d: e}\n",
        whole(
            "not-an-expression",
            "`$if` takes an expression",
            "2:12",
            "2 |   a: {$if: true, d: e}\n           ^^^^",
        ),
    ),
    (
        "an expression that is a template",
        "map:\n  - {$each: '{{ b }}', d: e}\n",
        whole(
            "not-an-expression",
            "`$each` takes an expression",
            "2:13",
            "2 |   - {$each: '{{ b }}', d: e}\n            ^^^^^^^^^",
            "help: a template yields text; write a JMESPath expression",
        ),
    ),
    (
        "text that is written without a constant",
        "map:\n  a: hello world\n",
        whole(
            "expression-syntax",
            "`world` is not allowed here",
            "2:12",
            "2 |   a: hello world\n           ^^^^^",
            'help: constant text is written {$const: …}, text with values is a template: "… {{ name }} …"',
        ),
    ),
    (
        "a number that YAML does not call one",
        "map:\n  a: 012\n",
        whole(
            "expression-syntax",
            "`012` is not allowed here",
            "2:6",
            "2 |   a: 012\n     ^^^",
            'help: constant text is written {$const: …}, text with values is a template: "… {{ name }} …"',
        ),
    ),
    (
        "an expression that is too long",
        f"map:\n  a: {'b' * 4_001}\n",
        whole(
            "expression-too-large",
            "the expression has more than 4000 characters",
            "2:6",
            f"2 |   a: {'b' * 155}\n     {'^' * 155}",
        ),
    ),
    (
        "a function that is misspelt",
        "map:\n  a: 'upper(b.c) || lowr(d)'\n",
        whole(
            "unknown-function",
            "there is no function `lowr`",
            "2:21",
            "2 |   a: 'upper(b.c) || lowr(d)'\n                    ^^^^",
            "help: did you mean `lower`?",
        ),
    ),
    (
        "a function with too many arguments",
        "map:\n  a: upper(b, c)\n",
        whole(
            "wrong-arguments",
            "`upper` takes 1 argument, not 2",
            "2:6",
            "2 |   a: upper(b, c)\n     ^^^^^",
            "help: the signature is upper(text: string) -> string",
        ),
    ),
    # fragments and other mappings
    (
        "an unknown fragment",
        "fragments: {address: {a: b}}\nmap:\n  a: {$use: adress}\n",
        whole(
            "unknown-fragment",
            "there is no fragment `adress`",
            "3:13",
            "3 |   a: {$use: adress}\n            ^^^^^^",
            "help: did you mean `address`?",
        ),
    ),
    (
        "another mapping without a path",
        "map:\n  a: {$use: target}\n",
        whole(
            "unknown-fragment",
            "there is no fragment `target`",
            "2:13",
            "2 |   a: {$use: target}\n            ^^^^^^",
            "help: another mapping is named with a path: ./name",
        ),
    ),
    (
        "a use without a name",
        "map:\n  a: {$use: 12}\n",
        whole("not-text", "text is expected here", "2:13", "2 |   a: {$use: 12}\n            ^^"),
    ),
    (
        "an unknown mapping",
        "map:\n  a: {$use: ./brokn}\n",
        whole(
            "unknown-mapping",
            "there is no mapping `shop/brokn`",
            "2:13",
            "2 |   a: {$use: ./brokn}\n            ^^^^^^^",
            "help: did you mean `shop/broken`?",
        ),
    ),
    (
        "a mapping outside of the folder",
        "map:\n  a: {$use: ../../../etc/passwd}\n",
        whole(
            "unknown-mapping",
            "`../../../etc/passwd` leads out of `mappings`",
            "2:13",
            "2 |   a: {$use: ../../../etc/passwd}\n            ^^^^^^^^^^^^^^^^^^^",
        ),
    ),
    (
        "a mapping by an absolute path",
        "map:\n  a: {$use: /etc/passwd}\n",
        whole(
            "unknown-mapping",
            "there is no mapping `etc/passwd`",
            "2:13",
            "2 |   a: {$use: /etc/passwd}\n            ^^^^^^^^^^^",
            "help: `crossdock list` shows them all",
        ),
    ),
    (
        "a fragment that uses itself",
        "fragments:\n  f: {a: {$use: f}}\nmap: {$use: f}\n",
        whole(
            "use-circle",
            "the fragment `f` uses itself",
            "2:17",
            "2 |   f: {a: {$use: f}}\n                ^",
        ),
    ),
    # tables
    (
        "an unknown table",
        "tables: {card: {a: b}}\nmap:\n  a: lookup('crad', x)\n",
        whole(
            "unknown-table",
            "there is no table `crad`",
            "3:6",
            "3 |   a: lookup('crad', x)\n     ^^^^^^",
            "help: did you mean `card`?",
        ),
    ),
    (
        "a table whose name is computed",
        "tables: {card: {a: b}}\nmap:\n  a: lookup(card, x)\n",
        whole(
            "unknown-table",
            "the first argument of `lookup` is the table's name, written out",
            "3:6",
            "3 |   a: lookup(card, x)\n     ^^^^^^",
            "help: lookup('card', key)",
        ),
    ),
    (
        "an unknown table in a template",
        "map:\n  a: \"{{ x | lookup('card') }}\"\n",
        whole(
            "unknown-table",
            "there is no table `card`",
            "2:14",
            "2 |   a: \"{{ x | lookup('card') }}\"\n             ^^^^^^",
        ),
    ),
    (
        "a table that is a list",
        "tables: {card: [a]}\nmap: {}\n",
        whole(
            "not-an-object",
            "a table holds keys and their values",
            "1:16",
            "1 | tables: {card: [a]}\n               ^^^",
            "help: a table that several mappings use is named with a path: ../tables/name",
        ),
    ),
    (
        "a table in a file that is not there",
        "tables: {card: ../tables/card}\nmap: {}\n",
        whole(
            "unknown-table",
            "there is no table file `../tables/card`",
            "1:16",
            "1 | tables: {card: ../tables/card}\n               ^^^^^^^^^^^^^^",
            "help: table files are in a folder `tables`",
        ),
    ),
    (
        "a table in a file that is a mapping",
        "tables: {card: ./broken}\nmap: {}\n",
        whole(
            "unknown-table",
            "there is no table file `./broken`",
            "1:16",
            "1 | tables: {card: ./broken}\n               ^^^^^^^^",
            "help: table files are in a folder `tables`",
        ),
    ),
    # checks
    (
        "checks that are no list",
        "checks: {a: b}\nmap: {}\n",
        whole("not-a-list", "`checks` must be a list", "1:9", "1 | checks: {a: b}\n        ^^^^^^"),
    ),
    (
        "a check that is no object",
        "checks: [a]\nmap: {}\n",
        whole(
            "not-an-object",
            "a check must be an object with `check:` and `message:`",
            "1:10",
            "1 | checks: [a]\n         ^",
        ),
    ),
    (
        "a check without a message",
        "checks:\n  - check: a\nmap: {}\n",
        whole(
            "incomplete-check",
            "the check has no `message:`",
            "2:5",
            "2 |   - check: a\n    ^^^^^^^^",
        ),
    ),
    (
        "a check without a statement",
        "checks:\n  - message: a\nmap: {}\n",
        whole(
            "incomplete-check",
            "the check has no `check:`",
            "2:5",
            "2 |   - message: a\n    ^^^^^^^^^^",
        ),
    ),
    (
        "an unknown level",
        "checks:\n  - {check: a, message: b, level: fatal}\nmap: {a: 1}\n",
        whole(
            "unknown-level",
            "a level must be `warning` or `error`",
            "2:35",
            "2 |   - {check: a, message: b, level: fatal}\n                                  ^^^^^",
        ),
    ),
    (
        "an unknown key of a check",
        "checks:\n  - {check: a, message: b, levle: error}\nmap: {a: 1}\n",
        whole(
            "unknown-key",
            "a check has no key `levle`",
            "2:28",
            "2 |   - {check: a, message: b, levle: error}\n                           ^^^^^",
            "help: did you mean `level`?",
        ),
    ),
    # ignored
    (
        "a path that is no path",
        "ignored: {a b: why}\nmap: {}\n",
        whole(
            "ignored-path",
            "`a b` is not a path",
            "1:11",
            "1 | ignored: {a b: why}\n          ^^^",
            "help: a path is property names with dots between them, and [] after a list: items[].taxData",
        ),
    ),
    (
        "ignored without a reason",
        "ignored:\n  a.b: ''\nmap: {}\n",
        whole("ignored-reason", "`a.b` is ignored without a reason", "2:8", "2 |   a.b: ''\n       ^^"),
    ),
    (
        "a property that is ignored and not there",
        TYPED + "ignored:\n  lines[].skuu: why\nmap: {ref: name}\n",
        whole(
            "unknown-property",
            "`shop/source.lines[]` has no property `skuu`",
            "4:3",
            "4 |   lines[].skuu: why\n  ^^^^^^^^^^^^",
            "help: did you mean `sku`?",
        ),
    ),
    (
        "ignored, all of a list that is not there",
        TYPED + "ignored:\n  'lin[].*': why\nmap: {ref: name}\n",
        whole(
            "unknown-property",
            "`shop/source` has no property `lin`",
            "4:3",
            "4 |   'lin[].*': why\n  ^^^^^^^^^",
            "help: did you mean `lines`?",
        ),
    ),
    (
        "a star that is not the last part",
        "ignored: {'*.a': why}\nmap: {}\n",
        whole(
            "ignored-path",
            "`*.a` is not a path",
            "1:11",
            "1 | ignored: {'*.a': why}\n          ^^^^^",
            "help: a path is property names with dots between them, and [] after a list: items[].taxData",
        ),
    ),
    # unavailable
    (
        "unavailable without a reason",
        "unavailable:\n  a.b: ''\nmap: {}\n",
        whole("ignored-reason", "`a.b` is unavailable without a reason", "2:8", "2 |   a.b: ''\n       ^^"),
    ),
    (
        "a property that is unavailable and not there",
        TYPED + "unavailable:\n  reff: why\nmap: {ref: name}\n",
        whole(
            "unknown-property",
            "`shop/target` has no property `reff`",
            "4:3",
            "4 |   reff: why\n  ^^^^",
            "help: did you mean `ref`?",
        ),
    ),
    # properties
    (
        "a misspelt property of the source",
        TYPED + "map:\n  ref: nmae\n",
        whole(
            "unknown-property",
            "`shop/source` has no property `nmae`",
            "4:8",
            "4 |   ref: nmae\n       ^^^^",
            "help: did you mean `name`?",
        ),
    ),
    (
        "constant text without $const",
        TYPED + "map:\n  ref: standard\n",
        whole(
            "unknown-property",
            "`shop/source` has no property `standard`",
            "4:8",
            "4 |   ref: standard\n       ^^^^^^^^",
            "help: constant text is written {$const: standard}",
        ),
    ),
    (
        "a misspelt property of the result",
        TYPED + "map:\n  ref: name\n  titel: name\n",
        whole(
            "unknown-property",
            "`shop/target` has no property `titel`",
            "5:3",
            "5 |   titel: name\n  ^^^^^",
            "help: did you mean `title`?",
        ),
    ),
    (
        "a misspelt property of a constant",
        TYPED + "map:\n  ref: name\n  buyer: {$const: {emial_address: a}}\n",
        whole(
            "unknown-property",
            "`shop/target.buyer` has no property `emial_address`",
            "5:19",
            "5 |   buyer: {$const: {emial_address: a}}\n                  ^^^^^^^^^^^^^^^^^^",
            "help: did you mean `email_address`?",
        ),
    ),
    (
        "an unknown setting",
        TYPED + "map:\n  ref: settings().color\n",
        whole(
            "unknown-property",
            "`the channel's settings` has no property `color`",
            "4:19",
            "4 |   ref: settings().color\n                  ^^^^^",
            "help: did you mean `colour`?",
        ),
    ),
    (
        "an unknown setting in a template",
        TYPED + "map:\n  ref: '{{ settings.color }}'\n",
        whole(
            "unknown-property",
            "`the channel's settings` has no property `color`",
            "4:21",
            "4 |   ref: '{{ settings.color }}'\n                    ^^^^^",
            "help: did you mean `colour`?",
        ),
    ),
]


@pytest.mark.parametrize(("text", "message"), [pytest.param(*row, id=name) for name, *row in REFUSED])
def test_refused(text: str, message: str, refused: Refuse) -> None:
    assert refused(text, FILES) == message


# Every way to reach a property. Each holds one mistake, `qqq`, and the caret must be under it.
READINGS = [
    "ref: qqq",
    "ref: buyer.qqq",
    "ref: '{{ qqq }}'",
    "ref: '{{ buyer.qqq }}'",
    "ref: \"{{ buyer['qqq'] }}\"",
    "ref: '{{ lines[0].qqq }}'",
    "ref: '{{ name | default(qqq) }}'",
    "ref: '{% if qqq %}a{% endif %}'",
    "ref: '{{ name if buyer.qqq else name }}'",
    "ref: lines[0].qqq",
    "ref: lines[*].qqq | [0]",
    "ref: lines[].qqq | [0]",
    "ref: lines[1:].qqq | [0]",
    "ref: lines[?qqq].sku | [0]",
    "ref: lines[?sku == 'a' && qqq > `1`].sku | [0]",
    "ref: lines[?sku == 'a'].qqq | [0]",
    "ref: lines[].tags[].qqq | [0]",
    "ref: lines[].tags[*].qqq | [0] | [0]",
    "ref: lines[0].tags[-1].qqq",
    "ref: lines | [0].qqq",
    "ref: lines | [0] | qqq",
    "ref: name || qqq",
    "ref: name && qqq",
    "ref: '!qqq && name'",
    "ref: name == qqq && name",
    "ref: '(qqq)'",
    "ref: '[name, qqq] | [0]'",
    "ref: '{a: qqq}.a'",
    "ref: '{a: name}.qqq'",
    "ref: '{a: buyer}.a.qqq'",
    "ref: '[buyer, buyer] | [0].qqq'",
    "ref: '[lines, lines][].qqq | [0]'",
    "ref: buyer.[email, qqq] | [0]",
    "ref: 'buyer.{a: qqq}.a'",
    "ref: 'lines[].{a: qqq} | [0].a'",
    "ref: 'lines[].{a: sku}.qqq | [0]'",
    "ref: upper(qqq)",
    "ref: buyer.upper(qqq)",
    "ref: buyer.email.qqq",
    "ref: root().qqq",
    "ref: root().lines[0].qqq",
    "ref: buyer.[root().qqq] | [0]",
    "ref: '@.qqq'",
    "ref: '@ | buyer | @.qqq'",
    "ref: not_null(buyer, buyer).qqq",
    "ref: (buyer || buyer).qqq",
    "ref: (name && buyer).qqq",
    "ref: first(lines).qqq",
    "ref: last(lines).qqq",
    "ref: reverse(lines)[0].qqq",
    "ref: unique(lines)[0].qqq",
    "ref: sort_by(lines, &qqq)[0].sku",
    "ref: sort_by(lines, &price)[0].qqq",
    "ref: max_by(lines, &qqq).sku",
    "ref: min_by(lines, &price).qqq",
    "ref: map(&qqq, lines) | [0]",
    "ref: map(&tags[0].qqq, lines) | [0]",
    "ref: 'map(&{a: sku}, lines)[0].qqq'",
    "ref: to_array(buyer)[0].qqq",
    "ref: merge(buyer, buyer).qqq",
    "ref: (lines || `[]`)[].qqq | [0]",
    "ref: not_null(buyer, `{}`).qqq",
    "ref: (buyer || `null`).qqq",
    "ref: upper(name).qqq",
    "ref: \"'text'.qqq\"",
    'ref: "`{\\"a\\": 1}`.qqq"',
    "ref: (name == 'x').qqq",
    "ref: sum(lines[].price).qqq",
    "ref: 'merge(buyer, {a: name}).qqq'",
    "ref: values(buyer)[0].qqq",
    "ref: entries(buyer)[0].qqq",
    "ref: zip(lines, lines)[0][0].qqq",
    "ref: length(lines[?qqq]) > `1` && name",
    "buyer: {$with: qqq, email_address: email}",
    "buyer: {$with: buyer, email_address: qqq}",
    "buyer: {$with: not_null(buyer), email_address: qqq}",
    "buyer: {$with: '{a: buyer}', email_address: a.qqq}",
    "buyer: {$with: '{a: buyer}', email_address: qqq}",
    "buyer: {$with: '{a: lines[].{b: sku}}', email_address: 'a[0].qqq'}",
    "buyer: {$if: qqq, email_address: name}",
    "buyer: {$with: buyer, $if: qqq, email_address: email}",
    "ref: {$if: name, $value: qqq}",
    "items: [{$each: qqq, sku: sku}]",
    "items: [{$each: lines, sku: qqq}]",
    "items: [{$each: lines, $with: tags, sku: '[0].qqq'}]",
    "items: [{$each: lines, $if: qqq, sku: sku}]",
    "items: [{$each: 'lines[?price]', sku: qqq}]",
    "items: [{$each: 'lines[].{a: sku, b: root().name}', sku: a, price: qqq}]",
    "items: [{sku: qqq}]",
    "buyer: {$use: outer}\nfragments: {outer: {email_address: qqq}}",
    "buyer: {$with: buyer, $use: outer}\nfragments: {outer: {email_address: qqq}}",
    "ref: name\nchecks: [{check: qqq, message: m}]",
    "ref: name\nchecks: [{check: root().qqq, message: m}]",
    "items: [{$each: lines, sku: sku}]\nchecks: [{check: 'items[0].qqq', message: m}]",
    "ref: name\nchecks: [{check: ref, message: 'a {{ qqq }}'}]",
    "ref: name\nignored: {qqq: why}",
    "ref: settings().qqq",
    # written, not read
    "qqq: name",
    "buyer: {qqq: name}",
    "items: [{qqq: name}]",
    "items: [{$each: lines, qqq: sku}]",
    "items: [{$if: name, $value: {qqq: name}}]",
    "buyer: {$use: outer}\nfragments: {outer: {qqq: name}}",
    "buyer: {$use: outer, qqq: name}\nfragments: {outer: {email_address: name}}",
]


@pytest.mark.parametrize("cell", READINGS)
def test_a_property_that_is_not_documented_is_found_wherever_it_stands(
    cell: str, project: MakeProject
) -> None:
    first, *rest = cell.split("\n")
    made = project({**FILES, "mappings/shop/order.yaml": TYPED + f"map:\n  {first}\n" + "\n".join(rest)})

    with pytest.raises(CompileError) as caught:
        made.mapping("shop/order")
    (item,) = caught.value.diagnostics
    assert item.id == "unknown-property"
    assert item.span is not None
    assert item.span.text == "qqq"


def test_the_values_of_a_map_are_what_its_schema_says(project: MakeProject) -> None:
    price = '{"type": "object", "additionalProperties": false, "properties": {"amount": {"type": "string"}}}'
    schema = f'{{"type": "object", "properties": {{"prices": {{"additionalProperties": {price}}}}}}}'
    files = {**FILES, "schemas/shop/prices.schema.json": schema}
    text = "from: shop/prices\nmap: {{a: prices.*.amount, b: 'values(prices)[0].amount', c: 'prices.*.{}'}}\n"

    project({**files, "mappings/shop/order.yaml": text.format("amount")}).mapping("shop/order")
    with pytest.raises(CompileError) as caught:
        project({**files, "mappings/shop/order.yaml": text.format("qqq")}).mapping("shop/order")
    (item,) = caught.value.diagnostics
    assert (item.id, item.message) == ("unknown-property", "`shop/prices.prices.*` has no property `qqq`")


@pytest.mark.parametrize(
    "cell",
    [
        "ref: extra.anything.at.all",
        "ref: extra.list[0].any",
        "ref: parse_json(name).any",
        "free: {any: name, thing: {at: {all: name}}}",
        "attributes: {anything: name}",
        "ref: request().any",
        "ref: answers().any.thing",
        "ref: lookup('t', name).b\ntables: {t: {a: {b: c}}}",
        "ref: extra.* | [0].any",
        "ref: lines[0].tags[0].word.any",
    ],
)
def test_where_nothing_is_documented_everything_may_be_read_and_written(cell: str, compiled: Compile) -> None:
    first, *rest = cell.split("\n")

    compiled(TYPED + f"map:\n  {first}\n" + "\n".join(rest), FILES)


def test_all_mistakes_of_a_file_are_reported_in_its_order(project: MakeProject) -> None:
    text = """\
from: shop/sorce
to: shop/target
zzz: 1
map:
  a: foo(
  b: "{{ mony(x) }}"
  c: {$iff: x}
  d: {$use: nowhere}
  e: lookup('t', x)
  f: [{$each: 1}]
  g:
checks:
  - {check: a b, message: m, level: bad}
"""
    made = project({**FILES, "mappings/shop/order.yaml": text})
    with pytest.raises(CompileError) as caught:
        made.mapping("shop/order")

    found = [(item.span.line, item.id) for item in caught.value.diagnostics if item.span]
    assert found == [
        (1, "unknown-schema"),
        (3, "unknown-key"),
        (5, "expression-syntax"),
        (6, "unknown-function"),
        (7, "unknown-word"),
        (8, "unknown-fragment"),
        (9, "unknown-table"),
        (10, "not-an-expression"),
        (11, "empty-cell"),
        (13, "expression-syntax"),
        (13, "unknown-level"),
    ]


def test_mistakes_in_properties_are_reported_beside_those_of_the_language(project: MakeProject) -> None:
    text = TYPED + "map:\n  ref: nmae\n  titel: name\n  buyer:\n    email_address: upper(name, emial)\n"
    made = project({**FILES, "mappings/shop/order.yaml": text})
    with pytest.raises(CompileError) as caught:
        made.mapping("shop/order")

    assert [item.id for item in caught.value.diagnostics] == [
        "unknown-property",
        "unknown-property",
        "wrong-arguments",
    ]


# Circles


CIRCLES = [
    (
        "a mapping that uses itself",
        {"mappings/a.yaml": "map: {x: {$use: ./a}}\n"},
        "error[use-circle]: `$use` forms a circle: a → a\n"
        "  --> mappings/a.yaml:1:17\n  |\n1 | map: {x: {$use: ./a}}\n  |                 ^^^",
    ),
    (
        "two mappings",
        {"mappings/a.yaml": "map: {x: {$use: ./b}}\n", "mappings/b.yaml": "map: {x: {$use: ./a}}\n"},
        "error[use-circle]: `$use` forms a circle: a → b → a\n"
        "  --> mappings/b.yaml:1:17\n  |\n1 | map: {x: {$use: ./a}}\n  |                 ^^^",
    ),
    (
        "three mappings",
        {
            "mappings/a.yaml": "map: {x: {$use: x/b}}\n",
            "mappings/x/b.yaml": "map: {x: {$use: ./c}}\n",
            "mappings/x/c.yaml": "map: {x: {$use: ../a}}\n",
        },
        "error[use-circle]: `$use` forms a circle: a → x/b → x/c → a\n"
        "  --> mappings/x/c.yaml:1:17\n  |\n1 | map: {x: {$use: ../a}}\n  |                 ^^^^",
    ),
]


@pytest.mark.parametrize(("files", "message"), [pytest.param(*row, id=name) for name, *row in CIRCLES])
def test_a_circle_of_mappings_is_shown_whole(
    files: dict[str, str], message: str, project: MakeProject
) -> None:
    with pytest.raises(CompileError) as caught:
        project(files).mapping("a")

    assert message in str(caught.value).split("\n\n")


@pytest.mark.parametrize("name", ["a", "x/b", "x/c"])
def test_a_circle_is_found_wherever_one_enters_it_and_again(name: str, project: MakeProject) -> None:
    made = project(CIRCLES[2][1])

    for _ in range(2):
        with pytest.raises(CompileError) as caught:
            made.mapping(name)
        assert any(item.id == "use-circle" for item in caught.value.diagnostics)
        assert all(item.span for item in caught.value.diagnostics)


def test_after_a_circle_was_met_a_mapping_beside_it_is_not_called_one(project: MakeProject) -> None:
    made = project(
        {
            **CIRCLES[1][1],
            "mappings/good.yaml": "from: shop/order\nmap: {x: y}\n",
            "schemas/shop/order.schema.json": "{}",
        }
    )
    with pytest.raises(CompileError):
        made.mapping("a")

    assert made.mapping("good")({"y": 1}) == {"x": 1}
    assert {item.id for item in made.check()} == {"use-circle", "broken-use"}


def test_a_circle_of_fragments_names_each(refused: Refuse) -> None:
    text = "fragments:\n  f: {a: {$use: g}}\n  g: [{$use: h}]\n  h: {$if: x, $use: f}\nmap: {$use: f}\n"

    lines = refused(text).splitlines()
    assert [line for line in lines if line.startswith("error")] == [
        "error[use-circle]: the fragment `g` uses itself",
        "error[use-circle]: the fragment `h` uses itself",
        "error[use-circle]: the fragment `f` uses itself",
    ]


def _fragments(count: int, cell: str) -> str:
    lines = [f"  f{number}: {cell.format(number - 1)}\n" for number in range(1, count)]
    return "fragments:\n  f0: {a: x}\n" + "".join(lines) + f"map: {{$use: f{count - 1}}}\n"


@pytest.mark.parametrize(
    ("count", "cell", "name", "many"),
    [
        (30, "[{{$use: f{0}}}, {{$use: f{0}}}]", "f10", "2000 uses of others"),
        (400, "{{a: {{$use: f{0}}}}}", "f33", "32 others in a chain"),
        (4_000, "{{$use: f{0}, b: x}}", "f33", "32 others in a chain"),
    ],
)
def test_fragments_that_multiply_are_refused(
    count: int, cell: str, name: str, many: str, refused: Refuse
) -> None:
    first = f"error[file-too-large]: the fragment `{name}` expands to more than {many}"

    assert refused(_fragments(count, cell)).splitlines()[0] == first


def test_fragments_in_the_other_order_are_refused_too(refused: Refuse) -> None:
    lines = "".join(f"  f{number}: {{a: {{$use: f{number + 1}}}}}\n" for number in range(3_000))

    assert "others in a chain" in refused(f"fragments:\n{lines}  f3000: {{a: x}}\nmap: {{$use: f0}}\n")


def test_fragments_of_an_honest_depth_are_not_refused(compiled: Compile) -> None:
    assert compiled(_fragments(20, "{{a: {{$use: f{0}}}}}"))({"x": 1})


def _mappings(count: int, cell: str) -> dict[str, str]:
    """Files m0, m1, … that each use the one before."""
    cells = {number: cell.format(number - 1) for number in range(1, count)}
    return {f"mappings/shop/m{number}.yaml": f"map: {text}\n" for number, text in cells.items()}


def test_mappings_that_multiply_are_refused(project: MakeProject) -> None:
    files = _mappings(14, "{{a: {{$use: ./m{0}}}, b: {{$use: ./m{0}}}}}")
    made = project({**files, "mappings/shop/m0.yaml": "map: {a: x}\n"})

    assert made.mapping("shop/m9")({"x": 1})
    with pytest.raises(CompileError) as caught:
        made.mapping("shop/m10")
    assert str(caught.value) == (
        "error[file-too-large]: with `./m9` the mapping expands to more than 2000 uses of others\n"
        "  --> mappings/shop/m10.yaml:1:34\n  |\n1 | map: {a: {$use: ./m9}, b: {$use: ./m9}}\n"
        "  |                                  ^^^^"
    )


def test_a_chain_of_mappings_is_read_to_its_bound(project: MakeProject) -> None:
    made = project({**_mappings(34, "{{a: {{$use: ./m{0}}}}}"), "mappings/shop/m0.yaml": "map: {a: x}\n"})

    with pytest.raises(CompileError) as caught:
        made.mapping("shop/m33")
    assert "error[file-too-large]: `$use` leads through more than 32 mappings" in str(caught.value)
    assert "--> mappings/shop/m1.yaml:1:17" in str(caught.value)


def test_a_chain_that_is_read_piece_by_piece_has_the_same_bound(project: MakeProject) -> None:
    made = project({**_mappings(34, "{{a: {{$use: ./m{0}}}}}"), "mappings/shop/m0.yaml": "map: {a: x}\n"})
    for number in range(33):
        made.mapping(f"shop/m{number}")

    with pytest.raises(CompileError) as caught:
        made.mapping("shop/m33")
    assert str(caught.value).startswith(
        "error[file-too-large]: with `./m32` the mapping expands to more than 32 others in a chain\n"
    )


def test_what_uses_a_broken_mapping_is_refused_with_the_reason(refused: Refuse) -> None:
    assert refused("map: {x: {$use: ./broken}}\n", FILES) == (
        "error[expression-syntax]: the expression is not finished\n"
        "  --> mappings/shop/broken.yaml:1:13\n  |\n1 | map: {a: foo(}\n  |             ^\n"
        '  = help: constant text is written {$const: …}, text with values is a template: "… {{ name }} …"\n\n'
        "error[broken-use]: the mapping `./broken` has errors of its own\n"
        "  --> mappings/shop/order.yaml:1:17\n  |\n1 | map: {x: {$use: ./broken}}\n"
        "  |                 ^^^^^^^^"
    )


def test_a_shared_table_that_is_broken_is_blamed_where_it_is(refused: Refuse) -> None:
    text = "tables: {c: ./tables/c}\nmap: {x: \"lookup('c', 'a')\"}\n"

    assert refused(text, {"mappings/shop/tables/c.yaml": "a: 1\na: 2\n"}) == (
        "error[duplicate-key]: the key `a` occurs twice here\n"
        "  --> mappings/shop/tables/c.yaml:2:1\n  |\n2 | a: 2\n  | ^\n  = note: the first is on line 1"
    )
    assert refused(text, {"mappings/shop/tables/c.yaml": "- a\n"}) == (
        "error[not-an-object]: a table holds keys and their values\n"
        "  --> mappings/shop/tables/c.yaml:1:1\n  |\n1 | - a\n  | ^"
    )


# The project around


def test_an_unknown_mapping_is_a_mistake_of_the_project(project: MakeProject) -> None:
    made = project({"mappings/shop/order.yaml": "map: {}\n"})

    with pytest.raises(ProjectError) as caught:
        made.mapping("shop/ordr")
    assert str(caught.value) == (
        "error[unknown-mapping]: there is no mapping `shop/ordr`\n  = help: did you mean `shop/order`?"
    )
    with pytest.raises(ProjectError) as caught:
        made.mapping("nothing/like/it")
    assert str(caught.value) == (
        "error[unknown-mapping]: there is no mapping `nothing/like/it`\n"
        "  = help: `crossdock list` shows them all"
    )


def test_a_mapping_is_compiled_once_and_known_by_its_file_too(project: MakeProject, tmp_path: Path) -> None:
    made = project({"mappings/shop/order.yaml": "map: {a: b}\n"})
    mapping = made.mapping("shop/order")

    assert made.mapping("shop/order") is mapping
    assert made.mapping(str(tmp_path / "mappings/shop/order.yaml")) is mapping


def test_a_mapping_outside_of_any_project_is_a_file(project: MakeProject, tmp_path: Path) -> None:
    made = project({"loose.yaml": "map: {a: b}\n"})

    assert made.mapping(str(tmp_path / "loose.yaml"))({"b": 1}) == {"a": 1}


def test_check_reports_every_file_and_stops_at_none(project: MakeProject) -> None:
    made = project({**FILES, "mappings/shop/order.yaml": "map: {a: b(}\n", "mappings/good.yaml": "map: {}\n"})
    places = [str(item.span) for item in made.check()]

    assert places == ["mappings/shop/broken.yaml:1:13", "mappings/shop/order.yaml:1:11"]
