"""Tables that are suggested for a camera: where people sat, and where dining tables are seen, over some minutes. Pure.

What stays in one place over several looks is one thing: a person, a dining table. A dining table with those
who sit at it is a table, and so are people who sit close together where none is seen. Its zone is what these cover,
enlarged until heads are inside; two zones share no more than a bound. Lengths are in picture heights: x is multiplied
by the aspect of the picture before anything is measured. How often it is right: docs/measurements/suggestions.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple, Protocol

Box = tuple[float, float, float, float]
"""x1 y1 x2 y2, y down."""

PERSON, DINING_TABLE = "person", "dining table"
LEAST_SCORE = {PERSON: 0.3, DINING_TABLE: 0.25}
"""Of a person as in the rule of the classifier (docs/decisions/0069); of a table, what a judgement has at all."""
SAME_IOU = 0.5
"""Of boxes of two looks, from which on they are of one thing."""
SAT_S = 15.0
"""Who stays for less passes by, waits at a table or serves it."""
LONGEST_GAP_S = 45.0
"""Between two looks at one who sits: a guest is hidden now and then."""
LEAST_SHARE = 0.15
"""Of the looks, in which a dining table has to be seen: a detector takes other things for it now and then."""
NEAR, REACH = 0.3, 0.8
"""From hips to a dining table, in roots of its area, and in heights of the person: both hold."""
BESIDE = 0.0
"""Gap between two who sit at one table, in widths of the narrower of them."""
ALIKE = 1.7
"""Who sits at one table is about as far from the camera: at most so many times as tall."""
HIPS = 0.65
"""Down the box of a person, as in the rule."""
ASIDE, ABOVE, BELOW = 0.08, 0.08, 0.04
"""How much larger than what was seen a zone is, in shares of its width and height: people move."""
HEADS, SEATS, LEGS = 0.6, 0.45, 0.4
"""Of the height of people at that place: what shows above a dining table, beside and below it, where nobody sat."""
TABLE_ASIDE, TABLE_BELOW = 0.5, 0.4
"""Of the width and height of who sits where no dining table is seen: the table, and others at it."""
TALL = 1.6
"""Heights of a dining table that somebody is tall, where nobody was seen."""
SAME_TABLE = 0.7
"""Of the smaller of two zones in the other: then they are one table."""
MOST_SHARED = 0.3
"""The same, of two tables: what is more is taken from both."""
LEAST_SIDE = 0.03
"""Of a zone; a smaller one shows nobody."""
SAT_AND_SEEN, SAT, SEEN_ONLY = 0.85, 0.75, 0.75
"""Confidence by what a suggestion is made of: the right of those that were measured, one more right and one wrong."""


class Seen(Protocol):
    """A detection; its box is relative to the picture. `ignored`: why it counts for no table, None where it does."""

    @property
    def label(self) -> str: ...
    @property
    def score(self) -> float: ...
    @property
    def box(self) -> Box: ...
    @property
    def ignored(self) -> str | None: ...


class Look(Protocol):
    """What was seen in one frame, as its judgement has it; `width` and `height` in pixels."""

    @property
    def captured_at(self) -> datetime: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def seen(self) -> Sequence[Seen]: ...


class Suggestion(NamedTuple):
    """A table to accept or to mend. `zone` and `top` are relative to the picture. `sat_s`: how long somebody sat there,
    seconds; `seen_share`: the share of the looks in which a dining table was seen there."""

    zone: Box
    top: Box | None
    confidence: float
    people: int
    sat_s: float
    seen_share: float

    @property
    def why(self) -> str:
        """For a person."""
        sat = f"somebody sat here for {self.sat_s:.0f} s" if self.people else ""
        seen = f"a dining table is seen here in {self.seen_share:.0%} of the looks" if self.top else ""
        sentence = ", and ".join(each for each in (sat, seen) if each)
        return f"{sentence[:1].upper()}{sentence[1:]}."

    def document(self, label: str) -> dict[str, Any]:
        """As a table of a layout is drawn, and why."""
        return {
            "label": label,
            "seats": None,
            "polygon": _corners(self.zone),
            "top": None if self.top is None else _corners(self.top),
            "confidence": self.confidence,
            "people": self.people,
            "sat_s": round(self.sat_s),
            "seen_share": round(self.seen_share, 2),
            "why": self.why,
        }


@dataclass(slots=True)
class _Thing:
    """What stayed in one place: its boxes, in picture heights, and the looks that they are of."""

    boxes: list[Box] = field(default_factory=list)
    looks: list[int] = field(default_factory=list)
    dwell_s: float = 0.0

    @property
    def box(self) -> Box:
        """The median of each edge."""
        x1, y1, x2, y2 = (median(edges) for edges in zip(*self.boxes, strict=True))
        return (x1, y1, x2, y2)


@dataclass(slots=True)
class _Spot:
    """A table in the making."""

    top: _Thing | None = None
    sitters: list[_Thing] = field(default_factory=list)

    @property
    def core(self) -> Box:
        """What certainly belongs to it."""
        return _around([each.box for each in (*self.sitters, *([self.top] if self.top else []))])


def suggestions(looks: Iterable[Look]) -> tuple[Suggestion, ...]:
    """Tables of one camera out of looks of some minutes, from the upper left on."""
    looks = sorted((look for look in looks if look.width and look.height), key=lambda look: look.captured_at)
    if not looks:
        return ()
    aspect = looks[-1].width / looks[-1].height
    people, tops = (_things(looks, label, aspect) for label in (PERSON, DINING_TABLE))
    sitters = [one for one in people if one.dwell_s >= SAT_S]
    spots = _spots(_lasting(tops, len(looks)), sitters)
    drawn = [(spot, _zone(spot, [one.box for one in people], aspect)) for spot in spots]
    apart = _apart([each for each in _merged(drawn) if _is_large(each[1])])
    found = [_suggestion(spot, zone, len(looks), aspect) for spot, zone in apart]
    return tuple(sorted(found, key=lambda each: (round(each.zone[1], 1), each.zone[0])))


def _things(looks: Sequence[Look], label: str, aspect: float) -> list[_Thing]:
    """Each box with the thing whose newest box it is most like; else it is a new thing."""
    found: list[_Thing] = []
    for number, look in enumerate(looks):
        for seen in look.seen:
            if seen.label == label and seen.score >= LEAST_SCORE[label] and seen.ignored is None:
                box = _scaled(seen.box, aspect)
                thing = max(found, key=lambda each: _likeness(each, box, number), default=None)
                if thing is None or _likeness(thing, box, number) < SAME_IOU:
                    found.append(thing := _Thing())
                thing.boxes.append(box)
                thing.looks.append(number)
    for thing in found:
        thing.dwell_s = _dwell_s([looks[number].captured_at for number in thing.looks])
    return found


def _likeness(thing: _Thing, box: Box, number: int) -> float:
    """0 where the thing was seen in this look already: two boxes of one look are two things."""
    return 0.0 if thing.looks[-1] == number else _iou(thing.boxes[-1], box)


def _dwell_s(times: Sequence[datetime]) -> float:
    """Seconds for which somebody was there, without long absences."""
    gaps = ((later - earlier).total_seconds() for earlier, later in pairwise(times))
    return sum(gap for gap in gaps if gap <= LONGEST_GAP_S)


def _lasting(things: Iterable[_Thing], looks: int) -> list[_Thing]:
    """Dining tables that are no error of one look, each once: most often seen first."""
    kept: list[_Thing] = []
    for thing in sorted(things, key=lambda each: -len(each.looks)):
        enough = len(thing.looks) >= max(LEAST_SHARE * looks, min(2, looks))
        if enough and all(_shared(thing.box, other.box) < SAME_TABLE for other in kept):
            kept.append(thing)
    return kept


def _spots(tops: Sequence[_Thing], sitters: Sequence[_Thing]) -> list[_Spot]:
    """Dining tables with who sits at them, then people without one, those who sit together in one spot."""
    found = [_Spot(top=top) for top in tops]
    alone: list[_Spot] = []
    for sitter in sorted(sitters, key=lambda each: -each.dwell_s):
        near = min(
            (spot for spot in found if _sits_at(sitter.box, spot)), key=partial(_to_top, sitter.box), default=None
        )
        if near is not None:
            near.sitters.append(sitter)
            continue
        beside = next((spot for spot in alone if any(_sit_together(sitter, each) for each in spot.sitters)), None)
        if beside is None:
            alone.append(beside := _Spot())
        beside.sitters.append(sitter)
    return [*found, *alone]


def _sits_at(person: Box, spot: _Spot) -> bool:
    """Whether somebody is near a dining table, for its size and for the person's: behind it sits another one."""
    away = _to_top(person, spot)
    return (
        spot.top is not None and away < NEAR * math.sqrt(_area(spot.top.box)) and away < REACH * (person[3] - person[1])
    )


def _to_top(person: Box, spot: _Spot) -> float:
    return _away(_hips(person), spot.top.box if spot.top else spot.core)


def _sit_together(one: _Thing, other: _Thing) -> bool:
    """Whether two sit at one table: beside each other or opposite, and as far from the camera."""
    a, b = one.box, other.box
    tall, small = max(a[3] - a[1], b[3] - b[1]), min(a[3] - a[1], b[3] - b[1])
    gap = max(a[0], b[0]) - min(a[2], b[2])
    level = abs(_hips(a)[1] - _hips(b)[1]) < small
    return tall < ALIKE * small and level and gap < BESIDE * min(a[2] - a[0], b[2] - b[0])


def _zone(spot: _Spot, people: Sequence[Box], aspect: float) -> Box:
    """What belongs to it and room for those who sit there, inside the picture."""
    parts = [spot.core]
    if spot.top is not None and not spot.sitters:
        parts.append(_room_for_people(spot.top.box, people))
    if spot.top is None:
        parts += [_room_for_a_table(each.box) for each in spot.sitters]
    x1, y1, x2, y2 = _around(parts)
    aside, tall = ASIDE * (x2 - x1), y2 - y1
    grown = (x1 - aside, y1 - ABOVE * tall, x2 + aside, y2 + BELOW * tall)
    return (max(0.0, grown[0]), max(0.0, grown[1]), min(aspect, grown[2]), min(1.0, grown[3]))


def _room_for_people(top: Box, people: Sequence[Box]) -> Box:
    """A dining table with people all around it, as tall as those who were seen nearest to that height."""
    nearest = sorted(people, key=lambda box: abs(box[3] - top[3]))[:5]
    tall = median([box[3] - box[1] for box in nearest]) if nearest else TALL * (top[3] - top[1])
    x1, y1, x2, y2 = top
    return (x1 - SEATS * tall / 2, y1 - HEADS * tall, x2 + SEATS * tall / 2, y2 + LEGS * tall / 2)


def _room_for_a_table(person: Box) -> Box:
    """Somebody with a table before, and others beside."""
    x1, y1, x2, y2 = person
    across, tall = x2 - x1, y2 - y1
    return (x1 - TABLE_ASIDE * across, y1, x2 + TABLE_ASIDE * across, y2 + TABLE_BELOW * tall)


def _merged(drawn: Sequence[tuple[_Spot, Box]]) -> list[tuple[_Spot, Box]]:
    """Two of which one lies in the other are one table."""
    kept: list[tuple[_Spot, Box]] = []
    for spot, zone in sorted(drawn, key=lambda each: -_confidence(each[0])):
        if all(_iou(spot.core, other.core) < SAME_IOU for other, _ in kept):
            kept.append((spot, zone))
    return kept


def _apart(drawn: Sequence[tuple[_Spot, Box]]) -> list[tuple[_Spot, Box]]:
    """Zones of which no two share more than MOST_SHARED of the smaller."""
    zones = [zone for _, zone in drawn]
    for i in range(len(zones)):
        for j in range(i):
            if _shared(zones[i], zones[j]) > MOST_SHARED:
                zones[i], zones[j] = _parted(zones[i], zones[j])
    return [(spot, zone) for (spot, _), zone in zip(drawn, zones, strict=True) if _is_large(zone)]


def _parted(one: Box, other: Box) -> tuple[Box, Box]:
    """Both drawn in along the axis on which less is lost, until they share as much as they may."""
    common = [min(one[i + 2], other[i + 2]) - max(one[i], other[i]) for i in (0, 1)]
    sides = [(one[i + 2] - one[i], other[i + 2] - other[i]) for i in (0, 1)]
    axis = 0 if common[0] / min(sides[0]) < common[1] / min(sides[1]) else 1
    away = common[axis] - MOST_SHARED * min(sides[axis])
    is_first = _center(one)[axis] < _center(other)[axis]
    share = sides[axis][0] / sum(sides[axis])
    return _cut(one, axis, away * share, far=is_first), _cut(other, axis, away * (1 - share), far=not is_first)


def _cut(box: Box, axis: int, by: float, *, far: bool) -> Box:
    """Without `by` of its far or near end on an axis."""
    edges = list(box)
    edges[axis + 2 * far] += -by if far else by
    x1, y1, x2, y2 = edges
    return (x1, y1, x2, y2)


def _suggestion(spot: _Spot, zone: Box, looks: int, aspect: float) -> Suggestion:
    return Suggestion(
        zone=_relative(zone, aspect),
        top=None if spot.top is None else _relative(spot.top.box, aspect),
        confidence=_confidence(spot),
        people=len(spot.sitters),
        sat_s=max((each.dwell_s for each in spot.sitters), default=0.0),
        seen_share=0.0 if spot.top is None else len(spot.top.looks) / looks,
    )


def _confidence(spot: _Spot) -> float:
    if spot.top is None:
        return SAT
    return SAT_AND_SEEN if spot.sitters else SEEN_ONLY


def _is_large(zone: Box) -> bool:
    return min(zone[2] - zone[0], zone[3] - zone[1]) >= LEAST_SIDE


def _scaled(box: Box, aspect: float) -> Box:
    return (box[0] * aspect, box[1], box[2] * aspect, box[3])


def _relative(box: Box, aspect: float) -> Box:
    x1, y1, x2, y2 = (round(each, 4) for each in (box[0] / aspect, box[1], box[2] / aspect, box[3]))
    return (x1, y1, min(1.0, x2), min(1.0, y2))


def _corners(box: Box) -> list[list[float]]:
    x1, y1, x2, y2 = box
    return [[x1, y1], [x2, y1], [x2, y2], [x1, y2]]


def _around(boxes: Sequence[Box]) -> Box:
    return (
        min(box[0] for box in boxes), min(box[1] for box in boxes),
        max(box[2] for box in boxes), max(box[3] for box in boxes),
    )  # fmt: skip


def _hips(person: Box) -> tuple[float, float]:
    return ((person[0] + person[2]) / 2, person[1] + HIPS * (person[3] - person[1]))


def _center(box: Box) -> tuple[float, float]:
    return ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)


def _away(point: tuple[float, float], box: Box) -> float:
    """From a point to a box; 0 inside."""
    x, y = point
    return math.hypot(max(box[0] - x, 0.0, x - box[2]), max(box[1] - y, 0.0, y - box[3]))


def _area(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _common(a: Box, b: Box) -> float:
    return _area((max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])))


def _iou(a: Box, b: Box) -> float:
    common = _common(a, b)
    return common / max(_area(a) + _area(b) - common, 1e-9)


def _shared(a: Box, b: Box) -> float:
    """What they have in common, of the smaller."""
    return _common(a, b) / max(min(_area(a), _area(b)), 1e-9)
