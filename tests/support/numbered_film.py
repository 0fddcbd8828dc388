"""Pictures that can be told apart, encoded once and shown over and over: what a camera sends for nearly nothing.

Each has the milliseconds of its place in the film drawn into it (`clock_pictures.draw`), and a round begins whenever
Unix time is a multiple of its length. So what a reader makes of it can be held against what was shown, and when.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
from fakecamera.pictures import Coded, looped, parameter_sets
from fakecamera.rtp import H264, H265, Codec, nal_units
from tests.support.clock_pictures import RATE, Luma, frame_of, luma_of, read

LENGTH = 99
"""Pictures: no clock that is wrong by whole seconds looks right."""
LENGTH_MS = LENGTH * 1000 // RATE
MAX_DIFFERENCE = 6.0
"""Of a picture from the one that was drawn, grey levels on average in its worst block; the next one is off by more."""


class NumberedFilm:
    """As ClockPictures, 640x360 at 25 a second."""

    def __init__(self, codec: Codec = H264, group: int = 25, b_frames: int = 0) -> None:
        self.codec = codec
        encoder = _encoder(codec, group, b_frames)
        packets = [packet for number in range(LENGTH) for packet in encoder.encode(frame_of(number, number))]
        packets += encoder.encode(None)
        behind = max(int(packet.pts) - number for number, packet in enumerate(packets))
        self._coded = [
            Coded((number + behind) / RATE, int(packet.pts) / RATE, tuple(nal_units(bytes(packet))))
            for number, packet in enumerate(packets)
        ]
        self.parameter_sets = parameter_sets(self._coded[0].nals, codec)

    def play(self, from_s: float) -> Iterator[Coded]:
        return looped(self._coded, LENGTH / RATE, from_s, self.codec)


def _encoder(codec: Codec, group: int, b_frames: int) -> Any:
    encoder: Any = av.CodecContext.create("libx265" if codec is H265 else "libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 640, 360, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, RATE), Fraction(RATE)
    encoder.max_b_frames, encoder.gop_size, encoder.thread_count = b_frames, group, 1
    groups = f"bframes={b_frames}:b-adapt=0:keyint={group}:min-keyint={group}:scenecut=0:open-gop=0"
    own = "annexb=1:repeat-headers=1"
    own += ":log-level=none:pools=1:frame-threads=1" if codec is H265 else ""
    name = "x265-params" if codec is H265 else "x264-params"
    encoder.options = {"preset": "ultrafast", "crf": "22", name: f"{groups}:{own}"}
    return encoder


def shown_ms(jpeg: bytes) -> int | None:
    """Place in the film, if the whole picture is as it was drawn, but for what encoders lose; else None."""
    decoded = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    luma: Luma = np.asarray(decoded, np.uint8)
    drawn_ms = read(luma)
    return drawn_ms if drawn_ms is not None and difference(luma, drawn_ms) < MAX_DIFFERENCE else None


def difference(luma: Luma, drawn_ms: int) -> float:
    """From the picture of that time, grey levels in the block that is most off."""
    off = np.abs(luma.astype(np.float32) - full_range(luma_of(drawn_ms * RATE // 1000)))
    return float(off.reshape(9, 40, 16, 40).mean(axis=(1, 3)).max())


def full_range(luma: Luma) -> Any:
    """As a JPEG has it."""
    return ((luma.astype(np.float32) - 16) * 255 / 219).clip(0, 255)


def off_ms(captured_ms: int, drawn_ms: int) -> int:
    """Of a claimed time from the nearest one at which that place of the film was shown."""
    return (captured_ms - drawn_ms + LENGTH_MS // 2) % LENGTH_MS - LENGTH_MS // 2
