"""Whether a picture is whole and new, and when it was taken."""

import pytest

from extractor.model.stills import Freshness, Tags, age_of, is_picture, is_whole, time_of_answer

JPEG = b"\xff\xd8\xff\xe0 thumbnail \xff\xd9 rest \xff\xd9"
DATE = "Sun, 29 Nov 2026 02:00:10 GMT"


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        *((JPEG, True), (JPEG + b"\r\n\0\0", True), (JPEG[:-2], False), (JPEG[:-1], False)),
        *((b"\x89PNG\r\n\x1a\n..IEND\xaeB`\x82", True), (b"\x89PNG\r\n\x1a\n..IDAT", False)),
    ],
)
def test_a_picture_is_whole_when_its_end_is_there(data: bytes, whole: bool) -> None:
    assert is_picture(data)
    assert is_whole(data) is whole


def test_the_same_bytes_are_no_new_picture() -> None:
    freshness = Freshness()
    assert freshness.unchanged_s(5.0) == 0.0
    assert freshness.is_new(b"1", Tags(), 10.0)
    assert not freshness.is_new(b"1", Tags("other"), 15.0)
    assert freshness.unchanged_s(15.0) == 5.0
    assert freshness.is_new(b"2", Tags(), 16.0)


def test_tags_are_not_believed_any_more_when_another_picture_has_them() -> None:
    freshness, tags = Freshness(), Tags('"1"', DATE)
    freshness.is_new(b"1", tags, 0.0)
    assert freshness.tags.conditions() == {"If-None-Match": '"1"', "If-Modified-Since": DATE}
    freshness.is_new(b"2", tags, 1.0)
    assert freshness.tags.conditions() == {}


@pytest.mark.parametrize(
    ("modified", "more", "age"),
    [
        *(("Sun, 29 Nov 2026 02:00:02 GMT", {}, 8.0), ("Sun, 29 Nov 2026 02:00:02 GMT", {"age": "5"}, 13.0)),
        *((DATE, {}, 0.0), ("Sun, 29 Nov 2026 03:00:00 GMT", {}, None), ("yesterday", {}, None), (None, {}, None)),
    ],
)
def test_the_age_of_a_picture_is_what_one_clock_says(modified: str | None, more: dict[str, str], age: float) -> None:
    headers = {"date": DATE} | more | ({} if modified is None else {"last-modified": modified})
    assert age_of(headers) == age


def test_a_picture_was_taken_when_it_was_asked_for_unless_its_server_says_that_it_is_older() -> None:
    fresh = time_of_answer({}, 100.0, 100.4)
    assert (fresh.at_s, fresh.source, round(fresh.error_s, 3)) == (100.2, "receipt", 0.35)
    old = time_of_answer({"date": DATE, "last-modified": "Sun, 29 Nov 2026 02:00:02 GMT"}, 100.0, 100.4)
    assert (old.at_s, old.source, round(old.error_s, 3)) == (92.4, "camera", 1.4)
    since_boot = {"date": DATE, "last-modified": "Thu, 01 Jan 1970 00:00:00 GMT"}
    assert time_of_answer(since_boot, 100.0, 100.4).source == "receipt"
