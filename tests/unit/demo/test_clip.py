"""Filming, on a story of two seconds."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from restaurant import cast, clip, story
from restaurant.room import Room


@pytest.fixture(scope="module")
def room() -> Room:
    return Room(cast.load())


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two seconds of growing light instead of the story."""

    def frames() -> Iterator[np.ndarray]:
        for number in range(20):
            yield np.full((story.HEIGHT, story.WIDTH, 3), number * 10, np.uint8)

    monkeypatch.setattr(clip, "frames", frames)


def test_the_clip_is_h264_of_the_size_and_rate_it_says(tmp_path: Path, short: None) -> None:
    clip.ensure(tmp_path, print)
    with av.open(str(tmp_path / "clip.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height, stream.average_rate) == (1280, 720, 10)
        keys = [packet.is_keyframe for packet in container.demux(stream) if packet.size]
    assert len(keys) == 20
    assert sum(keys) == 1  # the next would come after two seconds


def test_it_is_made_once_and_again_when_a_file_is_lost_or_changed(tmp_path: Path, short: None) -> None:
    lines: list[str] = []
    clip.ensure(tmp_path, lines.append)
    made = (tmp_path / "clip.mp4").read_bytes()
    lines.clear()
    clip.ensure(tmp_path, lines.append)
    assert len(lines) == 1
    (tmp_path / "truth.json").write_text("{}")
    clip.ensure(tmp_path, lines.append)
    assert len(lines) > 2
    assert (tmp_path / "clip.mp4").read_bytes() == made  # filming is deterministic


def test_the_room_stands_still_while_nothing_happens(room: Room) -> None:
    assert room.at(2_000) is room.at(2_100)
    assert not np.array_equal(room.at(2_000), room.at(40_000))


def test_the_spill_is_where_the_truth_says_and_nowhere_before(room: Room) -> None:
    x1, y1, x2, y2 = story.SPILL.box
    before, after = room.at(59_900).astype(int), room.at(61_000).astype(int)
    changed = np.abs(after - before).max(axis=2) > 20
    ys, xs = np.nonzero(changed)
    assert changed[y1:y2, x1:x2].mean() > 0.4
    assert (xs.min(), xs.max()) == pytest.approx((x1, x2), abs=20)
    assert (ys.min(), ys.max()) == pytest.approx((y1, y2), abs=20)


def test_the_camera_adds_a_little_noise_and_drift(room: Room) -> None:
    camera = clip.Camera(room)
    first, second = camera.take(0), camera.take(1)
    assert np.array_equal(first, clip.Camera(room).take(0))
    assert 1 < np.abs(first.astype(int) - second).mean() < 4
    assert np.abs(first.astype(int) - room.at(0)).mean() < 3


@pytest.mark.parametrize("place", [(50, 50), (-20, 50), (50, 5), (500, 500), (99, 130)])
def test_pasting_over_the_edge_keeps_what_is_inside(place: tuple[int, int]) -> None:
    canvas = np.zeros((100, 100, 3), np.uint8)
    cutout = cast.Cutout(np.full((40, 60, 3), 200, np.uint8), np.full((40, 60), 255, np.uint8))
    cast.paste(canvas, cutout, *place)
    tall = min(100, place[1]) - max(0, place[1] - 40)
    wide = min(100, place[0] + 30) - max(0, place[0] - 30)
    assert np.count_nonzero(canvas[..., 0]) == max(0, tall) * max(0, wide)
