"""How long a camera waits between two sessions."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

from tests.support.doubles.clock import ManualClock

from extractor.live.capture import BACKOFF, SETTLED_S, Capture, CaptureParts
from extractor.live.opening import SiteHours
from extractor.live.reader import Sign
from extractor.model.camera_failures import NoAnswer
from extractor.model.scene import Scene
from objects.testing import MemoryObjects
from tablewatch_schemas.times import to_ms

CONFIG = SimpleNamespace(
    camera_id="cam_1",
    site_id="site_1",
    cadence_ms=1000,
    layout_version=None,
    source_version=None,
    opening_hours=None,
    source=SimpleNamespace(type="rtsp", address="rtsp://192.0.2.1/1"),
)


class Cameras:
    """Sessions that end after `lasts_s`, with `frames` of each before."""

    rhythm_s = 0.0

    def __init__(self, lasts_s: float, frames: int) -> None:
        self.clock = _Clock()
        self.attempts: list[int] = []
        self._lasts_s, self._frames = lasts_s, frames
        self.sign: Sign | None = None
        self.noted: list[str] = []

    async def run(self, sessions: int) -> list[int]:
        """The number that each wait counted as."""
        capture = self.capture()
        while len(self.attempts) < sessions and capture.crashed() is None:
            await asyncio.sleep(0)
        await capture.stop()
        return self.attempts

    def capture(self, captured_ms: int | None = None) -> "_Capture":
        """Of these sessions."""
        unused = dict.fromkeys(("secrets", "documents", "aligner"))
        parts = SimpleNamespace(
            **(dict.fromkeys(("readers", "writer", "metrics", "log"), self) | unused),
            clock=self.clock,
            store=MemoryObjects(),
            quality=85,
            hours=SiteHours(None),
        )
        claimed = SimpleNamespace(config=CONFIG, captured_ms=captured_ms, status=None, layout_proposal=None)
        return _Capture(cast(Any, claimed), cast(CaptureParts, parts))

    @contextlib.asynccontextmanager
    async def session(self, *_: object, **__: object) -> AsyncIterator["Cameras"]:
        self._left = self._frames
        yield self

    async def next_frame(self) -> tuple[object, bytes]:
        await asyncio.sleep(0)
        if self._left == 0:
            self.clock.advance(self._lasts_s)
            raise NoAnswer
        self._left -= 1
        return SimpleNamespace(scene=Scene(same=0, same_s=0.0), packets=25), b""

    async def write(self, *_: object) -> object:
        return SimpleNamespace(captured_at=self.clock.now())

    def drop(self, *_: object) -> None: ...

    def refer(self, _: bytes) -> None: ...

    def count(self, *_: object, **__: object) -> None: ...

    def info(self, _: str, *, refused: str, **__: object) -> None:
        self.noted.append(refused)

    def warning(self, _: str, *, attempt: int, wait_s: float, **__: object) -> None:
        assert wait_s <= BACKOFF.limit_s(attempt)
        self.attempts.append(attempt)


class _Clock(ManualClock):
    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)
        await asyncio.sleep(0)


class _Capture(Capture):
    @contextlib.asynccontextmanager
    async def _opened(self, *, alone: bool) -> AsyncIterator[Any]:
        async with self._parts.readers.session(cast(Any, None), lambda: None, alone=alone) as channel:
            yield channel


def attempts(lasts_s: float, frames: int) -> list[int]:
    return asyncio.run(Cameras(lasts_s, frames).run(sessions=4))[:4]


def test_a_camera_that_takes_connections_and_sends_nothing_is_asked_more_and_more_rarely() -> None:
    assert attempts(SETTLED_S + 1, frames=0) == [1, 2, 3, 4]


def test_after_a_good_session_the_wait_begins_anew() -> None:
    assert attempts(SETTLED_S + 1, frames=1) == [1, 1, 1, 1]


def test_one_that_breaks_at_once_after_a_frame_is_no_good_session() -> None:
    assert attempts(1, frames=1) == [1, 2, 3, 4]


def test_the_log_has_when_a_cameras_clock_is_believed_and_when_not() -> None:
    cameras = Cameras(1, frames=3)
    signs = iter([Sign(1, "h264", each) for each in ("no_report", "no_report", None, "ahead", "ahead")])
    taken = cameras.next_frame

    async def next_frame() -> tuple[object, bytes]:
        cameras.sign = next(signs, cameras.sign)
        return await taken()

    cameras.next_frame = next_frame  # type: ignore[method-assign]
    asyncio.run(cameras.run(sessions=2))
    assert cameras.noted == ["no_report", "", "ahead"]


async def test_a_camera_at_another_address_is_not_live_by_a_frame_of_the_one_before() -> None:
    cameras = Cameras(1, frames=1)
    capture = cameras.capture()
    while capture._published is None:
        await asyncio.sleep(0)
    moved = SimpleNamespace(**vars(CONFIG) | {"source": SimpleNamespace(type="rtsp", address="rtsp://192.0.2.2/1")})
    capture.update(cast(Any, SimpleNamespace(config=moved)))
    assert capture.last_frame_at is None
    await capture.stop()


async def test_the_last_frame_of_a_camera_is_known_to_the_process_that_has_it_next() -> None:
    """Also where it rests there, and no other comes."""
    cameras = Cameras(1, frames=1)
    now = cameras.clock.now()
    capture = cameras.capture(to_ms(now - timedelta(minutes=1)))
    assert capture.last_frame_at == now - timedelta(minutes=1)
    while capture._published is None:
        await asyncio.sleep(0)
    assert capture.last_frame_at == now
    await capture.stop()


async def test_a_camera_whose_pictures_come_by_the_segment_is_waited_for_as_long_as_that_takes() -> None:
    cameras = Cameras(1, frames=1)
    cameras.rhythm_s = 15.0
    capture = cameras.capture()
    while capture._published is None:
        await asyncio.sleep(0)
    assert capture.seen.every.total_seconds() == 15.0
    await capture.stop()


async def test_what_the_newest_status_lacked_is_reported_when_it_is_there() -> None:
    """The first frame is stored after it made the camera live; its status would lack it for as long as it is live."""
    cameras = Cameras(1, frames=1)
    capture = cameras.capture()
    assert not capture.gained, "this process has reported nothing yet"
    capture.reported = capture.has
    assert not capture.gained
    while capture._published is None:
        await asyncio.sleep(0)
    assert capture.gained
    capture.reported = capture.has
    assert not capture.gained
    await capture.stop()
