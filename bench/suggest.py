"""python -m bench.suggest [--data DIR] [--models DIR] [--every S]

Tables that are suggested out of the labelled rooms, against those that were drawn there by hand. Exit code 0; without
the pictures it is skipped with a message. The thresholds were chosen on these rooms: there are no others.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api.model.suggestions import Suggestion, suggestions
from bench.truth import rooms
from bench.truth.rooms import View
from bench.truth.tables import Line, Table
from inference.backends import build_embedded
from inference.embedded import EmbeddedClassifier, read_picture
from inference.geometry import bounds
from inference.protocol import Box, Region, Seen

START = datetime(2026, 1, 1, tzinfo=UTC)
FOUND, WELL = 0.3, 0.5
"""IoU of a suggestion with a drawn zone, from which on it is that table, and hardly has to be mended."""
SAT_AT = 3
"""Pictures in which a table is labelled occupied, from which on somebody sat there long enough to be seen."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen in one picture of a view."""

    captured_at: datetime
    width: int
    height: int
    seen: tuple[Seen, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """The suggestions of a view; `ious` by drawn table, of the suggestion that is taken for it, 0 for none."""

    view: View
    suggested: tuple[Suggestion, ...]
    ious: dict[str, float]
    right: frozenset[int]
    """Numbers of the suggestions that are a drawn table."""


def main() -> int:
    chosen = arguments()
    try:
        views = rooms.read_views(chosen.data)
    except rooms.NoData as reason:
        print(f"suggest: skipped: {reason}")
        return 0
    classifier = build_embedded(chosen.models)
    found = [compared(view, classifier, chosen.every) for view in views]
    print(f"{classifier.name}; a picture every {chosen.every:g} s, where it does not say when it was taken\n")
    print(rooms_table(found).text())
    print(reasons_table(found).text())
    return 0


def compared(view: View, classifier: EmbeddedClassifier, every_s: float) -> Compared:
    """Each suggestion is at most one table, the pair that shares most first."""
    suggested = suggestions(looks(view, classifier, every_s))
    pairs = sorted(
        ((iou(bounds(region.polygon), each.zone), region.table_id, number)
         for region in view.regions for number, each in enumerate(suggested)),
        reverse=True,
    )  # fmt: skip
    ious: dict[str, float] = {}
    taken: set[int] = set()
    for shared, table_id, number in pairs:
        if shared >= FOUND and table_id not in ious and number not in taken:
            ious[table_id] = shared
            taken.add(number)
    return Compared(view, suggested, ious, frozenset(taken))


def looks(view: View, classifier: EmbeddedClassifier, every_s: float) -> Iterator[Look]:
    """One at each picture, as `frame.command` asks for: apart from tables."""
    step = timedelta(milliseconds=view.every_ms) if view.every_ms else timedelta(seconds=every_s)
    for number, still in enumerate(view.stills):
        judgement = classifier.judge_picture(read_picture(still.jpeg), ())
        yield Look(START + number * step, judgement.width, judgement.height, judgement.seen)


def rooms_table(found: Sequence[Compared]) -> Table:
    lines = [_line(each.view.name, [each]) for each in found]
    return Table("rooms", "Suggested and drawn tables", (*lines, _line("all", found)))


def reasons_table(found: Sequence[Compared]) -> Table:
    """How often a suggestion is a drawn table, by what it was made of: its confidence."""
    kinds = {"sat, table seen": (True, True), "sat": (True, False), "table seen": (False, True)}
    lines: list[Line] = []
    for name, kind in kinds.items():
        of_kind = [(each, number) for each in found for number, one in enumerate(each.suggested)
                   if (one.people > 0, one.top is not None) == kind]  # fmt: skip
        right = sum(number in each.right for each, number in of_kind)
        lines.append({"made of": name, "suggested": len(of_kind), "right": right})
    return Table("reasons", "What suggestions were made of", tuple(lines))


def _line(name: str, found: Sequence[Compared]) -> Line:
    tables = [(each, region) for each in found for region in each.view.regions]
    sat = [(each, region) for each, region in tables if _was_sat_at(each.view, region)]
    ious = [iou for each in found for iou in each.ious.values()]
    return {
        "view": name,
        "pictures": sum(len(each.view.stills) for each in found),
        "drawn": len(tables),
        "sat at": len(sat),
        "suggested": sum(len(each.suggested) for each in found),
        "found": len(ious),
        "of sat at": sum(region.table_id in each.ious for each, region in sat),
        "IoU >= 0.5": sum(iou >= WELL for iou in ious),
        "mean IoU": round(sum(ious) / len(ious), 2) if ious else None,
        "false": sum(len(each.suggested) - len(each.right) for each in found),
    }


def _was_sat_at(view: View, region: Region) -> bool:
    return sum(still.states.get(region.table_id) == "occupied" for still in view.stills) >= SAT_AT


def iou(one: Box, other: Box) -> float:
    """Of two boxes."""
    width, height = min(one[2], other[2]) - max(one[0], other[0]), min(one[3], other[3]) - max(one[1], other[1])
    common = max(0.0, width) * max(0.0, height)
    areas = sum((each[2] - each[0]) * (each[3] - each[1]) for each in (one, other))
    return common / max(areas - common, 1e-9)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.suggest", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=rooms.DEFAULT_DATA)
    parser.add_argument("--models", type=Path, default=Path(".local/models"))
    parser.add_argument("--every", type=float, default=10.0, metavar="S", help="between two pictures")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
