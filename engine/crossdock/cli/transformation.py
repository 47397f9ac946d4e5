"""What ``crossdock transform`` does with one payload, or with one on each line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crossdock.cli.console import payload_bytes, put, report, stdin_for, written
from crossdock.cli.stream_findings import stream_findings

if TYPE_CHECKING:
    from crossdock.bulk.converter import PayloadConverter
    from crossdock.core.rendering import Format


@dataclass(frozen=True, slots=True)
class Transformation:
    """A mapping with its options, and where results and findings go."""

    converter: PayloadConverter
    form: Format = "text"
    output: str | None = None

    def file(self, file: str) -> int:
        """Convert the payload in a file, and print or write the result. Returns 0. Raises CrossdockError."""
        self.converter.check()
        name = "<stdin>" if file == "-" else file
        result, warnings = self.converter.converted(payload_bytes(file), lambda: name)
        report(warnings, self.form)
        put(result.decode(), self.output)
        return 0

    def lines(self, files: Sequence[str], workers: int) -> int:
        """Convert the payload on each line to a line. Returns the first rejected one's exit code, or 0.

        Raises CrossdockError.
        """
        from crossdock.bulk.pool import conversion
        from crossdock.bulk.sources import Sources, compressed

        every = self.form in ("json", "sarif")
        code = 0
        with (
            conversion(self.converter, workers, every=every) as converted,
            written(self.output) as file,
            compressed(file, self.output) as target,
            stream_findings(self.form) as findings,
        ):
            stdin, several = stdin_for("-" if "-" in files else ""), workers > 1
            sources = Sources(files, stdin, eager=not several, ranges=several)
            for block, made in converted(sources.blocks()):
                target.write(made.results)
                findings.add(block.file, made)
                code = code or next((each.code for each in made.findings if each.code), 0)
                if file.isatty():
                    file.flush()
        return code
