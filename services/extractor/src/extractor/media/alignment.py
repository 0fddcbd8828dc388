"""Estimates how a camera was moved, from a picture before and one after; `extractor.model.alignment` judges.

A camera that is turned or zoomed where it hangs sees every plane by one homography. It is estimated from SIFT features
(Lowe 2004), whose nearest neighbour is clearly nearer than the second and is mutual, by MAGSAC++ (Barath et al. 2020).
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.media.picture import Pixels
from extractor.model.alignment import Alignment

WIDTH, SMALL_WIDTH = 960, 480
"""Pixels of the pictures in which features are looked for, and of those whose outlines are compared."""
FEATURES, LEAST_CONTRAST = 3000, 0.02
CLEARLY = 0.8
"""Of the distance to the second neighbour."""
LEAST_MATCHES = 8
INLIER_PX, TRIALS, CERTAINTY = 3.0, 5000, 0.9999
SIDE = 4
"""Parts of the picture by row and column."""
LEAST_OVERLAP = 0.05
SEED, TINY = 1, 1e-9
Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class _Matched:
    """Positions of matches, in pixels, before and after."""

    before: Floats
    after: Floats


def align(before: bytes, after: bytes) -> Alignment | None:
    """Two encoded pictures; None where one cannot be decoded or too little of one is found in the other."""
    pictures = [cv2.imdecode(np.frombuffer(each, np.uint8), cv2.IMREAD_GRAYSCALE) for each in (before, after)]
    if any(each is None for each in pictures):
        return None
    one, other = (_resized(np.asarray(each, np.uint8), WIDTH) for each in pictures)
    matched = _matches(one, other)
    if matched is None:
        return None
    matrix, mask = _estimated(matched)
    if matrix is None or not np.isfinite(matrix).all() or abs(matrix[2, 2]) < TINY:
        return None
    height, width = one.shape
    transform = np.diag([1 / other.shape[1], 1 / other.shape[0], 1.0]) @ matrix @ np.diag([width, height, 1.0])
    inside = mask.ravel() > 0
    parts = (matched.before[inside] * SIDE / [width, height]).astype(int)
    return Alignment(
        transform=tuple((transform / transform[2, 2]).ravel().tolist()),
        inliers=int(inside.sum()),
        spread=len(np.unique(parts, axis=0)),
        alike=round(_alike(one, other, transform), 4),
        aspect=width / height,
    )


def _resized(luma: Pixels, most: int) -> Pixels:
    """To that width, if it is wider."""
    width = min(most, luma.shape[1])
    height = max(1, round(luma.shape[0] * width / luma.shape[1]))
    return np.asarray(cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _matches(one: Pixels, other: Pixels) -> _Matched | None:
    evened = cv2.createCLAHE(2.0, (8, 8))  # of parts in the shade features are found as in the light
    sift = cv2.SIFT.create(FEATURES, contrastThreshold=LEAST_CONTRAST)
    (points, descriptors), (others, other_descriptors) = (
        sift.detectAndCompute(evened.apply(each), None) for each in (one, other)
    )
    if min(len(points), len(others)) < LEAST_MATCHES:
        return None
    matcher = cv2.BFMatcher(cv2.NORM_L2)
    back = [each[0].trainIdx for each in matcher.knnMatch(other_descriptors, descriptors, k=1)]
    pairs = [
        (first.queryIdx, first.trainIdx)
        for first, second in matcher.knnMatch(descriptors, other_descriptors, k=2)
        if first.distance < CLEARLY * second.distance and back[first.trainIdx] == first.queryIdx
    ]
    if len(pairs) < LEAST_MATCHES:
        return None
    return _Matched(np.array([points[i].pt for i, _ in pairs]), np.array([others[i].pt for _, i in pairs]))


def _estimated(matched: _Matched) -> tuple[Floats | None, Floats]:
    cv2.setRNGSeed(SEED)
    matrix, mask = cv2.findHomography(
        *(matched.before, matched.after, cv2.USAC_MAGSAC, INLIER_PX), maxIters=TRIALS, confidence=CERTAINTY
    )
    return (None if matrix is None else np.asarray(matrix, np.float64)), np.asarray(mask)


def _alike(one: Pixels, other: Pixels, transform: Floats) -> float:
    """Correlation of the outlines of both, where the earlier one, carried over, covers the other; 0 where it hardly
    does."""
    small, now = _outlines(_resized(one, SMALL_WIDTH)), _outlines(_resized(other, SMALL_WIDTH))
    size, to = np.diag([small.shape[1], small.shape[0], 1.0]), now.shape[::-1]
    matrix = np.diag([*to, 1.0]) @ transform @ np.linalg.inv(size)
    carried = cv2.warpPerspective(small, matrix, to)
    covered = cv2.warpPerspective(np.ones_like(small), matrix, to) > 0.99
    if covered.mean() < LEAST_OVERLAP:
        return 0.0
    found = float(np.corrcoef(carried[covered], now[covered])[0, 1])
    return found if np.isfinite(found) else 0.0


def _outlines(luma: Pixels) -> NDArray[np.float32]:
    """Sizes of gradients of the logarithm: a light that goes on or off changes them little."""
    logarithm = np.log(cv2.GaussianBlur(luma, (0, 0), 1.5).astype(np.float32) + 8)
    across, along = cv2.Sobel(logarithm, cv2.CV_32F, 1, 0), cv2.Sobel(logarithm, cv2.CV_32F, 0, 1)
    return np.asarray(cv2.magnitude(across, along), np.float32)


def warm_up() -> None:
    """Align once: numpy imports some of its modules when they are needed first, and a sandbox has no files."""
    rng = np.random.default_rng(1)
    room = cv2.resize(rng.integers(0, 255, (24, 40), np.uint8), (320, 192), interpolation=cv2.INTER_NEAREST)
    beside = cv2.warpAffine(room, np.array([[1.0, 0.0, 6.0], [0.0, 1.0, 3.0]]), (320, 192))
    before, after = (bytes(cv2.imencode(".jpg", each)[1].data) for each in (room, beside))
    if align(before, after) is None:
        raise RuntimeError("a room is not found in its own picture")
