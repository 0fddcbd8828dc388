"""Scalers are kept, and never by two threads: a camera reader has a thread a camera."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import av
import numpy as np

from extractor.media.colour import BT2020, _lookup, displayable
from extractor.media.picture import scaled
from extractor.media.scaler import scaler_for

CAMERAS, PICTURES = 8, 10
FRAME = av.VideoFrame(1280, 720, "yuv420p")


def test_a_scaler_is_kept_for_frames_of_the_same_kind() -> None:
    assert scaler_for(FRAME, 320, 180, "gray") is scaler_for(FRAME, 320, 180, "gray")
    assert scaler_for(FRAME, 320, 180, "gray") is not scaler_for(FRAME, 320, 180, "bgr24")


def test_threads_do_not_share_a_scaler() -> None:
    together = Barrier(CAMERAS)

    def asked(_: int) -> object:
        together.wait()
        return scaler_for(FRAME, 320, 180, "gray")

    with ThreadPoolExecutor(CAMERAS) as threads:
        found = list(threads.map(asked, range(CAMERAS)))
    assert len({id(each) for each in found}) == CAMERAS


def test_threads_do_not_share_a_lookup_of_wide_colours() -> None:
    together = Barrier(2)

    def asked(_: int) -> object:
        together.wait()
        return _lookup(64, 48, ("pq", BT2020))

    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(asked, range(2))
    assert first is not second


def test_cameras_that_send_frames_of_the_same_kind_each_get_their_own_picture() -> None:
    def greys_seen(level: int) -> list[int]:
        frame = displayable(av.VideoFrame.from_ndarray(np.full((1080, 1280), level, np.uint8), format="yuv420p"))
        made = [scaled(frame, 320, 180, "AREA", "gray") for _ in range(PICTURES)]
        return sorted({int(grey) for picture in made for grey in np.unique(picture)})

    levels = range(40, 40 + 20 * CAMERAS, 20)
    with ThreadPoolExecutor(CAMERAS) as threads:
        together = list(threads.map(greys_seen, levels))
    assert together == [greys_seen(level) for level in levels]
    assert len({tuple(each) for each in together}) == CAMERAS
