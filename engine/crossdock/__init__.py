"""Crossdock: a declarative mapping engine for commerce payloads.

    from crossdock import Project

    project = Project.open()
    mapping = project.mapping("kibo/order")
    order = mapping(payload)

These names are the public API; everything else may change. They are loaded when they are first used,
so that ``crossdock --help`` and shell completion do not wait for what they do not need.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from crossdock.diagnostics import Diagnostic, Place, Source, Span, render
    from crossdock.errors import (
        ChannelError,
        CompileError,
        CrossdockError,
        EvaluationError,
        InputError,
        OutputError,
        ProjectError,
    )
    from crossdock.mapping import Mapping, Result
    from crossdock.project import Project
    from crossdock.trace import Read, Step, Trace
    from crossdock.values import JSON

_HOMES = {
    "ChannelError": "errors",
    "CompileError": "errors",
    "CrossdockError": "errors",
    "Diagnostic": "diagnostics",
    "EvaluationError": "errors",
    "InputError": "errors",
    "JSON": "values",
    "Mapping": "mapping",
    "OutputError": "errors",
    "Place": "diagnostics",
    "Project": "project",
    "ProjectError": "errors",
    "Read": "trace",
    "Result": "mapping",
    "Source": "diagnostics",
    "Span": "diagnostics",
    "Step": "trace",
    "Trace": "trace",
    "render": "diagnostics",
}

__all__ = [
    "JSON",
    "ChannelError",
    "CompileError",
    "CrossdockError",
    "Diagnostic",
    "EvaluationError",
    "InputError",
    "Mapping",
    "OutputError",
    "Place",
    "Project",
    "ProjectError",
    "Read",
    "Result",
    "Source",
    "Span",
    "Step",
    "Trace",
    "__version__",
    "render",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
