"""Parts of the media room: wire, clock, gaps, pictures."""

import struct
from typing import Any

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.files import wire
from extractor.media.picture import Keeping, picture_of, thumbnail
from extractor.media.straight import Damage, Gap, Unwound


@given(st.dictionaries(st.text(max_size=8), st.integers(0, 2**40), max_size=4), st.binary(max_size=300))
def test_messages_come_apart_as_they_were_put_together(fields: dict[str, int], payload: bytes) -> None:
    raw = wire.packed({**fields, "say": "frame"}, payload)
    header, size = wire.lengths(raw[: wire.LENGTHS.size])
    rest = raw[wire.LENGTHS.size :]
    assert wire.header_of(rest[:header]) == {**fields, "say": "frame"}
    assert (rest[header:], size) == (payload, len(payload))


@pytest.mark.parametrize("lengths", [(wire.MAX_HEADER + 1, 0), (1, wire.MAX_PAYLOAD + 1), (2**32 - 1, 2**32 - 1)])
def test_a_child_that_claims_too_much_is_not_believed(lengths: tuple[int, int]) -> None:
    with pytest.raises(wire.Garbled):
        wire.lengths(struct.pack(">II", *lengths))


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"say": 1}', b"\xff"])
def test_a_child_that_talks_nonsense_is_not_believed(text: bytes) -> None:
    with pytest.raises(wire.Garbled):
        wire.header_of(text)


def test_a_clock_that_restarts_goes_on_one_frame_later() -> None:
    clock = Unwound(frame_ticks=40, restart_ticks=5000)
    assert [clock(pts) for pts in (9000, 9040, 0, 40, 9040)] == [9000, 9040, 9080, 9120, 18120]


def test_a_small_step_back_is_damage_and_a_standstill_is_not() -> None:
    clock = Unwound(frame_ticks=40, restart_ticks=5000)
    assert [clock(pts) for pts in (1000, 960, 1000, 1040)] == [1000, None, 1000, 1040]


def test_gaps_open_at_the_last_good_frame_and_merge() -> None:
    damage = Damage()
    for at in (0, 40):
        damage.good(at)
    damage.lost(40, "damaged")
    damage.lost(40, "damaged")
    damage.good(200)
    damage.lost(200, "damaged")
    damage.good(240)
    damage.good(280)
    damage.lost(280, "unreadable")
    damage.finished()
    assert damage.gaps == [Gap(40, 240, "damaged"), Gap(280, None, "unreadable")]


def frame_of(bgr: Any) -> Any:
    return av.VideoFrame.from_ndarray(bgr, format="bgr24")


def colours(width: int, height: int) -> Any:
    """Red top left, green top right, blue bottom left, white bottom right."""
    bgr = np.zeros((height, width, 3), np.uint8)
    bgr[: height // 2, : width // 2] = (0, 0, 255)
    bgr[: height // 2, width // 2 :] = (0, 255, 0)
    bgr[height // 2 :, : width // 2] = (255, 0, 0)
    bgr[height // 2 :, width // 2 :] = (255, 255, 255)
    return bgr


@pytest.mark.parametrize(
    ("rotation", "top_left"), [(0, (0, 0, 255)), (90, (255, 0, 0)), (180, (255, 255, 255)), (270, (0, 255, 0))]
)
def test_rotation_is_clockwise_in_picture_and_thumbnail(rotation: int, top_left: tuple[int, int, int]) -> None:
    frame = frame_of(colours(640, 400))
    picture = picture_of(frame, rotation, Keeping(95))
    sizes = [(640, 400), (512, 320)] if rotation in (90, 270) else [(400, 640), (200, 320)]
    assert (picture.height, picture.width) == sizes[0]
    for jpeg, size in zip((picture.data, thumbnail(frame, rotation)), sizes, strict=True):
        pixels = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert pixels is not None and pixels.shape[:2] == size
        assert np.abs(pixels[20, 20].astype(int) - top_left).max() < 12


def test_measures_do_not_depend_on_resolution() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (90, 160, 3), np.uint8)
    soft = cv2.resize(noise, (1280, 720), interpolation=cv2.INTER_LINEAR)
    large = picture_of(frame_of(soft), 0, Keeping(85))
    small = picture_of(frame_of(cv2.resize(soft, (640, 360), interpolation=cv2.INTER_AREA)), 0, Keeping(85))
    assert small.sharpness == pytest.approx(large.sharpness, rel=0.15)
    assert small.brightness == pytest.approx(large.brightness, abs=0.01)
    blurred = picture_of(frame_of(cv2.GaussianBlur(soft, (0, 0), 15)), 0, Keeping(85))
    assert blurred.sharpness < large.sharpness / 5


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (501, 3), (319, 241)])
def test_any_size_has_a_picture_and_a_thumbnail(size: tuple[int, int]) -> None:
    frame = frame_of(np.full((size[1], size[0], 3), 128, np.uint8))
    picture = picture_of(frame, 90, Keeping(85))
    assert (picture.width, picture.height) == (size[1], size[0])
    assert (picture.sharpness, picture.brightness) == (0, pytest.approx(0.5, abs=0.01))
    assert thumbnail(frame, 90)


def test_png_loses_nothing() -> None:
    frame = frame_of(np.random.default_rng(2).integers(0, 255, (90, 160, 3), np.uint8))
    lossless = picture_of(frame, 0, Keeping(85, "png"))
    pixels = cv2.imdecode(np.frombuffer(lossless.data, np.uint8), cv2.IMREAD_COLOR)
    assert lossless.data.startswith(b"\x89PNG")
    assert np.array_equal(pixels, frame.to_ndarray(format="bgr24"))


@pytest.mark.parametrize(
    ("rotation", "long_side", "size"),
    [(0, 320, (320, 200)), (90, 320, (200, 320)), (0, 640, (640, 400)), (270, 2000, (400, 640)), (0, None, (640, 400))],
)
def test_the_longer_side_is_scaled_down_and_never_up(
    rotation: int, long_side: int | None, size: tuple[int, int]
) -> None:
    picture = picture_of(frame_of(colours(640, 400)), rotation, Keeping(95, "jpeg", long_side))
    pixels = cv2.imdecode(np.frombuffer(picture.data, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    assert (picture.width, picture.height) == size == (pixels.shape[1], pixels.shape[0])
    assert picture.sharpness == picture_of(frame_of(colours(640, 400)), rotation, Keeping(95)).sharpness
