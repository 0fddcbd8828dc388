"""Pictures of a still, of a segment of HLS, or of a video at wanted times."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import av

from extractor.media.camera import check_size
from extractor.media.colour import displayable
from extractor.media.picture import Picture, picture_of
from extractor.media.scene import SceneMeter
from extractor.media.source import CODECS, FORMATS
from extractor.model.camera_failures import CodecNotTaken, NoPicture, NotAPicture
from extractor.model.options import Orientation, PictureOptions
from extractor.model.pictures import MAX_PIXELS
from extractor.model.scene import Scene
from extractor.model.stream_meter import Measured, StreamMeter

MAGIC_BYTES = 8
STILLS = {b"\xff\xd8\xff": "mjpeg", b"\x89PNG\r\n\x1a\n": "png"}
SEGMENT_FORMATS = "mpegts,mov,mp4,m4a,3gp,3g2,mj2"
"""Transport streams and fragments of MP4 (RFC 8216, 3)."""
UPRIGHT = Orientation()
MEASURED_PACKETS = 3000
"""Of a file, its first ones."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture as it is stored; `at_s` after the first of its file, `length_s` of the file where it says so."""

    picture: Picture
    scene: Scene
    at_s: float
    keyframe: bool
    length_s: float | None = None


def shown(
    file: int, kind: str, at_s: Sequence[float], near_s: float, quality: int, meter: SceneMeter
) -> Iterator[Shown]:
    """The pictures of an open file at these times; of a `still` the one that there is. For `meter` it begins at 0 s.

    Of a `segment` a keyframe that is nearer than `near_s` is taken for a wanted time. Raises CameraFailed.
    """
    options = PictureOptions(quality)
    if kind == "still":
        yield _still(file, options, meter)
        return
    try:
        with _opened(file, kind) as container:
            video = _Video(container)
            found = 0
            for frame, at in video.sought(at_s) if kind == "video" else video.picked(at_s, near_s):
                check_size(frame)
                picture = picture_of(displayable(frame), UPRIGHT, options)
                found += 1
                scene = meter.measure(picture.luma, at)
                yield Shown(picture, scene, at, bool(frame.key_frame), video.length_s)
            if not found:
                raise NoPicture("")
    except av.FFmpegError as error:
        raise NoPicture(type(error).__name__) from error


def measured(file: int, kind: str) -> Measured:
    """What the stream in an open file is like; of a `still` its codec alone. Raises CameraFailed."""
    if kind == "still":
        return Measured(codec=_still_codec(os.pread(file, MAGIC_BYTES, 0)), packets=1, watched_ms=0)
    try:
        with _opened(file, kind) as container:
            return _measured(container)
    except av.FFmpegError as error:
        raise NoPicture(type(error).__name__) from error


def _measured(container: Any) -> Measured:
    stream, meter = _video_of(container), StreamMeter()
    sounds = [each.codec_context for each in container.streams.audio]
    sound = "" if not sounds else "unknown" if sounds[0] is None else str(sounds[0].name)
    for packet in islice(container.demux(stream), MEASURED_PACKETS):
        if packet.size and packet.pts is not None:
            at_s = float(packet.pts * stream.time_base)
            meter.take(at_s, at_s, packet.size, keyframe=packet.is_keyframe)
    return meter.measured(str(stream.codec_context.name), sound=sound)


def _opened(file: int, kind: str) -> Any:
    """The container of an open file, from its beginning; a context. Raises av.FFmpegError."""
    os.lseek(file, 0, os.SEEK_SET)
    formats = SEGMENT_FORMATS if kind == "segment" else FORMATS
    return av.open("fd:", options={"fd": str(file), "protocol_whitelist": "fd", "format_whitelist": formats})


def _still_codec(data: bytes) -> str:
    """By what it begins with. Raises NotAPicture."""
    codec = next((codec for magic, codec in STILLS.items() if data.startswith(magic)), None)
    if codec is None:
        raise NotAPicture("")
    return codec


def _still(file: int, options: PictureOptions, meter: SceneMeter) -> Shown:
    data = os.pread(file, os.fstat(file).st_size, 0)
    context: Any = av.CodecContext.create(_still_codec(data), "r")
    context.thread_type, context.thread_count = "NONE", 1
    context.options = {"max_pixels": str(MAX_PIXELS)}
    try:
        frames = [*context.decode(av.Packet(data)), *context.decode(None)]
    except av.FFmpegError as error:
        raise NoPicture(type(error).__name__) from error
    if not frames:
        raise NoPicture("")
    check_size(frames[0])
    picture = picture_of(displayable(frames[0]), UPRIGHT, options)
    return Shown(picture, meter.measure(picture.luma, 0.0), 0.0, keyframe=True)


def _video_of(container: Any) -> Any:
    found = [each for each in container.streams.video if each.codec_context is not None]
    stream = next((each for each in found if each.codec_context.name in CODECS), None)
    if stream is None:
        raise CodecNotTaken(", ".join(str(each.codec_context.name) for each in found))
    check_size(stream.codec_context)
    context = stream.codec_context
    context.thread_type, context.thread_count = "NONE", 1
    context.options = {"max_pixels": str(MAX_PIXELS)}
    return stream


class _Video:
    """The one video stream of an open file."""

    def __init__(self, container: Any) -> None:
        """Raises CodecNotTaken, PicturesTooLarge."""
        self._container, self._stream = container, _video_of(container)
        self._codec = self._stream.codec_context

    @property
    def length_s(self) -> float | None:
        """As the container declares it."""
        return self._container.duration / av.time_base if self._container.duration else None

    def sought(self, at_s: Sequence[float]) -> Iterator[tuple[Any, float]]:
        """Of a file of any length: the picture at each time, the last before the end."""
        start = self._stream.start_time or 0
        for wanted in at_s:
            self._container.seek(start + round(wanted / self._stream.time_base), stream=self._stream, backward=True)
            found = None
            for frame in self._container.decode(self._stream):
                at = 0.0 if frame.pts is None else float((frame.pts - start) * self._stream.time_base)
                if found is not None and at > wanted:
                    break
                found = frame, at
            if found is None:
                raise NoPicture("")
            yield found

    def picked(self, at_s: Sequence[float], near_s: float) -> Iterator[tuple[Any, float]]:
        """Of a segment, read once: the keyframe that is near enough to a wanted time, else the picture of that time.

        Times count from the first packet that has one. What is asked for behind the end is the last picture.
        """
        packets = [each for each in self._container.demux(self._stream) if each.size]
        keys = [number for number, each in enumerate(packets) if each.is_keyframe]
        if not keys:
            raise NoPicture("")
        start = next((each.pts for each in packets[keys[0] :] if each.pts is not None), 0)
        times = [0.0 if each.pts is None else float((each.pts - start) * self._stream.time_base) for each in packets]
        for wanted in at_s:
            key = min(keys, key=lambda number: abs(times[number] - wanted))
            last = key
            if abs(times[key] - wanted) >= near_s:
                last = next((number for number, at in enumerate(times) if at >= wanted), len(packets) - 1)
                key = max((number for number in keys if number <= last), default=keys[0])
            frame = self._decoded(packets[key : max(key, last) + 1])
            if frame is not None:
                at = times[last] if frame.pts is None else float((frame.pts - start) * self._stream.time_base)
                yield frame, max(0.0, at)

    def _decoded(self, group: Sequence[Any]) -> Any | None:
        """The last picture of the packets since a keyframe; damage costs the pictures that it hits."""
        last = None
        for packet in (*group, None):
            try:
                for frame in self._codec.decode(packet):
                    last = frame
            except av.InvalidDataError:
                continue
        self._codec.flush_buffers()
        return last
