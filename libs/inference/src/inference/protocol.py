"""What a classifier is to whoever calls it: one frame and its tables in, one verdict per table out.

Coordinates are relative to the picture (0..1, x right, y down). Nothing here needs a model, numpy or OpenCV.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

Point = tuple[float, float]
Polygon = tuple[Point, ...]
Label = Literal["occupied", "free", "unknown"]


@dataclass(frozen=True, slots=True)
class Region:
    """One table in the picture.

    ``polygon`` is the seat zone (table and chairs), ``top`` the table top; None: taken from the zone's bounding box.
    """

    table_id: str
    polygon: Polygon
    top: Polygon | None = None


@dataclass(frozen=True, slots=True)
class FrameRequest:
    """One whole frame with the tables to judge. ``crops`` maps a table_id to the JPEG of its seat zone."""

    frame_id: str
    site_id: str
    jpeg: bytes
    regions: tuple[Region, ...]
    crops: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TableVerdict:
    """What one frame says of one table. ``confidence`` 0..1 is trust in ``label``, not a calibrated probability."""

    table_id: str
    label: Label
    confidence: float
    people: int
    things: int
    model: str
    version: str


class Unavailable(Exception):
    """The classifier cannot answer now (not loaded, not reachable, overloaded). Another try later may succeed."""


class Unreadable(Exception):
    """The picture is not one: no number of tries will help."""


class Classifier(Protocol):
    """A backend. ``classify`` answers every region of the request, in its order.

    Raises Unavailable when trying again may help, Unreadable when it cannot.
    """

    name: str
    version: str

    async def classify(self, request: FrameRequest) -> list[TableVerdict]: ...

    async def close(self) -> None: ...
