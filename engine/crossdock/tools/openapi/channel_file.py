"""A description's servers and ways to authenticate -> `channel.yaml`."""

from __future__ import annotations

import json
import re
from typing import Final

from crossdock.tools.derivation.located import Located, plain
from crossdock.tools.openapi.description import Description, elements, member, members, text

_VARIABLE: Final = re.compile(r"\{([^{}]+)\}")
_TODO_AUTH: Final = (
    "# TODO auth: how calls are authenticated; no way that the description names is supported\n"
)


def channel_file(description: Description, channel: str, modeline: str, *, errors: bool) -> str:
    """The text of the file. ``errors``: whether the channel has the schema of its failures."""
    info = member(description.root, "info")
    title, version = (" ".join(text(member(info, name)).split()) for name in ("title", "version"))
    prefix = re.sub(r"\W", "_", channel.upper())
    url, settings = _server(description)
    parts = [
        f"# yaml-language-server: $schema={modeline}channel.json",
        f"describe: {quoted(_described(title or channel, version))}",
        "",
        url,
        _auth(description, prefix).rstrip(),
        *([f"errors: {channel}/error"] if errors else []),
        "",
        "answers:",
        "  not_found: status == `404`",
        "",
        "# What differs from shop to shop, each with its default: settings().name in an expression.",
        settings.rstrip(),
    ]
    return "\n".join(parts) + "\n"


def _described(title: str, version: str) -> str:
    return (
        f"{title}, version {version} of its API." if version else f"{title}, by the description of its API."
    )


def quoted(value: str) -> str:
    """A text as YAML in double quotes; JSON's escapes are YAML's too."""
    return json.dumps(value, ensure_ascii=False)


def _server(description: Description) -> tuple[str, str]:
    """The lines for the base URL, and for the settings that it needs."""
    servers = elements(member(description.root, "servers"))
    server = next((each for each in servers if text(member(each, "url")).startswith("https://")), None)
    if server is None:
        return "# TODO base_url: the address of the API, such as https://api.example.com", "settings: {}"
    variables = members(member(server, "variables"))
    url = _VARIABLE.sub(lambda match: f"{{{{ settings.{_snake(match[1])} }}}}", text(member(server, "url")))
    found = [line for name, variable in variables.items() for line in _setting(name, variable)]
    lines = "settings:\n" + "\n".join(found) if found else "settings: {}"
    return f"base_url: {quoted(url.rstrip('/'))}", lines


def _setting(name: str, variable: Located) -> list[str]:
    describe = " ".join(text(member(variable, "description")).split()) or f"{name} in the address of the API"
    options = plain(member(variable, "enum"))
    default = str(plain(member(variable, "default")) or "")
    listed = [str(each) for each in options] if isinstance(options, list) else []
    lines = [f"  {_snake(name)}:", f"    describe: {quoted(describe)}", f"    default: {quoted(default)}"]
    if default in listed:
        lines.append(f"    one_of: [{', '.join(map(quoted, listed))}]")
    return lines


def _snake(name: str) -> str:
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)
    return "_".join(part.lower() for part in parts) or "part"


def _auth(description: Description, prefix: str) -> str:
    """The lines of `auth` for the first way that the description names and a channel's file has."""
    schemes = members(member(member(description.root, "components"), "securitySchemes"))
    wanted = [name for each in elements(member(description.root, "security")) for name in members(each)]
    for name in dict.fromkeys([*wanted, *schemes]):
        if name in schemes and (lines := _scheme(description.resolved(schemes[name]), prefix)):
            return lines
    return _TODO_AUTH


def _scheme(scheme: Located, prefix: str) -> str:
    kind, way = text(member(scheme, "type")), text(member(scheme, "scheme")).lower()
    flow = member(member(scheme, "flows"), "clientCredentials")
    if kind == "http" and way == "bearer":
        return f"auth:\n  kind: bearer\n  token: {{env: {prefix}_TOKEN}}\n"
    if kind == "http" and way == "basic":
        return (
            "auth:\n  kind: headers\n  headers:\n    # the user, a colon and the password, in base64\n"
            f'    authorization: {{env: {prefix}_BASIC, prefix: "Basic "}}\n'
        )
    if kind == "apiKey" and text(member(scheme, "in")) == "header":
        header = text(member(scheme, "name"))
        return f"auth:\n  kind: headers\n  headers:\n    {quoted(header)}: {{env: {prefix}_KEY}}\n"
    url = text(member(flow, "tokenUrl"))
    if kind == "oauth2" and url.startswith(("https://", "/")):
        return (
            f"auth:\n  kind: client_credentials\n  url: {quoted(url)}\n  style: form\n"
            f"  client_id: {{env: {prefix}_CLIENT_ID}}\n  client_secret: {{env: {prefix}_CLIENT_SECRET}}\n"
        )
    return ""
