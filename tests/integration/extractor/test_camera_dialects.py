"""RTSP as real cameras speak it: each odd dialect of the fake camera before the real reader (docs/dialects.md).

Pictures come exactly as they were shown, with a time within the bound that they state; where nothing can come, the
code says why. All cameras share one reader process.
"""

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import get_args

import pytest
import pytest_asyncio
from fakecamera.dialects import DIALECTS, PLAIN, Dialect
from fakecamera.rtp import H265
from fakecamera.server import Behaviour, CameraClock, FakeCamera, fake_camera
from tests.support.certificates import certificate
from tests.support.clock_pictures import late_first, off_by, standing_still
from tests.support.numbered_film import LENGTH_MS, NumberedFilm, off_ms, shown_ms

from credentials import Credentials
from extractor.live.reader import Channel, Frame, Opening
from extractor.live.readers import Readers
from extractor.live.relay import Target
from extractor.model.camera_failures import CameraFailed
from extractor.model.capture_time import Source
from outbound import Endpoint

pytestmark = pytest.mark.asyncio(loop_scope="module")

ADMIN = Credentials("admin", "p@ss: wørd")
ENOUGH = 3
"""Frames by the camera's clock, and keepalives."""
WITHIN_S = 120
CODES = {"udp-alone": "transport_not_offered", "answers-udp": "transport_not_offered"}
READ = sorted(set(DIALECTS) - set(CODES))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def readers() -> AsyncIterator[Readers]:
    made = Readers(3 << 30)
    yield made
    await made.close()


@pytest.fixture(scope="module")
def film() -> NumberedFilm:
    return NumberedFilm()


def target(camera: FakeCamera, credentials: Credentials | None = None) -> Target:
    return Target(Endpoint(ipaddress.ip_address("127.0.0.1"), camera.port), "127.0.0.1", None, credentials)


@asynccontextmanager
async def session(readers: Readers, where: Target, every_ms: int = 200) -> AsyncIterator[Channel]:
    opening = Opening(where, "/stream1", every_ms, 90)
    async with asyncio.timeout(WITHIN_S), readers.session(opening, lambda: None) as channel:
        yield channel


async def frames(channel: Channel) -> AsyncIterator[Frame]:
    """Each is the picture that was shown at its time."""
    while True:
        frame, jpeg = await channel.next_frame()
        drawn_ms = shown_ms(jpeg)
        assert drawn_ms is not None, "a picture that is not as it was shown"
        off = off_ms(frame.captured_ms, drawn_ms)
        # By receipt it is later by what this busy machine takes
        assert -frame.error_ms <= off <= frame.error_ms + (1500 if frame.source == "receipt" else 0), (frame, off)
        yield frame


async def read(readers: Readers, film: NumberedFilm, dialect: Dialect) -> None:
    """Frames by the camera's clock, in one session, also past the time after which it ends without keepalives."""
    behaviour = Behaviour(("admin", ADMIN.password), report_every_s=0.5, dialect=dialect)
    async with fake_camera(film, behaviour) as camera, session(readers, target(camera, ADMIN)) as channel:
        found = 0
        async for frame in frames(channel):
            found += frame.source == "camera"
            if found >= ENOUGH and alive(camera, dialect) >= ENOUGH:
                break
        assert camera.sessions == 1


def alive(camera: FakeCamera, dialect: Dialect) -> int:
    """Keepalives that counted; enough, where none is needed."""
    if dialect.timeout_s is None:
        return ENOUGH
    asked = camera.asked[camera.asked.index("PLAY") :]
    return sum(method in dialect.alive_by for method in asked)


@pytest.mark.parametrize("name", READ)
async def test_a_dialect_is_understood(readers: Readers, film: NumberedFilm, name: str) -> None:
    await read(readers, film, DIALECTS[name])


@pytest.mark.parametrize("name", CODES)
async def test_what_cannot_be_read_is_told(readers: Readers, film: NumberedFilm, name: str) -> None:
    async with fake_camera(film, Behaviour(dialect=DIALECTS[name])) as camera:
        with pytest.raises(CameraFailed) as failed:
            async with session(readers, target(camera)) as channel:
                await channel.next_frame()
    assert failed.value.code == CODES[name]


FILMS: dict[str, Callable[[], NumberedFilm]] = {
    "h265": lambda: NumberedFilm(H265),
    "h265-b-frames": lambda: NumberedFilm(H265, b_frames=2),
    "b-frames": lambda: NumberedFilm(b_frames=2),
}


@pytest.mark.parametrize("name", FILMS)
async def test_another_codec_and_pictures_out_of_order_are_read(readers: Readers, name: str) -> None:
    """Also where SPS and PPS are in the description alone, and fragments have no byte."""
    made = FILMS[name]()
    for dialect in (PLAIN, DIALECTS["sets-in-description"], DIALECTS["sets-in-band"], DIALECTS["empty-fragments"]):
        await read(readers, made, dialect)


CLOCKS: dict[str, tuple[Behaviour, set[Source]]] = {
    "reports-absent": (Behaviour(clock=None), {"receipt"}),
    "reports-late": (Behaviour(clock=late_first(), report_every_s=0.5), {"receipt", "camera"}),
    "reports-stale": (Behaviour(clock=standing_still(), report_every_s=0.5), {"receipt"}),
    "reports-an-hour-slow": (Behaviour(clock=off_by(-3600)(), report_every_s=0.5), {"receipt"}),
    "reports-an-hour-fast": (Behaviour(clock=off_by(3600)(), report_every_s=0.5), {"receipt"}),
    "time-wraps": (Behaviour(first_ticks=2**32 - 90_000, report_every_s=0.5), {"camera"}),
}


@pytest.mark.parametrize("name", CLOCKS)
async def test_a_clock_is_believed_as_far_as_it_can_be(readers: Readers, film: NumberedFilm, name: str) -> None:
    behaviour, sources = CLOCKS[name]
    seen: list[Source] = []
    async with fake_camera(film, behaviour) as camera, session(readers, target(camera)) as channel:
        async for frame in frames(channel):
            assert frame.source in get_args(Source)
            seen.append(frame.source)
            if len(seen) >= 10 and set(seen[-ENOUGH:]) <= sources and (sources & set(seen)) == sources:
                break
        assert camera.sessions == 1
    assert name == "time-wraps" or set(seen) <= sources


def first_report_behind(keyframe_ms: int) -> CameraClock:
    """No report in the first three seconds, and the first one right behind a keyframe's packets; a second later all."""
    first: list[float] = []

    def clock(now: float, elapsed_s: float) -> float | None:
        behind_ms = now * 1000 % LENGTH_MS - keyframe_ms
        if not first and elapsed_s >= 3 and 20 <= behind_ms <= 60:
            first.append(now)
            return now
        return now if first and now - first[0] > 1 else None

    return clock


async def test_a_report_behind_the_packets_of_a_keyframe_makes_its_time_no_picture_late(
    readers: Readers, film: NumberedFilm
) -> None:
    behaviour, seen = Behaviour(clock=first_report_behind(1000), report_every_s=0.04), list[Source]()
    async with fake_camera(film, behaviour) as camera, session(readers, target(camera), every_ms=40) as channel:
        async for frame in frames(channel):
            seen.append(frame.source)
            if seen.count("camera") > 40:
                break


@pytest.mark.parametrize("scheme", ["basic", "digest-qop", "digest-sha-256"])
async def test_rtsps_with_an_authority_of_its_own_and_a_password(
    readers: Readers, film: NumberedFilm, tmp_path: Path, scheme: str
) -> None:
    own = certificate(tmp_path, "IP:127.0.0.1")
    behaviour = Behaviour(("admin", ADMIN.password), dialect=DIALECTS[scheme])
    async with fake_camera(film, behaviour, tls=own.server()) as camera:
        endpoint = Endpoint(ipaddress.ip_address("127.0.0.1"), camera.port)
        async with session(readers, Target(endpoint, "127.0.0.1", own.client(), ADMIN)) as channel:
            await anext(frames(channel))


async def test_a_wrong_password_is_sent_once_a_session(readers: Readers, film: NumberedFilm) -> None:
    """Cameras lock those out who try often."""
    async with fake_camera(film, Behaviour(("admin", "another"))) as camera:
        with pytest.raises(CameraFailed) as failed:
            async with session(readers, target(camera, ADMIN)) as channel:
                await channel.next_frame()
        assert (failed.value.code, camera.asked) == ("wrong_password", ["OPTIONS", "DESCRIBE", "DESCRIBE"])


async def test_after_a_camera_that_does_not_answer_the_end_the_next_is_read(
    readers: Readers, film: NumberedFilm
) -> None:
    behaviour = Behaviour(dialect=DIALECTS["teardown-unanswered"])
    async with fake_camera(film, behaviour) as camera:
        for number in (1, 2):
            async with session(readers, target(camera)) as channel:
                await anext(frames(channel))
            assert camera.sessions == number
