"""The labelled rooms: pictures of cameras with the truth of every table. For measuring only; the pictures are not ours.

A view is what one camera saw; views of one room share its moments and the names of its tables.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from inference.geometry import rectangle
from inference.protocol import Box, Polygon, Region

DEFAULT_DATA = Path(__file__).parents[3] / "shared" / "data"
CAFE, ROOMS = "cafe4", ("zal2", "sudarshan", "restoran")
CLIP_LABELS = Path(__file__).with_name("one_by_one.json")
CLIP_EVERY_MS = 1000
STATES = {"occupied": "occupied", "empty": "free", "free": "free", None: None}

Truth = str | None
"""occupied or free; None while somebody sits down or stands up, or where nobody can tell."""


class NoData(Exception):
    """The pictures are not on this machine."""


@dataclass(frozen=True, slots=True)
class Still:
    """One picture and the truth of each table by name."""

    name: str
    jpeg: bytes
    states: Mapping[str, Truth]


@dataclass(frozen=True, slots=True)
class View:
    """What one camera saw. ``every_ms``: time between its pictures, where the picture says it; None where it does not.

    ``is_sequence``: the pictures follow each other, so that a change between two of them is one of the room.
    """

    room: str
    camera: str
    regions: tuple[Region, ...]
    stills: tuple[Still, ...]
    every_ms: int | None
    is_sequence: bool

    @property
    def name(self) -> str:
        return f"{self.room}/{self.camera}"


def read_views(data: Path) -> list[View]:
    """Every view below ``data``. Raises NoData when there is none."""
    if not data.is_dir():
        raise NoData(f"{data} is not here")
    views = [*read_cafe(data), *(view for room in ROOMS for view in read_room(data, room)), *read_clip(data)]
    if not views:
        raise NoData(f"no labelled room is below {data}")
    return views


def read_cafe(data: Path) -> list[View]:
    """Two cameras of a café that saw the same moments, one after the other; nothing says how far apart."""
    raw = _labels(data / CAFE)
    if raw is None:
        return []
    return [
        View(
            CAFE,
            camera,
            tuple(_box_region(table, zones["crop"][table], zones["table_top"][table]) for table in zones["crop"]),
            tuple(
                _still(data / CAFE / camera, f"{name}.jpg", states) for name, states in sorted(raw["labels"].items())
            ),
            every_ms=None,
            is_sequence=True,
        )
        for camera, zones in sorted(raw["cameras"].items())
    ]


def read_room(data: Path, room: str) -> list[View]:
    """One camera and moments that may be hours apart."""
    raw = _labels(data / "rooms" / room)
    if raw is None:
        return []
    regions = tuple(Region(table["label"], _points(table["polygon"]), _points(table["top"])) for table in raw["tables"])
    stills = tuple(_still(data / "rooms" / room, each["file"], each["states"]) for each in raw["pictures"])
    return [View(room, "0", regions, stills, every_ms=None, is_sequence=False)]


def read_clip(data: Path) -> list[View]:
    """A clip of people who step up to a table and leave, a frame a second. Its labels are in `one_by_one.json`."""
    raw = json.loads(CLIP_LABELS.read_bytes())
    path = data / "clips" / raw["file"]
    if not path.is_file():
        return []
    regions = tuple(_box_region(name, table["zone"], table["top"]) for name, table in raw["tables"].items())
    intervals = {name: table["intervals"] for name, table in raw["tables"].items()}
    stills = tuple(
        Still(f"{at_ms // 1000:03d}", jpeg, {name: state_at(intervals[name], at_ms / 1000) for name in intervals})
        for at_ms, jpeg in frames_of(path, CLIP_EVERY_MS)
    )
    return [View(raw["room"], "0", regions, stills, CLIP_EVERY_MS, is_sequence=True)]


def state_at(intervals: Sequence[Sequence[Any]], at_s: float) -> Truth:
    """The state of [from, to, state] intervals at a time, in their unit; None in a gap."""
    return next((STATES[state] for begins, ends, state in intervals if begins <= at_s < ends), None)


def frames_of(path: Path, every_ms: int) -> list[tuple[int, bytes]]:
    """(milliseconds, JPEG) of the first frame at or after every multiple of ``every_ms``."""
    found: list[tuple[int, bytes]] = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if round(frame.time * 1000) >= len(found) * every_ms:
                found.append((len(found) * every_ms, _encoded(frame.to_ndarray(format="bgr24"))))
    return found


def stretches(view: View, table: str) -> list[tuple[int, int, Truth]]:
    """(first, end, state) of equal neighbouring stills, by number."""
    found: list[tuple[int, int, Truth]] = []
    for state, group in groupby(enumerate(view.stills), key=lambda pair: pair[1].states[table]):
        numbers = [number for number, _ in group]
        found.append((numbers[0], numbers[-1] + 1, state))
    return found


def _labels(folder: Path) -> dict[str, Any] | None:
    path = folder / "labels.json"
    if not path.is_file():
        return None
    raw: dict[str, Any] = json.loads(path.read_bytes())
    return raw


def _still(folder: Path, file: str, states: Mapping[str, str | None]) -> Still:
    return Still(
        file.partition(".")[0],
        (folder / file).read_bytes(),
        {table: STATES[state] for table, state in states.items()},
    )


def _encoded(bgr: np.ndarray[Any, Any]) -> bytes:
    return bytes(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 85])[1])


def _box_region(table: str, zone: Sequence[float], top: Sequence[float] | None) -> Region:
    return Region(table, rectangle(_box(zone)), None if top is None else rectangle(_box(top)))


def _box(numbers: Sequence[float]) -> Box:
    x1, y1, x2, y2 = numbers
    return (x1, y1, x2, y2)


def _points(points: Sequence[Sequence[float]]) -> Polygon:
    return tuple((x, y) for x, y in points)
