"""Writes generated conversations, with the files of shared steps and the action that they use.

    writer = ConversationWriter(Random(7), nodes)
    writer.text(), writer.files     # the conversation, and the others by their names

The conversations have every kind of step, and read what it answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias

from soundness_cases import TABLE, TARGET, TEXT, WHOLE, Node, Writer, part, quoted

BOOLEAN: Node = {"type": "boolean"}
KEYS = tuple(part(TARGET, "properties"))
ADAPTED = "other"
FOUND = "../found"
SCHEMAS = "request: made/source\nresponse_schema: made/target\n"
ADAPTED_SCHEMAS = "request: retailops/other.request\n"
FRAGMENT = "$use: fragment"
EVENT: Node = {"type": "object", "properties": {"code": TEXT, "text": TEXT}}
EVENTS = ("{code: code, text: message}", "{code: level, text: code}", "{text: message, code: action}")


TRIES = 6
# Whether one of some files, by their names, checks clean by itself.
IsClean: TypeAlias = Callable[[Mapping[str, str], str], bool]


@dataclass(slots=True)
class ConversationWriter:
    """Writes a conversation: some steps, and a response that reads their answers.

    ``files`` are those that it uses, ``kept`` the files of actions that it can adapt, and ``shown`` the paths
    that a `fail` has shown to have a value.
    """

    chance: Random
    nodes: dict[str, Node]
    is_clean: IsClean
    kept: list[dict[str, str]] = field(default_factory=list)
    is_adapted: bool = False
    files: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)  # of the shared steps: their kinds
    given: dict[str, str] = field(default_factory=dict)  # and what they were given first
    found: Node = field(default_factory=dict)  # what the shared steps answer
    shown: list[str] = field(default_factory=list)
    steps: int = 0

    def often(self, share: float) -> bool:
        return self.chance.random() < share

    def writer(self, context: Node, roots: dict[str, Node], depth: int = 1) -> Writer:
        """A writer that reads most often what is known to have a value."""
        made = Writer(self.chance, context, depth, roots=roots)
        for paths in made.known.values():
            paths += [path for path in self.shown if path in paths for _ in range(5)]
        return made

    def text(self) -> str:
        context = self.nodes["row" if self.is_adapted else "source"]
        roots: dict[str, Node] = {"request()": context}
        values = self.values(context, roots)
        many = self.chance.choice([1, 1, 2] if self.is_adapted else [1, 2, 2, 3])
        depth = 0 if self.is_adapted else 1
        lines = "".join(self.step(context, roots, "  ", depth) for _ in range(many))
        head = self.head(lines)
        if "events:" in head or "event:" in lines:
            roots["events()"] = {"type": "array", "items": EVENT}
        writer = self.writer(context, roots, 2)
        key = self.chance.choice(KEYS)
        response = writer.row() if self.is_adapted else f"\n  {key}: {writer.cell(key)}"
        schemas = ADAPTED_SCHEMAS if self.is_adapted else SCHEMAS
        return self.whole(writer, schemas + head, f"{values}steps:\n{lines}response: {response}\n")

    def whole(self, writer: Writer, head: str, body: str) -> str:
        """A file with the fragment and the table that it uses."""
        fragment = writer.fragment() if FRAGMENT in body else ""
        table = TABLE if "lookup(" in body + fragment else ""
        return f"{head}{table}{fragment}{body}"

    def head(self, lines: str) -> str:
        """What makes events of reports and failures."""
        reports = any(f"{word}:" in lines + self.files.get(FOUND, "") for word in ("fail", "warn"))
        head = f"events: {self.chance.choice(EVENTS)}\n" if reports else ""
        head += "failure: {code: kind, text: message}\n" if self.often(0.15) else ""
        return head + ("about: {concept: {$const: it}, id: '@'}\n" if self.often(0.1) else "")

    def values(self, context: Node, roots: dict[str, Node]) -> str:
        if self.often(0.7):
            return ""
        path = self.writer(context, roots).of(self.chance.choice(["any", "object", "text", "rows"]))
        node = self.writer(context, roots).at(path)
        roots["$v"] = node
        return f"values: {{v: {quoted(path)}}}\n"

    # Steps

    def step(self, context: Node, roots: dict[str, Node], indent: str, depth: int = 1) -> str:
        """The lines of a step; adds what it answers to ``roots``, by its two names."""
        self.steps += 1
        name = f"s{self.steps}"
        lines = [f"- step: {name}"]
        inner, listed, around = context, False, roots
        if self.often(0.3) and "rows" in self.writer(context, roots).known:
            path, row = self.writer(context, roots).rows()
            inner, listed = row.node, True
            named = self.often(0.4)
            around = {**roots, f"${name}_it": inner} if named else roots
            lines.append(f"  each: {{{name}_it: {quoted(path)}}}" if named else f"  each: {quoted(path)}")
        if self.often(0.2):
            return self.report(lines, self.writer(inner, around), indent, listed=listed)
        if self.often(0.3):
            word = self.chance.choice(["if", "unless"])
            lines.append(f"  {word}: {quoted(self.writer(inner, around).truth())}")
        found, task = self.task(self.writer(inner, around), around, depth, listed=listed)
        lines += task
        if any(line.startswith("  event:") for line in task):
            return "".join(f"{indent}{line}\n" for line in lines)
        none = self.none(lines, self.writer(inner, around))
        lines += none
        answer: Node = {"type": "array", "items": found} if listed else found
        for path in (f"${name}", f"answers().{name}"):
            roots[path] = answer
            self.shown += [path] if any("fail:" in line for line in none) else []
        return "".join(f"{indent}{line}\n" for line in lines)

    def none(self, lines: list[str], writer: Writer) -> list[str]:
        """What a step reports when it has no answer."""
        if not self.often(0.3) or any(line.startswith("  steps:") for line in lines):
            return []
        word = self.chance.choice(["fail", "fail", "warn"])
        return [f"  none: {{{word}: NONE, message: {self.message(writer)}}}"]

    def message(self, writer: Writer) -> str:
        return self.chance.choice(["There is none.", f'"No {{{{ {writer.of("text")} }}}}."'])

    def report(self, lines: list[str], writer: Writer, indent: str, *, listed: bool) -> str:
        """The lines of a step that reports something, most often that a value is missing."""
        word = self.chance.choice(["fail", "fail", "warn"])
        path = writer.of(self.chance.choice(["any", "text", "text", "number", "object", "rows", "texts"]))
        one = f"!({path})"
        condition = self.chance.choice(
            [
                f"unless: {quoted(path)}",
                f"if: {quoted(one)}",
                f"if: {quoted(f'{one} || {writer.truth()}')}",
                f"unless: {quoted(f'{path} && {writer.truth()}')}",
                f"if: {quoted(writer.truth())}",
                f"unless: {quoted(f'type({path}) == {chr(39)}string{chr(39)}')}",
            ]
        )
        code = "CODE" if self.often(0.8) else f"{{code: {quoted(writer.text())}}}"
        lines += [f"  {condition}", f"  {word}: {code}", f"  message: {self.message(writer)}"]
        lines += [f"  data: {quoted(writer.of('any'))}"] if self.often(0.3) else []
        if word == "fail" and self.often(0.15):
            lines.append("  continue: true")
        elif word == "fail" and not listed:
            self.shown.append(path)
        return "".join(f"{indent}{line}\n" for line in lines)

    def task(
        self, writer: Writer, roots: dict[str, Node], depth: int, *, listed: bool
    ) -> tuple[Node, list[str]]:
        """The schema of what a step answers, as far as it is known, and its lines."""
        match self.chance.randint(0, 14 if depth else 5):
            case 0 | 1:
                return self.call(writer)
            case 2 | 3:
                path = writer.of(self.chance.choice(["any", "object", "rows", "text"]))
                return writer.at(path), [f"  value: {quoted(path)}"]
            case 4:
                row = writer.row()
                return {}, [f"  value: {row}" if FRAGMENT not in row else "  value: '@'"]
            case 5:
                return {}, [f"  event: {{text: {quoted(writer.text())}}}"]
            case 6 | 7 | 8:
                return self.use(writer)
            case 9 | 10 | 11 | 12 | 13:
                return self.adapts(writer)
        return self.block(writer.node, roots, listed=listed)

    def call(self, writer: Writer) -> tuple[Node, list[str]]:
        perhaps = self.often(0.5)
        lines = [f"  call: GET {'/perhaps' if perhaps else '/there'}", "  answer: made/answer"]
        lines += [f"  tolerate: {self.chance.choice(['gone', 'status == `404`'])}"] if perhaps else []
        if self.often(0.7):
            return self.nodes["answer"], lines
        body = {} if perhaps else {"body": self.nodes["answer"]}  # or an error of the channel
        answer = {"type": "object", "properties": {"status": WHOLE, "gone": BOOLEAN, **body}}
        after = Writer(self.chance, answer, 0, roots=writer.roots)  # type: ignore[arg-type]
        goes_on = f"turn < `3` && {after.truth()}" if self.often(0.5) else "turn < `3`"
        query = f"{{turn: turn, after: {quoted(after.of('text'))}}}" if self.often(0.5) else "{turn: turn}"
        lines.append(f"  again: {{when: {quoted(goes_on)}, query: {query}}}")
        return {"type": "array", "items": self.nodes["answer"]}, lines

    def adapts(self, writer: Writer) -> tuple[Node, list[str]]:
        """Another action, whose conversation is written once, and used again by others."""
        if ADAPTED not in self.files and self.kept and self.often(0.8):
            self.files |= self.chance.choice(self.kept)
        for _ in range(TRIES if ADAPTED not in self.files else 0):
            other = ConversationWriter(self.chance, self.nodes, self.is_clean, is_adapted=True)
            made = {ADAPTED: other.text()}
            if self.is_clean(made, ADAPTED):
                self.kept.append(made)
                self.files |= made
                break
        if ADAPTED not in self.files:
            return self.call(writer)
        row = writer.row()
        if FRAGMENT in row or self.often(0.7):
            path = writer.of("text")
            text = self.chance.choice([f"type({path})", f"({path}) || 'x'", f"text({path}) || 'x'"])
            row = f"{{text: {quoted(text)}}}"
        return self.nodes["row"], [f"  adapts: {ADAPTED}", f"  with: {row}"]

    def use(self, writer: Writer) -> tuple[Node, list[str]]:
        """Shared steps, whose file is written where they are first used."""
        if FOUND not in self.files:
            kinds = [self.chance.choice(["text", "object", "rows", "any"]) for _ in range(2)]
            self.inputs = {f"i{number}": kind for number, kind in enumerate(kinds)}
            given = {name: writer.of(kind) for name, kind in self.inputs.items()}
            self.given = given
            inputs = {name: writer.at(path) for name, path in given.items()}
            for _ in range(TRIES):
                self.shared(inputs)
                if self.is_clean(self.files, FOUND):
                    break
        elif self.often(0.6) and all(path in writer.known["any"] for path in self.given.values()):
            given = dict(self.given)
        else:
            given = {name: writer.of(kind) for name, kind in self.inputs.items()}
        if self.often(0.2):
            given["i0"] = writer.write(self.inputs["i0"])
        cells = ", ".join(f"{name}: {quoted(path)}" for name, path in given.items())
        return self.found, [f"  use: {FOUND}", f"  with: {{{cells}}}"]

    def shared(self, inputs: dict[str, Node]) -> None:
        """Write the file of shared steps, for inputs of these schemas."""
        context: Node = {"type": "object", "properties": dict(inputs)}
        roots = {f"${name}": node for name, node in inputs.items()}
        inner = ConversationWriter(self.chance, self.nodes, self.is_clean)
        values = inner.values(context, roots)
        many = self.chance.choice([1, 1, 2])
        lines = "".join(inner.step(context, roots, "  ", 0) for _ in range(many))
        writer = inner.writer(context, roots)
        path = writer.of(self.chance.choice(["any", "object", "rows", "text"]))
        self.found, answer = writer.at(path), quoted(path)
        if self.often(0.3):
            self.found, answer = {}, writer.row()
        head = "".join(f"  {name}: {{describe: one}}\n" for name in inputs)
        events = self.chance.choice(EVENTS)
        own = f"events: {events}\n" if ("fail:" in lines or "warn:" in lines) and self.often(0.5) else ""
        body = f"{values}steps:\n{lines}answer: {answer}\n"
        self.files[FOUND] = inner.whole(writer, f"describe: It.\ninputs:\n{head}{own}", body)

    def block(self, context: Node, roots: dict[str, Node], *, listed: bool) -> tuple[Node, list[str]]:
        inside, before, shown = dict(roots), set(roots), list(self.shown)
        nested = [self.step(context, inside, "    ", 0) for _ in range(self.chance.choice([1, 2]))]
        self.shown = shown
        added = {
            name.removeprefix("answers()."): node
            for name, node in inside.items()
            if name not in before and name.startswith("answers().")
        }
        lines = "".join(nested).rstrip("\n").split("\n")
        element = {"element": context} if listed else {}
        return {"type": "object", "properties": {**added, **element}}, ["  steps:", *lines]
