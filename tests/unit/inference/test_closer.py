"""The closer look: where it is made, whom it makes certain, and that it never takes anybody away."""

import numpy as np
import pytest

from inference import verdicts
from inference.closer import FrameAndDoubt, in_doubt, is_cut_off, with_certain
from inference.decoders.fit import Picture
from inference.detect import Detection
from inference.geometry import rectangle
from inference.protocol import Box, Region
from inference.seating import DEFAULT_SCORES

WIDTH, HEIGHT = 400, 300
PICTURE = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
NEAR = Region("near", rectangle((0.1, 0.5, 0.4, 0.9)))
FAR = Region("far", rectangle((0.6, 0.1, 0.8, 0.3)))
AT_NEAR: Box = (0.2, 0.55, 0.3, 0.8)
AT_FAR: Box = (0.67, 0.12, 0.74, 0.26)


def person(box: Box, score: float) -> Detection:
    return Detection("person", score, box)


class Says:
    """A detector that says the same of every picture, and remembers their shapes."""

    def __init__(self, *found: Detection) -> None:
        self.found, self.shapes = found, list[tuple[int, ...]]()

    def detect(self, bgr: Picture, min_score: float = 0.25) -> list[Detection]:
        self.shapes.append(bgr.shape)
        return [one for one in self.found if one.score >= min_score]


def see(whole: Says, closer: Says, *regions: Region, smaller: float = 0.5) -> list[Detection]:
    return FrameAndDoubt(whole, closer, DEFAULT_SCORES, smaller).see(PICTURE, regions)


def label(found: list[Detection], region: Region) -> str:
    return verdicts.judge([region], found, WIDTH, HEIGHT, "says", "1").verdicts[0].label


IN_THE_MIDDLE: Box = (0.3, 0.3, 0.6, 0.8)  # of the far zone's square


def test_who_is_faint_in_the_frame_and_certain_in_the_zone_sits_there() -> None:
    closer = Says(person(IN_THE_MIDDLE, 0.7))
    found = see(Says(person(AT_FAR, 0.2)), closer, NEAR, FAR)
    assert closer.shapes == [(80, 80, 3)]  # the square about the far zone
    assert [one.score for one in found] == [0.7]  # the same person, once
    assert label(found, FAR) == "occupied"


@pytest.mark.parametrize("shown", [(), (person(IN_THE_MIDDLE, 0.29),), (Detection("chair", 0.9, IN_THE_MIDDLE),)])
def test_a_closer_look_that_shows_nobody_leaves_the_doubt(shown: tuple[Detection, ...]) -> None:
    found = see(Says(person(AT_FAR, 0.2)), Says(*shown), FAR)
    assert label(found, FAR) == "unknown"


def test_nobody_looks_closer_where_it_is_certain() -> None:
    closer = Says()
    certain, nobody = Says(person(AT_FAR, 0.8), person((0.65, 0.12, 0.7, 0.25), 0.2)), Says()
    beside = Says(person((0.45, 0.1, 0.5, 0.3), 0.2))
    for whole in (certain, nobody, beside):
        assert see(whole, closer, FAR) == list(whole.found)
    assert closer.shapes == []


def test_a_frame_has_one_closer_look_at_the_best_of_the_faint() -> None:
    closer = Says()
    see(Says(person(AT_FAR, 0.15), person(AT_NEAR, 0.25)), closer, FAR, NEAR)
    assert closer.shapes == [(120, 120, 3)]


def test_who_is_in_an_ignore_area_takes_nobodys_closer_look() -> None:
    closer = Says()
    mirror = rectangle((0.2, 0.5, 0.3, 0.85))
    whole = Says(person(AT_FAR, 0.15), person(AT_NEAR, 0.25))
    FrameAndDoubt(whole, closer, DEFAULT_SCORES, 0.5).see(PICTURE, (FAR, NEAR), (mirror,))
    assert closer.shapes == [(80, 80, 3)]


def test_a_zone_that_would_not_be_larger_is_passed_over_for_one_that_is() -> None:
    closer = Says()
    see(Says(person(AT_FAR, 0.15), person(AT_NEAR, 0.25)), closer, FAR, NEAR, smaller=0.3)
    assert closer.shapes == [(80, 80, 3)]
    see(Says(person(AT_NEAR, 0.25)), closer, FAR, NEAR, smaller=0.3)
    assert len(closer.shapes) == 1


def test_who_is_cut_off_by_the_edge_of_the_zone_does_not_count() -> None:
    found = see(Says(person(AT_FAR, 0.2)), Says(person((0.0, 0.3, 0.5, 0.9), 0.9)), FAR)
    assert label(found, FAR) == "unknown"


def test_the_edge_of_the_frame_cuts_nobody_off() -> None:
    corner: Box = (0.8, 0.0, 1.0, 0.2)
    assert not is_cut_off((0.9, 0.0, 1.0, 0.1), corner)
    assert is_cut_off((0.9, 0.1, 1.0, 0.2), corner)
    assert is_cut_off((0.8, 0.0, 0.9, 0.1), corner)


def test_who_is_certain_already_is_not_there_twice_and_a_thing_stays() -> None:
    found = [person(AT_NEAR, 0.8), Detection("cup", 0.6, AT_FAR), person(AT_FAR, 0.2)]
    again, other = person((0.2, 0.56, 0.3, 0.8), 0.9), person(AT_FAR, 0.5)
    assert with_certain(found, [again, other], DEFAULT_SCORES) == [found[0], found[1], other]


def test_tables_in_doubt_come_best_first_and_once() -> None:
    again = person((0.66, 0.12, 0.7, 0.25), 0.12)
    found = [person(AT_NEAR, 0.11), person(AT_FAR, 0.2), again]
    assert list(in_doubt(found, [NEAR, FAR], WIDTH / HEIGHT, DEFAULT_SCORES)) == [FAR, NEAR]
