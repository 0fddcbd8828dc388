"""Decode a clip, look at a frame every so often, print who sits where: a recogniser without a product.

    python -m bench.cases.bare_loop FOLDER EVERY_MS MODELS MODEL

FOLDER has clip.mp4 and layout.json. The last line is JSON: processor seconds in all, of decoding and of looking.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from inference.backends import build_embedded
from inference.decoders.fit import Picture
from inference.protocol import Region


def main(folder: Path, every_ms: int, models: Path, model: str) -> None:
    """Measure and print."""
    layout = json.loads((folder / "layout.json").read_bytes())
    regions = tuple(
        Region(table["label"], tuple(map(tuple, table["polygon"])), tuple(map(tuple, table["top"])))
        for table in layout["tables"]
    )
    classifier = build_embedded(models, model)
    classifier.judge_picture(np.zeros((720, 1280, 3), np.uint8), regions)
    began, looked, frames = time.process_time(), 0.0, 0
    for bgr in frames_of(folder / "clip.mp4", every_ms):
        at = time.process_time()
        judgement = classifier.judge_picture(bgr, regions)
        looked += time.process_time() - at
        print(frames, *(f"{each.table_id}={each.label}" for each in judgement.verdicts))
        frames += 1
    cpu = time.process_time() - began
    print(json.dumps({"frames": frames, "cpu": cpu, "decode": cpu - looked, "look": looked}))


def frames_of(path: Path, every_ms: int) -> Iterator[Picture]:
    """The first frame at or after every multiple of ``every_ms``, all of them decoded on one thread."""
    due_ms = 0
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        for frame in container.decode(stream):
            if frame.time * 1000 >= due_ms:
                due_ms += every_ms
                yield np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
