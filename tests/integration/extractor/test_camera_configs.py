"""Rows of cameras on a real Postgres. Records of camera.config that nobody should have written stop no camera."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import orjson
import pytest
import structlog
from tests.support.doubles.clock import ManualClock

from chassis.clock import SYSTEM_CLOCK
from chassis.metrics import Metrics
from chassis.records import Record
from events.recent import RecentFrames
from extractor.live import rows
from extractor.live.configs import Configs
from extractor.live.drops import Drops
from extractor.live.retention import FORGET
from extractor.model.camera_status import CameraStatusNow
from extractor.model.share import FULL_REASON, Change, Load, weight
from tablewatch_schemas import CameraConfig, CameraConfigSource, decode, encode, new_id, tombstone

NOW = datetime.now(UTC)
ALL = Change(claim=4, room=1000.0)


def record(version: int = 1, **lies: Any) -> Record:
    """Of a new camera. Lies are put in behind the check of what our producers send."""
    config = CameraConfig(
        camera_id=new_id("cam"),
        site_id=new_id("site"),
        version=1,
        name="Camera",
        enabled=True,
        source=CameraConfigSource(type="rtsp", address="rtsp://192.168.1.20/", secret_ref=None),
        cadence_ms=500,
        max_age_ms=60_000,
        layout_key=None,
        layout_version=None,
        updated_at=NOW,
    )
    made = encode(config, source="test", time=NOW)
    value = orjson.dumps(orjson.loads(made.value or b"") | {"version": version} | lies)
    headers = [(name, str(version).encode() if name == "ce_version" else text) for name, text in made.headers]
    return Record(made.topic, 0, 0, 0, made.key, value, tuple(headers))


@pytest.mark.parametrize(
    "poison",
    [
        *({"cadence_ms": 0}, {"cadence_ms": -5}, {"cadence_ms": 2**62}, {"max_age_ms": 2**62}, {"max_age_ms": -1}),
        *({"version": 2**63}, {"name": "a\0b"}, {"layout_key": "\0"}),
    ],
)
async def test_a_record_that_cannot_be_held_is_ignored_and_those_behind_it_are_not(
    pool: asyncpg.Pool, poison: dict[str, Any]
) -> None:
    configs = Configs(pool, clock=SYSTEM_CLOCK, log=structlog.get_logger())
    sound = record()
    for each in (record(**poison), sound):
        configs.apply_record(each)
    await configs.store()
    await configs.store()
    assert [row["camera_id"] for row in await pool.fetch("SELECT camera_id FROM cameras")] == [
        (sound.key or b"").decode()
    ]


async def test_a_version_that_a_process_of_before_wrote_without_new_fields_is_completed(pool: asyncpg.Pool) -> None:
    configs = Configs(pool, clock=SYSTEM_CLOCK, log=structlog.get_logger())
    whole = record(source_version=1)
    configs.apply_record(whole)
    await configs.store()
    await pool.execute("UPDATE cameras SET config = config - 'source_version'")
    configs.apply_record(whole)
    await configs.store()
    assert await pool.fetchval("SELECT config->>'source_version' FROM cameras") == "1"


async def test_a_deleted_camera_is_forgotten_once_nothing_late_can_come_of_it(pool: asyncpg.Pool) -> None:
    configs = Configs(pool, clock=SYSTEM_CLOCK, log=structlog.get_logger())
    one = record()
    configs.apply_record(one)
    await configs.store()
    async with pool.acquire() as conn:
        await rows.delete(conn, (one.key or b"").decode(), 2)
        await rows.forget_deleted(conn, FORGET)
        assert await conn.fetchval("SELECT count(*) FROM cameras") == 1
        assert (await rows.next_sweep(conn, timedelta(minutes=10))) is not None
        await conn.execute("UPDATE cameras SET deleted_at = deleted_at - $1::interval", FORGET + timedelta(minutes=1))
        await rows.forget_deleted(conn, FORGET)
        assert await conn.fetchval("SELECT count(*) FROM cameras") == 0


async def test_the_process_that_takes_a_camera_next_knows_the_time_of_its_last_frame(pool: asyncpg.Pool) -> None:
    configs = Configs(pool, clock=SYSTEM_CLOCK, log=structlog.get_logger())
    configs.apply_record(record())
    await configs.store()
    lease = timedelta(seconds=10)
    async with pool.acquire() as conn:
        [first] = await rows.claim(conn, "first", lease, ALL)
        assert first.captured_ms is None
        assert len(await rows.renew(conn, [rows.Held(first.camera_id, first.fence, 1000)], lease)) == 1
        await rows.renew(conn, [rows.Held(first.camera_id, first.fence, None)], lease)
        await rows.give_back(conn, [rows.Held(first.camera_id, first.fence, 2000)])
        [second] = await rows.claim(conn, "second", lease, ALL)
        assert second.captured_ms == 2000


async def test_dropped_frames_are_added_up_over_processes_and_told_by_hour(pool: asyncpg.Pool) -> None:
    clock = ManualClock()
    recent = RecentFrames("captured", clock, Metrics())
    first, second = (Drops(pool, recent, clock=clock, metrics=Metrics(), log=structlog.get_logger()) for _ in range(2))
    for drops, reason in ((first, "slow"), (first, "slow"), (second, "slow"), (second, "late")):
        drops.count("cam_1", "site_1", reason)
    for drops in (first, second, first):
        await drops.flush()
    clock.advance(3600)
    first.count("cam_1", "site_1", "store_full")
    await first.flush()
    values = await pool.fetch("SELECT value FROM outbox WHERE topic = 'frame.dropped' ORDER BY id")
    told = [orjson.loads(row["value"]) for row in values]
    assert [each["frames"] for each in told] == [2, 4, 1]
    assert told[1]["reasons"] == [{"reason": "late", "frames": 1}, {"reason": "slow", "frames": 3}]
    clock.advance(8 * 86400)
    await first.flush()
    assert await pool.fetchval("SELECT count(*) FROM live_drops") == 0


async def test_cameras_are_claimed_until_the_share_is_reached_and_the_rest_is_said_to_wait(pool: asyncpg.Pool) -> None:
    configs = Configs(pool, clock=SYSTEM_CLOCK, log=structlog.get_logger())
    for _ in range(5):
        configs.apply_record(record(cadence_ms=1000))
    await configs.store()
    lease, each = timedelta(seconds=10), weight(1000)
    async with pool.acquire() as conn:
        assert await rows.seen(conn, "other", lease, 3.0, True) == Load(pytest.approx(5 * each), 1, 0, 0)
        assert await rows.seen(conn, "mine", lease, 0.0, False) == Load(pytest.approx(5 * each), 2, 1, 3.0)
        assert len(await rows.claim(conn, "mine", lease, Change(claim=4, room=2 * each - 0.1))) == 2
        assert await rows.unclaimed(conn, lease) == 3
        await conn.execute("UPDATE cameras SET status = 'frozen', status_code = 'same_picture' WHERE owner IS NULL")
        async with conn.transaction():
            reported = [await rows.report_unclaimed(conn, lease, NOW) for _ in range(4)]
    assert reported == [True, True, True, False]
    told = [orjson.loads(row["value"]) for row in await pool.fetch("SELECT value FROM outbox")]
    assert [(each["status"], each["reason"]) for each in told] == [("offline", FULL_REASON)] * 3
    assert not await pool.fetchval("SELECT count(*) FROM cameras WHERE status_code IS NOT NULL"), "it is of no code"


async def told(pool: asyncpg.Pool) -> list[tuple[str, str | None, str]]:
    """Status, code and since of each camera.status."""
    values = await pool.fetch("SELECT value FROM outbox WHERE topic = 'camera.status' ORDER BY id")
    return [(each["status"], each["code"], each["since"]) for each in (orjson.loads(row["value"]) for row in values)]


async def test_what_is_older_than_the_row_says_nothing_of_it(pool: asyncpg.Pool) -> None:
    """A process that starts reads the topic from its start, and may store one before it has heard the next."""
    first = record()
    camera = (first.key or b"").decode()
    newest = record(version=2, camera_id=camera, enabled=False)
    last = Record(newest.topic, 0, 1, 0, first.key, newest.value, newest.headers)
    running = Configs(pool, clock=SYSTEM_CLOCK, log=structlog.get_logger())
    running.apply_record(first)
    await running.store()
    async with pool.acquire() as conn, conn.transaction():
        [claimed] = await rows.claim(conn, "mine", timedelta(seconds=10), ALL)
        assert await rows.report(conn, camera, claimed.fence, CameraStatusNow("live", "", NOW, NOW), NOW, NOW)
    running.apply_record(last)
    await running.store()
    starting = Configs(pool, clock=SYSTEM_CLOCK, log=structlog.get_logger())
    starting.apply_record(first)
    await starting.store()
    starting.apply_record(last)
    await starting.store()
    assert [each[:2] for each in await told(pool)] == [("live", None), ("paused", "by_hand")]


async def test_the_status_of_a_deleted_camera_says_so_and_ends_with_a_tombstone(pool: asyncpg.Pool) -> None:
    first = record()
    camera = (first.key or b"").decode()
    ended = tombstone(CameraConfig, camera, source="test", time=NOW, lane="live", version=2)
    configs = Configs(pool, clock=SYSTEM_CLOCK, log=structlog.get_logger())
    configs.apply_record(first)
    await configs.store()
    async with pool.acquire() as conn, conn.transaction():
        [claimed] = await rows.claim(conn, "mine", timedelta(seconds=10), ALL)
        assert await rows.report(conn, camera, claimed.fence, CameraStatusNow("live", "", NOW, NOW), NOW, NOW)
    for _ in range(2):  # who starts reads it again
        configs.apply_record(Record(ended.topic, 0, 1, 0, ended.key, None, tuple(ended.headers)))
        await configs.store()
    found = await pool.fetch("SELECT * FROM outbox WHERE topic = 'camera.status' ORDER BY id")
    received = [
        decode("camera.status", row["key"], row["value"], zip(row["header_names"], row["header_values"], strict=True))
        for row in found
    ]
    codes = [each.event and each.event.code for each in received]
    assert codes == [None, "removed", None]
    assert received[-1].event is None
    versions = [each.version or 0 for each in received]
    assert versions[0] < versions[1] < versions[2]
