"""How well a camera's view serves its tables: parts of 0 to 100, and what to mend. Pure.

A part is None where nothing is known of it. The total is that of the worst part: a view in which everything is sharp
and nothing is lit is of no use. Each part goes from 0 to 100 between two values of what it measures (`Scale`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from statistics import median
from typing import NamedTuple

from api.model.overlaps import overlaps
from tablewatch_schemas.judgement import FrameJudgement
from tablewatch_schemas.layout import Layout, LayoutTable, bounding_box

LOOK_PX = 832
"""Longer side of the picture that is looked at (docs/decisions/0069): more pixels than that change nothing."""
WELL = frozenset({"live", "verified"})
ON_PURPOSE = "paused"
"""Neither well nor unwell: closed, or switched off."""


class Scale(NamedTuple):
    """What a part is worth: 0 at `worst` and beyond, 100 at `best` and beyond, and evenly between them."""

    worst: float
    best: float

    def score(self, value: float) -> int:
        share = (value - self.worst) / (self.best - self.worst)
        return round(100 * min(1.0, max(0.0, share)))


PIXELS = Scale(24, 96)
"""Smaller side of a zone. Below 24 nobody is judged (`zone_too_small`). People are found from about 25 pixels on, with
certainty from about 50; who sits takes up half of a zone."""
SHARED = Scale(0.7, 0.3)
"""Largest share of a zone in another one. Somebody of whom 0.7 lies in a zone may sit there: from there on everybody at
the one may be at the other. 0.3 is what zones that were drawn with care share."""
FLAT = Scale(0.08, 0.25)
"""Height of a table's top by its width, in pixels: from lower down tables hide what is on and behind them. Tops of a
room that is judged without errors measure from 0.27 on."""
DOUBT = Scale(0.5, 0.05)
"""Share of looks in doubt. 0.05 is what the recogniser leaves open in well drawn rooms (docs/measurements)."""
LIGHT = Scale(0.1, 0.4)
"""90th percentile of the light, 0 to 1. Below 0.1 a camera is *dark* (docs/decisions/0077)."""
GOP = Scale(2.0, 0.5)
"""Time from keyframe to keyframe by cadence: pictures may be late by as much. Two seconds are well at any cadence."""
GOP_ALWAYS_WELL_MS = 2000
STABLE = Scale(0.8, 0.99)
"""Share of the time in which the camera was well; 0.99 of a day of twelve hours is seven minutes of faults."""


class Part(NamedTuple):
    """One thing that is measured. `score` None: not known. `sentence`: what is found, and below 100 what to do."""

    name: str
    score: int | None
    sentence: str


class Score(NamedTuple):
    """`total` is None where no tables are drawn and no picture was looked at; `sentence` is that of the worst part."""

    total: int | None
    sentence: str
    parts: tuple[Part, ...]


class Reported(NamedTuple):
    """A camera.status: what the camera is since when."""

    status: str
    since: datetime


class Facts(NamedTuple):
    """What is stored of a camera. `gop_ms` None: it was not probed lately; `statuses` in their order, the first from
    before the time that counts, if there is one."""

    layout: Layout | None
    looks: Sequence[FrameJudgement]
    cadence_ms: int
    gop_ms: int | None
    statuses: Sequence[Reported]
    since: datetime
    until: datetime
    looked: str = "the last hour"
    """The time that the looks are of, in a sentence."""
    reported: str = "the last day"
    """The time from `since` to `until`, in a sentence."""


def score(facts: Facts) -> Score:
    """Of a view, as it is now."""
    tables = facts.layout.tables if facts.layout is not None else ()
    parts = (
        _light(facts.looks, facts.looked),
        _pixels(tables, facts.looks, facts.layout),
        _angle(tables, facts.layout),
        _keyframes(facts.gop_ms, facts.cadence_ms),
        _stability(facts),
        _doubt(tables, facts.looks, facts.looked),
    )
    known = [part for part in parts if part.score is not None]
    worst = min(known, key=lambda part: part.score or 0, default=None)
    if worst is None or not (tables or facts.looks):  # of keyframes alone no view is well
        return Score(
            None, "Nothing is known of this view yet: draw its tables, and let it run for some minutes.", parts
        )
    return Score(worst.score, worst.sentence if worst.score != 100 else _well(parts), parts)


def _well(parts: Sequence[Part]) -> str:
    unknown = any(part.score is None for part in parts)
    return "Nothing has to be mended, as far as is known yet." if unknown else "Nothing has to be mended."


def _light(looks: Sequence[FrameJudgement], looked: str) -> Part:
    lights = [look.light for look in looks if look.light is not None]
    if not lights:
        return Part("light", None, f"No picture of {looked} was looked at.")
    light = median(lights)
    found = LIGHT.score(light)
    todo = "" if found == 100 else " More light on the tables, or a longer exposure in the camera."
    return Part("light", found, f"The brighter parts of the picture have {light:.0%} of full light.{todo}")


def _pixels(tables: Sequence[LayoutTable], looks: Sequence[FrameJudgement], layout: Layout | None) -> Part:
    if layout is None or not tables:
        return Part("pixels", None, "No tables are drawn.")
    width, height = (looks[-1].width, looks[-1].height) if looks else (layout.width, layout.height)
    shrink = min(1.0, LOOK_PX / max(width, height, 1))
    sizes = {table.label: _side(table, width * shrink, height * shrink) for table in tables}
    label, least = min(sizes.items(), key=lambda each: each[1])
    found = PIXELS.score(least)
    what = f"Table {label} is {least:.0f} pixels wide or high where it is looked at."
    if found == 100:
        return Part("pixels", found, what)
    todo = "take its main stream" if shrink == 1.0 else "move the camera nearer"
    also = ", or move the camera nearer" if shrink == 1.0 else ", or let another one see that table"
    return Part("pixels", found, f"{what[:-1]}: {todo}{also}.")


def _side(table: LayoutTable, width: float, height: float) -> float:
    x1, y1, x2, y2 = table.box
    return min((x2 - x1) * width, (y2 - y1) * height)


def _angle(tables: Sequence[LayoutTable], layout: Layout | None) -> Part:
    if layout is None or not tables:
        return Part("angle", None, "No tables are drawn.")
    return min((_overlap(tables), _flatness(tables, layout.width / layout.height)), key=lambda part: part.score or 0)


def _overlap(tables: Sequence[LayoutTable]) -> Part:
    shares = overlaps([table.polygon for table in tables], [table.polygon for table in tables]).of_newer
    pairs = [(float(shares[i, j]), i, j) for i in range(len(tables)) for j in range(len(tables)) if i != j]
    share, i, j = max(pairs, default=(0.0, 0, 0))
    found = SHARED.score(share)
    if found == 100:
        return Part("angle", found, "No two tables are one behind the other.")
    what = f"{share:.0%} of table {tables[j].label} lies in the zone of table {tables[i].label}"
    return Part("angle", found, f"{what}: draw them apart, or hang the camera higher.")


def _flatness(tables: Sequence[LayoutTable], aspect: float) -> Part:
    flat = {table.label: _height_by_width(table.top, aspect) for table in tables if table.top is not None}
    if not flat:
        return Part("angle", 100, "")
    label, least = min(flat.items(), key=lambda each: each[1])
    sentence = f"The top of table {label} is seen at {least:.2f} of its width, from low down: hang the camera higher."
    return Part("angle", FLAT.score(least), sentence)


def _height_by_width(top: Sequence[tuple[float, float]], aspect: float) -> float:
    x1, y1, x2, y2 = bounding_box(tuple(top))
    return (y2 - y1) / max((x2 - x1) * aspect, 1e-9)


def _keyframes(gop_ms: int | None, cadence_ms: int) -> Part:
    if gop_ms is None:
        return Part("keyframes", None, "Not known: `tablewatch cameras probe` measures it, for an hour.")
    found = 100 if gop_ms <= GOP_ALWAYS_WELL_MS else GOP.score(gop_ms / cadence_ms)
    what = f"A keyframe comes every {gop_ms / 1000:.1f} s, a picture is taken every {cadence_ms / 1000:g} s"
    return Part("keyframes", found, f"{what}." if found == 100 else f"{what}: set the I-frame interval to two seconds.")


def _stability(facts: Facts) -> Part:
    seconds = _seconds_by_status(facts)
    counted = {status: lasted for status, lasted in seconds.items() if status != ON_PURPOSE}
    if not sum(counted.values()):
        return Part("stability", None, "Nothing was reported of the camera in that time.")
    share = sum(lasted for status, lasted in counted.items() if status in WELL) / sum(counted.values())
    found = STABLE.score(share)
    unwell = {status: lasted for status, lasted in counted.items() if status not in WELL and lasted >= 60}
    what = ", ".join(f"{lasted / 60:.0f} minutes {status}" for status, lasted in unwell.items())
    if found == 100 or not what:
        return Part("stability", found, f"It was well {share:.0%} of {facts.reported}.")
    return Part("stability", found, f"Of {facts.reported} it was {what}: `tablewatch cameras status` says what to do.")


def _seconds_by_status(facts: Facts) -> dict[str, float]:
    """Of the time from `since` to `until`; nothing is known from before the first report. Later ones may be there."""
    found: dict[str, float] = defaultdict(float)
    ends = [*(each.since for each in facts.statuses[1:]), facts.until]
    for each, end in zip(facts.statuses, ends, strict=False):
        found[each.status] += max(0.0, (min(end, facts.until) - max(each.since, facts.since)).total_seconds())
    return found


def _doubt(tables: Sequence[LayoutTable], looks: Iterable[FrameJudgement], looked: str) -> Part:
    labels = {table.table_id: table.label for table in tables}
    verdicts = [each for each in chain.from_iterable(look.tables for look in looks) if each.table_id in labels]
    if not verdicts:
        return Part("doubt", None, f"No table was looked at in {looked}.")
    doubtful = Counter(labels[each.table_id] for each in verdicts if each.label == "unknown")
    share = doubtful.total() / len(verdicts)
    found = DOUBT.score(share)
    what = f"{share:.0%} of the looks at tables were in doubt"
    if found == 100:
        return Part("doubt", found, f"{what}.")
    worst = doubtful.most_common(1)[0][0]
    return Part("doubt", found, f"{what}, most at table {worst}: `tablewatch why` says why.")
