"""The guests and the coffee: public-domain pictures that ship in wheels, cut out of their backgrounds.

``astronaut`` (NASA, Eileen Collins) and ``coffee`` (Pikolo Espresso Bar, CC0) come with scikit-image, ``grace_hopper``
(US Navy) with matplotlib.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Mask = NDArray[np.uint8]

# outlines drawn by hand, in the picture's own pixels; GrabCut then finds the edge near them
_ASTRONAUT = """
0,512 0,440 25,380 30,330 50,260 85,230 115,205 118,165 140,150 180,152 185,130 165,115 152,85 155,45 185,20 235,14
280,28 302,65 302,100 285,130 268,140 262,160 290,180 305,220 300,255 335,270 358,300 362,342 350,400 340,512
"""
_HOPPER = """
0,600 0,460 44,390 135,367 193,333 186,310 164,285 153,235 153,172 160,145 152,92 200,45 256,22 310,30 373,92 372,160
379,190 376,225 360,310 322,340 340,356 400,365 480,396 512,436 512,600
"""
_COFFEE = """
80,205 95,150 130,110 180,80 176,50 190,25 230,8 290,6 340,25 400,55 420,68 418,90 405,130 450,160 478,200 478,250
455,300 410,345 350,375 290,388 220,380 160,352 110,310 85,260
"""


@dataclass(frozen=True, slots=True)
class Cutout:
    """``bgr`` H x W x 3 with ``alpha`` H x W, 0..255."""

    bgr: Picture
    alpha: Mask

    def scaled(self, height: int, mirrored: bool = False) -> Cutout:
        width = round(self.bgr.shape[1] * height / self.bgr.shape[0])
        bgr = cv2.resize(self.bgr, (width, height), interpolation=cv2.INTER_AREA)
        alpha = cv2.resize(self.alpha, (width, height), interpolation=cv2.INTER_AREA)
        if mirrored:
            bgr, alpha = bgr[:, ::-1], alpha[:, ::-1]
        return Cutout(np.ascontiguousarray(bgr, np.uint8), np.ascontiguousarray(alpha, np.uint8))


def load() -> dict[str, Cutout]:
    """Everybody and everything, by name."""
    return {
        "astronaut": _cut(_scikit_image("astronaut"), _ASTRONAUT),
        "hopper": _cut(_grace_hopper(), _HOPPER),
        "coffee": _cut(_scikit_image("coffee"), _COFFEE),
    }


def paste(canvas: Picture, cutout: Cutout, x: float, y: float, opacity: float = 1.0) -> None:
    """Blend into ``canvas``, in place; ``x`` is the cutout's middle, ``y`` its lower edge; the rest is left out."""
    height, width = cutout.alpha.shape
    left, upper = round(x - width / 2), round(y - height)
    x1, y1, x2, y2 = (
        max(0, left),
        max(0, upper),
        min(canvas.shape[1], left + width),
        min(canvas.shape[0], upper + height),
    )
    if x1 >= x2 or y1 >= y2:
        return
    part = (slice(y1 - upper, y2 - upper), slice(x1 - left, x2 - left))
    alpha = cutout.alpha[part][..., None].astype(np.float32) * (opacity / 255)
    under = canvas[y1:y2, x1:x2]
    canvas[y1:y2, x1:x2] = (cutout.bgr[part] * alpha + under * (1 - alpha) + 0.5).astype(np.uint8)


def _scikit_image(name: str) -> Picture:
    import skimage.data

    rgb = getattr(skimage.data, name)()
    return np.ascontiguousarray(rgb[:, :, ::-1], np.uint8)


def _grace_hopper() -> Picture:
    import matplotlib

    path = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    picture = cv2.imread(str(path))
    if picture is None:
        raise FileNotFoundError(path)
    return np.asarray(picture, np.uint8)


def _cut(picture: Picture, outline: str) -> Cutout:
    """Refine a hand-drawn outline by GrabCut and trim to what is left. Deterministic: its seed is set."""
    polygon = np.array([[int(v) for v in pair.split(",")] for pair in outline.split()], np.int32)
    drawn = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(drawn, [polygon], 255)
    mask = np.full(drawn.shape, cv2.GC_BGD, np.uint8)
    mask[cv2.dilate(drawn, _round(15)) > 0] = cv2.GC_PR_BGD
    mask[drawn > 0] = cv2.GC_PR_FGD
    # a border counts as inside, so that a bust that leaves the picture keeps its lower edge
    sure = cv2.erode(drawn, _round(41), borderType=cv2.BORDER_CONSTANT, borderValue=255)
    mask[sure > 0] = cv2.GC_FGD
    cv2.setRNGSeed(1)
    cv2.grabCut(picture, mask, None, np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK)  # type: ignore[call-overload]
    kept = np.where((mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD), 255, 0).astype(np.uint8)
    kept = np.asarray(cv2.morphologyEx(kept, cv2.MORPH_OPEN, _round(5)), np.uint8)
    kept = np.asarray(cv2.morphologyEx(kept, cv2.MORPH_CLOSE, _round(9)), np.uint8)
    x, y, width, height = cv2.boundingRect(kept)
    part = (slice(y, y + height), slice(x, x + width))
    return Cutout(picture[part].copy(), np.asarray(cv2.GaussianBlur(kept[part], (5, 5), 0), np.uint8))


def _round(size: int) -> NDArray[Any]:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
