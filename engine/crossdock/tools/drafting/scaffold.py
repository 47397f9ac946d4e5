"""The folders and first files of a new channel, as texts by path, and the next steps for the author.

Existing files are never overwritten. The next steps depend on what exists: a sample, a schema, a mapping
with cells.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping as MappingType
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from crossdock.core import json_reader
from crossdock.project.examples import EXAMPLES, records_in
from crossdock.project.project import MAPPINGS, SCHEMAS
from crossdock.tools import editor
from crossdock.tools.drafting.suggestion import suggest

if TYPE_CHECKING:
    from crossdock.core.json_types import JSON
    from crossdock.project.project import Project

CHANNEL_NAME: Final = re.compile(r"[a-z][a-z0-9_-]*")
_SHAPE: Final = "order"
_MODELINE: Final = "../../.crossdock/"
_CHANNEL: Final = """\
# yaml-language-server: $schema={modeline}channel.json
describe: {channel}.

# The address of its API and the credentials: conversations need them, mappings do not.
# base_url: https://api.example.com
# auth:
#   kind: bearer
#   token: {{env: {variable}_TOKEN}}

# What differs from shop to shop, each with its default: settings().name in an expression.
settings: {{}}
"""
_RECIPE: Final = """\
describe: {channel}, from payloads that it sent.

policy: {{nullable: values}}          # every property that is not required may be null

shapes:
  {shape}:
    describe: An order as {channel} sends it.
    from:
      - {{sample: "samples/{shape}.json", status: observed}}
    # What the samples get wrong, each with the reason:
    # corrections:
    #   - at: "lines[]"
    #     required: ["sku", "quantity"]
    #     why: A line without them cannot be shipped.
"""
_STUB: Final = """\
# yaml-language-server: $schema={modeline}mapping.json
describe: An order of {channel} as RetailOPS pulls it.
from: {source}
to: {target}

map: {{}}
"""


@dataclass(frozen=True, slots=True)
class Scaffold:
    """The options of the command."""

    channel: str
    source: str
    target: str
    with_editor: bool = False


def files_for(wanted: Scaffold, root: Path, project: Project) -> dict[str, str]:
    """The files of a new channel by their paths below the project."""
    channel, names = wanted.channel, {"modeline": _MODELINE, "shape": _SHAPE}
    known = wanted.source in project.schemas.names()
    samples = samples_of(root, channel)
    files = {
        f"{MAPPINGS}/{channel}/channel.yaml": _CHANNEL.format(
            channel=channel, variable=re.sub(r"\W", "_", channel.upper()), **names
        ),
        f"{MAPPINGS}/{channel}/{_SHAPE}.yaml": (
            suggest(
                project, wanted.source, wanted.target, samples.values(), modeline=f"{_MODELINE}mapping.json"
            )
            if known
            else _STUB.format(channel=channel, source=wanted.source, target=wanted.target, **names)
        ),
        f"{SCHEMAS}/{channel}/samples/.gitkeep": "",
        f"{EXAMPLES}/{channel}/{_SHAPE}/.gitkeep": "",
        f"snapshots/{channel}/{_SHAPE}/.gitkeep": "",
    }
    if wanted.source == f"{channel}/{_SHAPE}" and not known:
        files[f"{SCHEMAS}/{channel}/derive.yaml"] = _RECIPE.format(channel=channel, **names)
    for name, payload in samples.items():
        if known and name == _SHAPE:
            files[f"{EXAMPLES}/{channel}/{_SHAPE}/sample.json"] = json_reader.encode(payload) + "\n"
    return {**files, **(editor_files() if wanted.with_editor else {})}


def samples_of(root: Path, channel: str) -> dict[str, JSON]:
    """The sample payloads of a channel by name."""
    folder = root / SCHEMAS / channel / "samples"
    records = records_in(folder) if folder.is_dir() else ()
    return {Path(record.name).stem: record.payload for record in records if record.fault is None}


def editor_files() -> dict[str, str]:
    """The editor settings that connect the project's files to their schemas."""
    languages = ("mapping", "conversation", "channel")
    files = {f".crossdock/{name}.json": json_reader.encode(editor.schema(name)) + "\n" for name in languages}
    patterns: dict[str, object] = {
        ".crossdock/conversation.json": "mappings/*/*/conversation.yaml",
        ".crossdock/channel.json": "mappings/*/channel.yaml",
        ".crossdock/mapping.json": [
            "mappings/**/*.yaml",
            "!mappings/**/conversation.yaml",
            "!mappings/**/channel.yaml",
            "!mappings/**/tables/*.yaml",
        ],
    }
    files[".vscode/settings.json"] = json.dumps({"yaml.schemas": patterns}, indent=2) + "\n"
    return files


def write_new(root: Path, files: MappingType[str, str]) -> tuple[list[str], list[str]]:
    """Write what is not there yet: the paths that were made, and those that were kept."""
    made, kept = [], []
    for name, text in files.items():
        path = root / name
        if path.exists():
            kept.append(name)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
        made.append(name)
    return made, kept


def next_steps(wanted: Scaffold, root: Path, project: Project) -> list[str]:
    """What the author does now, by what is there already."""
    channel, own = wanted.channel, f"{wanted.channel}/{_SHAPE}"
    steps = []
    if wanted.source not in project.schemas.names():
        if not samples_of(root, channel):
            steps.append(f"put a payload of {channel} at {SCHEMAS}/{channel}/samples/{_SHAPE}.json")
        steps.append(f"crossdock derive {channel}")
        steps.append(
            f"crossdock suggest {wanted.source} {wanted.target} -o {MAPPINGS}/{own}.yaml"
            f" --examples {SCHEMAS}/{channel}/samples"
        )
    steps.append(f"crossdock check {own}, and fix what it finds")
    steps.append(f"put payloads into {EXAMPLES}/{own}/, and run pytest --snapshot-update")
    return steps


def described_steps(channel: str) -> list[str]:
    """The same for a channel that was made from the description of its API."""
    return [
        "crossdock check, and decide what it says is not decided yet",
        f"crossdock suggest {channel}/order retailops/order -o draft.yaml, and take what is right"
        f" into {MAPPINGS}/{channel}/order.yaml",
        f"put requests into {EXAMPLES}/{channel}/ACTION/, and run pytest --snapshot-update",
    ]
