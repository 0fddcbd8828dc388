"""Pictures with the time at which they were taken drawn into them, as bits, to be held against what a reader says.

    python -m tests.support.clock_pictures MODE=PORT...

serves cameras of these MODES until it is ended.
"""

import asyncio
import itertools
import math
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
from fakecamera.pictures import Coded, parameter_sets
from fakecamera.rtp import H264, nal_units
from fakecamera.server import Behaviour, CameraClock, fake_camera, honest
from numpy.typing import NDArray

WIDTH, HEIGHT, RATE = 640, 360, 25
BIT = 16
"""Pixels of a square."""
TIME_BITS, CHECK_BITS = 48, 8
WHITE, BLACK, BETWEEN = 220, 30, 125
Luma = NDArray[np.uint8]


class ClockPictures:
    """640x360 at 25 a second, encoded when they are due. The film's time is Unix time, so that a picture that is shown
    at 1,795,000,000.04 s has that time drawn into it.

    `group`: pictures from keyframe to keyframe. `b_frames`: between two others; they are sent after the later one.
    `old_s`: so much of the past comes first, all at once, as from a camera that keeps its last group for new viewers.
    """

    def __init__(self, group: int = 25, b_frames: int = 0, old_s: float = 0.0) -> None:
        self._group, self._b_frames, self._old_s = group, b_frames, old_s
        self.codec = H264
        self.parameter_sets = parameter_sets(next(self.play(60.0)).nals)

    def play(self, from_s: float) -> Iterator[Coded]:
        encoder = self._encoder()
        first = math.ceil((from_s - self._old_s) * RATE)
        for number in itertools.count(first):
            for packet in encoder.encode(frame_of(number, number - first)):
                shown = first + int(packet.pts)
                yield Coded(number / RATE, shown / RATE, tuple(nal_units(bytes(packet))))

    def _encoder(self) -> Any:
        encoder: Any = av.CodecContext.create("libx264", "w")
        encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        encoder.time_base, encoder.framerate = Fraction(1, RATE), Fraction(RATE)
        encoder.max_b_frames, encoder.gop_size, encoder.thread_count = self._b_frames, self._group, 1
        groups = f"bframes={self._b_frames}:b-adapt=0:keyint={self._group}:scenecut=0"
        parameters = f"{groups}:annexb=1:repeat-headers=1:rc-lookahead=0:sync-lookahead=0"
        encoder.options = {"preset": "ultrafast", "crf": "26", "x264-params": parameters}
        if not self._b_frames:
            encoder.options |= {"tune": "zerolatency"}
        return encoder


def frame_of(number: int, pts: int) -> Any:
    """Of the time `number / RATE`."""
    luma = luma_of(number)
    grey = np.full((HEIGHT // 2, WIDTH), 128, np.uint8)
    frame = av.VideoFrame.from_ndarray(np.concatenate([luma, grey]), format="yuv420p")
    frame.pts, frame.time_base = pts, Fraction(1, RATE)
    return frame


def luma_of(number: int) -> Luma:
    """A texture that moves, with the time in it."""
    luma = np.roll(TEXTURE, 3 * number, axis=1)
    draw(luma, round(number * 1000 / RATE))
    return luma


def _texture() -> Luma:
    coarse = np.random.default_rng(1).normal(110, 18, (HEIGHT // 8, WIDTH // 8)).clip(40, 200)
    return coarse.astype(np.uint8).repeat(8, 0).repeat(8, 1)


TEXTURE = _texture()


def draw(luma: Luma, unix_ms: int) -> None:
    """Two rows of squares at the top: the time, least significant bit first, and its check sum."""
    for place, bit in enumerate(_bits(unix_ms)):
        row, column = divmod(place, WIDTH // BIT)
        luma[row * BIT : (row + 1) * BIT, column * BIT : (column + 1) * BIT] = WHITE if bit else BLACK


def read(luma: Luma) -> int | None:
    """Unix milliseconds; None if they cannot be read."""
    squares = [divmod(place, WIDTH // BIT) for place in range(TIME_BITS + CHECK_BITS)]
    inner = [
        luma[row * BIT + 4 : row * BIT + 12, column * BIT + 4 : column * BIT + 12].mean() for row, column in squares
    ]
    unix_ms = sum(1 << place for place, level in enumerate(inner[:TIME_BITS]) if level > BETWEEN)
    return unix_ms if _bits(unix_ms) == [level > BETWEEN for level in inner] else None


def read_jpeg(jpeg: bytes) -> int | None:
    """The same of a stored picture."""
    decoded = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    return None if decoded is None else read(np.asarray(decoded, np.uint8))


def _bits(unix_ms: int) -> list[bool]:
    check = sum(unix_ms.to_bytes(TIME_BITS // 8, "big")) & 0xFF
    value = unix_ms | check << TIME_BITS
    return [bool(value >> place & 1) for place in range(TIME_BITS + CHECK_BITS)]


@dataclass(frozen=True, slots=True)
class Mode:
    """How a camera reports its clock, and what else is odd about it."""

    clock: Callable[[], CameraClock | None] = lambda: honest
    pictures: Callable[[], ClockPictures] = ClockPictures
    least_delay_s: float = 0.03
    jitter_s: float = 0.015

    def behaviour(self, seed: int) -> Behaviour:
        """Its line: the least delay, an exponential tail, and one picture in a hundred that is 0.4 s late."""
        chance = random.Random(seed)

        def delay_s() -> float:
            late = 0.4 if chance.random() < 0.01 else 0.0
            return self.least_delay_s + chance.expovariate(1 / self.jitter_s) + late

        return Behaviour(clock=self.clock(), delay_s=delay_s)


def off_by(seconds: float, after_s: float = 0.0) -> Callable[[], CameraClock]:
    """A clock that is so far ahead, from some time of the session on."""
    return lambda: lambda now, elapsed_s: now + (seconds if elapsed_s >= after_s else 0.0)


def late_first() -> CameraClock:
    """No report in the first five seconds."""
    return lambda now, elapsed_s: now if elapsed_s >= 5 else None


def standing_still() -> CameraClock:
    """Every report has the time of the first."""
    seen: list[float] = []

    def clock(now: float, elapsed_s: float) -> float:
        if elapsed_s < 1:
            seen[:] = [now]
        return seen[0]

    return clock


MODES: Mapping[str, Mode] = {
    "honest": Mode(),
    "none": Mode(clock=lambda: None),
    "late": Mode(clock=late_first),
    "stale": Mode(clock=standing_still),
    "hour-slow": Mode(clock=off_by(-3600)),
    "2s-fast": Mode(clock=off_by(2)),
    "2s-slow": Mode(clock=off_by(-2)),
    "jumps": Mode(clock=off_by(2, after_s=14)),
    "b-frames": Mode(pictures=lambda: ClockPictures(b_frames=2)),
    "slow-line": Mode(least_delay_s=0.3, jitter_s=0.1),
    "old-first": Mode(pictures=lambda: ClockPictures(old_s=3)),
}


async def serve(ports: Mapping[str, int]) -> None:
    async with AsyncExitStack() as stack:
        for seed, (name, port) in enumerate(ports.items()):
            mode = MODES[name]
            await stack.enter_async_context(fake_camera(mode.pictures(), mode.behaviour(seed), port=port))
        await asyncio.Event().wait()


if __name__ == "__main__":
    chosen = (argument.split("=") for argument in sys.argv[1:])
    asyncio.run(serve({name: int(port) for name, port in chosen}))
