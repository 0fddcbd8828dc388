"""The labelled café as a clip with a layout and a truth, to be uploaded to a running stack and scored there.

    python -m bench.cafe4_clip cam0 OUT [--seconds 10] [--data ../shared/data]

Writes OUT/{clip.mp4,layout.json,truth.json}: every frame is held some seconds. Upload with that layout, then
``python deploy/demo/check.py --home DIR --video ID --truth OUT/truth.json``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from bench import cafe4
from inference.detect import Picture
from inference.protocol import Polygon

FPS = 5


def make(cafe: cafe4.Cafe, camera: str, out: Path, hold_ms: int) -> None:
    """Film one camera's frames and write layout and truth beside it."""
    out.mkdir(parents=True, exist_ok=True)
    names = sorted(cafe.labels)
    width, height = film([cafe.picture(camera, name) for name in names], out / "clip.mp4", hold_ms)
    _write(out / "layout.json", layout(cafe, camera, width, height))
    _write(out / "truth.json", truth(cafe, camera, hold_ms))


def film(pictures: Sequence[Path], path: Path, hold_ms: int) -> tuple[int, int]:
    """H.264 of still pictures; odd sizes lose their last row or column. Width and height as filmed."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "18"})
        stream.codec_context.gop_size = 2 * FPS
        stream.height, stream.width = _even(pictures[0]).shape[:2]
        stream.pix_fmt = "yuv420p"
        for picture in pictures:
            bgr = _even(picture)
            for _ in range(hold_ms * FPS // 1000):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(bgr, format="bgr24")))
        container.mux(stream.encode(None))
        return stream.width, stream.height


def _even(path: Path) -> Picture:
    bgr = cv2.imread(str(path))
    if bgr is None:
        raise cafe4.NoData(f"{path} cannot be read")
    return np.ascontiguousarray(bgr[: bgr.shape[0] // 2 * 2, : bgr.shape[1] // 2 * 2], np.uint8)


def layout(cafe: cafe4.Cafe, camera: str, width: int, height: int) -> dict[str, Any]:
    """The body of PUT /v1/cameras/{id}/layout."""
    tables = [
        {"label": region.table_id, "polygon": _points(region.polygon), "top": _points(region.top)}
        for region in cafe.cameras[camera]
    ]
    return {"reference": {"width": width, "height": height}, "tables": tables, "floor": []}


def truth(cafe: cafe4.Cafe, camera: str, hold_ms: int) -> dict[str, Any]:
    """In the form of the demo's truth.json; a state nobody can tell is null."""
    tables = [
        {"label": region.table_id, "intervals": intervals(cafe, region.table_id, hold_ms)}
        for region in cafe.cameras[camera]
    ]
    return {"duration_ms": len(cafe.labels) * hold_ms, "transition_ms": 0, "tables": tables, "spills": []}


def intervals(cafe: cafe4.Cafe, table: str, hold_ms: int) -> list[list[Any]]:
    """[from_ms, to_ms, state] without gaps."""
    states = [(number, cafe.labels[name][table]) for number, name in enumerate(sorted(cafe.labels))]
    found: list[list[Any]] = []
    for state, group in groupby(states, key=lambda pair: pair[1]):
        numbers = [number for number, _ in group]
        found.append([numbers[0] * hold_ms, (numbers[-1] + 1) * hold_ms, state])
    return found


def _points(polygon: Polygon | None) -> list[list[float]] | None:
    return None if polygon is None else [[x, y] for x, y in polygon]


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("camera")
    parser.add_argument("out", type=Path)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long every frame is held (default 10)")
    parser.add_argument("--data", type=Path, default=cafe4.DEFAULT_DATA)
    chosen = parser.parse_args()
    try:
        make(cafe4.read(chosen.data), chosen.camera, chosen.out, round(chosen.seconds * 1000))
    except cafe4.NoData as reason:
        print(f"cafe4_clip: skipped: {reason}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
