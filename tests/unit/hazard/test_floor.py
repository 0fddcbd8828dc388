"""The background model on drawn scenes: one picture a second."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from tests.unit.hazard import scene

from hazard.detect.floor import Blob, Floor, FloorOptions, decode_picture
from hazard.geometry import Box, iou


def new_floor() -> Floor:
    return Floor([scene.FLOOR], scene.WIDTH, scene.HEIGHT, FloorOptions(width=320))


def watch(floor: Floor, seconds: range, **drawn: object) -> list[Blob]:
    blobs: list[Blob] = []
    for second in seconds:
        people = [scene.person_box(drawn["person_x"])] if "person_x" in drawn else []  # type: ignore[arg-type]
        blobs = floor.update(scene.picture(second, **drawn), second * 1000, lambda people=people: people)  # type: ignore[arg-type]
    return blobs


def test_an_empty_floor_gives_nothing() -> None:
    assert watch(new_floor(), range(40)) == []


def test_a_coloured_puddle_is_found_where_it_is_with_its_age() -> None:
    floor = new_floor()
    watch(floor, range(10))
    (blob,) = watch(floor, range(10, 31), puddle=scene.BROWN)
    assert blob.coloured
    assert iou(blob.box, scene.PUDDLE_BOX) > 0.8
    assert blob.still_ms == 20_000


def test_a_grey_puddle_is_found_and_called_grey() -> None:
    floor = new_floor()
    watch(floor, range(10))
    (blob,) = watch(floor, range(10, 31), puddle=scene.WET)
    assert not blob.coloured


def test_nothing_is_said_before_it_stood_still() -> None:
    floor = new_floor()
    watch(floor, range(10))
    assert watch(floor, range(10, 14), puddle=scene.BROWN) == []


@pytest.mark.parametrize("light", [0.8, 1.15])
def test_the_light_may_change(light: float) -> None:
    floor = new_floor()
    watch(floor, range(10))
    assert watch(floor, range(10, 60), light=light) == []
    assert len(watch(floor, range(60, 80), light=light, puddle=scene.BROWN)) == 1


def test_somebody_who_walks_leaves_nothing() -> None:
    floor = new_floor()
    watch(floor, range(10))
    for second in range(10, 30):
        canvas = scene.picture(second, person_x=150 + 20 * (second - 10))
        assert floor.update(canvas, second * 1000, list) == [], "even one whom the detector does not see"


def test_somebody_who_stands_is_masked() -> None:
    floor = new_floor()
    watch(floor, range(10))
    assert watch(floor, range(10, 60), person_x=320) == []


def test_who_was_there_at_the_start_is_no_change_when_gone() -> None:
    floor = new_floor()
    watch(floor, range(10), person_x=320)
    assert watch(floor, range(10, 40)) == []


def test_a_puddle_keeps_its_age_while_somebody_stands_over_it() -> None:
    floor = new_floor()
    watch(floor, range(10))
    watch(floor, range(10, 30), puddle=scene.BROWN)
    assert watch(floor, range(30, 35), puddle=scene.BROWN, person_x=300) != [], "reported on, from what was visible"
    (blob,) = watch(floor, range(35, 41), puddle=scene.BROWN)
    assert blob.still_ms == 30_000 - 5_000


def test_a_puddle_that_is_wiped_is_gone_at_once() -> None:
    floor = new_floor()
    watch(floor, range(10))
    watch(floor, range(10, 30), puddle=scene.BROWN)
    assert watch(floor, range(30, 31)) == []


def test_what_lies_off_the_floor_is_nobodys_concern() -> None:
    floor = Floor([((0.0, 0.0), (0.1, 0.0), (0.1, 0.1))], scene.WIDTH, scene.HEIGHT, FloorOptions(width=320))
    watch(floor, range(10))
    assert watch(floor, range(10, 40), puddle=scene.BROWN) == []


def test_the_same_frames_give_the_same_blobs() -> None:
    def both() -> list[Blob]:
        floor = new_floor()
        watch(floor, range(8))
        return watch(floor, range(8, 25), puddle=scene.BROWN)

    assert both() == both()


def test_bytes_that_are_no_picture() -> None:
    assert decode_picture(b"not a jpeg") is None
    png = cv2.imencode(".png", np.zeros((36, 64, 3), np.uint8))[1].tobytes()
    assert (picture := decode_picture(png)) is not None
    assert picture.shape == (36, 64, 3)


def test_people_are_only_looked_for_when_something_may_depend_on_it() -> None:
    asked: list[int] = []
    floor = new_floor()
    for second in range(20):
        floor.update(
            scene.picture(second, puddle=scene.BROWN if second >= 15 else None), second * 1000, _asked(asked, second)
        )
    assert asked == [0, 1, 2, 3, 4, 15, 16, 17, 18, 19]


def _asked(asked: list[int], second: int) -> Callable[[], list[Box]]:
    def people() -> list[Box]:
        asked.append(second)
        return []

    return people
