"""The decoder's parts: protocol, times, gaps, pictures."""

import struct
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor import protocol
from extractor.media.picture import picture_of, thumbnail
from extractor.media.sequential import FrameTimes, Gap, GapCollector
from extractor.model.options import Orientation, PictureOptions

UPRIGHT = Orientation()


@given(st.dictionaries(st.text(max_size=8), st.integers(0, 2**40), max_size=4), st.binary(max_size=300))
def test_messages_are_decoded_as_they_were_encoded(fields: dict[str, int], payload: bytes) -> None:
    fields.pop("type", None)
    raw = protocol.encode_message("frame", fields, payload)
    header, size = protocol.decode_lengths(raw[: protocol.LENGTHS.size])
    rest = raw[protocol.LENGTHS.size :]
    assert protocol.decode_header(rest[:header]) == ("frame", fields)
    assert (rest[header:], size) == (payload, len(payload))


TOO_LONG = [(protocol.MAX_HEADER + 1, 0), (1, protocol.MAX_PAYLOAD + 1), (2**32 - 1, 2**32 - 1)]


@pytest.mark.parametrize("lengths", TOO_LONG)
def test_lengths_past_the_limits_are_refused(lengths: tuple[int, int]) -> None:
    with pytest.raises(protocol.ProtocolError):
        protocol.decode_lengths(struct.pack(">II", *lengths))


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"type": 1}', b"\xff"])
def test_a_header_that_makes_no_sense_is_refused(raw: bytes) -> None:
    with pytest.raises(protocol.ProtocolError):
        protocol.decode_header(raw)


def times_of(times: FrameTimes, *stamps: int | None) -> list[int | None]:
    """What frames with these stamps are given; None among the results is a frame that fits nowhere."""
    placed = [each for stamp in stamps for each in times.take(object(), stamp)]
    return [ticks for ticks, _ in [*placed, *times.flush()]]


def test_a_frame_that_goes_back_far_is_damage_and_one_that_goes_back_a_little_is_not() -> None:
    """A little: some write the stamps of B-frames in the order of decoding."""
    assert times_of(FrameTimes(lambda: Fraction(40)), 1000, 300, 1000, 1040) == [1000, None, 1000, 1040]
    assert times_of(FrameTimes(lambda: Fraction(40)), 1000, 960, 1000, 1040) == [1000, 1000, 1000, 1040]


def test_frames_without_a_time_are_spread_between_those_that_have_one() -> None:
    times = FrameTimes(lambda: Fraction(40))
    assert times_of(times, 1000, None, None, 1120, None) == [1000, 1040, 1080, 1120, 1160]


def test_frames_before_the_first_time_come_before_it_and_many_do_not_wait_for_ever() -> None:
    assert times_of(FrameTimes(lambda: Fraction(40)), None, None, 1000) == [920, 960, 1000]
    assert times_of(FrameTimes(lambda: Fraction(40)), 0, *[None] * 40) == list(range(0, 41 * 40, 40))


def test_a_new_beginning_comes_after_frames_whose_time_was_estimated() -> None:
    times = FrameTimes(lambda: Fraction(40))
    assert times_of(times, 0, None, None) == [0, 40, 80]
    times.begin()
    assert times_of(times, 40, 80) == [120, 160]


def test_gaps_open_at_the_last_good_frame_and_merge() -> None:
    damage = GapCollector()
    for at in (0, 40):
        damage.good(at)
    damage.loss(40, "damaged")
    damage.loss(40, "damaged")
    damage.good(200)
    damage.loss(200, "damaged")
    damage.good(240)
    damage.good(280)
    damage.loss(280, "unreadable")
    damage.close()
    assert damage.gaps == [Gap(40, 240, "damaged"), Gap(280, None, "unreadable")]


def test_a_gap_at_the_end_stops_where_the_file_was_cut_off() -> None:
    gaps = GapCollector(last_good=40)
    gaps.loss(40, "damaged")
    gaps.close(120)
    assert gaps.gaps == [Gap(40, 120, "damaged")]


def test_bytes_that_were_not_read_are_summed_whatever_else_was_lost() -> None:
    gaps = GapCollector()
    gaps.good(0)
    gaps.loss(0, "truncated")
    gaps.loss(0, "unread_bytes", 5000)
    gaps.loss(0, "unreadable")
    gaps.good(40)
    gaps.loss(40, "unread_bytes", 300)
    gaps.loss(40, "unread_bytes", 7)
    gaps.good(80)
    assert gaps.gaps == [Gap(0, 80, "unread_bytes", 5307)]


def test_what_another_segment_answers_for_is_no_gap_of_this_one() -> None:
    gaps = GapCollector()
    gaps.loss(0, "damaged")
    gaps.pass_by(40)
    gaps.loss(80, "damaged")
    gaps.good(120)
    assert gaps.gaps == [Gap(40, 120, "damaged")]


def times(*taken: tuple[str, int | None, int, tuple[int, int] | None]) -> list[tuple[int | None, str]]:
    """Of frames 40 ticks long: name, time, how many vanished before it, its place."""
    found, line = [], FrameTimes(lambda: Fraction(40))
    for name, pts, vanished, place in taken:
        found += line.take(name, pts, vanished, place)
    return [*found, *line.flush()]


def test_frames_without_a_time_lead_up_to_the_next_behind_a_loss() -> None:
    shown = times(("a", 0, 0, None), ("b", None, 0, None), ("c", None, 3, None), ("d", 400, 0, None))
    assert shown == [(0, "a"), (40, "b"), (360, "c"), (400, "d")]


def test_frames_without_a_time_are_where_their_order_says() -> None:
    shown = times(("a", 0, 0, (1, 4)), ("b", None, 0, (1, 5)), ("c", None, 0, (1, 7)), ("d", 160, 0, (1, 8)))
    assert shown == [(0, "a"), (40, "b"), (120, "c"), (160, "d")]


def test_an_order_that_was_counted_anew_says_nothing() -> None:
    shown = times(("a", 0, 0, (1, 4)), ("b", None, 0, (2, 0)), ("c", 80, 0, (2, 3)))
    assert shown == [(0, "a"), (40, "b"), (80, "c")]


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
    picture = picture_of(frame, Orientation(rotation), PictureOptions(95))
    sizes = [(640, 400), (512, 320)] if rotation in (90, 270) else [(400, 640), (200, 320)]
    assert (picture.height, picture.width) == sizes[0]
    for jpeg, size in zip((picture.data, thumbnail(frame, Orientation(rotation))), sizes, strict=True):
        pixels = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert pixels is not None and pixels.shape[:2] == size
        assert np.abs(pixels[20, 20].astype(int) - top_left).max() < 12


@pytest.mark.parametrize(("rotation", "size"), [(0, (15, 4096)), (90, (320, 1))])
def test_a_very_tall_picture_has_a_thumbnail_that_a_jpeg_can_hold(rotation: int, size: tuple[int, int]) -> None:
    frame = frame_of(np.zeros((4320, 16, 3), np.uint8))
    assert picture_of(frame, Orientation(rotation), PictureOptions(85)).data
    pixels = cv2.imdecode(np.frombuffer(thumbnail(frame, Orientation(rotation)), np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None and pixels.shape[1::-1] == size


def test_measures_do_not_depend_on_resolution() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (90, 160, 3), np.uint8)
    soft = cv2.resize(noise, (1280, 720), interpolation=cv2.INTER_LINEAR)
    large = picture_of(frame_of(soft), UPRIGHT, PictureOptions(85))
    small = picture_of(
        frame_of(cv2.resize(soft, (640, 360), interpolation=cv2.INTER_AREA)), UPRIGHT, PictureOptions(85)
    )
    assert small.sharpness == pytest.approx(large.sharpness, rel=0.15)
    assert small.brightness == pytest.approx(large.brightness, abs=0.01)
    blurred = picture_of(frame_of(cv2.GaussianBlur(soft, (0, 0), 15)), UPRIGHT, PictureOptions(85))
    assert blurred.sharpness < large.sharpness / 5


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (501, 3), (319, 241)])
def test_any_size_has_a_picture_and_a_thumbnail(size: tuple[int, int]) -> None:
    frame = frame_of(np.full((size[1], size[0], 3), 128, np.uint8))
    picture = picture_of(frame, Orientation(90), PictureOptions(85))
    assert (picture.width, picture.height) == (size[1], size[0])
    assert (picture.sharpness, picture.brightness) == (0, pytest.approx(0.5, abs=0.01))
    assert thumbnail(frame, Orientation(90))


def test_png_loses_nothing() -> None:
    frame = frame_of(np.random.default_rng(2).integers(0, 255, (90, 160, 3), np.uint8))
    lossless = picture_of(frame, UPRIGHT, PictureOptions(85, "png"))
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
    picture = picture_of(frame_of(colours(640, 400)), Orientation(rotation), PictureOptions(95, "jpeg", long_side))
    pixels = cv2.imdecode(np.frombuffer(picture.data, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    assert (picture.width, picture.height) == size == (pixels.shape[1], pixels.shape[0])
    assert (
        picture.sharpness
        == picture_of(frame_of(colours(640, 400)), Orientation(rotation), PictureOptions(95)).sharpness
    )
