"""Ids sort by time, keys are derived from ids, times survive to the millisecond."""

import time
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablewatch_schemas import from_ms, keys, new_id, to_ms
from tablewatch_schemas.ids import end_hazard_id, frame_id, live_frame_id
from tablewatch_schemas.times import read_time, write_time

AT = datetime(2026, 11, 23, 23, 30, 0, 250000, tzinfo=UTC)


def test_new_ids_are_uuid_version_7_of_now() -> None:
    before = time.time_ns() // 1_000_000
    kind, _, digits = new_id("vid").partition("_")
    uuid = UUID(hex=digits)
    assert kind == "vid"
    assert (uuid.version, uuid.variant) == (7, "specified in RFC 4122")
    assert before <= uuid.int >> 80 <= time.time_ns() // 1_000_000


def test_new_ids_sort_by_when_they_were_made_and_never_repeat() -> None:
    made = []
    for _ in range(3):
        made.append(new_id("run"))
        time.sleep(0.002)
    assert made == sorted(made)
    assert len({new_id("run") for _ in range(1000)}) == 1000


def test_derived_ids() -> None:
    assert frame_id("run_1", 7) == "run_1-000000007"
    assert live_frame_id("cam_1", AT) == f"cam_1-{to_ms(AT)}"
    assert end_hazard_id("run_1") == "end-run_1"


def test_keys_begin_with_their_class() -> None:
    ms = to_ms(AT)
    assert keys.original("s", "v") == "originals/s/v/source.bin"
    assert keys.manifest("s", "r") == "manifests/s/r.json"
    assert keys.layout("s", "c", 3) == "layouts/s/c/3.json"
    assert keys.run_frame("s", "r", 7) == "frames/s/r/000000007.jpg"
    assert keys.run_crops("s", "r", 7) == "crops/s/r/000000007.bin"
    assert keys.live_frame("s", "c", AT) == f"frames/s/c/2026-11-23/{ms}.jpg"
    assert keys.live_crops("s", "c", AT) == f"crops/s/c/2026-11-23/{ms}.bin"
    assert keys.run_judgement("s", "r", 7) == "judgements/s/r/000000007.json"
    assert keys.live_judgement("s", "c", AT) == f"judgements/s/c/2026-11-23/{ms}.json"
    assert keys.object_kind(keys.run_judgement("s", "r", 7)) == "judgement"
    assert keys.look_beside(keys.run_judgement("s", "r", 7)) == "judgements/s/r/000000007.look.json"
    assert keys.thumbnail("s", "r", "best") == "thumbs/s/r/best.jpg"
    assert keys.last_good_snapshot("s", "c") == "snapshots/s/c/last-good.jpg"


def test_the_key_of_a_record_shows_its_lane() -> None:
    record_keys = ("tbl_1", "tbl_1@run_1", "site_1", "site_1@run_1")
    assert [keys.lane_of_key(each) for each in record_keys] == ["live", "run", "live", "run"]


def test_date_folder_is_utc() -> None:
    local = AT.astimezone(timezone(timedelta(hours=2)))
    assert keys.live_frame("s", "c", local) == keys.live_frame("s", "c", AT)


def test_prefixes_hold_the_keys_of_their_run() -> None:
    assert keys.run_frame("s", "r", 7).startswith(keys.frames_prefix("s", "r"))
    assert keys.run_crops("s", "r", 7).startswith(keys.crops_prefix("s", "r"))
    assert keys.run_judgement("s", "r", 7).startswith(keys.judgements_prefix("s", "r"))
    assert keys.thumbnail("s", "r", "first").startswith(keys.thumbs_prefix("s", "r"))
    assert keys.original("s", "v").startswith(keys.original_prefix("s", "v"))
    assert not keys.run_frame("s", "r2", 7).startswith(keys.frames_prefix("s", "r"))


@given(st.integers(min_value=-(10**12), max_value=4 * 10**12))
def test_milliseconds_survive(ms: int) -> None:
    assert to_ms(from_ms(ms)) == ms
    assert read_time(write_time(from_ms(ms))) == from_ms(ms)


def test_finer_than_a_millisecond_is_cut_off() -> None:
    assert write_time(AT + timedelta(microseconds=999)) == "2026-11-23T23:30:00.250Z"
    assert to_ms(AT + timedelta(microseconds=999)) == to_ms(AT)


def test_offsets_are_read_as_utc() -> None:
    assert read_time("2026-11-24T01:30:00.25+02:00") == AT
    assert read_time("2026-11-24T01:30:00.25+02:00").tzinfo is UTC


@pytest.mark.parametrize("text", ["2026-11-23T09:00:00", "", "soon"])
def test_times_without_offset_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_time(text)


def test_naive_times_are_never_written() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        write_time(AT.replace(tzinfo=None))
    with pytest.raises(TypeError):
        to_ms(AT.replace(tzinfo=None))
