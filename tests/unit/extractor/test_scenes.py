"""What small pictures show of their camera's health, and the snapshot that they are compared with."""

import subprocess
import sys

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from extractor.media.scene import SIZE, Anchor, Reference, SceneMeter, light
from extractor.model.camera_health import Health, judged, next_health
from extractor.model.scene import Compared, Scene
from extractor.model.snapshot import EVERY_S, Snapshot, is_due, parse_snapshot, view_of

Luma = NDArray[np.uint8]
SHAPES = pytest.mark.parametrize("size", [(320, 180), (320, 240), (240, 320)], ids=str)


def room(size: tuple[int, int] = (320, 180)) -> Luma:
    """Boxes of all sizes and greys."""
    rng, (width, height) = np.random.default_rng(3), size
    luma = np.full((height, width), 90, np.uint8)
    for _ in range(120):
        left, top = int(rng.integers(0, width)), int(rng.integers(0, height))
        wide, high = (int(each) for each in rng.integers(8, 60, 2))
        cv2.rectangle(luma, (left, top), (left + wide, top + high), int(rng.integers(40, 220)), -1)
    return luma


def seen(before: Luma, now: Luma) -> Scene:
    reference = Reference()
    reference.jpeg = bytes(cv2.imencode(".jpg", before)[1].data)
    return SceneMeter(reference).measure(now, 0.0)


def beside(luma: Luma, right: float) -> Luma:
    height, width = luma.shape
    matrix = np.array([[1, 0, right], [0, 1, 0]], np.float32)
    return np.asarray(cv2.warpAffine(luma, matrix, (width, height), borderMode=cv2.BORDER_REFLECT), np.uint8)


@SHAPES
def test_a_picture_beside_itself_lies_still(size: tuple[int, int]) -> None:
    """Tiles whose sides a Fourier transform fills up shift by half a pixel or four."""
    scene = seen(room(size), room(size))
    assert scene.compared is not None
    assert scene.compared.shift < 0.1
    assert scene.compared.lost < 0.05
    assert judged(scene) is None


@pytest.mark.parametrize("right", [2.0, 3.0, 8.0, 20.0])
def test_a_camera_that_was_moved(right: float) -> None:
    scene = seen(room(), beside(room(), right))
    assert scene.compared is not None
    assert scene.compared.right == pytest.approx(right, abs=0.5)
    assert judged(scene) == "moved"


@pytest.mark.parametrize("grey", [0, 128, 255])
@pytest.mark.parametrize("walls", [4, 10, 12, 16])
def test_tiles_without_anything_in_them_say_nothing(grey: int, walls: int) -> None:
    """Correlated they lie half a tile beside themselves: of a view that is mostly white wall all cameras were moved."""

    def walled(luma: Luma) -> Luma:
        luma = luma.copy()
        luma[:, : round(luma.shape[1] * walls / 16)] = grey
        return luma

    still = seen(walled(room()), walled(room())).compared
    assert still is not None
    assert still.shift < 0.1
    assert still.agreeing > 0.75
    if walls < 12:  # else too little is left to see it
        moved = seen(walled(room()), walled(beside(room(), 8)))
        assert moved.compared is not None
        assert moved.compared.right == pytest.approx(8, abs=0.5)


def test_another_view_is_moved_and_a_covered_one_is_blocked() -> None:
    assert judged(seen(room(), np.ascontiguousarray(room()[::-1]))) == "moved"
    assert judged(seen(room(), np.asarray(cv2.GaussianBlur(room(), (0, 0), 20), np.uint8))) == "blocked"


@pytest.mark.parametrize("factor", [0.25, 0.5, 1.15])
def test_another_light_is_not_moved(factor: float) -> None:
    assert judged(seen(room(), (room() * factor).clip(0, 255).astype(np.uint8))) is None


def test_the_dark_hides_everything_else() -> None:
    assert judged(seen(room(), (room() * 0.05).astype(np.uint8))) == "dark"
    assert judged(Scene(same=0, same_s=0.0, light=0.05, compared=Compared(9.0, 9.0, 0.0, 1.0))) == "dark"


def test_the_same_picture_may_have_a_clock_that_goes_on() -> None:
    meter = SceneMeter()
    for second in range(5):
        luma = room()
        cv2.putText(luma, f"10:00:0{second}", (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, 255)
        scene = meter.measure(luma, float(second))
    assert (scene.same, scene.same_s) == (4, 4.0)
    assert meter.measure(beside(room(), 1), 5.0).same == 0


def test_a_trouble_is_certain_when_it_lasts_and_light_off_and_on_is_none() -> None:
    dark, well = Scene(same=0, same_s=0.0, light=0.02), Scene(same=0, same_s=0.0)
    health = Health()
    for at_s, scene in enumerate([dark, dark, well, dark, dark, dark, dark]):
        health = next_health(health, scene, float(at_s))
    assert health.trouble is None
    for at_s in (7, 8):
        health = next_health(health, dark, float(at_s))
    assert health.trouble == "dark"
    assert next_health(health, well, 9.0).trouble == "dark"
    assert next_health(next_health(health, well, 9.0), well, 10.0).trouble is None


def test_black_pictures_are_dark_also_where_all_are_the_same() -> None:
    health = Health()
    for second in range(12):
        health = next_health(health, Scene(same=second, same_s=float(second), light=0.0), float(second))
    assert health.trouble == "dark"


def test_a_snapshot_keeps_when_it_was_taken_and_of_which_view() -> None:
    jpeg = bytes(cv2.imencode(".jpg", room())[1].data)
    taken = Snapshot(view_of("rtsp://camera/1", 3), 1_795_000_000.25, jpeg)
    assert parse_snapshot(taken.to_bytes()) == taken
    assert cv2.imdecode(np.frombuffer(taken.to_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE).shape == (180, 320)
    assert b"camera/1" not in taken.to_bytes()
    assert len({view_of("a", 1), view_of("a", 2), view_of("b", 1), view_of("a", None)}) == 4


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8", b"\xff\xd8\xff\xfe\0\2", b"\xff\xd8\xff\xfe\xff\xfftablewatch a b", b"x" * 99]
)
def test_what_is_no_snapshot_of_ours_is_none(data: bytes) -> None:
    assert parse_snapshot(data) is None


def test_only_a_good_picture_of_the_same_view_becomes_the_next_snapshot() -> None:
    last = Snapshot("v", 1000.0, b"")
    still, aside = Compared(0.1, 0.1, 0.9, 0.0), Compared(1.0, 0.0, 0.9, 0.0)
    later = 1000 + EVERY_S
    scene = Scene(same=0, same_s=0.0, compared=still)
    assert is_due(None, Health(), Scene(same=0, same_s=0.0), 0.0)
    assert is_due(last, Health(), scene, later)
    assert not is_due(last, Health(), scene, later - 1)
    assert is_due(last, Health(), scene, 0.0), "our clock was set back"
    assert not is_due(last, Health(), Scene(same=0, same_s=0.0, compared=aside), later)
    assert not is_due(last, Health(), Scene(same=1, same_s=0.0, compared=still), later)
    assert not is_due(None, Health("moved"), scene, later)
    assert not is_due(None, Health(None, "dark", 0.0, 1), scene, later)


def test_what_was_warmed_up_imports_nothing_later() -> None:
    """A reader that is locked down can open no file: an import would end its sessions, one after another."""
    program = """
import sys
import cv2
import numpy as np
from extractor.media.scene import SIZE, Reference, SceneMeter, warm_up
full = (np.add.outer(np.arange(SIZE[1]) * 5, np.arange(SIZE[0]) ** 2) % 253).astype(np.uint8)
warm_up()
before = set(sys.modules)
for shown in (full, full // 16 * 16, np.zeros_like(full)):
    reference = Reference()
    reference.jpeg = bytes(cv2.imencode(".jpg", cv2.resize(shown, (640, 384)))[1].data)
    meter = SceneMeter(reference)
    for at_s, picture in enumerate((full, shown, np.zeros_like(full), full[::-1])):
        meter.measure(np.ascontiguousarray(picture), float(at_s))
print(sorted(set(sys.modules) - before))
"""
    assert subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout == "[]\n"


@pytest.mark.parametrize("most", [1, 2, 40, 256])
@SHAPES
def test_the_light_is_the_level_that_a_tenth_of_the_pixels_is_brighter_than(size: tuple[int, int], most: int) -> None:
    luma = np.random.default_rng(most).integers(0, most, size[::-1]).astype(np.uint8)
    assert light(luma) == np.sort(luma, axis=None)[round(0.9 * (luma.size - 1))]


def test_a_decoder_that_was_warmed_up_imports_nothing_later() -> None:
    """The same of the one that decodes what was fetched: with and without what its pictures are compared with."""
    program = """
import os, sys
import cv2
import numpy as np
import extractor.media.fetched_pictures
import extractor.model.camera_failures
from extractor.media import fetched
from extractor.media.scene import warm_up
def file(data):
    found = os.memfd_create("test")
    os.write(found, data)
    return found
full = (np.add.outer(np.arange(360) * 5, np.arange(640) ** 2) % 253).astype(np.uint8)
stills = [bytes(cv2.imencode(kind, full)[1].data) for kind in (".jpg", ".png")]
warm_up()
before, sent = set(sys.modules), []
for still in stills:
    for anchor in (None, {"at_ms": -1000, "same": 3}):
        more = [] if anchor is None else [file(bytes(320 * 192)), file(stills[0])]
        request = {"type": "decode", "kind": "still", "at_ms": [], "near_ms": 0, "quality": 85, "anchor": anchor}
        fetched.handle(request, [file(still), *more], sent.append)
print(sorted(set(sys.modules) - before), [b'"type":"frame"' in each for each in sent])
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout == f"[] {[True, False] * 4}\n"


def test_a_session_that_goes_on_in_another_process_measures_the_same() -> None:
    rng = np.random.default_rng(7)
    one, other = (rng.integers(0, 255, SIZE[::-1]).astype(np.uint8) for _ in range(2))
    pictures = [one, one, one, other, other, one]
    whole = SceneMeter()
    expected = [whole.measure(each, 2.0 * number) for number, each in enumerate(pictures)]
    assert [each.same for each in expected] == [0, 1, 2, 0, 1, 0]
    anchor, found = None, []
    for each in pictures:
        meter = SceneMeter(anchor=anchor)
        scene = meter.measure(each, 0.0)
        found.append(scene)
        anchor = Anchor(meter.small, -2.0 - scene.same_s, scene.same)
    assert found == expected
    with pytest.raises(ValueError, match="reshape"):
        SceneMeter(anchor=Anchor(b"short", 0.0, 0))
