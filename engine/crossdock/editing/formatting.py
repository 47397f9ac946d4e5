"""The layout of a file, as far as it can be changed without any change of what the file says.

White space at the ends of lines goes, and so do empty lines at the end of the file; the last line is ended.
Comments, quotes, the wrapping of text and the order of keys stay. A text that would mean anything else
afterwards is left as it is.
"""

from __future__ import annotations

from crossdock.checking.suppressions import suppressions_in
from crossdock.core.diagnostics import Source
from crossdock.core.errors import CompileError
from crossdock.core.yaml_reader import parse_yaml
from crossdock.editing.places import scalars


def formatted(source: Source) -> str:
    """The text of a file in its layout; the same text if it is not YAML, or would change its meaning."""
    end = "\r\n" if "\r\n" in source.text else "\n"
    lines = [line.rstrip(" \t\r") for line in source.text.split("\n")]
    text = end.join(lines).rstrip("\r\n") + end
    made = Source(source.name, text)
    return text if text != source.text and _meaning(made) == _meaning(source) is not None else source.text


def _meaning(source: Source) -> object:
    """What a file says: its keys and values, and what its comments allow. None if it is not YAML."""
    try:
        node = parse_yaml(source)
    except CompileError:
        return None
    values = [(place.keys, place.is_key, place.scalar.value, place.scalar.style) for place in scalars(node)]
    allowed = [(each.id, each.reason, each.lines) for each in suppressions_in(source)]
    return values, allowed
