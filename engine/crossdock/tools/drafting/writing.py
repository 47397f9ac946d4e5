"""A draft as a mapping file: above each cell its source, the score, and other candidates.

# 0.90 lines[].article: `article` and `sku` both mean sku; the same type
#   0.41 lines[].no: …
sku: article
# TODO unit_tax, a number: no candidate fits well
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from crossdock.checking.type_kinds import in_words, kinds_of
from crossdock.tools.drafting.draft import Leaf, Node, leaves
from crossdock.tools.drafting.ranking import Candidate
from crossdock.tools.drafting.schema_fields import SchemaField

_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)
_PLAIN: Final = re.compile(r"[A-Za-z_\"].*")
_WIDEST: Final = 118


def mapping_text(nodes: tuple[Node, ...], source: str, target: str, *, modeline: str | None = None) -> str:
    """The whole file."""
    singles = list(leaves(nodes))
    done = f"{sum(map(_is_done, singles))} of {len(singles)} fields"
    lines = [f"# yaml-language-server: $schema={modeline}"] if modeline else []
    lines += [
        f"# A draft: {done} have a cell, the others are marked TODO. The comment above a cell",
        "# gives its score from 0 to 1, the reasons, and other candidates. Remove the comments as you go.",
        f"describe: A draft of {target} from {source}.",
        f"from: {source}",
        f"to: {target}",
        "",
        "map:",
    ]
    body = [line for node in nodes for line in _node(node, "  ")]
    if not any(line.strip() and not line.lstrip().startswith("#") for line in body):
        lines[-1] = "map: {}"
    text = re.sub(r"\n{3,}", "\n\n", "\n".join([*lines, *body]))
    return re.sub(r"(:|- \$each: .*)\n\n", r"\1\n", text).rstrip("\n") + "\n"


def _is_done(leaf: Leaf) -> bool:
    return leaf.fitting is not None or bool(leaf.constant)


def _node(node: Node, margin: str) -> Iterator[str]:
    if isinstance(node, Leaf):
        yield from _leaf(node, margin)
        return
    done = any(_is_done(leaf) for leaf in leaves(node.fields))
    if not done:
        yield from _todo(node.target, node.required, margin, "nothing is similar")
        return
    yield ""
    if node.source is not None:
        yield f"{margin}# {node.source.score:.2f} {node.source.text}: {'; '.join(node.source.reasons)}"
    yield f"{margin}{_key(node.target)}:"
    inner = margin + "  "
    if node.is_list:
        yield f"{inner}- $each: {scalar(node.over or '')}"
        inner += "  "
    elif node.over is not None:
        yield f"{inner}$with: {scalar(node.over)}"
    for field in node.fields:
        yield from _node(field, inner)
    yield ""


def _leaf(leaf: Leaf, margin: str) -> Iterator[str]:
    if leaf.constant:
        yield f"{margin}# the only value that is allowed"
        yield f"{margin}{_key(leaf.target)}: {{$const: {json.dumps(leaf.constant[0], ensure_ascii=False)}}}"
        return
    others = [each for each in leaf.candidates if each is not leaf.chosen][:3]
    if leaf.chosen is None or leaf.fitting is None:
        why = "no candidate fits well" if others else "nothing is similar"
        yield from _todo(leaf.target, leaf.required, margin, why)
        yield from (f"{margin}#   {_told(each, '', margin)}" for each in others)
        return
    yield f"{margin}# {_told(leaf.chosen, leaf.fitting.said, margin)}"
    yield from (f"{margin}#   {_told(each, '', margin)}" for each in others)
    if leaf.fitting.undecided:
        yield f"{margin}# TODO {leaf.target.name}: {leaf.fitting.undecided}"
    yield f"{margin}{_key(leaf.target)}: {scalar(leaf.fitting.expression)}"


def _told(each: Candidate, said: str, margin: str) -> str:
    reasons = "; ".join([*each.reasons, *([said] if said else [])])
    text = f"{each.score:.2f} {each.text}: {reasons}"
    most = _WIDEST - len(margin)
    return text if len(text) <= most else text[: most - 1] + "…"


def _todo(target: SchemaField, required: bool, margin: str, why: str) -> Iterator[str]:
    kind = in_words(kinds_of(target.shape.types))
    known = [value for value in target.shape.enum or target.shape.known_values or () if value is not None]
    listed = f", one of {', '.join(map(str, known[:8]))}" if known else ""
    must = ", required" if required else ""
    yield f"{margin}# TODO {target.name}, {kind}{listed}{must}: {why}"


def _key(target: SchemaField) -> str:
    return target.name if _PLAIN_KEY.fullmatch(target.name) else json.dumps(target.name, ensure_ascii=False)


def scalar(text: str) -> str:
    """An expression as a YAML scalar: plain where that is safe, else in quotes."""
    plain = _PLAIN.fullmatch(text) and not text.startswith('"') and ": " not in text and " #" not in text
    if plain and not text.endswith(":") and text not in ("true", "false", "null"):
        return text
    return json.dumps(text, ensure_ascii=False)
