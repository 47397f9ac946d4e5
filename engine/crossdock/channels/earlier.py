"""What was found in a conversation before another file changed, as far as it still holds.

An editor checks a project after every change. A conversation is compiled again when a mapping that it uses
has changed, but mostly its own text has not, and the mapping has the same result as before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from crossdock.channels.config import Channel
from crossdock.channels.steps import AdaptTask, Conversation, ConversationFile, all_steps, shared_steps
from crossdock.checking.alike import alike
from crossdock.checking.check import check_mapping
from crossdock.checking.uses import depends_on_uses
from crossdock.core.diagnostics import Diagnostic, Source
from crossdock.core.similar import compared, count_compared
from crossdock.language.syntax import LinkedMapping


@dataclass(frozen=True, slots=True)
class _Parsed:
    source: Source
    channel: Channel
    file: ConversationFile


@dataclass(frozen=True, slots=True)
class _Checked:
    """``compared``: how many names were compared for a suggestion, which is limited for each file."""

    file: ConversationFile
    conversation: Conversation
    findings: list[Diagnostic]
    compared: int


@dataclass(slots=True)
class Earlier:
    """By the names of the files. Everything else that a file is compiled with stays the same objects."""

    _parsed: dict[str, _Parsed] = field(default_factory=dict)
    _checked: dict[str, _Checked] = field(default_factory=dict)

    def parsed(
        self,
        name: str,
        source: Source,
        channel: Channel,
        parse: Callable[[], tuple[ConversationFile, list[Diagnostic]]],
    ) -> tuple[ConversationFile, list[Diagnostic]]:
        """A file with the names of its steps. One with problems is parsed again."""
        known = self._parsed.get(name)
        if known is not None and known.source is source and known.channel is channel:
            return known.file, []
        file, problems = parse()
        if not problems:
            self._parsed[name] = _Parsed(source, channel, file)
        return file, problems

    def checked(
        self,
        file: ConversationFile,
        conversation: Conversation,
        check: Callable[[], list[Diagnostic]],
        *,
        lenient: bool,
    ) -> list[Diagnostic]:
        """The findings in the conversation that a parsed file was linked to."""
        known = self._checked.get(conversation.name)
        if (
            known is not None
            and known.file is file
            and _is_as_before(known.conversation, conversation, lenient=lenient)
        ):
            count_compared(known.compared)
            return known.findings
        before = compared()
        found = check()
        self._checked[conversation.name] = _Checked(file, conversation, found, compared() - before)
        return found


def _is_as_before(one: Conversation, other: Conversation, *, lenient: bool) -> bool:
    """Whether the check of two conversations with the same text finds the same."""
    before, now = one.cells.used, other.cells.used
    return (
        _same_objects(_around(one), _around(other))
        and one.cells.tables == other.cells.tables
        and before.keys() == now.keys()
        and all(_has_same_result(before[name], now[name], lenient=lenient) for name in before)
    )


def _around(file: Conversation) -> list[object]:
    """What a conversation is checked with, its text and the mappings that it uses aside."""
    found: list[object] = [file.channel, file.errors, file.cells.source, file.cells.target]
    found += [part for item in sorted(file.answers.items()) for part in item]
    found += [use.linked for use in shared_steps(file.steps)]
    for step in all_steps(file.steps):
        if isinstance(step.task, AdaptTask):
            found += [step.task.source, step.task.target]
    return found


def _same_objects(before: Iterable[object], now: Iterable[object]) -> bool:
    one, other = list(before), list(now)
    return len(one) == len(other) and all(
        each is there or (isinstance(each, str) and each == there)
        for each, there in zip(one, other, strict=True)
    )


def _has_same_result(before: LinkedMapping, now: LinkedMapping, *, lenient: bool) -> bool:
    """Whether a mapping that is used means the same to its users.

    One that depends on its uses is checked in each of them, and there its own text counts too.
    """
    if before is now:
        return True
    if depends_on_uses(before) or depends_on_uses(now):
        return False
    results = (check_mapping(each, lenient=lenient).result for each in (before, now))
    return before.source is now.source and before.target is now.target and alike(*results)
