"""Records to events, or Invalid."""

from datetime import UTC, datetime

import pytest

from chassis.consume import Invalid
from chassis.records import Record
from events.decode import decode_record, decode_record_as, event_or_none
from tablewatch_schemas import ContractError, TableState, VideoCommand, encode, tombstone

T0 = datetime(2026, 11, 23, tzinfo=UTC)
COMMAND = VideoCommand(
    command_id="cmd_1", video_id="vid_1", run_id="run_1", site_id="site_1", camera_id=None, action="cancel",
    actor="key_1", requested_at=T0,
)  # fmt: skip


def record(sent) -> Record:
    return Record(sent.topic, 0, 0, 0, sent.key, sent.value, sent.headers)


GOOD = record(encode(COMMAND, source="tablewatch/test", time=T0))
TOMBSTONE = record(tombstone(TableState, "tbl_1", source="tablewatch/test", time=T0, lane="live", version=2))
BAD = {
    "missing_header": Record("video.command", 0, 0, 0, b"vid_1", b"{}"),
    "not_json": Record("video.command", 0, 0, 0, b"vid_1", b"{", GOOD.headers),
    "wrong_schema": Record("video.command", 0, 0, 0, b"vid_1", b"{}", GOOD.headers),
}


def test_a_record_is_decoded_by_its_topic():
    assert decode_record(GOOD).event == COMMAND
    assert decode_record_as(VideoCommand, GOOD).event == COMMAND
    assert event_or_none(GOOD) == COMMAND


def test_a_tombstone_has_no_event():
    assert (decode_record(TOMBSTONE).event, decode_record(TOMBSTONE).key) == (None, "tbl_1")
    assert event_or_none(TOMBSTONE) is None


@pytest.mark.parametrize("decode", [decode_record, lambda bad: decode_record_as(VideoCommand, bad)])
@pytest.mark.parametrize("code", BAD)
def test_what_cannot_be_decoded_is_invalid_with_the_code_of_its_contract(decode, code):
    with pytest.raises(Invalid) as refused:
        decode(BAD[code])
    cause = refused.value.__cause__
    assert isinstance(cause, ContractError)
    assert (refused.value.code, refused.value.reason) == (code, cause.reason)


def test_a_topic_of_nobody_is_invalid():
    with pytest.raises(Invalid, match="unknown_topic"):
        decode_record(Record("elsewhere", 0, 0, 0, b"k", b"{}", GOOD.headers))


@pytest.mark.parametrize("code", BAD)
def test_a_reader_without_a_group_passes_over_what_cannot_be_decoded(code):
    assert event_or_none(BAD[code]) is None
