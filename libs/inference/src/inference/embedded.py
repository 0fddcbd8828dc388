"""The default classifier: CPU only, no network, the model that set-up brought."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import cv2
import numpy as np

from inference import coco, verdicts, views
from inference.detect import Detection, Detector, Picture
from inference.geometry import Box
from inference.protocol import FrameRequest, TableVerdict, Unavailable, Unreadable

DOUBTFUL = 0.25  # people from this score on are looked at: below PERSON_SCORE they only lower the trust in "free"


class EmbeddedClassifier:
    """Whole frames rather than crops: who sits where is decided between tables, see docs/decisions.

    Work runs on ``threads`` threads of its own, never on the event loop.
    """

    def __init__(self, detector: Detector, *, name: str, version: str, threads: int = 1) -> None:
        self.name = name
        self.version = version
        self._detector = detector
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="embedded")
        self._closed = False

    async def classify(self, request: FrameRequest) -> list[TableVerdict]:
        """Raises Unreadable when the frame is no picture, Unavailable after close()."""
        if not request.regions:
            return []
        if self._closed:
            raise Unavailable("the embedded classifier is closed")
        return await asyncio.get_running_loop().run_in_executor(self._pool, self.judge, request)

    async def close(self) -> None:
        """Lets running frames finish, refuses new ones."""
        self._closed = True
        await asyncio.to_thread(self._pool.shutdown, wait=True, cancel_futures=True)

    def judge(self, request: FrameRequest) -> list[TableVerdict]:
        """``classify`` without an event loop; thread-safe."""
        bgr = read_picture(request.jpeg)
        height, width = bgr.shape[:2]
        seen = look(self._detector, bgr, views.choose(request.regions, width, height))
        judged = self._verdicts(request, seen, width, height)
        # what was left behind only matters where nobody sits, and costs one more look for each such table
        empty = [region for region, verdict in zip(request.regions, judged, strict=True) if verdict.label == "free"]
        closer = look(self._detector, bgr, [views.table_top(region) for region in empty])
        things = [one for one in closer if one.label in coco.THINGS]
        return self._verdicts(request, views.merge([*seen, *things]), width, height) if things else judged

    def _verdicts(self, request: FrameRequest, seen: list[Detection], width: int, height: int) -> list[TableVerdict]:
        return verdicts.judge(request.regions, seen, width, height, self.name, self.version)


def look(detector: Detector, bgr: Picture, boxes: list[Box]) -> list[Detection]:
    """Everything seen in those views of the picture, each thing once, in coordinates of the whole picture."""
    height, width = bgr.shape[:2]
    seen = []
    for x1, y1, x2, y2 in boxes:
        left, upper, right, lower = round(x1 * width), round(y1 * height), round(x2 * width), round(y2 * height)
        if right <= left or lower <= upper:  # smaller than a pixel: nothing to see
            continue
        exact = (left / width, upper / height, right / width, lower / height)
        found = detector.detect(bgr[upper:lower, left:right], DOUBTFUL)
        seen.append([views.to_frame(one, exact) for one in found])
    return views.merge(chain.from_iterable(seen))


def read_picture(jpeg: bytes) -> Picture:
    """Decode to BGR. Raises Unreadable."""
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) if jpeg else None
    if picture is None:
        raise Unreadable(f"not a picture: {len(jpeg)} bytes")
    return np.asarray(picture, np.uint8)
