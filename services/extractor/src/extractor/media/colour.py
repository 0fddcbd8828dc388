"""The colours of decoded frames: what their tags mean, and HDR or wide-gamut pictures as an SDR screen shows them.

The table goes through `haldclut`, which is `lut3d` with the table as a picture: `lut3d` reads a file when it is set up,
and this process can open none (`sandbox`).
Sources: ITU-T H.273 (tags), BT.2100 (PQ, HLG), BT.2408 (203 nits), BT.1886 (2.4), ITU-R BT.709 and BT.2020 (primaries).
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import av
import numpy as np
from av.filter import Graph
from numpy.typing import NDArray

from extractor.media.scaler import scaler_for
from extractor.media.thread_cache import cached_by_thread

RGB, BT709, UNKNOWN, SMPTE170M, BT2020, BT2020_CL = 0, 1, 2, 6, 9, 10
"""Matrices; BT709, UNKNOWN and BT2020 are primaries too."""
RESERVED = 3
P3_D65 = 12
PQ, HLG = 16, 18
FULL_RANGE = 2

HD_WIDTH, HD_HEIGHT = 1280, 576
"""A picture without tags that is as wide, or is higher, is BT.709: what players take, and smaller ones are BT.601."""

DIFFUSE_WHITE_NITS = 203.0
KNEE = 0.95
"""Linear light, 1 is diffuse white: what is darker is kept as it is, what is brighter goes to 1 smoothly."""
SIDE = 64
"""Points along each axis of the table; 33 are enough, and a picture of a table needs a square: 64 = 8 * 8."""

Light = NDArray[np.float64]
Transfer = Literal["pq", "hlg", "sdr"]


@dataclass(frozen=True, slots=True)
class Colours:
    """Tags as H.273 numbers them."""

    matrix: int
    primaries: int
    transfer: int


UNSPECIFIED = Colours(UNKNOWN, UNKNOWN, UNKNOWN)

Table = tuple[Transfer, int]
"""What a table converts: the source's transfer and primaries."""


def colours_of(tagged: Any) -> Colours:
    """The tags of a frame or of a codec context."""
    return Colours(int(tagged.colorspace), int(tagged.color_primaries), int(tagged.color_trc))


def displayable(frame: Any, container: Colours = UNSPECIFIED) -> Any:
    """A frame whose plain conversion to 8-bit RGB is what an SDR BT.709 screen shows.

    SDR frames are returned themselves, with the matrix that their tags leave open. `container`: what it declares, for
    codecs that have no tags of their own. Raises av.FFmpegError.
    """
    colours = complete(colours_of(frame), container, frame.width, frame.height)
    if not frame.format.is_rgb:
        frame.colorspace = colours.matrix
    table = table_for(colours)
    return frame if table is None else _converted(frame, table)


def complete(frame: Colours, container: Colours, width: int, height: int) -> Colours:
    """What the frame's tags leave open is taken from the container's, then from each other, then from the size."""
    transfer = _first_known(frame.transfer, container.transfer)
    primaries = _first_known(frame.primaries, container.primaries)
    matrix = _first_known(frame.matrix, container.matrix)
    wide = primaries == BT2020 or (primaries == UNKNOWN and (transfer in (PQ, HLG) or matrix in (BT2020, BT2020_CL)))
    if matrix in (UNKNOWN, RGB):  # RGB of planes that are not: the tag is wrong
        matrix = BT2020 if wide else BT709 if width >= HD_WIDTH or height > HD_HEIGHT else SMPTE170M
    if matrix == BT2020_CL:  # swscale does not have it, and no camera writes it
        matrix = BT2020
    return Colours(matrix, BT2020 if wide else primaries, transfer)


def _first_known(*tags: int) -> int:
    return next((tag for tag in tags if tag not in (UNKNOWN, RESERVED)), UNKNOWN)


def table_for(colours: Colours) -> Table | None:
    """The table that makes SDR BT.709 of it; None where the picture is that, or is taken for it."""
    transfer = transfer_name(colours.transfer)
    primaries = colours.primaries if colours.primaries in PRIMARIES else BT709
    return None if (transfer, primaries) == ("sdr", BT709) else (transfer, primaries)


def transfer_name(tag: int) -> Transfer:
    """Of the transfer characteristics; everything that is not PQ or HLG is for SDR screens."""
    return "pq" if tag == PQ else "hlg" if tag == HLG else "sdr"


def _converted(frame: Any, table: Table) -> Any:
    """As BGR, by the table. In linear planes of float: 10-bit planes take twice the time."""
    size = frame.width, frame.height
    planes = scaler_for(frame, *size, "gbrpf32le").reformat(
        frame, format="gbrpf32le", interpolation="BICUBIC", threads=1
    )
    _tag_as_rgb(planes)
    try:
        shown = _lookup(*size, table).apply(planes)
    except (av.FFmpegError, MemoryError):
        _lookup.cache_clear()  # what is left in it would come out for the next frame
        raise
    return scaler_for(shown, *size, "bgr24").reformat(shown, format="bgr24", threads=1)


def _tag_as_rgb(frame: Any) -> None:
    """Frames of one graph have to be tagged alike."""
    frame.pts = 0
    frame.colorspace, frame.color_range = RGB, FULL_RANGE
    frame.color_primaries = frame.color_trc = UNKNOWN


class Lookup:
    """A filter graph that applies a table to planes of that size."""

    def __init__(self, width: int, height: int, table: Table) -> None:
        self._graph = graph = Graph()  # kept: its filters do not keep it, and crash without it
        graph.threads = 1
        self._source, points = _buffer(graph, width, height), _buffer(graph, *_table_size())
        lookup, self._sink = graph.add("haldclut", "interp=tetrahedral:clut=first"), graph.add("buffersink")
        self._source.link_to(lookup, 0, 0)
        points.link_to(lookup, 0, 1)
        lookup.link_to(self._sink)
        graph.configure()
        points.push(_table_picture(table))
        points.push(None)
        self._count = 0

    def apply(self, planes: Any) -> Any:
        """Another frame."""
        _clear_padding(planes)
        planes.pts, self._count = self._count, self._count + 1
        self._source.push(planes)
        return self._sink.pull()


def _clear_padding(planes: Any) -> None:
    """Zeros behind each row: the filter reads them, several pixels at once, and ends the process at a NaN.

    What stands there is whatever the memory held before.
    """
    for plane in planes.planes:
        rows = np.frombuffer(plane, np.float32).reshape(plane.height, -1)
        rows[:, plane.width :] = 0


@cached_by_thread(maxsize=1)
def _lookup(width: int, height: int, table: Table) -> Lookup:
    """One, for the last size; where the size changes in a file it is set up again, which takes 5 ms."""
    return Lookup(width, height, table)


def _buffer(graph: Graph, width: int, height: int) -> Any:
    tags = {"time_base": "1/1", "pixel_aspect": "1/1", "colorspace": "gbr", "range": "pc"}
    return graph.add("buffer", video_size=f"{width}x{height}", pix_fmt="gbrpf32le", **tags)


def _table_size() -> tuple[int, int]:
    side = round(SIDE**1.5)
    return side, side


@cached_by_thread(maxsize=2)
def _table_picture(table: Table) -> Any:
    """The points of the table row by row, red running fastest, then green, as FFmpeg's `haldclutsrc` orders them."""
    steps = np.linspace(0, 1, SIDE)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    points = sdr_of(np.stack([red.ravel(), green.ravel(), blue.ravel()], -1), table)
    picture = av.VideoFrame.from_ndarray(points.astype(np.float32).reshape(*_table_size(), 3), format="gbrpf32le")
    picture.time_base = Fraction(1)
    _tag_as_rgb(picture)
    return picture


def sdr_of(signal: Light, table: Table) -> Light:
    """Signals R'G'B' of SDR BT.709, 0 to 1, for those of the source. Shape (n, 3) both.

    Light of one diffuse white is 1; never hable, mobius or reinhard: they bend the mid tones (13 to 26 dB).
    """
    transfer, primaries = table
    light = LIGHT_OF[transfer](signal) @ (from_rgb(BT709, inverse=True) @ from_rgb(primaries)).T
    light = np.maximum(light, 0)
    shown = light if transfer == "sdr" else _shouldered(light)
    return np.asarray(np.clip(shown, 0, 1) ** (1 / 2.4))


def _shouldered(light: Light) -> Light:
    """By the largest channel, so that a bright colour keeps its hue."""
    peak = light.max(axis=1, keepdims=True)
    room = 1 - KNEE
    bent = KNEE + room * -np.expm1(-np.maximum(peak - KNEE, 0) / room)
    return np.asarray(light * np.where(peak > KNEE, bent / np.maximum(peak, KNEE), 1))


def _light_of_pq(signal: Light) -> Light:
    """BT.2100, table 4."""
    m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
    power = signal ** (1 / m2)
    return np.asarray(10_000 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1) / DIFFUSE_WHITE_NITS)


def _light_of_hlg(signal: Light) -> Light:
    """BT.2100, table 5: inverse OETF, then the OOTF of a screen of 1000 nits."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    luminance = scene @ np.array([0.2627, 0.6780, 0.0593])
    return np.asarray(1000 * scene * luminance[:, None] ** 0.2 / DIFFUSE_WHITE_NITS)


def _light_of_sdr(signal: Light) -> Light:
    """BT.1886."""
    return np.asarray(signal**2.4)


LIGHT_OF: dict[Transfer, Callable[[Light], Light]] = {
    "pq": _light_of_pq,
    "hlg": _light_of_hlg,
    "sdr": _light_of_sdr,
}

D65 = (0.3127, 0.3290)
PRIMARIES: dict[int, tuple[tuple[float, float], ...]] = {
    BT709: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    BT2020: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    P3_D65: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
"""Of those with the white D65: x, y of red, green, blue. Older ones of SDR differ little, and are taken for BT.709."""


def from_rgb(primaries: int, inverse: bool = False) -> Light:
    """The matrix from linear RGB of these primaries to CIE XYZ, or back (SMPTE RP 177)."""
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in PRIMARIES[primaries]]).T
    x, y = D65
    matrix = columns * np.linalg.solve(columns, np.array([x / y, 1, (1 - x - y) / y]))
    return np.asarray(np.linalg.inv(matrix) if inverse else matrix)
