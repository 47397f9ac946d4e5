"""Generated files over generated schemas: mappings, mappings that use each other, and conversations.

    files = Files(project, node, Random(7))
    files.mapping()         # one that checks clean, or None
    files.conversation()

Everything is compiled in memory, and each is tried with payloads that fit the schema. Whether a file is
right is what the check says; a test asks whether it keeps what the check says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random

from conftest import MakeProject
from crossdock import CompileError, Diagnostic, Project, Source
from crossdock.channels.compiler import compile_conversation, compile_shared
from crossdock.channels.dialects import bound
from crossdock.channels.messages import Answer, Call
from crossdock.channels.runner import run_conversation
from crossdock.channels.steps import AdaptTask, Conversation
from crossdock.core.errors import CrossdockError
from crossdock.core.json_types import JSON, Missing
from crossdock.execution.runner import Mapping as Compiled
from crossdock.language.syntax import LinkedMapping
from crossdock.project.compiler import compile_mapping
from crossdock.schema.validator import validate
from soundness_cases import (
    TABLE,
    TARGET,
    Node,
    Writer,
    object_schema,
    part,
    quoted,
    source,
    value,
)
from soundness_steps import ADAPTED, ConversationWriter

PAYLOADS = 25
# What reads all properties of an object reads those too that no schema documents.
READS_ALL = re.compile(r"values\(|entries\(|\.\*")


CHANNEL = "answers: {gone: status == `404`}\nerrors: made/error\n"
OTHER = ("retailops/other.request", "retailops/other.response")


def schemas(chance: Random) -> dict[str, Node]:
    """The schemas of one world: a payload, what is made of it, a row of that, a channel's answer and error.

    A row is also the request of another action, and its response.
    """
    answer, error = object_schema(chance, 2), object_schema(chance, 1)
    row = part(part(TARGET, "$defs"), "row")
    return {"source": source(chance), "target": TARGET, "row": row, "answer": answer, "error": error}


class Around(Project):
    """A project in which the files that a file uses are texts, by the names that it gives them."""

    def __init__(self, project: Project, texts: Mapping[str, str]) -> None:
        super().__init__(project.roots)
        self.schemas = project.schemas  # they are read and closed once
        self.channel_of = project.channel_of  # type: ignore[method-assign]
        self.texts = texts
        self.compiled: dict[str, Compiled | Conversation] = {}

    def clean(self) -> bool:
        """Whether all files that were used have no findings."""
        return all(not each.findings for each in self.compiled.values())

    def used_mapping(self, name: str, user: str) -> LinkedMapping:
        assert user
        if name not in self.compiled:
            text = Source(name, self.texts[name])
            self.compiled[name] = compile_mapping(f"made/{name[2:]}", text, self)
        made = self.compiled[name]
        assert isinstance(made, Compiled)
        return made.linked

    def used_steps(self, name: str, user: str) -> Conversation:
        assert user
        if name not in self.compiled:
            text = Source(name, self.texts[name])
            self.compiled[name] = compile_shared(f"made/{name[3:]}", text, self)
        made = self.compiled[name]
        assert isinstance(made, Conversation)
        return made

    def adaptable(self, user: str) -> list[str]:
        return [ADAPTED] if user else []

    def is_dialect(self, name: str) -> bool:
        return not name

    def adapted(self, task: AdaptTask) -> Conversation:
        """The conversation that a step with `adapts` runs."""
        name = task.action
        if name not in self.compiled:
            self.compiled[name] = self.conversation_of(name, self.texts[name])
        made = self.compiled[name]
        assert isinstance(made, Conversation)
        return made

    def conversation_of(self, action: str, text: str) -> Conversation:
        """A conversation with those that it adapts. Raises CompileError."""
        name = f"made/{action}/conversation"
        return bound(compile_conversation(name, Source(f"{action}.yaml", text), self), self.adapted)


@dataclass(slots=True)
class Files:
    """The files of one world, and the payloads that are tried on them."""

    project: Project
    nodes: dict[str, Node]
    chance: Random
    text: str = ""  # of the last file, and of those that it uses
    known: dict[bool, list[JSON]] = field(default_factory=dict)
    kept: list[dict[str, str]] = field(default_factory=list)  # actions to adapt, which check clean
    said: dict[str, list[JSON]] = field(default_factory=dict)

    @classmethod
    def made(cls, make: MakeProject, seed: int) -> Files:
        chance = Random(seed)
        nodes = schemas(chance)
        texts = {f"schemas/made/{name}.schema.json": json.dumps(node) for name, node in nodes.items()}
        texts |= {f"schemas/{name}.schema.json": json.dumps(nodes["row"]) for name in OTHER}
        return cls(make({**texts, "mappings/made/channel.yaml": CHANNEL}), nodes, chance)

    # Payloads

    def payloads(self) -> list[JSON]:
        """Payloads for the last file; with undocumented properties only if nothing reads all of an object."""
        extras = READS_ALL.search(self.text) is None
        if extras not in self.known:
            self.known[extras] = self.fitting("source", extras=extras)
        return self.known[extras]

    def answer(self, name: str) -> JSON:
        """What the channel answers: a value that fits a schema."""
        if name not in self.said:
            self.said[name] = self.fitting(name, extras=False) or [None]
        return self.chance.choice(self.said[name])

    def fitting(self, name: str, *, extras: bool) -> list[JSON]:
        schema, found = self.project.schema(f"made/{name}"), list[JSON]()
        for _ in range(3 * PAYLOADS):
            made = value(self.nodes[name], self.chance, self.chance.choice([0.1, 0.5, 0.9]), extras=extras)
            if len(found) < PAYLOADS and not validate(made, schema):
                found.append(made)
        return found

    # Mappings

    def mapping(self) -> Compiled | None:
        """A mapping that checks clean, alone or with another one that it uses; None for one that does not."""
        around = Around(self.project, {})
        writer = Writer(self.chance, self.nodes["source"])
        text = writer.mapping() if self.chance.random() < 0.6 else self.using(writer, around)
        self.text = "---\n".join([text, *around.texts.values()])
        try:
            made = compile_mapping("made/mapping", Source("made.yaml", text), around)
        except CompileError:
            return None
        return made if around.clean() and not made.findings else None

    def using(self, writer: Writer, around: Around) -> str:
        """The text of a mapping that uses another one, in one of the places where that is possible."""
        key = self.chance.choice(["row", "row", "rows", "free"])
        over, node, context = self.place(writer, key)
        around.texts = {"./other": self.other(node, context)}
        beside = f", text: {quoted(writer.write('text'))}" if self.chance.random() < 0.2 else ""
        inner = f"{over}$use: ./other{beside}"
        cell = f"[{{{inner}}}]" if key == "rows" else f"{{{inner}}}"
        return f"from: made/source\nto: made/target\nmap:\n  {key}: {cell}\n"

    def place(self, writer: Writer, key: str) -> tuple[str, Node, bool]:
        """What is written before a `$use`, the schema of its context, and whether that is the payload."""
        if key == "rows":
            path, _ = writer.rows()
            condition = f"[?{writer.truth()}]" if self.chance.random() < 0.3 else ""
            return f"$each: {quoted(path + condition)}, ", part(writer.at(path), "items"), False
        match self.chance.randint(0, 3):
            case 0:
                path = writer.of("object")
                return f"$with: {quoted(path)}, ", writer.at(path), False
            case 1:
                return f"$if: {quoted(writer.truth())}, ", self.nodes["source"], True
        return "", self.nodes["source"], True

    def other(self, node: Node, payload: bool) -> str:
        """The text of a mapping that others use. One without `from` has the types of its use."""
        head = "from: made/source\n" if payload and self.chance.random() < 0.4 else ""
        head += "to: made/row\n" if self.chance.random() < 0.4 else ""
        inner = Writer(self.chance, node, 1)
        row = inner.row() if self.chance.random() < 0.8 else f"{{$value: {quoted(inner.write('row'))}}}"
        fragment = inner.fragment() if "$use" in row else ""
        return f"{head}{TABLE if 'lookup(' in row + fragment else ''}{fragment}map: {row}\n"

    # Conversations

    def conversation(self) -> Conversation | None:
        """A conversation that checks clean, or None."""
        writer = ConversationWriter(self.chance, self.nodes, self.is_clean, self.kept)
        text = writer.text()
        around = Around(self.project, writer.files)
        self.text = "---\n".join([text, *writer.files.values()])
        try:
            made = around.conversation_of("act", text)
        except CompileError:
            return None
        return made if around.clean() and not made.findings else None

    def is_clean(self, texts: Mapping[str, str], name: str) -> bool:
        """Whether a file that a conversation uses checks clean by itself."""
        around = Around(self.project, texts)
        try:
            if name == ADAPTED:
                made = around.conversation_of(name, texts[name])
            else:
                made = around.used_steps(name, "act")
        except CompileError:
            return False
        return around.clean() and not made.findings

    def hold(self, made: Conversation, payload: JSON) -> Iterator[Diagnostic]:
        """What goes wrong when a conversation is run; the channel answers what fits its schema."""

        def ask(call: Call, given: JSON | Missing) -> Answer:
            assert call and isinstance(given, Missing)
            if call.path == "/perhaps" and self.chance.random() < 0.4:
                return Answer(404, self.answer("error") if self.chance.random() < 0.7 else None)
            return Answer(200, self.answer("answer"))

        try:
            yield from run_conversation(made, payload, ask).warnings  # of failures that became events
        except CrossdockError as error:
            yield from error.diagnostics
