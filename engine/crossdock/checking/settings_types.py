"""The types of a channel's settings: a setting has one of its values, or any value of its default's kind."""

from __future__ import annotations

from collections.abc import Mapping as MappingType

from crossdock.checking.type_kinds import kinds_of_value
from crossdock.checking.types import ANYTHING, TEXT, TRUTH, ObjectType, ScalarType, Type
from crossdock.core.json_types import JSON
from crossdock.language.syntax import LinkedMapping


def settings_type(mapping: LinkedMapping) -> Type:
    """The type of a mapping's settings: each has one of its values, or any value of its default's kind."""
    return mapping.once(_settings_of)


def _settings_of(mapping: LinkedMapping) -> Type:
    return type_of_settings(mapping.settings, mapping.setting_options)


def type_of_settings(
    settings: MappingType[str, JSON], options: MappingType[str, tuple[JSON, ...]] | None = None
) -> Type:
    """The type of settings with these defaults, and with the values of those that list them."""
    fields = {name: _like(value) for name, value in settings.items()}
    for name, values in (options or {}).items():
        fields[name] = ScalarType(frozenset[str]().union(*map(kinds_of_value, values)), constants=values)
    return ObjectType(fields, "the channel's settings")


def _like(value: JSON) -> Type:
    match value:
        case bool():
            return TRUTH
        case str():
            return TEXT
        case int():
            return ScalarType(frozenset({"integer"}))
    return ANYTHING
