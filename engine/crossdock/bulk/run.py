"""A bulk run: sources to parts of results, with a record of each part, so that it can be resumed.

Which lines a part has is decided by the bytes of the sources alone: it ends with the line in which its
number of bytes is reached. A run that is resumed reads the sources again, and converts only the parts that
have no record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, Protocol

from crossdock.bulk.blocks import BLOCK_BYTES, Lines
from crossdock.bulk.folder import BulkFolder, Record, WholeFile, writing
from crossdock.bulk.letters import written
from crossdock.bulk.sources import Sources
from crossdock.bulk.tally import Tally
from crossdock.bulk.unit import Converted
from crossdock.core.diagnostics import Diagnostic, shorten
from crossdock.core.errors import InputError, ProjectError
from crossdock.core.version import __version__

if TYPE_CHECKING:
    from crossdock.bulk.converter import PayloadConverter
    from crossdock.bulk.pool import Conversion

PART_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class BulkJob:
    """What a run does. ``part_bytes`` of the sources, and the rest of a line, are a part.

    ``digest`` is that of the mapping: see ``PayloadConverter.digest``.
    """

    converter: PayloadConverter
    sources: tuple[str, ...]
    digest: str
    part_bytes: int = PART_BYTES

    def identity(self, sizes: list[int | None]) -> Record:
        """What must be the same when a run is resumed. ``sizes`` are those of the sources."""
        return {
            "engine": __version__,
            "mapping": {"name": self.converter.mapping, "sha256": self.digest},
            "parameters": {
                "settings": dict(self.converter.given),
                "validate": self.converter.validate,
                "trust_source": self.converter.trust_source,
                "part_bytes": self.part_bytes,
            },
            "sources": [
                {"name": name, "bytes": size} for name, size in zip(self.sources, sizes, strict=True)
            ],
        }


class BlockInput(Protocol):
    """The blocks of a run. ``ended`` has the facts of each part whose last block was taken."""

    ended: dict[int, Record]

    def blocks(self) -> Iterator[Lines]: ...


@dataclass(slots=True)
class PartsOfSources:
    """The blocks of the sources, but for the parts that have a record already. Raises InputError."""

    sources: Sources
    folder: BulkFolder
    part_bytes: int
    ended: dict[int, Record] = field(default_factory=dict)
    done: dict[int, Record] = field(default_factory=dict)
    _part: _PartInput | None = None
    _number: int = 0

    def blocks(self) -> Iterator[Lines]:
        for cutter in self.sources.cutters():
            while True:
                part = self._part or _PartInput()
                size = min(BLOCK_BYTES, self.part_bytes - part.size)
                block = cutter.take(size, self._number, part.add)
                if block is None:
                    break
                if self._part is None:
                    self._begin(part, block)
                if self._number not in self.done:
                    yield block
                if part.size >= self.part_bytes:
                    self.sources.check()
                    self._end()
        if self._part is not None:
            self._end()

    def _begin(self, part: _PartInput, block: Lines) -> None:
        self._part = part
        part.begin = f"{block.file}:{block.first}"
        if (record := self.folder.record(self._number)) is not None:
            self.done[self._number] = record

    def _end(self) -> None:
        assert self._part is not None
        facts = self._part.facts()
        if (record := self.done.get(self._number)) is not None and record["input"] != facts:
            raise _other_source(self._part.begin)
        self.ended[self._number] = facts
        self._number, self._part = self._number + 1, None


class _PartInput:
    """The facts of the lines of a part."""

    def __init__(self) -> None:
        self.begin = ""
        self.size = 0
        self._hash = sha256()

    def add(self, data: bytes | memoryview) -> None:
        self.size += len(data)
        self._hash.update(data)

    def facts(self) -> Record:
        return {"begin": self.begin, "bytes": self.size, "sha256": self._hash.hexdigest()}


def _other_source(begin: str) -> InputError:
    message = f"the lines from `{shorten(begin, 200)}` on are not those that this run has read before"
    help = "begin again in another directory"
    return InputError([Diagnostic("other-run", message, help=help)])


class PartWriter:
    """Writes the files of a part. Raises OSError."""

    def __init__(self, folder: BulkFolder, number: int, job: BulkJob) -> None:
        self.number = number
        self.tally = Tally()
        self._folder = folder
        self._job = job
        self._results = folder.results(number)
        self._dead: WholeFile | None = None

    def add(self, file: str, made: Converted) -> None:
        self._results.write(made.results)
        self.tally.add(file, made)
        for found in made.findings:
            if found.code:
                self.add_letter(written(file, found, self._job.converter.mapping, self._job.digest))

    def add_letter(self, letter: bytes) -> None:
        if self._dead is None:
            self._dead = self._folder.dead(self.number)
        self._dead.write(letter)

    def finish(self, facts: Record) -> Record:
        """Make the files appear, then their record, which it returns. ``facts`` are those of the input."""
        record = {
            "part": self.number,
            "input": facts,
            "results": self._results.finish(),
            "dead": None if self._dead is None else self._dead.finish(),
            **self.tally.as_data(),
        }
        self._folder.keep(self.number, record)
        return record

    def drop(self) -> None:
        """Leave nothing that is not finished."""
        self._results.drop()
        if self._dead is not None:
            self._dead.drop()


def write_parts(
    job: BulkJob,
    folder: BulkFolder,
    source: BlockInput,
    converted: Conversion,
    took: Callable[[PartWriter, Lines, Converted], None],
) -> dict[int, Record]:
    """Convert the blocks, and write a part after the other. Returns the records.

    ``took`` puts what a block gave into its part. Raises CrossdockError.
    """
    records: dict[int, Record] = {}
    part: PartWriter | None = None
    try:
        for block, made in converted(source.blocks()):
            with writing(folder.shown):
                if part is None or part.number != block.part:
                    if part is not None:
                        records[part.number] = part.finish(source.ended[part.number])
                    part = PartWriter(folder, block.part, job)
                took(part, block, made)
        if part is not None:
            with writing(folder.shown):
                records[part.number] = part.finish(source.ended[part.number])
    except BaseException:
        if part is not None:
            part.drop()
        folder.clean()  # a signal may have come while a file was opened
        raise
    return records


@dataclass(slots=True)
class BulkRun:
    """A run into a directory that is locked."""

    job: BulkJob
    folder: BulkFolder
    sources: Sources

    def begin(self, *, resume: bool) -> None:
        """Write the manifest, or compare it. Raises ProjectError for a directory that is another run's.

        Raises InputError for a source that is not there.
        """
        self.sources.require()
        identity = self.job.identity(self.sources.sizes())
        manifest = None if self.folder.is_empty else self.folder.manifest()
        if manifest is None and not self.folder.is_empty:
            raise refused(self.folder, "not-a-run", "is neither empty nor the directory of a run")
        with writing(self.folder.shown):
            if manifest is None:
                self.folder.make()
                self.folder.keep_manifest({"state": "running", **identity})
                return
            if not resume:
                help = "--resume goes on with it"
                raise refused(self.folder, "run-exists", "has a run already", help)
            _compare(self.folder, manifest, identity)
            self.folder.make()

    def run(self, converted: Conversion, watch: Callable[[Tally], object]) -> Record:
        """Convert what has no record yet. Returns the manifest. Raises CrossdockError.

        ``watch`` gets what was counted so far, after each block.
        """
        source = PartsOfSources(self.sources, self.folder, self.job.part_bytes)
        seen = Tally()

        def took(part: PartWriter, block: Lines, made: Converted) -> None:
            part.add(block.file, made)
            seen.add(block.file, made)
            watch(seen)

        records = write_parts(self.job, self.folder, source, converted, took) | source.done
        manifest = self._manifest([records[number] for number in sorted(records)])
        with writing(self.folder.shown):
            self.folder.keep_manifest(manifest)
        return manifest

    def _manifest(self, records: list[Record]) -> Record:
        total = Tally()
        for record in records:
            total.merge(record)
        identity = self.job.identity(self.sources.sizes())
        digests = {raw.path: raw.sha256 for raw in self.sources.read}
        sources = [each | {"sha256": digests.get(each["name"])} for each in identity["sources"]]
        parts = [{key: record[key] for key in ("part", "input", "results", "dead")} for record in records]
        return {"state": "complete", **identity, "sources": sources, **total.as_data(), "parts": parts}


def _compare(folder: BulkFolder, manifest: Record, identity: Record) -> None:
    """Raise ProjectError when a directory is that of a run with another mapping, engine or source."""
    for key, what in (
        ("engine", "another version of Crossdock"),
        ("mapping", "another mapping, or another version of it"),
        ("parameters", "other settings or options"),
    ):
        if manifest.get(key) != identity[key]:
            raise refused(folder, "other-run", f"is of a run with {what}", "begin again in another directory")
    known: list[Any] = [{key: each.get(key) for key in ("name", "bytes")} for each in manifest["sources"]]
    if known != identity["sources"]:
        help = "begin again in another directory"
        raise refused(folder, "other-run", "is of a run with other sources, or they have changed", help)


def refused(folder: BulkFolder, id: str, what: str, help: str | None = None) -> ProjectError:
    return ProjectError([Diagnostic(id, f"`{shorten(folder.shown, 200)}` {what}", help=help)])
