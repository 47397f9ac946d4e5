"""Diagrams as SVG, for readers that do not draw Mermaid: a conversation's calls, a mapping's fields.

A picture has its own background, follows the reader's choice of dark or light, and has a title and a
description with everything that it shows. It needs no script, no font and no other file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

from crossdock.tools.diagram import Diagram, Message, Note, Part, StepsFrame
from crossdock.tools.sequence import in_lines

_CHARACTER: Final = 7.3  # the width of one, in a font with a fixed width
_LINE: Final = 16
_STYLE: Final = """
    text { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #1f2328 }
    .over { stroke: #ffffff; stroke-width: 4px; paint-order: stroke }
    .page { fill: #ffffff } .box { fill: #f6f8fa; stroke: #59636e } .note { fill: #fff8c5; stroke: #9a6700 }
    .frame { fill: none; stroke: #818b98 } .life, .arrow { stroke: #59636e; fill: none }
    .head { fill: #59636e } .word { font-weight: bold } .back { stroke-dasharray: 5 4 }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc } .over { stroke: #0d1117 } .page { fill: #0d1117 }
      .box { fill: #151b23; stroke: #9198a1 }
      .note { fill: #272115; stroke: #d29922 } .frame { stroke: #656c76 }
      .life, .arrow { stroke: #9198a1 } .head { fill: #9198a1 }
    }"""

_HEAD: Final = (
    '<marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    '<path d="M0 0 8 4 0 8z" class="head"/></marker>'
)


@dataclass(slots=True)
class _Drawing:
    """Shapes in their order, the later ones above, and what they say in words."""

    width: float
    height: float = 0
    shapes: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def text(self, x: float, y: float, text: str, anchor: str = "start", kind: str = "over") -> None:
        """A text. One that is not in a box is readable over the lines that it crosses."""
        place = f'x="{x:g}" y="{y:g}" text-anchor="{anchor}" class="{kind}"'
        self.shapes.append(f"<text {place}>{_written(text)}</text>")

    def lines(
        self, x: float, y: float, lines: Iterable[str], anchor: str = "start", kind: str = "over"
    ) -> None:
        for number, line in enumerate(lines):
            self.text(x, y + number * _LINE, line, anchor, kind)

    def box(self, x: float, y: float, width: float, height: float, kind: str) -> None:
        size = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"'
        self.shapes.append(f'<rect {size} rx="3" class="{kind}"/>')

    def line(self, path: str, kind: str, *, arrow: bool = False) -> None:
        end = ' marker-end="url(#head)"' if arrow else ""
        self.shapes.append(f'<path d="{path}" class="{kind}"{end}/>')

    def picture(self, title: str) -> str:
        """The whole text of the file."""
        size = f'viewBox="0 0 {self.width:g} {self.height:g}" width="{self.width:g}" height="{self.height:g}"'
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title desc">',
                f'  <title id="title">{_written(title)}</title>',
                f'  <desc id="desc">{_written(". ".join(self.said))}</desc>',
                f"  <style>{_STYLE}\n  </style>",
                f"  <defs>{_HEAD}</defs>",
                f'  <rect width="{self.width:g}" height="{self.height:g}" class="page"/>',
                *(f"  {shape}" for shape in self.shapes),
                "</svg>",
            ]
        )


def _written(text: str) -> str:
    """A text as XML can have it: control characters are not allowed there, not even escaped."""
    return escape(
        "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text),
        quote=False,
    )


def _wide(lines: Iterable[str]) -> float:
    return max(map(len, lines), default=0) * _CHARACTER


# A conversation

_LIVES: Final = {"R": 90.0, "X": 340.0, "C": 850.0}
_WIDTH: Final = 960
_INSET: Final = 10


def drawn_sequence(diagram: Diagram) -> str:
    """A sequence diagram as SVG."""
    drawing = _Drawing(_WIDTH)
    names = dict(zip(_LIVES, diagram.lives, strict=True))
    below = _parts(drawing, diagram.parts, 70, 0, names)
    drawing.height = below + 20
    over, drawing.shapes = drawing.shapes, []
    for life, x in _LIVES.items():
        drawing.line(f"M{x:g} 44V{drawing.height - 10:g}", "life")
        width = max(80, _wide([names[life]]) + 20)
        drawing.box(x - width / 2, 16, width, 28, "box")
        drawing.text(x, 34, names[life], "middle", "in word")
    drawing.shapes += over
    return drawing.picture(diagram.title or " and ".join(diagram.lives))


def _parts(drawing: _Drawing, parts: Sequence[Part], y: float, depth: int, names: dict[str, str]) -> float:
    """Draw parts from a height on; the height below them."""
    for part in parts:
        match part:
            case Message():
                y = _message(drawing, part, y, names)
            case Note():
                y = _note(drawing, part, y)
            case StepsFrame():
                y = _frame(drawing, part, y, depth, names)
    return y


def _message(drawing: _Drawing, message: Message, y: float, names: dict[str, str]) -> float:
    start, end, lines = _LIVES[message.source], _LIVES[message.target], in_lines(message.text)
    kind = "arrow back" if message.dashed else "arrow"
    drawing.said.append(f"{names[message.source]} to {names[message.target]}: {' '.join(lines)}")
    if start == end:
        drawing.lines(start + 50, y + 8, lines)
        drawing.line(f"M{start:g} {y:g}h40v18h-40", kind, arrow=True)
        return y + max(34, len(lines) * _LINE + 14)
    drawing.lines((start + end) / 2, y, lines, "middle")
    y += (len(lines) - 1) * _LINE + 8
    drawing.line(f"M{start:g} {y:g}H{end:g}", kind, arrow=True)
    return y + 26


def _note(drawing: _Drawing, note: Note, y: float) -> float:
    lines, x = in_lines(note.text), _LIVES["X"]
    width, height = _wide(lines) + 20, len(lines) * _LINE + 10
    drawing.said.append(" ".join(lines))
    drawing.box(x - width / 2, y - 12, width, height, "note")
    drawing.lines(x, y + 5, lines, "middle", "in")
    return y + height + 12


def _frame(drawing: _Drawing, frame: StepsFrame, y: float, depth: int, names: dict[str, str]) -> float:
    """A frame: the title in its head, and a line above what is done otherwise."""
    left, top, lines = 12.0 + _INSET * depth, y - 12, in_lines(frame.title, 100)
    drawing.said.append(f"{frame.word} {' '.join(lines)}: begin")
    drawing.text(left + 8, y + 4, frame.word, kind="over word")
    drawing.lines(left + 20 + len(frame.word) * _CHARACTER, y + 4, lines)
    y = _parts(drawing, frame.parts, y + len(lines) * _LINE + 20, depth + 1, names)
    if frame.otherwise:
        drawing.said.append("else")
        drawing.line(f"M{left:g} {y - 10:g}H{_WIDTH - left:g}", "frame back")
        drawing.text(left + 8, y + 6, "else", kind="over word")
        y = _parts(drawing, frame.otherwise, y + 32, depth + 1, names)
    drawing.said.append("end")
    drawing.box(left, top, _WIDTH - 2 * left, y - top - 6, "frame")
    return y + 16


# The fields of a mapping

Arrow = tuple[str, str, bool]
"""A source, a target, and whether the source only decides."""


def drawn_lineage(arrows: Sequence[Arrow], title: str) -> str:
    """Which fields each field of a result is made of, as SVG: the sources are on the left."""
    sources = list(dict.fromkeys(source for source, _, _ in arrows))
    targets = list(dict.fromkeys(target for _, target, _ in arrows))
    left, right = _wide(sources) + 20, _wide(targets) + 20
    middle = 20 + left + 160
    drawing = _Drawing(middle + right + 20)
    drawing.height = 40 + max(len(sources), len(targets), 1) * 30
    rows = _rows(sources, drawing.height), _rows(targets, drawing.height)
    for source, target, decides in arrows:
        start, end, here = 20 + left, middle, rows[0][source]
        curve = f"M{start:g} {here:g}C{start + 80:g} {here:g} {end - 80:g} {rows[1][target]:g}"
        kind = "arrow back" if decides else "arrow"
        drawing.line(f"{curve} {end:g} {rows[1][target]:g}", kind, arrow=True)
        drawing.said.append(f"{target} is {'decided by' if decides else 'made of'} {source}")
    for x, width, column in ((20.0, left, rows[0]), (middle, right, rows[1])):
        for name, y in column.items():
            drawing.box(x, y - 12, width, 24, "box")
            drawing.text(x + 10, y + 4, name, kind="in")
    return drawing.picture(title)


def _rows(names: Sequence[str], height: float) -> dict[str, float]:
    """The heights of the names of a column, evenly spread."""
    step = (height - 20) / max(1, len(names))
    return {name: 10 + step * (number + 0.5) for number, name in enumerate(names)}
