"""How a picture of a moved camera lies beside an earlier one: by itself, and in the process that looks at it."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from extractor.live.sources.decoders import Decoders
from extractor.media.alignment import align
from extractor.model.alignment import Alignment, distrust, moved
from extractor.model.camera_failures import NoPicture

Luma = NDArray[np.uint8]
SIZE = 640, 360
SQUARE = [(0.2, 0.2), (0.7, 0.2), (0.7, 0.8), (0.2, 0.8)]


def room(seed: int = 3) -> Luma:
    """Boxes of all sizes and greys, somewhat blurred, with the noise of a sensor."""
    rng, (width, height) = np.random.default_rng(seed), SIZE
    luma = np.full((height, width), 90, np.uint8)
    for _ in range(400):
        left, top = int(rng.integers(0, width)), int(rng.integers(0, height))
        wide, high = (int(each) for each in rng.integers(6, 60, 2))
        cv2.rectangle(luma, (left, top), (left + wide, top + high), int(rng.integers(40, 220)), -1)
    noisy = cv2.GaussianBlur(luma, (0, 0), 0.8) + np.random.default_rng().normal(0, 2, luma.shape)
    return np.asarray(noisy.clip(0, 255), np.uint8)


def jpeg(luma: Luma) -> bytes:
    return bytes(cv2.imencode(".jpg", luma)[1].data)


def seen(luma: Luma, matrix: NDArray[np.float64]) -> Luma:
    return np.asarray(cv2.warpPerspective(luma, matrix, SIZE), np.uint8)


def similarity(right: float = 0.0, turn: float = 0.0, zoom: float = 1.0) -> NDArray[np.float64]:
    matrix = np.vstack([cv2.getRotationMatrix2D((SIZE[0] / 2, SIZE[1] / 2), turn, zoom), [0, 0, 1]])
    matrix[0, 2] += right
    return matrix


TILTED = np.array([[1.02, 0.03, 5.0], [0.01, 1.05, -9.0], [4e-5, 1e-4, 1.0]])
MOVES = {
    "right": similarity(right=40), "turned": similarity(turn=8), "nearer": similarity(zoom=1.2),
    "farther and turned": similarity(turn=-5, zoom=0.8), "tilted": TILTED,
}  # fmt: skip


def worst_px(found: Alignment, matrix: NDArray[np.float64]) -> float:
    """At the corners of a square, in pixels."""
    corners = np.array([[(x * SIZE[0], y * SIZE[1]) for x, y in SQUARE]])
    right = cv2.perspectiveTransform(corners, matrix)[0]
    ours = np.array([moved(found.transform, each) for each in SQUARE]) * SIZE
    return float(np.hypot(*(right - ours).T).max())


@pytest.mark.parametrize("move", MOVES)
def test_a_room_is_found_where_the_camera_sees_it_now(move: str) -> None:
    """Though its light is another, and somebody stands in it."""
    now = (seen(room(), MOVES[move]) * 0.6).astype(np.uint8)
    cv2.ellipse(now, (400, 250), (40, 100), 0, 0, 360, 30, -1)
    found = align(jpeg(room()), jpeg(now))
    assert found is not None
    assert distrust(found) is None
    assert worst_px(found, MOVES[move]) < 2.0
    assert found.aspect == pytest.approx(SIZE[0] / SIZE[1])


def test_pictures_of_another_size_are_taken_as_they_are() -> None:
    larger = np.asarray(cv2.resize(seen(room(), MOVES["right"]), (1280, 720)), np.uint8)
    found = align(jpeg(room()), jpeg(larger))
    assert found is not None
    assert worst_px(found, MOVES["right"]) < 2.0


OTHERS = {
    "another room": jpeg(room(4)),
    "black": jpeg(np.zeros(SIZE[::-1], np.uint8)),
    "noise": jpeg(np.random.default_rng(1).integers(0, 255, SIZE[::-1], np.uint8)),
    "smeared": jpeg(np.asarray(cv2.GaussianBlur(room(), (0, 0), 20), np.uint8)),
    "no picture": b"nonsense",
}


@pytest.mark.parametrize("other", OTHERS)
def test_what_is_not_the_same_room_is_not_recognised(other: str) -> None:
    assert distrust(align(jpeg(room()), OTHERS[other])) == "not_recognised"


async def test_a_process_that_can_open_nothing_finds_the_same() -> None:
    """Whatever numpy and cv2 import when it is needed first was imported before it was locked down."""
    decoders = Decoders(3072 << 20, 1)
    try:
        before, now = jpeg(room()), jpeg(seen(room(), MOVES["tilted"]))
        found = await decoders.align(before, now)
        assert found == align(before, now)
        assert await decoders.align(before, OTHERS["no picture"]) is None
        [process] = decoders.pids
        with pytest.raises(NoPicture):
            await decoders.align(before, b"")
        assert await decoders.align(before, before) is not None
        assert decoders.pids == [process], "what is no picture costs no process"
    finally:
        await decoders.close()
