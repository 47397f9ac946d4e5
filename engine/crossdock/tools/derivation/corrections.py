"""Corrections, sensitive marks and repeated parts: from the documented shape to the corrected one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from crossdock.core.diagnostics import Diagnostic, did_you_mean
from crossdock.core.errors import ProjectError
from crossdock.core.json_types import JSON
from crossdock.core.paths import EACH
from crossdock.tools.derivation import paths
from crossdock.tools.derivation.recipe import Correction, Recipe, ShapeRecipe
from crossdock.tools.derivation.shapes import InferredShape, Path, merge, rewrite

_PERSONAL = re.compile(
    r".*(password|secret|api_?key)|(?!.*page)(.*_)?token|(access|refresh|id|auth)token|ticket|(.*_)?e?mail(_?address)?"
    r"|(.*_)?((tele|mobile_?)?phone|mobile|fax)(_?number)?|(first|last|middle|full|sur|maiden)_?name"
    r"|postal_?code|post_?code|zip(_?code)?|street_?\d?|address_?(line)?_?\d|(.*_)?ip(_?address)?"
    r"|latitude|longitude|lat|lng|(date_?of_?birth|birth_?(day|date)|dob)"
    r"|card_?number|cvv\d?|cvc\d?|iban|(tax|vat)_?id|gift_?message",
    re.IGNORECASE,
)
_PERSON = re.compile(r"(.*_)?(address|customer|buyer|shopper|recipient|contact|person|payer)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rewriting:
    """A system's recipe, and the patterns in it that have matched: one that never matches is a mistake."""

    recipe: Recipe
    met: set[str] = field(default_factory=set)

    def apply(self, shape: InferredShape, own: ShapeRecipe) -> InferredShape:
        """The shape with corrections, descriptions, marks, and references to other shapes."""
        rules = [correction for name in own.policy.rules for correction in self._rule(name, own)]
        for correction in (*rules, *own.corrections):
            shape = rewrite(shape, partial(self._correct, correction, own.name))
        shape = rewrite(shape, lambda path, part: self._describe(path, part, own))
        shape = rewrite(shape, self._mark)
        shape = rewrite(shape, lambda path, part: self._use(path, part, own))
        return rewrite(shape, lambda path, part: self._loosen(path, part, own))

    def _meets(self, patterns: Sequence[str], path: Path) -> bool:
        found = [pattern for pattern in patterns if paths.matches(pattern, path)]
        self.met.update(found)
        return bool(found)

    def _rule(self, name: str, own: ShapeRecipe) -> tuple[Correction, ...]:
        if name not in self.recipe.rules:
            message = f"the shape `{self.recipe.system}/{own.name}` names a rule `{name}` that does not exist"
            raise ProjectError(
                [Diagnostic("rule-unknown", message, None, did_you_mean(name, self.recipe.rules))]
            )
        return self.recipe.rules[name]

    def _correct(self, correction: Correction, name: str, path: Path, shape: InferredShape) -> InferredShape:
        if not self._meets(correction.at, path):
            return shape
        types = frozenset(correction.type) or shape.types
        if correction.whole and "number" in types:
            types = types - {"number"} | {"integer"}
        keep = {key: part for key, part in shape.properties.items() if key not in correction.drop}
        unknown = [key for key in (*correction.required, *correction.optional) if key not in keep]
        if unknown:
            place = ".".join(path) or "the top level"
            message = (
                f"a correction of `{name}` at `{place}` names `{unknown[0]}`, which is not a property there"
            )
            help_ = did_you_mean(unknown[0], keep)
            raise ProjectError([Diagnostic("correction-unmet", message, None, help_)])
        return replace(
            shape,
            types=types | frozenset(correction.accept),
            properties=keep,
            dated=shape.dated and not correction.type,
            required=(shape.required | frozenset(correction.required)) - frozenset(correction.optional),
            keywords={**shape.keywords, **correction.keywords},
        )

    def _describe(self, path: Path, shape: InferredShape, own: ShapeRecipe) -> InferredShape:
        texts: Mapping[str, str] = {**self.recipe.descriptions, **own.descriptions}
        found = [pattern for pattern in texts if paths.matches(pattern, path)]
        self.met.update(found)
        return (
            replace(shape, keywords={**shape.keywords, "description": texts[found[-1]]}) if found else shape
        )

    def _mark(self, path: Path, shape: InferredShape) -> InferredShape:
        """Only single values and lists of them are marked as sensitive, not objects or lists of objects.

        Names that are typical for people and credentials are marked without being listed.
        """
        if (
            shape.properties
            or (shape.items and shape.items.properties)
            or self._meets(self.recipe.public, path)
        ):
            return shape
        known = self._meets(self.recipe.sensitive, path) or is_personal(path)
        return replace(shape, sensitive=known)

    def _use(self, path: Path, shape: InferredShape, own: ShapeRecipe) -> InferredShape:
        for pattern, reference in own.uses.items():
            if paths.matches(pattern, path):
                self.met.add(pattern)
                return replace(
                    shape, properties={}, items=None, ref=reference, required=frozenset(), keywords={}
                )
        return shape

    def _loosen(self, path: Path, shape: InferredShape, own: ShapeRecipe) -> InferredShape:
        return replace(shape, validated=False) if self._meets(own.unvalidated, path) else shape

    def extract(
        self, shape: InferredShape, own: ShapeRecipe
    ) -> tuple[InferredShape, dict[str, InferredShape]]:
        """Repeated parts as definitions: the shape with references to them, and the definitions."""
        defs: dict[str, InferredShape] = {}
        repeats = {**self.recipe.repeats, **own.repeats}

        def take(path: Path, part: InferredShape) -> InferredShape:
            for name, patterns in repeats.items():
                if self._meets(patterns, path) and path:
                    keywords = {k: v for k, v in part.keywords.items() if k != "description"}
                    body = replace(part, keywords=keywords, validated=True)
                    defs[name] = merge(defs[name], body) if name in defs else body
                    reference = f"#/$defs/{name}"
                    return InferredShape(
                        part.types,
                        origin=part.origin,
                        ref=reference,
                        validated=part.validated,
                        keywords=_description(part),
                    )
            return part

        return rewrite(shape, take), {name: defs[name] for name in repeats if name in defs}

    def unmet(self) -> list[Diagnostic]:
        """One finding for each pattern that matched nothing, except those of sensitive names."""
        recipe = self.recipe
        rules = [pattern for rule in recipe.rules.values() for item in rule for pattern in item.at]
        stated = [
            (pattern, recipe.system) for pattern in (*rules, *recipe.descriptions, *_flat(recipe.repeats))
        ]
        for own in _all(recipe.shapes):
            patterns = [pattern for item in own.corrections for pattern in item.at]
            patterns += [*own.descriptions, *_flat(own.repeats), *own.uses, *own.unvalidated]
            stated += [(pattern, f"{recipe.system}/{own.name}") for pattern in patterns]
        message = "the path `{}` of the recipe of `{}` matches no part of a shape"
        lost = dict.fromkeys(item for item in stated if item[0] not in self.met)
        return [Diagnostic("correction-unmet", message.format(*item)) for item in lost]


def _description(shape: InferredShape) -> dict[str, JSON]:
    return {key: value for key, value in shape.keywords.items() if key == "description"}


def _flat(lists: Mapping[str, Sequence[str]]) -> list[str]:
    return [each for values in lists.values() for each in values]


def _all(shapes: Sequence[ShapeRecipe]) -> list[ShapeRecipe]:
    return [each for shape in shapes for each in (shape, *_all(shape.defs))]


def is_personal(path: Path) -> bool:
    """Whether the name at a path is typical for people and credentials; `name` only where a person is."""
    if not path:
        return False
    around = [part for part in path[:-1] if part != EACH]
    named = path[-1].lower() == "name" and bool(around) and _PERSON.fullmatch(around[-1]) is not None
    return named or _PERSONAL.fullmatch(path[-1]) is not None
