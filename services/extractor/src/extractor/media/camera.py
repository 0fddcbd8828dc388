"""One session with a camera over RTSP: packets in, sampled pictures with their capture times out, until it ends."""

import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import av
from av.stream import Discard

from extractor.media.colour import displayable
from extractor.media.picture import Picture, picture_of
from extractor.media.scene import Reference, SceneMeter
from extractor.media.source import CODECS
from extractor.model.cadence import Action, Cadence
from extractor.model.camera_failures import (
    CameraFailed,
    CodecNotTaken,
    NoAnswer,
    NoKeyframe,
    NoPicture,
    NotRtsp,
    PicturesTooLarge,
    Redirected,
    SessionEnded,
    SoundOnly,
    WrongPassword,
    WrongPath,
)
from extractor.model.capture_time import Arrival, CaptureClock, CaptureTime
from extractor.model.media_times import MediaTime, MediaTimes
from extractor.model.options import Orientation, PictureOptions
from extractor.model.pictures import MAX_PIXELS
from extractor.model.scene import Scene
from extractor.model.stream_meter import Measured, StreamMeter

IO_TIMEOUT_S = 10.0
"""Without a byte; the parent's watchdog is behind it."""
RTSP_OPTIONS = {
    "rtsp_transport": "tcp",
    "allowed_media_types": "video",  # with sound set up too, FFmpeg rebuilds times from the reports: they then leap
    "timeout": str(round(IO_TIMEOUT_S * 1_000_000)),
    "analyzeduration": "0",  # opens in 0.07 s instead of 1.1
    "probesize": "32",
}
WITH_SOUND = RTSP_OPTIONS | {"allowed_media_types": "video+audio"}
HOLD_BACK_S = 1.0
"""Pictures of a session's first second wait: a camera may send old ones first, and only later ones tell."""
MAX_KEYFRAME_WAIT_S = 10.0
MAX_CLOCK_STEP_S = 1.0
"""By which our clock may be set while a session lasts: times of receipt are counted from when it began."""
NO_PICTURE_S = 30.0
"""Without a picture, though packets come; at least three times the cadence."""
UPRIGHT = Orientation()

FAILURE_BY_ERROR: tuple[tuple[type[Exception] | tuple[type[Exception], ...], type[CameraFailed]], ...] = (
    ((av.HTTPUnauthorizedError, av.HTTPForbiddenError), WrongPassword),
    (av.HTTPNotFoundError, WrongPath),
    ((av.TimeoutError, av.ExitError), NoAnswer),
    ((av.InvalidDataError, av.ProtocolNotFoundError), NotRtsp),
    (av.PermissionError, Redirected),  # the sandbox refuses every port but the relay's
)
ReportedPacket = struct.Struct("=q")
"""AVProducerReferenceTime begins with Unix microseconds; FFmpeg sets it on every packet once a report has come."""
NTP = struct.Struct("=Q")
NTP_OFFSET = 8
"""Of the 64-bit time stamp in AVRTCPSenderReport, behind its SSRC."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the relay listens, and the camera's path with its query."""

    port: int
    path: str

    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}{self.path}"


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture as it is stored, and when it was taken."""

    picture: Picture
    keyframe: bool
    captured: CaptureTime
    scene: Scene


@dataclass(slots=True)
class _Waiting:
    """A picture of the first second, by its media time; None: it is the session's first, and has none."""

    media_s: float | None
    picture: Picture
    keyframe: bool
    scene: Scene


class Session:
    """Blocks in `samples`; `stop` ends it at the next packet. Counts what it saw, for signs of life."""

    def __init__(
        self,
        address: Address,
        every_s: float,
        options: PictureOptions,
        stop: threading.Event,
        reference: Reference | None = None,
        meter: StreamMeter | None = None,
    ) -> None:
        """`meter`: takes every packet, for `measured`."""
        self._address, self._options, self._stop = address, options, stop
        self._cadence, self._clock, self._every_s = Cadence(every_s), CaptureClock(), every_s
        self._times = MediaTimes()
        self._is_reported = self._reports_hold = False
        self._scenes, self._meter = SceneMeter(reference), meter
        self._opened_s = time.monotonic()
        self._first_frame_s: float | None = None
        self.packets = 0
        self.codec = ""

    @property
    def clock_refusal(self) -> str | None:
        """Why times are those of receipt."""
        return self._clock.refusal

    @property
    def measured(self) -> Measured | None:
        """What the stream is like so far; None without a meter."""
        return None if self._meter is None else self._meter.measured(self.codec, self._first_frame_s)

    def samples(self, alive: Callable[[], None]) -> Iterator[Sample]:
        """Pictures in the order of decoding, about one each `every_s`. Raises CameraFailed when the session ends.

        `alive` is called when the camera plays, and for every packet.
        """
        try:
            with av.open(self._address.url(), options=RTSP_OPTIONS) as container:
                yield from self._read(container, alive)
        except (av.FFmpegError, OSError) as error:
            raise failure_for(error) from error
        if not self._stop.is_set():
            raise SessionEnded("")

    def _read(self, container: Any, alive: Callable[[], None]) -> Iterator[Sample]:
        stream = next((each for each in container.streams.video if _takes(each)), None)
        if stream is None:
            codecs = [_codec_name(each) for each in container.streams.video]
            raise CodecNotTaken(", ".join(codecs)) if codecs else SoundOnly("")
        for other in container.streams:
            other.discard = Discard.default if other is stream else Discard.all
        self.codec = stream.codec_context.name
        alive()
        check_size(stream.codec_context)
        decoder = _Decoder(stream)
        steady = time.time() - time.monotonic()
        waiting: list[_Waiting] | None = []
        began = pictured = time.monotonic()
        for packet in container.demux(stream):
            if self._stop.is_set():
                return
            if not packet.size:
                continue
            now = time.monotonic()
            if abs(time.time() - now - steady) > MAX_CLOCK_STEP_S:
                raise SessionEnded("our clock was set")
            self.packets += 1
            alive()
            media = self._take_time(packet, steady + now)
            if self._meter is not None and (media.known or self._meter.packets):  # the first packet has no time
                self._meter.take(media.at_s, now, packet.size, keyframe=packet.is_keyframe)
            action = self._cadence.take(now, media.at_s, packet.is_keyframe)
            if not decoder.has_keyframe and not packet.is_keyframe and now - began > MAX_KEYFRAME_WAIT_S:
                raise NoKeyframe("")
            frame = decoder.take(packet, action)
            if now - pictured > max(NO_PICTURE_S, 3 * self._every_s):
                raise NoPicture("")
            if frame is not None:
                check_size(frame)
                pictured = now
                self._first_frame_s = self._first_frame_s or time.monotonic() - self._opened_s
                picture = picture_of(displayable(frame), UPRIGHT, self._options)
                frame_s = float(frame.pts * stream.time_base) if frame.pts is not None else None
                scene = self._scenes.measure(picture.luma, now)
                made = _Waiting(frame_s, picture, bool(frame.key_frame), scene)
                if waiting is None:
                    yield self._timed(made)
                else:
                    waiting.append(made)
            if waiting is not None and now - began >= HOLD_BACK_S:
                yield from map(self._timed, waiting)
                waiting = None

    def _take_time(self, packet: Any, received_s: float) -> MediaTime:
        """Its media time, seconds; written into the packet where it was wrong, for the frame that comes of it.

        Where the first report comes in mid-stream FFmpeg gives a picture the camera's time of the one after it, and so
        it goes on, up to a picture of several RTP packets: a keyframe is one. The first packet with such a time never
        counts: its report may have come behind the packets of a picture that FFmpeg ends with the one after it.
        """
        media = self._times.take(None if packet.pts is None else float(packet.pts * packet.time_base))
        is_reported = packet.has_sidedata("prft")
        counts, self._is_reported = self._is_reported and is_reported, self._is_reported or is_reported
        self._reports_hold = self._reports_hold or (packet.is_keyframe and is_reported)
        if packet.pts is not None and media.known:
            arrival = arrival_of(packet, media.at_s, received_s)
            self._clock.arrived(arrival if self._reports_hold and counts else Arrival(media.at_s, received_s))
        elif packet.pts is not None:
            packet.pts = round(media.at_s / packet.time_base)
        return media

    def _timed(self, made: _Waiting) -> Sample:
        media_s = self._times.first_s if made.media_s is None else made.media_s
        return Sample(made.picture, made.keyframe, self._clock.captured(media_s), made.scene)


def sound_codec(address: Address) -> str:
    """Of what a camera sends beside its pictures; empty where it offers none. Raises CameraFailed."""
    try:
        with av.open(address.url(), options=WITH_SOUND) as container:
            found = [_codec_name(each) for each in container.streams.audio]
    except (av.FFmpegError, OSError) as error:
        raise failure_for(error) from error
    return found[0] if found else ""


class _Decoder:
    """Holds the packets of the group of pictures that is under way, and decodes as the cadence says."""

    def __init__(self, stream: Any) -> None:
        self._codec = stream.codec_context
        self._codec.thread_type, self._codec.thread_count = "NONE", 1  # threads add frames of delay and memory
        self._codec.options = {"max_pixels": str(MAX_PIXELS)}  # in the middle of a stream too
        self._held: list[Any] = []
        self._fed = False
        self._owes = False
        self.has_keyframe = False

    def take(self, packet: Any, action: Action) -> Any | None:
        """The sample's frame, if this packet brought it. Raises av.FFmpegError for what the decoder cannot take."""
        if packet.is_keyframe:
            self._begin_group()
        if action is Action.SKIP:
            return None
        if action is Action.SAMPLE_KEYFRAME:
            frames = [*self._decode(packet), *self._decode(None)]
            self._reset()
            return frames[-1] if frames else None
        self._held.append(packet)
        if action is Action.HOLD and not self._owes:
            return None
        last = None  # the others are let go at once: a frame of 1080p is 3 MB
        for each in self._held:
            for frame in self._decode(each):
                last = frame
        self._held = []
        if action is Action.FEED:
            return None
        self._owes = last is None  # a decoder that reorders gives the first pictures of a group late
        return last

    def _begin_group(self) -> None:
        self.has_keyframe = True
        self._held = []
        if self._fed:
            self._reset()

    def _decode(self, packet: Any | None) -> list[Any]:
        """Damage in the stream costs the pictures that it hits."""
        self._fed = True
        try:
            return list(self._codec.decode(packet))
        except av.InvalidDataError:
            return []

    def _reset(self) -> None:
        self._codec.flush_buffers()
        self._fed = False


def check_size(pictures: Any) -> None:
    """Of a stream or a frame. Raises PicturesTooLarge: the parent takes none, and memory is that of all cameras."""
    if pictures.width * pictures.height > MAX_PIXELS:
        raise PicturesTooLarge(f"{pictures.width} x {pictures.height}")


def failure_for(error: Exception) -> CameraFailed:
    """What FFmpeg's error means. What could not be connected the relay knows better."""
    for kinds, failure in FAILURE_BY_ERROR:
        if isinstance(error, kinds):
            return failure(str(error.strerror) if isinstance(error, OSError) else "")
    return SessionEnded(type(error).__name__)


def arrival_of(packet: Any, media_s: float, received_s: float) -> Arrival:
    """What the clock hears of a packet."""
    camera_s = report = None
    if packet.has_sidedata("prft"):
        camera_s = ReportedPacket.unpack_from(bytes(packet.get_sidedata("prft")))[0] / 1_000_000
    if packet.has_sidedata("rtcp_sr"):
        report = NTP.unpack_from(bytes(packet.get_sidedata("rtcp_sr")), NTP_OFFSET)[0]
    return Arrival(media_s, received_s, camera_s, report)


def _codec_name(stream: Any) -> str:
    """A stream whose codec FFmpeg does not know has no context."""
    return "unknown" if stream.codec_context is None else str(stream.codec_context.name)


def _takes(stream: Any) -> bool:
    return stream.codec_context is not None and stream.codec_context.name in CODECS
