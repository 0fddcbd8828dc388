"""Opening an untrusted file: by descriptor, from an allowlist of formats and codecs, the video stream that is taken."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.stream import Discard

from extractor.media.colour import UNSPECIFIED, Colours, colours_of
from extractor.model.failures import DecodeFailed, NoVideo
from tracks import declared_end, end_is_shared, open_track, read_packets

FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg"
"""Without playlists and concat files, which could name other files."""
CODECS = frozenset(
    {"h264", "hevc", "av1", "libdav1d", "vp8", "vp9", "libvpx", "libvpx-vp9", "mpeg4", "mpeg2video", "mpeg1video"}
    | {"mjpeg", "h263", "prores", "msmpeg4v3", "wmv2"}
)
UNSEEKABLE = ("mpegts", "mpeg", "avi")
"""Containers in which a seek does not land at the requested time."""
TRUNCATED_S = 2
"""A file that ends so long before its container declares is truncated."""


@dataclass(frozen=True, slots=True)
class Source:
    """An opened file and its one video stream, ready to be demuxed.

    `begins` is the time (ticks) at which a seek is known to lead to the first packet; None where that is not known.
    `file` is its descriptor, `recording` the bytes of it that were opened (None: all). `colours` are those that the
    container declares. `is_cut`: the recording ends within one of its elements. `holes`: bytes at which reading goes on
    behind damage, of a transport or program stream.
    """

    container: Any
    stream: Any
    file: int
    recording: tuple[int, int] | None = None
    begins: int | None = None
    colours: Colours = UNSPECIFIED
    is_cut: bool = False
    holes: tuple[int, ...] = ()

    @property
    def time_base(self) -> Fraction:
        return Fraction(self.stream.time_base)

    @property
    def seekable(self) -> bool:
        """AV1 lost frames after a seek when it was measured, so it is decoded from the start."""
        names = self.container.format.name.split(",")
        return not any(name in UNSEEKABLE for name in names) and self.codec not in ("av1", "libdav1d")

    @property
    def has_packet_times(self) -> bool:
        """AVI packets carry decode times only, and so do those of a codec of AVI in Matroska (`V_MS/VFW/FOURCC`)."""
        return not self.is_avi and not (self.is_matroska and self.stream.codec_context.codec_tag.strip("\0"))

    @property
    def is_avi(self) -> bool:
        """Its packets have numbers and no times."""
        return "avi" in self.container.format.name.split(",")

    @property
    def is_matroska(self) -> bool:
        """WebM is one."""
        return "matroska" in self.container.format.name.split(",")

    @property
    def is_transport(self) -> bool:
        return bool(self.container.format.name == "mpegts")

    @property
    def declares_end(self) -> bool:
        """A transport or program stream does not: FFmpeg takes its last stamp for it. Of an AVI see `avi`."""
        return self.has_packet_times and not self.wraps

    @property
    def wraps(self) -> bool:
        """The clock of transport and program streams has 33 bits."""
        return self.container.format.name in ("mpegts", "mpeg")

    @property
    def frame_ticks(self) -> Fraction:
        """Nominal duration of a frame in ticks; a 25th of a second if the stream declares none."""
        rate = self.stream.average_rate or self.stream.guessed_rate or Fraction(25)
        return 1 / (Fraction(rate) * self.time_base)

    @property
    def codec(self) -> str:
        return str(self.stream.codec_context.name)

    def seek(self, ticks: int) -> None:
        """To the keyframe at or before `ticks`. Raises av.FFmpegError."""
        self.container.seek(ticks, stream=self.stream, backward=True)

    def declared_end(self) -> int | None:
        """The end of the stream by its container, ticks; None if it declares none."""
        return declared_end(self.container, self.stream)

    @property
    def end_is_shared(self) -> bool:
        """Whether that end may be the one of sound or subtitles."""
        return end_is_shared(self.container, self.stream)


def open_source(file: int, recording: tuple[int, int] | None = None) -> Source:
    """From its beginning, or one recording of it (see `recordings`); one at a time, as they share the descriptor.

    Raises DecodeFailed for what is no video file, NoVideo for one without a stream of an allowed codec.
    """
    try:
        taken = open_track(lambda: _open(file, recording))
    except MemoryError:
        raise
    except (av.FFmpegError, OSError, ValueError) as error:
        raise DecodeFailed(str(error)) from error
    container, stream = taken.container, taken.stream
    if stream is None or stream.codec_context is None or stream.codec_context.name not in CODECS:
        container.close()
        raise NoVideo("none of an allowed codec")
    for other in container.streams:
        if other is not stream:
            other.discard = Discard.all
    stream.codec_context.thread_type = "NONE"
    stream.codec_context.thread_count = 1
    return Source(container, stream, file, recording, colours=colours_of(stream.codec_context))


def sound_reaches(source: Source, end: int, heartbeat: Callable[[], None]) -> bool:
    """Whether another stream goes on to within TRUNCATED_S of `end` (ticks of `source`): nothing was cut off there."""
    container = _open(source.file, source.recording)
    try:
        others = [each for each in container.streams if each.index != source.stream.index and each.type != "attachment"]
        for packet in read_packets(container, *others):
            heartbeat()
            if packet.size and packet.pts is not None and packet.time_base is not None:
                last = (packet.pts + (packet.duration or 0)) * packet.time_base
                if last + TRUNCATED_S >= end * source.time_base:
                    return True
    except av.FFmpegError:
        return False
    finally:
        container.close()
    return False


def _open(file: int, recording: tuple[int, int] | None) -> Any:
    options = {"fd": str(file), "protocol_whitelist": "fd", "format_whitelist": FORMATS, "correct_ts_overflow": "0"}
    name = "fd:"
    if recording is not None:
        name = "subfile,,start,{},end,{},,:fd:".format(*recording)
        options["protocol_whitelist"] = "subfile,fd"
    os.lseek(file, 0, os.SEEK_SET)
    return av.open(name, options=options)
