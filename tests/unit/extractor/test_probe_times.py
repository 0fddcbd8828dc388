"""A probe that has its picture is answered, however long the rest takes; and what is too old to be answered."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from chassis.clock import SystemClock
from extractor.live.reader import Channel, Frame, Opening
from extractor.live.readers import Readers
from extractor.live.relay import Relay
from extractor.live.sources.decoders import Decoders
from extractor.live.sources.source import SourceParts
from extractor.model.probes import KEPT, ProbeTimedOut, is_forgotten
from extractor.probe.events import Found
from extractor.probe.sources import ProbeParts, look_at
from outbound import Policy
from tablewatch_schemas import CameraCommandSource

ADDRESS = "rtsp://127.0.0.1:554/"
FRAME = Frame(0, "receipt", 0, 640, 360, 1, keyframe=True, sharpness=1.0, brightness=0.5)


class Slow(Channel):
    """Gives one picture; says when it ends only if it `ends`."""

    def __init__(self, *, shows: bool = True, ends: bool = True) -> None:
        super().__init__(cast(Relay, None), lambda: None)
        self._frame = (FRAME, b"picture") if shows else None
        if ends:
            self._ended.set()


class Sessions:
    """Readers: what they give for pictures, and for sound; None: no reader comes up."""

    def __init__(self, pictures: Channel, sound: Channel | None) -> None:
        self._pictures, self._sound = pictures, sound

    @asynccontextmanager
    async def session(self, opening: Opening, _dropped: Callable[[], None], **_: Any) -> AsyncIterator[Channel]:
        channel = self._sound if opening.purpose == "sound" else self._pictures
        if channel is None:
            await asyncio.Event().wait()
        assert channel is not None
        yield channel


async def probed(pictures: Channel, sound: Channel | None, within_s: float = 0.3) -> Found:
    clock, tls, policy = SystemClock(), ssl.create_default_context(), Policy.read("", "127.0.0.1:554")
    decoders = cast(Decoders, None)
    sources = SourceParts(decoders, policy, tls, 85, clock)
    parts = ProbeParts(cast(Readers, Sessions(pictures, sound)), decoders, sources, policy, tls, 85, clock)
    source = CameraCommandSource(type="rtsp", address=ADDRESS, secret_ref=None)
    return await look_at(parts, "site_1", source, None, time.monotonic() + within_s)


@pytest.mark.parametrize("sound", [None, Slow(ends=False)], ids=["no reader", "no end"])
async def test_without_an_answer_on_sound_the_picture_is_one(sound: Channel | None) -> None:
    found = await probed(Slow(), sound)
    assert (found.picture, found.sound) == (b"picture", None)


async def test_a_session_that_is_not_closed_in_time_keeps_its_picture() -> None:
    found = await probed(Slow(ends=False), None)
    assert (found.picture, found.sound) == (b"picture", None)


async def test_a_sound_that_is_known_is_told_even_if_its_session_is_not_closed() -> None:
    class Told(Slow):
        async def ends_within(self, seconds: float) -> bool:
            """Only the first time, as asked whether it ended by itself."""
            if self.sound is None:
                self.sound = "aac"
                return True
            return await super().ends_within(seconds)

    assert (await probed(Slow(), Told(ends=False))).sound == "aac"


async def test_without_a_picture_the_time_is_over() -> None:
    with pytest.raises(ProbeTimedOut):
        await probed(Slow(shows=False), None)


def test_a_command_is_forgotten_when_its_row_may_be_gone() -> None:
    now = datetime(2026, 11, 29, tzinfo=UTC)
    assert not is_forgotten(now - KEPT, now)
    assert is_forgotten(now - KEPT - timedelta(seconds=1), now)
