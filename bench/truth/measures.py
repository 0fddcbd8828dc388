"""The tables of `bench.truth`: each is a function of the views and the recognisers."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from bench.truth.folded import LIVE, RUN, Series, Timing, folded
from bench.truth.recognisers import Recogniser
from bench.truth.rooms import View
from bench.truth.series import (
    UNKNOWN,
    Prediction,
    Tally,
    Transition,
    flips,
    tally,
    transitions,
)
from bench.truth.tables import Cell, Line, Table
from bench.truth.zones import wrong_drawings
from inference.protocol import TableVerdict


def stills_table(views: Sequence[View], recognisers: Sequence[Recogniser]) -> Table:
    """Every picture once."""
    lines = [
        {"recogniser": recogniser.name, "view": name, **tally_line(tally(predictions))}
        for recogniser in recognisers
        for name, predictions in _by_view(views, recogniser)
    ]
    return Table("stills", "Single frames", lines)


def states_table(views: Sequence[View], recognisers: Sequence[Recogniser]) -> Table:
    """Table-seconds through the fold, with what was known at the time and what is known later."""
    lines: list[Line] = []
    for recogniser in built(recognisers):
        for lane, timing in (("live", LIVE), ("run", RUN)):
            found = {view.name: fold_view(view, recogniser, timing) for view in views}
            found["all"] = [one for series in found.values() for one in series]
            lines += [
                {"recogniser": recogniser.name, "lane": lane, "view": name, **states_line(series)}
                for name, series in found.items()
            ]
    return Table("states", "States, table-seconds through the fold", lines)


def zones_table(views: Sequence[View], recognisers: Sequence[Recogniser]) -> Table:
    """Single frames with zones that are drawn wrongly, by the first recogniser alone: coco-ssd, which looks at each
    zone, would look at all of them again for each drawing."""
    views = stills_only(views)
    lines: list[Line] = []
    for recogniser in built(recognisers)[:1]:
        tallies: dict[str, Tally] = {}
        for name, draw in wrong_drawings().items():
            drawn = [replace(view, regions=tuple(draw(region) for region in view.regions)) for view in views]
            tallies[name] = tally(each for view in drawn for each in still_predictions(view, recogniser))
        lines += [_zones_line(recogniser.name, name, each) for name, each in tallies.items()]
        lines.append(_mean_line(recogniser.name, list(tallies.values())))
    return Table("zones", f"Zones drawn wrongly in {len(wrong_drawings())} ways, single frames", lines)


def cameras_table(views: Sequence[View], recognisers: Sequence[Recogniser]) -> Table:
    """Rooms with several cameras: a majority of those that decided, and all of them through the fold."""
    lines: list[Line] = []
    for _, group in groupby(views, key=lambda view: view.room):
        cameras = list(group)
        if len(cameras) < 2:
            continue
        for recogniser in built(recognisers):
            voted = tally(majority_predictions(cameras, recogniser))
            lines.append({"recogniser": recogniser.name, "how": "majority, stills", **tally_line(voted)})
            series = list(fold_views(cameras, recogniser, LIVE).values())
            predicted = tally(each for one in series for each in state_predictions(one))
            lines.append({"recogniser": recogniser.name, "how": "fold, table-seconds", **tally_line(predicted)})
    return Table("cameras", "Several cameras of one room", lines)


def built(recognisers: Sequence[Recogniser]) -> list[Recogniser]:
    """Those that judge as the product does; the others are compared on single frames alone."""
    return [each for each in recognisers if each.is_built]


def stills_only(views: Sequence[View]) -> list[View]:
    """Without the clip: its frames a second apart are the same prediction many times."""
    return [view for view in views if view.every_ms is None]


def still_predictions(view: View, recogniser: Recogniser) -> Iterator[Prediction]:
    """Of every table of every picture whose truth is known."""
    for still in view.stills:
        for verdict in recogniser.judge(still.jpeg, view.regions).verdicts:
            truth = still.states[verdict.table_id]
            if truth is not None:
                yield Prediction(truth, verdict.label, verdict.confidence)


def majority_predictions(cameras: Sequence[View], recogniser: Recogniser) -> Iterator[Prediction]:
    """Of each moment, what most of the cameras say that decided; unknown when as many say otherwise."""
    for number, still in enumerate(cameras[0].stills):
        by_table: dict[str, list[TableVerdict]] = {}
        for view in cameras:
            for verdict in recogniser.judge(view.stills[number].jpeg, view.regions).verdicts:
                by_table.setdefault(verdict.table_id, []).append(verdict)
        for table, verdicts in by_table.items():
            truth = still.states[table]
            if truth is not None:
                yield Prediction(truth, *_majority(verdicts))


def _majority(verdicts: Sequence[TableVerdict]) -> tuple[str, float]:
    votes = Counter(verdict.label for verdict in verdicts if verdict.label != UNKNOWN).most_common(2)
    if not votes or (len(votes) == 2 and votes[0][1] == votes[1][1]):
        return UNKNOWN, 0.0
    label = votes[0][0]
    return label, statistics.mean(verdict.confidence for verdict in verdicts if verdict.label == label)


def fold_view(view: View, recogniser: Recogniser, timing: Timing) -> list[Series]:
    """The tables of one camera through the fold."""
    return list(fold_views([view], recogniser, timing).values())


def fold_views(views: Sequence[View], recogniser: Recogniser, timing: Timing) -> dict[str, Series]:
    """The tables of one room by name."""
    return folded(views, lambda view, number: recogniser.judge(view.stills[number].jpeg, view.regions), timing)


def state_predictions(one: Series) -> Iterator[Prediction]:
    """What was known at each second whose truth is known."""
    for truth, predicted, confidence in zip(one.truth, one.predicted, one.confidence, strict=True):
        if truth is not None:
            yield Prediction(truth, predicted, confidence)


def known(one: Series) -> list[str | None]:
    """What was predicted where the truth is known; None while people come and go, and a flip is no error."""
    return [predicted if truth is not None else None for truth, predicted in zip(one.truth, one.predicted, strict=True)]


def later_predictions(one: Series) -> Iterator[Prediction]:
    """What is known afterwards."""
    for truth, predicted in zip(one.truth, one.history(), strict=True):
        if truth is not None:
            yield Prediction(truth, predicted, 1.0)


def tally_line(counts: Tally) -> dict[str, Cell]:
    return {
        "n": counts.total, "right of decided %": counts.right_of_decided, "decided %": counts.decided,
        "precision %": counts.precision, "recall %": counts.recall, "missed": counts.missed,
        "invented": counts.invented, "unknown": counts.unknown,
    }  # fmt: skip


def states_line(found: Sequence[Series]) -> dict[str, Cell]:
    """Figures of some tables together; delays in seconds."""
    counts = tally(each for one in found for each in state_predictions(one))
    later = tally(each for one in found for each in later_predictions(one))
    changes = [change for one in found for change in transitions(one.truth, one.predicted)]
    line: dict[str, Cell] = dict(tally_line(counts))
    for name in ("missed", "invented", "unknown"):
        del line[name]
    return line | {
        "later right %": later.right_of_decided, "later decided %": later.decided,
        "flips": sum(flips(one.predicted) for one in found), "true": sum(flips(one.truth) for one in found),
        "where known": sum(flips(known(one)) for one in found), **_delays(changes),
    }  # fmt: skip


def _delays(changes: Iterable[Transition]) -> dict[str, Cell]:
    changes = list(changes)
    delays = {
        state: [each.delay for each in changes if each.delay is not None and each.state == state]
        for state in ("occupied", "free")
    }
    return {
        "taken after s": statistics.median(delays["occupied"]) if delays["occupied"] else None,
        "free after s": statistics.median(delays["free"]) if delays["free"] else None,
        "never": sum(each.delay is None for each in changes),
    }


def _by_view(views: Sequence[View], recogniser: Recogniser) -> Iterator[tuple[str, list[Prediction]]]:
    found = {view.name: list(still_predictions(view, recogniser)) for view in views}
    yield from found.items()
    yield "all stills", [each for view in stills_only(views) for each in found[view.name]]


def _zones_line(name: str, drawn: str, counts: Tally) -> Line:
    return {
        "recogniser": name, "drawn": drawn, "right of decided %": counts.right_of_decided, "decided %": counts.decided
    }  # fmt: skip


def _mean_line(name: str, tallies: Sequence[Tally]) -> Line:
    return {
        "recogniser": name, "drawn": "mean of all",
        "right of decided %": statistics.mean(each.right_of_decided or 0 for each in tallies),
        "decided %": statistics.mean(each.decided or 0 for each in tallies),
    }  # fmt: skip
