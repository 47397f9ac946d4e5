"""Dead letters of a run once more, with the mapping as it is now: only what failed, into new parts.

The first replay reads the dead letters of the run, and each later one those of the replay before it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from crossdock.bulk.blocks import Lines
from crossdock.bulk.folder import BulkFolder, Record, writing
from crossdock.bulk.letters import DeadLetter, read
from crossdock.bulk.run import BulkJob, PartWriter, refused, write_parts
from crossdock.bulk.tally import Tally
from crossdock.bulk.unit import Converted, LineBlock

if TYPE_CHECKING:
    from crossdock.bulk.pool import Conversion

_REPLAYS = "replay-{:03}"


@dataclass(slots=True)
class CauseReport:
    """What became of the letters of one cause: how many there are, pass now, and still fail by which id."""

    letters: int = 0
    passing: int = 0
    failing: dict[str, int] = field(default_factory=dict)

    def add(self, id: str | None) -> None:
        """One more letter, which passes or fails with an id."""
        self.letters += 1
        if id is None:
            self.passing += 1
        else:
            self.failing[id] = self.failing.get(id, 0) + 1


@dataclass(slots=True)
class Replay:
    """The letters of the directory ``letters`` into the directory ``folder`` inside of the run's."""

    letters: BulkFolder
    folder: BulkFolder
    manifest: Record
    report: dict[str, CauseReport] = field(default_factory=dict)

    def run(self, job: BulkJob, converted: Conversion) -> Record:
        """Convert each letter. Returns the manifest of the replay. Raises CrossdockError."""
        with writing(self.folder.shown):
            self.folder.remove()  # what a replay has left that was interrupted
            self.folder.make()
        source = _Letters(self.letters, self.manifest["parts"], job.part_bytes)

        def took(part: PartWriter, block: Lines, made: Converted) -> None:
            self._took(part, block, made, source.waiting.popleft())

        records = write_parts(job, self.folder, source, converted, took)
        manifest = self._manifest(job, [records[number] for number in sorted(records)])
        with writing(self.folder.shown):
            self.folder.keep_manifest(manifest)
        return manifest

    def _took(self, part: PartWriter, block: Lines, made: Converted, letter: DeadLetter) -> None:
        cause = self.report.setdefault(letter.cause, CauseReport())
        if letter.payload is None:
            part.add_letter(letter.text)
            part.tally.carry(letter.cause, f"{letter.source}:{letter.line}", letter.messages[0])
            cause.add(letter.cause)
            return
        part.add(block.file, made)
        failed = [each for line in made.findings if line.code for each in line.diagnostics]
        cause.add(next((each.id for each in failed if each.severity == "error"), None))

    def _manifest(self, job: BulkJob, records: list[Record]) -> Record:
        total = Tally()
        for record in records:
            total.merge(record)
        causes = [
            {
                "cause": cause,
                "letters": each.letters,
                "passing": each.passing,
                "failing": [{"id": id, "times": times} for id, times in each.failing.items()],
            }
            for cause, each in self.report.items()
        ]
        parts = [{key: record[key] for key in ("part", "input", "results", "dead")} for record in records]
        identity = {key: value for key, value in job.identity([]).items() if key != "sources"}
        of = self.letters.path.name if self.letters.path.parent == self.folder.path.parent else "."
        return {
            "state": "complete",
            "letters_of": of,
            **identity,
            **total.as_data(),
            "causes": causes,
            "parts": parts,
        }


@dataclass(slots=True)
class _Letters:
    """Each dead letter as a block of one line. ``waiting`` are those whose results were not taken yet."""

    folder: BulkFolder
    parts: list[Record]
    part_bytes: int
    ended: dict[int, Record] = field(default_factory=dict)
    waiting: deque[DeadLetter] = field(default_factory=deque)

    def blocks(self) -> Iterator[LineBlock]:
        number, size, digest = 0, 0, sha256()
        for part in self.parts:
            for letter in self._of(part):
                if size >= self.part_bytes:
                    self.ended[number] = {"bytes": size, "sha256": digest.hexdigest()}
                    number, size, digest = number + 1, 0, sha256()
                size += len(letter.text)
                digest.update(letter.text)
                self.waiting.append(letter)
                yield LineBlock(letter.source, letter.line, (letter.payload or b"") + b"\n", number)
        self.ended[number] = {"bytes": size, "sha256": digest.hexdigest()}

    def _of(self, part: Record) -> Iterator[DeadLetter]:
        if part["dead"]:
            with self.folder.opened(part["dead"]["file"]) as file:
                yield from read(file)


def replay_of(folder: BulkFolder) -> Replay:
    """The next replay of a run. Raises ProjectError when the run is not finished."""
    manifest = folder.manifest()
    if manifest is None:
        raise refused(folder, "not-a-run", "is not the directory of a run")
    if manifest.get("state") != "complete":
        raise refused(folder, "run-unfinished", "is of a run that is not finished", "finish it with --resume")
    letters, number = folder, 1
    while True:
        following = folder.inner(_REPLAYS.format(number))
        known = following.manifest()
        if known is None or known.get("state") != "complete":
            return Replay(letters, following, manifest)
        letters, manifest, number = following, known, number + 1


def job_of(manifest: Record, directory: str | None, *, cached: bool = True) -> BulkJob:
    """The job of a run with the mapping as it is now. Raises CrossdockError."""
    from crossdock.bulk.converter import PayloadConverter

    given = manifest["parameters"]
    converter = PayloadConverter(
        directory,
        manifest["mapping"]["name"],
        tuple(given["settings"].items()),
        True,
        given["validate"],
        cached,
        given["trust_source"],
    )
    return BulkJob(converter, (), converter.digest(), given["part_bytes"])
