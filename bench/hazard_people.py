"""CPU of hazard for each frame: with a look of its own, and with the people that the gateway judged.

    python -m bench.hazard_people .local/demo/CLIP.mp4 LAYOUT.json

`LAYOUT.json` has `tables` and `floor`, as the api takes them. Each frame is inspected twice, in the same process.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import orjson

from chassis.clock import SystemClock
from chassis.metrics import WORK, Metrics
from hazard.detect.floor import FloorOptions
from hazard.detect.inspect import Inspector
from hazard.detect.judged import Judgements
from hazard.detect.streams import Stream
from inference import build_detector
from objects.testing import MemoryObjects
from tablewatch_schemas import FrameExtracted, keys
from tablewatch_schemas.ids import frame_id
from tablewatch_schemas.judgement import FrameJudgement, JudgedSeen, judgement_key
from tablewatch_schemas.layout import Layout, LayoutTable
from tablewatch_schemas.manifest import ModelRef

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
SITE, CAMERA, RUN = "site_1", "cam_1", "run_1"
KEY = keys.layout(SITE, CAMERA, 1)


def read_layout(path: Path) -> Layout:
    """With ids of our own where the file has none."""
    document = orjson.loads(path.read_bytes())
    tables = tuple(
        LayoutTable(table_id=f"tbl_{number}", label=each["label"], seats=None, section_id=None,
                    polygon=tuple(map(tuple, each["polygon"])), top=None)
        for number, each in enumerate(document["tables"])
    )  # fmt: skip
    floor = tuple(tuple(map(tuple, each)) for each in document["floor"])
    return Layout(layout_key=KEY, site_id=SITE, camera_id=CAMERA, version=1, created_at=START, width=1280, height=720,
                  tables=tables, floor=floor)  # fmt: skip


def frames_of(clip: Path, objects: MemoryObjects) -> list[FrameExtracted]:
    """One a second, stored as JPEG."""
    video, found, number = cv2.VideoCapture(str(clip)), list[FrameExtracted](), 0
    rate = max(1, round(video.get(cv2.CAP_PROP_FPS)))
    while video.grab():
        if number % rate == 0:
            picture = video.retrieve()[1]
            made = _frame(len(found), *picture.shape[1::-1])
            data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
            objects.objects[made.object_key or ""] = data
            found.append(made)
        number += 1
    return found


def _frame(index: int, width: int, height: int) -> FrameExtracted:
    return FrameExtracted(
        frame_id=frame_id(RUN, index), site_id=SITE, camera_id=CAMERA, run_id=RUN, video_id="vid_1", index=index,
        media_ms=index * 1000, captured_at=START + timedelta(seconds=index),
        object_key=keys.run_frame(SITE, RUN, index), width=width, height=height, size_bytes=1, keyframe=True,
        sharpness=1.0, brightness=0.5, layout_key=KEY, previous_frame_id=None, previous_object_key=None,
        make=("frames", "tables", "hazards"), last=False,
    )  # fmt: skip


def judge(objects: MemoryObjects, frames: list[FrameExtracted], models: Path) -> None:
    """What a look finds, as the gateway stores it. Not timed: the gateway has looked for its own sake."""
    detector = build_detector(models)
    for frame in frames:
        data = objects.objects[frame.object_key or ""]
        picture = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)
        seen = tuple(JudgedSeen(label=each.label, score=each.score, box=each.box) for each in detector.detect(picture))
        made = FrameJudgement(
            judgement_key=judgement_key(frame), site_id=SITE, camera_id=CAMERA, run_id=RUN, video_id=None,
            frame_id=frame.frame_id, frame_key=frame.object_key or "", captured_at=frame.captured_at,
            width=frame.width, height=frame.height, layout_key=KEY, layout_version=1,
            model=ModelRef(name="m", version="1"), rule="r", complete=True, tables=(), seen=seen,
        )  # fmt: skip
        objects.objects[made.judgement_key] = made.to_json()


async def cpu_ms(objects: MemoryObjects, frames: list[FrameExtracted], models: Path) -> tuple[float, int, int]:
    """(CPU ms a frame, looks of hazard's own, frames whose people were judged)."""
    metrics, stream = Metrics(), Stream()
    inspector = Inspector(
        objects, build_detector(models).detect, Judgements(objects, 0.0, SystemClock()), ThreadPoolExecutor(1),
        FloorOptions(), metrics,
    )  # fmt: skip
    await inspector.candidate(Stream(), frames[0], None)  # what is loaded once
    began = time.process_time()
    for frame in frames:
        await inspector.candidate(stream, frame, None)
    used = (time.process_time() - began) * 1000 / len(frames)
    counts = [int(metrics.value(WORK.name, stage="hazard_people", outcome=each) or 0) for each in ("looked", "judged")]
    return used, counts[0], counts[1]


def main() -> None:
    """Print both figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("layout", type=Path)
    parser.add_argument("--models", type=Path, default=Path(".local/models"))
    asked = parser.parse_args()
    objects = MemoryObjects()
    objects.objects[KEY] = read_layout(asked.layout).to_json()
    frames = frames_of(asked.clip, objects)
    own = asyncio.run(cpu_ms(objects, frames, asked.models))
    judge(objects, frames, asked.models)
    judged = asyncio.run(cpu_ms(objects, frames, asked.models))
    for name, (used, looked, taken) in (("looking itself", own), ("people as judged", judged)):
        print(f"{name}: {used:.1f} CPU ms a frame ({len(frames)} frames, {looked} looks, {taken} judged)")


if __name__ == "__main__":
    main()
