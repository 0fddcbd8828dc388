"""The default classifier: CPU only, no network, the model of `inference.models` or one that a site brings."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import cv2
import numpy as np

from inference import verdicts
from inference.decoders.fit import Picture
from inference.detect import Detection
from inference.looks import Look
from inference.protocol import FrameRequest, Judgement, Polygon, Region, Unavailable, Unreadable
from inference.seating import DEFAULT_SCORES, RULE, Scores

GIVES_WAY = 5
"""Niceness of the threads that look, beside that of the process."""


class EmbeddedClassifier:
    """Judges whole frames rather than crops: who sits where is decided between tables (decisions 0010, 0069).

    Work runs on ``threads`` threads of its own, never on the event loop, which goes first where there is not enough of
    the processor for both: records, states and probes do not wait behind looks.
    """

    def __init__(
        self, look: Look, *, name: str, version: str, scores: Scores = DEFAULT_SCORES, threads: int = 1
    ) -> None:
        self.name = name
        self.version = version
        self.scores = scores
        self._look = look
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="embedded", initializer=give_way)
        self._closed = False

    async def classify(self, request: FrameRequest) -> Judgement:
        """Raises Unreadable when the frame is no picture, Unavailable after close()."""
        if not request.regions and not request.everything:
            return Judgement((), (), self.name, self.version, RULE, 0, 0)
        if self._closed:
            raise Unavailable("the embedded classifier is closed")
        return await asyncio.get_running_loop().run_in_executor(self._pool, self.judge, request)

    async def close(self) -> None:
        """Finish running frames, refuse new ones."""
        self._closed = True
        await asyncio.to_thread(self._pool.shutdown, wait=True, cancel_futures=True)

    def judge(self, request: FrameRequest) -> Judgement:
        """``classify`` without an event loop; thread-safe."""
        return self.judge_picture(read_picture(request.jpeg), request.regions, request.ignore)

    def judge_picture(self, bgr: Picture, regions: Sequence[Region], ignore: Sequence[Polygon] = ()) -> Judgement:
        """``judge`` of a picture that is decoded already."""
        height, width = bgr.shape[:2]
        judgement = self.decide(regions, self.see(bgr, regions, ignore), width, height, ignore)
        return replace(judgement, light=light_of(bgr))

    @property
    def sees_by_zone(self) -> bool:
        """Whether what it sees depends on where the zones are."""
        return self._look.by_zone

    def see(self, bgr: Picture, regions: Sequence[Region], ignore: Sequence[Polygon] = ()) -> list[Detection]:
        """What the detector finds: the part that takes the time."""
        return self._look.see(bgr, regions, ignore)

    def decide(
        self, regions: Sequence[Region], found: Iterable[Detection], width: int, height: int,
        ignore: Sequence[Polygon] = (),
    ) -> Judgement:  # fmt: skip
        """What that means for the tables; ``width`` and ``height`` of the picture in pixels."""
        return verdicts.judge(regions, found, width, height, self.name, self.version, self.scores, ignore)


def give_way() -> None:
    """Lower the priority of the thread that calls: on Linux niceness is each thread's own (setpriority(2), Bugs)."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, 0) + GIVES_WAY)


def light_of(bgr: Picture) -> float:
    """90th percentile of the luma, 0 to 1, of every eighth pixel of every eighth line."""
    luma = cv2.cvtColor(np.ascontiguousarray(bgr[::8, ::8]), cv2.COLOR_BGR2GRAY)
    return round(float(np.percentile(luma, 90)) / 255, 3)


def read_picture(jpeg: bytes) -> Picture:
    """Decode to BGR. Raises Unreadable."""
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) if jpeg else None
    if picture is None:
        raise Unreadable(f"not a picture: {len(jpeg)} bytes")
    return np.asarray(picture, np.uint8)
