"""What the formats share: documents by their types, outlines in pixels or shares of the picture."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec

from api.model.errors import LayoutFormatInvalid
from api.model.types import Json

T = TypeVar("T")
Points = list[list[float]]
_TABLE_ID = re.compile(r"tbl_[0-9a-f]{32}")


def convert(document: object, kind: type[T]) -> T:
    """The document as a struct. Raises LayoutFormatInvalid, which names the place."""
    try:
        return msgspec.convert(document, kind, strict=True)
    except msgspec.ValidationError as error:
        raise LayoutFormatInvalid(f"{error}.") from error


def rectangle(x1: float, y1: float, x2: float, y2: float) -> Points:
    """Corners, clockwise from the upper left."""
    return [[x1, y1], [x2, y1], [x2, y2], [x1, y2]]


def are_relative(outlines: Iterable[Points]) -> bool:
    """Whether all lie between 0 and 1: in pixels that would be one pixel."""
    return all(-1 <= value <= 1 for outline in outlines for point in outline for value in point)


def relative(outline: Points, width: float, height: float) -> Points:
    """From pixels."""
    return [[x / width, y / height] for x, y in outline]


def pixels(outline: Sequence[Sequence[float]], width: int, height: int) -> Points:
    """From shares of the picture."""
    return [[x * width, y * height] for x, y in outline]


def own_id(text: str | None) -> str | None:
    """An id of one of our tables, as an export has it; None of others', which name nothing here."""
    return text if text is not None and _TABLE_ID.fullmatch(text) else None


def drawing(width: int, height: int, tables: list[Json], floor: list[Points], ignore: list[Points]) -> Json:
    """A drawing as JSON values."""
    return {"reference": {"width": width, "height": height}, "tables": tables, "floor": floor, "ignore": ignore}
