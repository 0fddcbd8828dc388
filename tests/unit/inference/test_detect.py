"""What a detector makes of what its decoder read."""

from typing import Any

import numpy as np
import pytest

from inference.decoders import Found
from inference.decoders.fit import Fit, pad, squeeze
from inference.detect import MOST_FOUND, OnnxDetector

PICTURE = np.zeros((9, 16, 3), np.uint8)
BOX = (0.1, 0.2, 0.3, 0.4)


class Session:
    """A graph with one input, whose answer the decoder below does not read."""

    def get_inputs(self) -> list[Any]:
        return [type("Input", (), {"name": "images", "type": "tensor(float)"})]

    def run(self, outputs: object, feeds: object, options: object) -> list[Any]:
        return []


class Scripted:
    outputs = None
    nms_iou: float | None = 0.5

    def __init__(self, *found: tuple[tuple[float, ...], float, int]) -> None:
        boxes, scores, classes = zip(*found, strict=True)
        self.found = Found(np.array(boxes, np.float32), np.array(scores, np.float32), np.array(classes))

    def feeds(self, bgr: Any) -> tuple[dict[str, Any], Fit]:
        return {}, squeeze(bgr, 4, 4)[1]

    def read(self, outputs: object, fit: Fit, min_score: float) -> Found:
        return self.found


def labels(*found: tuple[tuple[float, ...], float, int], classes: tuple[str, ...] = ("person", "", "cup")) -> list[str]:
    session: Any = Session()
    return [each.label for each in OnnxDetector(session, Scripted(*found), classes).detect(PICTURE)]


def test_classes_that_have_no_name_are_left_out() -> None:
    found = [(BOX, 0.9, 0), (BOX, 0.8, 1), (BOX, 0.7, 2), (BOX, 0.6, 56), (BOX, 0.5, -1)]
    assert labels(*found) == ["person", "cup"]
    assert labels(*found, classes=("person",)) == ["person"]


def test_what_is_no_number_is_left_out() -> None:
    nothing = float("nan")
    found = [
        ((0.1, 0.2, nothing, 0.4), 0.9, 0),
        (BOX, nothing, 0),
        ((0.1, 0.2, float("inf"), 0.4), 0.8, 2),
        (BOX, 0.7, 2),
    ]
    assert labels(*found) == ["cup"]


def test_of_a_model_that_finds_something_everywhere_the_best_are_told() -> None:
    """Boxes all over the picture would take minutes to compare, and megabytes to store."""
    cells = [(x / 300, y / 300) for x in range(300) for y in range(300)]
    many = [((x, y, x + 0.001, y + 0.001), 0.3 + x / 2, 0) for x, y in cells]
    session: Any = Session()
    found = OnnxDetector(session, Scripted(*many), ("person",)).detect(PICTURE)
    assert len(found) == MOST_FOUND
    assert min(each.score for each in found) > 0.79


def test_what_is_outside_or_has_no_area_is_left_out_and_no_score_is_above_one() -> None:
    outside, turned = (1.2, 0.2, 1.4, 0.5), (0.5, 0.2, 0.1, 0.5)
    session: Any = Session()
    scripted = Scripted((outside, 0.9, 0), (turned, 0.9, 0), (BOX, 3.0, 0))
    (found,) = OnnxDetector(session, scripted, ("person",)).detect(PICTURE)
    assert (found.score, found.box) == (1.0, pytest.approx(BOX))


@pytest.mark.parametrize("size", [(1920, 1080), (3840, 2160), (1921, 1081)])
def test_a_fine_pattern_of_a_large_picture_becomes_grey(size: tuple[int, int]) -> None:
    width, height = size
    checks = np.indices((height, width)).sum(axis=0) % 2 * np.uint8(255)
    padded, fit = pad(np.repeat(checks[..., None], 3, axis=2).astype(np.uint8), 832, 32)
    picture = padded[: fit.height, : fit.width]
    assert (fit.width, fit.height) == (832, 468)
    assert abs(float(picture.mean()) - 127.5) < 2 and float(picture.std()) < 12


def test_a_narrow_picture_is_not_halved_to_nothing() -> None:
    padded, fit = pad(np.full((2, 5000, 3), 90, np.uint8), 832, 32)
    assert (fit.width, fit.height) == (832, 1) and (padded[:1, :832] == 90).all()
