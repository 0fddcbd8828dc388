"""Which video track of a file is taken, and how long it is: the same answer in admission and in extraction.

It is called inside the sandbox, with the containers that the caller opens.
"""

from tracks.choice import VideoTrack, choose
from tracks.duration import declared_end, duration_ms, end_is_shared
from tracks.open import Taken, open_track
from tracks.orientation import orientation
from tracks.reading import read_packets

__all__ = [
    "Taken",
    "VideoTrack",
    "choose",
    "declared_end",
    "duration_ms",
    "end_is_shared",
    "open_track",
    "orientation",
    "read_packets",
]
