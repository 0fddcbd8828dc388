"""Layouts in the forms of others: each module reads and writes one. Pure; slow enough for `api.compute`.

What is read is a drawing as `PUT …/layout` takes it, as JSON values, which is then checked like any other.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

from api.model.formats import coco, crop, frigate
from api.model.types import Json
from tablewatch_schemas.layout import Layout

FormatName = Literal["crop", "coco", "frigate"]


class Format(NamedTuple):
    """`read` takes a document and the name of the camera in it (None: it has one), and raises LayoutFormatInvalid."""

    read: Callable[[Json, str | None], Json]
    write: Callable[[Layout, str], Json]


FORMATS: dict[FormatName, Format] = {
    "crop": Format(crop.read, crop.write),
    "coco": Format(coco.read, coco.write),
    "frigate": Format(frigate.read, frigate.write),
}
