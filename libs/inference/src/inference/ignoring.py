"""Areas of a picture in which nothing counts: mirrors, posters, televisions, the street behind a window. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from inference.geometry import bounds, share_within
from inference.protocol import Box, Polygon

IGNORE_AREA = "ignore_area"
"""Why a detection counts for no table."""
MOSTLY = 0.5  # of a box inside one area


def is_in_one_of(areas: Sequence[Polygon]) -> Callable[[Box], bool]:
    """Whether a box is mostly in one of the areas; both are relative to the picture."""
    bounded = [(area, bounds(area)) for area in areas]
    return lambda box: any(share_within(box, area, around) > MOSTLY for area, around in bounded)
