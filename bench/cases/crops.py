"""Twenty tables out of a 1080p frame, with the change of each since the frame before: ours, or PIL as baseline.

usage: python -m bench.cases.crops {ours|pil} PICTURE COUNT {still|stored|decoded|frame}

Both end with twenty JPEGs of quality 85, black outside the table's polygon, from masks made once, and both measure
change, PIL on 320 pixels of width. With `still` ours finds that nothing changed and cuts nothing. With `stored` every
frame begins as its JPEG, as in the cropper where a table changed; with `decoded` the picture and its small copy are
there already, and what is left is cutting. With `frame` PICTURE is a video: its first frame, decoded once, is converted
and cut each time, without the changes.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from math import cos, pi, sin
from pathlib import Path
from typing import Any

Polygon = list[tuple[float, float]]


def tables() -> list[tuple[str, Polygon]]:
    """Twenty hexagons, half the picture in all."""
    return [(f"tbl_{n}", _hexagon(0.1 + 0.2 * (n % 5), 0.125 + 0.25 * (n // 5))) for n in range(20)]


def _hexagon(x: float, y: float) -> Polygon:
    return [(x + 0.0575 * cos(k * pi / 3), y + 0.088 * sin(k * pi / 3)) for k in range(6)]


def first_frame(video: Path) -> Any:
    import av

    with av.open(str(video)) as container:
        return next(container.decode(video=0))


def ours(picture: Path, begin: str) -> Callable[[], int]:
    """A function that crops one frame and returns how many bytes came out."""
    from cropper.crop import LayoutChanges, LayoutCropper, decode, small_luma

    def crop(pixels: Any) -> int:
        return sum(len(each.jpeg) for each in cropper.crop(pixels))

    if begin == "frame":
        from extractor.media.picture import scaled

        frame = first_frame(picture)
        cropper = LayoutCropper(tables(), frame.width, frame.height)
        return lambda: crop(scaled(frame, frame.width, frame.height, "BILINEAR"))
    jpeg = picture.read_bytes()
    whole = decode(jpeg)
    width = whole.shape[1]
    before, cropper = small_luma(jpeg, width), LayoutCropper(tables(), width, whole.shape[0])
    areas = LayoutChanges(tables(), before.shape[1], before.shape[0])

    def look() -> int:
        return len(areas.between(small_luma(jpeg, width), before))

    once = {
        "still": look,
        "stored": lambda: look() and crop(decode(jpeg)),
        "decoded": lambda: len(areas.between(before, before)) and crop(whole),
    }
    return once[begin]


def pil(picture: Path, begin: str) -> Callable[[], int]:
    """The same with PIL."""
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

    def saved(whole: Image.Image, box: tuple[int, int, int, int], mask: Image.Image) -> int:
        piece, out = Image.new("RGB", mask.size), io.BytesIO()
        piece.paste(whole.crop(box), mask=mask)
        piece.save(out, "JPEG", quality=85)
        return len(out.getvalue())

    def cut(whole: Image.Image) -> int:
        return sum(saved(whole, box, mask) for box, mask in full)

    if begin == "frame":
        frame = first_frame(picture)
        full = masks(frame.width, frame.height)
        return lambda: cut(frame.to_image())

    def decoded() -> tuple[Image.Image, Image.Image]:
        whole = Image.open(io.BytesIO(jpeg)).convert("RGB")
        return whole, whole.convert("L").resize(shrunk, Image.Resampling.BOX)

    def changed(whole: Image.Image, now: Image.Image) -> int:
        difference = ImageChops.difference(now, before)
        [ImageStat.Stat(difference.crop(box), mask).mean[0] for box, mask in little]
        return cut(whole)

    jpeg = picture.read_bytes()
    width, height = Image.open(io.BytesIO(jpeg)).size
    shrunk = (320, round(height * 320 / width))
    full, little = masks(width, height), masks(*shrunk)
    there, before = decoded()
    return (lambda: changed(*decoded())) if begin in ("still", "stored") else lambda: changed(there, before)


def main() -> None:
    once = {"ours": ours, "pil": pil}[sys.argv[1]](Path(sys.argv[2]), sys.argv[4])
    print(sum(once() for _ in range(int(sys.argv[3]))))


if __name__ == "__main__":
    main()
