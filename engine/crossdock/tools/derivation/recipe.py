"""A system's ``derive.yaml``: which part of which document is which shape, and what is corrected in it.

A recipe is data. Unknown keys, and a correction without its reason, are errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn

from crossdock.core.diagnostics import Diagnostic, Source, Span, did_you_mean
from crossdock.core.errors import ProjectError
from crossdock.core.json_types import JSON
from crossdock.tools.derivation import documents, paths

RECIPE = "derive.yaml"

_SYSTEM = (
    *("describe", "documents", "apis", "placeholders", "policy", "sensitive", "public"),
    *("rules", "descriptions", "repeats", "shapes", "openapi"),
)
_SHAPE = (
    *("describe", "from", "defs", "policy", "corrections", "descriptions", "repeats", "uses"),
    *("unvalidated", "described_by"),
)
_OPENAPI = ("document", "schemas")
_PLACES = ("request", "answer", "component")
_API = ("title", "version")
_DESCRIBED = ("api", "request", "answer")
_EVIDENCE = (
    *("document", "sample", "under", "json", "table", "curl", "prose", "schema"),
    *("at", "pick", "into", "status", "why"),
)
_CORRECTION = (
    "at",
    "type",
    "accept",
    "whole",
    "required",
    "optional",
    "closed",
    "known",
    "enum",
    "set",
    "drop",
    "why",
)
_POLICY = ("nullable", "required", "dates", "enumerations", "rules")
_CHOICES = {
    "nullable": ("none", "values", "all"),
    "required": ("none", "leading"),
    "dates": ("checked", "noted"),
    "enumerations": ("checked", "noted"),
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One part of a document, or one sample: its position, and the part of the shape that it shows."""

    document: str | None = None
    sample: str | None = None
    under: str | None = None
    json: int | None = None
    table: int | None = None
    curl: int | None = None
    prose: tuple[str, str] | None = None
    schema: str | None = None
    at: str = ""
    pick: tuple[str, ...] = ()
    into: str = ""
    status: str | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """What the documents get wrong or leave out at some paths of a shape, and the evidence."""

    at: tuple[str, ...]
    why: str
    type: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()
    whole: bool = False
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    keywords: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Policy:
    """How strict a schema is: lenient for payloads that others write, strict for those that we write.

    ``nullable``: none, values, or all (list elements too). ``required``: none, or the leading keys.
    ``dates``, and ``enumerations`` of published schemas: checked, or only noted. ``rules``: the system's
    groups of corrections that hold here.
    """

    nullable: str = "none"
    required: str = "none"
    dates: str = "checked"
    enumerations: str = "checked"
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PublishedCalls:
    """The calls of a published API description whose request or answer a shape is.

    ``api``: its title and version, by their names.
    """

    api: Mapping[str, str]
    request: tuple[str, ...] = ()
    answer: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShapeRecipe:
    """How one schema, or one definition in it, is derived."""

    name: str
    describe: str | None
    evidence: tuple[Evidence, ...]
    defs: tuple[ShapeRecipe, ...]
    policy: Policy
    corrections: tuple[Correction, ...]
    descriptions: Mapping[str, str]
    repeats: Mapping[str, tuple[str, ...]]
    uses: Mapping[str, str]
    unvalidated: tuple[str, ...]
    described_by: tuple[PublishedCalls, ...] = ()


@dataclass(frozen=True, slots=True)
class Recipe:
    """A whole ``derive.yaml``.

    ``openapi`` names the description of an API, ``described`` says which part of it is which schema.
    """

    system: str
    folder: Path
    documents: Mapping[str, str]
    placeholders: Mapping[str, str]
    sensitive: tuple[str, ...]
    public: tuple[str, ...]
    rules: Mapping[str, tuple[Correction, ...]]
    descriptions: Mapping[str, str]
    repeats: Mapping[str, tuple[str, ...]]
    shapes: tuple[ShapeRecipe, ...]
    openapi: str = ""
    described: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def load(folder: Path) -> Recipe:
    """The recipe of the system that a folder holds; its name is the folder's."""
    path = folder / RECIPE
    if not path.is_file():
        message = f"the system `{folder.name}` has no `{RECIPE}`"
        raise ProjectError(
            [Diagnostic("recipe-missing", message, None, "see docs/schemas.md for how to write one")]
        )
    source = documents.load(path, "recipe")
    return _RecipeReader(f"{folder.name}/{RECIPE}", source.text).recipe(folder)


@dataclass(frozen=True, slots=True)
class _RecipeReader:
    """Plain YAML data -> recipe. Each error has the position in the file."""

    name: str
    text: str

    def recipe(self, folder: Path) -> Recipe:
        data = self._mapping(self._yaml(), "the recipe")
        self._known(data, _SYSTEM, "the recipe")
        rules = self._mapping(data.get("rules"), "rules")
        policy = self._policy(data.get("policy"), Policy(), "policy")
        shapes = self._mapping(data.get("shapes"), "shapes")
        apis = self._apis(data.get("apis"))
        openapi = self._mapping(data.get("openapi"), "openapi")
        self._known(openapi, _OPENAPI, "openapi")
        return Recipe(
            system=folder.resolve().name,
            folder=folder,
            documents=self._texts(data.get("documents"), "documents"),
            placeholders=self._texts(data.get("placeholders"), "placeholders"),
            sensitive=tuple(map(self._anywhere, self._list(data.get("sensitive"), "sensitive"))),
            public=tuple(map(self._anywhere, self._list(data.get("public"), "public"))),
            rules={name: self._corrections(rule, f"rules.{name}") for name, rule in rules.items()},
            descriptions=self._texts(data.get("descriptions"), "descriptions"),
            repeats=self._lists(data.get("repeats"), "repeats"),
            openapi=self._text(openapi.get("document", ""), "openapi.document"),
            described=self._described(openapi.get("schemas")),
            shapes=tuple(
                replace(
                    self._shape(name, shape, policy, f"shapes.{name}"),
                    described_by=self._described_by(shape, apis, f"shapes.{name}.described_by"),
                )
                for name, shape in shapes.items()
            ),
        )

    def _described(self, data: object) -> dict[str, dict[str, str]]:
        parts = self._mapping(data, "openapi.schemas")
        for name, part in parts.items():
            where = f"openapi.schemas.{name}"
            self._known(self._mapping(part, where), (*_PLACES, "at"), where)
            if sum(place in self._mapping(part, where) for place in _PLACES) != 1:
                self._refuse(f"`{where}` must have one of {', '.join(_PLACES)}", name)
        return {name: self._texts(part, f"openapi.schemas.{name}") for name, part in parts.items()}

    def _apis(self, data: object) -> dict[str, dict[str, str]]:
        apis = self._mapping(data, "apis")
        for name, api in apis.items():
            self._known(self._mapping(api, f"apis.{name}"), _API, f"apis.{name}")
        return {name: self._texts(api, f"apis.{name}") for name, api in apis.items()}

    def _described_by(
        self, shape: object, apis: Mapping[str, Mapping[str, str]], where: str
    ) -> tuple[PublishedCalls, ...]:
        found = self._mapping(shape, where).get("described_by") or []
        made: list[PublishedCalls] = []
        for each in found if isinstance(found, list) else [found]:
            data = self._mapping(each, where)
            self._known(data, _DESCRIBED, where)
            name = str(data.get("api", ""))
            if name not in apis:
                message = f"`{where}` names an api `{name}` that `apis` lacks"
                self._refuse(message, name, did_you_mean(name, apis))
            calls = {key: self._list(data.get(key), f"{where}.{key}") for key in ("request", "answer")}
            made.append(PublishedCalls(apis[name], **calls))
        return tuple(made)

    def _shape(self, name: str, data: object, policy: Policy, where: str) -> ShapeRecipe:
        shape = self._mapping(data, where)
        self._known(shape, _SHAPE, where)
        own = self._policy(shape.get("policy"), policy, where)
        defs = self._mapping(shape.get("defs"), f"{where}.defs")
        evidence = shape.get("from") or []
        if not isinstance(evidence, list):
            self._refuse(f"`{where}.from` must be a list", "from")
        if not evidence and not defs:
            self._refuse(f"`{where}` has neither `from` nor `defs`", name)
        return ShapeRecipe(
            name=name,
            describe=str(shape["describe"]) if "describe" in shape else None,
            evidence=tuple(each for item in evidence for each in self._evidence(item, f"{where}.from")),
            defs=tuple(self._shape(key, item, own, f"{where}.defs.{key}") for key, item in defs.items()),
            policy=own,
            corrections=self._corrections(shape.get("corrections"), f"{where}.corrections"),
            descriptions=self._texts(shape.get("descriptions"), f"{where}.descriptions"),
            repeats=self._lists(shape.get("repeats"), f"{where}.repeats"),
            uses=self._texts(shape.get("uses"), f"{where}.uses"),
            unvalidated=tuple(map(self._path, self._list(shape.get("unvalidated"), f"{where}.unvalidated"))),
        )

    def _evidence(self, data: object, where: str) -> list[Evidence]:
        """One item of ``from``: one piece of evidence for each of its headings."""
        item = self._mapping(data, where)
        self._known(item, _EVIDENCE, where)
        if ("document" in item) == ("sample" in item):
            self._refuse(f"one item of `{where}` must name either a `document` or a `sample`", "from")
        if item.get("status") not in (None, "observed", "inferred"):
            self._refuse(
                f"the `status` of one item of `{where}` must be `observed` or `inferred`", str(item["status"])
            )
        prose = self._list(item.get("prose"), f"{where}.prose")
        if prose and len(prose) != 2:
            self._refuse(
                f"`{where}.prose` must be two strings: how the first line begins, and how the line after it",
                "prose",
            )
        one = Evidence(
            document=self._text(item["document"], where) if "document" in item else None,
            sample=self._text(item["sample"], where) if "sample" in item else None,
            json=self._ordinal(item.get("json"), f"{where}.json"),
            table=self._ordinal(item.get("table"), f"{where}.table"),
            curl=self._ordinal(item.get("curl"), f"{where}.curl"),
            prose=(prose[0], prose[1]) if prose else None,
            schema=self._text(item["schema"], f"{where}.schema") if "schema" in item else None,
            at=self._path(str(item.get("at", ""))),
            pick=self._list(item.get("pick"), f"{where}.pick"),
            into=self._path(str(item.get("into", ""))),
            status=self._text(item["status"], where) if "status" in item else None,
        )
        headings = self._list(item.get("under"), f"{where}.under")
        return [replace(one, under=heading) for heading in headings] or [one]

    def _corrections(self, data: object, where: str) -> tuple[Correction, ...]:
        if data is not None and not isinstance(data, list):
            self._refuse(f"`{where}` must be a list", "corrections")
        return tuple(self._correction(item, where) for item in data or ())

    def _correction(self, data: object, where: str) -> Correction:
        item = self._mapping(data, where)
        self._known(item, _CORRECTION, where)
        at = self._list(item.get("at"), f"{where}.at")
        if not str(item.get("why", "")).strip():
            self._refuse(f"a correction at `{', '.join(at)}` has no `why`", at[0] if at else "corrections")
        keywords = dict(self._mapping(item.get("set"), f"{where}.set"))
        keywords |= {"additionalProperties": item["closed"] is not True} if "closed" in item else {}
        for word, keyword in (("enum", "enum"), ("known", "x-known-values")):
            keywords |= {keyword: list(self._list(item[word], f"{where}.{word}"))} if word in item else {}
        lists = {
            key: self._list(item.get(key), key) for key in ("type", "accept", "required", "optional", "drop")
        }
        why = " ".join(str(item["why"]).split())
        whole = item.get("whole") is True
        return Correction(tuple(map(self._path, at)), why, whole=whole, keywords=keywords, **lists)

    def _policy(self, data: object, inherited: Policy, where: str) -> Policy:
        policy = self._mapping(data, where)
        self._known(policy, _POLICY, where)
        for key, choices in _CHOICES.items():
            if policy.get(key, choices[0]) not in choices:
                self._refuse(f"`{key}` of a policy must be one of {', '.join(choices)}", key)
        return Policy(
            str(policy.get("nullable", inherited.nullable)),
            str(policy.get("required", inherited.required)),
            str(policy.get("dates", inherited.dates)),
            str(policy.get("enumerations", inherited.enumerations)),
            self._list(policy["rules"], f"{where}.rules") if "rules" in policy else inherited.rules,
        )

    def _anywhere(self, pattern: str) -> str:
        """A name without a path means this property at any path."""
        return self._path(
            pattern if "." in pattern.removesuffix("/") and "/" not in pattern else f"**.{pattern}"
        )

    def _path(self, pattern: str) -> str:
        try:
            paths.parse(pattern)
        except ValueError as error:
            self._refuse(str(error), pattern)
        return pattern

    def _ordinal(self, value: object, where: str) -> int | None:
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            self._refuse(f"`{where}` must be a whole number, counted from 1", where.rpartition(".")[2])
        return value

    def _list(self, value: object, where: str) -> tuple[str, ...]:
        """A list of strings. A single string is a list of one."""
        items = value if isinstance(value, list) else [] if value is None else [value]
        return tuple("null" if item is None else self._text(item, where) for item in items)

    def _lists(self, data: object, where: str) -> dict[str, tuple[str, ...]]:
        return {key: self._list(value, where) for key, value in self._mapping(data, where).items()}

    def _texts(self, data: object, where: str) -> dict[str, str]:
        return {key: self._text(value, where) for key, value in self._mapping(data, where).items()}

    def _text(self, value: object, where: str) -> str:
        if not isinstance(value, str):
            self._refuse(f"`{where}` holds `{value}`, which must be a string in quotes", str(value))
        return value

    def _mapping(self, data: object, where: str) -> dict[str, JSON]:
        if data is None:
            return {}
        if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
            self._refuse(f"`{where}` must be an object whose keys are strings", where.rpartition(".")[2])
        return data

    def _known(self, data: Mapping[str, object], words: tuple[str, ...], where: str) -> None:
        for key in data:
            if key not in words:
                self._refuse(f"`{where}` has no key `{key}`", key, did_you_mean(key, words))

    def _yaml(self) -> object:
        import yaml

        try:
            return yaml.safe_load(self.text)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            offset = mark.index if mark else 0
            self._refuse(f"this is not YAML: {error.problem}", offset=offset)
        except yaml.YAMLError as error:
            self._refuse(f"this is not YAML: {error}")

    def _refuse(
        self, message: str, word: str = "", help_: str | None = None, offset: int | None = None
    ) -> NoReturn:
        if offset is None:
            offset = max(self.text.find(word), 0) if word else 0
        span = Span(Source(self.name, self.text), offset, offset + max(1, len(word)))
        raise ProjectError([Diagnostic("recipe-invalid", message, span, help_)])
