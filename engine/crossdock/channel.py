"""A channel's file, ``mappings/<channel>/channel.yaml``: what differs between one merchant and the next.

describe: Kibo, formerly Mozu.
settings:
  order_reference:
    describe: which of Kibo's references RetailOPS sees as the order's number
    default: number
    one_of: [number, id]
"""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from dataclasses import dataclass
from typing import Final

from crossdock.diagnostics import Diagnostic, Source, Span, did_you_mean
from crossdock.errors import CompileError
from crossdock.parser import plain, unknown_keys
from crossdock.source import MapNode, Node, ScalarNode, parse_yaml
from crossdock.values import JSON

CHANNEL_FILE: Final = "channel.yaml"
_FILE_KEYS: Final = ("describe", "settings")
_SETTING_KEYS: Final = ("describe", "default", "one_of")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its default, and the values it may have, when they are few."""

    name: str
    describe: str
    default: JSON
    one_of: tuple[JSON, ...] = ()


@dataclass(frozen=True, slots=True)
class Channel:
    describe: str
    settings: MappingType[str, Setting]

    def defaults(self) -> dict[str, JSON]:
        return {name: setting.default for name, setting in self.settings.items()}

    def overridden(self, given: MappingType[str, str]) -> dict[str, JSON]:
        """The settings with some given as text, as on a command line. Raises CompileError.

        Text becomes the kind that the default has: `true` for a boolean, digits for a number.
        """
        values = self.defaults()
        for name, text in given.items():
            setting = self.settings.get(name)
            if setting is None:
                help = did_you_mean(name, self.settings) or f"the settings are {', '.join(self.settings)}"
                raise CompileError(
                    [Diagnostic("unknown-setting", f"there is no setting `{name}`", help=help)]
                )
            values[name] = _typed(setting, text)
        return values


def _typed(setting: Setting, text: str) -> JSON:
    value: JSON = text
    if isinstance(setting.default, bool):
        value = {"true": True, "false": False}.get(text, text)
    elif isinstance(setting.default, int) and text.removeprefix("-").isdecimal():
        value = int(text)
    kept = not setting.one_of or value in setting.one_of
    if not kept or (type(value) is not type(setting.default) and not setting.one_of):
        kinds = {bool: "true or false", int: "a whole number", str: "text"}
        listed = ", ".join(str(option) for option in setting.one_of)
        wanted = f"one of {listed}" if listed else kinds.get(type(setting.default), "another kind of value")
        message = f"the setting `{setting.name}` takes {wanted}"
        raise CompileError([Diagnostic("setting-value", message)])
    return value


def parse_channel(source: Source) -> Channel:
    """A channel from its file. Raises CompileError with all that is wrong."""
    node = parse_yaml(source)
    problems: list[Diagnostic] = []
    if not isinstance(node, MapNode):
        message = "the file does not describe a channel"
        raise CompileError([Diagnostic("not-a-channel", message, Span(source, 0, 1))])
    problems.extend(unknown_keys(node, _FILE_KEYS, "a channel"))
    settings = node.get("settings")
    found: dict[str, Setting] = {}
    if isinstance(settings, MapNode):
        for key, value in settings.entries:
            if setting := _setting(key, value, problems):
                found[setting.name] = setting
    elif settings is not None:
        problems.append(Diagnostic("not-an-object", "`settings` holds names and settings", settings.span))
    if problems:
        raise CompileError(problems)
    describe = node.get("describe")
    return Channel(str(plain(describe)) if describe else "", found)


def _setting(key: ScalarNode, node: Node, problems: list[Diagnostic]) -> Setting | None:
    if not isinstance(node, MapNode):
        problems.append(Diagnostic("not-an-object", "a setting has `describe:` and `default:`", node.span))
        return None
    problems.extend(unknown_keys(node, _SETTING_KEYS, "a setting"))
    default, describe, one_of = node.get("default"), node.get("describe"), node.get("one_of")
    if default is None or describe is None:
        missing = "default" if default is None else "describe"
        message = f"the setting `{key.value}` has no `{missing}:`"
        problems.append(Diagnostic("incomplete-setting", message, key.span))
        return None
    options = plain(one_of) if one_of is not None else []
    if not isinstance(options, list) or (options and plain(default) not in options):
        message = f"the default of `{key.value}` is not among its `one_of`"
        problems.append(Diagnostic("incomplete-setting", message, default.span))
        return None
    return Setting(str(key.value), str(plain(describe)), plain(default), tuple(options))
