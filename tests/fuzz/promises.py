"""What holds of whatever the engine says or gives: asserted of every input by every target."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from crossdock import CrossdockError, Mapping
from crossdock.core.diagnostics import Diagnostic
from crossdock.core.errors import InputError
from crossdock.core.json_reader import encode
from crossdock.core.rendering import Format, render
from crossdock.execution.errors import EvaluationError, OutputError
from crossdock.execution.runner import Result

FORMS: Final[tuple[Format, ...]] = ("text", "short", "github")
LARGEST_RESULT = 32 * 1024 * 1024  # as much as a payload may have


def exact(value: object) -> object:
    """A value so that ``==`` tells 1 from 1.0 and True, 0.0 from -0.0, and one order of keys from another.

    AssertionError for what is not JSON.
    """
    match value:
        case None | bool() | str() | int():
            assert type(value) in (type(None), bool, str, int), type(value)
            return type(value).__name__, value
        case float():
            assert type(value) is float, type(value)
            return "float", repr(value)
        case list():
            return "list", tuple(exact(item) for item in value)
        case dict():
            assert all(type(key) is str for key in value), "a key that is not text"
            return "object", tuple((key, exact(item)) for key, item in value.items())
    raise AssertionError(f"not JSON: {type(value).__name__}")


def is_json(value: object) -> None:
    """A value can be sent: it is JSON, of a size that can be, and its text is UTF-8."""
    exact(value)
    text = encode(value, compact=True)  # type: ignore[arg-type]
    assert len(text.encode("utf-8")) <= LARGEST_RESULT, "a result that is too large"


def is_well_said(error: CrossdockError) -> None:
    """Every diagnostic has an id, a message and places that are there, and no rendering can move a cursor."""
    assert error.diagnostics
    for item in error.diagnostics:
        assert item.id and item.message, item
        has_a_place(item)
    for form in FORMS:
        lines = render(error.diagnostics, form).split("\n")
        assert all(line.isprintable() for line in lines), lines
        assert form == "text" or len(lines) == len(error.diagnostics)
    assert len(json.loads(render(error.diagnostics, "json"))) == len(error.diagnostics)
    render(error.diagnostics, "sarif")


def has_a_place(item: Diagnostic) -> None:
    assert item.span is not None or item.input is not None, f"no place: {item}"
    if item.span is not None:
        length = max(len(item.span.source.text), 1)  # an empty text is blamed as if it had one character
        assert 0 <= item.span.start <= item.span.end <= length, item


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The places of all leaves of a value; those that are empty are leaves too."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from places(inner, (*path, index))
    else:
        yield path


def is_traced(result: Result) -> None:
    """Every leaf of a result was written by a cell that the trace knows."""
    written = {step.output: step for step in result.trace.steps if step.present}
    for path in places(result.value) if result.present else ():
        steps = [written[path[:length]] for length in range(len(path) + 1) if path[:length] in written]
        assert steps, f"nothing is known to have written {path}"


def outcome(mapping: Mapping, payload: object) -> Result | CrossdockError:
    """What a run gives, or one of the three errors that it may raise."""
    try:
        return mapping.run(payload, request=payload)  # type: ignore[arg-type]
    except (InputError, EvaluationError, OutputError) as error:
        return error


def as_text(found: Result | CrossdockError) -> str:
    """An outcome as text: the bytes of the result and its warnings, or the diagnostics."""
    if isinstance(found, CrossdockError):
        return str(found)
    return encode(found.value) + "".join(str(item) for item in found.warnings)
