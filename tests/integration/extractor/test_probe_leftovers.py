"""What a probe leaves, and when that is deleted. On a real database, without cameras and processes."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import asyncpg
import pytest
import structlog
from tests.support.doubles.clock import ManualClock

from chassis.clock import SystemClock
from chassis.health import Health
from chassis.metrics import Metrics
from chassis.records import Record
from extractor.live.secrets import Secrets
from extractor.model.camera_failures import NoAnswer
from extractor.model.probes import KEPT
from extractor.probe import leftovers
from extractor.probe.intake import ProbeIntake
from extractor.probe.leftovers import Leftovers
from extractor.probe.prober import Prober
from extractor.probe.sources import ProbeParts
from objects.testing import MemoryObjects
from tablewatch_schemas import CameraCommand, CameraCommandSource, encode, keys, new_id

SITE = "site_1"
SOON = timedelta(minutes=3)
LOG: Any = structlog.get_logger("test")


def command(age: timedelta = timedelta(), lasts: timedelta = SOON) -> CameraCommand:
    asked = datetime.now(UTC) - age
    source = CameraCommandSource(type="rtsp", address="rtsp://192.0.2.1/", secret_ref=None)
    return CameraCommand(
        probe_id=new_id("prb"), site_id=SITE, action="probe", source=source, actor="key_1", requested_at=asked,
        expires_at=asked + lasts,
    )  # fmt: skip


class House:
    """The parts of a process that probe; `store` is as old as its clock says."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool, self.clock = pool, ManualClock(datetime.now(UTC))
        self.store = MemoryObjects(self.clock)
        self.secrets = Secrets(self.store, "")
        parts = SimpleNamespace(clock=SystemClock(), readers=SimpleNamespace(end_idle=self._nothing))
        observed: dict[str, Any] = {"metrics": Metrics(), "log": LOG}
        self.prober = Prober(
            *("me", pool, cast(ProbeParts, parts), self.store, self.secrets, cast(Any, None), 4),
            health=Health(SystemClock()), **observed,
        )  # fmt: skip
        self.leftovers = Leftovers(pool, self.store, self.secrets, clock=self.clock, **observed)

    async def _nothing(self) -> None:
        pass

    async def secret(self, owner_id: str) -> str:
        key = keys.camera_secret(SITE, owner_id)
        await self.store.put(key, b"sealed")
        return key

    async def take(self, asked: CameraCommand) -> str:
        """Hand it to the intake, with a secret; the key of that."""
        sent = encode(asked, source="tablewatch/api", time=asked.requested_at)
        await ProbeIntake(self.pool, self.prober).handle(
            Record(sent.topic, 0, 0, 0, sent.key, sent.value, sent.headers)
        )
        return await self.secret(asked.probe_id)

    async def rows(self) -> int:
        found: int = await self.pool.fetchval("SELECT count(*) FROM probes")
        return found


@pytest.fixture
async def house(pool: asyncpg.Pool) -> House:
    return House(pool)


async def no_answer(*_: object) -> None:
    raise NoAnswer


def slowly(delete: Callable[[str], Any], begun: asyncio.Event, go_on: asyncio.Event) -> Callable[[str], Any]:
    async def deleting(key: str) -> None:
        begun.set()
        await go_on.wait()
        await delete(key)

    return deleting


@pytest.mark.parametrize("leaves", [False, True], ids=["round", "stop"])
async def test_a_probe_that_is_answered_deletes_its_secret_whatever_comes_between(
    house: House, monkeypatch: pytest.MonkeyPatch, leaves: bool
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    monkeypatch.setattr("extractor.probe.prober.look_at", no_answer)
    monkeypatch.setattr(house.store, "delete", slowly(house.store.delete, begun, go_on))
    key = await house.take(command())
    await house.prober.round()
    async with asyncio.timeout(30):
        await begun.wait()
        await house.prober.round()
        if leaves:
            leaving = asyncio.ensure_future(house.prober._leave())
            await asyncio.sleep(0.05)
            go_on.set()
            await leaving
            assert key not in house.store.objects
        go_on.set()
        while key in house.store.objects:
            await asyncio.sleep(0.01)
    assert await house.pool.fetchval("SELECT count(*) FROM probes WHERE answered_at IS NOT NULL") == 1


async def test_who_is_answered_by_nobody_else_leaves_no_secret(house: House) -> None:
    key = await house.take(command(lasts=timedelta(seconds=-1)))
    assert await house.leftovers.answer_one()
    assert not await house.leftovers.answer_one()
    house.store.fail = ConnectionError("away")
    with pytest.raises(ConnectionError):
        await house.leftovers.forget_one()
    house.store.fail = None
    assert await house.leftovers.forget_one()
    assert key not in house.store.objects
    assert not await house.leftovers.forget_one()


async def test_a_store_that_hangs_keeps_no_row_and_no_answer(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "STORE_S", 0.05)
    await house.take(command())
    await house.pool.execute("UPDATE probes SET requested_at = requested_at - 2 * $1::interval", KEPT)
    with monkeypatch.context() as hanging:
        hanging.setattr(house.store, "delete", slowly(house.store.delete, asyncio.Event(), asyncio.Event()))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(30):
                await house.leftovers.delete_one()
        assert await house.rows() == 1
        await house.take(command(lasts=timedelta(seconds=-1)))
        stop = asyncio.Event()
        running = asyncio.ensure_future(house.leftovers.run(stop))
        async with asyncio.timeout(30):
            while not await house.pool.fetchval("SELECT count(*) FROM probes WHERE answered_at IS NOT NULL"):
                await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert await house.leftovers.delete_one()
    assert await house.rows() == 1


async def test_a_secret_whose_probe_was_never_asked_for_is_deleted(house: House) -> None:
    known = await house.take(command())
    of_camera, orphan = await house.secret(new_id("cam")), await house.secret(new_id("prb"))
    await house.store.put(keys.EXTRACTOR_KEY, b"pem")
    house.clock.advance(KEPT.total_seconds() + 1)
    young = await house.secret(new_id("prb"))
    assert not await house.leftovers.sweep()
    assert set(house.store.objects) == {known, of_camera, young, keys.EXTRACTOR_KEY}
    assert orphan not in house.store.objects


async def test_a_command_that_is_older_than_its_row_would_be_is_skipped(house: House) -> None:
    await house.take(command(KEPT + SOON))
    assert await house.rows() == 0
    await house.take(command(timedelta(minutes=59)))
    assert await house.rows() == 1, "it is answered that it came too late"


def test_whose_secret_it_is_its_key_says() -> None:
    assert leftovers.probe_of(keys.camera_secret(SITE, "prb_1")) == (SITE, "prb_1")
    for key in (keys.camera_secret(SITE, "cam_1"), keys.EXTRACTOR_KEY, "secrets/a/prb_1/b.sealed", "secrets/a/prb_1"):
        assert leftovers.probe_of(key) is None
