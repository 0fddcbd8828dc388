"""Records: ids, keys, lanes, chains of causes, and what encode refuses."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import orjson
import pytest

from tablewatch_schemas import (
    TOPICS,
    ContractError,
    CropReady,
    Encoded,
    FrameExtracted,
    Received,
    TableEvidence,
    TableState,
    decode,
    decode_as,
    dlq_name,
    encode,
    event_id,
    replace,
    tombstone,
)

NOW = datetime(2026, 11, 23, 9, 0, 0, 123000, tzinfo=UTC)


def frame(**changes: Any) -> FrameExtracted:
    made = FrameExtracted(
        frame_id="run_1-000000007",
        site_id="site_1",
        camera_id="cam_1",
        run_id="run_1",
        video_id="vid_1",
        index=7,
        media_ms=7000,
        captured_at=NOW,
        object_key="frames/site_1/run_1/000000007.jpg",
        width=1280,
        height=720,
        size_bytes=1000,
        keyframe=True,
        sharpness=10.5,
        brightness=0.5,
        layout_key=None,
        previous_frame_id=None,
        previous_object_key=None,
        make=("frames", "tables"),
        last=False,
    )
    return replace(made, **changes)


def tick(source_id: str = "tick-3") -> TableEvidence:
    return TableEvidence(
        kind="tick",
        site_id=None,
        table_id=None,
        camera_id=None,
        run_id=None,
        source_id=source_id,
        captured_at=NOW,
        label=None,
        confidence=None,
        people=None,
        things=None,
        reason=None,
        frame_id=None,
        frame_key=None,
        crop=None,
        model=None,
        layout_version=None,
        thresholds=None,
        last=False,
    )


def send(event: Any, **options: Any) -> Encoded:
    return encode(event, source="tablewatch/test", time=NOW, **options)


def receive(message: Encoded) -> Received[Any]:
    return decode(message.topic, message.key, message.value, message.headers)


def test_headers_are_cloudevents_binary_mode() -> None:
    headers = dict(send(frame()).headers)
    assert headers["ce_specversion"] == b"1.0"
    assert headers["ce_type"] == b"tablewatch.frame.extracted.v1"
    assert headers["ce_source"] == b"tablewatch/test"
    assert headers["ce_time"] == b"2026-11-23T09:00:00.123Z"
    assert headers["ce_subject"] == b"run_1"
    assert headers["content-type"] == b"application/json"
    assert UUID(headers["ce_id"].decode()).version == 5


def test_keys_and_lanes_follow_the_topic() -> None:
    run, live = send(frame()), send(frame(run_id=None, video_id=None, index=None, media_ms=None))
    assert (run.key, run.lane) == (b"run_1", "run")
    assert (live.key, live.lane) == (b"cam_1", "live")


def test_a_table_of_a_run_has_a_key_of_its_own() -> None:
    state = TableState(
        table_id="tbl_1",
        site_id="site_1",
        run_id="run_1",
        camera_ids=("cam_1",),
        version=1,
        state="free",
        previous_state=None,
        confidence=1.0,
        as_of=NOW,
        since=NOW,
        expires_at=NOW + timedelta(minutes=1),
        reason="evidence",
        evidence=TOPICS["table.state"].read(_state()).evidence,
        last=False,
    )
    assert send(state).key == b"tbl_1@run_1"
    assert send(replace(state, run_id=None)).key == b"tbl_1"


def _state() -> dict[str, Any]:
    evidence: dict[str, Any] = {
        "evidence_ids": [],
        "frame_ids": [],
        "people": None,
        "model": None,
        "layout_version": None,
    }
    times = dict.fromkeys(("as_of", "since", "expires_at"), "2026-11-23T09:00:00Z")
    plain: dict[str, Any] = {
        "table_id": "t",
        "site_id": "s",
        "run_id": None,
        "camera_ids": [],
        "version": 1,
        "state": "free",
    }
    more = {"previous_state": None, "confidence": 1, "reason": "evidence", "evidence": evidence, "last": False}
    return {**plain, **more, **times}


def test_event_id_is_the_same_for_the_same_identity_only() -> None:
    first = event_id(frame())
    assert first == event_id(frame(sharpness=99.0)) == dict(send(frame()).headers)["ce_id"].decode()
    assert first != event_id(frame(frame_id="run_1-000000008"))
    assert first != event_id(frame(last=True))


def test_event_ids_never_change_between_releases() -> None:
    """Consumers keep them: a new release that made other ids would make every effect happen twice."""
    assert event_id(frame()) == "0f0e8460-488e-58a1-83ec-2a9fe9cac08f"


def test_chain_of_causes() -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    first = receive(send(frame(), traceparent=trace))
    second = receive(send(frame(frame_id="run_1-000000008"), cause=first))
    third = receive(send(frame(frame_id="run_1-000000009"), cause=second))
    assert first.causation_id is None and first.correlation_id == first.id
    assert (second.causation_id, third.causation_id) == (first.id, second.id)
    assert {second.correlation_id, third.correlation_id} == {first.id}
    assert third.traceparent == trace


def test_own_traceparent_wins_over_the_causes() -> None:
    first = receive(send(frame(), traceparent="00-a-b-01"))
    assert receive(send(frame(last=True), cause=first, traceparent="00-c-d-01")).traceparent == "00-c-d-01"


def test_round_trip_keeps_everything() -> None:
    assert receive(send(frame())).event == frame()


def test_other_zones_are_the_same_time() -> None:
    local = NOW.astimezone(timezone(timedelta(hours=2)))
    assert send(frame(captured_at=local)).value == send(frame()).value


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"frame_id": ""}, "frame_id"),
        ({"brightness": 1.5}, "brightness"),
        ({"make": ("naps",)}, "make"),
        ({"make": ("frames", "frames")}, "make"),
        ({"width": None}, "width"),
        ({"captured_at": datetime(2026, 1, 1)}, "without a zone"),
        ({"captured_at": "2026-01-01T00:00:00Z"}, "frame.extracted"),
    ],
)
def test_what_the_schema_refuses_is_not_sent(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ContractError, match=reason) as error:
        send(frame(**changes))
    assert error.value.code == "wrong_schema"


def test_a_key_that_would_be_null_is_refused() -> None:
    with pytest.raises(ContractError) as error:
        send(frame(camera_id=None, run_id=None))
    assert error.value.code == "missing_key"


def test_a_tick_goes_to_the_partition_it_names() -> None:
    message = send(tick(), partition=3)
    assert (message.key, message.partition, message.lane) == (None, 3, "live")
    assert receive(message).key is None
    with pytest.raises(ContractError) as error:
        send(tick())
    assert error.value.code == "missing_key"


def test_tombstone() -> None:
    message = tombstone(TableState, "tbl_1@run_1", source="tablewatch/test", time=NOW, lane="run", version=9)
    record = receive(message)
    assert (message.key, message.value, message.lane) == (b"tbl_1@run_1", None, "run")
    assert (record.event, record.key, record.version) == (None, "tbl_1@run_1", 9)
    again = tombstone(TableState, "tbl_1@run_1", source="other", time=NOW + timedelta(1), lane="run", version=9)
    assert receive(again).id == record.id


def test_tombstone_without_version_is_told_apart_by_time() -> None:
    one, two = (
        tombstone(TableState, "t", source="s", time=NOW + timedelta(seconds=later), lane="live") for later in (0, 1)
    )
    assert receive(one).id != receive(two).id
    assert receive(one).version is None


def test_version_of_a_compacted_record_comes_from_its_field() -> None:
    state = TOPICS["table.state"].read(_state() | {"version": 4})
    assert receive(send(state)).version == 4


def test_decode_as_is_decode_for_one_type() -> None:
    message = send(frame())
    assert decode_as(FrameExtracted, message.key, message.value, message.headers).event == frame()
    with pytest.raises(ContractError, match=r"frame\.extracted.* on crop\.ready"):
        decode_as(CropReady, message.key, message.value, message.headers)


def test_a_header_without_value_counts_as_missing() -> None:
    message = send(frame())
    headers: Any = [(name, None if name == "ce_id" else data) for name, data in message.headers]
    with pytest.raises(ContractError, match="ce_id"):
        decode(message.topic, message.key, message.value, headers)


def test_value_is_plain_json_in_schema_order() -> None:
    value = orjson.loads(send(frame()).value or b"")
    assert list(value)[:4] == ["frame_id", "site_id", "camera_id", "run_id"]
    assert value["captured_at"] == "2026-11-23T09:00:00.123Z"


def test_dead_letter_name() -> None:
    assert dlq_name("frame.extracted", "cropper") == "frame.extracted.cropper.dlq"


def test_every_topic_knows_its_type_and_back() -> None:
    for name, info in TOPICS.items():
        assert info.event_type.TOPIC == name == info.name
        assert info.ce_type == f"tablewatch.{name}.v1"
