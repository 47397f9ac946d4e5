"""What the check knows of values: maps, lists that have elements, and what conditions show.

Mappings that are right for every payload have no finding; what fails for every payload is an error.
"""

from __future__ import annotations

import json

import pytest

from conftest import MakeProject

TEXT = {"type": "string"}
ROW = {"type": "object", "properties": {"nick": {"type": ["string", "null"]}, "name": TEXT}}
SOURCE = {
    "type": "object",
    "properties": {
        "prices": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {"amount": TEXT},
                "required": ["amount"],
            },
        },
        "names": {"type": "object", "patternProperties": {"^x-": TEXT}, "additionalProperties": False},
        "counts": {"type": "object", "additionalProperties": {"type": "number"}},
        "tags": {"type": "array", "items": TEXT, "minItems": 1},
        "pair": {"type": "array", "items": TEXT, "minItems": 2},
        "notes": {"type": "array", "items": TEXT},
        "rows": {"type": "array", "items": ROW},
        "mixed": {"type": ["string", "number"]},
        "price": {"type": "number"},
        "label": TEXT,
        "free": {"type": "object", "properties": {"a": TEXT}},
        "nick": {"type": ["string", "null"]},
        "name": TEXT,
    },
    "required": [
        "prices",
        "names",
        "counts",
        "tags",
        "pair",
        "notes",
        "rows",
        "mixed",
        "price",
        "label",
        "free",
    ],
}
TARGET = {
    "type": "object",
    "properties": {
        "text": TEXT,
        "texts": {"type": "array", "items": TEXT},
        "whole": {"type": "integer"},
        "number": {"type": "number"},
        "map": {"type": "object", "additionalProperties": TEXT},
        "closed": {"type": "object", "properties": {"a": TEXT, "b": TEXT}, "additionalProperties": False},
        "open": {"type": "object", "properties": {"a": TEXT, "b": TEXT}},
        "row": {"type": "object", "properties": {"text": TEXT}, "required": ["text"]},
        "rows": {
            "type": "array",
            "items": {"type": "object", "properties": {"text": TEXT}, "required": ["text"]},
        },
    },
    "required": ["text"],
}
FILES = {
    "schemas/shop/source.schema.json": json.dumps(SOURCE),
    "schemas/shop/target.schema.json": json.dumps(TARGET),
}


def findings(make: MakeProject, cells: str) -> list[str]:
    """What the check reports of a mapping with these cells."""
    text = cells if "  text:" in f"  {cells}" else f"text: label\n  {cells}"
    mapping = f"from: shop/source\nto: shop/target\nmap:\n  {text}\n"
    made = make({**FILES, "mappings/shop/order.yaml": mapping})
    return [f"{item.severity}: {item.message}" for item in made.check(["shop/order"])]


CLEAN = {
    # maps
    "values of a map": "texts: values(prices)[].amount",
    "a star on a map": "texts: 'prices.*.amount'",
    "entries of a map": "texts: entries(prices)[].value.amount",
    "keys of a map": "texts: keys(counts)",
    "keys of entries": "texts: entries(counts)[].key",
    "values of patterns": "texts: values(names)",
    "a map into a map": "map: names",
    "merged maps": 'map: "merge(names, {a: label})"',
    "a map of numbers": "number: sum(values(counts))",
    # lists that have elements
    "a part of a text": "text: split(label, ' ')[0]",
    "the last part of a text": "text: split(label, ' ')[-1]",
    "the first of a text's parts": "text: first(split(label, ' '))",
    "an element that there is": "text: tags[0]",
    "the last element": "text: tags[-1]",
    "first": "text: first(tags)",
    "last": "text: last(tags)",
    "a second element": "text: pair[1]",
    "counted from the end": "text: pair[-2]",
    "in another order": "text: reverse(sort(tags))[0]",
    "each once": "text: unique(tags)[0]",
    "a projection": "text: tags[].upper(@) | [0]",
    "the first of a slice": "text: 'pair[1:] | [0]'",
    "the greatest": "text: max(tags)",
    "as a list": "text: to_array(label)[0]",
    "under a condition": "row: {$if: notes, text: first(notes)}",
    "under a condition, by its place": "row: {$if: notes, text: 'notes[0]'}",
    "under a condition, the last": "row: {$if: notes, text: 'notes[-1]'}",
    "longer than 1": "row: {$if: 'length(notes) > `1`', text: 'notes[1]'}",
    "not shorter than 2": "row: {$if: 'length(notes) >= `2`', text: 'notes[-2]'}",
    "exactly 2": "row: {$if: 'length(notes) == `2`', text: 'notes[1]'}",
    "longer, mirrored": "row: {$if: '`1` < length(notes)', text: 'notes[1]'}",
    "and": "text: (notes && notes[0]) || label",
    # what conditions show
    "not of a kind": "text: type(mixed) != 'number' && upper(mixed) || 'n'",
    "not of a kind, negated": "text: \"!(type(mixed) == 'number') && upper(mixed) || 'n'\"",
    "an empty list as the default": "rows: 'rows[?name].{text: name} || `[]`'",
    "a default in front": "text: (!name && 'none') || name",
    "one of two": "rows: [{$each: 'rows[?nick || name]', text: nick || name}]",
    "one of two, in the other order": "rows: [{$each: 'rows[?nick || name]', text: name || nick}]",
    "one of three": "rows: [{$each: 'rows[?nick || name || `null`]', text: nick || name}]",
    "one of two, and more": "rows: [{$each: 'rows[?(nick || name) && name]', text: nick || name}]",
    "one of two, not null": "rows: [{$each: 'rows[?nick || name]', text: 'not_null(nick, name)'}]",
    "one of two under a condition": "row: {$if: nick || name, text: nick || name}",
    "one of two, a choice": "row: {$if: nick || name, text: '{{ nick if nick else name }}'}",
    "neither is false": "row: {$if: '!(!nick && !name)', text: nick || name}",
    "one of two, twice": "rows: [{$each: 'rows[?nick || name] | [?nick || name]', text: nick || name}]",
    "a call that is true": "row: {$if: first(notes), text: first(notes)}",
    # numbers and objects
    "round": "whole: round(price)",
    "round to no digits": "whole: 'round(price, `0`)'",
    "floor": "whole: floor(price)",
    "ceil": "whole: ceil(price)",
    "length": "whole: length(notes)",
    "the mean of some": "number: 'avg([price, price])'",
    "merge": "open: \"merge(free, {b: 'x'})\"",
    "an open object into an open one": "open: free",
    "an object that counts as false has no properties": "text: \"upper(({n: price} && {n: name}).n || 'n')\"",
}


@pytest.mark.parametrize("cells", CLEAN.values(), ids=CLEAN)
def test_what_is_right_has_no_finding(cells: str, project: MakeProject) -> None:
    assert findings(project, cells) == []


MISSING = "warning: `shop/target.text` is required, and this may be missing"
ROW_MISSING = "warning: `shop/target.rows[].text` is required, and this may be missing"
IF_MISSING = "warning: `shop/target.row.text` is required, and this may be missing"
UNDOCUMENTED = "may have properties that are not documented, and"
WRONG = {
    "a map of numbers": (
        "texts: values(counts)",
        "error: `shop/target.texts[]` takes text, and this is a number",
    ),
    "joined numbers": (
        "text: join(',', values(counts))",
        "error: `join` takes text as each element, and this is a number",
    ),
    "a map into a map": ("map: counts", "error: `shop/target.map.*` takes text, and this is a number"),
    "merged maps": (
        "map: merge(names, counts)",
        "warning: `shop/target.map.*` takes text, and this may be a number",
    ),
    "a misspelling in a map": (
        "texts: values(prices)[].amuont",
        "error: `shop/source.prices.*` has no property `amuont`",
    ),
    "a misspelling in entries": (
        "texts: entries(prices)[].valeu",
        "error: `the object made here` has no property `valeu`",
    ),
    "a misspelling in a merged object": (
        "text: 'merge(free, {b: label}).c'",
        "error: `the object made here` has no property `c`",
    ),
    "a second element": ("text: tags[1]", MISSING),
    "a third from the end": ("text: pair[-3]", MISSING),
    "each once, the second": ("text: unique(pair)[1]", MISSING),
    "a slice that may be empty": ("text: 'tags[1:] | [0]'", MISSING),
    "a slice from the end": ("text: 'pair[-1:0] | [0]'", MISSING),
    "an empty list": ("text: notes[0]", MISSING),
    "some of a list": ('text: "tags[?@ == root().label] | [0]"', MISSING),
    "length is no more": ("row: {$if: 'length(notes) > `0`', text: 'notes[1]'}", IF_MISSING),
    "not longer": ("row: {$if: '!(length(notes) > `1`)', text: 'notes[1]'}", IF_MISSING),
    "one of others": ("rows: [{$each: 'rows[?nick || name]', text: nick}]", ROW_MISSING),
    "both may be false": ("rows: [{$each: 'rows[?!(nick && name)]', text: nick || name}]", ROW_MISSING),
    "in another context": (
        "row: {$if: nick || name, text: 'rows[].[nick || name][] | [0]'}",
        IF_MISSING,
    ),
    "of another kind": (
        "text: type(mixed) != 'string' && upper(mixed) || 'n'",
        "error: `upper` takes text as its first argument, and this is a number",
    ),
    "round to digits": (
        "whole: 'round(price, `2`)'",
        "warning: `shop/target.whole` takes a whole number, and this may be a number",
    ),
    "an open object into a closed one": (
        "closed: free",
        f"warning: `shop/source.free` {UNDOCUMENTED} `shop/target.closed` takes no others",
    ),
    "an open object into a map": (
        "map: free",
        f"warning: `shop/source.free` {UNDOCUMENTED} `shop/target.map` does not take every value in them",
    ),
    "an open object merged into a closed one": (
        "closed: 'merge(free, {b: label})'",
        f"warning: `the object made here` {UNDOCUMENTED} `shop/target.closed` takes no others",
    ),
}


@pytest.mark.parametrize(("cells", "message"), WRONG.values(), ids=WRONG)
def test_what_is_not_right_is_reported(cells: str, message: str, project: MakeProject) -> None:
    assert message in findings(project, cells)
