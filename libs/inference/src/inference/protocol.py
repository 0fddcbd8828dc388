"""The interface of a classifier: one frame and its tables in, a judgement of the frame out.

Coordinates are relative to the picture (0..1, x right, y down). Nothing here needs a model, numpy or OpenCV.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

Point = tuple[float, float]
Polygon = tuple[Point, ...]
Box = tuple[float, float, float, float]  # x1, y1, x2, y2
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
    """One whole frame with the tables to judge. ``crops`` maps a table_id to the JPEG of its seat zone.

    ``ignore``: areas in which nothing counts. ``camera_id``: None where a video names no camera. ``live``: it is of no
    use when it is late. ``everything``: what is in the picture is asked for, also where there is no table.
    """

    frame_id: str
    site_id: str
    jpeg: bytes
    regions: tuple[Region, ...]
    crops: Mapping[str, bytes] = field(default_factory=dict)
    camera_id: str | None = None
    live: bool = False
    ignore: tuple[Polygon, ...] = ()
    everything: bool = False


@dataclass(frozen=True, slots=True)
class TableVerdict:
    """One table in one frame. ``confidence`` 0..1: how often such a verdict is right; of "unknown", how often the
    likelier of the two others would be, 0 where nothing can be seen.

    ``reason`` is why nobody can tell (a stable code), with the label "unknown"; None: it is certain.
    """

    table_id: str
    label: Label
    confidence: float
    people: int
    things: int
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """One detection: what counted at a table, what made one doubtful, and what else is there (no table, no doubt).

    ``table_id`` is the table that the rule gives it to, with ``share`` of its box inside that table's seat zone (None
    of things, and in no zone); ``second_table_id`` the table that the second opinion gives a person to. ``ignored``:
    why it counts for no table (a stable code); None: it may.
    """

    label: str
    score: float
    box: Box
    table_id: str | None = None
    share: float | None = None
    second_table_id: str | None = None
    doubtful: bool = False
    ignored: str | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a classifier saw in one frame and what it makes of it: one verdict per region, in the order asked.

    ``rule`` names the way from detections to verdicts, ``model`` and ``version`` the detector. ``width`` and ``height``
    of the picture in pixels; 0 where it was not looked at, because no table was asked for. ``complete``: ``seen`` has
    everything of at least ``inference.detect.MIN_SCORE``, also what is at no table, so that whoever needs the people
    need not look again. ``light``: of the brighter parts of the picture (90th percentile), 0 to 1; None: not measured.
    """

    verdicts: tuple[TableVerdict, ...]
    seen: tuple[Seen, ...]
    model: str
    version: str
    rule: str
    width: int
    height: int
    complete: bool = False
    light: float | None = None


class Unavailable(Exception):
    """The classifier cannot answer now (not loaded, not reachable, overloaded). A retry may succeed."""


class Unreadable(Exception):
    """The bytes are no picture: no retry helps."""


class Classifier(Protocol):
    """A backend. ``classify`` judges every region of the request.

    Raises Unavailable when a retry may help, Unreadable when none does.
    """

    name: str
    version: str

    async def classify(self, request: FrameRequest) -> Judgement: ...

    async def close(self) -> None: ...
