"""What a decoder sends is taken only if it fits our tables, our events and the segment that was asked for."""

from typing import Any

import orjson
import pytest

from extractor.files import messages
from extractor.files.messages import FrameOrder, PlanReader, Pulse
from extractor.media.requests import send_segment
from extractor.model.failures import printable
from extractor.model.frames import StoredFrame
from extractor.model.plan import PLANNED, SEQUENTIAL, Segment
from extractor.protocol import MAX_GAPS, MAX_HEADER, MAX_TIMES, Message, ProtocolError, encode_message

TIMES = list(range(0, 4000, 40))
SEGMENT: dict[str, Any] = {
    "kind": PLANNED,
    "first_index": 0,
    "wanted": TIMES,
    "seek": None,
    "after": None,
    "from_ticks": 0,
    "to_ticks": 4000,
    "from_ms": 0,
    "to_ms": 4000,
}
GAP: dict[str, Any] = {"from_ms": 10, "to_ms": None, "code": "damaged"}
DONE: dict[str, Any] = {
    "start": 0,
    "duration_ms": 4000,
    "expected": len(TIMES),
    "gaps": [GAP],
    "sample": {"size": 900, "pixels": 6400},
}
FRAME: dict[str, Any] = {
    "index": 3,
    "media_ms": 120,
    "size_bytes": 4,
    "width": 8,
    "height": 6,
    "keyframe": True,
    "sharpness": 10.5,
    "brightness": 0.5,
    "score": 0.7,
}


def said(kind: str, fields: Any, payload: bytes = b"") -> Message:
    return Message(kind, fields, payload)


def planned(*segments: Message) -> PlanReader:
    reader = PlanReader()
    for each in segments:
        reader.segment(each)
    return reader


def test_a_plan_as_it_is_sent_is_taken() -> None:
    behind = {**SEGMENT, "first_index": 100, "wanted": [4000], "seek": 4000, "from_ms": 4000, "to_ms": 4001}
    reader = planned(said("segment", SEGMENT), said("segment", behind))
    found = reader.done(said("done", {**DONE, "expected": 101}))
    assert [list(each["wanted"]) for each in found.segments] == [TIMES, [4000]]
    assert (found.gaps, found.duration_ms) == ([GAP], 4000)


def test_a_plan_of_one_sequential_segment_is_taken() -> None:
    unknown = {"start": None, "duration_ms": None, "expected": None, "gaps": [], "sample": None}
    whole = {**SEGMENT, "kind": SEQUENTIAL, "wanted": [], "to_ticks": None, "to_ms": None}
    assert len(planned(said("segment", whole)).done(said("done", unknown)).segments) == 1


@pytest.mark.parametrize("frames", [1, MAX_TIMES, MAX_TIMES + 1, 2 * MAX_TIMES + 7])
def test_a_long_segment_comes_in_parts(frames: int) -> None:
    sent: list[Message] = []

    def send(message_type: str, payload: bytes = b"", **fields: Any) -> None:
        raw = encode_message(message_type, fields)
        assert len(raw) < MAX_HEADER
        sent.append(
            said(message_type, {name: value for name, value in orjson.loads(raw[8:]).items() if name != "type"})
        )

    times = tuple(range(2**62, 2**62 + frames))
    send_segment(Segment(PLANNED, 0, times, to_ticks=2**62 + frames), {"from_ms": 0, "to_ms": 9}, send)
    reader = planned(sent[0])
    for each in sent[1:]:
        reader.more(each)
    assert tuple(reader.done(said("done", {**DONE, "expected": frames})).segments[0]["wanted"]) == times


WRONG_SEGMENTS: list[dict[str, Any]] = [
    *({"kind": kind} for kind in ("zzz", "a\0", "plan", None, SEQUENTIAL)),
    *({"first_index": index} for index in (-1, 1, 2**31, "0", True, None)),
    *({"wanted": wanted} for wanted in ([], [2, 1], [1, 1], [0.5], ["1"], [2**63], list(range(MAX_TIMES + 1)), None)),
    *({"from_ms": ms} for ms in (-5, 4001, 2**62, None)),
    *({"to_ms": ms} for ms in (-5, 2**62, "1")),
    *({"seek": 2**63}, {"after": 1.5}, {"more": 1}),
]


@pytest.mark.parametrize("change", WRONG_SEGMENTS, ids=str)
def test_a_segment_that_makes_no_sense_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        planned(said("segment", {**SEGMENT, **change}))


def test_a_segment_that_does_not_follow_is_refused() -> None:
    earlier = {**SEGMENT, "first_index": 100, "wanted": [4000], "from_ms": 3999}
    sequential = {**SEGMENT, "kind": SEQUENTIAL, "first_index": 100, "wanted": []}
    for change in (SEGMENT, {**SEGMENT, "first_index": 100}, earlier, sequential):
        with pytest.raises(ProtocolError):
            planned(said("segment", SEGMENT), said("segment", change))
    with pytest.raises(ProtocolError):
        planned(said("segment", SEGMENT)).more(said("times", {"times": [4000]}))
    with pytest.raises(ProtocolError):
        planned(said("segment", {**SEGMENT, "wanted": list(range(MAX_TIMES))})).more(said("times", {"times": [5]}))


def test_a_plan_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = PlanReader()
    with pytest.raises(ProtocolError, match="8192"):
        for index in range(messages.MAX_SEGMENTS + 1):
            at = {"first_index": index, "wanted": [index], "from_ms": index, "to_ms": index + 1}
            reader.segment(said("segment", {**SEGMENT, **at}))
    monkeypatch.setattr(messages, "MAX_PLANNED_FRAMES", 3 * MAX_TIMES)
    reader = planned(said("segment", {**SEGMENT, "wanted": list(range(MAX_TIMES))}))
    with pytest.raises(ProtocolError, match="more than"):
        for part in range(1, 4):
            reader.more(said("times", {"times": list(range(part * MAX_TIMES, (part + 1) * MAX_TIMES))}))


WRONG_GAPS: list[Any] = [
    *([{**GAP, "code": code}] for code in ("a\0b", "", "elsewhere", 7, "d" * 5000)),
    *([{**GAP, **change}] for change in ({"from_ms": -1}, {"to_ms": 9}, {"to_ms": 2**62}, {"more": 1})),
    *([GAP] * (MAX_GAPS + 1), [[]], None, {}),
]


@pytest.mark.parametrize("gaps", WRONG_GAPS, ids=lambda gaps: str(gaps)[:60])
def test_gaps_that_make_no_sense_are_refused(gaps: Any) -> None:
    with pytest.raises(ProtocolError):
        planned(said("segment", SEGMENT)).done(said("done", {**DONE, "gaps": gaps}))
    with pytest.raises(ProtocolError):
        messages.gaps_of(messages.fields_of(said("done", {"gaps": gaps, "ends_ms": None}), messages.Extraction).gaps)


@pytest.mark.parametrize(
    "change",
    [
        *({"start": 2**63}, {"duration_ms": -1}, {"duration_ms": 2**62}, {"expected": 99}, {"expected": -1}),
        *({"sample": {"size": 0, "pixels": 1}}, {"sample": {"size": 1, "pixels": 2**40}}, {"sample": []}, {"x": 1}),
    ],
    ids=str,
)
def test_a_summary_that_makes_no_sense_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        planned(said("segment", SEGMENT)).done(said("done", {**DONE, **change}))
    with pytest.raises(ProtocolError):
        PlanReader().done(said("done", DONE))
    with pytest.raises(ProtocolError):
        planned(said("segment", SEGMENT)).done(said("done", DONE, b"payload"))


WRONG_FRAMES: list[dict[str, Any]] = [
    *({"index": index} for index in (-1, 2**31, 1.5, True, None)),
    *({"media_ms": ms} for ms in (-1, 2**62)),
    *({"sharpness": value} for value in (float("inf"), float("nan"), -0.1, "1")),
    *({"brightness": value} for value in (1.1, float("nan"), None)),
    *({"score": value} for value in (float("inf"), float("nan"), -1.0)),
    *({"size_bytes": 0}, {"size_bytes": 5}, {"size_bytes": -1}, {"width": 0}, {"height": 2**40}),
    *({"keyframe": 1}, {"codec": "x\0"}),
]


@pytest.mark.parametrize("change", WRONG_FRAMES, ids=str)
def test_a_frame_that_makes_no_sense_is_refused(change: dict[str, Any]) -> None:
    messages.frame_fields(said("frame", FRAME, b"1234"))
    with pytest.raises(ProtocolError):
        messages.frame_fields(said("frame", {**FRAME, **change}, b"1234"))


def test_a_thumbnail_without_end_is_refused() -> None:
    with pytest.raises(ProtocolError):
        messages.frame_fields(said("frame", FRAME, bytes(messages.MAX_THUMBNAIL + 5)))


def stored(index: int, ms: int) -> StoredFrame:
    return StoredFrame(index, ms, 8, 6, 4, True, 1.0, 0.5)


@pytest.mark.parametrize("planned", [3, None])
def test_a_frame_comes_once_in_order_and_within_its_segment(planned: int | None) -> None:
    def order(*frames: tuple[int, int]) -> FrameOrder:
        made = FrameOrder(5, planned, 1000, 2000)
        for each in frames:
            made.take(stored(*each))
        return made

    order((5, 1000), (6, 1500), (7, 2000)).end()
    wrong = [[(4, 1000)], [(5, 1000), (5, 1000)], [(5, 1500), (6, 1400)], [(6, 1500), (5, 1500)]]
    if planned:
        wrong += [[(5, 1000), (8, 1500)], [(5, 999)], [(5, 2001)]]
    else:
        wrong += [[(5, 1000), (7, 1500)]]
    for frames in wrong:
        with pytest.raises(ProtocolError):
            order(*frames)
    if planned:
        with pytest.raises(ProtocolError):
            order((5, 1000)).end()


def test_signs_of_life_come_no_faster_than_they_are_sent() -> None:
    pulse = Pulse(100.0)
    for count in range(1000):
        pulse.take(said("alive", {}), 100.0 + count / 2)
    with pytest.raises(ProtocolError):
        for _ in range(messages.ALIVE_AT_ONCE + 3):
            pulse.take(said("alive", {}), 600.0)
    with pytest.raises(ProtocolError):
        Pulse(0.0).take(said("alive", {}, b"payload"), 0.0)


def test_what_a_decoder_says_of_a_failure_is_printable() -> None:
    assert printable("a\0b\ud800c" + "d" * 9000) == "a?b?c" + "d" * 1995
