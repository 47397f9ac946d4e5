"""The text of a mapping file becomes a checked ``Mapping``, ready to run.

Strict phases: YAML nodes, mapping nodes, resolved names, check. Each phase reports everything that it finds.
A phase is skipped when an earlier one left it nothing sound to work on, and only a mapping without errors
comes out at the end.
"""

from __future__ import annotations

from crossdock.checking.check import check_mapping
from crossdock.checking.disclosure import disclosed
from crossdock.checking.read_set import read_paths
from crossdock.checking.suppressions import apply_suppressions
from crossdock.core.diagnostics import Diagnostic, Source, Span, in_order
from crossdock.core.errors import CompileError
from crossdock.core.similar import bounded
from crossdock.core.yaml_reader import parse_yaml
from crossdock.execution.runner import Mapping
from crossdock.language.linker import Resolution, Surroundings
from crossdock.language.parser import parse_mapping
from crossdock.language.syntax import LinkedMapping
from crossdock.language.total_cost import copied
from crossdock.language.use_cost import multiplied


@bounded()
def compile_mapping(
    name: str, source: Source, surroundings: Surroundings, *, lenient: bool = False
) -> Mapping:
    """Compile and check a mapping. Raises CompileError with everything that is wrong.

    ``lenient``: a property that a schema does not document is a warning and not an error.
    """
    parsed, problems = parse_mapping(parse_yaml(source), Span(source, 0, 1))
    if parsed is None:
        raise CompileError(problems)
    resolution = Resolution(name, parsed, surroundings)
    linked = resolution.mapping(source)
    if not resolution.problems:
        # What a file does not use is only clear when all of it could be parsed.
        unused = resolution.unused() if not problems else []
        problems += [*unused, *_findings(linked, lenient=lenient)]
    problems = in_order(apply_suppressions([*problems, *resolution.problems], source))
    if errors := [item for item in problems if item.severity == "error"]:
        raise CompileError(errors)
    return Mapping(linked, tuple(problems), read_paths)


def linked_despite(name: str, source: Source, surroundings: Surroundings) -> LinkedMapping | None:
    """A mapping as far as it can be linked, whatever is wrong in it; None for one that is not to be followed.

    It is for tools that look at its names and types, and must not be run. Raises CompileError for a text
    that is not YAML.
    """
    parsed, _ = parse_mapping(parse_yaml(source), Span(source, 0, 1))
    if parsed is None:
        return None
    linked = Resolution(name, parsed, surroundings).mapping(source)
    return None if multiplied(linked) or copied(linked) else linked


def _findings(linked: LinkedMapping, *, lenient: bool) -> list[Diagnostic]:
    """The findings of the check. A mapping that expands to too much is not checked any further."""
    if many := multiplied(linked) or copied(linked):
        return many
    checked = check_mapping(linked, lenient=lenient)
    return [*checked.findings, *disclosed(linked)]
