"""The model itself, as set-up makes it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage.data import astronaut, coffee

import inference
from inference.detect import Detector
from inference.detectors import YOLOX_NANO_SPEC, open_detector
from inference.geometry import rectangle
from inference.models.setup import ensure
from inference.models.source import YOLOX_NANO
from inference.models.store import find


@pytest.fixture(scope="module")
def detector(models_dir: Path) -> Detector:
    return inference.build_detector(models_dir)


def bgr(rgb: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(rgb[:, :, ::-1])


def test_it_sees_who_and_what_is_in_known_pictures(detector: Detector) -> None:
    person = detector.detect(bgr(astronaut()))[0]
    assert person.label == "person"
    assert person.score > 0.6
    assert person.box == pytest.approx((0.04, 0.03, 0.75, 0.99), abs=0.03)
    assert "cup" in {seen.label for seen in detector.detect(bgr(coffee())) if seen.score > 0.9}


@pytest.mark.parametrize("value", [0, 128, 255])
def test_it_sees_nothing_where_nothing_is(detector: Detector, value: int) -> None:
    assert detector.detect(np.full((200, 300, 3), value, np.uint8)) == []


def test_threads_may_share_it(detector: Detector) -> None:
    picture = bgr(astronaut())
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: detector.detect(picture), range(8)))
    assert all(answer == answers[0] for answer in answers)


def test_a_second_set_up_finds_it_there(models_dir: Path) -> None:
    lines: list[str] = []
    assert ensure(models_dir, lines.append) == find(models_dir)
    assert len(lines) == 1
    assert "is there" in lines[0]


async def test_built_by_name_it_judges(models_dir: Path) -> None:
    classifier = inference.build(inference.ClassifierOptions(models_dir=models_dir))
    assert classifier.name == "yolox-nano"
    assert classifier.version.startswith("0.6.2+")
    await classifier.close()


def test_the_default_look_finds_people_of_any_size_in_one_go(models_dir: Path) -> None:
    spec, path = YOLOX_NANO_SPEC, find(models_dir, YOLOX_NANO)
    picture = np.full((720, 1280, 3), 90, np.uint8)
    for left, side in ((40, 360), (500, 180), (900, 90)):
        portrait = cv2.resize(bgr(astronaut()), (side, side), interpolation=cv2.INTER_AREA)
        picture[300 : 300 + side, left : left + side] = portrait
    people = [each for each in open_detector(path, spec).detect(picture, 0.3) if each.label == "person"]
    assert len(people) == 3
    assert sorted(round(each.box[0] * 12.8) for each in people) == pytest.approx([0, 5, 9], abs=1)


def test_somebody_far_away_is_faint_in_the_frame_and_certain_in_the_closer_look(models_dir: Path) -> None:
    picture = np.full((720, 1280, 3), 150, np.uint8)
    picture[200:256, 600:656] = cv2.resize(bgr(astronaut()), (56, 56), interpolation=cv2.INTER_AREA)
    far = inference.Region("far", rectangle((0.43, 0.2, 0.57, 0.45)))
    whole = open_detector(find(models_dir, YOLOX_NANO), YOLOX_NANO_SPEC).detect(picture, 0.1)
    assert max(each.score for each in whole if each.label == "person") < 0.3
    (verdict,) = inference.build_embedded(models_dir).judge_picture(picture, [far]).verdicts
    assert (verdict.label, verdict.people) == ("occupied", 1)
