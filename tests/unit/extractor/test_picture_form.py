"""What the worker takes for a picture: as our encoders write it, and nothing else."""

import random
import struct
import zlib
from typing import Any

import cv2
import numpy as np
import pytest

from extractor.files.segment_work import decoded_frame
from extractor.media.picture import jpeg, png
from extractor.model.pictures import check_picture
from extractor.protocol import Message, ProtocolError

WIDTH, HEIGHT = 320, 200
PIXELS = np.random.default_rng(3).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
JPEG, PNG = jpeg(PIXELS, 85), png(PIXELS)


def encoded(extension: str, pixels: Any, *options: int) -> bytes:
    return bytes(cv2.imencode(extension, pixels, options)[1].data)


@pytest.mark.parametrize("size", [(1, 1), (320, 180), (53, 37), (1920, 1080)])
@pytest.mark.parametrize("quality", [1, 85, 100])
def test_what_we_encode_is_taken(size: tuple[int, int], quality: int) -> None:
    width, height = size
    for pixels in (np.zeros((height, width, 3), np.uint8), np.resize(PIXELS, (height, width, 3))):
        check_picture(jpeg(pixels, quality), width, height, png=False)
        check_picture(png(pixels), width, height, png=True)


def test_another_size_than_it_says_is_refused() -> None:
    """Cropper and classifier would make room for what the header says."""
    for data, is_png in ((JPEG, False), (PNG, True)):
        for size in ((WIDTH, HEIGHT + 1), (HEIGHT, WIDTH), (0, 0), (-WIDTH, -HEIGHT), (1 << 20, 1 << 20)):
            with pytest.raises(ValueError, match="a picture of"):
                check_picture(data, *size, png=is_png)


def with_segment(marker: int, body: bytes) -> bytes:
    return JPEG[:2] + struct.pack(">BBH", 0xFF, marker, 2 + len(body)) + body + JPEG[2:]


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


OTHER_JPEGS = {
    "nothing": b"",
    "only its ends": b"\xff\xd8\xff\xd9",
    "progressive": encoded(".jpg", PIXELS, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
    "with restarts": encoded(".jpg", PIXELS, cv2.IMWRITE_JPEG_RST_INTERVAL, 20),
    "exif": with_segment(0xE1, b"Exif\0\0" + bytes(64)),
    "colour profile": with_segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(64)),
    "comment": with_segment(0xFE, b"hello"),
    "arithmetic coding": JPEG.replace(b"\xff\xc0", b"\xff\xc9", 1),
    "two frames": JPEG.replace(b"\xff\xc0", b"\xff\xc0\x00\x11\x08\x00\x01\x00\x01" + bytes(10) + b"\xff\xc0", 1),
    "many headers": JPEG[:2] + b"\xff\xe0\x00\x02" * 1_000_000 + JPEG[2:],
    "two pictures": JPEG + JPEG,
    "something before it": b"\n" + JPEG,
    "something after it": JPEG + b"PK",
    "its first half": JPEG[: len(JPEG) // 2],
    "a PNG": PNG,
    "a script": b"<svg onload=alert(1)>",
}
OTHER_PNGS = {
    "nothing": b"",
    "only its signature": PNG[:8],
    "text": PNG[:33] + chunk(b"tEXt", b"a\0b") + PNG[33:],
    "colour profile": PNG[:33] + chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(9))) + PNG[33:],
    "many chunks": PNG[:33] + chunk(b"IDAT", b"") * 1_000_000 + PNG[33:],
    "grey": encoded(".png", PIXELS[:, :, 0]),
    "16 bit": encoded(".png", PIXELS.astype(np.uint16)),
    "with transparency": encoded(".png", np.dstack([PIXELS, PIXELS[:, :, :1]])),
    "something after it": PNG + b"PK",
    "its first half": PNG[: len(PNG) // 2],
    "a JPEG": JPEG,
}


@pytest.mark.parametrize("name", OTHER_JPEGS)
def test_no_other_form_of_jpeg_is_taken(name: str) -> None:
    with pytest.raises(ValueError, match=r"JPEG|picture"):
        check_picture(OTHER_JPEGS[name], WIDTH, HEIGHT, png=False)


@pytest.mark.parametrize("name", OTHER_PNGS)
def test_no_other_form_of_png_is_taken(name: str) -> None:
    with pytest.raises(ValueError, match=r"PNG|picture"):
        check_picture(OTHER_PNGS[name], WIDTH, HEIGHT, png=True)


def test_damaged_bytes_are_taken_or_refused_and_nothing_else() -> None:
    """No other error: it would end the worker. Cut anywhere, and with bytes of chance anywhere."""
    chance = random.Random(5)
    for data, is_png in ((JPEG, False), (PNG, True)):
        for _ in range(2_000):
            damaged = bytearray(data[: chance.randrange(len(data) + 1)] if chance.random() < 0.3 else data)
            for _ in range(chance.randrange(4) if damaged else 0):
                damaged[chance.randrange(min(len(damaged), 700))] = chance.randrange(256)
            try:
                check_picture(bytes(damaged), WIDTH, HEIGHT, is_png)
            except ValueError:
                continue


def message(payload: bytes, size: int) -> Message:
    fields = {"index": 3, "media_ms": 0, "size_bytes": size, "width": WIDTH, "height": HEIGHT, "keyframe": True}
    return Message("frame", {**fields, "sharpness": 1.0, "brightness": 0.5, "score": 0.5}, payload)


def test_a_frame_and_its_thumbnail_are_both_looked_at() -> None:
    small = jpeg(PIXELS[:100, :160], 80)
    assert decoded_frame(message(JPEG + small, len(JPEG)), png=False).row.width == WIDTH
    assert decoded_frame(message(PNG + small, len(PNG)), png=True).row.size_bytes == len(PNG)
    for payload, size in ((JPEG + b"<script>", len(JPEG)), (b"<script>" + small, 8), (JPEG, len(JPEG) - 1), (JPEG, 0)):
        with pytest.raises(ProtocolError, match=r"JPEG|size_bytes|frame of"):
            decoded_frame(message(payload, size), png=False)
