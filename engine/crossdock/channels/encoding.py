"""Queries and forms as text: objects of scalars and lists -> pairs -> percent-encoded.

pairs({"tag": ["a", "b"]})                   # tag=a, tag=b
pairs({"tag": ["a", "b"]}, brackets=True)    # tag[]=a, tag[]=b
pairs({"item": [{"sku": "A"}]}, brackets=True)    # item[0][sku]=A
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as MappingType
from typing import Final
from urllib.parse import quote, quote_plus

from crossdock.core.json_types import JSON

LIST_STYLES: Final = ("repeat", "brackets")


class NotEncodable(Exception):  # noqa: N818 (it never leaves this package)
    """A value inside of another has no place in a query or form whose lists are repeated names."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def pairs(fields: MappingType[str, JSON], *, brackets: bool = False) -> Iterator[tuple[str, str]]:
    """The names and texts of an object, in order. Null is left out, also in a list.

    A list repeats its name. With ``brackets`` its name ends in `[]`, and what is in an object, or in a list
    of lists or objects, is named by its way there. Raises NotEncodable for such a value without them.
    """
    for name, value in fields.items():
        yield from _parts(name, value, brackets)


def _parts(name: str, value: JSON, brackets: bool) -> Iterator[tuple[str, str]]:
    match value:
        case None:
            pass
        case list():
            for position, item in enumerate(value):
                if not isinstance(item, list | dict):
                    yield from _parts(f"{name}[]" if brackets else name, item, brackets)
                elif brackets:
                    yield from _parts(f"{name}[{position}]", item, brackets)
                else:
                    raise NotEncodable(name)
        case dict():
            if not brackets:
                raise NotEncodable(name)
            for key, item in value.items():
                yield from _parts(f"{name}[{key}]", item, brackets)
        case bool():
            yield name, str(value).lower()
        case _:
            yield name, str(value)


def encoded_query(query: Iterable[tuple[str, str]]) -> str:
    """A query with every character percent-encoded that has a meaning in a URL; a space is `%20`."""
    return "&".join(f"{quote(name, safe='')}={quote(text, safe='')}" for name, text in query)


def encoded_form(form: Iterable[tuple[str, str]]) -> str:
    """A form as browsers send it (WHATWG URL, 5.2): a space is `+`; letters, digits and `*-._` stay."""
    return "&".join(f"{_form_text(name)}={_form_text(text)}" for name, text in form)


def _form_text(text: str) -> str:
    return quote_plus(text, safe="*").replace("~", "%7E")
