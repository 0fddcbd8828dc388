"""Opens a source as live capture does, watches it for a while, and says what it is like."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from chassis.clock import Clock
from credentials import Credentials
from extractor.live.reader import Channel, Frame, Opening, Purpose
from extractor.live.readers import Readers
from extractor.live.sources.decoders import Before, Decoders, Pictures, Wanted
from extractor.live.sources.open import OPENERS
from extractor.live.sources.source import Asked, SourceParts
from extractor.live.target import target_of
from extractor.model.camera_failures import CameraFailed
from extractor.model.probes import SOUND_S, ClockFinding, ProbeTimedOut, SourceNotProbed, is_enough
from extractor.model.stills import Freshness
from extractor.model.stream_meter import Measured
from extractor.probe.events import Found
from outbound import Policy
from tablewatch_schemas import CameraCommandSource

EVERY_MS = 2000
"""Between two pictures; the newest becomes the snapshot."""
LOOK_S = 0.25
CLOSED_S = 2.0
TRANSPORTS = {"rtsp": "tcp", "rtsps": "tls", "http": "http", "https": "https"}


@dataclass(frozen=True, slots=True)
class ProbeParts:
    """What the probes of a process share: readers and decoders of their own, so that none costs a live camera one.
    `sources` has those decoders too. `authority`: whom certificates of RTSPS are checked against."""

    readers: Readers
    decoders: Decoders
    sources: SourceParts
    policy: Policy
    authority: ssl.SSLContext
    quality: int
    clock: Clock


async def look_at(
    parts: ProbeParts, site_id: str, source: CameraCommandSource, credentials: Credentials | None, until: float
) -> Found:
    """What a source sends, known at `until` of the monotonic clock. Raises CameraFailed, ProbeFailed."""
    if source.type == "rtsp":
        return await _rtsp(parts, source, credentials, until)
    if source.type not in OPENERS:
        raise SourceNotProbed
    try:
        async with _by(parts.clock, until):
            return await _other(parts, site_id, source, credentials)
    except TimeoutError as error:
        raise ProbeTimedOut from error


def _by(clock: Clock, until: float) -> asyncio.Timeout:
    return asyncio.timeout(max(0.0, until - clock.monotonic()))


async def _rtsp(parts: ProbeParts, source: CameraCommandSource, credentials: Credentials | None, until: float) -> Found:
    """Each session has a limit of its own: one around both would take away the picture that the first one brought."""
    found = await _pictures(parts, source, credentials, until)
    transport = "udp" if source.transport == "udp" else _transport(source.address)
    return replace(found, transport=transport, sound=await _sound(parts, source, credentials, until))


async def _pictures(
    parts: ProbeParts, source: CameraCommandSource, credentials: Credentials | None, until: float
) -> Found:
    """That the session is not closed in time costs no answer. Raises CameraFailed, ProbeTimedOut."""
    found: Found | None = None
    with suppress(TimeoutError):
        async with _by(parts.clock, until), _session(parts, source, credentials, "measure") as channel:
            found = await _watched(channel, parts.clock, until - SOUND_S)
    if found is None:
        raise ProbeTimedOut
    return found


async def _watched(channel: Channel, clock: Clock, until: float) -> Found:
    """Its newest picture, and what was measured, when that is enough or at `until`. Raises CameraFailed."""
    opened = clock.monotonic()
    frame, picture = await channel.next_frame()
    began = clock.monotonic()
    while not _is_enough(channel, clock.monotonic() - began) and clock.monotonic() < until:
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                frame, picture = await channel.next_frame()
    measured = channel.measured
    first_ms = None if measured is None else measured.first_frame_ms
    first_s = began - opened if first_ms is None else first_ms / 1000
    watched_s = clock.monotonic() - began
    return Found("tcp", frame, picture, measured, ClockFinding(_clock_of(channel)), first_s, watched_s)


def _is_enough(channel: Channel, watched_s: float) -> bool:
    return is_enough(channel.measured, _clock_of(channel), watched_s)


def _clock_of(channel: Channel) -> str | None:
    return "no_report" if channel.sign is None else channel.sign.clock


async def _sound(
    parts: ProbeParts, source: CameraCommandSource, credentials: Credentials | None, until: float
) -> str | None:
    """In a session of its own: with sound set up, FFmpeg makes other times of the pictures. None where it has no answer
    in time: that the camera sends pictures is known."""
    sound: str | None = None
    with suppress(CameraFailed, TimeoutError):
        async with _by(parts.clock, until), _session(parts, source, credentials, "sound") as channel:
            await channel.ends_within(SOUND_S)
            sound = channel.sound
    return sound


@asynccontextmanager
async def _session(
    parts: ProbeParts, source: CameraCommandSource, credentials: Credentials | None, purpose: Purpose
) -> AsyncIterator[Channel]:
    """Its reader is free again at the end, for the next session. Raises CameraFailed."""
    udp = source.transport == "udp"
    address, target = await target_of(source.address, parts.policy, parts.authority, credentials, udp=udp)
    opening = Opening(target, address.path, EVERY_MS, parts.quality, purpose)
    async with parts.readers.session(opening, _dropped, alone=True) as channel:
        yield channel
    await channel.ends_within(CLOSED_S)


def _dropped() -> None:
    """Of a probe only the newest picture counts."""


async def _other(
    parts: ProbeParts, site_id: str, source: CameraCommandSource, credentials: Credentials | None
) -> Found:
    """One picture of a source that the service reads itself. Raises CameraFailed."""
    measuring = Measuring(parts.decoders)
    asked = Asked(site_id, source.address, EVERY_MS / 1000, credentials, Freshness(), _dropped)
    opened = parts.clock.monotonic()
    async with OPENERS[source.type](asked, replace(parts.sources, decoders=measuring)) as session:
        frame, picture = await session.next_frame()
        clock = ClockFinding(_clock_of_frame(frame, None if session.sign is None else session.sign.clock))
    took_s = parts.clock.monotonic() - opened - measuring.took_s
    measured = measuring.measured
    watched_s = 0.0 if measured is None else measured.watched_ms / 1000
    sound = None if measured is None else measured.sound
    return Found(_transport(source.address), frame, picture, measured, clock, max(0.0, took_s), watched_s, sound)


def _clock_of_frame(frame: Frame, refusal: str | None) -> str | None:
    """Only a playlist says when its pictures were taken."""
    return None if frame.source != "receipt" else refusal or "no_clock"


class Measuring:
    """Decodes as `decoders` do, and has the first file that it gets measured too. `took_s`: how long that took."""

    def __init__(self, decoders: Decoders) -> None:
        self._decoders = decoders
        self.measured: Measured | None = None
        self.took_s = 0.0

    async def decode(self, file: int, wanted: Wanted, before: Before) -> Pictures:
        """Raises CameraFailed."""
        found = await self._decoders.decode(file, wanted, before)
        if self.measured is None:
            began = asyncio.get_running_loop().time()
            self.measured = await self._decoders.measure(file, wanted.kind)
            self.took_s = asyncio.get_running_loop().time() - began
        return found


def _transport(address: str) -> str:
    return TRANSPORTS.get(urlsplit(address).scheme, "file")
