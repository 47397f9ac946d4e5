"""What Crossdock finds on this machine: Python, extras, the cache, the project, and its channels' secrets.

    for found in examined(directory, environ=os.environ):
        print(found.subject, found.state, found.text)

Secrets are named and never shown. No channel is called unless ``reach`` is asked for.
"""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final, Literal

from crossdock.channels.config import Channel
from crossdock.channels.http import Transport
from crossdock.channels.messages import Call, NoAnswer
from crossdock.core.errors import CrossdockError
from crossdock.core.json_types import JSON
from crossdock.core.version import __version__
from crossdock.project import cached_files, search_path
from crossdock.project.project import Project

# `missing` is needed for what was asked; `absent` only for what the text says.
State = Literal["ok", "absent", "missing"]
_EXTRAS: Final = {
    "serve": "crossdock serve",
    "postgres": "a journal in PostgreSQL",
    "studio": "crossdock studio",
    "test": "snapshots with pytest",
}
_REQUIREMENT: Final = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)(\[[^]]*\])?[^;]*;.*extra *== *['\"](?P<extra>\w+)"
)
_REFUSED: Final = (401, 403)


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that was looked at. ``text`` is a sentence without its full stop."""

    subject: str
    state: State
    text: str

    def as_json(self) -> dict[str, JSON]:
        return {"subject": self.subject, "state": self.state, "text": self.text}


def examined(
    directory: Path | None,
    channels: tuple[str, ...] = (),
    *,
    environ: Mapping[str, str],
    given: Mapping[str, str] | None = None,
    reach: bool = False,
) -> Iterator[Found]:
    """What is found, in the order in which a user would look. ``directory`` is that of -C.

    Without ``channels``, a secret that is not set is ``absent``; of a channel that is named it is
    ``missing``. ``given`` are settings of these channels. With ``reach`` they are called.
    Raises ProjectError for a directory without a project, and for an unknown channel.
    """
    yield Found("crossdock", "ok", f"{__version__}, in {Path(__file__).parents[1]}")
    yield Found("python", "ok", f"{platform.python_version()}, {sys.executable}")
    yield from (_extra(name, use) for name, use in _EXTRAS.items())
    yield _cache(environ)
    project = Project(search_path.located(directory))
    yield _project(project, directory)
    for name in channels or project.channel_names():
        project.actions_of(name)  # raises for an unknown one
        yield from _channel(name, project, environ, named=bool(channels))
        if reach:
            yield _reached(name, project, environ, given or {})


def _extra(name: str, use: str) -> Found:
    wanted = [match for line in metadata.requires("crossdock") or () if (match := _REQUIREMENT.match(line))]
    packages = [match["name"] for match in wanted if match["extra"] == name]
    missing = [package for package in packages if not _is_installed(package)]
    if missing:
        text = f"{', '.join(missing)} not installed; for {use}: pip install 'crossdock[{name}]'"
        return Found(f"extra {name}", "absent", text)
    return Found(f"extra {name}", "ok", f"installed, for {use}")


def _is_installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _cache(environ: Mapping[str, str]) -> Found:
    if environ.get("CROSSDOCK_CACHE") == "off":
        return Found("cache", "absent", "off, by CROSSDOCK_CACHE; each start compiles anew")
    folder = cached_files.cache_folder(make=True)
    if folder is None:
        text = (
            "not used: its directory cannot be made, or others can write to it. CROSSDOCK_CACHE names another"
        )
        return Found("cache", "absent", text)
    return Found("cache", "ok", str(folder))


def _project(project: Project, directory: Path | None) -> Found:
    if len(project.roots) == 1:
        return Found("project", "absent", f"none here; the bundled mappings are used, in {project.roots[0]}")
    own = project.roots[0]
    here = (directory or Path.cwd()).resolve()
    why = "this directory" if own == here else "the nearest one above that has `mappings`"
    return Found("project", "ok", f"{own}, {'by -C' if directory and own == here else why}")


def _channel(name: str, project: Project, environ: Mapping[str, str], *, named: bool) -> Iterator[Found]:
    channel = project.channel_of(f"{name}/x")
    if channel.base_url is None:
        yield Found(f"channel {name}", "absent", "its file has no base_url, so it cannot be called")
        return
    for variable in _variables(channel):
        state: State = "ok" if environ.get(variable) else "missing" if named else "absent"
        yield Found(f"channel {name}", state, f"{variable} is {'set' if state == 'ok' else 'not set'}")


def _variables(channel: Channel) -> list[str]:
    return [secret.env for secret in channel.auth.secrets.values() if secret.env is not None]


def _reached(name: str, project: Project, environ: Mapping[str, str], given: Mapping[str, str]) -> Found:
    """What the channel answers at its base URL, with the credentials. Any answer but a refusal will do."""
    subject = f"channel {name}"
    try:
        settings = project.settings(f"{name}/x", dict(given))
        with Transport(project.channel_of(f"{name}/x"), settings, environ=environ) as transport:
            answer = transport.ask(Call("reach", "GET", "/", repeatable=True))
    except NoAnswer as failure:
        return Found(subject, "missing", f"not reached: {failure.message}")
    except CrossdockError as error:
        return Found(subject, "missing", f"not called: {error.diagnostics[0].message}")
    if answer.status in _REFUSED:
        return Found(subject, "missing", f"reached, and it refuses the credentials ({answer.status})")
    return Found(subject, "ok", f"reached, it answers {answer.status}")
