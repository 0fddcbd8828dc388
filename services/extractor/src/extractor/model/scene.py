"""What one picture of a camera shows, as far as the camera's health goes; `extractor.media.scene` measures it."""

import math
from typing import Annotated

import msgspec
from msgspec import Meta

SMALL_BYTES = 320 * 192
"""Of the picture that is measured: a byte for each pixel."""
Share = Annotated[float, Meta(ge=0, le=1)]
Natural = Annotated[int, Meta(ge=0)]


class Compared(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A picture against the last good snapshot of its camera.

    `right`, `down`: by how many pixels it lies beside it, in a picture that is 320 wide and 192 high; the median of its
    tiles, but for those without anything in them. `agreeing`: the share of these that say so too. `lost`: of the parts
    that had outlines, the share in which hardly any are left.
    """

    right: float
    down: float
    agreeing: Share
    lost: Share

    @property
    def shift(self) -> float:
        """Pixels."""
        return math.hypot(self.right, self.down)


class Scene(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Measured on a small grey picture. `same`: how many pictures before it, of the same session and without a break,
    showed the same; `same_s`: since when, seconds. `light`: what a tenth of the picture is brighter than, 0 to 1.
    `compared`: null without a snapshot.
    """

    same: Natural
    same_s: Annotated[float, Meta(ge=0)]
    light: Share = 1.0
    compared: Compared | None = None
