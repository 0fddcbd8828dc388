"""How a picture is to be shown: the display matrix of its track."""

import math
import struct
from typing import Any


def orientation(frame: Any) -> tuple[int, bool]:
    """By how many degrees a decoded frame is rotated clockwise (0, 90, 180, 270), and whether it is mirrored left to
    right *before* that.

    The matrix is nine int32, rows of three; a point (x, y) is shown at (ax + cy, bx + dy), y pointing down
    (ISO 14496-12, 8.3.2; libavutil/display.h). One that mirrors has a negative determinant.
    """
    matrix: Any = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return 0, False
    a, b, _, c, d, *_ = struct.unpack("=9i", bytes(matrix)[:36])
    clockwise = math.degrees(math.atan2(-c, d))
    return round(clockwise / 90) % 4 * 90, a * d - b * c < 0
