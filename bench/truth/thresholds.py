"""How long evidence must be steady: what enter, leave and hold cost and bring, on sequences and on made evenings."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

from bench.truth.folded import LIVE, RUN, Series, Timing
from bench.truth.measures import fold_view, later_predictions, state_predictions
from bench.truth.recognisers import Recogniser
from bench.truth.rooms import View
from bench.truth.scenes import EVENINGS, view_of
from bench.truth.series import flips, tally, transitions
from bench.truth.tables import Cell, Line, Table
from tablewatch_schemas.manifest import Thresholds

ENTER_S, LEAVE_S, HOLD_S = (2, 3, 4, 5), (3, 4, 6, 8, 12), (2,)
HOLDS_S = (1, 2, 3, 4)


def thresholds_table(views: Sequence[View], recognisers: Sequence[Recogniser]) -> Table:
    """Each choice on each scene: the first recogniser on the labelled sequences, given verdicts on made evenings."""
    lines: list[Line] = []
    for thresholds in choices():
        for name, series in _scenes(views, recognisers[0], Timing(thresholds)):
            lines.append({**_seconds(thresholds), "scene": name, **trade(series)})
    return Table("thresholds", "Thresholds in seconds of capture time", lines)


def choices() -> list[Thresholds]:
    """Enter and leave with the hold of today, then hold alone; today's own among them."""
    grid = [(enter, leave, hold) for enter, leave, hold in product(ENTER_S, LEAVE_S, HOLD_S)]
    grid += [(3, 6, hold) for hold in HOLDS_S if hold not in HOLD_S]
    return [
        replace(LIVE.thresholds, enter_ms=enter * 1000, leave_ms=leave * 1000, hold_ms=hold * 1000)
        for enter, leave, hold in grid
    ]


def trade(series: Sequence[Series]) -> dict[str, Cell]:
    """What is gained and lost: right at the time and later, changes of mind, delays, wrongly taken and wrongly free."""
    now = tally(each for one in series for each in state_predictions(one))
    later = tally(each for one in series for each in later_predictions(one))
    changes = [change for one in series for change in transitions(one.truth, one.predicted)]
    delays = [change.delay for change in changes if change.delay is not None]
    return {
        "right %": now.right_of_decided, "decided %": now.decided, "later right %": later.right_of_decided,
        "later decided %": later.decided, "flips": sum(flips(one.predicted) for one in series),
        "true": sum(flips(one.truth) for one in series),
        "median delay s": statistics.median(delays) if delays else None,
        "never": sum(change.delay is None for change in changes),
        "false free %": now.missed / max(1, now.occupied),
        "false taken %": now.invented / max(1, now.total - now.occupied),
    }  # fmt: skip


def _scenes(views: Sequence[View], recogniser: Recogniser, timing: Timing) -> Iterator[tuple[str, list[Series]]]:
    sequences = [view for view in views if view.is_sequence]
    stills = [one for view in sequences if view.every_ms is None for one in fold_view(view, recogniser, timing)]
    clips = [one for view in sequences if view.every_ms is not None for one in fold_view(view, recogniser, timing)]
    if stills:
        yield "café, stills held 10 s", stills
    if clips:
        yield "clip, 8 to 23 s a guest", clips
    for evening in EVENINGS:
        view, made = view_of(evening)
        yield f"made: {evening.name}", fold_view(view, made, timing)


def _seconds(thresholds: Thresholds) -> dict[str, Cell]:
    now = {"live": LIVE.thresholds, "run": RUN.thresholds}
    same = [name for name, each in now.items() if replace(each, ttl_ms=thresholds.ttl_ms) == thresholds]
    return {
        "now": ",".join(same), "enter": thresholds.enter_ms // 1000, "leave": thresholds.leave_ms // 1000,
        "hold": thresholds.hold_ms // 1000,
    }  # fmt: skip
