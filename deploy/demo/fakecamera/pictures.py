"""What a fake camera shows: pictures that are encoded already, each with the time at which it is due."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import av
import numpy as np
from numpy.typing import NDArray

from fakecamera.rtp import H264, H265, Codec, nal_units

Luma = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Coded:
    """One picture: when it is sent and when it is shown, seconds since the first; its NAL units."""

    due_s: float
    shown_s: float
    nals: tuple[bytes, ...]


class Pictures(Protocol):
    """An endless film."""

    @property
    def codec(self) -> Codec: ...

    @property
    def parameter_sets(self) -> tuple[bytes, ...]:
        """VPS of H.265, SPS and PPS, for the session's description."""

    def play(self, from_s: float) -> Iterator[Coded]:
        """From the first keyframe that is due at that time of the film, in the order of sending; once a viewer."""


class LoopedClip:
    """An H.264 or H.265 file, over and over, `length_s` each round."""

    def __init__(self, path: Path) -> None:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            name = stream.codec_context.name
            self.codec = H265 if name == "hevc" else H264
            filtered = av.BitStreamFilterContext(f"{name}_mp4toannexb", stream)
            units = [each for packet in container.demux(stream) for each in filtered.filter(packet) if each.size]
            base = float(stream.time_base or 0)
            first = units[0].dts or 0
            times = [((each.dts or 0) - first, (each.pts or 0) - first) for each in units]
            step = times[1][0] - times[0][0]
            self.length_s = (times[-1][0] + step) * base
            reordering = max(shown - due for due, shown in times)  # no camera sends a picture before it took it
            self._coded = [
                Coded((due + reordering) * base, shown * base, tuple(nal_units(bytes(each))))
                for (due, shown), each in zip(times, units, strict=True)
            ]
        self.parameter_sets = parameter_sets(self._coded[0].nals, self.codec)

    def play(self, from_s: float) -> Iterator[Coded]:
        return looped(self._coded, self.length_s, from_s, self.codec)


def looped(film: list[Coded], length_s: float, from_s: float, codec: Codec = H264) -> Iterator[Coded]:
    """Over and over; a round begins whenever the time is a multiple of its length."""
    begins, begun = from_s // length_s * length_s, False
    while True:
        for each in film:
            begun = begun or (begins + each.due_s >= from_s and is_keyframe(each, codec))
            if begun:
                yield Coded(begins + each.due_s, begins + each.shown_s, each.nals)
        begins += length_s


class Changed:
    """Other pictures than a clip's first seconds show: each as grey planes and colours is changed and encoded anew."""

    codec = H264
    LENGTH = 100
    """Pictures; then they begin anew."""

    def __init__(self, path: Path, change: Callable[[Luma], Luma]) -> None:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            rate = stream.average_rate or Fraction(25)
            frames = [_changed(each, change) for each in islice(container.decode(stream), self.LENGTH)]
        encoder: Any = av.CodecContext.create("libx264", "w")
        encoder.width, encoder.height, encoder.pix_fmt = frames[0].width, frames[0].height, "yuv420p"
        encoder.time_base, encoder.framerate, encoder.gop_size, encoder.max_b_frames = 1 / rate, rate, 25, 0
        encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": "annexb=1:repeat-headers=1"}
        self._coded = []
        for number, frame in enumerate(frames):
            frame.pts, frame.time_base = number, 1 / rate
            for packet in encoder.encode(frame):
                due = float(number / rate)
                self._coded.append(Coded(due, due, tuple(nal_units(bytes(packet)))))
        self.length_s = float(len(frames) / rate)
        self.parameter_sets = parameter_sets(self._coded[0].nals)

    def play(self, from_s: float) -> Iterator[Coded]:
        return looped(self._coded, self.length_s, from_s)


def _changed(frame: av.VideoFrame, change: Callable[[Luma], Luma]) -> av.VideoFrame:
    planes = np.asarray(frame.to_ndarray(format="yuv420p"), np.uint8)
    planes[: frame.height] = change(planes[: frame.height])
    return av.VideoFrame.from_ndarray(planes, format="yuv420p")


def is_keyframe(coded: Coded, codec: Codec = H264) -> bool:
    """Whether it has a slice from which a player can begin."""
    return any(codec.kind(nal) in codec.keyframes for nal in coded.nals)


def parameter_sets(nals: tuple[bytes, ...], codec: Codec = H264) -> tuple[bytes, ...]:
    """Those of them that are parameter sets."""
    return tuple(nal for nal in nals if codec.kind(nal) in codec.sets)
