"""Cropping, on pictures made here."""

import cv2
import numpy as np
import pytest

from cropper.crop import LayoutChanges, LayoutCropper, Unreadable, decode, small_luma
from cropper.events import Change, Limits, compared
from cropper.geometry import region

LEFT = [(0.1, 0.2), (0.4, 0.2), (0.4, 0.8), (0.1, 0.8)]
TRIANGLE = [(0.6, 0.2), (0.9, 0.2), (0.75, 0.8)]
TABLES = [("left", LEFT), ("right", TRIANGLE)]


def dining_room(level: int = 120, spot: bool = False) -> bytes:
    picture = np.full((360, 640, 3), level, np.uint8)
    picture[::7] = level // 2
    if spot:
        cv2.circle(picture, (480, 150), 40, (255, 255, 255), -1)
    return cv2.imencode(".jpg", picture)[1].tobytes()


def crop(jpeg: bytes):
    return LayoutCropper(TABLES, 640, 360).crop(decode(jpeg))


def changes(jpeg: bytes, before: bytes | None = None):
    luma = small_luma(jpeg, 640)
    areas = LayoutChanges(TABLES, luma.shape[1], luma.shape[0])
    return areas.between(luma, None if before is None else small_luma(before, 640))


def test_a_frame_may_be_png_and_small():
    picture = cv2.imdecode(np.frombuffer(dining_room(), np.uint8), cv2.IMREAD_COLOR)
    png = cv2.imencode(".png", cv2.resize(picture, (64, 36)))[1].tobytes()
    crops = LayoutCropper(TABLES, 64, 36).crop(decode(png))
    assert small_luma(png, 64).shape == (36, 64)
    assert [each.table_id for each in crops] == ["left", "right"]
    assert all(each.jpeg.startswith(b"\xff\xd8") for each in crops)


def test_each_crop_is_its_bounding_box():
    crops = crop(dining_room())
    assert [each.table_id for each in crops] == ["left", "right"]
    for each, polygon in zip(crops, (LEFT, TRIANGLE), strict=True):
        area = region(each.table_id, polygon, 640, 360)
        height, width = decode(each.jpeg).shape[:2]
        assert (width, height) == (area.right - area.left, area.bottom - area.top)
        assert each.box == area.relative(640, 360)


def test_outside_the_polygon_it_is_black_and_inside_it_is_not():
    right = decode(crop(dining_room())[1].jpeg)
    assert right[-5, 5].max() < 40
    assert right[10, right.shape[1] // 2].max() > 40


def test_the_same_input_gives_the_same_bytes():
    assert crop(dining_room(spot=True)) == crop(dining_room(spot=True))


def test_a_small_picture_of_a_png_is_as_that_of_a_jpeg():
    picture = decode(dining_room(spot=True))
    png, jpeg = (cv2.imencode(kind, picture)[1].tobytes() for kind in (".png", ".jpg"))
    small = [small_luma(each, 640) for each in (png, jpeg)]
    assert small[0].shape == small[1].shape == (90, 160)


def test_the_small_picture_is_the_mean_of_its_blocks():
    whole = decode(dining_room(spot=True))
    mean = cv2.resize(cv2.cvtColor(whole, cv2.COLOR_BGR2GRAY), (160, 90), interpolation=cv2.INTER_AREA)
    assert cv2.PSNR(small_luma(dining_room(spot=True), 640), mean) > 30


def test_only_the_table_that_changed_changed():
    left, right = changes(dining_room(spot=True), before=dining_room())
    assert left is not None and left.mean < 0.01 and left.spot < 0.02
    assert right is not None and right.mean > 0.05 and right.spot > 0.3


def test_what_changed_at_one_spot_moves_the_mean_of_a_large_region_hardly():
    before = np.full((720, 1280, 3), 120, np.uint8)
    after = before.copy()
    cv2.circle(after, (400, 300), 16, (230, 230, 230), -1)  # a head at a far table
    jpegs = [cv2.imencode(".jpg", each)[1].tobytes() for each in (before, after)]
    lumas = [small_luma(each, 1280) for each in jpegs]
    (change,) = LayoutChanges([("hall", LEFT)], 160, 90).between(lumas[1], lumas[0])
    assert change is not None and change.mean < 0.02 and change.spot > 0.2


def test_without_a_predecessor_there_is_no_change():
    assert changes(dining_room()) == (None, None)


def test_a_predecessor_of_another_size_is_none():
    other = cv2.imencode(".jpg", cv2.resize(decode(dining_room()), (640, 640)))[1].tobytes()
    assert changes(dining_room(), before=other) == (None, None)


LIMITS = Limits(mean=0.02, spot=0.06)
STILL, SHIFTED, HEAD = Change(0.001, 0.01), Change(0.03, 0.03), Change(0.004, 0.2)


def test_a_table_changed_in_the_mean_at_a_spot_or_since_it_was_cut():
    told = compared([STILL, SHIFTED, HEAD, STILL, STILL], [STILL, None, STILL, HEAD, None], LIMITS)
    assert [each.changed for each in told] == [False, True, True, True, False]
    assert [each.change for each in told] == [0.001, 0.03, 0.004, 0.001, 0.001]


def test_nothing_to_compare_with_is_no_answer():
    (told,) = compared([None], [HEAD], LIMITS)
    assert (told.change, told.changed) == (None, None)


@pytest.mark.parametrize("bytes_", [b"", b"GIF89a", b"\xff\xd8\xff" + b"0" * 40])
def test_what_is_no_picture_is_unreadable(bytes_):
    with pytest.raises(Unreadable):
        decode(bytes_)
    with pytest.raises(Unreadable):
        small_luma(bytes_, 640)
