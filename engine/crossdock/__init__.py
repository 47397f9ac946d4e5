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

if TYPE_CHECKING:
    from crossdock.channels.connection import Connection
    from crossdock.channels.conversation import ConversationResult
    from crossdock.channels.messages import ChannelError
    from crossdock.channels.patience import Cancellation
    from crossdock.core.diagnostics import Diagnostic, Place, Source, Span
    from crossdock.core.errors import CompileError, CrossdockError, InputError, ProjectError
    from crossdock.core.json_types import JSON
    from crossdock.core.rendering import render
    from crossdock.core.version import __version__
    from crossdock.execution.errors import EvaluationError, OutputError
    from crossdock.execution.runner import Mapping, Result
    from crossdock.execution.trace import Read, Step, Trace
    from crossdock.project.project import Project

_HOMES = {
    "Cancellation": "channels.patience",
    "ChannelError": "channels.messages",
    "CompileError": "core.errors",
    "Connection": "channels.connection",
    "ConversationResult": "channels.conversation",
    "CrossdockError": "core.errors",
    "Diagnostic": "core.diagnostics",
    "EvaluationError": "execution.errors",
    "InputError": "core.errors",
    "JSON": "core.json_types",
    "Mapping": "execution.runner",
    "OutputError": "execution.errors",
    "Place": "core.diagnostics",
    "Project": "project.project",
    "ProjectError": "core.errors",
    "Read": "execution.trace",
    "Result": "execution.runner",
    "Source": "core.diagnostics",
    "Span": "core.diagnostics",
    "Step": "execution.trace",
    "Trace": "execution.trace",
    "__version__": "core.version",
    "render": "core.rendering",
}

__all__ = [
    "JSON",
    "Cancellation",
    "ChannelError",
    "CompileError",
    "Connection",
    "ConversationResult",
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
