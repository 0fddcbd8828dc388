"""Opening a file of somebody else's: by path, from an allowlist of formats and codecs, its video stream only."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.stream import Discard

from extractor.files.failures import DECODE_FAILED, NO_VIDEO, Failed

FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg"
"""Playlists and concat files, which could name other files, are not among them."""
CODECS = frozenset(
    {"h264", "hevc", "av1", "libdav1d", "vp8", "vp9", "libvpx", "libvpx-vp9", "mpeg4", "mpeg2video", "mpeg1video"}
    | {"mjpeg", "h263", "prores", "msmpeg4v3", "wmv2"}
)
UNSEEKABLE = ("mpegts", "mpeg", "avi")
"""Containers in which a seek does not land where it was asked to."""


@dataclass(frozen=True, slots=True)
class Source:
    """An opened file and its one video stream, ready to be demuxed.

    `begins` is the time at which a seek is known to lead to the first packet, ticks; None where that was not found.
    """

    container: Any
    stream: Any
    begins: int | None = None

    @property
    def time_base(self) -> Fraction:
        return Fraction(self.stream.time_base)

    @property
    def seekable(self) -> bool:
        """AV1 lost frames after a seek when it was measured, so it is decoded from the start."""
        names = self.container.format.name.split(",")
        return not any(name in UNSEEKABLE for name in names) and self.codec not in ("av1", "libdav1d")

    @property
    def plannable(self) -> bool:
        """AVI packets carry no presentation times."""
        return "avi" not in self.container.format.name.split(",")

    @property
    def codec(self) -> str:
        return str(self.stream.codec_context.name)

    def seek(self, ticks: int) -> None:
        """To the keyframe at or before. Raises av.FFmpegError."""
        self.container.seek(ticks, stream=self.stream, backward=True)

    def declared_end(self) -> int | None:
        """Where the container says that the stream ends, ticks; None if it does not say."""
        first = self.stream.start_time or 0
        if self.stream.duration:
            return int(first + self.stream.duration)
        if self.container.duration:
            return int(first + Fraction(self.container.duration, 1_000_000) / self.time_base)
        return None


def open_source(path: str) -> Source:
    """Raises Failed: decode_failed for what is no video file, no_video for one without a picture that we decode."""
    options = {"protocol_whitelist": "file", "format_whitelist": FORMATS}
    try:
        container = av.open(path, options=options)
    except MemoryError:
        raise
    except (av.FFmpegError, OSError, ValueError) as error:
        raise Failed(DECODE_FAILED, str(error)) from error
    stream = picture_stream(container)
    if stream is None or stream.codec_context is None or stream.codec_context.name not in CODECS:
        container.close()
        raise Failed(NO_VIDEO, "none of an allowed codec")
    for other in container.streams:
        if other is not stream:
            other.discard = Discard.all
    stream.codec_context.thread_type = "NONE"
    stream.codec_context.thread_count = 1
    return Source(container, stream)


def picture_stream(container: Any) -> Any | None:
    """The first video stream that is no cover art or thumbnail."""
    for stream in container.streams.video:
        if not stream.disposition & (av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails):
            return stream
    return None
