"""Live cameras while a part is away, and while processes are killed: what is lost is counted. `make live-trials`.

Each prints its figures (`-s`). The bounds are wide, because a machine may be busy; the accounts are exact.
"""

import asyncio
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from fakecamera.pictures import LoopedClip
from fakecamera.server import fake_camera
from stack.ports import free_ports
from tests.integration.extractor.house import House
from tests.integration.extractor.pipeline import until

from tablewatch_schemas import CameraConfig, FrameExtracted

AWAY_S = float(os.environ.get("TRIAL_AWAY_S", "60"))
CAMERAS = int(os.environ.get("TRIAL_CAMERAS", "40"))


@dataclass(frozen=True)
class Taken:
    """Of one camera."""

    frames: int
    longest_gap_s: float
    twice: int
    """Frames less than a quarter of the cadence after the one before: taken by two processes."""
    backwards: int


def taken(frames: list[FrameExtracted], cadence_ms: int, since: datetime | None = None) -> Taken:
    """`since`: from when on it is looked for gaps; the frame before that counts."""
    times = [each.captured_at.timestamp() for each in frames]
    if since is not None:
        before = [each for each in times if each <= since.timestamp()]
        times = before[-1:] + times[len(before) :]
    gaps = [after - before for before, after in pairwise(times)]
    return Taken(
        len(times),
        round(max(gaps, default=0), 1),
        sum(0 <= gap < cadence_ms / 4000 for gap in gaps),
        sum(gap < 0 for gap in gaps),
    )


@contextmanager
def stopped(pids: list[int]) -> Iterator[None]:
    """Frozen: connections stay, and nothing answers."""
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def running(*words: str) -> list[int]:
    """Processes whose command line holds these words, and their children."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if all(word in line for word in words):
            found.append(int(path.parent.name))
            for children in path.parent.glob("task/*/children"):
                found += map(int, children.read_text().split())
    return list(dict.fromkeys(each for each in found if each != os.getpid()))


@pytest.fixture
def parts_home(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.getbasetemp() / "infrastructure")


async def counted(port: int) -> dict[str, int]:
    """live_frames_total of a process, by outcome and reason."""
    async with httpx.AsyncClient(trust_env=False) as client:
        page = (await client.get(f"http://127.0.0.1:{port}/metrics", timeout=30)).text
    lines = [line for line in page.splitlines() if line.startswith("tablewatch_live_frames_total{")]
    return {line[line.index("{") : line.index("}") + 1]: int(float(line.rpartition(" ")[2])) for line in lines}


async def account(house: House, pool: asyncpg.Pool, configured: list[CameraConfig], port: int) -> dict[str, Any]:
    """Everything that the process counted is on the topic or in the rows of what was dropped."""

    async def settled() -> dict[str, Any] | None:
        metrics = await counted(port)
        published = sum([len(await house.frames(each)) for each in configured])
        rows = await pool.fetch("SELECT reason, sum(frames)::int AS frames FROM live_drops GROUP BY 1")
        dropped = {row["reason"]: row["frames"] for row in rows}
        captured = sum(value for labels, value in metrics.items() if 'outcome="captured"' in labels)
        lost = sum(value for labels, value in metrics.items() if 'outcome="dropped"' in labels)
        # One frame of each camera may be on its way between the topic, the counter and this look at them
        balances = abs(published - captured) <= len(configured) and abs(lost - sum(dropped.values())) <= 0
        return {"published": published, "counted": captured, "dropped": dropped} if balances else None

    found: dict[str, Any] = await until(settled, 60, "the account to balance")
    return found


def tell(trial: str, **figures: Any) -> None:
    print(json.dumps({"trial": trial, **figures}, default=lambda each: vars(each)), flush=True)


@pytest.mark.parametrize("part", ["postgres", "kafka"])
async def test_a_part_is_away_for_a_minute(
    part: str, house: House, clip: LoopedClip, pool: asyncpg.Pool, parts_home: str
) -> None:
    (port,) = free_ports(1)
    async with fake_camera(clip) as camera, house.process("only", camera, OPS_PORT=str(port)):
        configured = [await house.configure(camera.address, cadence_ms=1000) for _ in range(4)]
        for each in configured:
            await house.more_frames(each, 3)
        words = ("kafka", "java") if part == "kafka" else ("postgres",)
        pids = [
            pid for pid in running(parts_home, *words) if pid not in running("stack.infrastructure", parts_home)[:1]
        ]
        before = await counted(port)
        with stopped(pids):
            await asyncio.sleep(AWAY_S)
            during = await counted(port)
        back = time.monotonic()
        known = {each.camera_id: len(await house.frames(each)) for each in configured}
        for each in configured:
            await house.more_frames(each, known[each.camera_id] + 3)
        first_s = round(time.monotonic() - back, 1)
        found = await account(house, pool, configured, port)
        per_camera = [taken(await house.frames(each), 1000) for each in configured]
        tell(f"{part} away", away_s=AWAY_S, before=before, during=during, again_after_s=first_s, account=found,
             cameras=per_camera)  # fmt: skip
        assert not any(each.twice or each.backwards for each in per_camera)


async def test_a_store_that_takes_nothing(house: House, clip: LoopedClip, pool: asyncpg.Pool) -> None:
    (port,) = free_ports(1)
    async with fake_camera(clip) as camera, house.process("only", camera, OPS_PORT=str(port)):
        configured = [await house.configure(camera.address, cadence_ms=1000) for _ in range(2)]
        for each in configured:
            await house.more_frames(each, 2)
        frames = house.objects / "frames"
        frames.rename(house.objects / "elsewhere")
        frames.write_bytes(b"")  # a file where the folder was
        await asyncio.sleep(10)
        frames.unlink()
        (house.objects / "elsewhere").rename(frames)
        for each in configured:
            await house.more_frames(each, len(await house.frames(each)) + 2)
        found = await account(house, pool, configured, port)
        tell("store takes nothing for 10 s", account=found)
        assert set(found["dropped"]) <= {"store_failed", "slow"}
        assert found["dropped"]["store_failed"] >= 4


async def test_two_extractors_of_which_one_is_killed_and_started_again(
    house: House, clip: LoopedClip, pool: asyncpg.Pool
) -> None:
    async def owners() -> list[int]:
        rows = await pool.fetch(
            "SELECT count(*)::int AS cameras FROM cameras WHERE site_id = $1 AND lease_until > clock_timestamp()"
            " GROUP BY owner ORDER BY 1",
            house.site,
        )
        return [row["cameras"] for row in rows]

    async def shared() -> bool:
        return len(found := await owners()) == 2 and sum(found) == CAMERAS and found[1] - found[0] <= 1

    cadence_ms, lease = 2000, {"EXTRACTOR_LEASE_S": "10"}
    async with AsyncExitStack() as stack:
        camera = await stack.enter_async_context(fake_camera(clip))
        configured = [await house.configure(camera.address, cadence_ms=cadence_ms) for _ in range(CAMERAS)]
        await stack.enter_async_context(house.process("first", camera, **lease))
        second = await stack.enter_async_context(house.process("second", camera, **lease))
        began = time.monotonic()
        await until(shared, 300, "both to have their share")
        tell("shared", after_s=round(time.monotonic() - began, 1), owners=await owners())
        await asyncio.sleep(20)
        killed_at = datetime.now(UTC)
        os.killpg(second.process.pid, signal.SIGKILL)
        await second.process.wait()

        async def moved() -> bool:
            return await owners() == [CAMERAS]

        await until(moved, 300, "the cameras to move")
        moved_s = (datetime.now(UTC) - killed_at).total_seconds()
        await asyncio.sleep(20)
        await stack.enter_async_context(house.process("third", camera, **lease))
        began = time.monotonic()
        await until(shared, 300, "the third to have its share")
        shared_s = time.monotonic() - began
        await asyncio.sleep(20)
        cameras = [taken(await house.frames(config), cadence_ms, killed_at) for config in configured]
        gaps = sorted(each.longest_gap_s for each in cameras)
        tell(
            "killed and started again", cameras=CAMERAS, moved_after_s=round(moved_s, 1),
            shared_after_s=round(shared_s, 1), gap_s={"median": gaps[len(gaps) // 2], "longest": gaps[-1]},
            twice=sum(each.twice for each in cameras), backwards=sum(each.backwards for each in cameras),
            without_frames=sum(each.frames < 2 for each in cameras),
        )  # fmt: skip
        assert all(each.frames > 1 and not each.backwards for each in cameras)
        assert sum(each.twice for each in cameras) <= CAMERAS, "for no longer than the hand-over"


async def test_a_camera_server_is_away_for_a_minute(house: House, clip: LoopedClip) -> None:
    (port,) = free_ports(1)
    async with AsyncExitStack() as stack:
        async with fake_camera(clip, port=port) as camera:
            process = await stack.enter_async_context(house.process("only", camera))
            configured = [await house.configure(camera.address, cadence_ms=1000) for _ in range(4)]
            for each in configured:
                await house.more_frames(each, 3)
        lines = len(process.lines())
        await asyncio.sleep(AWAY_S)
        known = [len(await house.frames(each)) for each in configured]
        statuses = {(await house.statuses(each))[-1].status for each in configured}
        async with fake_camera(clip, port=port):
            back, first = datetime.now(UTC), []
            for each, before in zip(configured, known, strict=True):
                frames = await house.more_frames(each, before)
                first.append((frames[before].captured_at - back).total_seconds())
            said = [line["event"] for line in process.lines()[lines:]]
            tell(
                "server away", away_s=AWAY_S, status=sorted(statuses), first_frame_s=[round(each, 1) for each in first],
                lines={event: said.count(event) for event in sorted(set(said))},
            )  # fmt: skip
            assert statuses == {"offline"}
            assert max(first) < 60
