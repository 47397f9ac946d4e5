"""The file of a gateway: which merchants it serves, through which channels, and where its journal is.

    journal: sqlite:///journal.db
    profiles:
      acme:
        channel: kibo
        path: /acme
        channel_id: "21"
        settings: {tenant: "15394"}
        secrets: {KIBO_CLIENT_ID: ACME_KIBO_CLIENT_ID}
        tickets: [ACME_TICKET, ACME_NEXT_TICKET]

Secrets and tickets are named by environment variables, never written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from typing import Any, Final

from crossdock.core.diagnostics import Diagnostic, Source, Span
from crossdock.core.errors import CompileError, ProjectError
from crossdock.core.json_types import JSON
from crossdock.core.similar import bounded
from crossdock.core.yaml_reader import MapNode, Node, parse_yaml
from crossdock.language.parser import Parser, plain, unknown_keys

CONFIG_KEYS: Final = {
    "journal": "the database's URL, sqlite:///… or postgresql://…, or {env: NAME}",
    "window_hours": "the hours in which a repeat is answered with the saved response",
    "limits": "limits of the gateway",
    "profiles": "the merchants, each with a name",
}
LIMIT_KEYS: Final = {
    "threads": "the requests that run at the same time",
    "waiting": "the requests that wait for a thread: those above are answered 503",
    "deadline_seconds": "the seconds in which a request is answered",
    "body_seconds": "the seconds in which a request's head, and then its body, must arrive",
    "tries": "the runs of a queued request before it is a dead letter",
}
PROFILE_KEYS: Final = {
    "channel": "the channel, as in mappings/",
    "path": "the path before those of the actions: /acme",
    "channel_id": "the channel's id in RetailOPS: a request for another one is refused",
    "settings": "the channel's settings that differ from their defaults",
    "secrets": "for each environment variable of the channel, the one that has it for this profile",
    "tickets": "the environment variables with the tickets that are valid",
    "dialects": "the dialects that are served beside RetailOPS' own",
    "queued": "the actions that are answered at once, and done afterwards",
    "deadline_seconds": "the seconds in which a request is answered",
}
JOURNAL: Final = "sqlite:///crossdock-journal.db"
WINDOW_HOURS: Final = 72
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9_.~-]+)*/?")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class GatewayLimits:
    """The limits of a gateway; those that docs/gateway.md shows."""

    threads: int = 16
    waiting: int = 200
    deadline_seconds: int = 240
    body_seconds: int = 30
    tries: int = 12


@dataclass(frozen=True, slots=True)
class Profile:
    """One merchant's channel. ``tickets`` and the values of ``secrets`` are environment variables."""

    name: str
    channel: str
    tickets: tuple[str, ...]
    path: str = ""
    channel_id: str | None = None
    settings: MappingType[str, JSON] = field(default_factory=dict)
    secrets: MappingType[str, str] = field(default_factory=dict)
    dialects: tuple[str, ...] = ()
    queued: tuple[str, ...] = ()
    deadline_seconds: int | None = None
    span: Span | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class GatewayConfig:
    """A gateway as its file describes it. ``journal_env``: the variable that has the journal's URL."""

    profiles: tuple[Profile, ...]
    journal: str = JOURNAL
    journal_env: str | None = None
    window_hours: int = WINDOW_HOURS
    limits: GatewayLimits = GatewayLimits()


def journal_url(config: GatewayConfig, environ: MappingType[str, str]) -> str:
    """The URL of the journal's database. Raises ProjectError when its variable is not set."""
    name = config.journal_env
    url = config.journal if name is None else environ.get(name, "")
    if name is not None and not url:
        message = f"the journal needs the environment variable {name}"
        help = "set it to the database's URL: sqlite:///journal.db"
        raise ProjectError([Diagnostic("missing-secret", message, help=help)])
    return url


@bounded()
def parse_config(source: Source) -> GatewayConfig:
    """The gateway from its file. Raises CompileError with everything that is wrong."""
    node = parse_yaml(source)
    if not isinstance(node, MapNode):
        help = "a gateway has `profiles:`"
        message = "the file does not describe a gateway"
        raise CompileError([Diagnostic("not-a-gateway", message, Span(source, 0, 1), help)])
    parser = _ConfigParser()
    config = parser.config(node)
    if parser.problems:
        raise CompileError(parser.problems)
    return config


class _ConfigParser(Parser):
    def config(self, node: MapNode) -> GatewayConfig:
        self.problems.extend(unknown_keys(node, CONFIG_KEYS, "a gateway"))
        profiles = node.get("profiles")
        found: list[Profile] = []
        if isinstance(profiles, MapNode) and profiles.entries:
            found = [self.profile(str(key.value), value, key.span) for key, value in profiles.entries]
        else:
            self.problem("not-an-object", "`profiles` must be an object of profiles", (profiles or node).span)
        journal, variable = self.journal(node.get("journal"))
        window = self.whole(node, "window_hours") or WINDOW_HOURS
        return GatewayConfig(tuple(found), journal, variable, window, self.limits(node.get("limits")))

    def journal(self, node: Node | None) -> tuple[str, str | None]:
        given = plain(node) if node is not None else JOURNAL
        match given:
            case str():
                return given, None
            case {"env": str() as name, **more} if not more and _VARIABLE.fullmatch(name):
                return "", name
        assert node is not None
        help = "sqlite:///journal.db, or {env: NAME}"
        self.problem("not-text", "`journal` must be a database's URL", node.span, help)
        return "", None

    def limits(self, node: Node | None) -> GatewayLimits:
        if node is None:
            return GatewayLimits()
        if not isinstance(node, MapNode):
            self.problem("not-an-object", "`limits` must be an object of whole numbers", node.span)
            return GatewayLimits()
        self.problems.extend(unknown_keys(node, LIMIT_KEYS, "`limits`"))
        given = {name: self.whole(node, name) for name in LIMIT_KEYS}
        return GatewayLimits(**{name: number for name, number in given.items() if number is not None})

    def profile(self, name: str, node: Node, span: Span) -> Profile:
        if not isinstance(node, MapNode):
            self.problem("not-an-object", "a profile must be an object with `channel:`", node.span)
            return Profile(name, "", ())
        if not name.strip():
            self.problem("gateway-value", "a profile needs a name", span)
        self.problems.extend(unknown_keys(node, PROFILE_KEYS, "a profile"))
        channel, tickets = self.word(node, "channel"), self.words(node, "tickets", _VARIABLE)
        for key, found in (("channel", channel), ("tickets", tickets)):
            if node.get(key) is None or not found:
                self.problem("incomplete-profile", f"the profile `{name}` needs `{key}:`", span)
        return Profile(
            name=name,
            channel=channel or "",
            tickets=tickets,
            path=(self.word(node, "path", _PATH) or "").rstrip("/"),
            channel_id=self.word(node, "channel_id"),
            settings=self.constants(node, "settings"),
            secrets={key: str(value) for key, value in self.constants(node, "secrets", _VARIABLE).items()},
            dialects=self.words(node, "dialects"),
            queued=self.words(node, "queued"),
            deadline_seconds=self.whole(node, "deadline_seconds"),
            span=span,
        )

    def word(self, parent: MapNode, key: str, form: re.Pattern[str] | None = None) -> str | None:
        """A text, or a whole number as text: an id may be written without quotes."""
        node = parent.get(key)
        if node is None:
            return None
        value = plain(node)
        if isinstance(value, int) and not isinstance(value, bool) and form is None:
            return str(value)
        if isinstance(value, str) and value and (form is None or form.fullmatch(value)):
            return value
        self.problem("gateway-value", f"this is not a value of `{key}`", node.span, self.meaning(parent, key))
        return None

    def words(self, parent: MapNode, key: str, form: re.Pattern[str] | None = None) -> tuple[str, ...]:
        node = parent.get(key)
        value = plain(node) if node is not None else []
        if isinstance(value, list) and all(
            isinstance(item, str) and (form is None or form.fullmatch(item)) for item in value
        ):
            return tuple(map(str, value))
        assert node is not None
        self.problem("not-a-list", f"`{key}` must be a list of names", node.span, self.meaning(parent, key))
        return ()

    def constants(self, parent: MapNode, key: str, form: re.Pattern[str] | None = None) -> dict[str, Any]:
        node = parent.get(key)
        value = plain(node) if node is not None else {}
        if isinstance(value, dict) and (
            form is None or all(isinstance(each, str) and form.fullmatch(each) for each in value.values())
        ):
            return value
        assert node is not None
        self.problem("not-an-object", f"`{key}` must be an object", node.span, self.meaning(parent, key))
        return {}

    def whole(self, parent: MapNode, key: str) -> int | None:
        node = parent.get(key)
        value = plain(node) if node is not None else None
        if node is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0):
            return value if isinstance(value, int) else None
        self.problem("limit-value", f"`{key}` must be a whole number above 0", node.span)
        return None

    def meaning(self, parent: MapNode, key: str) -> str:
        known = {**CONFIG_KEYS, **PROFILE_KEYS}
        return f"`{key}` is {known[key]}" if parent.get(key) is not None else ""
