"""What each channel does for each action: the page docs/channels.md, generated from the conversations.

overview(project)       # Markdown: a table of actions x channels, then every conversation's calls and diagram
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from crossdock.channels.dialects import adaptations
from crossdock.channels.steps import BlockTask, CallTask, Conversation, ConversationStep, UseTask
from crossdock.project.project import Project
from crossdock.tools.flowchart import arrows_of, flowchart
from crossdock.tools.sequence import diagram_of, sequence
from crossdock.tools.svg import drawn_lineage, drawn_sequence

_HEAD = """# Actions and channels

What each channel does for each RetailOPS action. This page is generated from the conversations:
`crossdock overview > docs/channels.md`.

The diagrams show the calls, and the events that are reported. Steps that do neither are left out.
"""


def overview(project: Project) -> str:
    """The page for all channels of a project. Raises CompileError for a conversation that is wrong."""
    names = [name.split("/") for name in project.conversation_names() if not project.is_dialect(name)]
    channels = sorted({channel for channel, _ in names})
    known = [*project.actions.by_name]
    others = sorted({action for _, action in names} - set(known))
    actions = [action for action in (*known, *others) if any(action == name for _, name in names)]
    held = {(channel, action): project.conversation(channel, action) for channel, action in names}
    lines = [_HEAD, *_table(channels, actions, held)]
    for action in actions:
        lines += ["", f"## {action}"]
        for channel in channels:
            lines += _section(channel, held.get((channel, action)))
    for dialect in project.dialects.files():
        lines += _dialect(project, dialect)
    return "\n".join(lines) + "\n"


def _table(
    channels: list[str], actions: list[str], held: dict[tuple[str, str], Conversation]
) -> Iterator[str]:
    yield "| action | " + " | ".join(channels) + " |"
    yield "|---" * (len(channels) + 1) + "|"
    for action in actions:
        cells = [_cell(held.get((channel, action))) for channel in channels]
        yield f"| [{action}](#{action}) | " + " | ".join(cells) + " |"


def _dialect(project: Project, name: str) -> Iterator[str]:
    """The actions of a dialect, each with those that it adapts."""
    yield from ("", f"## The dialect {name}", "", project.dialects.describe(name), "")
    yield from ("| action | adapts |", "|---|---|")
    for action in project.dialects.actions_of(name):
        conversation = project.conversation(name, action)
        adapted = dict.fromkeys(task.action for task in adaptations(conversation))
        links = ", ".join(f"[{each}](#{each})" for each in adapted) or "nothing"
        yield f"| {action}: {conversation.describe} | {links} |"
    for action in project.dialects.actions_of(name):
        yield from ("", f"### {action}")
        yield from _diagram(project.conversation(name, action), "the channel")


def diagram(project: Project, name: str, form: Literal["mermaid", "svg"] = "mermaid") -> str:
    """The diagram of a conversation or a mapping. Raises ProjectError or CompileError."""
    file = project.named(name)
    if isinstance(file, Conversation):
        channel = "the channel" if project.is_dialect(file.name) else file.name.partition("/")[0]
        return drawn_sequence(diagram_of(file, channel)) if form == "svg" else sequence(file, channel)
    linked = file.linked
    if form == "mermaid":
        return flowchart(linked)
    return drawn_lineage(list(arrows_of(linked)), linked.describe or linked.name)


def _cell(conversation: Conversation | None) -> str:
    if conversation is None:
        return "not answered"
    count = len(list(_calls(conversation.own_steps)))
    calls = f"{count} call{'' if count == 1 else 's'}" if count else "no call"
    return f"{calls}, with limits" if conversation.cannot else calls


def _section(channel: str, conversation: Conversation | None) -> Iterator[str]:
    yield ""
    yield f"### {channel}"
    yield ""
    if conversation is None:
        yield "The channel has no conversation for this action."
        return
    yield conversation.describe
    calls = list(_calls(conversation.own_steps))
    if calls:
        yield ""
        yield "| step | call | when |"
        yield "|---|---|---|"
        yield from (f"| {name} | `{call}` | {when} |" for name, call, when in calls)
        yield from _diagram(conversation, channel)
    if conversation.cannot:
        yield ""
        yield "Not possible:"
        yield ""
        yield from (f"- **{what}**: {why}" for what, why in conversation.cannot.items())


def _diagram(conversation: Conversation, channel: str) -> Iterator[str]:
    """The conversation as a diagram, folded away: a page of many would be hard to search."""
    yield from ("", "<details><summary>In order, as a diagram</summary>", "")
    yield from ("```mermaid", sequence(conversation, channel), "```", "", "</details>")


def _calls(
    steps: tuple[ConversationStep, ...], around: tuple[str, ...] = ()
) -> Iterator[tuple[str, str, str]]:
    """The calls of some steps: the step's name, the call, and on what it depends."""
    for step in steps:
        conditions = (*around, *_conditions(step))
        match step.task:
            case CallTask(method=method, path=path):
                when = "; ".join(conditions) or "always"
                yield step.name, f"{method} {path.text}", when
            case BlockTask(steps=inner):
                yield from _calls(inner, conditions)
            case UseTask() as use:
                yield from _calls(use.linked.steps, conditions)


def _conditions(step: ConversationStep) -> Iterator[str]:
    for word, expression in (("for each", step.each), ("if", step.condition), ("unless", step.unless)):
        if expression is not None:
            text = " ".join(expression.text.split()).replace("|", "\\|")
            yield f"{word} `{text}`" if len(text) <= 100 else f"{word} `{text[:99]}…`"
