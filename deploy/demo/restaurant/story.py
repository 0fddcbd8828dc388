"""What happens in the demo clip: the room's tables and the two minutes that everything else is derived from. Pure.

Pixels of a 1280 x 720 picture, y down; times in milliseconds of media time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 1280, 720
DURATION_MS = 120_000
FADE_MS = 600  # how long sitting down and getting up take
TRANSITION_MS = 1_000  # around each change either state counts as right

Point = tuple[int, int]
Polygon = tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table top about (x, y..y+depth), ``width`` at its front edge; guests sit behind it, ``guest`` pixels tall."""

    label: str
    x: int
    y: int
    width: int
    depth: int
    guest: int
    seats: int

    @property
    def top(self) -> Polygon:
        half, back = self.width // 2, int(self.width * 0.43)
        lower = self.y + self.depth
        return ((self.x - back, self.y), (self.x + back, self.y), (self.x + half, lower), (self.x - half, lower))

    @property
    def zone(self) -> Polygon:
        """Table and chairs: from the guests' heads to a little below the front edge."""
        half = self.width // 2 + self.guest // 8
        upper, lower = self.y - self.guest, self.y + self.depth + self.guest // 6
        left, right = max(0, self.x - half), min(WIDTH, self.x + half)
        return ((left, upper), (right, upper), (right, lower), (left, lower))


@dataclass(frozen=True, slots=True)
class Visit:
    """Guests at a table from their sitting down to their getting up, and the cups that come and are left behind."""

    table: str
    from_ms: int
    to_ms: int
    guests: tuple[str, ...]
    cups_from_ms: int | None = None
    cups_to_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Walk:
    """Somebody on their feet: straight from point to point (where the feet are), equal time for each leg."""

    guest: str
    from_ms: int
    to_ms: int
    path: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Spill:
    x: int
    y: int
    width: int
    height: int
    from_ms: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        half_w, half_h = self.width // 2, self.height // 2
        return (self.x - half_w, self.y - half_h, self.x + half_w, self.y + half_h)


TABLES = (
    Table("1", 150, 300, 200, 78, 150, 2),
    Table("2", 400, 300, 200, 78, 150, 2),
    Table("3", 880, 300, 200, 78, 150, 2),
    Table("4", 1130, 300, 200, 78, 150, 2),
    Table("5", 225, 560, 310, 108, 205, 4),
    Table("6", 1055, 560, 310, 108, 205, 4),
)
VISITS = (
    Visit("1", 0, 30_000, ("hopper",), 8_000, 55_000),
    Visit("1", 78_000, DURATION_MS, ("astronaut",), 92_000, DURATION_MS),
    Visit("2", 12_000, 54_000, ("astronaut", "hopper"), 20_000, DURATION_MS),
    Visit("4", 20_000, DURATION_MS, ("astronaut",), 33_000, DURATION_MS),
    Visit("5", 15_000, 45_000, ("astronaut", "hopper"), 24_000, 70_000),
    Visit("5", 86_000, DURATION_MS, ("hopper",)),
    Visit("6", 35_000, 90_000, ("hopper", "astronaut"), 48_000, DURATION_MS),
)
WALKS = (
    Walk("hopper", 22_000, 30_000, ((640, 300), (640, 520), (640, 900))),
    Walk("astronaut", 70_000, 78_000, ((640, 300), (660, 420), (640, 300))),
    Walk("hopper", 103_000, 111_000, ((640, 300), (620, 410), (640, 300))),
)
SPILL = Spill(640, 620, 190, 62, 60_000)
FLOOR: Polygon = ((545, 330), (735, 330), (850, 715), (430, 715))


def truth() -> dict[str, Any]:
    """What a stack should find: truth.json. Intervals are [from_ms, to_ms, state], without gaps."""
    return {
        "duration_ms": DURATION_MS,
        "transition_ms": TRANSITION_MS,
        "tables": [{"label": table.label, "intervals": intervals(table.label)} for table in TABLES],
        "spills": [{"from_ms": SPILL.from_ms, "to_ms": DURATION_MS, "box": relative_box(SPILL.box)}],
    }


def layout() -> dict[str, Any]:
    """What the demo camera's layout is made from: layout.json. Coordinates relative, ids left to the registry."""
    return {
        "reference": {"width": WIDTH, "height": HEIGHT},
        "tables": [
            {"label": table.label, "seats": table.seats, "polygon": relative(table.zone), "top": relative(table.top)}
            for table in TABLES
        ],
        "floor": [relative(FLOOR)],
    }


def intervals(label: str) -> list[list[Any]]:
    """The states of one table over the whole clip."""
    found: list[list[Any]] = []
    now = 0
    for visit in sorted((v for v in VISITS if v.table == label), key=lambda v: v.from_ms):
        if visit.from_ms > now:
            found.append([now, visit.from_ms, "free"])
        found.append([visit.from_ms, visit.to_ms, "occupied"])
        now = visit.to_ms
    if now < DURATION_MS:
        found.append([now, DURATION_MS, "free"])
    return found


def presence(from_ms: int, to_ms: int, at_ms: int) -> float:
    """How far somebody is there, 0..1: fading in after ``from_ms`` and out after ``to_ms``, whole at both ends."""
    if at_ms < from_ms or at_ms >= to_ms + FADE_MS:
        return 0.0
    coming = 1.0 if from_ms == 0 else (at_ms - from_ms + 1) / FADE_MS
    going = 1.0 if to_ms >= DURATION_MS else 1 - (at_ms - to_ms) / FADE_MS
    return max(0.0, min(1.0, coming, going))


def position(walk: Walk, at_ms: int) -> tuple[float, float] | None:
    """Where the walker's feet are, or None before and after."""
    if not walk.from_ms <= at_ms < walk.to_ms:
        return None
    legs = len(walk.path) - 1
    progress = (at_ms - walk.from_ms) / (walk.to_ms - walk.from_ms) * legs
    leg = min(int(progress), legs - 1)
    (ax, ay), (bx, by), part = walk.path[leg], walk.path[leg + 1], progress - leg
    return (ax + (bx - ax) * part, ay + (by - ay) * part)


def moment(at_ms: int) -> tuple[Any, ...]:
    """All that changes with time: two times with equal moments look the same."""
    return (
        tuple(presence(visit.from_ms, visit.to_ms, at_ms) for visit in VISITS),
        tuple(cups(visit, at_ms) for visit in VISITS),
        tuple(position(walk, at_ms) for walk in WALKS),
        poured(at_ms),
    )


def cups(visit: Visit, at_ms: int) -> float:
    """How far the cups of a visit stand there, 0..1."""
    if visit.cups_from_ms is None or visit.cups_to_ms is None:
        return 0.0
    return presence(visit.cups_from_ms, visit.cups_to_ms, at_ms)


def poured(at_ms: int) -> float:
    """How far the spill is there, 0..1."""
    return min(1.0, max(0.0, (at_ms - SPILL.from_ms) / FADE_MS))


def relative(polygon: Sequence[Point]) -> list[list[float]]:
    return [[round(x / WIDTH, 5), round(y / HEIGHT, 5)] for x, y in polygon]


def relative_box(box: tuple[int, int, int, int]) -> list[float]:
    return [round(v / scale, 5) for v, scale in zip(box, (WIDTH, HEIGHT, WIDTH, HEIGHT), strict=True)]
