"""What is known of a value, in the words of the check: its type, where it is from, and what it means."""

from __future__ import annotations

from crossdock.checking.schema_types import SchemaType
from crossdock.checking.type_kinds import in_words, shown
from crossdock.checking.types import ObjectType, Type
from crossdock.language.functions import REGISTRY, Function
from crossdock.tools.schema_tree import described, marks, type_text

_MOST_VALUES = 12


def type_in_words(typ: Type) -> str:
    """The kinds of a value in a few words: `text`, `list, or null`."""
    if isinstance(typ, SchemaType) and typ.sure:
        text = type_text(typ.shape)
    else:
        text = in_words(typ.kinds) if typ.known else "anything"
    return f"{text}, may be missing" if typ.known and typ.optional else text


def about(typ: Type) -> str:
    """What is known of a value, as Markdown."""
    parts = [f"`{typ.name}`: {type_in_words(typ)}"]
    if isinstance(typ, SchemaType):
        parts += [text for text in (described(typ.shape), marks(typ.shape)) if text]
    values = typ.constants or typ.likely
    if values is not None and len(values) > 1:
        listed = ", ".join(f"`{shown(value)}`" for value in values[:_MOST_VALUES])
        word = "one of" if typ.constants else "known values:"
        parts.append(f"{word} {listed}{', …' if len(values) > _MOST_VALUES else ''}")
    if isinstance(typ, ObjectType) and typ.fields:
        names = sorted(typ.fields)
        parts.append("with " + ", ".join(f"`{name}`" for name in names[:_MOST_VALUES]))
    return "\n\n".join(parts)


def function_help(function: Function) -> str:
    """The entry of the reference of functions, as Markdown."""
    lines = [f"`{function.signature}`", f"{function.doc}."]
    if function.examples:
        shown_examples = "\n".join(
            f"{each.expression}  ->  {shown(each.result)}" for each in function.examples
        )
        lines.append(f"```text\n{shown_examples}\n```")
    return "\n\n".join(lines)


def function_named(name: str) -> Function | None:
    return REGISTRY.get(name)
