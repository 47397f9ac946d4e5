"""Validate a value against a schema, with messages of our own that never show the value.

jsonschema walks schema and value together, through references, alternatives and properties; the tests at
the leaves are ours (``constraints.py``), and so is the wording.

    /items/0       missing-required   the required property `quantity` is missing
    /items/0/sku   wrong-type         expected text, found null
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Protocol, cast

from crossdock.core.diagnostics import Diagnostic, Place, did_you_mean, shorten
from crossdock.core.errors import InputError
from crossdock.core.json_types import JSON
from crossdock.core.limits import PAYLOAD_DEPTH, PAYLOAD_VALUES, VIOLATIONS
from crossdock.core.paths import pointer
from crossdock.schema.dialect import Node
from crossdock.schema.keyword_rules import IDS, TESTS, as_list, describe_type, wanted
from crossdock.schema.store import Schema

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

__all__ = ["Violation", "describe_type", "input_error", "validate"]


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which a value breaks its schema.

    ``parts`` lead to the place in the value; ``missing`` is the property that should be there.
    """

    id: str
    message: str
    parts: tuple[str | int, ...] = ()
    help: str | None = None
    schema_pointer: str = ""
    missing: str | None = None


def validate(value: JSON, schema: Schema) -> list[Violation]:
    """How a value breaks a schema, in the order of the places: at most 20 ways, none when it fits."""
    return all_violations(value, schema, VIOLATIONS)[:VIOLATIONS]


def all_violations(value: JSON, schema: Schema, most: int | None = None) -> list[Violation]:
    """The same without a limit, or with one for the findings that are looked at."""
    if beyond := _beyond_measure(value):
        return [beyond]
    found: dict[Violation, None] = {}
    try:
        for error in islice(schema.once(_validator).iter_errors(value), most):
            found.update(dict.fromkeys(_violations(error)))
    except RecursionError:
        message = "objects and lists nest too deep to be validated against a schema with so many references"
        return [Violation("nesting-too-deep", message)]
    return sorted(found, key=_order)


def fits_node(value: JSON, node: Node, schema: Schema) -> bool:
    """Whether a value fits one node of a schema."""
    return not any(schema.once(_validator).descend(value, node))


def input_error(violations: Sequence[Violation], payload_name: str) -> InputError:
    """The error of a payload that breaks its source schema."""
    return InputError(
        [
            Diagnostic(each.id, each.message, help=each.help, input=Place(payload_name, pointer(*each.parts)))
            for each in violations
        ]
    )


def _beyond_measure(value: JSON) -> Violation | None:
    """A value that nests too deep, or has too many values in it; counting stops at the limit."""
    level, count = [value], 1
    for _ in range(PAYLOAD_DEPTH):
        inner: list[JSON] = []
        for outer in level:
            inner += _children(outer)
            if count + len(inner) > PAYLOAD_VALUES:
                return Violation("payload-too-large", f"there are more than {PAYLOAD_VALUES} values in it")
        if not inner:
            return None
        level, count = inner, count + len(inner)
    if any(isinstance(each, dict | list) for each in level):
        return Violation("nesting-too-deep", f"objects and lists nest more than {PAYLOAD_DEPTH} deep")
    return None


def _children(value: JSON) -> Iterable[JSON]:
    match value:
        case dict():
            return value.values()
        case list():
            return value
    return ()


def _order(violation: Violation) -> tuple[tuple[bool, int, str], ...]:
    return tuple((isinstance(p, str), p if isinstance(p, int) else 0, str(p)) for p in violation.parts)


# --- the walk: jsonschema's, with our keywords. A finding's message is the name it is about, or nothing:
# --- what it says is worded afterwards, so that no value is ever printed.


Found = Iterator["ValidationError"]


class Walker(Protocol):
    """What we use of a jsonschema validator."""

    def iter_errors(self, instance: JSON) -> Found:
        """What is wrong with a value."""

    def descend(
        self,
        instance: JSON,
        schema: JSON,
        path: str | int | None = None,
        schema_path: str | int | None = None,
    ) -> Found:
        """What is wrong with a part of a value. The paths lead to it, and to its schema, from here."""


def _validator(schema: Schema) -> Walker:
    """A validator that knows this schema's closed set of files and no way to fetch another."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    keywords = {name: _leaf(name) for name in TESTS} | {
        "required": _required,
        "dependentRequired": _dependent_required,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
        "propertyNames": _property_names,
        "anyOf": _any_of,
        "oneOf": _one_of,
        "not": _not,
        "contains": _contains,
    }
    validator = extend(Draft202012Validator, keywords)  # type: ignore[no-untyped-call]
    return cast(Walker, validator(schema.node, registry=schema.registry()))


Keyword = Callable[[Walker, JSON, JSON, dict[str, JSON]], Found]


def _finding(name: str = "", context: Sequence[ValidationError] = ()) -> ValidationError:
    from jsonschema.exceptions import ValidationError

    return ValidationError(name, context=context)


def _leaf(keyword: str) -> Keyword:
    passes = TESTS[keyword]

    def run(_walker: Walker, given: JSON, value: JSON, schema: dict[str, JSON]) -> Found:
        if keyword == "pattern" and not TESTS["maxLength"](schema.get("maxLength", len(str(value))), value):
            return  # the length is reported; no pattern searches a text that is too long
        if not passes(given, value):
            yield _finding()

    return run


def _required(_walker: Walker, given: JSON, value: JSON, _schema: dict[str, JSON]) -> Found:
    if isinstance(value, dict):
        yield from (_finding(str(name)) for name in as_list(given) if name not in value)


def _dependent_required(walker: Walker, given: JSON, value: JSON, schema: dict[str, JSON]) -> Found:
    if isinstance(value, dict) and isinstance(given, dict):
        for name, names in given.items():
            if name in value:
                yield from _required(walker, names, value, schema)


def _pattern_properties(walker: Walker, given: JSON, value: JSON, _schema: dict[str, JSON]) -> Found:
    if isinstance(value, dict) and isinstance(given, dict):
        for pattern, schema in given.items():
            for name, each in value.items():
                if TESTS["pattern"](pattern, name):
                    yield from walker.descend(each, schema, path=name, schema_path=pattern)


def _additional_properties(walker: Walker, given: JSON, value: JSON, schema: dict[str, JSON]) -> Found:
    if not isinstance(value, dict):
        return
    known, patterns = _names(schema.get("properties")), _names(schema.get("patternProperties"))
    for name, each in value.items():
        if name in known or any(TESTS["pattern"](pattern, name) for pattern in patterns):
            continue
        if given is False:
            yield _finding(name)
        else:
            yield from walker.descend(each, given, path=name)


def _property_names(walker: Walker, given: JSON, value: JSON, _schema: dict[str, JSON]) -> Found:
    if isinstance(value, dict):
        yield from (_finding(name) for name in value if any(walker.descend(name, given)))


def _any_of(walker: Walker, given: JSON, value: JSON, _schema: dict[str, JSON]) -> Found:
    misfits: list[ValidationError] = []
    for index, branch in enumerate(as_list(given)):
        found = list(islice(walker.descend(value, branch, schema_path=index), VIOLATIONS))
        if not found:
            return
        misfits += found
    yield _finding(context=misfits)


def _one_of(walker: Walker, given: JSON, value: JSON, _schema: dict[str, JSON]) -> Found:
    misfits: list[ValidationError] = []
    fits = 0
    for index, branch in enumerate(as_list(given)):
        found = list(islice(walker.descend(value, branch, schema_path=index), VIOLATIONS))
        misfits += found
        fits += not found
    if fits != 1:
        yield _finding(context=() if fits else misfits)


def _not(walker: Walker, given: JSON, value: JSON, _schema: dict[str, JSON]) -> Found:
    if not any(walker.descend(value, given)):
        yield _finding()


def _contains(walker: Walker, given: JSON, value: JSON, schema: dict[str, JSON]) -> Found:
    if isinstance(value, list):
        count = sum(not any(walker.descend(each, given)) for each in value)
        least, most = schema.get("minContains", 1), schema.get("maxContains", len(value))
        if not cast(int, least) <= count <= cast(int, most):
            yield _finding(str(count))


def _names(value: JSON) -> Iterable[str]:
    return value if isinstance(value, dict) else ()


# --- the wording


def _violations(error: ValidationError) -> Iterator[Violation]:
    keyword = str(error.validator)
    name, given, value = error.message, cast(JSON, error.validator_value), cast(JSON, error.instance)
    parts, help = tuple(error.absolute_path), None
    match keyword:
        case "anyOf" | "oneOf" if error.context:
            yield from _alternatives(error)
            return
        case "required" | "dependentRequired":
            message = f"the required property `{shorten(name)}` is missing"
        case "additionalProperties":
            message = f"there is no property `{shorten(name)}` here"
            parts, help = (*parts, name), did_you_mean(name, _known(error))
        case "propertyNames":
            message, parts = f"a property must not be named `{shorten(name)}` here", (*parts, name)
        case "not":
            message = f"{'no value is' if given == {} else 'a value of this form is not'} allowed here"
        case "contains":
            message = f"{name} items have the form that the list must contain"
        case "oneOf":
            message = "the value fits several alternatives, and only one may fit"
        case _:
            message = wanted(keyword, given, value)
    missing = name if keyword in ("required", "dependentRequired") else None
    yield replace(_violation(keyword, message, parts, help, error), missing=missing)


def _known(error: ValidationError) -> Iterable[str]:
    return _names(cast(dict[str, JSON], error.schema).get("properties"))


def _violation(
    keyword: str, message: str, parts: tuple[str | int, ...], help: str | None, error: ValidationError
) -> Violation:
    id = IDS.get(keyword, "not-allowed-value")
    return Violation(id, message, parts, help, pointer(*error.absolute_schema_path))


def _alternatives(error: ValidationError) -> Iterator[Violation]:
    """A value that fits no alternative: judged by those alternatives that at least take its type."""
    parts = tuple(error.absolute_path)
    branches: dict[str | int, list[ValidationError]] = {}
    for each in error.context or ():
        branches.setdefault(each.relative_schema_path[0], []).append(each)
    near = [found for found in branches.values() if not any(map(_misfit, found))]
    if not near:
        types = [kind for each in error.context or () for kind in _types(each)]
        yield _violation("type", wanted("type", types, cast(JSON, error.instance)), parts, None, error)
    elif len(near) == 1:
        for each in near[0]:
            yield from _violations(each)
    else:
        nearest = next(_violations(min(near, key=len)[0]))
        message = f"the value fits none of {len(branches)} alternatives"
        below = pointer(*nearest.parts[len(parts) :])
        help = f"the nearest one says{' of `' + below + '`' if below else ''}: {nearest.message}"
        yield replace(_violation("", message, parts, help, error), id="no-alternative")


def _misfit(error: ValidationError) -> bool:
    """Whether a finding says that the value has another type, at the value itself."""
    if error.relative_path:
        return False
    return error.validator == "type" or (bool(error.context) and all(map(_misfit, error.context or ())))


def _types(error: ValidationError) -> Iterator[JSON]:
    if error.validator == "type":
        yield from as_list(cast(JSON, error.validator_value))
    for each in error.context or ():
        yield from _types(each)
