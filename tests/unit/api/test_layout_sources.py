"""What an external cropper is asked, and when again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from api.model.errors import LayoutFormatInvalid, PolygonTooSmall
from api.model.layout_sources import (
    MOST_SENTENCE,
    UNCHANGED_OUTCOME,
    Claimed,
    LayoutSourceFault,
    LayoutSourceRefused,
    Outcome,
    author_of,
    conditions,
    etag_of,
    failure,
    next_pull_at,
    origin_of,
    question,
    sealing_key,
)
from api.model.layouts import completed
from tablewatch_schemas.layout import LayoutTable

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CLAIMED = Claimed(
    pull_id="p", camera_id="cam_1", site_id="site_1", url="https://Cropper.example:8443/a?b=1", every_s=600,
    send_picture=False, token=None, etag='"1"', body_hash=None, failures=0, due_at=NOW,
)  # fmt: skip
FAILED = Outcome("layout_source_unreachable", "x")


def test_a_question_has_the_id_and_the_size_beside_what_the_address_has() -> None:
    assert question(CLAIMED.url, "cam_1", (1280, 720)) == f"{CLAIMED.url}&camera_id=cam_1&width=1280&height=720"
    assert question("http://x/", "cam_1", None) == "http://x/?camera_id=cam_1"
    assert author_of(CLAIMED.url) == "pulled from cropper.example"


def test_a_condition_goes_with_a_get_alone() -> None:
    assert conditions(CLAIMED) == {"If-None-Match": '"1"'}
    assert conditions(replace(CLAIMED, send_picture=True)) == conditions(replace(CLAIMED, etag=None)) == {}


@pytest.mark.parametrize(("etag", "kept"), [
    ('W/"a"', 'W/"a"'), ("", None), ('"ü"', None), ('"a\tb"', None), ("x" * 501, None),
])  # fmt: skip
def test_a_tag_is_kept_if_it_can_be_sent_again(etag: str, kept: str | None) -> None:
    assert etag_of({"etag": etag}) == kept
    assert etag_of({}) is None


@pytest.mark.parametrize(("failures", "every_s", "most_s"), [
    (0, 600, 60), (1, 600, 120), (5, 600, 1920), (6, 600, 3600), (900, 600, 3600), (900, 86_400, 86_400),
])  # fmt: skip
def test_after_each_failure_it_waits_longer(failures: int, every_s: int, most_s: int) -> None:
    claimed = replace(CLAIMED, failures=failures, every_s=every_s)
    wait = next_pull_at(claimed, FAILED, NOW) - NOW
    assert timedelta(seconds=most_s / 2) <= wait <= timedelta(seconds=most_s)
    assert next_pull_at(claimed, UNCHANGED_OUTCOME, NOW) - NOW == timedelta(seconds=every_s)


def test_the_token_is_of_one_camera_and_origin() -> None:
    key = sealing_key("s", "cam_1", CLAIMED.url)
    assert key == sealing_key("s", "cam_1", "https://cropper.example:8443/other")
    others = [("s", "cam_2", CLAIMED.url), ("s", "cam_1", "https://cropper.example/a"), ("t", "cam_1", CLAIMED.url)]
    assert key not in [sealing_key(*each) for each in others]
    assert origin_of(CLAIMED.url) == "https://cropper.example:8443"


def test_what_went_wrong_is_a_sentence() -> None:
    refused = failure(LayoutSourceRefused("Its status is 401."))
    assert refused.failed and refused.sentence.endswith("give the right token. Its status is 401.")
    assert failure(PolygonTooSmall("Table 7: too small.")) == Outcome("polygon_too_small", "Table 7: too small.")
    assert "inner page" not in failure(LayoutFormatInvalid("Invalid enum value 'inner page'")).sentence
    shown = failure(PolygonTooSmall(f"Table a\0b{'x' * 1000}")).sentence
    assert shown.startswith("Table a?bxx") and len(shown) == MOST_SENTENCE + 1
    for fault in LayoutSourceFault.each():
        assert fault.code.startswith("layout_source_") and fault.sentence.endswith(".")


def test_what_a_cropper_does_not_know_of_a_table_stays() -> None:
    zone = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5))
    before = LayoutTable(table_id="tbl_1", label="1", seats=4, section_id="sec_1", polygon=zone, top=None)
    bare = replace(before, seats=None, section_id=None)
    other = replace(before, seats=2, section_id="sec_2")
    found = completed([replace(bare, label="A"), other, replace(bare, table_id="tbl_2")], [before])
    assert [(each.label, each.seats, each.section_id) for each in found] == [
        ("A", 4, "sec_1"), ("1", 2, "sec_2"), ("1", None, None),
    ]  # fmt: skip
