"""Crops of live frames, read back from a topic: what is found, remembered and passed over."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from api.project import live_crops
from api.project.live_crops import AFTER_MS, BEFORE_MS, LiveCrops
from chassis.lanes import partition_for
from chassis.records import Record, TopicPartition
from events.live_cuts import MAX_READS, LiveCuts
from tablewatch_schemas import CropReady, CropReadyCrop, encode
from tablewatch_schemas.ids import live_frame_id
from tablewatch_schemas.times import to_ms

CAMERA = "cam_1"
LIGHT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
NOW = LIGHT + timedelta(seconds=60)


@dataclass
class Written:
    """A topic of records; counts looks and the records that were read."""

    records: list[Record]
    asked: list[tuple[TopicPartition, int, int]] = field(default_factory=list)
    read: int = 0

    async def read_between(
        self, partition: TopicPartition, since_ms: int, until_ms: int
    ) -> AsyncGenerator[Record, None]:
        self.asked.append((partition, since_ms, until_ms))
        for record in self.records:
            self.read += 1
            yield record


class Silent:
    """A broker that is away: it is waited for."""

    def __init__(self) -> None:
        self.reads = 0

    async def read_between(
        self, partition: TopicPartition, since_ms: int, until_ms: int
    ) -> AsyncGenerator[Record, None]:
        self.reads += 1
        await asyncio.Event().wait()
        yield Record("", 0, 0, 0, None, None, ())


def _frame(second: int) -> str:
    return live_frame_id(CAMERA, LIGHT + timedelta(seconds=second))


def _record(
    second: int, *, run_id: str | None = None, value: bytes | None = None, key: str = CAMERA, cut: bool = True
) -> Record:
    at = LIGHT + timedelta(seconds=second)
    event = CropReady(
        frame_id=_frame(second), site_id="site_1", camera_id=CAMERA, run_id=run_id, video_id=None, index=None,
        media_ms=None, captured_at=at, frame_key=None, crops_key=f"crops/site_1/{CAMERA}/{second}.bin" if cut else None,
        layout_key=None, layout_version=1, width=1, height=1, make=("tables",), last=False,
        crops=(
            CropReadyCrop(table_id="tbl_1", offset=0, length=9, box=(0.1, 0.1, 0.2, 0.2), changed=None, change=None),
            CropReadyCrop(table_id="tbl_2", offset=9, length=second, box=(0.1, 0.1, 0.2, 0.2), changed=None,
                          change=None),
        ),
    )  # fmt: skip
    sent = encode(event, source="tablewatch/test", time=at)
    return Record(sent.topic, 0, second, to_ms(at), key.encode(), value or sent.value, tuple(sent.headers))


async def test_a_crop_is_found_where_key_and_time_say_and_no_further() -> None:
    topic = Written([_record(second) for second in range(1, 6)])
    crops = LiveCrops(LiveCuts(topic, 6))
    assert await crops.of(_frame(3), "tbl_2", NOW) == (f"crops/site_1/{CAMERA}/3.bin", 9, 3)
    at = to_ms(LIGHT) + 3000
    partition = TopicPartition("crop.ready", partition_for(CAMERA.encode(), "live", 6))
    assert topic.asked == [(partition, at - BEFORE_MS, at + AFTER_MS)]
    assert topic.read == 3


async def test_what_was_come_by_is_remembered() -> None:
    topic = Written([_record(second) for second in range(1, 6)])
    crops = LiveCrops(LiveCuts(topic, 6))
    await crops.of(_frame(3), "tbl_1", NOW)
    assert await crops.of(_frame(1), "tbl_2", NOW) == (f"crops/site_1/{CAMERA}/1.bin", 9, 1)
    assert await crops.of(_frame(3), "tbl_none", NOW) is None
    assert len(topic.asked) == 1
    assert await crops.of(_frame(9), "tbl_1", NOW) is None
    assert len(topic.asked) == 2


async def test_no_more_frames_are_remembered_than_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_crops, "CACHED_FRAMES", 2)
    topic = Written([_record(second) for second in range(1, 6)])
    crops = LiveCrops(LiveCuts(topic, 6))
    for _ in range(2):
        await crops.of(_frame(5), "tbl_1", NOW)
    assert len(topic.asked) == 1
    await crops.of(_frame(1), "tbl_1", NOW)
    assert len(topic.asked) == 2


async def test_records_that_cannot_be_read_and_those_of_runs_are_passed_over() -> None:
    topic = Written([_record(1, value=b"{"), _record(2, run_id="run_1"), _record(3)])
    assert await LiveCrops(LiveCuts(topic, 6)).of(_frame(3), "tbl_1", NOW) is not None
    assert await LiveCrops(LiveCuts(topic, 6)).of(_frame(2), "tbl_1", NOW) is None


async def test_a_frame_of_a_run_is_not_looked_for() -> None:
    topic = Written([])
    assert await LiveCrops(LiveCuts(topic, 6)).of("run_1-000000042", "tbl_1", NOW) is None
    assert topic.asked == []


async def test_a_broker_that_is_away_is_not_waited_for() -> None:
    with pytest.raises(ConnectionError, match="not read"):
        await LiveCrops(LiveCuts(Silent(), 6, timeout_s=0.01)).of(_frame(1), "tbl_1", NOW)


async def test_who_waited_for_a_place_has_as_long_to_read_as_others() -> None:
    """With a broker that never answers all places are taken for as long as a read may take."""
    silent = Silent()
    crops = LiveCrops(LiveCuts(silent, 6, timeout_s=0.05))
    asked = (crops.of(_frame(second), "tbl_1", NOW) for second in range(3 * MAX_READS))
    assert {str(each) for each in await asyncio.gather(*asked, return_exceptions=True)} == {
        "crop.ready was not read in 0.05 s"
    }
    assert silent.reads == 3 * MAX_READS


async def test_a_place_is_not_waited_for_for_ever() -> None:
    silent = Silent()
    crops = LiveCrops(LiveCuts(silent, 6, timeout_s=60, place_timeout_s=0.01))
    reading = [asyncio.ensure_future(crops.of(_frame(second), "tbl_1", NOW)) for second in range(MAX_READS)]
    while silent.reads < MAX_READS:
        await asyncio.sleep(0)
    with pytest.raises(ConnectionError, match="did not end"):
        await crops.of(_frame(99), "tbl_1", NOW)
    for each in reading:
        each.cancel()
    await asyncio.gather(*reading, return_exceptions=True)


async def test_tables_that_are_asked_for_together_cost_one_look() -> None:
    topic = Written([_record(second) for second in range(1, 6)])
    crops = LiveCrops(LiveCuts(topic, 6))
    found = await asyncio.gather(*(crops.of(_frame(3), table, NOW) for table in ("tbl_1", "tbl_2", "tbl_1", "tbl_3")))
    assert [part and part[1] for part in found] == [0, 9, 0, None]
    assert len(topic.asked) == 1


async def test_what_one_asker_gave_up_the_others_still_get() -> None:
    topic = Written([_record(3)])
    crops = LiveCrops(LiveCuts(topic, 6))
    first, second = (asyncio.ensure_future(crops.of(_frame(3), "tbl_1", NOW)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second is not None
    assert len(topic.asked) == 1


async def test_other_cameras_of_the_partition_are_neither_read_nor_kept() -> None:
    """A record that decoding would fail on, and one that would be kept under the frame's name."""
    topic = Written([_record(3, key="cam_2"), _record(2, key="cam_2", value=b"{"), _record(4)])
    crops = LiveCrops(LiveCuts(topic, 6))
    assert await crops.of(_frame(4), "tbl_1", NOW) is not None
    assert await crops.of(_frame(3), "tbl_1", NOW) is None


async def test_a_frame_that_is_found_is_given_however_much_others_find_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_crops, "CACHED_FRAMES", 1)
    assert await LiveCrops(LiveCuts(Written([_record(3)]), 6)).of(_frame(3), "tbl_1", NOW) is not None


async def test_absence_is_remembered_when_nothing_can_come_any_more() -> None:
    topic = Written([_record(1)])
    crops = LiveCrops(LiveCuts(topic, 6))
    late = LIGHT + timedelta(milliseconds=AFTER_MS, seconds=10)
    for now, looks in ((NOW, 1), (NOW, 2), (late, 3), (late, 3)):
        assert await crops.of(_frame(5), "tbl_1", now) is None
        assert len(topic.asked) == looks


async def test_a_frame_without_crops_ends_the_look_and_is_remembered() -> None:
    topic = Written([_record(1, cut=False), _record(2)])
    crops = LiveCrops(LiveCuts(topic, 6))
    for _ in range(2):
        assert await crops.of(_frame(1), "tbl_1", NOW) is None
    assert (len(topic.asked), topic.read) == (1, 1)
