"""What ``crossdock transform`` does with one payload, or with one on each line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from crossdock.cli.console import payload_bytes, put, report, stdin_for, written
from crossdock.cli.stream_findings import stream_findings

if TYPE_CHECKING:
    from crossdock.bulk.converter import PayloadConverter
    from crossdock.bulk.sources import Sources
    from crossdock.cli.progress import CountedProgress
    from crossdock.core.rendering import Format


@dataclass(frozen=True, slots=True)
class Transformation:
    """A mapping with its options, and where results and findings go."""

    converter: PayloadConverter
    form: Format = "text"
    output: str | None = None
    progress: bool = False

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
        stdin, several = stdin_for("-" if "-" in files else ""), workers > 1
        sources = Sources(files, stdin, eager=not several, ranges=several)
        shown = self._shown(sources, stdin)
        with (
            conversion(self.converter, workers, every=every) as converted,
            written(self.output) as file,
            compressed(file, self.output) as target,
            stream_findings(self.form) as findings,
            shown or nullcontext(),
        ):
            for block, made in converted(sources.blocks()):
                target.write(made.results)
                with shown.aside() if shown and made.findings else nullcontext():
                    findings.add(block.file, made)
                if shown:
                    shown.add(block.file, made)
                code = code or next((each.code for each in made.findings if each.code), 0)
                if file.isatty():
                    file.flush()
        if shown and not every:
            shown.end()
        return code

    def _shown(self, sources: Sources, stdin: BinaryIO) -> CountedProgress | None:
        """The progress, at a terminal or when it is asked for.

        A bar would disturb lines that are printed at the same terminal or typed there.
        """
        elsewhere = self.output not in (None, "-") or not sys.stdout.isatty()
        bar = sys.stderr is not None and sys.stderr.isatty() and elsewhere and not stdin.isatty()
        if not bar and not self.progress:
            return None
        from crossdock.cli.progress import CountedProgress

        return CountedProgress(sources)
