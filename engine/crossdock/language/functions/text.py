"""Functions on text. None interprets its input as a format or pattern, and every result has a size limit."""

from __future__ import annotations

import json
import re
from typing import Final

from crossdock.core.json_reader import parse
from crossdock.core.json_types import JSON
from crossdock.core.limits import PADDED_CHARACTERS, STRING_CHARACTERS, STRING_PARTS
from crossdock.language.functions.bounds import bounded, serialized, within
from crossdock.language.functions.function import Example, Function, FunctionError, takes, types

NAMESPACE: Final = "077736dc-5f7d-59a3-a0b0-65702eb075ba"
# A digit belongs to the word: `3RD` is `3rd`, as people write it.
_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")  # noqa: RUF001 - the typographic apostrophe


def upper(text: str) -> str:
    return text.upper()


def lower(text: str) -> str:
    return text.lower()


def title(text: str) -> str:
    return _WORD.sub(lambda word: word[0][0].upper() + word[0][1:].lower(), text)


def trim(text: str) -> str:
    return text.strip()


def replace(text: str, old: str, new: str) -> str:
    if not old:
        raise FunctionError("takes text that is not empty as its second argument")
    within(len(text) + text.count(old) * (len(new) - len(old)))
    return text.replace(old, new)


def split(text: str, separator: str) -> list[JSON]:
    if not separator:
        raise FunctionError("takes text that is not empty as its second argument")
    if text.count(separator) >= STRING_PARTS:
        raise FunctionError(f"gives more than {STRING_PARTS} parts")
    return [*text.split(separator)]


def truncate(text: str, length: int) -> str:
    if length < 0:
        raise FunctionError("takes a length that is not negative")
    return text[: int(length)]


def pad_left(text: str, length: int, fill: str) -> str:
    if len(fill) != 1:
        raise FunctionError("takes one character as its third argument")
    if not 0 <= length <= PADDED_CHARACTERS:
        raise FunctionError(f"takes a length of 0 to {PADDED_CHARACTERS}")
    return text.rjust(int(length), fill)


def urlencode(text: str) -> str:
    from urllib.parse import quote  # rarely needed, and slow to import

    within(len(text))
    try:
        return bounded(quote(text, safe=""))
    except UnicodeEncodeError:
        raise FunctionError("takes valid Unicode text, and this text is not valid") from None


def text_of(value: JSON) -> str | None:
    if value is None or isinstance(value, str):
        return value
    try:
        return serialized(value)
    except ValueError:  # infinite or not a number: only a caller in Python can give that
        raise FunctionError("takes values that JSON has") from None


def matches(text: str, pattern: str) -> bool:
    # Rarely needed, and slow to import.
    from crossdock.schema.keyword_rules import searcher
    from crossdock.schema.safe_regex import longest_tried, unsafe

    if reason := unsafe(pattern):
        raise FunctionError(f"takes a pattern, and this one {reason}")
    most = longest_tried(pattern)
    if len(text) > most:
        raise FunctionError(f"takes text of at most {int(most)} characters with this pattern")
    return searcher(pattern).search(text) is not None


def uuid(*parts: JSON) -> str:
    import uuid  # rarely needed, and slow to import

    whole = [int(part) if isinstance(part, float) and part.is_integer() else part for part in parts]
    return str(uuid.uuid5(uuid.UUID(NAMESPACE), json.dumps(whole)))


def parse_json(text: str) -> JSON:
    if len(text) > STRING_CHARACTERS:
        raise FunctionError(f"takes text of at most {STRING_CHARACTERS} characters")
    try:
        return parse(text.encode())
    except ValueError:
        return None


FUNCTIONS = (
    Function(
        "upper",
        takes("text: string"),
        types("string"),
        "The text in upper case",
        (Example("upper('visa')", "VISA"),),
        upper,
    ),
    Function(
        "lower",
        takes("text: string"),
        types("string"),
        "The text in lower case",
        (Example("lower('FEDEX_GROUND')", "fedex_ground"),),
        lower,
    ),
    Function(
        "title",
        takes("text: string"),
        types("string"),
        "The text with the first letter of each word in upper case, the others in lower case",
        (Example("title('SAINT-DENIS la plaine')", "Saint-Denis La Plaine"),),
        title,
    ),
    Function(
        "trim",
        takes("text: string"),
        types("string"),
        "The text without white space at both ends",
        (Example("trim('  Oslo ')", "Oslo"),),
        trim,
    ),
    Function(
        "replace",
        takes("text: string, old: string, new: string"),
        types("string"),
        "The text with every occurrence of `old` replaced by `new`",
        (Example("replace('USPS_FIRST CLASS', ' ', '_')", "USPS_FIRST_CLASS"),),
        replace,
    ),
    Function(
        "split",
        takes("text: string, separator: string"),
        types("array"),
        "The parts of the text between the separators",
        (Example("split('fedex_GROUND', '_')", ["fedex", "GROUND"]), Example("split('', ',')", [""])),
        split,
    ),
    Function(
        "truncate",
        takes("text: string, length: integer"),
        types("string"),
        "The first `length` characters of the text",
        (Example("truncate('Lovelace', `4`)", "Love"),),
        truncate,
    ),
    Function(
        "pad_left",
        takes("text: string, length: integer, fill: string"),
        types("string"),
        "The text, filled at its start to `length` characters",
        (Example("pad_left(to_string(`2134`), `5`, '0')", "02134"),),
        pad_left,
    ),
    Function(
        "urlencode",
        takes("text: string"),
        types("string"),
        "The text percent-encoded as in RFC 3986: all characters except letters, digits and `-._~`",
        (Example("urlencode('a b/ü')", "a%20b%2F%C3%BC"),),
        urlencode,
    ),
    Function(
        "text",
        takes("value: any"),
        types("string | null"),
        "The text itself, or any other value as JSON; null for null, unlike `to_string`",
        (Example("text(`7`)", "7"), Example("text('7')", "7"), Example("text(missing)", None)),
        text_of,
    ),
    Function(
        "matches",
        takes("text: string, pattern: string"),
        types("boolean"),
        "Whether a part of the text matches the pattern, which is written out, and safe as in a schema: "
        "`^` and `$` are the ends of the text",
        (
            Example("matches('SHOP-1042', '^SHOP-[0-9]+$')", True),
            Example("matches('1042 B', '[0-9]$')", False),
            Example("matches(missing, '^a')", None),
        ),
        matches,
    ),
    Function(
        "uuid",
        takes("name: string | number, ..."),
        types("string"),
        "A UUID computed from the names: always the same for the same names in the same order",
        (
            Example("uuid('order', `1001`)", "671521ea-5de6-5c39-a95a-c236eaad045e"),
            Example("uuid('a', 'bc') == uuid('ab', 'c')", False),
        ),
        uuid,
    ),
    Function(
        "parse_json",
        takes("text: string"),
        types("any"),
        "The value of a text in JSON; null if it is not JSON",
        (Example("parse_json('{\"a\": [1]}')", {"a": [1]}), Example("parse_json('{a: 1}')", None)),
        parse_json,
    ),
)
