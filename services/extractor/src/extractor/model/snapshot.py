"""The last good snapshot of a camera: when it is taken, and what is written into it. Pure.

A JPEG comment holds when it was taken and of which view, so that one object is all there is to know, whoever has the
camera next. A view is a source with a layout: with another of them a picture is compared with nothing that was before.
"""

import hashlib
import struct
from dataclasses import dataclass

from extractor.model.camera_health import Health
from extractor.model.scene import Scene

EVERY_S = 600.0
"""Between two snapshots: light and chairs change over an hour, and a camera that sags is to be found."""
STEADY_PX, MOSTLY_AGREEING = 0.75, 0.4
"""As near to the last one the next has to be."""
PREFIX = b"tablewatch "
SOI = b"\xff\xd8"
COMMENT = 0xFFFE


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A picture of the camera while it was well, as JPEG."""

    view: str
    taken_s: float
    jpeg: bytes

    def to_bytes(self) -> bytes:
        """The object."""
        text = PREFIX + f"{self.view} {self.taken_s:.3f}".encode()
        return SOI + struct.pack(">HH", COMMENT, len(text) + 2) + text + self.jpeg.removeprefix(SOI)


def parse_snapshot(data: bytes) -> Snapshot | None:
    """None where the object is none of ours."""
    if not data.startswith(SOI) or len(data) < 6:
        return None
    marker, length = struct.unpack_from(">HH", data, 2)
    text = data[6 : 4 + length]
    parts = text.removeprefix(PREFIX).split(b" ")
    if marker != COMMENT or not text.startswith(PREFIX) or len(parts) != 2:
        return None
    try:
        return Snapshot(parts[0].decode(), float(parts[1]), SOI + data[4 + length :])
    except ValueError:
        return None


def view_of(address: str, layout_version: int | None) -> str:
    """Of the address only a digest: snapshots are shown."""
    return hashlib.sha256(f"{address} {layout_version}".encode()).hexdigest()[:16]


def is_due(last: Snapshot | None, health: Health, scene: Scene, now_s: float) -> bool:
    """Whether this picture becomes the snapshot; `now_s` in Unix time."""
    if health.trouble is not None or health.found is not None or scene.same:
        return False
    if last is None:
        return True
    compared = scene.compared
    if compared is None or 0 <= now_s - last.taken_s < EVERY_S:
        return False
    return compared.shift < STEADY_PX and compared.agreeing > MOSTLY_AGREEING
