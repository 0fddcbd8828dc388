"""Reading the labelled café: two cameras, six tables, 31 frames. For measuring only; the pictures are not ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from inference.geometry import Box, rectangle
from inference.protocol import Region

DEFAULT_DATA = Path(__file__).parents[2] / "shared" / "data"
STATES = {"occupied": "occupied", "empty": "free"}


class NoData(Exception):
    """The pictures are not on this machine."""


@dataclass(frozen=True, slots=True)
class Cafe:
    """``labels`` is frame -> table -> "occupied", "free", or None while somebody sits down or stands up."""

    folder: Path
    cameras: dict[str, tuple[Region, ...]]
    labels: dict[str, dict[str, str | None]]

    def picture(self, camera: str, frame: str) -> Path:
        return self.folder / camera / f"{frame}.jpg"

    def frames(self) -> Iterator[tuple[str, str]]:
        """(camera, frame) in time order for each camera."""
        return ((camera, frame) for camera in sorted(self.cameras) for frame in sorted(self.labels))


def read(data: Path) -> Cafe:
    """The café under ``data``/cafe4. Raises NoData."""
    folder = data / "cafe4"
    if not (folder / "labels.json").is_file():
        raise NoData(f"{folder}/labels.json is not here")
    raw = json.loads((folder / "labels.json").read_bytes())
    cameras = {
        name: tuple(_region(table, camera["crop"][table], camera["table_top"][table]) for table in camera["crop"])
        for name, camera in raw["cameras"].items()
    }
    labels = {
        frame: {table: None if state is None else STATES[state] for table, state in tables.items()}
        for frame, tables in raw["labels"].items()
    }
    return Cafe(folder, cameras, labels)


def _region(table: str, zone: list[float], top: list[float]) -> Region:
    return Region(table, rectangle(_box(zone)), rectangle(_box(top)))


def _box(numbers: list[float]) -> Box:
    x1, y1, x2, y2 = numbers
    return (x1, y1, x2, y2)
