"""Drawing the room as it is at one moment of the story."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from restaurant import story
from restaurant.cast import Cutout, Mask, Picture, paste
from restaurant.story import HEIGHT, SPILL, TABLES, VISITS, WALKS, WIDTH, Point, Table, Visit, Walk, position, presence

Colour = tuple[int, int, int]  # BGR
HORIZON = 190
WALL: Colour = (176, 196, 204)
FLOOR: Colour = (138, 150, 158)
JOINT: Colour = (120, 132, 140)
WOOD: Colour = (58, 92, 140)
WOOD_EDGE: Colour = (38, 62, 98)
CHAIR: Colour = (70, 78, 62)
TROUSERS: Colour = (62, 48, 40)
JUICE: Colour = (30, 70, 175)


class Room:
    """Draws moments. Everything that stands still is drawn once; equal moments give equal pictures."""

    def __init__(self, cast: dict[str, Cutout]) -> None:
        self._cast = cast
        self._empty = _empty_room()
        self._spill = _spill_mask()
        self._scaled: dict[tuple[str, int, bool], Cutout] = {}
        self._last: tuple[tuple[Any, ...], Picture] = ((), self._empty)

    def at(self, at_ms: int) -> Picture:
        """1280 x 720 BGR, without the camera's noise. Not to be written to."""
        moment = story.moment(at_ms)
        if self._last[0] != moment:
            self._last = (moment, self._draw(at_ms))
        return self._last[1]

    def _draw(self, at_ms: int) -> Picture:
        canvas = self._empty.copy()
        if (strength := story.poured(at_ms)) > 0:
            _pour(canvas, self._spill, strength)
        walkers = [(walk, place) for walk in WALKS if (place := position(walk, at_ms))]
        for row in sorted({table.y for table in TABLES}):
            for table in (table for table in TABLES if table.y == row):
                self._table(canvas, table, at_ms)
        for walk, place in walkers:
            self._walker(canvas, walk, place)
        return canvas

    def _table(self, canvas: Picture, table: Table, at_ms: int) -> None:
        _chairs(canvas, table)
        visits = [visit for visit in VISITS if visit.table == table.label]
        for visit in visits:
            there = presence(visit.from_ms, visit.to_ms, at_ms)
            if there > 0:
                self._guests(canvas, table, visit, there)
        _top(canvas, table)
        for visit in visits:
            self._cups(canvas, table, visit, story.cups(visit, at_ms))

    def _guests(self, canvas: Picture, table: Table, visit: Visit, there: float) -> None:
        for number, x in enumerate(_spread(table, len(visit.guests))):
            # a little of the bust is behind the table
            guest = self._sized(visit.guests[number], table.guest, mirrored=number % 2 == 1)
            paste(canvas, guest, x, table.y + 6, there)

    def _cups(self, canvas: Picture, table: Table, visit: Visit, there: float) -> None:
        if there <= 0:
            return
        cup = self._sized("coffee", int(table.depth * 0.66), mirrored=False)
        for x in _spread(table, len(visit.guests)):
            paste(canvas, cup, x, table.y + table.depth * 0.82, there)

    def _walker(self, canvas: Picture, walk: Walk, feet: tuple[float, float]) -> None:
        height = int((feet[1] - 100) * 0.85)  # taller the nearer
        bust = self._sized(walk.guest, height // 8 * 4, mirrored=False)  # steps of 8: few sizes to keep
        hips = feet[1] - height * 0.5
        half, width = int(bust.bgr.shape[1] * 0.28), int(bust.bgr.shape[1] * 0.2)
        for side in (-1, 1):
            hip, foot = (int(feet[0] + side * half * 0.6), int(hips)), (int(feet[0] + side * half * 0.7), int(feet[1]))
            cv2.line(canvas, hip, foot, TROUSERS, width, cv2.LINE_AA)
        paste(canvas, bust, feet[0], hips + height * 0.05)

    def _sized(self, name: str, height: int, mirrored: bool) -> Cutout:
        key = (name, height, mirrored)
        if key not in self._scaled:
            self._scaled[key] = self._cast[name].scaled(height, mirrored)
        return self._scaled[key]


def _empty_room() -> Picture:
    canvas = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    canvas[:HORIZON], canvas[HORIZON:] = WALL, FLOOR
    _tiles(canvas)
    cv2.rectangle(canvas, (0, HORIZON - 10), (WIDTH, HORIZON), (110, 124, 132), -1)
    _box(canvas, (580, 20), (700, HORIZON), (92, 112, 128), (70, 88, 100))  # the door
    for left in (40, 290, 770, 1020):
        _box(canvas, (left, 25), (left + 180, 115), (214, 206, 186), (120, 130, 136))  # windows
        cv2.line(canvas, (left + 90, 25), (left + 90, 115), (120, 130, 136), 4)
    # soft light from the windows, so that the floor is no flat colour
    light = np.linspace(1.06, 0.94, HEIGHT, dtype=np.float32)[:, None, None]
    return np.asarray(np.clip(canvas * light, 0, 255), np.uint8)


def _tiles(canvas: Picture) -> None:
    for step in range(-14, 15):
        cv2.line(canvas, (640 + step * 60, HORIZON), (640 + step * 190, HEIGHT), JOINT, 1, cv2.LINE_AA)
    depth = HORIZON + 12.0
    while depth < HEIGHT:
        cv2.line(canvas, (0, int(depth)), (WIDTH, int(depth)), JOINT, 1, cv2.LINE_AA)
        depth += (depth - HORIZON) * 0.25 + 10


def _box(canvas: Picture, upper_left: Point, lower_right: Point, fill: Colour, edge: Colour) -> None:
    cv2.rectangle(canvas, upper_left, lower_right, fill, -1)
    cv2.rectangle(canvas, upper_left, lower_right, edge, 4)


def _chairs(canvas: Picture, table: Table) -> None:
    for x in _spread(table, 2):
        half, upper = table.guest // 4, table.y - int(table.guest * 0.4)
        _box(canvas, (x - half, upper), (x + half, table.y + 10), CHAIR, (50, 56, 44))


def _top(canvas: Picture, table: Table) -> None:
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = table.top
    leg = table.depth // 2
    for x in (dx + 14, cx - 14):
        cv2.line(canvas, (x, cy), (x, cy + leg), WOOD_EDGE, 8)
    cv2.fillPoly(canvas, [np.array([(dx, dy), (cx, cy), (cx, cy + 10), (dx, dy + 10)])], WOOD_EDGE)
    cv2.fillPoly(canvas, [np.array([(ax, ay), (bx, by), (cx, cy), (dx, dy)])], WOOD, cv2.LINE_AA)


def _spread(table: Table, count: int) -> list[int]:
    """Where ``count`` people or things are along a table."""
    if count == 1:
        return [table.x]
    return [table.x - int(table.width * 0.24), table.x + int(table.width * 0.24)]


def _spill_mask() -> Mask:
    """A puddle: ellipses that run into each other, its edge soft."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    for dx, dy, width, height in (
        (0, 0, 0.8, 0.8),
        (-0.28, 0.12, 0.44, 0.5),
        (0.3, -0.1, 0.4, 0.5),
        (0.1, 0.22, 0.5, 0.5),
    ):
        middle = (int(SPILL.x + dx * SPILL.width), int(SPILL.y + dy * SPILL.height))
        axes = (int(SPILL.width * width / 2), int(SPILL.height * height / 2))
        cv2.ellipse(mask, middle, axes, 0, 0, 360, 255, -1, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(mask, (7, 7), 0), np.uint8)


def _pour(canvas: Picture, mask: Mask, strength: float) -> None:
    x1, y1, x2, y2 = SPILL.box
    part = (slice(y1 - 20, y2 + 20), slice(x1 - 30, x2 + 30))
    alpha = mask[part][..., None].astype(np.float32) / 255 * 0.75 * strength
    canvas[part] = (np.array(JUICE) * alpha + canvas[part] * (1 - alpha)).astype(np.uint8)
    if strength >= 1:  # the window's reflection
        cv2.ellipse(canvas, (SPILL.x - 25, SPILL.y - 8), (26, 5), 0, 0, 360, (150, 190, 225), -1, cv2.LINE_AA)
