"""The follow role without Faust: records in, valid records and rows out."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.support.doubles import ManualClock, MemoryProducer

from chassis.consume import Invalid
from chassis.records import Record
from folding.step import Step
from hazard.candidate import DETECTOR, RUN_CANCELLED, RUN_DELETED
from hazard.follow.events import tick_event
from hazard.follow.rules import DEFAULT_TIMINGS
from hazard.follow.step import step
from hazard.follow.ticks import Ticks
from tablewatch_schemas import HazardCandidate, HazardCandidateObservation, HazardCommand, decode, encode, to_ms

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
AREA = HazardCandidateObservation(
    kind="spill", box=(0.4, 0.6, 0.6, 0.7), score=0.9, coloured=True, area=0.01, stationary_ms=0, near_table_ids=("t",),
    near_table_labels=("Table 7",),
)  # fmt: skip


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
        return step(Record(sent.topic, 4, 0, 0, sent.key, sent.value, sent.headers), self, DEFAULT_TIMINGS)


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
    names = ("kind", "box", "score", "coloured", "area", "near_table_ids", "near_table_labels")
    return HazardCandidateObservation(stationary_ms=still_ms, **{name: getattr(area, name) for name in names})


def test_an_alert_has_place_time_and_evidence() -> None:
    table = Table()
    (alert,) = table.fold(candidate(20, 16))
    assert (alert.status, alert.run_id, alert.kind) == ("opened", "run_1", "spill")
    assert (alert.near_table_ids, alert.near_table_labels) == (("t",), ("Table 7",))
    assert alert.opened_at == START + timedelta(seconds=4)
    assert alert.as_of == START + timedelta(seconds=20)
    assert alert.evidence.frame_ids == ("run_1-000000020",)
    assert alert.evidence.detector.name == DETECTOR.name
    assert table.fold(candidate(21, 17)) == []


def test_a_record_folded_twice_before_its_row_was_written_gives_the_same_bytes() -> None:
    table = Table()
    assert table.step(candidate(20, 16)) == table.step(candidate(20, 16))


def test_a_run_ends_once_and_redelivered_records_change_nothing() -> None:
    table = Table()
    story = [candidate(19, 15), candidate(20, 16, last=True)]
    assert [event.status for one in story for event in table.fold(one)] == ["opened", "ended"]
    assert [event for one in story for event in table.fold(one)] == []


def test_the_end_of_a_run_without_a_hazard_has_its_id() -> None:
    (end,) = Table().fold(candidate(20, last=True))
    assert (end.hazard_id, end.status, end.kind, end.last, end.box) == ("end-run_1", "ended", "none", True, None)


def test_a_deleted_run_leaves_tombstones_of_all_its_alerts() -> None:
    table = Table()
    (alert, _end) = [event for one in (candidate(20, 16), candidate(21, 17, last=True)) for event in table.fold(one)]
    done = table.step(candidate(30, suspended=RUN_DELETED, last=True))
    assert {one.key for one in done.outputs} == {alert.hazard_id.encode(), b"end-run_1"}
    assert all(one.value is None and dict(one.headers)["ce_version"] == b"2" for one in done.outputs)
    table.rows |= done.rows
    assert table.fold(candidate(31, 20)) == [], "nothing of it is published once more"


def test_a_cancelled_run_ends_and_an_unknown_one_does_not() -> None:
    table = Table()
    table.fold(candidate(1))
    assert [event.status for event in table.fold(candidate(9, suspended=RUN_CANCELLED, last=True))] == ["ended"]
    assert Table().fold(candidate(9, suspended=RUN_CANCELLED, last=True)) == []


def test_a_command_of_a_person_is_published_with_name_and_note() -> None:
    table = Table()
    (alert,) = table.fold(candidate(20, 16))
    command = command_on(alert.hazard_id, "acknowledge", note="on my way")
    (changed,) = table.fold(command)
    assert (changed.status, changed.version, changed.actor, changed.note) == ("acknowledged", 2, "key_1", "on my way")
    assert table.fold(command) == []


def command_on(hazard_id: str, action: str, **changes: Any) -> HazardCommand:
    given: dict[str, Any] = {
        "command_id": f"cmd_{action}",
        "hazard_id": hazard_id,
        "site_id": "site_1",
        "run_id": "run_1",
        "action": action,
        "actor": "key_1",
        "note": None,
        "requested_at": START,
    }
    return HazardCommand(**given | changes)


@pytest.mark.parametrize(
    ("action", "status"), [("acknowledge", "acknowledged"), ("clear", "cleared"), ("dismiss", "dismissed")]
)
@pytest.mark.parametrize("suspended", [None, RUN_CANCELLED])
def test_a_command_that_was_under_way_when_its_run_ended_is_applied(
    action: str, status: str, suspended: str | None
) -> None:
    table = Table()
    (alert,) = table.fold(candidate(20, 16))
    table.fold(candidate(21, 17, suspended=suspended, last=True))
    command = command_on(alert.hazard_id, action)
    (changed,) = table.fold(command)
    assert (changed.status, changed.version, changed.actor) == (status, 2, "key_1")
    assert table.fold(command) == [], "once"
    assert table.fold(candidate(22, 18)) == [], "no frame changes it any more"


def test_a_deletion_takes_what_was_changed_after_the_end() -> None:
    table = Table()
    (alert,) = table.fold(candidate(20, 16))
    table.fold(candidate(21, 17, last=True))
    table.fold(command_on(alert.hazard_id, "acknowledge"))
    done = table.step(candidate(30, suspended=RUN_DELETED, last=True))
    versions = {one.key: dict(one.headers)["ce_version"] for one in done.outputs}
    assert versions == {alert.hazard_id.encode(): b"3", b"end-run_1": b"2"}
    table.rows |= done.rows
    assert table.fold(command_on(alert.hazard_id, "clear")) == []


def test_an_hour_after_the_end_the_alerts_are_forgotten_and_a_deletion_still_finds_them() -> None:
    table = Table()
    (alert,) = table.fold(candidate(20, 16))
    table.fold(candidate(21, 17, last=True))
    table.fold(tick_event("site_1@run_1", START + timedelta(minutes=61)))
    assert table.fold(command_on(alert.hazard_id, "clear")) == []
    done = table.step(candidate(30, suspended=RUN_DELETED, last=True))
    assert {one.key for one in done.outputs} == {alert.hazard_id.encode(), b"end-run_1"}


def test_a_tick_expires_an_alert_of_a_silent_camera() -> None:
    table = Table()
    (alert,) = table.fold(candidate(20, 16, run_id=None))
    assert table.fold(tick_event("site_1", START + timedelta(minutes=10))) == []
    (expired,) = table.fold(tick_event("site_1", START + timedelta(minutes=31)))
    assert (expired.hazard_id, expired.status) == (alert.hazard_id, "expired")


def test_a_tick_drops_the_row_of_a_run_that_is_long_over() -> None:
    table = Table()
    table.fold(candidate(20, last=True))
    table.fold(tick_event("site_1@run_1", START + timedelta(minutes=30)))
    assert table.keys(4) == ["site_1@run_1"]
    table.fold(tick_event("site_1@run_1", START + timedelta(minutes=61)))
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


def test_what_cannot_be_decoded_is_invalid() -> None:
    sent = encode(candidate(1), source="tablewatch/test", time=START)
    with pytest.raises(Invalid) as caught:
        step(Record(sent.topic, 4, 0, 0, sent.key, b"{", sent.headers), Table(), DEFAULT_TIMINGS)
    assert caught.value.code == "not_json"
