"""The acceptor of a schema: jsonschema-rs, made on first use and kept with the schema.

It is asked twice at most. The strict document also holds what is true of nearly every payload, such as that
no number is so large that a float may have rounded it. What that refuses is asked for the schema alone, and
then walked through in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import orjson

from crossdock.core.json_types import EXACT, JSON
from crossdock.core.limits import LEAST_INTEGER, MOST_INTEGER, PAYLOAD_DEPTH
from crossdock.core.once import once

# A process that runs kept code needs none of these.
if TYPE_CHECKING:
    from crossdock.schema.dialect import Node
    from crossdock.schema.store import Schema

Acceptor = Callable[[JSON], bool]
"""Whether a value is known to fit. It is JSON with its whole numbers as ints, as a reader gives it."""

Documents = tuple[bytes, bytes]
"""The strict and the plain document of a schema, as JSON."""

_Judge = Callable[[JSON, int], bool]
"""Whether a value fits the node of a document that has a number."""


def acceptor(schema: Schema) -> Acceptor:
    """The acceptor of a schema; one that accepts nothing for a schema beyond the library's limits."""
    return schema.once(_made)


def accepts(value: JSON, schema: Schema) -> bool:
    """Whether a value is known to fit a schema. False says nothing: ``validate`` does."""
    return acceptor(schema)(value)


def documents_of(schema: Schema) -> Documents:
    """What an acceptor is made of, to be kept."""
    from crossdock.schema.fast.translation import plain, strict

    return orjson.dumps(schema.once(strict).document), orjson.dumps(schema.once(plain).document)


def acceptor_of(documents: Documents) -> Acceptor:
    """The acceptor of documents that were kept. It accepts nothing that is left to validation."""
    quick, other = documents
    return _acceptor(
        _validator(orjson.loads(quick), _refuses), lambda: _validator(orjson.loads(other), _refuses)
    )


def _refuses(_value: JSON, _number: int) -> bool:
    return False


def _made(schema: Schema) -> Acceptor:
    from crossdock.schema.fast.translation import Translated, plain, strict
    from crossdock.schema.validator import fits_node

    def made(translated: Translated) -> Acceptor:
        judged = translated.judged
        return _validator(translated.document, lambda value, number: fits_node(value, judged[number], schema))

    try:
        return _acceptor(made(schema.once(strict)), lambda: made(schema.once(plain)))
    except (ValueError, RecursionError):
        return lambda _value: False


def _acceptor(quick: Acceptor, make: Callable[[], Acceptor]) -> Acceptor:
    """An acceptor of two; the second is made when the first refuses a value."""
    other = once(make)

    def accept(value: JSON) -> bool:
        try:
            return quick(value) or (is_payload(value) and other()(value))
        except Exception:  # a value that is not JSON, or nests too deep
            return False

    return accept


def is_payload(value: JSON) -> bool:
    """Whether every number is the one that was written, and nothing nests too deep."""
    return _are_payloads((value,), PAYLOAD_DEPTH)


def _are_payloads(values: Iterable[Any], room: int) -> bool:
    for each in values:
        kind = type(each)
        if kind is str or each is None or kind is bool:
            continue
        if kind is float:
            fine = -EXACT < each < EXACT
        elif kind is int:
            fine = LEAST_INTEGER <= each <= MOST_INTEGER
        elif kind is dict:
            fine = room > 0 and _are_payloads(each.values(), room - 1)
        else:
            fine = kind is list and room > 0 and _are_payloads(each, room - 1)
        if not fine:
            return False
    return True


def _validator(document: Node, judge: _Judge) -> Acceptor:
    class Judged:
        """What a node says that is left to validation."""

        def __init__(self, _schema: Any, given: int, _path: Any) -> None:
            self.number = given

        def validate(self, value: Any) -> None:
            if not judge(value, self.number):
                raise ValueError

    made: Any = jsonschema_rs.Draft202012Validator(
        document,
        validate_formats=False,
        keywords={"tested": _Tested, "judged": Judged},
        pattern_options=jsonschema_rs.RegexOptions(),
    )
    accept: Acceptor = made.is_valid
    return accept


class _Tested:
    """The tests of a node that are Python's. The first is for the length: no pattern searches a long text."""

    def __init__(self, _schema: Any, given: Sequence[tuple[str, JSON]], _path: Any) -> None:
        (_, most), *others = given
        self.most = inf if most is None else float(str(most))
        self.tests = [_test(word, given) for word, given in others]

    def validate(self, value: Any) -> None:
        if type(value) is str and len(value) > self.most:
            raise ValueError
        if not all(test(value) for test in self.tests):
            raise ValueError


def _test(word: str, given: JSON) -> Callable[[JSON], bool]:
    from crossdock.schema.keyword_rules import TESTS, searcher
    from crossdock.schema.safe_regex import longest_tried

    if word != "pattern":
        test = TESTS[word]
        return lambda value: test(given, value)
    search, most = searcher(str(given)).search, longest_tried(str(given))
    return lambda value: type(value) is not str or (len(value) <= most and search(value) is not None)
