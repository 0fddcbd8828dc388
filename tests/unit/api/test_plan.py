"""What a run makes, which frames it takes, and whether its start can be."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from api.http.documents.layouts import NewLayout
from api.model.errors import ApiError
from api.model.layouts import draw
from api.model.plan import (
    UploadLimits,
    check_size,
    check_start,
    choose_layout,
    choose_make,
    choose_picture,
    choose_sampling,
)
from tablewatch_schemas.layout import Layout

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SQUARE = [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5]]


def _layout(*, tables: bool = True, floor: bool = True) -> Layout:
    body = NewLayout.model_validate(
        {
            "reference": {"width": 10, "height": 10},
            "tables": [{"label": "1", "polygon": SQUARE}] if tables else [],
            "floor": [SQUARE] if floor else [],
        }
    )
    camera = {"site_id": "site_1", "camera_id": "cam_1"}
    return draw(camera, body, newest=None, version=1, foreign=(), sections=(), now=NOW).layout


def test_what_is_not_asked_is_made_as_far_as_it_goes() -> None:
    assert choose_make(None, None, None) == ("frames",)
    assert choose_make(None, "cam_1", None) == ("frames",)
    assert choose_make(None, "cam_1", _layout()) == ("frames", "tables", "hazards")
    assert choose_make(None, "cam_1", _layout(floor=False)) == ("frames", "tables")
    assert choose_make(None, "cam_1", _layout(tables=False)) == ("frames", "hazards")


def test_what_is_asked_is_made_in_one_order_and_frames_always() -> None:
    assert choose_make(["hazards", "tables", "tables"], "cam_1", _layout()) == ("frames", "tables", "hazards")
    assert choose_make([], "cam_1", _layout()) == ("frames",)
    assert choose_make(["frames"], None, None) == ("frames",)


@pytest.mark.parametrize(
    ("asked", "camera", "layout", "code"),
    [
        (["tables"], None, None, "camera_required"),
        (["hazards"], None, None, "camera_required"),
        (["tables"], "cam_1", None, "layout_required"),
        (["tables"], "cam_1", _layout(tables=False), "tables_required"),
        (["hazards"], "cam_1", _layout(floor=False), "floor_required"),
    ],
)
def test_what_cannot_be_made_says_what_is_missing(
    asked: list[str], camera: str | None, layout: Layout | None, code: str
) -> None:
    with pytest.raises(ApiError, match=code):
        choose_make(asked, camera, layout)


def test_sampling() -> None:
    assert choose_sampling(None, None, 1000).every_ms == 1000
    assert choose_sampling("cadence", 7000, 1000).every_ms == 7000
    assert choose_sampling("keyframes", None, 1000).every_ms is None
    for mode, every in (("all", 5), ("cadence", 0), ("cadence", 10**9)):
        with pytest.raises(ApiError, match="sampling_invalid"):
            choose_sampling(mode, every, 1000)


DRAWN = [(1, NOW - timedelta(days=20)), (2, NOW - timedelta(days=10)), (3, NOW)]


@pytest.mark.parametrize(
    ("asked", "days_ago", "version"),
    [
        (None, None, 3), (None, 15, 1), (None, 10, 2), (None, 9, 2), (None, 0, 3), (None, 30, 3),
        ("current", None, 3), ("current", 15, 3), ("at_time", 15, 1), ("at_time", 1, 2), (1, None, 1), (2, 15, 2),
    ],
)  # fmt: skip
def test_the_layout_that_applies(asked: str | int | None, days_ago: int | None, version: int) -> None:
    began = None if days_ago is None else NOW - timedelta(days=days_ago)
    assert choose_layout(asked, began, DRAWN) == version


@pytest.mark.parametrize("asked", [None, "current"])
def test_a_camera_without_a_layout_has_none_that_applies(asked: str | None) -> None:
    assert choose_layout(asked, NOW, []) is None


@pytest.mark.parametrize(
    ("asked", "days_ago", "code"),
    [
        (4, None, "layout_not_found"),
        ("at_time", None, "started_at_required"),
        ("at_time", 21, "layout_not_found"),
    ],
)
def test_a_layout_that_cannot_apply(asked: str | int, days_ago: int | None, code: str) -> None:
    began = None if days_ago is None else NOW - timedelta(days=days_ago)
    with pytest.raises(ApiError, match=code):
        choose_layout(asked, began, DRAWN)


def test_how_frames_are_stored() -> None:
    assert choose_picture("png", None, 640).long_side == 640
    assert choose_picture("jpeg", 70, None).quality == 70
    with pytest.raises(ApiError, match="picture_invalid"):
        choose_picture("png", 70, None)


def test_the_start_of_the_recording() -> None:
    assert check_start(None, NOW) is None
    vienna = timezone(timedelta(hours=1))
    assert check_start(datetime(2026, 11, 23, 10, 0, 0, 123456, vienna), NOW) == NOW.replace(microsecond=123000)
    for impossible in (NOW.replace(tzinfo=None), NOW + timedelta(hours=2), NOW.replace(year=1999)):
        with pytest.raises(ApiError, match="started_at_invalid"):
            check_start(impossible, NOW)


def test_a_video_that_is_too_large_is_refused_before_it_is_sent() -> None:
    limits = UploadLimits(max_bytes=100, max_duration_ms=1, ttl_s=1)
    check_size(None, limits)
    check_size(100, limits)
    with pytest.raises(ApiError, match="upload_too_large"):
        check_size(101, limits)
