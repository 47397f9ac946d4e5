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
from crossdock.channels.compiler import compile_conversation
from crossdock.channels.messages import Answer, Call
from crossdock.channels.runner import run_conversation
from crossdock.channels.steps import Conversation
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

PAYLOADS = 25
KEYS = tuple(part(TARGET, "properties"))
# What reads all properties of an object reads those too that no schema documents.
READS_ALL = re.compile(r"values\(|entries\(|\.\*")


def schemas(chance: Random) -> dict[str, Node]:
    """The schemas of one world: a payload, what is made of it, a row of that, and a channel's answer."""
    row = part(part(TARGET, "$defs"), "row")
    return {"source": source(chance), "target": TARGET, "row": row, "answer": object_schema(chance, 2)}  # type: ignore[dict-item]


class Around(Project):
    """A project in which the mappings that a file uses are texts, by the names that it gives them."""

    def __init__(self, project: Project, texts: Mapping[str, str]) -> None:
        super().__init__(project.roots)
        self.schemas = project.schemas  # they are read and closed once
        self.texts = texts
        self.compiled: dict[str, Compiled] = {}

    def used_mapping(self, name: str, user: str) -> LinkedMapping:
        assert user
        if name not in self.compiled:
            text = Source(name, self.texts[name])
            self.compiled[name] = compile_mapping(f"made/{name[2:]}", text, self)
        return self.compiled[name].linked


@dataclass(slots=True)
class Files:
    """The files of one world, and the payloads that are tried on them."""

    project: Project
    nodes: dict[str, Node]
    chance: Random
    known: dict[bool, list[JSON]] = field(default_factory=dict)
    said: list[JSON] = field(default_factory=list)

    @classmethod
    def made(cls, make: MakeProject, seed: int) -> Files:
        chance = Random(seed)
        nodes = schemas(chance)
        texts = {f"schemas/made/{name}.schema.json": json.dumps(node) for name, node in nodes.items()}
        return cls(make(texts), nodes, chance)

    # Payloads

    def payloads(self, text: str) -> list[JSON]:
        """Payloads that fit; with undocumented properties only if nothing reads all of an object."""
        extras = READS_ALL.search(text) is None
        if extras not in self.known:
            self.known[extras] = self.fitting("source", extras=extras)
        return self.known[extras]

    def answers(self) -> list[JSON]:
        if not self.said:
            self.said = self.fitting("answer", extras=False)
        return self.said or [None]

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
        try:
            made = compile_mapping("made/mapping", Source("made.yaml", text), around)
        except CompileError:
            return None
        clean = all(not each.findings for each in (made, *around.compiled.values()))
        return made if clean else None

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
        text = ConversationWriter(self.chance, self.nodes).text()
        around = Around(self.project, {})
        name = "made/act/conversation"
        try:
            made = compile_conversation(name, Source("conversation.yaml", text), around)
        except CompileError:
            return None
        return None if made.findings else made

    def hold(self, made: Conversation, payload: JSON) -> Iterator[Diagnostic]:
        """What goes wrong when a conversation is run; the channel answers what fits its schema."""

        def ask(call: Call, given: JSON | Missing) -> Answer:
            assert call and isinstance(given, Missing)
            if call.path == "/perhaps" and self.chance.random() < 0.4:
                return Answer(404)
            return Answer(200, self.chance.choice(self.answers()))

        try:
            run_conversation(made, payload, ask)
        except CrossdockError as error:
            yield from error.diagnostics


@dataclass(slots=True)
class ConversationWriter:
    """Writes a conversation: some steps, and a response that reads their answers."""

    chance: Random
    nodes: dict[str, Node]
    steps: int = 0

    def text(self) -> str:
        roots: dict[str, Node] = {"request()": self.nodes["source"]}
        lines = "".join(
            self.step(self.nodes["source"], roots, "  ") for _ in range(self.chance.choice([1, 2, 2, 3]))
        )
        writer = Writer(self.chance, self.nodes["source"], roots=roots)
        key = self.chance.choice(KEYS)
        cell = writer.cell(key)
        body = f"response:\n  {key}: {cell}\n"
        fragment = writer.fragment() if "$use" in cell else ""
        table = TABLE if "lookup(" in lines + body + fragment else ""
        head = "request: made/source\nresponse_schema: made/target\n"
        return f"{head}{table}{fragment}steps:\n{lines}{body}"

    def step(self, context: Node, roots: dict[str, Node], indent: str, depth: int = 1) -> str:
        """The lines of a step; adds what it answers to ``roots``, by its two names."""
        self.steps += 1
        name = f"s{self.steps}"
        writer = Writer(self.chance, context, 1, roots=roots)
        lines = [f"- step: {name}"]
        inner, listed = context, False
        if self.chance.random() < 0.3:
            path, _ = writer.rows()
            inner, listed = part(writer.at(path), "items"), True
            lines.append(f"  each: {quoted(path)}")
        writer = Writer(self.chance, inner, 1, roots=roots)
        if self.chance.random() < 0.3:
            word = self.chance.choice(["if", "unless"])
            lines.append(f"  {word}: {quoted(writer.truth())}")
        found, task = self.task(writer, inner, roots, indent, depth)
        lines += task
        answer: Node = {"type": "array", "items": found} if listed else found
        roots[f"${name}"] = answer
        roots[f"answers().{name}"] = answer
        return "".join(f"{indent}{line}\n" for line in lines)

    def task(
        self, writer: Writer, context: Node, roots: dict[str, Node], indent: str, depth: int
    ) -> tuple[Node, list[str]]:
        """The schema of what a step answers, as far as it is known, and its lines."""
        match self.chance.randint(0, 6 if depth else 4):
            case 0 | 1:
                perhaps = self.chance.random() < 0.5
                path = "/perhaps" if perhaps else "/there"
                tolerate = ["  tolerate: status == `404`"] if perhaps else []
                return self.nodes["answer"], [f"  call: GET {path}", "  answer: made/answer", *tolerate]
            case 2 | 3:
                path = writer.of(self.chance.choice(["any", "object", "rows", "text"]))
                return writer.at(path), [f"  value: {quoted(path)}"]
            case 4:
                return {}, [f"  value: {writer.row()}" if "$use" not in writer.row() else "  value: '@'"]
        inside = dict(roots)
        before = set(inside)
        nested = [self.step(context, inside, "    ", 0) for _ in range(self.chance.choice([1, 2]))]
        added = {
            name.removeprefix("answers()."): node
            for name, node in inside.items()
            if name not in before and name.startswith("answers().")
        }
        lines = "".join(nested).replace("\n", f"\n{indent}").rstrip().split("\n")
        node: Node = {"type": "object", "properties": {**added, "element": context}}  # type: ignore[dict-item]
        return node, ["  steps:", *(line.removeprefix(indent) for line in lines)]
