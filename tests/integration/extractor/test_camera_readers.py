"""Cameras that share a reader process: what one of them does is not felt by the others. The processes are real."""

import asyncio
import contextlib
import ipaddress
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from fakecamera.pictures import LoopedClip
from fakecamera.server import fake_camera
from tests.support.doubles import ManualClock
from tests.unit.extractor import clips

from extractor.live import reader
from extractor.live.reader import Channel, Opening
from extractor.live.readers import IDLE_S, Readers
from extractor.live.relay import Target
from extractor.media import camera as sessions
from extractor.media.camera import Address, Session
from extractor.model.camera_failures import CameraFailed, NoPackets, NoPicture, SessionEnded
from extractor.model.options import PictureOptions
from outbound import Endpoint

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OPTIONS = PictureOptions(85)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> LoopedClip:
    return LoopedClip(clips.make("cfr.mp4", tmp_path_factory.mktemp("clips")))


@pytest.fixture
async def readers() -> AsyncIterator[Readers]:
    made = Readers(3 << 30)
    yield made
    await made.close()


@asynccontextmanager
async def hostile(answer: Answer) -> AsyncIterator[int]:
    """A server on loopback; its port."""

    async def serve(reading: asyncio.StreamReader, writing: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await answer(reading, writing)
        writing.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()


def opening(port: int) -> Opening:
    return Opening(Target(Endpoint(ipaddress.ip_address("127.0.0.1"), port), "camera"), "/stream1", 500, 85)


async def failure(readers: Readers, port: int) -> CameraFailed:
    """How a session with that camera ends."""
    with pytest.raises(CameraFailed) as failed:
        async with readers.session(opening(port), lambda: None) as channel:
            while True:
                await channel.next_frame()
    return failed.value


async def next_frames(channel: Channel, number: int) -> None:
    for _ in range(number):
        await channel.next_frame()


async def trickle(reading: asyncio.StreamReader, writing: asyncio.StreamWriter) -> None:
    """A byte now and then: FFmpeg, which waits for a byte, waits for ever."""
    await reading.readuntil(b"\r\n\r\n")
    for byte in b"RTSP/1.0 200 OK\r\nX: " + bytes(1000):
        writing.write(bytes([byte]))
        await asyncio.sleep(0.2)


async def test_a_camera_that_trickles_costs_the_others_nothing(
    readers: Readers, clip: LoopedClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "STALL_S", 3.0)
    async with (
        fake_camera(clip) as good,
        hostile(trickle) as bad,
        readers.session(opening(good.port), print) as channel,
    ):
        await next_frames(channel, 1)
        [pid] = readers.pids
        following = asyncio.ensure_future(next_frames(channel, 16))
        assert isinstance(await failure(readers, bad), NoPackets)
        await following
        assert (readers.pids, good.sessions) == ([pid], 1)


async def test_a_reader_without_cameras_is_ended_after_a_while(clip: LoopedClip) -> None:
    clock = ManualClock()
    readers = Readers(3 << 30, clock=clock)
    try:
        async with fake_camera(clip) as server:
            async with readers.session(opening(server.port), lambda: None) as channel:
                await next_frames(channel, 1)
                [pid] = readers.pids
                for _ in range(2):
                    clock.advance(IDLE_S)
                    await readers.end_idle()
                assert readers.pids == [pid], "one that has a camera stays"
            await until_idle(readers)
            await readers.end_idle()
            clock.advance(IDLE_S - 1)
            await readers.end_idle()
            assert readers.pids == [pid]
            clock.advance(1)
            await readers.end_idle()
            assert (readers.pids, is_alive(pid)) == ([], False)
            async with readers.session(opening(server.port), lambda: None) as channel:
                await next_frames(channel, 1)
    finally:
        await readers.close()


async def until_idle(readers: Readers) -> None:
    """Its session ended, and the reader says so."""
    async with asyncio.timeout(10):
        while not all(each.is_idle for each in readers._readers):
            await asyncio.sleep(0.05)


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def test_a_camera_that_redirects_to_the_relay_of_another_neither_sees_it_nor_ends_it(
    readers: Readers, clip: LoopedClip
) -> None:
    async with fake_camera(clip) as good, readers.session(opening(good.port), print) as channel:
        await next_frames(channel, 1)
        other = channel.relay.port

        async def redirect(reading: asyncio.StreamReader, writing: asyncio.StreamWriter) -> None:
            while True:
                head = (await reading.readuntil(b"\r\n\r\n")).decode()
                number = re.search(r"CSeq: (\d+)", head)
                assert number is not None
                where = f"Location: rtsp://127.0.0.1:{other}/stream1\r\n" if head.startswith("DESCRIBE") else ""
                status = "302 Found" if where else "200 OK"
                writing.write(f"RTSP/1.0 {status}\r\nCSeq: {number[1]}\r\n{where}\r\n".encode())

        async with hostile(redirect) as bad:
            for _ in range(3):
                await failure(readers, bad)
        await next_frames(channel, 3)
        assert (good.connections, good.sessions) == (1, 1)


async def test_a_camera_whose_readers_crash_is_read_alone(readers: Readers, clip: LoopedClip) -> None:
    async with fake_camera(clip) as camera, readers.session(opening(camera.port), print) as first:
        await next_frames(first, 1)
        async with readers.session(opening(camera.port), print, alone=True) as second:
            await next_frames(second, 1)
            assert len(set(readers.pids)) == 2
            async with readers.session(opening(camera.port), print) as third:
                await next_frames(third, 1)
                assert len(set(readers.pids)) == 2


def samples(port: int, number: int) -> list[Any]:
    """Of a session in this process."""
    session = Session(Address(port, "/stream1"), 0.2, OPTIONS, Event())
    found: list[Any] = []
    for each in session.samples(lambda: None):
        found.append(each)
        if len(found) == number:
            break
    return found


async def test_a_session_ends_when_our_clock_is_set(clip: LoopedClip, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its times of receipt would be wrong by the step, and every frame too late, for as long as it lasts."""
    step_s = 0.0
    true_time = time.time
    monkeypatch.setattr(sessions.time, "time", lambda: true_time() + step_s)
    async with fake_camera(clip) as camera:
        going = asyncio.ensure_future(asyncio.to_thread(samples, camera.port, 1000))
        while not camera.sessions:
            await asyncio.sleep(0.05)
        await asyncio.sleep(1)
        assert not going.done()
        step_s = 3600.0
        with pytest.raises(SessionEnded, match="our clock was set"):
            await going


async def test_a_camera_whose_data_is_no_picture_is_told_so(clip: LoopedClip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "NO_PICTURE_S", 2.0)

    class Noise:
        """Keyframes by their type, and noise by what is in them."""

        codec, parameter_sets = clip.codec, clip.parameter_sets

        def play(self, from_s: float) -> Any:
            for each in clip.play(from_s):
                nals = tuple(bytes([nal[0]]) + b"\xa5" * 40 for nal in each.nals if nal[0] & 0x1F in (1, 5))
                yield type(each)(each.due_s, each.shown_s, nals)

    async with fake_camera(Noise()) as camera:
        with pytest.raises(NoPicture):
            await asyncio.to_thread(samples, camera.port, 1)
