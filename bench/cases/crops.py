"""Twenty tables out of a stored 1080p frame, with the change of each since the frame before: ours, or PIL as baseline.

usage: python -m bench.cases.crops {ours|pil} FRAME.jpg COUNT {stored|decoded}

Both end with twenty JPEGs of quality 85, black outside the table's polygon, from masks made once, and both measure
change on 320 pixels of width. With `stored` every frame begins as its JPEG, as in the cropper; with `decoded` the
picture and its small copy are there already, and what is left is cutting.
"""

from __future__ import annotations

import io
import sys
from math import cos, pi, sin
from pathlib import Path

Polygon = list[tuple[float, float]]


def tables() -> list[tuple[str, Polygon]]:
    """Twenty hexagons, half the picture in all."""
    return [(f"tbl_{n}", _hexagon(0.1 + 0.2 * (n % 5), 0.125 + 0.25 * (n // 5))) for n in range(20)]


def _hexagon(x: float, y: float) -> Polygon:
    return [(x + 0.0575 * cos(k * pi / 3), y + 0.088 * sin(k * pi / 3)) for k in range(6)]


def ours(jpeg: bytes, count: int, stored: bool) -> int:
    from cropper.cut import Cutter, decode, small

    picture = decode(jpeg)
    now, size = small(picture), 0
    before, cutter = now, Cutter(tables(), picture.shape[1], picture.shape[0])
    for _ in range(count):
        if stored:
            picture = decode(jpeg)
            now = small(picture)
        size += sum(len(piece.jpeg) for piece in cutter.cut(picture, now, before))
        before = now
    return size


def pil(jpeg: bytes, count: int, stored: bool) -> int:
    from PIL import Image, ImageChops, ImageDraw, ImageStat

    def masks(width: int, height: int) -> list[tuple[tuple[int, int, int, int], Image.Image]]:
        made = []
        for _, polygon in tables():
            points = [(round(x * width), round(y * height)) for x, y in polygon]
            left, top = min(x for x, _ in points), min(y for _, y in points)
            box = (left, top, max(x for x, _ in points) + 1, max(y for _, y in points) + 1)
            mask = Image.new("L", (box[2] - left, box[3] - top), 0)
            ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in points], fill=255)
            made.append((box, mask))
        return made

    def saved(picture: Image.Image, box: tuple[int, int, int, int], mask: Image.Image) -> int:
        piece, out = Image.new("RGB", mask.size), io.BytesIO()
        piece.paste(picture.crop(box), mask=mask)
        piece.save(out, "JPEG", quality=85)
        return len(out.getvalue())

    def decoded() -> tuple[Image.Image, Image.Image]:
        picture = Image.open(io.BytesIO(jpeg)).convert("RGB")
        return picture, picture.convert("L").resize(shrunk, Image.Resampling.BOX)

    width, height = Image.open(io.BytesIO(jpeg)).size
    shrunk = (320, round(height * 320 / width))
    full, little, size = masks(width, height), masks(*shrunk), 0
    picture, now = decoded()
    before = now
    for _ in range(count):
        if stored:
            picture, now = decoded()
        size += sum(saved(picture, box, mask) for box, mask in full)
        difference = ImageChops.difference(now, before)
        [ImageStat.Stat(difference.crop(box), mask).mean[0] for box, mask in little]
        before = now
    return size


if __name__ == "__main__":
    {"ours": ours, "pil": pil}[sys.argv[1]](
        Path(sys.argv[2]).read_bytes(), int(sys.argv[3]), sys.argv[4] == "stored"
    )  # fmt: skip
