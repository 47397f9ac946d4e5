"""A compiled mapping: immutable, checked, shared between threads.

mapping = project.mapping("shop/order")
order = mapping(payload)            # validates, runs, validates
result = mapping.run(payload)       # the same, with the trace and the warnings
data = mapping.convert(data)        # the same, from bytes to bytes

Without a trace a mapping runs as the Python that is generated for it when it first does. What that cannot
do, or finds wrong, is done by the interpreter.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from functools import cache, partial

from crossdock.checking.read_set import read_paths
from crossdock.checking.types import ANYTHING, Type
from crossdock.core import json_reader
from crossdock.core.diagnostics import Diagnostic, Place, Source, Span, has_errors
from crossdock.core.errors import OutputError
from crossdock.core.json_types import JSON, MISSING, Missing
from crossdock.core.paths import pointer
from crossdock.core.python_module import Generated
from crossdock.execution import codegen
from crossdock.execution.fast_path import Nothing, Prepared
from crossdock.execution.interpreter import execute
from crossdock.execution.scope import Scope
from crossdock.execution.trace import Parts, Step, Trace, Watch
from crossdock.language import syntax
from crossdock.schema import fast
from crossdock.schema.store import Schema
from crossdock.schema.validator import Violation, input_error, validate


@dataclass(frozen=True, slots=True)
class Result:
    """What a run gives. ``warnings`` are the checks that do not hold.

    ``present`` is false when the whole answer is missing; ``value`` is then None.
    """

    value: JSON
    trace: Trace
    warnings: tuple[Diagnostic, ...] = ()
    present: bool = True


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Mapping:
    """How a payload of one schema becomes a payload of another.

    ``findings`` are the check's warnings, ``result`` what it knows of the result. ``watch`` is told of
    what runs.
    """

    name: str
    describe: str
    text: Source
    source: Schema | None
    target: Schema | None
    cell: syntax.Cell
    fragments: MappingType[str, syntax.Cell]
    tables: MappingType[str, MappingType[str, JSON]]
    used: MappingType[str, Mapping]
    checks: tuple[syntax.Check, ...]
    ignored: tuple[syntax.Ignored, ...]
    unavailable: tuple[syntax.Ignored, ...]
    settings: MappingType[str, JSON]
    findings: tuple[Diagnostic, ...] = ()
    result: Type = ANYTHING
    watch: Watch | None = None
    _kept: list[Prepared | None] = field(init=False, default_factory=list)
    _modules: dict[str, Generated] = field(init=False, default_factory=dict)

    def __repr__(self) -> str:
        return f"Mapping({self.name!r})"

    def __call__(self, payload: JSON, *, settings: MappingType[str, JSON] | None = None) -> JSON:
        """The result for a payload. Raises InputError, EvaluationError or OutputError."""
        return self.run(payload, settings=settings, traced=False).value

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
        """Run. ``settings`` override the channel's; ``name`` is the payload's in messages.

        With ``trust_source`` only the result is held against its schema, and without ``validate`` neither is.
        The trace of the result is empty when it is not ``traced``, and it is there much sooner.
        Raises InputError, EvaluationError or OutputError.
        """
        scope = Scope(settings={**self.settings, **(settings or {})}, request=request)
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
        """The JSON text of the result for that of a payload, both in UTF-8.

        With ``trust_source`` the payload is not held against its schema, and of what the mapping cannot see
        in it no more is looked at than where it ends. Raises as ``run`` does, and InputError for what is no
        JSON.
        """
        scope = Scope(settings={**self.settings, **(settings or {})})
        if (prepared := self.prepared()) is not None:
            converted = prepared.converted(data, scope, trust_source=trust_source, compact=compact)
            if not isinstance(converted, Nothing):
                return converted
        result = self.run_within(json_reader.decode(data, name), scope, name=name, trust_source=trust_source)
        return fast.write(result.value, compact=compact)

    def prepared(self) -> Prepared | None:
        """What runs in the mapping's place when nobody wants its trace; None when nothing can."""
        if self.watch is not None:
            return None
        if not self._kept:
            self._kept.append(self._prepare())
        return self._kept[0]

    def _prepare(self) -> Prepared | None:
        try:
            run = codegen.tiered(self.generated()["run"], lambda: codegen.generate(self, amounts=False))
        except codegen.BEYOND:
            return None
        takes = fast.acceptor(self.source) if self.source else None
        gives = fast.acceptor(self.target) if self.target else None
        read = partial(fast.read, schema=self.source) if self.source else None
        prunes = cache(lambda: fast.pruned_reader(read_paths(self)))
        return Prepared(run, takes, gives, read, prunes)

    def generated(self) -> MappingType[str, Generated]:
        """What is generated for it: ``run``, and the acceptors ``takes`` and ``gives`` of its schemas.

        Raises what ``codegen.BEYOND`` lists, for a mapping that only the interpreter can run.
        """
        if not self._modules:
            # All of it or nothing: without an acceptor a payload would not be held against its schema.
            made = {"run": codegen.generate(self)}
            for part, schema in (("takes", self.source), ("gives", self.target)):
                if schema is not None:
                    made[part] = schema.once(fast.generate)
            self._modules.update(made)
        return self._modules

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
        """Run in a scope that is there already, as in a conversation. Raises as ``run`` does."""
        takes = validate and not trust_source
        if not traced and (prepared := self.prepared()) is not None:
            value = prepared.result(payload, scope, takes=takes, gives=validate)
            if not isinstance(value, Nothing):
                return Result(_present(value), Trace(), present=value is not MISSING)
        if takes and self.source is not None:
            check_input(payload, self.source, name)
        outcome = execute(self, payload, scope, name=name, traced=True, watch=self.watch)
        if validate and self.target is not None:
            check_output(outcome.value, self.target, outcome.trace, name)
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
    """Raise OutputError when a result breaks its schema, with the cells to blame."""
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
        input=_source_place(step, name, missing=violation.missing is not None),
        output=pointer(*where),
    )


def _source_place(step: Step | None, name: str, *, missing: bool) -> Place | None:
    """The place in the payload that a cell took its value from, or should have."""
    if step is None or not step.reads:
        return None
    read = next((read for read in step.reads if read.present is not missing), step.reads[0])
    return Place(name, read.pointer)
