"""Trying a detector on a portrait, where somebody is, and on a grey picture, where nothing is."""

from __future__ import annotations

import re
from importlib import resources

import cv2
import numpy as np

from inference import coco
from inference.boxes import intersection_over_union
from inference.decoders import BadOutputs, Found
from inference.decoders.fit import Picture
from inference.detect import Detection, LookFailed, OnnxDetector
from inference.errors import (
    DetectorBoxesWrong,
    DetectorFindsGhosts,
    DetectorFindsNothing,
    DetectorOutputsWrong,
    DetectorRefused,
    DetectorTooLarge,
    DetectorTooSlow,
)

PERSON_BOX = (0.32, 0.18, 0.59, 0.83)
SAME_IOU = 0.5
LEAST_SCORE = 0.5
GHOST_SCORE = 0.3
FAR_OUTSIDE = 0.5  # of the picture; boxes reach a little over its edges
GREYS = (0, 114, 255)
NO_MEMORY = re.compile("allocat|bad_alloc|bfc_arena", re.IGNORECASE)  # onnxruntime has no code for it


def try_out(detector: OnnxDetector) -> float:
    """The score of the person in the portrait. Raises DetectorRefused where the detector's answers make no sense."""
    try:
        score = _person(detector)
        _check_greys(detector)
    except BadOutputs as error:
        raise DetectorOutputsWrong(f"{error}.") from error
    except LookFailed as error:
        raise _failed(error) from error
    return score


def _failed(error: LookFailed) -> DetectorRefused:
    if error.slow:
        return DetectorTooSlow(str(error))
    if isinstance(error.__cause__, MemoryError) or NO_MEMORY.search(str(error)):
        return DetectorTooLarge(str(error))
    return DetectorOutputsWrong(str(error))


def portrait() -> Picture:
    """A public-domain portrait (pictures/README.md)."""
    data = resources.files("inference").joinpath("pictures/portrait.jpg").read_bytes()
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def _person(detector: OnnxDetector) -> float:
    picture = portrait()
    _check_boxes(detector.raw(picture, LEAST_SCORE))
    people = [each for each in detector.detect(picture, LEAST_SCORE) if each.label == coco.PERSON]
    if not people:
        raise DetectorFindsNothing(f"Nobody of at least {LEAST_SCORE}: are classes and decoder those of this file?")
    best = max(people, key=_overlap)
    if _overlap(best) < SAME_IOU:
        box = ", ".join(f"{edge:.2f}" for edge in best.box)
        raise DetectorBoxesWrong(f"The person is at {PERSON_BOX}, the detector says ({box}).")
    return best.score


def _check_greys(detector: OnnxDetector) -> None:
    for value in GREYS:
        ghosts = detector.detect(np.full((360, 640, 3), value, np.uint8), GHOST_SCORE)
        if ghosts:
            raise DetectorFindsGhosts(f"{len(ghosts)} in one of brightness {value}, the first a {ghosts[0].label}.")


def _check_boxes(found: Found) -> None:
    numbers = np.concatenate([found.boxes.ravel(), found.scores.ravel()])
    if not np.isfinite(numbers).all():
        raise DetectorBoxesWrong("Some coordinates or scores are no numbers.")
    if (found.scores > 1).any():
        raise DetectorBoxesWrong(f"A score is {found.scores.max():.3g}, above 1.")
    if (found.boxes < -FAR_OUTSIDE).any() or (found.boxes > 1 + FAR_OUTSIDE).any():
        raise DetectorBoxesWrong("Some lie far outside the picture.")
    if (found.boxes[:, :2] >= found.boxes[:, 2:]).any():
        raise DetectorBoxesWrong("Some have no area.")


def _overlap(person: Detection) -> float:
    return float(intersection_over_union(np.array(person.box, np.float32), np.array([PERSON_BOX], np.float32))[0])
