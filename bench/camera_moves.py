"""Cameras moved on paper, and where their tables are then found: python -m bench.camera_moves FOLDER

FOLDER holds views, each with stills (*.jpg) of one fixed camera and a labels.json (`size`, and `tables` with polygons,
or `cameras` by folder with boxes: `crop`). A picture before the move is the middle of one still, a picture after it
another part of *another* still, in another light: what comes into view is real, and other people are in it. Of each
move the corners of the zones that are in view are compared with where they are, in pixels of 1920; and nothing at all
may be proposed for what was not moved, is dark, covered, smeared or another room. Figures:
docs/measurements/camera-health.md.
"""

import sys
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import orjson
from numpy.typing import NDArray

from extractor.media.alignment import align
from extractor.model.alignment import moved
from extractor.model.carried import REFERENCE_PX, Carried, carry_over
from extractor.model.proposal import Outcome, agrees
from tablewatch_schemas.layout import Layout, LayoutTable, Polygon

Luma = NDArray[np.uint8]
Matrix = NDArray[np.float64]
Change = Callable[[Luma], Luma]
SIZE = 1280, 720
MIDDLE = 0.72
"""Of the still: what is around it comes into view when the camera is moved."""
PAIRS = 1
"""Of stills, for each move and view."""
FOCAL = 0.9
"""Widths of the picture: a lens of about 58 degrees."""


@dataclass(frozen=True, slots=True)
class View:
    """Stills of one camera, and zones of its tables, relative."""

    name: str
    stills: list[Luma]
    zones: list[Polygon]


def bounded(luma: NDArray[np.floating]) -> Luma:
    return np.asarray(luma.clip(0, 255), np.uint8)


def noisy(luma: NDArray[np.floating] | Luma, offset: float, deviation: float) -> Luma:
    return bounded(luma + np.random.default_rng(1).normal(offset, deviation, luma.shape))


LIGHTS: dict[str, Change] = {
    "as it is": lambda luma: luma,
    "half the light": lambda luma: bounded(luma * 0.5),
    "1.4 times": lambda luma: bounded(luma * 1.4),
    "gamma 1.6": lambda luma: bounded(255 * (luma / 255.0) ** 1.6),
    "from the side": lambda luma: bounded(luma * np.linspace(0.4, 1.2, luma.shape[1])),
    "noise 8": lambda luma: noisy(luma, 0, 8),
}


def similar(right: float = 0.0, down: float = 0.0, turn: float = 0.0, zoom: float = 1.0) -> Matrix:
    """Pixels of 1920, degrees."""
    matrix = np.vstack([cv2.getRotationMatrix2D((SIZE[0] / 2, SIZE[1] / 2), turn, zoom), [0, 0, 1]])
    matrix[:2, 2] += np.array([right, down]) * SIZE[0] / REFERENCE_PX
    return np.asarray(matrix, np.float64)


def swung(pan: float, tilt: float, roll: float = 0.0) -> Matrix:
    """A camera that is turned where it hangs, degrees."""
    lens = np.array([[FOCAL * SIZE[0], 0, SIZE[0] / 2], [0, FOCAL * SIZE[0], SIZE[1] / 2], [0, 0, 1]])
    turned = cv2.Rodrigues(np.radians([tilt, pan, roll]))[0]
    return np.asarray(lens @ turned @ np.linalg.inv(lens), np.float64)


MOVES: dict[str, Matrix] = {
    **{f"shifted by {right} px": similar(right, 0.4 * right) for right in (9, 18, 40, 80, 160, 300)},
    **{f"turned by {turn} degrees": similar(turn=turn) for turn in (1, 5, 15)},
    "5 % nearer": similar(zoom=1.05),
    "30 % nearer": similar(zoom=1.3),
    "15 % farther": similar(zoom=0.85),
    "swung by 5 and 2 degrees": swung(5, 2),
    "swung by 10 and 3, rolled by 2": swung(10, -3, 2),
    "shifted by 80, turned by 5, 10 % nearer": similar(80, -30, 5, 1.1),
}
BAD: dict[str, Change] = {
    "moved nowhere": lambda luma: luma,
    "8 % of the light, noise 3": lambda luma: noisy(luma * 0.08, 3, 3),
    "lens smeared": lambda luma: np.asarray(cv2.GaussianBlur(luma, (0, 0), 25), np.uint8),
    "cloth before the lens": lambda luma: noisy(np.asarray(cv2.GaussianBlur(luma, (0, 0), 60)) * 0.3, 90, 4),
    "70 % covered": lambda luma: np.where(np.arange(luma.shape[1])[None] < 0.7 * luma.shape[1], np.uint8(120), luma),
    "upside down": lambda luma: np.asarray(cv2.rotate(luma, cv2.ROTATE_180), np.uint8),
}


def views(folder: Path) -> Iterator[View]:
    for labels in sorted(folder.rglob("labels.json")):
        found = orjson.loads(labels.read_bytes())
        if "tables" in found:
            yield View(
                labels.parent.name, stills(labels.parent), [polygon(each["polygon"]) for each in found["tables"]]
            )
        for name, camera in found.get("cameras", {}).items():
            boxes = camera["crop"].values()
            zones = [polygon([(a, b), (c, b), (c, d), (a, d)]) for a, b, c, d in boxes]
            yield View(name, stills(labels.parent / name), zones)


def stills(folder: Path) -> list[Luma]:
    found = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in sorted(folder.glob("[0-9]*.jpg"))]
    return [np.asarray(each, np.uint8) for each in found if each is not None]


def polygon(points: list[tuple[float, float]]) -> Polygon:
    return tuple((float(x), float(y)) for x, y in points)


def middle(still: Luma) -> Matrix:
    """From a still to the picture before the move."""
    height, width = still.shape
    across = min(MIDDLE * width, MIDDLE * height * SIZE[0] / SIZE[1] * 1.2)
    scale = SIZE[0] / across
    return np.array(
        [[scale, 0, SIZE[0] / 2 - scale * width / 2], [0, scale, SIZE[1] / 2 - scale * height / 2], [0, 0, 1]]
    )


def jpeg(still: Luma, matrix: Matrix, change: Change) -> bytes:
    picture = change(np.asarray(cv2.warpPerspective(still, matrix, SIZE, flags=cv2.INTER_AREA), np.uint8))
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].data)


def layout_of(view: View) -> Layout:
    """Its zones as far as they are in the picture before."""
    before, size = middle(view.stills[0]), np.array(view.stills[0].shape[::-1])
    tables = []
    for number, zone in enumerate(view.zones):
        corners = cv2.perspectiveTransform((np.array(zone) * size)[None], before)[0] / SIZE
        cut = polygon([tuple(each) for each in corners.clip(0, 1).tolist()])
        tables.append(LayoutTable(table_id=str(number), label="", seats=None, section_id=None, polygon=cut, top=None))
    return Layout(
        layout_key="layout", site_id="site", camera_id="cam", version=1, created_at=datetime(2026, 1, 1, tzinfo=UTC),
        width=SIZE[0], height=SIZE[1], tables=tuple(tables), floor=(),
    )  # fmt: skip


def proposed(layout: Layout, before: bytes, pictures: list[bytes]) -> Outcome | None:
    """What two pictures in a row agree on, as the service asks for."""
    outcomes = [carry_over(layout, align(before, each)) for each in pictures]
    return next((now for first, now in pairwise(outcomes) if agrees(first, now)), None)


def pairs(view: View, name: str, count: int) -> Iterator[tuple[Luma, list[Luma], Change]]:
    """A still before, two others after, and a light; `name`: of what is done to them, each has other stills."""
    rng = np.random.default_rng(zlib.crc32(f"{view.name} {name}".encode()))
    for _ in range(count):
        order = [view.stills[each] for each in rng.permutation(len(view.stills))]
        yield order[0], [*order[1:], *order[1:]][:2], LIGHTS[list(LIGHTS)[rng.integers(len(LIGHTS))]]


def errors_px(layout: Layout, carried: Carried, matrix: Matrix) -> list[float]:
    """At corners that are in both pictures."""
    off = []
    for corner in (each for table in layout.tables for each in table.polygon):
        right = cv2.perspectiveTransform(np.array([[corner]]) * SIZE, matrix)[0, 0] / SIZE
        if ((right >= 0) & (right <= 1)).all():
            ours = np.array(moved(carried.transform, corner))
            off.append(float(np.hypot(*((right - ours) * [1, SIZE[1] / SIZE[0]]))) * REFERENCE_PX)
    return off


def print_moves(found: list[View]) -> None:
    print("| move | proposed | median px | p95 | worst | refused |\n| --- | --- | --- | --- | --- | --- |")
    every: list[float] = []
    for name, matrix in MOVES.items():
        errors, right, count, why = list[float](), 0, 0, list[str]()
        for view in found:
            layout = layout_of(view)
            for before, after, light in pairs(view, name, PAIRS):
                base, count = middle(before), count + 1
                seen = [jpeg(each, matrix @ middle(each), light) for each in after]
                outcome = proposed(layout, jpeg(before, base, plain), seen)
                if isinstance(outcome, Carried):
                    right, errors = right + 1, errors + errors_px(layout, outcome, matrix)
                else:
                    why.append(f"{view.name}: {outcome or 'two that differ'}")
        every += errors
        print(f"| {name} | {right} of {count} | {figures(errors)} | {'; '.join(sorted(why))} |", flush=True)
    print(f"| all | | {figures(every)} | |")


def figures(errors: list[float]) -> str:
    if not errors:
        return "| |"
    return f"{np.median(errors):.1f} | {np.percentile(errors, 95):.1f} | {max(errors):.1f}"


def print_false(found: list[View]) -> None:
    print("\n| what was no move | proposed | refused as |\n| --- | --- | --- |")
    for name, change in BAD.items():
        outcomes = []
        for view in found:
            for before, after, light in pairs(view, name, 2 * PAIRS):
                lit = light if name == "moved nowhere" else plain
                seen = [jpeg(each, middle(each), chained(lit, change)) for each in after]
                outcomes.append(proposed(layout_of(view), jpeg(before, middle(before), plain), seen))
        print_refusals(name, outcomes)
    others = []
    for view in found:
        one = jpeg(view.stills[0], middle(view.stills[0]), plain)
        for other in (each for each in found if each.name[:3] != view.name[:3]):
            seen = [jpeg(each, middle(each), plain) for each in other.stills[:2]]
            others.append(proposed(layout_of(view), one, seen))
    print_refusals("another room", others)


def plain(luma: Luma) -> Luma:
    return luma


def chained(first: Change, then: Change) -> Change:
    return lambda luma: then(first(luma))


def print_refusals(name: str, outcomes: list[Outcome | None]) -> None:
    wrong = sum(isinstance(each, Carried) for each in outcomes)
    told = [each or "two that differ" for each in outcomes if not isinstance(each, Carried)]
    counts = "; ".join(f"{each}: {told.count(each)}" for each in sorted(set(told)))
    print(f"| {name} | {wrong} of {len(outcomes)} | {counts} |", flush=True)


def main() -> None:
    cv2.setNumThreads(1)
    found = list(views(Path(sys.argv[1])))
    print(f"{len(found)} views: {', '.join(f'{each.name} ({len(each.stills)})' for each in found)}")
    print_moves(found)
    print_false(found)
    before, after = (jpeg(each, middle(each), plain) for each in found[0].stills[:2])
    began = time.thread_time()
    for _ in range(5):
        align(before, after)
    print(f"\ncost: {(time.thread_time() - began) / 5:.2f} s of a processor for two pictures")


if __name__ == "__main__":
    main()
