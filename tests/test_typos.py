"""A typo in any line of the order mappings is found, with the caret under it.

In every line with an expression, each name of a property or function is changed by one letter to an unknown
name; then the mapping is compiled.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import pytest

from crossdock import CompileError, Project, Source, Span
from crossdock.core.yaml_reader import parse_yaml
from crossdock.language.expr import Expression, FunctionCall, Identifier, source_order
from crossdock.language.functions import REGISTRY
from crossdock.language.parser import parse_mapping
from crossdock.language.syntax import Cell, Each, Field, If, List, MappingFile, Object, Use, With, expressions
from crossdock.project.compiler import compile_mapping

MAPPINGS = ["kibo/order", "fabric/order", "fabric/order_create"]


def parsed(name: str, repository: Path) -> tuple[Source, MappingFile]:
    path = repository / "mappings" / f"{name}.yaml"
    source = Source(path.name, path.read_text(encoding="utf-8"))
    file, problems = parse_mapping(parse_yaml(source), Span(source, 0, 1))
    assert file is not None
    assert problems == []
    return source, file


def all_expressions(file: MappingFile) -> Iterator[Expression]:
    for cell in [file.cell, *(fragment.cell for fragment in file.fragments.values())]:
        yield from expressions(cell)
    for check in file.checks:
        yield check.condition
        if check.message is not None:
            yield check.message


def names(file: MappingFile) -> Iterator[tuple[Expression, str, Span]]:
    """Each name that is read or called, where it is written. Keys that an expression makes are its own."""
    for expression in all_expressions(file):
        for node in source_order(expression.node):
            if isinstance(node, Identifier | FunctionCall) and node.span is not None:
                yield expression, node.name, expression.scalar.part(*node.span)


def keys(file: MappingFile) -> Iterator[tuple[str, Span]]:
    """Each key that is written into the result, and each path that is ignored."""
    for cell in [file.cell, *(fragment.cell for fragment in file.fragments.values())]:
        yield from ((field.key, field.key_span) for field in fields(cell))
    yield from ((".".join(item.path), item.span) for item in file.ignored)


def fields(cell: Cell | Each) -> Iterator[Field]:
    match cell:
        case Object(inner) | Use(_, _, inner):
            for field in inner:
                yield field
                yield from fields(field.cell)
        case List(items):
            for item in items:
                yield from fields(item)
        case Each(_, cell) | With(_, cell) | If(_, cell):
            yield from fields(cell)


def misspelt(word: str, known: set[str]) -> str:
    """The word with one letter changed, so that it is unknown."""
    for position in range(len(word) - 1, -1, -1):
        for letter in "qxzwj":
            if (
                word[position].isalnum()
                and (changed := word[:position] + letter + word[position + 1 :]) not in known
            ):
                return changed
    raise AssertionError(word)


def found_where_planted(
    project: Project, name: str, source: Source, words: Sequence[tuple[Span, str]]
) -> set[Span]:
    """Plants words of the same length over these spans, all at once; gives the spans that were blamed."""
    text = source.text
    for span, word in words:
        text = text[: span.start] + word + text[span.end :]
    try:
        compile_mapping(name, Source(source.name, text), project)
    except CompileError as error:
        blamed = {(item.span.start, item.span.text) for item in error.diagnostics if item.span}
        return {span for span, word in words if (span.start, word) in blamed}
    return set()


def missed(project: Project, name: str, source: Source, words: Sequence[tuple[Span, str]]) -> set[Span]:
    """The spans whose typo is not found. What may hide behind another typo is planted again."""
    found = found_where_planted(project, name, source, words)
    rest = [pair for pair in words if pair[0] not in found]
    if found and rest:
        return missed(project, name, source, rest)
    if len(rest) > 1:
        middle = len(rest) // 2
        return missed(project, name, source, rest[:middle]) | missed(project, name, source, rest[middle:])
    return {span for span, _ in rest}


@pytest.fixture(scope="module")
def everything(repository: Path) -> Project:
    return Project([repository])


def known_words(file: MappingFile) -> set[str]:
    return {*REGISTRY, *(word for _, word, _ in names(file)), *(key for key, _ in keys(file))}


@pytest.mark.parametrize("name", MAPPINGS)
def test_a_typo_in_a_name_is_found_where_it_stands(name: str, repository: Path, everything: Project) -> None:
    source, file = parsed(name, repository)
    known = known_words(file)
    rounds: dict[int, list[tuple[Span, str]]] = {}
    for _, group in groupby(names(file), key=lambda found: found[0].text):
        for turn, (_, _, span) in enumerate(group):
            rounds.setdefault(turn, []).append((span, misspelt(span.text, known)))

    assert sum(map(len, rounds.values())) > 15
    assert set().union(*(missed(everything, name, source, words) for words in rounds.values())) == set()


@pytest.mark.parametrize("name", MAPPINGS)
def test_a_typo_in_a_key_is_found_where_it_stands(name: str, repository: Path, everything: Project) -> None:
    source, file = parsed(name, repository)
    known = known_words(file)
    words = [(span, misspelt(span.text, known)) for _, span in keys(file)]

    assert missed(everything, name, source, words) == set()


@pytest.mark.parametrize("name", MAPPINGS)
def test_without_a_typo_nothing_is_found(name: str, repository: Path, everything: Project) -> None:
    source, _ = parsed(name, repository)

    compile_mapping(name, source, everything)
