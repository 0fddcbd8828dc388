"""A view of the labelled café as a clip with a layout and a truth, to be uploaded to a running stack and scored there.

    python -m bench.truth.clip cam0 OUT [--seconds 10] [--data ../shared/data]

Writes OUT/{clip.mp4,layout.json,truth.json}: every picture is held some seconds. Upload with that layout, then
``python deploy/demo/check.py --home DIR --video ID --truth OUT/truth.json``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from bench.truth import rooms
from bench.truth.rooms import NoData, View
from inference.decoders.fit import Picture
from inference.protocol import Polygon

FPS = 5


def make(view: View, out: Path, hold_ms: int) -> None:
    """Film one view's pictures and write layout and truth beside it."""
    out.mkdir(parents=True, exist_ok=True)
    width, height = film([still.jpeg for still in view.stills], out / "clip.mp4", hold_ms)
    _write(out / "layout.json", layout(view, width, height))
    _write(out / "truth.json", truth(view, hold_ms))


def film(jpegs: Sequence[bytes], path: Path, hold_ms: int) -> tuple[int, int]:
    """H.264 of still pictures; odd sizes lose their last row or column. Width and height as filmed."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "18"})
        stream.codec_context.gop_size = 2 * FPS
        stream.height, stream.width = _even(jpegs[0]).shape[:2]
        stream.pix_fmt = "yuv420p"
        for jpeg in jpegs:
            bgr = _even(jpeg)
            for _ in range(hold_ms * FPS // 1000):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(bgr, format="bgr24")))
        container.mux(stream.encode(None))
        return stream.width, stream.height


def _even(jpeg: bytes) -> Picture:
    bgr = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise NoData("a picture cannot be read")
    return np.ascontiguousarray(bgr[: bgr.shape[0] // 2 * 2, : bgr.shape[1] // 2 * 2], np.uint8)


def layout(view: View, width: int, height: int) -> dict[str, Any]:
    """The body of PUT /v1/cameras/{id}/layout."""
    tables = [
        {"label": region.table_id, "polygon": _points(region.polygon), "top": _points(region.top)}
        for region in view.regions
    ]
    return {"reference": {"width": width, "height": height}, "tables": tables, "floor": []}


def truth(view: View, hold_ms: int) -> dict[str, Any]:
    """In the form of the demo's truth.json; a state that nobody can see is null."""
    tables = [
        {"label": region.table_id, "intervals": intervals(view, region.table_id, hold_ms)} for region in view.regions
    ]
    return {"duration_ms": len(view.stills) * hold_ms, "transition_ms": 0, "tables": tables, "spills": []}


def intervals(view: View, table: str, hold_ms: int) -> list[list[Any]]:
    """[from_ms, to_ms, state] without gaps."""
    return [[first * hold_ms, end * hold_ms, state] for first, end, state in rooms.stretches(view, table)]


def _points(polygon: Polygon | None) -> list[list[float]] | None:
    return None if polygon is None else [[x, y] for x, y in polygon]


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("camera")
    parser.add_argument("out", type=Path)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long every frame is held (default 10)")
    parser.add_argument("--data", type=Path, default=rooms.DEFAULT_DATA)
    chosen = parser.parse_args()
    views = {view.camera: view for view in rooms.read_cafe(chosen.data)}
    if chosen.camera not in views:
        print(f"clip: skipped: {chosen.data / rooms.CAFE} has no camera {chosen.camera}")
        return 0
    make(views[chosen.camera], chosen.out, round(chosen.seconds * 1000))
    return 0


if __name__ == "__main__":
    sys.exit(main())
