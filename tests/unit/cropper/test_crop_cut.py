"""The picture work, on pictures made here."""

import cv2
import numpy as np
import pytest

from cropper.cut import Cutter, Unreadable, decode, small

LEFT = [(0.1, 0.2), (0.4, 0.2), (0.4, 0.8), (0.1, 0.8)]
TRIANGLE = [(0.6, 0.2), (0.9, 0.2), (0.75, 0.8)]
TABLES = [("left", LEFT), ("right", TRIANGLE)]


def room(level: int = 120, spot: bool = False) -> bytes:
    picture = np.full((360, 640, 3), level, np.uint8)
    picture[::7] = level // 2
    if spot:
        cv2.circle(picture, (480, 150), 40, (255, 255, 255), -1)
    return cv2.imencode(".jpg", picture)[1].tobytes()


def cut(jpeg: bytes, before: bytes | None = None):
    picture = decode(jpeg)
    previous = None if before is None else small(decode(before))
    return Cutter(TABLES, 640, 360).cut(picture, small(picture), previous)


def test_a_frame_may_be_png_and_small():
    picture = cv2.imdecode(np.frombuffer(room(), np.uint8), cv2.IMREAD_COLOR)
    frame = decode(cv2.imencode(".png", cv2.resize(picture, (64, 36)))[1].tobytes())
    pieces = Cutter(TABLES, 64, 36).cut(frame, small(frame), None)
    assert [piece.region.table_id for piece in pieces] == ["left", "right"]
    assert all(piece.jpeg.startswith(b"\xff\xd8") for piece in pieces)


def test_each_crop_is_its_bounding_box():
    pieces = cut(room())
    assert [piece.region.table_id for piece in pieces] == ["left", "right"]
    for piece in pieces:
        height, width = decode(piece.jpeg).shape[:2]
        assert (width, height) == (piece.region.right - piece.region.left, piece.region.bottom - piece.region.top)


def test_outside_the_polygon_it_is_black_and_inside_it_is_not():
    right = decode(cut(room())[1].jpeg)
    assert right[-5, 5].max() < 40
    assert right[10, right.shape[1] // 2].max() > 40


def test_the_same_input_gives_the_same_bytes():
    assert [piece.jpeg for piece in cut(room(spot=True))] == [piece.jpeg for piece in cut(room(spot=True))]


def test_only_the_table_that_changed_changed():
    left, right = cut(room(spot=True), before=room())
    assert left.change is not None and left.change < 0.01
    assert right.change is not None and right.change > 0.05


def test_without_a_predecessor_there_is_no_change():
    assert [piece.change for piece in cut(room())] == [None, None]


def test_a_predecessor_of_another_size_is_none():
    picture = decode(room())
    other = small(cv2.resize(picture, (640, 640)))
    assert [piece.change for piece in Cutter(TABLES, 640, 360).cut(picture, small(picture), other)] == [None, None]


@pytest.mark.parametrize("bytes_", [b"", b"GIF89a", b"\xff\xd8\xff" + b"0" * 40])
def test_what_is_no_picture_is_unreadable(bytes_):
    with pytest.raises(Unreadable):
        decode(bytes_)
