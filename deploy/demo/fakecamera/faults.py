"""Faults of a fake camera that can be switched on and off while it is watched."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast, get_args

import cv2
import numpy as np

from fakecamera.pictures import Changed, LoopedClip, Luma
from fakecamera.server import FakeCamera, Freeze

MOVED_SHARE = 0.06
"""Of the picture's width."""


def dark(luma: Luma) -> Luma:
    return np.asarray(16 + (luma - np.minimum(luma, 16)) * 0.03, np.uint8)


def blocked(luma: Luma) -> Luma:
    return np.asarray(cv2.GaussianBlur(luma, (0, 0), luma.shape[1] / 32), np.uint8)


def moved(luma: Luma) -> Luma:
    height, width = luma.shape
    matrix = np.array([[1, 0, MOVED_SHARE * width], [0, 1, 0]], np.float32)
    return np.asarray(cv2.warpAffine(luma, matrix, (width, height), borderMode=cv2.BORDER_REFLECT), np.uint8)


CHANGES: Mapping[str, Callable[[Luma], Luma]] = {"dark": dark, "blocked": blocked, "moved": moved}
INTERVAL_S = 0.5


def named(chosen: Path) -> str:
    """The fault that stands in a file."""
    return chosen.read_text().strip() if chosen.is_file() else ""


async def follow(camera: FakeCamera, clip: LoopedClip, path: Path, chosen: Path) -> None:
    """Have the fault whose name stands in the file `chosen`; none without the file, or with any other word."""
    before = ""
    while True:
        fault = await asyncio.to_thread(named, chosen)
        if fault != before:
            before = fault
            camera.behaviour.freeze = cast(Freeze, fault) if fault in get_args(Freeze) else None
            camera.pictures = await asyncio.to_thread(Changed, path, CHANGES[fault]) if fault in CHANGES else clip
            print(f"fault: {fault or 'none'}", flush=True)
        await asyncio.sleep(INTERVAL_S)
