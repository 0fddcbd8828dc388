"""From a row of a probe and what came of it to `camera.probe`."""

from dataclasses import dataclass
from datetime import datetime

from chassis.errors import CodedError
from extractor.discovery.discoverer import Discovered
from extractor.discovery.onvif import Known, Stream
from extractor.live.reader import Frame
from extractor.model.discovery import LONGEST_ADDRESS, shown
from extractor.model.probes import ClockFinding
from extractor.model.stream_meter import Measured
from tablewatch_schemas import (
    CameraCommand,
    CameraProbe,
    CameraProbeDevice,
    CameraProbeDeviceError,
    CameraProbeDeviceProfile,
    CameraProbeDeviceProfileError,
    CameraProbeError,
    CameraProbeFound,
    CameraProbeFoundClock,
    Encoded,
    Received,
    encode,
)

SOURCE = "tablewatch/extractor"
VERSION = 1
"""There is one answer to a probe."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a camera sends. `measured` None: nothing is known of the stream but its pictures. Times in seconds."""

    transport: str
    frame: Frame
    picture: bytes
    measured: Measured | None
    clock: ClockFinding
    first_frame_s: float
    watched_s: float
    sound: str | None = None
    """Codec; empty where there is none, None where that is not known."""


def found_event(cause: Received[CameraCommand], found: Found, snapshot_key: str, now: datetime) -> Encoded:
    """The answer of a probe that read its camera."""
    return _answer(cause, now, found=_found(found), snapshot_key=snapshot_key)


def discovered_event(cause: Received[CameraCommand], found: Discovered, now: datetime) -> Encoded:
    """The answer of a discovery, also of one that found nothing."""
    return _answer(cause, now, discovered=found)


def failed_event(cause: Received[CameraCommand], failure: CodedError, now: datetime) -> Encoded:
    """The answer of one that did not. The failure's detail is for the log."""
    return _answer(cause, now, error=CameraProbeError(code=failure.code, reason=failure.sentence))


def _answer(
    cause: Received[CameraCommand],
    now: datetime,
    *,
    error: CameraProbeError | None = None,
    found: CameraProbeFound | None = None,
    snapshot_key: str | None = None,
    discovered: Discovered | None = None,
) -> Encoded:
    command = cause.event
    if command is None:
        raise ValueError("a probe is asked for by a command, not by a tombstone")
    event = CameraProbe(
        probe_id=command.probe_id,
        site_id=command.site_id,
        version=VERSION,
        action=command.action,
        status="done" if error is None else "failed",
        requested_at=command.requested_at,
        answered_at=now,
        error=error,
        found=found,
        snapshot_key=snapshot_key,
        devices=None if discovered is None else tuple(map(_device, discovered.devices)),
        interfaces=None if discovered is None else discovered.interfaces,
        others=None if discovered is None else discovered.others,
        left_out=None if discovered is None else discovered.left_out,
    )
    return encode(event, source=SOURCE, time=now, cause=cause)


def _found(found: Found) -> CameraProbeFound:
    measured, sound = found.measured, found.sound
    return CameraProbeFound(
        transport=found.transport,
        codec=measured.codec if measured else None,
        width=found.frame.width,
        height=found.frame.height,
        frames_per_s=measured.frames_per_s if measured else None,
        gop_frames=measured.gop_frames if measured else None,
        gop_ms=measured.gop_ms if measured else None,
        bits_per_s=measured.bits_per_s if measured else None,
        first_frame_ms=round(found.first_frame_s * 1000),
        watched_ms=round(found.watched_s * 1000),
        sound=None if sound is None else bool(sound),
        sound_codec=sound or None,
        clock=CameraProbeFoundClock(usable=found.clock.code is None, code=found.clock.code, reason=found.clock.reason),
    )


def _device(known: Known) -> CameraProbeDevice:
    failure = known.failure
    return CameraProbeDevice(
        endpoint=shown(known.device.endpoint, LONGEST_ADDRESS),
        name=known.name,
        maker=known.maker,
        model=known.model,
        addresses=tuple(map(str, known.device.senders)),
        service_address=known.service_address,
        needs_password=known.needs_password,
        profiles=tuple(map(_profile, known.streams)),
        error=None if failure is None else CameraProbeDeviceError(code=failure.code, reason=failure.sentence),
    )


def _profile(stream: Stream) -> CameraProbeDeviceProfile:
    failure = stream.failure
    return CameraProbeDeviceProfile(
        name=stream.name,
        codec=stream.codec,
        width=stream.width,
        height=stream.height,
        frames_per_s=stream.frames_per_s,
        stream_address=stream.stream_address,
        snapshot_address=stream.snapshot_address,
        error=None if failure is None else CameraProbeDeviceProfileError(code=failure.code, reason=failure.sentence),
    )
