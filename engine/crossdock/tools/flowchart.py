"""Where the fields of a result come from, as a Mermaid flowchart: the sources are on the left.

    flowchart LR
        s0["number"] --> t0["order_number"]
        s1["status"] -.-> t1["lines"]

A solid arrow is a value that is taken, a dotted one a value that decides. A field that is computed from
nothing has no arrow, and is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from crossdock.checking.lineage import lineage
from crossdock.language.syntax import LinkedMapping
from crossdock.tools.sequence import label

_WHOLE: Final = "the whole"


def flowchart(mapping: LinkedMapping) -> str:
    """The flowchart of a mapping, without a Markdown fence."""
    return "\n".join(["flowchart LR", *(f"    {line}" for line in _lines(mapping))])


def arrows_of(mapping: LinkedMapping) -> Iterator[tuple[str, str, bool]]:
    """The arrows: a source, a field of the result, and whether the source only decides."""
    for link in lineage(mapping):
        target = link.target or _WHOLE
        yield from ((source or _WHOLE, target, False) for source in link.sources)
        because_of = (source for source in link.because_of if source not in link.sources)
        yield from ((source or _WHOLE, target, True) for source in because_of)


def _lines(mapping: LinkedMapping) -> Iterator[str]:
    sources, targets = dict[str, str](), dict[str, str]()
    for source, target, decides in arrows_of(mapping):
        left = _node(sources, "s", source)
        yield f"{left} {'-.->' if decides else '-->'} {_node(targets, 't', target)}"


def _node(known: dict[str, str], letter: str, name: str) -> str:
    """A node: with its text where it occurs first, by its id alone afterwards."""
    if name in known:
        return known[name]
    known[name] = id = f"{letter}{len(known)}"
    return f'{id}["{label(name)}"]'
