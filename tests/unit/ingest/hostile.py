"""Files made to harm whoever opens them: each is small to send and would be large, slow or leaky to read."""

import gzip
import io
import lzma
import re
import struct
import tarfile
import zlib
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import av
import numpy as np
from tests.unit.ingest.clips import archive, concat, mp4_box, mp4_with_png_of, playlist, video_file

BILLION = 1_000_000_000
Make = Callable[[Path, int], None]


def _patched(path: Path, box: bytes, at: int, values: bytes) -> None:
    """Overwrite the body of the first `box`, from `at` bytes after its name."""
    body = bytearray(path.read_bytes())
    start = body.index(box) + 4 + at
    body[start : start + len(values)] = values
    path.write_bytes(body)


def _fragmented(path: Path) -> bytes:
    with av.open(str(path), "w", format="mp4", options={"movflags": "frag_every_frame+empty_moov"}) as out:
        stream = out.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for number in range(12):
            frame = av.VideoFrame.from_ndarray(np.full((64, 96, 3), number * 20, np.uint8), "rgb24")
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path.read_bytes()


def zip_file(path: Path, _port: int) -> None:
    path.write_bytes(archive())


def gzip_file(path: Path, _port: int) -> None:
    path.write_bytes(gzip.compress(video_file(path).read_bytes()))


def xz_bomb(path: Path, _port: int) -> None:
    path.write_bytes(lzma.compress(bytes(50_000_000)))


def tar_file(path: Path, _port: int) -> None:
    content = video_file(path).read_bytes()
    with tarfile.open(path, "w") as out:
        info = tarfile.TarInfo("a.mp4")
        info.size = len(content)
        out.addfile(info, io.BytesIO(content))


def zip_behind_a_box(path: Path, _port: int) -> None:
    path.write_bytes(mp4_box(b"ftyp", b"isom\0\0\0\0isom") + archive())


def playlist_file(path: Path, port: int) -> None:
    path.write_bytes(playlist(f"http://127.0.0.1:{port}/x.ts"))


def playlist_behind_a_box(path: Path, port: int) -> None:
    path.write_bytes(mp4_box(b"ftyp", b"isom\0\0\0\0isom") + playlist(f"http://127.0.0.1:{port}/x.ts"))


def nested_protocols(path: Path, port: int) -> None:
    """A list of addresses inside addresses."""
    inner = f"crypto+http://127.0.0.1:{port}/x.ts"
    subfile = f"subfile,,start,0,end,0,,:tcp://127.0.0.1:{port}"
    path.write_bytes(concat(Path(f"concat:{inner}|{subfile}|cache:async:tcp://127.0.0.1:{port}")))


def outside_references(path: Path, port: int) -> None:
    """An MP4 whose media is declared to be elsewhere (dref); every box around it grows with the address."""
    body = bytearray(video_file(path).read_bytes())
    address = f"http://127.0.0.1:{port}/x\0".encode()
    for box in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        at = body.index(box) - 4
        body[at : at + 4] = struct.pack(">I", struct.unpack(">I", body[at : at + 4])[0] + len(address))
    old = mp4_box(b"url ", b"\0\0\0\1")
    assert old in body
    path.write_bytes(body.replace(old, mp4_box(b"url ", b"\0\0\0\0" + address)))


def fifty_million_samples(path: Path, _port: int) -> None:
    """So many samples of one byte that an index of them just fits."""
    video_file(path)
    _patched(path, b"stsz", 4, struct.pack(">II", 1, 50_000_000))
    _patched(path, b"stsc", 4, struct.pack(">IIII", 1, 1, 50_000_000, 1))
    _patched(path, b"stts", 4, struct.pack(">III", 1, 50_000_000, 1))


def billion_samples_of_one_byte(path: Path, _port: int) -> None:
    video_file(path)
    _patched(path, b"stsz", 4, struct.pack(">II", 1, BILLION))
    _patched(path, b"stsc", 4, struct.pack(">IIII", 1, 1, BILLION, 1))
    _patched(path, b"stts", 4, struct.pack(">III", 1, BILLION, 1))


def billion_samples_without_table(path: Path, _port: int) -> None:
    video_file(path)
    _patched(path, b"stsz", 4, struct.pack(">II", 0, BILLION))


def billion_chunks(path: Path, _port: int) -> None:
    video_file(path)
    _patched(path, b"stco", 4, struct.pack(">I", BILLION))


def billion_times(path: Path, _port: int) -> None:
    video_file(path)
    _patched(path, b"stts", 4, struct.pack(">I", BILLION))


def samples_in_a_second_stream(path: Path, _port: int) -> None:
    """As many samples as are taken in each of two streams, the second with a box size of 64 bits around it."""
    video_file(path)
    _patched(path, b"stsz", 4, struct.pack(">II", 1, 11_000_000))
    body = path.read_bytes()
    at = body.index(b"trak") - 4
    size = struct.unpack(">I", body[at : at + 4])[0]
    second = struct.pack(">I4sQ", 1, b"trak", size + 8) + body[at + 8 : at + size]
    header = body.index(b"moov") - 4
    length = struct.unpack(">I", body[header : header + 4])[0] + len(second)
    changed = body[:header] + struct.pack(">I", length) + body[header + 4 : at + size] + second + body[at + size :]
    path.write_bytes(changed)


def header_behind_a_million_boxes(path: Path, _port: int) -> None:
    """Empty boxes before the header, to be stepped over one by one."""
    video_file(path)
    body = path.read_bytes()
    at = body.index(b"moov") - 4
    path.write_bytes(body[:at] + mp4_box(b"free", b"") * 1_000_000 + body[at:])


def packed_header(path: Path, _port: int) -> None:
    """A header packed by zlib, in which fifty million samples hide."""
    fifty_million_samples(path, 0)
    body = path.read_bytes()
    at = body.index(b"moov") - 4
    length = struct.unpack(">I", body[at : at + 4])[0]
    header = body[at : at + length]
    packed = mp4_box(b"cmvd", struct.pack(">I", len(header)) + zlib.compress(header))
    inner = mp4_box(b"cmov", mp4_box(b"dcom", b"zlib") + packed)
    path.write_bytes(body[:at] + mp4_box(b"moov", inner) + body[at + length :])


def endless_fragments(path: Path, _port: int) -> None:
    """A hundred thousand fragments without media."""
    body = _fragmented(path)
    start = body.index(b"moof") - 4
    size = struct.unpack(">I", body[start : start + 4])[0]
    path.write_bytes(body[:start] + body[start : start + size] * 100_000)


def fragments_of_many_samples(path: Path, _port: int) -> None:
    """Fragments that each declare four billion samples."""
    body = bytearray(_fragmented(path))
    at = 0
    while (at := body.find(b"trun", at)) >= 0:
        body[at + 8 : at + 12] = b"\xff\xff\xff\xff"
        at += 4
    path.write_bytes(body)


def fragment_of_fifty_million_samples(path: Path, _port: int) -> None:
    """A fragment whose fifty million samples all have the default: no byte for each."""
    body = bytearray(_fragmented(path))
    at = body.index(b"trun")
    body[at + 4 : at + 12] = struct.pack(">II", 0, 50_000_000)
    path.write_bytes(body)


def fifty_million_samples_behind_good_fragments(path: Path, _port: int) -> None:
    """Thirty thousand fragments as they should be, and then that one."""
    body = _fragmented(path)
    start, second = (at.start() - 4 for at in islice(re.finditer(b"moof", body), 2))
    good = body[start:second]
    at = good.index(b"trun")
    bad = good[: at + 4] + struct.pack(">II", 0, 50_000_000) + good[at + 12 :]
    path.write_bytes(body[:start] + good * 30_000 + bad)


def endless_boxes_behind_the_header(path: Path, _port: int) -> None:
    """More boxes than can be counted, 20 MB of them."""
    path.write_bytes(_fragmented(path) + mp4_box(b"free", b"") * 2_500_000)


def boxes_in_boxes(path: Path, _port: int) -> None:
    """Twenty thousand boxes, each inside the last."""
    size = 20_000 * 8
    nested = b"".join(
        struct.pack(">I4s", size - 8 * depth, b"moov" if depth == 0 else b"udta") for depth in range(20_000)
    )
    path.write_bytes(mp4_box(b"ftyp", b"isom\0\0\0\0isom") + nested)


def huge_png(path: Path, _port: int) -> None:
    mp4_with_png_of(path, 16_000)


def jpeg_larger_than_said(path: Path, _port: int) -> None:
    """An AVI that declares 96 x 64, of JPEGs that declare 60,000 x 60,000."""
    video_file(path, codec="mjpeg", format="avi")
    body = bytearray(path.read_bytes())
    at = 0
    while (at := body.find(b"\xff\xc0\x00\x11\x08", at)) >= 0:
        body[at + 5 : at + 9] = struct.pack(">HH", 60_000, 60_000)
        at += 4
    path.write_bytes(body)


def truncated_moov(path: Path, _port: int) -> None:
    video_file(path, frames=30)
    body = path.read_bytes()
    path.write_bytes(body[: body.index(b"stsz") + 20])


def moov_longer_than_the_file(path: Path, _port: int) -> None:
    video_file(path)
    body = bytearray(path.read_bytes())
    at = body.index(b"moov") - 4
    body[at : at + 4] = b"\x7f\xff\xff\xff"
    path.write_bytes(body[: at + 200])


def null_packets(path: Path, _port: int) -> None:
    """A transport stream of nothing, 40 MB of it."""
    path.write_bytes((b"\x47\x1f\xff\x10" + b"\xff" * 184) * 220_000)


def garbage_in_matroska(path: Path, _port: int) -> None:
    """A video whose pictures are noise, 20 MB of it, for a decoder to search through."""
    video_file(path, format="matroska", frames=100)
    body = path.read_bytes()
    cluster = body.index(b"\x1f\x43\xb6\x75")
    path.write_bytes(body[: cluster + 40] + np.random.default_rng(3).bytes(20_000_000))


def cluster_without_end(path: Path, _port: int) -> None:
    """Matroska elements of unknown size, in one another."""
    video_file(path, format="matroska")
    body = path.read_bytes()
    cluster = body.index(b"\x1f\x43\xb6\x75")
    path.write_bytes(body[:cluster] + b"\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff" * 500_000)


# What each is answered, by code; None: it is admitted, for what harms is never read
HOSTILE: dict[Make, set[str | None]] = {
    zip_file: {"not_a_video"},
    gzip_file: {"not_a_video"},
    xz_bomb: {"not_a_video"},
    tar_file: {"not_a_video"},
    zip_behind_a_box: {"truncated", "no_video_stream"},
    playlist_file: {"not_a_video"},
    playlist_behind_a_box: {"truncated", "no_video_stream"},
    nested_protocols: {"not_a_video"},
    outside_references: {"truncated", "no_video_stream", "unreadable", None},
    fifty_million_samples: {"index_too_large"},
    billion_samples_of_one_byte: {"index_too_large"},
    billion_samples_without_table: {"index_too_large"},
    billion_chunks: {"index_too_large"},
    billion_times: {"index_too_large"},
    samples_in_a_second_stream: {"index_too_large"},
    header_behind_a_million_boxes: {"index_too_large"},
    packed_header: {"index_too_large"},
    endless_fragments: {"truncated", "unreadable", "probe_timeout", "probe_failed", "no_video_stream"},
    fragments_of_many_samples: {"index_too_large"},
    fragment_of_fifty_million_samples: {"index_too_large"},
    fifty_million_samples_behind_good_fragments: {"index_too_large"},
    endless_boxes_behind_the_header: {"index_too_large"},
    boxes_in_boxes: {"truncated", "no_video_stream", "probe_failed"},
    huge_png: {"unsupported_codec", "probe_failed"},
    jpeg_larger_than_said: {"unreadable", "too_many_pixels", "probe_failed", "truncated"},
    truncated_moov: {"truncated"},
    moov_longer_than_the_file: {"truncated", "no_video_stream"},
    null_packets: {"truncated", "no_video_stream"},
    garbage_in_matroska: {"truncated", "unreadable", "probe_timeout", None},
    cluster_without_end: {"truncated", "unreadable", "probe_timeout", "probe_failed"},
}
