r"""The regular expressions that a schema may use: those that no string can make slow.

A backtracking matcher becomes slow if two repeats can match the same text: in ``\d*\d*$`` each digit may
belong to the first or to the second. If a character that neither can match separates them, as in
``\d+(\.\d*)?$``, there is only one way to match. So a pattern is parsed into elements, each with the
characters that it can match, and two repeats without a separator between them are refused.

    1. parse        \d+(\.\d*)?$     a tree of character sets and groups, each with its repeats
    2. flatten      [\d+] [(…)?] [\.] [\d*]     elements in a row, as a matcher passes them
    3. compare      \d+ and \d* share digits, but ``\.`` is always between them: one way

The analysis may refuse a harmless pattern, because it compares sets of characters and not strings. It must
not accept a slow one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations
from math import inf, prod
from typing import Final
from warnings import catch_warnings

from crossdock.core.limits import PATTERN_CHARACTERS, PATTERN_ELEMENTS, PATTERN_STEPS, PATTERN_WAYS
from crossdock.core.once import MAKING
from crossdock.schema.pattern_syntax import WHITE_SPACE, in_python

# Up to so many turns of a group are written out one by one, and compared exactly. More count as unbounded.
_MOST_REPEATS: Final = 9

_TOKEN = re.compile(
    r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|0[0-7]{0,2}|.)|\[\^?\]?(?:\\.|[^\]\\])*\]"
    r"|\(\?(?:[:=!]|<[=!]|P?<\w+>)|[()|]|[*+?][?+]?|\{(\d*)(,?)(\d*)\}[?+]?|.",
    re.DOTALL,
)
# Assertions match no character, so they neither share a text nor separate.
_BETWEEN: Final = frozenset({"^", "$", "\\b", "\\B", "\\A", "\\Z"})
_STRANGER: Final = "é"  # stands for every character outside of ASCII that the pattern does not name


@cache
def unsafe(pattern: str) -> str | None:
    """Why a pattern is refused: it is too long, is wrong, or can be made slow by a hostile text."""
    if len(pattern) > PATTERN_CHARACTERS:
        return f"is longer than {PATTERN_CHARACTERS} characters"
    try:
        # The filters of warnings are global, so only one thread at a time may change them.
        with MAKING, catch_warnings(action="error", category=FutureWarning):
            re.compile(pattern)
    except FutureWarning:
        return "has a character in a class that needs a backslash before it"
    except (re.error, OverflowError, RecursionError):
        return "is not a regular expression of Python"
    # What a back reference matches depends on the text, so it has no set of characters.
    if re.search(r"(?<!\\)(?:\\\\)*(?:\\[1-9]|\(\?P=|\(\?\()", pattern):
        return "refers back to a group"
    try:
        _ways_through(pattern)
    except _RefusedError as refused:
        return str(refused)
    return None


@cache
def longest_tried(pattern: str) -> float:
    """The most characters of a text that this pattern is tried on, so that a search stays below 20 ms.

    The pattern must be one that ``unsafe`` accepts.
    """
    ways, repeats = _ways_through(pattern)
    # A search takes up to ways * length ** powers steps: an unanchored one starts at every character, and an
    # unbounded repeat gives back its characters one by one. PATTERN_STEPS take about 20 ms.
    starts = 0 if pattern.startswith("^") and "|" not in pattern else 1
    powers = starts + repeats
    once = powers == 0 or (powers == 1 and ways == 1)  # no longer than reading the text takes
    return inf if once else float((PATTERN_STEPS / ways) ** (1 / powers))


class _RefusedError(Exception):
    """A pattern is refused, for this reason."""


# --- the pattern as a tree


@dataclass(frozen=True, slots=True)
class _Chars:
    """One character, some times over."""

    chars: frozenset[str]
    least: int = 1
    most: float = 1


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """Alternatives, some times over."""

    branches: tuple[tuple[_Part, ...], ...]
    least: int = 1
    most: float = 1


_Part = _Chars | _Group


class _PatternParser:
    """Reads a pattern that compiles, from left to right."""

    def __init__(self, pattern: str) -> None:
        self.tokens = list(_TOKEN.finditer(pattern))
        self.at = 0
        # Sets are compared over a finite alphabet. It needs ASCII and white space for the classes, every
        # character that the pattern names, and one that stands for the rest.
        named = {chr(int(code, 16)) for code in re.findall(r"\\[ux]([0-9a-fA-F]{2,4})", pattern)}
        self.alphabet = {*map(chr, range(128)), *WHITE_SPACE, *pattern, *named, _STRANGER}

    def alternatives(self) -> _Group:
        """Up to the bracket that closes, or the end."""
        branches: list[list[_Part]] = [[]]
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            self.at += 1
            if token[0] == ")":
                break
            if token[0] == "|":
                branches.append([])
            elif token[0].startswith("("):
                # `(?i)` and its like change what every other token matches.
                if self.at < len(self.tokens) and token[0] == "(" and self.tokens[self.at][0][0] == "?":
                    raise _RefusedError("changes how it is read")
                branches[-1].append(self.alternatives())
            elif token[0][0] in "*+?" or token[1] is not None:
                branches[-1][-1:] = [_repeated(part, token) for part in branches[-1][-1:]]
            elif token[0] not in _BETWEEN:
                branches[-1].append(_Chars(self.chars(token[0])))
        return _Group(tuple(map(tuple, branches)))

    def chars(self, written: str) -> frozenset[str]:
        """The characters that a token such as ``\\d`` or ``[a-z]`` matches, as the matcher itself says."""
        token = in_python(written) if len(written) > 1 or written == "." else re.escape(written)
        one = re.compile(token, re.ASCII)
        return frozenset(char for char in self.alphabet if one.fullmatch(char))


def _repeated(part: _Part, token: re.Match[str]) -> _Part:
    if token[1] is None:
        least, most = {"*": (0, inf), "+": (1, inf), "?": (0, 1)}[token[0][0]]
    else:
        least = int(token[1] or 0)
        most = float(token[3] or (inf if token[2] else least))
    # In `(a+)*` a row of letters is cut into turns in exponentially many ways.
    if isinstance(part, _Group) and most > _MOST_REPEATS and _varies(part):
        raise _RefusedError("repeats a part that is itself repeated or a choice")
    return replace(part, least=least, most=most)


def _varies(part: _Part) -> bool:
    """Whether one turn of a part can match texts of several lengths or along several branches."""
    if part.least != part.most or part.most > _MOST_REPEATS:
        return True
    return isinstance(part, _Group) and (
        len(part.branches) > 1 or any(_varies(inner) for inner in part.branches[0])
    )


# --- the tree as elements in a row


@dataclass(frozen=True, slots=True, eq=False)
class _Element:
    """A repeat or choice, which can match in several ways, or a part that separates two of them.

    ``ways`` counts its lengths and branches. ``alone`` is the number of ways in which it matches one text by
    itself: 1 for ``a*``, more for ``(a|a)``. ``parts`` are sets of characters: each turn has one of each.
    ``sure``: it cannot be left out. ``inside``: the groups around it, each with the branch that contains it.
    """

    chars: frozenset[str]
    parts: tuple[frozenset[str], ...]
    ways: float
    sure: bool
    inside: tuple[tuple[_Group, int], ...]
    group: _Group | None = None
    alone: float = 1


_Inside = tuple[tuple[_Group, int], ...]


def _flat(part: _Part, inside: _Inside) -> Iterator[_Element]:
    """A part as elements, what is repeated a few times as often as it can be."""
    if isinstance(part, _Chars):
        yield _Element(part.chars, (part.chars,), _ways(part), part.least > 0, inside)
        return
    if part.most > _MOST_REPEATS:
        yield _whole(part, inside)
        return
    # A group of a few turns is written out. Each turn is an element for its own choice, whether it is there
    # and along which branch, and then the elements in it.
    for turn in range(int(part.most)):
        # Each turn is a group of its own: elements of two turns do follow each other, those of two branches
        # of one turn do not.
        once = _Group(part.branches, int(turn < part.least), 1)
        # The number of turns is one choice, not one for each turn: it counts with the first.
        ways = len(part.branches) * (1 if turn else part.most - part.least + 1)
        if ways > 1:
            yield replace(_whole(once, inside), ways=ways, alone=ways if _doubtful(part) else 1)
        for branch, parts in enumerate(once.branches):
            for inner in parts:
                yield from _counted(_flat(inner, (*inside, (once, branch))))


def _counted(elements: Iterator[_Element]) -> Iterator[_Element]:
    for count, element in enumerate(elements):
        if count > PATTERN_ELEMENTS:
            raise _RefusedError("repeats too much")
        yield element


def _whole(group: _Group, inside: _Inside) -> _Element:
    """A group as one element."""
    inner = [_chars(part) for branch in group.branches for part in branch]
    # With one branch, every turn passes all that cannot be left out.
    sure = [part for part in group.branches[0] if part.least > 0] if len(group.branches) == 1 else []
    parts = tuple(part.chars for part in sure if isinstance(part, _Chars))
    chars = frozenset[str]().union(*inner)
    return _Element(chars, parts, _ways(group), group.least > 0, inside, group)


def _doubtful(group: _Group) -> bool:
    """Whether a group may match one text in two ways by itself.

    That is so if two branches share a character, or if a turn may be empty, as then no turn is another way.
    """
    met: set[str] = set()
    for branch in group.branches:
        chars = frozenset[str]().union(*map(_chars, branch))
        if chars & met or all(_may_be_empty(part) for part in branch):
            return True
        met |= chars
    return False


def _may_be_empty(part: _Part) -> bool:
    """Whether a part can match the empty text."""
    if isinstance(part, _Chars) or part.least == 0:
        return part.least == 0
    return any(all(map(_may_be_empty, branch)) for branch in part.branches)


def _chars(part: _Part) -> frozenset[str]:
    """The characters that can occur in what a part matches."""
    if isinstance(part, _Chars):
        return part.chars
    return frozenset[str]().union(*(_chars(inner) for branch in part.branches for inner in branch))


def _ways(part: _Part) -> float:
    """The numbers of turns times the branches; infinite for an unbounded repeat."""
    branches = len(part.branches) if isinstance(part, _Group) else 1
    return inf if part.most > _MOST_REPEATS else branches * (part.most - part.least + 1)


# --- the elements that can share a text: one may take more of it and another one less


def _ways_through(pattern: str) -> tuple[float, bool]:
    """In how many ways one text can be matched at most, and whether a repeat has no bound."""
    elements = list(_counted(_flat(_PatternParser(pattern).alternatives(), ())))
    several = [index for index, element in enumerate(elements) if element.ways > 1]
    total = 1.0
    for indexes in _sharing(elements, several):
        # Two unbounded repeats divide a text of n characters in n ways, and the matcher tries them all.
        ways = [elements[index].ways for index in indexes]
        if ways.count(inf) > 1:
            raise _RefusedError(
                "has two repeats that can match the same text, with nothing between them to separate it"
            )
        # A bounded element multiplies the ways of those it shares with. An element that shares with none
        # matches in one way, unless it is ambiguous by itself.
        total *= prod(each for each in ways if each < inf) if len(ways) > 1 else elements[indexes[0]].alone
    if total > PATTERN_WAYS:
        raise _RefusedError("can match the same text in too many ways")
    return total, any(element.ways == inf for element in elements)


def _sharing(elements: Sequence[_Element], several: Sequence[int]) -> Iterator[list[int]]:
    """The elements that can be matched in several ways, grouped: those of a group can share one text.

    Sharing is taken as transitive, which can only count too many ways.
    """
    together = {index: [index] for index in several}
    for first, second in combinations(several, 2):
        one, other = together[first], together[second]
        if one is not other and _overlap(elements, first, second):
            one += other
            together.update(dict.fromkeys(other, one))
    yield from {id(indexes): indexes for indexes in together.values()}.values()


def _overlap(elements: Sequence[_Element], first: int, second: int) -> bool:
    """Whether one text can belong to either of two elements, with no separator between them."""
    one, other = elements[first], elements[second]
    if _apart(one, other):
        return False
    # A turn that must have a character that the other element lacks cannot be passed from one to the other.
    common = one.chars & other.chars
    turns = (*one.parts, *other.parts)
    if not common or not all(part & common for part in turns):
        return False
    # What is always between them separates, if one of its characters is not common to both.
    between = (each for each in elements[first + 1 : second] if _on_the_way(each, one, other))
    return all(part & common for each in between for part in each.parts)


def _apart(one: _Element, other: _Element) -> bool:
    """Whether the two never follow each other: one is inside the other, or they are in different branches."""
    if any(group is one.group for group, _ in other.inside):
        return True
    return any(
        group is same and branch != another for group, branch in one.inside for same, another in other.inside
    )


def _on_the_way(each: _Element, one: _Element, other: _Element) -> bool:
    """Whether a match that passes two elements always passes a third one between them.

    It does if that one cannot be left out, and if each group around it is one that also holds one of the two
    on the same branch, or one that cannot be left out and has no other branch. A group around one of the two
    is not between them, although it comes first in the row.
    """
    around = (group for group, _ in (*one.inside, *other.inside))
    return (
        each.sure
        and all(
            (group, branch) in one.inside
            or (group, branch) in other.inside
            or (group.least > 0 and len(group.branches) == 1)
            for group, branch in each.inside
        )
        and not any(group is each.group for group in around)
    )
