"""Thirteen ways to draw the zones of a room wrongly, the same at every run. Pure.

Sizes and shifts are shares of each zone's own bounding box; what would leave the picture ends at its edge. A shift
takes the table top along, a size leaves it: a top is drawn on what can be seen, a zone around what people guess.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from random import Random

from inference.geometry import bounds, rectangle
from inference.protocol import Polygon, Region

Drawing = Callable[[Region], Region]


def wrong_drawings() -> Mapping[str, Drawing]:
    """By what is wrong with them."""
    sizes = {f"{share:+.0%} size": partial(resized, share=share) for share in (-0.2, -0.1, 0.1, 0.2)}
    ways = {"left": (-0.1, 0.0), "right": (0.1, 0.0), "up": (0.0, -0.1), "down": (0.0, 0.1)}
    shifts = {f"10% {way}": partial(shifted, dx=dx, dy=dy) for way, (dx, dy) in ways.items()}
    more = {
        "20% narrower": partial(stretched, across=-0.2, along=0.0),
        "20% lower at the head": partial(without_heads, share=0.2),
    }
    careless = {f"every edge up to 15% off, hand {seed}": partial(careless_edges, seed=seed) for seed in (1, 2, 3)}
    return {**sizes, **shifts, **more, **careless}


def resized(region: Region, share: float) -> Region:
    """The zone larger or smaller about its middle, by a share of its width and height."""
    return stretched(region, share, share)


def stretched(region: Region, across: float, along: float) -> Region:
    """The zone wider by ``across`` and taller by ``along``, about its middle."""
    x1, y1, x2, y2 = bounds(region.polygon)
    cx, cy = (x1 + x2) / 2, (y1 + y2) / 2
    polygon = tuple((cx + (x - cx) * (1 + across), cy + (y - cy) * (1 + along)) for x, y in region.polygon)
    return replace(region, polygon=_inside(polygon))


def shifted(region: Region, dx: float, dy: float) -> Region:
    """Zone and top moved by shares of the zone's width and height."""
    x1, y1, x2, y2 = bounds(region.polygon)
    right, down = dx * (x2 - x1), dy * (y2 - y1)
    move = partial(_moved, right=right, down=down)
    return replace(region, polygon=move(region.polygon), top=None if region.top is None else move(region.top))


def without_heads(region: Region, share: float) -> Region:
    """The zone's upper edge lower: heads are outside."""
    _, y1, _, y2 = bounds(region.polygon)
    ceiling = y1 + share * (y2 - y1)
    return replace(region, polygon=tuple((x, max(y, ceiling)) for x, y in region.polygon))


def careless_edges(region: Region, seed: int) -> Region:
    """A box whose four edges are each off by up to 15 % of the zone's size, otherwise for every table."""
    random = Random(f"{seed} {region.table_id}")
    x1, y1, x2, y2 = bounds(region.polygon)
    off = [random.uniform(-0.15, 0.15) for _ in range(4)]
    width, height = x2 - x1, y2 - y1
    box = (x1 + off[0] * width, y1 + off[1] * height, x2 + off[2] * width, y2 + off[3] * height)
    return replace(region, polygon=_inside(rectangle(box)))


def _moved(polygon: Polygon, right: float, down: float) -> Polygon:
    return _inside(tuple((x + right, y + down) for x, y in polygon))


def _inside(polygon: Polygon) -> Polygon:
    return tuple((min(1.0, max(0.0, x)), min(1.0, max(0.0, y))) for x, y in polygon)
