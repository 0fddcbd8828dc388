"""What decoders make of pictures and of raw outputs, without a model."""

import numpy as np
import pytest

from inference.boxes import intersection_over_union, suppress
from inference.decoders import BadOutputs, DfineDecoder, Found, NanodetDecoder, SsdDecoder, YoloxDecoder
from inference.decoders.fit import Fit
from inference.decoders.ssd import decode

ANCHORS = np.array([[0.2, 0.3, 0.4, 0.7], [0.5, 0.5, 0.9, 0.9]], np.float32)  # y1, x1, y2, x2
CUP, PERSON = 47, 1
FIT = Fit(300, 300, 300, 300)


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


def ssd(codes: np.ndarray, scored: np.ndarray, min_score: float = 0.25) -> Found:
    return SsdDecoder((300, 300)).read([codes[None], scored[None], ANCHORS], FIT, min_score)


def test_ssd_scores_are_logits_and_boxes_may_reach_out_of_the_picture() -> None:
    codes = np.array([[0, 0, 0, 0], [0, 0, 5 * np.log(3), 0]], np.float32)
    found = ssd(codes, logits({PERSON: 0.0}, {CUP: 2.0}))
    assert found.classes.tolist() == [PERSON, CUP]
    assert found.scores.tolist() == pytest.approx([0.5, 0.881], abs=1e-3)
    assert found.boxes[1, 3] > 1.0


def test_background_is_never_read() -> None:
    assert len(ssd(np.zeros((2, 4), np.float32), logits({0: 9.0}, {0: 9.0})).scores) == 0


def test_below_the_min_score_is_nothing() -> None:
    assert len(ssd(np.zeros((2, 4), np.float32), logits({PERSON: -1.2}, {})).scores) == 0


@pytest.mark.parametrize("outputs", [
    [np.zeros((1, 3, 4)), np.zeros((1, 2, 91)), ANCHORS],
    [np.zeros((1, 2, 5)), np.zeros((1, 2, 91)), ANCHORS],
    [np.zeros((1, 2, 4)), np.zeros((1, 3, 91)), ANCHORS],
])  # fmt: skip
def test_ssd_of_other_shapes_is_refused(outputs: list[np.ndarray]) -> None:
    with pytest.raises(BadOutputs, match="SSD has"):
        SsdDecoder((300, 300)).read(outputs, FIT, 0.25)


def yolox_rows(cells: int, *filled: tuple[int, list[float]], classes: int = 80) -> np.ndarray:
    """All cells empty but those filled: number, and centre, log size, objectness, score of class 0."""
    rows = np.zeros((1, cells, 5 + classes), np.float32)
    for number, values in filled:
        rows[0, number, : len(values)] = values
    return rows


def test_yolox_boxes_are_relative_to_their_cell_and_in_strides() -> None:
    decoder = YoloxDecoder(80, 64)
    _, fit = decoder.feeds(np.zeros((32, 64, 3), np.uint8))
    # 8 x 4 cells of 8 pixels, 4 x 2 of 16, 2 x 1 of 32; the last: (32 + 16, 16), one stride wide, half a stride tall
    rows = yolox_rows(42, (41, [0.5, 0.5, 0.0, float(np.log(0.5)), 0.9, 0.5]), (0, [0, 0, 0, 0, 0.2, 1.0]))
    found = decoder.read([rows], fit, 0.3)
    assert found.scores.tolist() == pytest.approx([0.45])
    assert found.boxes[0].tolist() == pytest.approx([0.5, 0.25, 1.0, 0.75])


def test_yolox_reads_what_lies_in_the_upper_left_corner_of_its_input() -> None:
    decoder = YoloxDecoder(80, 64)
    feeds, fit = decoder.feeds(np.full((36, 64, 3), 7, np.uint8))
    assert feeds[""].shape == (1, 3, 64, 64)  # 36 rows are padded to 64
    assert (feeds[""][0, :, 40:] == 114).all()
    assert (feeds[""][0, :, :36] == 7).all()
    box = np.array([[0.0, 0.0, 64.0, 36.0]], np.float32)
    assert fit.relative(box)[0].tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(("shape", "input_shape"), [
    ((720, 1280), (480, 832)), ((967, 1280), (640, 832)), ((1280, 720), (832, 480)), ((100, 100), (832, 832)),
    ((2160, 3840), (480, 832)), ((10, 900), (32, 832)),
])  # fmt: skip
def test_yolox_gets_any_picture_with_its_aspect(shape: tuple[int, int], input_shape: tuple[int, int]) -> None:
    feeds, _ = YoloxDecoder(80, 832).feeds(np.zeros((*shape, 3), np.uint8))
    assert feeds[""].shape == (1, 3, *input_shape)


def test_yolox_of_a_fixed_input_is_padded_into_it() -> None:
    feeds, fit = YoloxDecoder(80, 416, (416, 416)).feeds(np.zeros((100, 200, 3), np.uint8))
    assert feeds[""].shape == (1, 3, 416, 416)
    assert (fit.width, fit.height) == (416, 208)


@pytest.mark.parametrize("outputs", [[], [np.zeros((1, 41, 85))], [np.zeros((42, 85))], [np.zeros((1, 42, 85))] * 2])
def test_yolox_of_other_shapes_is_refused(outputs: list[np.ndarray]) -> None:
    decoder = YoloxDecoder(80, 64)
    _, fit = decoder.feeds(np.zeros((32, 64, 3), np.uint8))
    with pytest.raises(BadOutputs, match="1 x 42"):
        decoder.read(outputs, fit, 0.3)


@pytest.mark.parametrize(("strides", "offset"), [((8, 16, 32), 0.5), ((8, 16, 32, 64), 0.0)])
def test_nanodet_sides_are_the_means_of_distributions(strides: tuple[int, ...], offset: float) -> None:
    decoder = NanodetDecoder((64, 64), 80)
    cells = [(64 // stride) ** 2 for stride in strides]
    rows = np.zeros((1, sum(cells), 80 + 4 * 8), np.float32)
    sides = np.full((4, 8), -50, np.float32)
    for side, bins in enumerate((1, 0, 2, 1)):  # left, top, right, bottom
        sides[side, bins] = 50
    number = cells[0] + 4 * 1 + 2  # second level, row 1, column 2: its stride is 16
    rows[0, number, 3], rows[0, number, 80:] = 0.8, sides.ravel()
    _, fit = decoder.feeds(np.zeros((64, 64, 3), np.uint8))
    found = decoder.read([rows], fit, 0.3)
    x, y = (2 + offset) * 16, (1 + offset) * 16
    assert found.classes.tolist() == [3]
    assert (found.boxes[0] * 64).tolist() == pytest.approx([x - 16, y, x + 32, y + 16], abs=1e-3)


@pytest.mark.parametrize("shape", [(1, 86, 112), (1, 84, 80), (1, 84, 110), (84, 112)])
def test_nanodet_of_other_shapes_is_refused(shape: tuple[int, ...]) -> None:
    decoder = NanodetDecoder((64, 64), 80)
    _, fit = decoder.feeds(np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(BadOutputs, match="NanoDet has"):
        decoder.read([np.zeros(shape, np.float32)], fit, 0.3)


def test_dfine_as_exported_gives_corners_in_the_sizes_asked_for() -> None:
    decoder = DfineDecoder((640, 480), sized=True)
    feeds, fit = decoder.feeds(np.zeros((100, 200, 3), np.uint8))
    assert feeds["orig_target_sizes"].tolist() == [[640, 480]]
    labels, boxes = np.array([[0, 5]]), np.array([[[64, 48, 320, 240], [0, 0, 640, 480]]], np.float32)
    found = decoder.read([labels, boxes, np.array([[0.9, 0.2]], np.float32)], fit, 0.3)
    assert found.classes.tolist() == [0]
    assert found.boxes[0].tolist() == pytest.approx([0.1, 0.1, 0.5, 0.5])


def test_dfine_raw_gives_logits_and_relative_centres() -> None:
    decoder = DfineDecoder((640, 640), sized=False)
    feeds, fit = decoder.feeds(np.full((100, 200, 3), 255, np.uint8))
    assert list(feeds) == [""]
    assert feeds[""].max() == 1.0
    scored = np.full((1, 2, 80), -20, np.float32)
    scored[0, 1, 7] = 0.0
    found = decoder.read([scored, np.array([[[0] * 4, [0.5, 0.5, 0.2, 0.4]]], np.float32)], fit, 0.3)
    assert (found.classes.tolist(), found.scores.tolist()) == ([7], [0.5])
    assert found.boxes[0].tolist() == pytest.approx([0.4, 0.3, 0.6, 0.7])


@pytest.mark.parametrize("shapes", [[(1, 300)], [(1, 300, 80), (1, 300, 5)], [(1, 3), (1, 3, 4), (1, 4)], []])
def test_dfine_of_other_shapes_is_refused(shapes: list[tuple[int, ...]]) -> None:
    with pytest.raises(BadOutputs, match="D-FINE has"):
        DfineDecoder((64, 64), sized=False).read([np.zeros(shape, np.float32) for shape in shapes], FIT, 0.3)


def test_suppression_keeps_the_best_of_each_class() -> None:
    boxes = np.array([[0, 0, 1, 1], [0, 0, 1, 0.9], [0, 0, 1, 0.9], [0, 0, 0.3, 0.3]], np.float32)
    scores, classes = np.array([0.5, 0.9, 0.8, 0.7], np.float32), np.array([1, 1, 2, 1])
    assert suppress(boxes, scores, classes, 0.5) == [1, 2, 3]
    assert suppress(boxes[:0], scores[:0], classes[:0], 0.5) == []


@pytest.mark.parametrize(
    ("other", "expected"), [([0, 0, 2, 2], 1.0), ([1, 0, 3, 2], 1 / 3), ([2, 0, 4, 2], 0.0), ([5, 5, 6, 6], 0.0)]
)
def test_overlap_is_intersection_over_union(other: list[float], expected: float) -> None:
    box = np.array([0, 0, 2, 2], np.float32)
    assert intersection_over_union(box, np.array([other], np.float32))[0] == pytest.approx(expected)


@pytest.mark.parametrize("shape", [(720, 1280, 3), (40, 30, 3), (300, 300, 3), (10, 900, 3)])
def test_any_picture_becomes_rgb_planes_between_minus_one_and_one(shape: tuple[int, int, int]) -> None:
    bgr = np.zeros(shape, np.uint8)
    bgr[..., 0] = 255  # blue
    feeds, _ = SsdDecoder((300, 300)).feeds(bgr)
    assert feeds[""].shape == (1, 3, 300, 300)
    assert feeds[""].dtype == np.float32
    assert [float(plane.mean()) for plane in feeds[""][0]] == [-1.0, -1.0, 1.0]
