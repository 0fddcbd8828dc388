"""From a decoded frame to the picture that is stored, its sharpness and brightness, and a thumbnail."""

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.media.scaler import scaler_for
from extractor.model.options import Orientation, PictureOptions

THUMB_WIDTH, MOST_THUMB_HEIGHT = 320, 4096
"""A picture that is so tall that both cannot be kept is narrower: JPEG holds no more than 65,535 rows."""
THUMB_QUALITY = 80
ROTATIONS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Picture:
    """One encoded frame: size in pixels after rotation; sharpness and brightness as in `frame.extracted`; the luma that
    both were measured on.
    """

    data: bytes
    width: int
    height: int
    sharpness: float
    brightness: float
    luma: Pixels = field(compare=False, repr=False)


def picture_of(frame: Any, orientation: Orientation, options: PictureOptions) -> Picture:
    """Of a frame that `extractor.media.colour.displayable` returned.

    Through BGR: swscale honours the stream's colour matrix and range, which writing its planes into a JPEG does not.

    Sharpness and brightness are measured on 320 pixels of width, so that they compare between cameras of different
    resolution, and on the luma alone: half the cost of scaling colours.
    """
    size = options.size(frame.width, frame.height)
    smaller = size != (frame.width, frame.height)
    bgr = upright(scaled(frame, *size, "AREA" if smaller else "BILINEAR"), orientation)
    height, width = bgr.shape[:2]
    luma = scaled(frame, *_thumb_size(frame, orientation), "AREA", "gray")
    sharpness = float(cv2.meanStdDev(cv2.Laplacian(luma, cv2.CV_32F))[1].item()) ** 2
    brightness = cv2.mean(luma)[0] / 255
    return Picture(encode(bgr, options), width, height, round(sharpness, 3), round(brightness, 4), luma)


def thumbnail(frame: Any, orientation: Orientation) -> bytes:
    """The frame as a JPEG that is 320 pixels wide."""
    return jpeg(upright(scaled(frame, *_thumb_size(frame, orientation), "AREA"), orientation), THUMB_QUALITY)


def _thumb_size(frame: Any, orientation: Orientation) -> tuple[int, int]:
    """Width and height, before rotation, of what is 320 pixels wide *after* it, or MOST_THUMB_HEIGHT high."""
    wide, high = frame.width, frame.height
    if orientation.on_its_side:
        wide, high = high, wide
    scale = min(THUMB_WIDTH / wide, MOST_THUMB_HEIGHT / high)
    size = max(1, round(wide * scale)), max(1, round(high * scale))
    return size[::-1] if orientation.on_its_side else size


def scaled(frame: Any, width: int, height: int, interpolation: str, pixels: str = "bgr24") -> Pixels:
    """BGR (or grey) of that size. `frame.to_ndarray` would set up swscale for every frame."""
    scaler = scaler_for(frame, width, height, pixels, interpolation)
    scaled = scaler.reformat(frame, width, height, format=pixels, interpolation=interpolation, threads=1)
    return np.asarray(scaled.to_ndarray(), dtype=np.uint8)


def upright(pixels: Pixels, orientation: Orientation) -> Pixels:
    """Mirrored left to right, then rotated clockwise."""
    if orientation.mirrored:
        pixels = np.asarray(cv2.flip(pixels, 1), dtype=np.uint8)
    if orientation.rotation in ROTATIONS:
        pixels = np.asarray(cv2.rotate(pixels, ROTATIONS[orientation.rotation]), dtype=np.uint8)
    return pixels


def encode(pixels: Pixels, options: PictureOptions) -> bytes:
    """The stored object's bytes. Raises ValueError if the format cannot hold the size."""
    return png(pixels) if options.format == "png" else jpeg(pixels, options.quality)


def jpeg(pixels: Pixels, quality: int) -> bytes:
    """Encoded by libjpeg-turbo. Raises ValueError if the size is more than JPEG can hold."""
    done, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError("picture cannot be encoded")
    return bytes(data.data)


def png(pixels: Pixels) -> bytes:
    """Lossless, at the lowest effort: more makes it a twentieth smaller and takes several times as long."""
    done, data = cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    if not done:
        raise ValueError("picture cannot be encoded")
    return bytes(data.data)
