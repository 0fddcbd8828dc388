"""Who sits at which table, and where nobody can tell. Pure.

**The rule.** A person belongs to the table whose seat zone holds the largest share of the person's box.
**The second opinion** asks another question: whose seats are nearest to the person's hips? Where it does not clearly
name the same table, and where somebody was found faintly or beside every zone, the tables concerned are in doubt:
better unknown than wrong. How the thresholds were chosen: docs/decisions/0069 and 0095.
**Ignore areas** come before both: what is mostly inside one (a mirror, a poster, the street) is at no table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from inference import coco
from inference.detect import MIN_SCORE, Detection
from inference.geometry import TableGeometry, foot_point, seat_distance, seat_point, share_inside, top_distance
from inference.ignoring import IGNORE_AREA, is_in_one_of
from inference.protocol import Point, Polygon, Seen

RULE = "share-0.7+distance-0.075"

MIN_SHARE = 0.7  # of a person's box inside a zone, for the zone to have the person
TIE = 0.005  # shares that differ by less are equal: the nearer table top decides
RIVAL_SHARE = 1 - MIN_SHARE  # of a person inside a second zone: no two zones have this much of one unless they overlap
CLEAR = 0.075  # by which a table's seats are nearer than others: boxes of one person move so much between looks
MAX_DISTANCE = 0.5  # from hips to seats, in roots of the seats' area
THING_SCORE = 0.4
MAX_BESIDE = 0.1  # from a thing's foot to the table top, in roots of its area

Doubt = Literal["person_between_tables", "person_outside_zone", "faint_person"]
FAINT_PERSON: Doubt = "faint_person"


@dataclass(frozen=True, slots=True)
class Scores:
    """From which score of a model on a detection counts, and from which on a person may be one: models differ."""

    certain: float = 0.3
    faint: float = 0.1


DEFAULT_SCORES = Scores()


@dataclass(frozen=True, slots=True)
class Placed:
    """A detection and the tables that it concerns: the one where it is, or, in doubt, those where it may be."""

    seen: Seen
    tables: tuple[str, ...] = ()
    doubt: Doubt | None = None


def place_all(
    detections: Iterable[Detection],
    tables: Sequence[TableGeometry],
    aspect: float,
    scores: Scores,
    ignore: Sequence[Polygon] = (),
) -> list[Placed]:
    """Where each detection belongs, also at no table; only what is fainter than MIN_SCORE and concerns none is left
    out. ``aspect`` is picture width over height; ``ignore`` are areas, relative to the picture."""
    is_ignored = is_in_one_of(ignore)
    placed = (
        _at_none(each, IGNORE_AREA) if is_ignored(each.box) else _place(each, tables, aspect, scores)
        for each in detections
    )
    return [each for each in placed if each is not None]


def _place(detection: Detection, tables: Sequence[TableGeometry], aspect: float, scores: Scores) -> Placed | None:
    if detection.label == coco.PERSON:
        return _place_person(detection, tables, aspect, scores)
    if detection.label in coco.THINGS and detection.score >= THING_SCORE:
        return _place_thing(detection, tables, aspect)
    return _at_none(detection)


def _place_person(person: Detection, tables: Sequence[TableGeometry], aspect: float, scores: Scores) -> Placed | None:
    if person.score < scores.faint:
        return None
    shares = {table.table_id: share_inside(person.box, table) for table in tables}
    hips = seat_point(person.box, aspect)
    best = _by_share(shares, tables, hips)
    if person.score < scores.certain:
        return _in_doubt(person, FAINT_PERSON, shares, best, None) if best else _at_none(person)
    distances = {table.table_id: seat_distance(hips, table) for table in tables}
    second = _nearest(distances)
    if best is None:
        return _in_doubt(person, "person_outside_zone", shares, None, second) if second else Placed(_seen(person))
    rival = _rival(best, shares, distances)
    if rival is not None:
        return _in_doubt(person, "person_between_tables", shares, best, rival)
    return Placed(_seen(person, best, shares[best], second), (best,))


def _at_none(detection: Detection, ignored: str | None = None) -> Placed | None:
    return Placed(_seen(detection, ignored=ignored)) if detection.score >= MIN_SCORE else None


def _by_share(shares: dict[str, float], tables: Sequence[TableGeometry], hips: Point) -> str | None:
    """The table whose zone holds most of the person; of equals the one with the nearer top."""
    most = max(shares.values(), default=0.0)
    if most < MIN_SHARE:
        return None
    equals = [table for table in tables if shares[table.table_id] >= most - TIE]
    return min(equals, key=lambda table: top_distance(hips, table)).table_id


def _nearest(distances: Mapping[str, float]) -> str | None:
    """The table whose seats are nearest."""
    distance, table = min(((away, each) for each, away in distances.items()), default=(MAX_DISTANCE, None))
    return table if distance < MAX_DISTANCE else None


def _rival(best: str, shares: Mapping[str, float], distances: Mapping[str, float]) -> str | None:
    """The nearest other table that may have the person: in its zone too, its seats nearer or hardly farther."""
    others = [table for table, share in shares.items() if table != best and share >= RIVAL_SHARE]
    rival = min(others, key=lambda table: (distances[table], table), default=None)
    return rival if rival is not None and distances[rival] - distances[best] < CLEAR else None


def _place_thing(thing: Detection, tables: Sequence[TableGeometry], aspect: float) -> Placed:
    """On the table on whose top its foot is, or a little beside."""
    foot = foot_point(thing.box, aspect)
    distance, table = min(((top_distance(foot, each), each.table_id) for each in tables), default=(MAX_BESIDE, None))
    return Placed(_seen(thing, table), (table,)) if table and distance < MAX_BESIDE else Placed(_seen(thing))


def _in_doubt(
    person: Detection, doubt: Doubt, shares: dict[str, float], best: str | None, second: str | None
) -> Placed:
    concerned = tuple(table for table in (best, second) if table is not None)
    share = shares[best] if best else None
    return Placed(_seen(person, best, share, second, doubtful=True), concerned, doubt)


def _seen(
    detection: Detection,
    table: str | None = None,
    share: float | None = None,
    second: str | None = None,
    *,
    doubtful: bool = False,
    ignored: str | None = None,
) -> Seen:
    rounded = None if share is None else round(share, 3)
    return Seen(detection.label, round(detection.score, 3), detection.box, table, rounded, second, doubtful, ignored)
