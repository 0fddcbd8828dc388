"""Zones of Frigate's configuration (https://docs.frigate.video/configuration/zones): a zone is a table.

`cameras.<name>.zones.<zone>.coordinates`, as text of numbers or a list of them, relative or (before Frigate 0.14) in
pixels of `detect`. Zones whose name begins with `floor` are floors, with `ignore` ignore areas; masks are not read.
Frigate has no place for tops, seats, sections and ids: tables that are read again are matched by place and label.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain, count
from typing import Annotated

from msgspec import Meta, Struct, field

from api.model.errors import LayoutFormatInvalid
from api.model.formats.shapes import Points, are_relative, convert, drawing, relative
from api.model.types import Json
from tablewatch_schemas.layout import Layout, Polygon

FLOOR, IGNORE = "floor", "ignore"
DEFAULT_SIZE = 1280, 720
_NO_NAME = re.compile(r"[^a-z0-9]+")
_NUMBERED = re.compile(r"table_", re.ASCII)
Side = Annotated[int, Meta(ge=1, le=32768)]


class Zone(Struct):
    coordinates: str | list[float | str]
    friendly_name: str | None = None

    def outline(self, name: str) -> Points:
        """Raises LayoutFormatInvalid."""
        given = self.coordinates.split(",") if isinstance(self.coordinates, str) else self.coordinates
        try:
            numbers = [float(each) for each in _flat(given)]
        except ValueError as error:
            raise LayoutFormatInvalid(f"The coordinates of zone {name} are not numbers.") from error
        if len(numbers) % 2:
            raise LayoutFormatInvalid(f"The coordinates of zone {name} are not pairs.")
        return [list(pair) for pair in zip(numbers[::2], numbers[1::2], strict=True)]


class Detect(Struct):
    width: Side | None = None
    height: Side | None = None


class Camera(Struct):
    zones: dict[str, Zone] = field(default_factory=dict)
    detect: Detect = field(default_factory=Detect)


class Frigate(Struct):
    cameras: dict[str, Camera]


def read(document: Json, camera: str | None) -> Json:
    """A drawing of one of its cameras. Raises LayoutFormatInvalid."""
    found = _camera(convert(document, Frigate), camera)
    outlines = {name: zone.outline(name) for name, zone in found.zones.items()}
    width, height = found.detect.width or DEFAULT_SIZE[0], found.detect.height or DEFAULT_SIZE[1]
    if not are_relative(outlines.values()):
        outlines = {name: relative(each, width, height) for name, each in outlines.items()}
    areas = {kind: [name for name in outlines if name.lower().startswith(kind)] for kind in (FLOOR, IGNORE)}
    tables: list[Json] = [
        {"label": found.zones[name].friendly_name or _NUMBERED.sub("", name, count=1), "polygon": each}
        for name, each in outlines.items()
        if name not in chain(*areas.values())
    ]
    floor, ignore = ([outlines[name] for name in areas[kind]] for kind in (FLOOR, IGNORE))
    return drawing(width, height, tables, floor, ignore)


def write(layout: Layout, camera: str) -> Json:
    """The part of a configuration that has the zones; the camera's name as Frigate takes it."""
    names = _unique(f"table_{_NO_NAME.sub('_', table.label.lower()).strip('_')}" for table in layout.tables)
    zones = {
        name: {"friendly_name": table.label, "coordinates": _text(table.polygon), "objects": ["person"]}
        for name, table in zip(names, layout.tables, strict=True)
    }
    for kind, outlines in ((FLOOR, layout.floor), (IGNORE, layout.ignore)):
        named = zip(_unique(kind for _ in outlines), outlines, strict=True)
        zones |= {name: {"coordinates": _text(each)} for name, each in named}
    detect = {"width": layout.width, "height": layout.height}
    return {"cameras": {_NO_NAME.sub("_", camera.lower()).strip("_") or "camera": {"detect": detect, "zones": zones}}}


def _camera(document: Frigate, name: str | None) -> Camera:
    if name is None and len(document.cameras) == 1:
        return next(iter(document.cameras.values()))
    if name not in document.cameras:
        there = ", ".join(sorted(document.cameras)[:20])
        raise LayoutFormatInvalid(f"Name one of its cameras with source_camera: {there or 'it has none'}.")
    return document.cameras[name]


def _flat(given: Iterable[float | str]) -> Iterator[float | str]:
    """A list may have text of pairs too."""
    for each in given:
        yield from each.split(",") if isinstance(each, str) else (each,)


def _unique(names: Iterable[str]) -> list[str]:
    """With a number where a name comes again."""
    found = list[str]()
    for name in names:
        tries = chain([name], (f"{name}_{number}" for number in count(2)))
        found.append(next(each for each in tries if each not in found))
    return found


def _text(outline: Polygon) -> str:
    return ",".join(repr(value) for point in outline for value in point)
