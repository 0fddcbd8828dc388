"""A small restaurant floor, drawn: what a camera sees, its layout, and the frames of a run over it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np

from hazard.detect.floor import Picture
from objects.store import ObjectStore
from tablewatch_schemas import FrameExtracted, keys
from tablewatch_schemas.ids import frame_id, new_id
from tablewatch_schemas.layout import Layout, LayoutTable

WIDTH, HEIGHT = 640, 360
FLOOR = ((0.2, 0.3), (0.8, 0.3), (0.9, 1.0), (0.1, 1.0))
PUDDLE = (300, 240, 60, 22)  # x, y, half width, half height; pixels
PUDDLE_BOX = (240 / 640, 218 / 360, 360 / 640, 262 / 360)
BROWN, WET, JACKET = (30, 70, 160), (120, 128, 134), (90, 40, 30)
_GRAIN = np.random.default_rng(1).normal(0, 2.0, (HEIGHT, WIDTH, 3))
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def picture(
    number: int,
    *,
    puddle: tuple[int, int, int] | None = None,
    person_x: int | None = None,
    light: float = 1.0,
) -> Picture:
    """The floor at moment `number`, with a puddle of a colour and a person standing at x."""
    canvas = np.full((HEIGHT, WIDTH, 3), (140, 150, 158), np.uint8)
    for x in range(0, WIDTH, 40):
        cv2.line(canvas, (x, 0), (x, HEIGHT), (120, 130, 138), 1)
    if puddle is not None:
        cv2.ellipse(canvas, PUDDLE[:2], PUDDLE[2:], 0, 0, 360, puddle, -1)
    if person_x is not None:
        cv2.rectangle(canvas, (person_x - 20, 150), (person_x + 20, 260), JACKET, -1)
    grain = np.roll(_GRAIN, number * 37, axis=1)
    return np.clip(canvas * light + grain, 0, 255).astype(np.uint8)


def person_box(x: int) -> tuple[float, float, float, float]:
    return ((x - 20) / WIDTH, 150 / HEIGHT, (x + 20) / WIDTH, 260 / HEIGHT)


def jpeg(canvas: Picture) -> bytes:
    done, data = cv2.imencode(".jpg", canvas, [cv2.IMWRITE_JPEG_QUALITY, 85])
    assert done
    return data.tobytes()


def layout(site_id: str, camera_id: str) -> Layout:
    return Layout(
        layout_key=keys.layout(site_id, camera_id, 1),
        site_id=site_id,
        camera_id=camera_id,
        version=1,
        created_at=START,
        width=WIDTH,
        height=HEIGHT,
        tables=(
            LayoutTable(
                table_id="tbl_left",
                label="1",
                seats=2,
                section_id=None,
                polygon=((0.0, 0.4), (0.3, 0.4), (0.3, 0.8), (0.0, 0.8)),
                top=None,
            ),
        ),
        floor=(FLOOR,),
    )


async def stored_run(
    objects: ObjectStore, pictures: Sequence[Picture], make: tuple[str, ...] = ("frames", "hazards")
) -> list[FrameExtracted]:
    """Store the layout and the pictures, one a second; the events of the run, the last one saying so."""
    site, camera, run = new_id("site"), new_id("cam"), new_id("run")
    plan = layout(site, camera)
    await objects.put(plan.layout_key, plan.to_json())
    for index, one in enumerate(pictures):
        await objects.put(keys.run_frame(site, run, index), jpeg(one))
    return [frame(site, camera, run, index, len(pictures), plan.layout_key, make) for index in range(len(pictures))]


def frame(
    site: str, camera: str, run: str, index: int, count: int, layout_key: str | None, make: tuple[str, ...]
) -> FrameExtracted:
    before = index - 1 if index else None
    return FrameExtracted(
        frame_id=frame_id(run, index),
        site_id=site,
        camera_id=camera,
        run_id=run,
        video_id="vid_1",
        index=index,
        media_ms=index * 1000,
        captured_at=START + timedelta(seconds=index),
        object_key=keys.run_frame(site, run, index),
        width=WIDTH,
        height=HEIGHT,
        size_bytes=1,
        keyframe=True,
        sharpness=1.0,
        brightness=0.5,
        layout_key=layout_key,
        previous_frame_id=None if before is None else frame_id(run, before),
        previous_object_key=None if before is None else keys.run_frame(site, run, before),
        make=make,
        last=index == count - 1,
    )
