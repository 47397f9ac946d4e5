"""A channel's file, ``mappings/<channel>/channel.yaml``: its URL, its credentials, and the settings that
differ between merchants. Secrets are named by their environment variables, never written.

    describe: Kibo, formerly Mozu.
    settings:
      order_reference:
        describe: which of Kibo's references RetailOPS sees as the order's number
        default: number
        one_of: [number, id]
    base_url: "https://t{{ settings.tenant }}.example.com/api"
    auth: {kind: bearer, token: {env: SHOP_TOKEN}}
"""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from typing import Final, cast

from crossdock.channels.answer_classes import AnswerClasses, parse_classes
from crossdock.channels.call_limits import Limits, parse_limits
from crossdock.channels.encoding import LIST_STYLES
from crossdock.checking.cells_alone import check_alone
from crossdock.checking.types import ObjectType
from crossdock.core.diagnostics import Diagnostic, Source, Span, did_you_mean, in_order, shorten
from crossdock.core.errors import CompileError, ProjectError
from crossdock.core.json_types import JSON
from crossdock.core.kinds import WORDS
from crossdock.core.records import replace
from crossdock.core.similar import bounded
from crossdock.core.yaml_reader import ListNode, MapNode, Node, ScalarNode, parse_yaml
from crossdock.language import syntax
from crossdock.language.expr import Expression
from crossdock.language.jinja import compile_constant_text, compile_template, is_template
from crossdock.language.parser import Parser, plain, unknown_keys
from crossdock.schema.store import Schema, SchemaStore

CHANNEL_FILE: Final = "channel.yaml"
FAILURE_SCHEMA: Final = "crossdock/failure"
"""The schema of what a failure mapping is given, except for the body of the channel's answer."""
FILE_KEYS: Final = {
    "describe": "what the channel is, in one sentence",
    "settings": "what differs between one merchant and the next, each with its default",
    "base_url": "where the API is: text, or a template over `settings`",
    "headers": "headers of every call: cells over `settings()`",
    "auth": "how calls are authenticated",
    "first": "steps before those of every conversation of the channel, as if each file began with them",
    "failure": "the failure mapping of every conversation of the channel that names none",
    "events": "the mapping for `fail` and `warn` of every conversation of the channel that names none",
    "lists": "how lists in queries and forms are sent: repeat (a=1&a=2) or brackets (a[]=1&a[]=2)",
    "answers": "classes of answers: names for conditions over {status, headers, body}",
    "limits": "limits of a call: time, size and attempts",
    "errors": "the schema that documents the bodies of the channel's errors; they are not validated",
}
SETTING_KEYS: Final = {
    "describe": "what the setting decides",
    "default": "the value when no other is given",
    "one_of": "the allowed values, when there are few",
}
# The headers that say where a message ends and who it is for (RFC 9110, 7.2, 7.6.1 and 8.6; RFC 9112, 6.1).
# If a file could set them, a payload could hide a second call inside the first.
OWN_HEADERS: Final = frozenset({"host", "connection", "content-length", "transfer-encoding"})
# A `token` of RFC 9110, 5.6.2.
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
AUTH_KEYS: Final = {
    "kind": "none, bearer, headers or client_credentials",
    "token": "the bearer token: {env: NAME}",
    "headers": "the headers, each {env: NAME}, with `prefix:` for what comes before the secret",
    "url": "where tokens are requested: a path below `base_url`, or a URL",
    "style": "how the credentials are sent: json, form or basic",
    "client_id": "the client's id: text, or {env: NAME}",
    "client_secret": "the client's secret: {env: NAME}",
    "scope": "the scope to request",
}
HEADER_KEYS: Final = {
    "env": "the environment variable that holds the secret",
    "prefix": "what comes before the secret, such as `Token `",
}
AUTH_KINDS: Final = {
    "none": (),
    "bearer": ("token",),
    "headers": ("headers",),
    "client_credentials": ("url", "style", "client_id", "client_secret", "scope"),
}
OPTIONAL_KEYS: Final = ("style", "scope")
_NUMBER: Final = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")
STYLES: Final = ("json", "form", "basic")
# A channel's URLs and headers are made before there is a request or an answer.
_NO_CONTEXT: Final = ObjectType({}, "the context of a channel's file")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its default, and its allowed values; with an empty ``one_of`` any value is allowed."""

    name: str
    describe: str
    default: JSON
    one_of: tuple[JSON, ...] = ()
    span: Span | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Secret:
    """A credential: the environment variable that holds it, or a ``text`` that is not secret.

    ``prefix`` is what a header has before it, such as ``Token ``.
    """

    env: str | None
    text: str = ""
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Auth:
    """How calls are authenticated: ``kind`` is a key of AUTH_KINDS, which lists what each kind has.

    ``secrets`` are the credentials by their keys or, for ``headers``, by the names of the headers.
    """

    kind: str = "none"
    url: Expression | None = None
    style: str = "json"
    secrets: MappingType[str, Secret] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as its file describes it.

    ``first``, ``failure`` and ``events`` are those of its conversations, and parsed with each of them.
    """

    describe: str
    settings: MappingType[str, Setting]
    base_url: Expression | None = None
    headers: syntax.Cell | None = None
    auth: Auth = field(default_factory=Auth)
    limits: Limits = field(default_factory=Limits)
    classes: AnswerClasses = field(default_factory=AnswerClasses)
    lists: str = LIST_STYLES[0]
    errors: syntax.SchemaName | None = None
    first: ListNode | None = field(default=None, repr=False)
    failure: Node | None = field(default=None, repr=False)
    events: Node | None = field(default=None, repr=False)
    source: Source | None = field(default=None, repr=False)

    def defaults(self) -> dict[str, JSON]:
        """The settings as they are without any given."""
        return {name: setting.default for name, setting in self.settings.items()}

    def options(self) -> dict[str, tuple[JSON, ...]]:
        """The values of the settings that have a choice of values."""
        return {name: setting.one_of for name, setting in self.settings.items() if setting.one_of}

    def overridden(self, given: MappingType[str, JSON]) -> dict[str, JSON]:
        """All settings, with the given values in place of their defaults.

        A text, as from a command line, is converted to the kind of the default: `true` to a boolean, digits
        to a number. Raises CompileError for a setting that is unknown or a value that is not allowed.
        """
        values = self.defaults()
        for name, value in given.items():
            setting = self.settings.get(name)
            if setting is None:
                known = ", ".join(self.settings) or "none"
                help = did_you_mean(name, self.settings) or f"the settings are {known}"
                raise CompileError(
                    [Diagnostic("unknown-setting", f"there is no setting `{name}`", help=help)]
                )
            values[name] = _typed(setting, value)
        return values


NO_CHANNEL: Final = Channel("", {})
"""The channel of a folder without a channel's file."""


def _default(node: Node) -> JSON:
    """The default of a setting. One that is written 0.0 stays a float: its setting takes decimals."""
    value = plain(node)
    whole = isinstance(value, int) and not isinstance(value, bool)
    written = node.span.source.text[node.span.start : node.span.end]
    return float(cast(int, value)) if whole and not written.removeprefix("-").isdecimal() else value


def _converted(setting: Setting, text: str) -> JSON:
    if isinstance(setting.default, bool):
        return {"true": True, "false": False}.get(text, text)
    if isinstance(setting.default, int) and text.removeprefix("-").isdecimal():
        return int(text)
    return float(text) if isinstance(setting.default, float) and _NUMBER.fullmatch(text) else text


def _typed(setting: Setting, given: JSON) -> JSON:
    """A value, or a text for it, as the kind of value that a setting takes; a default of null takes any."""
    value = _converted(setting, given) if isinstance(given, str) else given
    if isinstance(setting.default, float) and type(value) is int:
        value = float(value)
    kept = value in setting.one_of if setting.one_of else type(value) is type(setting.default)
    if not kept and not (setting.default is None and not setting.one_of):
        kinds = {bool: "boolean", int: "integer", float: "number", str: "string"}
        listed = ", ".join(str(option) for option in setting.one_of)
        kind = WORDS.get(kinds.get(type(setting.default), ""), "another kind of value")
        wanted = f"one of {listed}" if listed else kind
        message = f"the setting `{setting.name}` takes {wanted}"
        raise CompileError([Diagnostic("setting-value", message)])
    return value


@bounded()
def parse_channel(source: Source) -> Channel:
    """A channel from its file. Raises CompileError with everything that is wrong."""
    node = parse_yaml(source)
    if not isinstance(node, MapNode):
        message = "the file does not describe a channel"
        raise CompileError([Diagnostic("not-a-channel", message, Span(source, 0, 1))])
    parser = _ChannelParser()
    channel = parser.channel(node, source)
    if problems := parser.problems or _findings(channel):
        raise CompileError(problems)
    return channel


def _findings(channel: Channel) -> list[Diagnostic]:
    settings = channel.defaults()
    found = [*check_alone(_own_cells(channel), settings, _NO_CONTEXT), *channel.classes.findings(settings)]
    return in_order(dict.fromkeys(found))


def schema_of(name: str, schemas: SchemaStore, channel: Channel) -> Schema:
    """A schema by name, as files of a channel mean it. Raises ProjectError.

    The channel's file says what the body of a failure may be.
    """
    if name != FAILURE_SCHEMA or channel.errors is None:
        return schemas.get(name)
    try:
        documented = schemas.get(channel.errors.name)
    except ProjectError as error:
        found = [replace(item, span=item.span or channel.errors.span) for item in error.diagnostics]
        raise ProjectError(found) from None
    return schemas.get(name).with_documented("body", documented)


def channel_cells(channel: Channel) -> list[syntax.Cell]:
    """The cells of a channel's file: the URLs, the headers, and the conditions of its classes."""
    return [*_own_cells(channel), *map(syntax.Evaluate, channel.classes.expressions())]


def _own_cells(channel: Channel) -> list[syntax.Cell]:
    texts = [text for text in (channel.base_url, channel.auth.url) if text is not None]
    return [*map(syntax.Evaluate, texts), *([channel.headers] if channel.headers is not None else [])]


def header_problems(node: Node | None) -> list[Diagnostic]:
    """A finding for each key of an object of headers that cannot be, or must not be, a header's name."""
    found = []
    for key, _ in node.entries if isinstance(node, MapNode) else ():
        name = str(key.value)
        if name.lower() in OWN_HEADERS:
            message = f"`{name}` is set by HTTP itself"
            found.append(Diagnostic("header-name", message, key.span, "leave it out"))
        elif not name.startswith("$") and not _HEADER_NAME.fullmatch(name):
            message = f"`{shorten(name)}` cannot be the name of a header"
            found.append(Diagnostic("header-name", message, key.span))
    return found


def list_style(parser: Parser, node: Node | None) -> str | None:
    """How lists are sent, one of LIST_STYLES; None when it is not given. ``parser`` takes what is wrong."""
    if node is None:
        return None
    style = node.value if isinstance(node, ScalarNode) else None
    if style not in LIST_STYLES:
        parser.problem("list-style", f"`lists` is one of {', '.join(LIST_STYLES)}", node.span)
    return str(style)


class _ChannelParser(Parser):
    """Parses one channel's file and collects what is wrong in it."""

    closed = True

    def channel(self, node: MapNode, source: Source) -> Channel:
        self.problems.extend(unknown_keys(node, FILE_KEYS, "a channel"))
        headers = node.get("headers")
        self.problems.extend(header_problems(headers))
        return Channel(
            describe=self.text(node.get("describe")) or "",
            settings=self._named(node.get("settings"), "settings", self.setting),
            base_url=self.template(node.get("base_url")),
            headers=self.cell(headers) if headers is not None else None,
            auth=self.auth(node.get("auth")),
            limits=parse_limits(self, node.get("limits")),
            classes=parse_classes(self, node.get("answers")),
            lists=list_style(self, node.get("lists")) or LIST_STYLES[0],
            errors=self.schema_name(node.get("errors")),
            first=self.first(node.get("first")),
            failure=node.get("failure"),
            events=node.get("events"),
            source=source,
        )

    def first(self, node: Node | None) -> ListNode | None:
        if node is not None and not isinstance(node, ListNode):
            self.problem("not-a-list", "`first` must be a list of steps", node.span)
        return node if isinstance(node, ListNode) else None

    def setting(self, key: ScalarNode, node: Node) -> Setting | None:
        if not isinstance(node, MapNode):
            message = "a setting has `describe:` and `default:`"
            self.problem("not-an-object", message, node.span)
            return None
        self.problems.extend(unknown_keys(node, SETTING_KEYS, "a setting"))
        default, one_of = node.get("default"), node.get("one_of")
        describe = self.text(node.get("describe"))
        if default is None or describe is None:
            missing = "default" if default is None else "describe"
            message = f"the setting `{key.value}` has no `{missing}:`"
            self.problem("incomplete-setting", message, key.span)
            return None
        options = plain(one_of) if one_of is not None else []
        if not isinstance(options, list) or (options and plain(default) not in options):
            message = f"the default of `{key.value}` is not among its `one_of`"
            self.problem("incomplete-setting", message, default.span)
            return None
        return Setting(str(key.value), describe, _default(default), tuple(options), key.span)

    def template(self, node: Node | None) -> Expression | None:
        if node is None or self.text(node) is None or not isinstance(node, ScalarNode):
            return None
        if not is_template(str(node.value)):
            return compile_constant_text(node)
        return self._compiled(compile_template, node)

    def auth(self, node: Node | None) -> Auth:
        if node is None:
            return Auth()
        kind = self.text(node.get("kind")) if isinstance(node, MapNode) else None
        if not isinstance(node, MapNode) or kind not in AUTH_KINDS:
            message = f"`auth` has a `kind:`, one of {', '.join(AUTH_KINDS)}"
            self.problem("unknown-auth", message, node.span)
            return Auth()
        keys = AUTH_KINDS[kind]
        self.problems.extend(unknown_keys(node, ("kind", *keys), f"auth of the kind `{kind}`"))
        style = self.text(node.get("style")) or "json"
        if style not in STYLES:
            self.problem("unknown-auth", f"`style` is one of {', '.join(STYLES)}", node.span)
        for key in keys:
            if key not in OPTIONAL_KEYS and node.get(key) is None:
                self.problem("incomplete-auth", f"`auth` has no `{key}:`", node.span)
        named = [key for key in keys if key not in ("url", "style", "headers")]
        secrets = {key: secret for key in named if (secret := self.secret(key, node)) is not None}
        if kind == "headers":
            self.problems.extend(header_problems(node.get("headers")))
            secrets = self._named(node.get("headers"), "headers", self.header)
        return Auth(kind, self.template(node.get("url")), style, secrets)

    def header(self, key: ScalarNode, node: Node) -> Secret | None:
        """A header with a secret. What is not a secret belongs into the channel's `headers:`."""
        if str(key.value).lower() in OWN_HEADERS:
            return None  # reported already
        if not isinstance(node, MapNode) or node.get("env") is None:
            message = f"`{key.value}` has a secret, and a secret is never written into a file"
            help = (
                f"{key.value}: {{env: NAME_OF_A_VARIABLE}}; a header without a secret belongs into `headers:`"
            )
            self.problem("secret-in-file", message, node.span, help)
            return None
        self.problems.extend(unknown_keys(node, HEADER_KEYS, "a header with a secret"))
        env, prefix = self.text(node.get("env")), node.get("prefix")
        return None if env is None else Secret(env, prefix="" if prefix is None else self.text(prefix) or "")

    def secret(self, key: str, node: MapNode) -> Secret | None:
        content = node.get(key)
        return None if content is None else self.secret_of(key, content)

    def secret_of(self, key: str, node: Node) -> Secret | None:
        if isinstance(node, MapNode) and (env := self.text(node.get("env"))) is not None:
            return Secret(env)
        if key in ("token", "client_secret"):
            message = f"`{key}` is a secret, and a secret is never written into a file"
            self.problem("secret-in-file", message, node.span, f"{key}: {{env: NAME_OF_A_VARIABLE}}")
            return None
        text = self.text(node)
        return None if text is None else Secret(None, text)
