"""The child as a process: how it ends, whatever it was doing."""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import uvloop
from tests.unit.extractor import clips

from extractor.files.children import Child, Limits
from extractor.files.failures import Failed

LIMITS = Limits(2 << 30, 60.0, isolated=False)
LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clips.make("cfr.mp4", tmp_path_factory.mktemp("clips"), size="640x360")


def everything(path: Path) -> dict[str, Any]:
    about = {"path": str(path), "mode": "all", "every_ms": None, "rotation": 0, "quality": 95, "start": 0}
    return {"do": "sample", "kind": "straight", "first_index": 0, "wanted": [], "seek": None, "after": None, **about}


@pytest.mark.parametrize("loop", LOOPS)
def test_killed_with_its_pipe_full_it_is_reaped(clip: Path, loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def scene() -> None:
        child = await Child.start(LIMITS)
        messages = child.ask(everything(clip), 60)
        while (await anext(messages)).say != "frame":
            pass
        await asyncio.sleep(0.5)
        async with asyncio.timeout(10):
            await child.kill()
            await child.kill()
        assert not Path(f"/proc/{child.pid}").exists()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(scene())


@pytest.mark.parametrize("loop", LOOPS)
def test_a_decoder_that_dies_is_a_crash(clip: Path, loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def scene() -> str:
        child = await Child.start(LIMITS)
        messages = child.ask(everything(clip), 60)
        await anext(messages)
        child._process.kill()
        with pytest.raises(Failed) as failed:
            async for _ in messages:
                pass
        return failed.value.failure.code

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(scene()) == "crashed"


async def test_processor_time_is_limited(tmp_path: Path) -> None:
    # The kernel counts whole seconds: the clip has to cost several of them.
    clip = clips.make("cfr.mp4", tmp_path, seconds=120, size="640x360")
    child = await Child.start(LIMITS)
    with pytest.raises(Failed) as failed:
        async for _ in child.ask(everything(clip), 60, cpu_s=0.2):
            pass
    assert failed.value.failure.code == "timeout"
    assert "SIGXCPU" in failed.value.detail


async def test_wall_clock_is_limited(tmp_path: Path) -> None:
    clip = clips.make("cfr.mp4", tmp_path, seconds=120, size="640x360")
    child = await Child.start(LIMITS)
    with pytest.raises(Failed) as failed:
        async for _ in child.ask(everything(clip), 0.2):
            pass
    assert failed.value.failure.code == "timeout"
    await child.kill()


async def test_a_decoder_goes_last_within_its_session_and_with_it() -> None:
    child = await Child.start(LIMITS)
    try:
        assert os.getpriority(os.PRIO_PROCESS, child.pid) >= 10
        with suppress(FileNotFoundError):  # a kernel without groups of sessions
            assert Path(f"/proc/{child.pid}/autogroup").read_text().split()[-1] == "10"
    finally:
        await child.kill()


async def test_a_child_that_does_not_fit_its_memory_does_not_start() -> None:
    with pytest.raises(Failed):
        await Child.start(Limits(64 << 20, 60.0, isolated=False))
