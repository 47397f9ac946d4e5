"""Running field descriptions of a scraped page -> which line explains which property."""

from __future__ import annotations

from crossdock.derivation.documents import Section
from crossdock.derivation.shapes import Locate, Shape


def described(part: Section, bounds: tuple[str, str], shape: Shape, locate: Locate) -> Shape:
    raise NotImplementedError
