"""Answers the questions of the page, each by one function of the engine.

project     every file with its examples            file        the text of a file, and its digest
check       what is wrong in a file                 evaluate    a mapping and a payload
converse    a conversation and answers
about       the type and the ways of a place        sheet       a file as tables
coverage    what no example tries                   examples    whether examples match their snapshots
complete    what may be written at a position       hover       what is known of a name
fixes       what to do about a finding              request     a request of the gateway's journal
save        write a file
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeAlias

from crossdock.core.json_types import JSON
from crossdock.core.version import __version__
from crossdock.editing.positions import Position
from crossdock.project.examples import settings_beside
from crossdock.project.project import Project
from crossdock.studio.conversation import Exchange, conversed
from crossdock.studio.coverage import compared_examples, coverage_data
from crossdock.studio.evaluation import Question, evaluated
from crossdock.studio.files import OpenFile, RefusedError, StudioFiles
from crossdock.studio.language import EditorLanguage
from crossdock.studio.places import diagnostics_data
from crossdock.studio.questions import about_source, about_target
from crossdock.studio.tables import sheet_data

Answer: TypeAlias = "Callable[[PageQuestion], JSON]"

if TYPE_CHECKING:
    from crossdock.studio.traffic import Traffic


@dataclass(frozen=True, slots=True)
class PageQuestion:
    """A question: an object whose keys have the types that an answer expects. Raises RefusedError."""

    data: dict[str, JSON]

    def text(self, key: str, default: str | None = None) -> str:
        value = self.data.get(key, default)
        if not isinstance(value, str):
            raise RefusedError(f"`{key}` is a text")
        return _encodable(value)

    def flag(self, key: str) -> bool:
        return self.data.get(key) is True

    def position(self, first: str = "line", second: str = "column") -> tuple[int, int]:
        """A line and a column, both from 0."""
        line, column = self.data.get(first), self.data.get(second)
        if type(line) is not int or type(column) is not int or line < 0 or column < 0:
            raise RefusedError(f"`{first}` and `{second}` are whole numbers")
        return line, column

    def texts(self, key: str) -> list[str]:
        value = self.data.get(key)
        if not isinstance(value, list):
            raise RefusedError(f"`{key}` is a list of texts")
        return [_encodable(item) for item in value if isinstance(item, str)]

    def unsaved(self) -> dict[str, str]:
        """The texts that are not saved, by the paths of their files."""
        value = self.data.get("unsaved", {})
        if not isinstance(value, dict):
            raise RefusedError("`unsaved` is an object of texts")
        return {path: _encodable(text) for path, text in value.items() if isinstance(text, str)}


def _encodable(text: str) -> str:
    """A text that is UTF-8. JavaScript can have half of a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise RefusedError("a text has half of a character (a lone surrogate)") from None
    return text


class Answers:
    """The answers about one project."""

    def __init__(self, files: StudioFiles, traffic: Traffic | None = None) -> None:
        self.files = files
        self.traffic = traffic
        self.language = EditorLanguage(files)

    def by_name(self) -> Iterator[tuple[str, Answer]]:
        yield "project", self.project
        yield "file", self.file
        yield "check", self.check
        yield "evaluate", self.evaluate
        yield "converse", self.converse
        yield "about", self.about
        yield "sheet", self.sheet
        yield "coverage", self.coverage
        yield "examples", self.examples
        yield "complete", self.complete
        yield "hover", self.hover
        yield "fixes", self.fixes
        yield "request", self.request
        yield "save", self.save

    def project(self, _asked: PageQuestion) -> JSON:
        space = self.files
        return {
            "name": space.name,
            "version": __version__,
            "writable": space.writable,
            "traffic": self.traffic is not None,
            "files": space.listing(),
        }

    def file(self, asked: PageQuestion) -> JSON:
        return _opened(self.files.read(asked.text("path")))

    def save(self, asked: PageQuestion) -> JSON:
        digest = asked.text("digest") if asked.data.get("digest") is not None else None
        return _opened(self.files.save(asked.text("path"), asked.text("text"), digest))

    def check(self, asked: PageQuestion) -> JSON:
        return {"diagnostics": diagnostics_data(self._project(asked).check([asked.text("name")]))}

    def evaluate(self, asked: PageQuestion) -> JSON:
        example = asked.text("example", "")
        return evaluated(
            self._project(asked),
            Question(
                asked.text("name"),
                asked.text("payload"),
                example or "payload",
                self._settings(example),
                self._snapshot(example),
                asked.flag("revealed"),
            ),
        )

    def converse(self, asked: PageQuestion) -> JSON:
        example = asked.text("example", "")
        return conversed(
            self._project(asked),
            Exchange(
                asked.text("name"),
                asked.text("request"),
                asked.text("answers"),
                example or "request",
                asked.text("answers_name", "answers"),
                self._settings(example),
                asked.flag("revealed"),
            ),
        )

    def about(self, asked: PageQuestion) -> JSON:
        mapping = self._project(asked).mapping(asked.text("name")).linked
        about = about_target if asked.text("side") == "target" else about_source
        return about(mapping, asked.text("pointer"))

    def sheet(self, asked: PageQuestion) -> JSON:
        return sheet_data(self._project(asked), asked.text("name"))

    def coverage(self, asked: PageQuestion) -> JSON:
        return coverage_data(self._project(asked), asked.text("name"))

    def examples(self, asked: PageQuestion) -> JSON:
        return compared_examples(self._project(asked), asked.text("name"), asked.texts("examples"))

    def complete(self, asked: PageQuestion) -> JSON:
        return self.language.complete(asked.unsaved(), asked.text("path"), *asked.position())

    def hover(self, asked: PageQuestion) -> JSON:
        return self.language.hover(asked.unsaved(), asked.text("path"), *asked.position())

    def fixes(self, asked: PageQuestion) -> JSON:
        start, end = Position(*asked.position()), Position(*asked.position("end_line", "end_column"))
        return self.language.fixes(asked.unsaved(), asked.text("path"), start, end)

    def request(self, asked: PageQuestion) -> JSON:
        id = asked.data.get("id")
        if self.traffic is None or type(id) is not int:
            raise RefusedError("start the studio with --journal to see requests")
        return self.traffic.request(id, self._project(asked), revealed=asked.flag("revealed"))

    def _project(self, asked: PageQuestion) -> Project:
        return self.files.project(asked.unsaved())

    def _settings(self, example: str) -> dict[str, str]:
        """The settings beside an example. Raises RefusedError and CompileError."""
        file = self._example(example)
        return {} if file is None else settings_beside(file, f"{PurePosixPath(example).stem}.settings.yaml")

    def _snapshot(self, example: str) -> Path | None:
        file = self._example(example)
        if file is None:
            return None
        folder = next(root for root in self.files.roots if file.is_relative_to(root))
        return folder / "snapshots" / file.relative_to(folder / "examples")

    def _example(self, example: str) -> Path | None:
        """The file of an example by its path. Raises RefusedError."""
        return self.files.file(example) if example else None


def _opened(file: OpenFile) -> JSON:
    return {"path": file.path, "text": file.text, "digest": file.digest, "writable": file.writable}
