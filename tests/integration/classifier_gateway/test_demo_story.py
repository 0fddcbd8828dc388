"""Whether the embedded models recognise the story of the demo clip."""

from pathlib import Path

import cv2
import pytest
from restaurant import cast, clip, story
from restaurant.room import Room

import inference
from inference.protocol import FrameRequest, Region

EVERY = 40  # frames: one look in four seconds is enough here, deploy/demo was tuned on every second


@pytest.mark.parametrize(
    ("model", "left"),
    # one look at the whole frame is too coarse for cups: only the second choice looks closer at table tops
    [("yolox-nano", set()), ("coco-ssd", {"1", "2", "5", "6"})],
)
def test_the_model_recognises_the_story(models_dir: Path, model: str, left: set[str]) -> None:
    classifier = inference.build_embedded(models_dir, model)
    regions = tuple(
        Region(table["label"], tuple(map(tuple, table["polygon"])), tuple(map(tuple, table["top"])))
        for table in story.layout()["tables"]
    )
    right, seen, left_behind = 0, 0, set()
    camera = clip.Camera(Room(cast.load()))
    for number in range(20, story.DURATION_MS * clip.FPS // 1000, EVERY):
        at_ms = number * 1000 // clip.FPS
        jpeg = cv2.imencode(".jpg", camera.take(number), [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
        for verdict in classifier.judge(FrameRequest("f", "s", jpeg, regions, {})).verdicts:
            truth = _settled(verdict.table_id, at_ms)
            seen += truth is not None
            right += verdict.label == truth
            if verdict.label == "free" and verdict.things:
                left_behind.add(verdict.table_id)
    assert seen > 150
    assert right / seen >= 0.97
    assert left_behind == left


def _settled(label: str, at_ms: int) -> str | None:
    """The true state, or None close to a change of it."""
    for since, until, state in story.intervals(label):
        if since <= at_ms < until:
            near = since > 0 and at_ms - since < story.TRANSITION_MS
            return None if near else str(state)
    return None
