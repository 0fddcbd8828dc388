"""Reading the detector's raw outputs, without a model."""

import numpy as np
import pytest

from inference.detect import INPUT_SIZE, decode, overlap, read_out, suppress, to_input

ANCHORS = np.array([[0.2, 0.3, 0.4, 0.7], [0.5, 0.5, 0.9, 0.9]], np.float32)  # y1, x1, y2, x2
CUP, PERSON = 47, 1


def logits(*rows: dict[int, float]) -> np.ndarray:
    table = np.full((len(rows), 91), -20, np.float32)
    for number, row in enumerate(rows):
        for label, value in row.items():
            table[number, label] = value
    return table


def test_codes_of_nothing_are_the_anchor_itself() -> None:
    boxes = decode(np.zeros((2, 4), np.float32), ANCHORS)
    np.testing.assert_allclose(boxes[0], [0.3, 0.2, 0.7, 0.4], atol=1e-6)


def test_codes_move_by_tenths_and_grow_by_fifths() -> None:
    codes = np.array([[10, 0, 0, 5 * np.log(2)]], np.float32)  # one height down, twice as wide
    np.testing.assert_allclose(decode(codes, ANCHORS[:1])[0], [0.1, 0.4, 0.9, 0.6], atol=1e-6)


def test_read_out_names_scores_and_clips() -> None:
    codes = np.array([[0, 0, 0, 0], [0, 0, 5 * np.log(3), 0]], np.float32)
    best, second = read_out(codes, logits({PERSON: 0.0}, {CUP: 2.0}), ANCHORS, 0.25)
    assert (best.label, round(best.score, 3)) == ("cup", 0.881)
    assert best.box[3] == 1.0  # it would reach below the picture
    assert (second.label, second.score) == ("person", 0.5)


def test_background_and_unused_ids_are_never_read() -> None:
    assert read_out(np.zeros((2, 4), np.float32), logits({0: 9.0}, {12: 9.0}), ANCHORS, 0.25) == []


def test_below_the_least_score_is_nothing() -> None:
    assert read_out(np.zeros((1, 4), np.float32), logits({PERSON: -1.2}), ANCHORS[:1], 0.25) == []


def test_suppression_keeps_the_best_of_each_class() -> None:
    boxes = np.array([[0, 0, 1, 1], [0, 0, 1, 0.9], [0, 0, 1, 0.9], [0, 0, 0.3, 0.3]], np.float32)
    scores, classes = np.array([0.5, 0.9, 0.8, 0.7]), np.array([1, 1, 2, 1])
    assert suppress(boxes, scores, classes) == [1, 2, 3]


@pytest.mark.parametrize(
    ("other", "expected"), [([0, 0, 2, 2], 1.0), ([1, 0, 3, 2], 1 / 3), ([2, 0, 4, 2], 0.0), ([5, 5, 6, 6], 0.0)]
)
def test_overlap_is_intersection_over_union(other: list[float], expected: float) -> None:
    box = np.array([0, 0, 2, 2], np.float32)
    assert overlap(box, np.array([other], np.float32))[0] == pytest.approx(expected)


@pytest.mark.parametrize("shape", [(720, 1280, 3), (40, 30, 3), (300, 300, 3), (10, 900, 3)])
def test_any_picture_becomes_rgb_planes_between_minus_one_and_one(shape: tuple[int, int, int]) -> None:
    bgr = np.zeros(shape, np.uint8)
    bgr[..., 0] = 255  # blue
    planes = to_input(bgr)
    assert planes.shape == (3, INPUT_SIZE, INPUT_SIZE)
    assert planes.dtype == np.float32
    assert [float(plane.mean()) for plane in planes] == [-1.0, -1.0, 1.0]
