"""Which phrases of the pages, messages, comments and mappings are not plain English: `make lint` runs it.

    python scripts/english.py

Each rule is a phrase that is vague or old-fashioned, and what to write instead. Pages and mappings are read
by lines; of modules, the texts (messages, help, docstrings) and the comments. codespell finds misspellings.
"""

from __future__ import annotations

import ast
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
READ = (
    "*.md",
    "docs/**/*.md",
    "benchmarks/README.md",
    "mappings/**/*.yaml",
    "engine/**/*.py",
    "scripts/*.py",
)
RULES = {
    r"\b(nobody|whoever|anybody|somebody)\b": "name the role: the user, the author, the sender, the caller",
    r"\b(held|holds?|holding) (\w+ ){0,4}against\b": "validate against, compare with",
    r"\b(the|a) (careful|quick) way\b|\bway at speed\b": "the normal path, the fast path",
    r"\bvouch": "untrusted",
    r"(?<!there )\b(is|are) no (?!longer|more|less|larger|smaller|better|worse)\w+": "is not a",
    r"\b(is|are|was|were|be) (said|told)\b": "is reported, is shown, gets",
    r"\b(stands?|standing|stood)\b(?! for\b|-in)": "is, is written, occurs",
    r"\b(whence|thereof|hereby|whomever|shall|upon)\b": "the plain word",
}


def offences(text: str) -> list[str]:
    """What a text says and what to say instead, one sentence for each phrase."""
    return [
        f"{match[0]!r}: {better}"
        for pattern, better in RULES.items()
        for match in re.finditer(pattern, " ".join(text.split()), re.IGNORECASE)
    ]


def files() -> list[Path]:
    """The files that are read, without this one, which has the phrases."""
    found = {path for pattern in READ for path in ROOT.glob(pattern)}
    return sorted(found - {Path(__file__).resolve()})


def texts_of(path: Path) -> Iterator[tuple[int, str]]:
    """The texts of a file that people read, with their lines."""
    if path.suffix != ".py":
        yield from enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string


def main() -> None:
    found = [
        f"{path.relative_to(ROOT).as_posix()}:{line}: {each}"
        for path in files()
        for line, text in texts_of(path)
        for each in offences(text)
    ]
    for each in found:
        print(each)  # noqa: T201
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
