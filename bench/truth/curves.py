"""Calibration: confidence against the share that is right, before, after, and for rooms not seen before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from bench.truth.folded import LIVE
from bench.truth.measures import built, fold_view, state_predictions, still_predictions, stills_only
from bench.truth.recognisers import Recogniser
from bench.truth.rooms import View
from bench.truth.series import OCCUPIED, Bin, Prediction, calibration, calibration_error, predicted_at_least, taught_by
from bench.truth.tables import Line, Table
from inference import coco
from inference.protocol import Judgement, TableVerdict

SURE, RAW_FREE = 0.9, 0.9


def calibration_table(views: Sequence[View], recognisers: Sequence[Recogniser]) -> Table:
    """Told confidence against the share that is right."""
    lines: list[Line] = []
    for recogniser in built(recognisers):
        kinds = {
            "stills, raw score": [each for view in stills_only(views) for each in raw_predictions(view, recogniser)],
            "stills": [each for view in stills_only(views) for each in still_predictions(view, recogniser)],
            "stills, each room by the others": list(left_out_predictions(stills_only(views), recogniser)),
            "states": [
                each for view in views for one in fold_view(view, recogniser, LIVE) for each in state_predictions(one)
            ],
        }
        for what, predictions in kinds.items():
            bins = calibration(predictions)
            lines += [_bin_line(recogniser.name, what, each) for each in bins]
            count, right = predicted_at_least(predictions, SURE)
            lines.append(_calibration_line(recogniser.name, what, f">= {SURE}", count, None, right))
            error = calibration_error(bins)
            lines.append(_calibration_line(recogniser.name, what, "mean gap", len(predictions), error, None))
    return Table("calibration", "Calibration: confidence against the share right", lines)


def raw_predictions(view: View, recogniser: Recogniser) -> Iterator[Prediction]:
    """Predictions with the detector's own score as confidence."""
    for still in view.stills:
        judgement = recogniser.judge(still.jpeg, view.regions)
        for verdict in judgement.verdicts:
            truth = still.states[verdict.table_id]
            if truth is not None:
                yield Prediction(truth, verdict.label, raw_confidence(judgement, verdict))


def raw_confidence(judgement: Judgement, verdict: TableVerdict) -> float:
    """The best score of those who certainly sit there; RAW_FREE for free."""
    at_table = (each for each in judgement.seen if each.table_id == verdict.table_id and not each.doubtful)
    scores = [each.score for each in at_table if each.label == coco.PERSON]
    return max(scores, default=RAW_FREE) if verdict.label == OCCUPIED else RAW_FREE


def left_out_predictions(views: Sequence[View], recogniser: Recogniser) -> Iterator[Prediction]:
    """Each room with the confidence that all other rooms teach: what a room that nobody has seen may expect."""
    by_room = {room: list(group) for room, group in groupby(views, key=lambda view: view.room)}
    for room, mine in by_room.items():
        others = [
            each
            for other, group in by_room.items() if other != room
            for view in group
            for each in raw_predictions(view, recogniser)
        ]  # fmt: skip
        taught = taught_by(others)
        for view in mine:
            for each in raw_predictions(view, recogniser):
                yield replace(each, confidence=taught(each))


def _bin_line(name: str, what: str, each: Bin) -> Line:
    return _calibration_line(name, what, f"{each.low} to {each.high}", each.count, each.confidence, each.right)


def _calibration_line(
    name: str, what: str, between: str, count: int, confidence: float | None, right: float | None
) -> Line:
    return {
        "recogniser": name,
        "of": what,
        "between": between,
        "n": count,
        "confidence %": confidence,
        "right %": right,
    }
