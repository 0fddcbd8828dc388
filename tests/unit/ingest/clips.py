"""Small videos, and files that only pretend to be some, made on the spot."""

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

RATE = 10


@contextmanager
def same_scheduling() -> Iterator[None]:
    """Take back what an encoder does to the process: SVT-AV1 makes root's run in real time (SCHED_FIFO 99)."""
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameters)


def video_file(
    path: Path, *, codec: str = "libx264", format: str | None = None, frames: int = 12, size: tuple[int, int] = (96, 64)
) -> Path:
    """A moving gradient of `frames` pictures at 10 a second."""
    with same_scheduling(), av.open(str(path), "w", format=format) as out:
        stream: Any = out.add_stream(codec, rate=RATE)
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.time_base = Fraction(1, RATE)
        for number in range(frames):
            picture = np.full((size[1], size[0], 3), number * 20 % 255, np.uint8)
            picture[:, : number % size[0]] = 255 - number
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")):
                out.mux(packet)
        for packet in stream.encode():
            out.mux(packet)
    return path


def sound_file(path: Path, cover: bytes | None = None) -> Path:
    """An MP4 with sound, and a picture as cover art if given."""
    with av.open(str(path), "w", format="mp4") as out:
        stream: Any = out.add_stream("aac", rate=44_100)
        art: Any = None
        if cover is not None:
            art = out.add_stream("mjpeg")
            art.width, art.height, art.pix_fmt = 64, 64, "yuvj420p"
            art.disposition = av.stream.Disposition.attached_pic
        for _ in range(4):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            frame.sample_rate = 44_100
            for packet in stream.encode(frame):
                out.mux(packet)
        for packet in stream.encode():
            out.mux(packet)
        if art is not None and cover is not None:
            packet = av.Packet(cover)
            packet.stream, packet.pts, packet.dts, packet.time_base = art, 0, 0, Fraction(1, 1)
            out.mux(packet)
    return path


def jpeg() -> bytes:
    """A small picture."""
    with av.open(io.BytesIO(), "w", format="mjpeg") as out:
        stream: Any = out.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuvj420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), "rgb24")
        return b"".join(bytes(packet) for packet in [*stream.encode(frame), *stream.encode()])


def png() -> bytes:
    """A PNG header that promises a huge picture."""
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 60_000, 60_000, 8, 2, 0, 0, 0) + b"\0" * 4000


def archive() -> bytes:
    """A ZIP."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("video.mp4", b"x" * 5000)
    return buffer.getvalue()


def playlist(url: str) -> bytes:
    """An HLS playlist that would make a naive server fetch `url`."""
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{url}\n#EXT-X-ENDLIST\n".encode()


def concat(path: Path) -> bytes:
    """A list that would make a naive server read another file of its disk."""
    return f"ffconcat version 1.0\nfile '{path}'\nduration 10\n".encode()


def padded_video(path: Path, size: int) -> Path:
    """A video of exactly `size` bytes: an MP4 with a free box at its end, of bytes that do not repeat."""
    video_file(path)
    missing = size - path.stat().st_size
    filler = np.random.default_rng(1).bytes(missing - 8)
    with path.open("ab") as file:
        file.write(struct.pack(">I4s", missing, b"free") + filler)
    return path


def mp4_box(name: bytes, body: bytes) -> bytes:
    """One box of an MP4."""
    return struct.pack(">I4s", 8 + len(body), name) + body


def rotated(path: Path, clockwise: int) -> Path:
    """Turn an MP4: write the display matrix into its track header (ISO 14496-12, 8.3.2)."""
    one, minus = 0x10000, 0xFFFF0000
    turns = {0: (one, 0, 0, one), 90: (0, one, minus, 0), 180: (minus, 0, 0, minus), 270: (0, minus, one, 0)}
    a, b, c, d = turns[clockwise]
    body = bytearray(path.read_bytes())
    matrix = body.index(b"tkhd") + 4 + 40
    body[matrix : matrix + 36] = struct.pack(">9I", a, b, 0, c, d, 0, 0, 0, 0x40000000)
    path.write_bytes(body)
    return path


def mp4_with_png_of(path: Path, side: int) -> Path:
    """A small MP4 whose one sample is a PNG of `side` x `side` pixels."""
    row = b"\0" * (1 + side * 3)
    squeezer = zlib.compressobj(9)
    data = b"".join(squeezer.compress(row) for _ in range(side)) + squeezer.flush()

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    picture = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    with av.open(str(path), "w", format="mp4") as out:
        stream: Any = out.add_stream("png", rate=1)
        stream.width, stream.height, stream.pix_fmt = side, side, "rgb24"
        packet = av.Packet(picture)
        packet.stream, packet.pts, packet.dts, packet.time_base = stream, 0, 0, Fraction(1, 1)
        packet.is_keyframe = True
        out.mux(packet)
    return path
