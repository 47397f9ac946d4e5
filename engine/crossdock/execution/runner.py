"""A compiled mapping at work: validates the payload, runs, validates the result.

    order = mapping(payload)            # a value for a value
    result = mapping.run(payload)       # the same, with the trace and the warnings
    data = mapping.convert(data)        # bytes for bytes

There are two paths. The normal path is the interpreter, which keeps a trace and words every error. The fast
path is generated Python, used when no trace is needed. It gives a result or gives up; when it gives up,
the normal path runs the same payload from the beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from typing import TypeAlias

from crossdock.core import json_reader
from crossdock.core.diagnostics import Diagnostic, Place, Span, has_errors
from crossdock.core.json_types import JSON, MISSING, Missing, settled
from crossdock.core.limits import RESULT_CHARACTERS
from crossdock.core.once import MAKING, made_once, once
from crossdock.core.paths import pointer
from crossdock.core.python_module import Generated
from crossdock.execution.errors import OutputError
from crossdock.execution.failed_checks import Kept, findings
from crossdock.execution.fast_path import NOTHING, Nothing, Prepared
from crossdock.execution.interpreter import execute
from crossdock.execution.scope import Scope, given_settings
from crossdock.execution.trace import Parts, Read, Trace, Watch
from crossdock.language.syntax import LinkedMapping
from crossdock.schema import fast
from crossdock.schema.store import Schema
from crossdock.schema.validator import Violation, input_error, validate

ReadPaths: TypeAlias = "Callable[[LinkedMapping], Collection[tuple[str, ...]]]"


def reads_all(_mapping: LinkedMapping) -> Collection[tuple[str, ...]]:
    """The read paths of a mapping that was not analysed: the root, so the whole payload."""
    return ((),)


@dataclass(frozen=True, slots=True)
class Result:
    """What a run gives. ``warnings`` are the checks that failed with the level ``warning``.

    ``present`` is false when the mapping gives no value at all; ``value`` is then None.
    """

    value: JSON
    trace: Trace
    warnings: tuple[Diagnostic, ...] = ()
    present: bool = True


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Mapping:
    """A mapping, ready to run. It never changes, and threads may share it.

    ``linked`` is the mapping as data and ``findings`` are the warnings of its check. ``read_paths`` finds the
    paths in a payload that a mapping can read. ``watch`` is notified of all runs, and disables the fast path.
    The generated code belongs to this object: a variant made by ``dataclasses.replace`` has none yet.
    """

    linked: LinkedMapping
    findings: tuple[Diagnostic, ...] = ()
    read_paths: ReadPaths = reads_all
    watch: Watch | None = None
    _kept: list[Prepared | None] = field(init=False, default_factory=list)
    _modules: dict[object, object] = field(init=False, default_factory=dict)

    def __repr__(self) -> str:
        return f"Mapping({self.name!r})"

    @property
    def name(self) -> str:
        """The path below ``mappings/`` without its suffix, such as ``shop/order``."""
        return self.linked.name

    def __call__(self, payload: JSON, *, settings: MappingType[str, JSON] | None = None) -> JSON:
        """The result for a payload. Raises InputError, EvaluationError or OutputError."""
        scope, failed = Scope(settings=given_settings(self.linked, settings)), list[Kept]()
        value = self._quick(payload, scope, failed)
        if isinstance(value, Nothing):
            return run_traced(self.linked, payload, scope, name="payload", watch=self.watch).value
        return _present(value)

    def run(
        self,
        payload: JSON,
        *,
        settings: MappingType[str, JSON] | None = None,
        request: JSON = None,
        name: str = "payload",
        validate: bool = True,
        trust_source: bool = False,
        traced: bool = True,
    ) -> Result:
        """Run a payload. ``settings`` override the channel's; ``name`` is the payload's name in messages.

        With ``trust_source`` only the result is validated, and without ``validate`` neither side is. Without
        ``traced`` the trace of the result is empty, and the fast path is tried first.
        Raises InputError, EvaluationError or OutputError.
        """
        scope = Scope(settings=given_settings(self.linked, settings), request=settled(request))
        return self.run_within(
            payload, scope, name=name, validate=validate, trust_source=trust_source, traced=traced
        )

    def convert(
        self,
        data: bytes,
        *,
        settings: MappingType[str, JSON] | None = None,
        name: str = "payload",
        compact: bool = True,
        trust_source: bool = False,
    ) -> bytes:
        """The JSON text of the result for the JSON text of a payload, both in UTF-8.

        With ``trust_source`` the payload is not validated, and parts that the mapping never reads are skipped
        without being decoded. Raises what ``run`` raises, and InputError for text that is not JSON.
        """
        scope = Scope(settings=given_settings(self.linked, settings))
        if (prepared := self.prepared()) is not None:
            converted = prepared.converted(data, scope, [], trust_source=trust_source, compact=compact)
            if not isinstance(converted, Nothing):
                return converted
        result = self.run_within(json_reader.decode(data, name), scope, name=name, trust_source=trust_source)
        return text_of(result, name, compact=compact)

    def run_within(
        self,
        payload: JSON,
        scope: Scope,
        *,
        name: str,
        validate: bool = True,
        trust_source: bool = False,
        traced: bool = True,
    ) -> Result:
        """Run in a scope that exists already. Raises what ``run`` raises."""
        takes, failed = validate and not trust_source, list[Kept]()
        if not traced:
            value = self._quick(payload, scope, failed, takes=takes, gives=validate)
            if not isinstance(value, Nothing):
                warnings = findings(failed, name)
                return Result(_present(value), Trace(), warnings, present=value is not MISSING)
        return run_traced(
            self.linked,
            payload,
            scope,
            name=name,
            validate=validate,
            trust_source=trust_source,
            watch=self.watch,
        )

    def _quick(
        self, payload: JSON, scope: Scope, failed: list[Kept], *, takes: bool = True, gives: bool = True
    ) -> JSON | Missing | Nothing:
        prepared = self.prepared()
        if prepared is None:
            return NOTHING
        return prepared.result(payload, scope, failed, takes=takes, gives=gives)

    def prepared(self) -> Prepared | None:
        """The fast path, made on the first call. None when there is none: see ``codegen.BEYOND``."""
        if self.watch is not None:
            return None
        if not self._kept:
            with MAKING:
                if not self._kept:
                    self._kept.append(self._prepare())
        return self._kept[0]

    def _prepare(self) -> Prepared | None:
        from crossdock.execution import codegen  # a check generates nothing

        linked = self.linked
        try:
            run = codegen.tiered(self.generated(), lambda: codegen.generate(linked, amounts=False))
        except codegen.BEYOND:
            return None
        takes = fast.acceptor(linked.source) if linked.source else None
        gives = fast.acceptor(linked.target) if linked.target else None
        paths = self.read_paths(linked)
        numbers = fast.parts_at(fast.with_numbers(paths, linked.source) if linked.source else paths)
        read = fast.reader_of(linked.source, numbers.settling()).read if linked.source else None
        settles = numbers.settling(settled)
        return Prepared(run, takes, gives, read, settles, once(lambda: fast.pruned_reader(paths)))

    def generated(self) -> Generated:
        """The generated function. Raises what ``codegen.BEYOND`` lists when only the interpreter can run."""
        from crossdock.execution import codegen

        return made_once(self._modules, None, lambda: codegen.generate(self.linked))


def text_of(result: Result, name: str, *, compact: bool = True) -> bytes:
    """The JSON text of a result, in UTF-8. ``name`` is that of the payload. Raises OutputError."""
    try:
        return fast.write(result.value, compact=compact)
    except fast.ResultTooLargeError:
        message = f"the result has more than {RESULT_CHARACTERS} characters, the limit"
        help = "what is read of the whole payload in a list is written once for each of its elements"
        found = Diagnostic("result-too-large", message, help=help, input=Place(name, ""))
        raise OutputError([found], result.value) from None


def run_traced(
    mapping: LinkedMapping,
    payload: JSON,
    scope: Scope,
    *,
    name: str,
    validate: bool = True,
    trust_source: bool = False,
    watch: Watch | None = None,
) -> Result:
    """Run on the normal path, which keeps a trace. Raises InputError, EvaluationError or OutputError."""
    payload = settled(payload)
    if validate and not trust_source and mapping.source is not None:
        check_input(payload, mapping.source, name)
    outcome = execute(mapping, payload, scope, name=name, traced=True, watch=watch)
    if validate and mapping.target is not None:
        check_output(outcome.value, mapping.target, outcome.trace, name)
    if has_errors(outcome.failed):
        raise OutputError(outcome.failed, outcome.value)
    return Result(outcome.value, outcome.trace, tuple(outcome.failed), outcome.present)


def _present(value: JSON | Missing) -> JSON:
    return None if isinstance(value, Missing) else value


def check_input(payload: JSON, schema: Schema, name: str) -> None:
    """Raise InputError when a payload breaks its schema."""
    if violations := validate(payload, schema):
        raise input_error(violations, name)


def check_output(value: JSON, schema: Schema, trace: Trace, name: str) -> None:
    """Raise OutputError when a result breaks its schema. Each finding points at the cell that is to blame."""
    violations = validate(value, schema)
    if violations:
        raise OutputError([_blame(violation, trace, name) for violation in violations], value)


def _blame(violation: Violation, trace: Trace, name: str) -> Diagnostic:
    """A violation of the target schema, with the caret under the cell that wrote the value."""
    where: Parts = violation.parts
    step = trace.at((*where, violation.missing) if violation.missing else where)
    span: Span | None = step.span if step else None
    return Diagnostic(
        violation.id,
        violation.message,
        span,
        violation.help,
        input=_source_place(trace.reads_behind(step), name, violation) if step else None,
        output=pointer(*where),
    )


def _source_place(reads: tuple[Read, ...], name: str, violation: Violation) -> Place | None:
    """The place in the payload that a cell took its value from.

    For a missing value it is the first place that the cell read and that was empty.
    """
    if not reads:
        return None
    missing = violation.missing is not None
    read = next((read for read in reads if read.present is not missing), reads[0])
    return Place(name, read.pointer)
