"""The decoder as a process: how it ends, whatever it was doing."""

import asyncio
import os
import signal
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import uvloop
from tests.unit.extractor import clips

from extractor.files.decoder import Decoder, DecoderLimits
from extractor.files.worker import Worker, WorkerOptions
from extractor.media.priority import NICENESS
from extractor.model.failures import Failed
from extractor.model.options import FrameOptions, PictureOptions
from extractor.model.sampling import Sampling
from extractor.protocol import PIPE_BYTES, Message

LIMITS = DecoderLimits(2 << 30, 60.0, isolated=False)
LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]


async def blocked(pid: int) -> None:
    """Until the process waits for room in the pipe: it sleeps, and has written nothing for a while."""
    before = ""
    while before != (now := Path(f"/proc/{pid}/io").read_text()) or " S " not in Path(f"/proc/{pid}/stat").read_text():
        before = now
        await asyncio.sleep(0.1)


@pytest.fixture(scope="module")
def long_clip(clip: Path) -> Path:
    """Two minutes: the kernel counts processor time in whole seconds, and decoding has to cost several of them."""
    path = clip.with_name("long.mp4")
    clips.ffmpeg("-stream_loop", "19", "-i", str(clip), "-c", "copy", str(path))
    return path


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clips.make("cfr.mp4", tmp_path_factory.mktemp("clips"), size="640x360")


def everything(path: Path) -> dict[str, Any]:
    options = FrameOptions(Sampling("all", None), PictureOptions(95))
    about = {"path": str(path), "options": options, "start": 0}
    return {"type": "extract", "kind": "straight", "first_index": 0, "wanted": [], "seek": None, "after": None, **about}


@pytest.mark.parametrize("loop", LOOPS)
def test_killed_with_its_pipe_full_it_is_reaped(clip: Path, loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def scene() -> None:
        decoder = await Decoder.start(LIMITS)
        messages = decoder.request(everything(clip), 60)
        while (await anext(messages)).type != "frame":
            pass
        await blocked(decoder.pid)
        async with asyncio.timeout(10):
            await decoder.kill()
            await decoder.kill()
        assert not Path(f"/proc/{decoder.pid}").exists()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(scene())


@pytest.mark.parametrize("loop", LOOPS)
def test_a_decoder_that_dies_is_a_crash(clip: Path, loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def scene() -> str:
        decoder = await Decoder.start(LIMITS)
        messages = decoder.request(everything(clip), 60)
        await anext(messages)
        decoder._process.kill()
        with pytest.raises(Failed) as failed:
            async for _ in messages:
                pass
        return failed.value.code

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(scene()) == "crashed"


async def test_processor_time_is_limited(long_clip: Path) -> None:
    decoder = await Decoder.start(LIMITS)
    with pytest.raises(Failed) as failed:
        async for _ in decoder.request(everything(long_clip), 60, cpu_s=0.2):
            pass
    assert failed.value.code == "timeout"
    assert "SIGXCPU" in failed.value.detail


async def test_a_decoder_that_ended_by_itself_is_not_signalled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own signal says whether it was a limit: a timeout would be a crash."""
    decoder = await Decoder.start(LIMITS)
    signalled: list[int] = []
    monkeypatch.setattr(os, "killpg", lambda pid, _: signalled.append(pid))
    os.kill(decoder.pid, signal.SIGXCPU)
    with pytest.raises(Failed) as failed:
        await decoder._receive(60)
    assert (failed.value.code, signalled) == ("timeout", [])


def worker_without_parts(warnings: list[str]) -> Worker:
    """With a decoder, and nothing else of what it needs."""
    worker = Worker.__new__(Worker)
    worker._options = WorkerOptions(3.0, 1, 95, LIMITS, 1 << 30)
    worker._decoder, worker._decoder_file = None, None
    worker._log = SimpleNamespace(warning=lambda event, reason: warnings.append(f"{event}: {reason}"))
    return worker


@pytest.mark.parametrize("heard", [False, True], ids=["at once", "when the loop has heard of it"])
@pytest.mark.parametrize("loop", LOOPS)
def test_a_decoder_that_died_idle_is_replaced(
    clip: Path, loop: Callable[[], asyncio.AbstractEventLoop], heard: bool
) -> None:
    """As the kernel ends one when memory runs out: the next file finds a fresh one, and no attempt is lost."""

    async def scene() -> None:
        warnings: list[str] = []
        worker = worker_without_parts(warnings)
        idle = await worker._decoder_for(None)
        assert not idle.has_ended()
        os.kill(idle.pid, signal.SIGKILL)
        if heard:
            await idle._process.wait()
        else:
            with suppress(ChildProcessError):  # asyncio's own loop has a thread that was faster
                os.waitid(os.P_PID, idle.pid, os.WEXITED | os.WNOWAIT)
        fresh = await worker._decoder_for(("run", clip))
        try:
            types = [message.type async for message in fresh.request(everything(clip), 60)]
            assert (types[-1], warnings) == ("done", ["decoder_ended_idle: ended by SIGKILL"])
        finally:
            await worker.close()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(scene())


@pytest.mark.parametrize("loop", LOOPS)
def test_a_request_to_a_dead_decoder_is_a_crash(clip: Path, loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    """uvloop raises RuntimeError where asyncio drops what is written to a closed pipe."""

    async def scene() -> Failed:
        decoder = await Decoder.start(LIMITS)
        os.kill(decoder.pid, signal.SIGKILL)
        await decoder._process.wait()
        with pytest.raises(Failed) as failed:
            await anext(decoder.request(everything(clip), 60))
        return failed.value

    with asyncio.Runner(loop_factory=loop) as runner:
        failed = runner.run(scene())
    assert (failed.code, failed.detail) == ("crashed", "ended by SIGKILL")


async def hostile_decoder(command: str) -> Decoder:
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", command),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=PIPE_BYTES,
        start_new_session=True,
    )
    return Decoder(process, LIMITS)


@pytest.mark.parametrize("end", ["no message", "asked how it ended"])
@pytest.mark.parametrize("loop", LOOPS)
def test_what_a_decoder_writes_without_end_is_not_kept(
    loop: Callable[[], asyncio.AbstractEventLoop], end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("extractor.files.decoder.EXIT_S", 0.3)

    async def scene() -> None:
        decoder = await hostile_decoder("exec cat /dev/zero")
        if end == "no message":
            with pytest.raises(Failed) as failed:
                await decoder._receive(60)
            assert (failed.value.code, failed.value.detail) == (
                "crashed",
                "sent what is no message: header is not JSON",
            )
        else:
            assert await decoder.exit_reason() == "ended by SIGKILL"
        assert decoder.has_ended()

    tracemalloc.start()
    try:
        with asyncio.Runner(loop_factory=loop) as runner:
            runner.run(scene())
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("loop", LOOPS)
def test_a_decoder_that_does_not_read_its_request_is_not_waited_for(
    clip: Path, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    async def scene() -> str:
        decoder = await hostile_decoder("exec sleep 600")
        long_request = {**everything(clip), "wanted": list(range(1 << 20))}
        async with asyncio.timeout(20):
            with pytest.raises(Failed) as failed:
                await anext(decoder.request(long_request, 0.3))
            await decoder.kill()
        return failed.value.code

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(scene()) == "timeout"


async def test_wall_clock_is_limited(long_clip: Path) -> None:
    decoder = await Decoder.start(LIMITS)
    with pytest.raises(Failed) as failed:
        async for _ in decoder.request(everything(long_clip), 0.2):
            pass
    assert failed.value.code == "timeout"
    await decoder.kill()


async def test_a_decoder_has_the_lowest_priority_within_its_session_and_with_it() -> None:
    decoder = await Decoder.start(LIMITS)
    try:
        own = os.getpriority(os.PRIO_PROCESS, 0)
        assert os.getpriority(os.PRIO_PROCESS, decoder.pid) == min(19, own + NICENESS)
        with suppress(FileNotFoundError):  # a kernel without groups of sessions
            assert Path(f"/proc/{decoder.pid}/autogroup").read_text().split()[-1] == "10"
    finally:
        await decoder.kill()


async def test_a_decoder_that_does_not_fit_its_memory_does_not_start() -> None:
    with pytest.raises(Failed):
        await Decoder.start(DecoderLimits(64 << 20, 60.0, isolated=False))


@pytest.mark.parametrize("loop_steps", range(4))
async def test_a_cancellation_that_comes_with_a_message_is_not_swallowed(loop_steps: int) -> None:
    """`asyncio.wait_for` would swallow it on Python 3.11, and the worker would wait for ever."""
    decoder = Decoder.__new__(Decoder)
    arrived: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

    async def read() -> Message:
        return await arrived

    decoder._read = read  # type: ignore[method-assign]
    receiving = asyncio.ensure_future(decoder._receive(60))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    arrived.set_result(Message("alive", {}, b""))
    for _ in range(loop_steps):
        await asyncio.sleep(0)
    if receiving.cancel():
        with pytest.raises(asyncio.CancelledError):
            await receiving
