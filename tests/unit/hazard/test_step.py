"""The follow role without Faust: records in, valid records and rows out."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chassis.consume import Invalid
from chassis.fold import Step
from chassis.records import Record
from chassis.testing import ManualClock, MemoryProducer
from hazard.detect.look import DETECTOR
from hazard.follow.rules import Limits
from hazard.follow.step import RUN_CANCELLED, RUN_DELETED, lane_of, step
from hazard.follow.ticks import Ticks, tick
from tablewatch_schemas import HazardCandidate, HazardCandidateObservation, HazardCommand, decode, encode, to_ms

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
AREA = HazardCandidateObservation(
    kind="spill", box=(0.4, 0.6, 0.6, 0.7), score=0.9, coloured=True, area=0.01, stationary_ms=0, near_table_ids=("t",)
)


class Table:
    """Rows in memory."""

    def __init__(self) -> None:
        self.rows: dict[str, bytes | None] = {}

    def get(self, key: str) -> bytes | None:
        return self.rows.get(key)

    def keys(self, _partition: int) -> list[str]:
        return [key for key, row in self.rows.items() if row is not None]

    def fold(self, event: Any) -> list[Any]:
        done = self.step(event)
        self.rows |= done.rows
        return events(done)

    def step(self, event: Any) -> Step:
        sent = event if hasattr(event, "headers") else encode(event, source="tablewatch/test", time=START)
        return step(Record(sent.topic, 4, 0, 0, sent.key, sent.value, sent.headers), self, Limits())


def events(done: Step) -> list[Any]:
    """What was sent, read back as any consumer would; encode validated it against its schema."""
    return [decode(one.topic, one.key, one.value, one.headers).event for one in done.outputs]


def candidate(second: int, still_s: int | None = None, **changes: Any) -> HazardCandidate:
    areas = () if still_s is None else (AREA,)
    areas = tuple(_still(one, (still_s or 0) * 1000) for one in areas)
    given: dict[str, Any] = {
        "site_id": "site_1",
        "camera_id": "cam_1",
        "run_id": "run_1",
        "frame_id": f"run_1-{second:09d}",
        "frame_key": "frames/x.jpg",
        "captured_at": START + timedelta(seconds=second),
        "observations": areas,
        "suspended": None,
        "detector": DETECTOR,
        "last": False,
    }
    return HazardCandidate(**given | changes)


def _still(area: HazardCandidateObservation, still_ms: int) -> HazardCandidateObservation:
    names = ("kind", "box", "score", "coloured", "area", "near_table_ids")
    return HazardCandidateObservation(stationary_ms=still_ms, **{name: getattr(area, name) for name in names})


def test_an_alert_says_where_when_and_from_what() -> None:
    table = Table()
    (alert,) = table.fold(candidate(20, 16))
    assert (alert.status, alert.run_id, alert.kind) == ("opened", "run_1", "spill")
    assert alert.opened_at == START + timedelta(seconds=4)
    assert alert.as_of == START + timedelta(seconds=20)
    assert alert.evidence.frame_ids == ("run_1-000000020",)
    assert alert.evidence.detector.name == DETECTOR.name
    assert table.fold(candidate(21, 17)) == []


def test_a_record_folded_twice_before_its_row_was_written_gives_the_same_bytes() -> None:
    table = Table()
    assert table.step(candidate(20, 16)) == table.step(candidate(20, 16))


def test_a_run_ends_once_and_what_comes_again_says_nothing() -> None:
    table = Table()
    story = [candidate(19, 15), candidate(20, 16, last=True)]
    assert [event.status for one in story for event in table.fold(one)] == ["opened", "ended"]
    assert [event for one in story for event in table.fold(one)] == []


def test_the_end_of_a_run_without_a_hazard_has_its_id() -> None:
    (end,) = Table().fold(candidate(20, last=True))
    assert (end.hazard_id, end.status, end.kind, end.last, end.box) == ("end-run_1", "ended", "none", True, None)


def test_a_deleted_run_leaves_tombstones_of_everything_it_said() -> None:
    table = Table()
    (alert, _end) = [event for one in (candidate(20, 16), candidate(21, 17, last=True)) for event in table.fold(one)]
    done = table.step(candidate(30, suspended=RUN_DELETED, last=True))
    assert {one.key for one in done.outputs} == {alert.hazard_id.encode(), b"end-run_1"}
    assert all(one.value is None and dict(one.headers)["ce_version"] == b"2" for one in done.outputs)
    table.rows |= done.rows
    assert table.fold(candidate(31, 20)) == [], "nothing of it comes back"


def test_a_cancelled_run_ends_and_one_that_never_was_says_nothing() -> None:
    table = Table()
    table.fold(candidate(1))
    assert [event.status for event in table.fold(candidate(9, suspended=RUN_CANCELLED, last=True))] == ["ended"]
    assert Table().fold(candidate(9, suspended=RUN_CANCELLED, last=True)) == []


def test_a_command_of_a_person_is_told_with_name_and_note() -> None:
    table = Table()
    (alert,) = table.fold(candidate(20, 16))
    command = HazardCommand(
        command_id="cmd_1",
        hazard_id=alert.hazard_id,
        site_id="site_1",
        run_id="run_1",
        action="acknowledge",
        actor="key_1",
        note="on my way",
        requested_at=START,
    )
    (told,) = table.fold(command)
    assert (told.status, told.version, told.actor, told.note) == ("acknowledged", 2, "key_1", "on my way")
    assert table.fold(command) == []


def test_a_tick_expires_what_a_silent_camera_left() -> None:
    table = Table()
    (alert,) = table.fold(candidate(20, 16, run_id=None))
    assert table.fold(tick("site_1", START + timedelta(minutes=10))) == []
    (told,) = table.fold(tick("site_1", START + timedelta(minutes=31)))
    assert (told.hazard_id, told.status) == (alert.hazard_id, "expired")


def test_a_tick_forgets_a_run_that_is_long_over() -> None:
    table = Table()
    table.fold(candidate(20, last=True))
    table.fold(tick("site_1@run_1", START + timedelta(minutes=30)))
    assert table.keys(4) == ["site_1@run_1"]
    table.fold(tick("site_1@run_1", START + timedelta(minutes=61)))
    assert table.keys(4) == []


def test_ticks_go_to_rows_that_wait_for_time_to_pass() -> None:
    table = Table()
    table.fold(candidate(20, 16, run_id=None))
    table.fold(candidate(1, run_id=None, site_id="site_quiet"))
    table.fold(candidate(1))
    table.fold(candidate(20, site_id="site_2", last=True))
    ticks = Ticks(table, MemoryProducer(), 1, 30, ManualClock())

    def waiting(minutes: int) -> list[str]:
        return list(ticks.waiting(to_ms(START + timedelta(minutes=minutes))))

    assert waiting(1) == ["site_1"]
    assert waiting(61) == ["site_1", "site_2@run_1"]


async def test_a_tick_is_sent_to_the_rows_partition_until_the_end() -> None:
    table, producer, clock, stop = Table(), MemoryProducer(), ManualClock(START), asyncio.Event()
    table.fold(candidate(20, 16, run_id=None))
    ticking = asyncio.create_task(Ticks(table, producer, 1, 30, clock).run(stop))
    await asyncio.sleep(0.01)
    clock.advance(30)
    await asyncio.sleep(0.01)
    stop.set()
    await ticking
    (sent,) = producer.sent
    assert (sent.key, sent.lane) == (b"site_1", "live")


def test_what_nobody_can_read_is_invalid() -> None:
    sent = encode(candidate(1), source="tablewatch/test", time=START)
    with pytest.raises(Invalid) as caught:
        step(Record(sent.topic, 4, 0, 0, sent.key, b"{", sent.headers), Table(), Limits())
    assert caught.value.code == "not_json"


def test_lanes_of_rows() -> None:
    assert (lane_of("site_1"), lane_of("site_1@run_1")) == ("live", "run")
