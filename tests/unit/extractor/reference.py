"""What the right frames are, found the slow way: decode everything, then apply the rule as its page words it."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
from av.video.reformatter import VideoReformatter


@dataclass(frozen=True)
class Shown:
    """One frame of a full decode; `time` in seconds since the first."""

    time: Fraction
    keyframe: bool
    jpeg: bytes


@functools.lru_cache(maxsize=2)
def decode_everything(path: Path, quality: int = 85) -> list[Shown]:
    """Every frame of a file, in order of presentation."""
    shown: list[Shown] = []
    first: int | None = None
    scaler = VideoReformatter()  # `frame.to_ndarray` would set up swscale for every frame
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        for frame in frames_of(container, stream):
            ticks = next((time for time in (frame.pts, frame.dts) if time is not None), 0)
            first = ticks if first is None else first
            bgr = scaler.reformat(frame, format="bgr24", threads=1).to_ndarray()
            data: Any = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
            shown.append(Shown((ticks - first) * Fraction(stream.time_base or 1), bool(frame.key_frame), bytes(data)))
    return shown


def numbers_by_index(path: Path) -> dict[int, int]:
    """Of an AVI with one track and an index: places of pictures, and their numbers. FFmpeg counts what is left."""
    data = path.read_bytes() if path.suffix == ".avi" else b""
    index, movi = data.rfind(b"idx1"), data.find(b"movi")
    if index < 0:
        return {}
    entries = range(index + 8, index + 8 + int.from_bytes(data[index + 4 : index + 8], "little"), 16)
    return {
        movi + 8 + int.from_bytes(data[entry + 8 : entry + 12], "little"): number
        for number, entry in enumerate(each for each in entries if data[each : each + 4] == b"00dc")
    }


def frames_of(container: Any, stream: Any) -> Iterator[Any]:
    """As the ffmpeg command line does: a packet that is refused is left out."""
    packets, numbers = container.demux(stream), numbers_by_index(Path(container.name))
    while True:
        try:
            packet = next(packets)
            if numbers.get(packet.pos, packet.dts) != packet.dts:
                packet.pts, packet.dts = None, numbers[packet.pos]
            yield from stream.codec_context.decode(_or_flush(packet))
        except StopIteration:
            return
        except av.FFmpegError:
            continue


def _or_flush(packet: Any) -> Any:
    return packet if packet.size else None


def expected(shown: list[Shown], mode: str, every_ms: int | None) -> list[Shown]:
    """For each target k * every the first frame whose time is not before it, each frame once."""
    if mode == "all":
        return shown
    if mode == "keyframes":
        return [frame for frame in shown if frame.keyframe]
    assert every_ms is not None
    taken: list[Shown] = []
    target = Fraction(0)
    for frame in shown:
        if frame.time >= target:
            taken.append(frame)
        while target <= frame.time:
            target += Fraction(every_ms, 1000)
    return taken
