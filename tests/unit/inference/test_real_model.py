"""The model itself, as set-up brings it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from skimage.data import astronaut, coffee

import inference
from inference.detect import Detector
from inference.models.store import ensure, find


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


def test_several_pictures_at_once_are_the_same_as_one_by_one(detector: Detector) -> None:
    pictures = [bgr(astronaut()), bgr(coffee())]
    together, alone = detector.detect_all(pictures), [detector.detect(picture) for picture in pictures]
    assert [[seen.label for seen in found] for found in together] == [[s.label for s in found] for found in alone]
    assert detector.detect_all([]) == []


def test_threads_may_share_it(detector: Detector) -> None:
    picture = bgr(astronaut())
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: detector.detect(picture), range(8)))
    assert all(answer == answers[0] for answer in answers)


def test_the_embedding_tells_pictures_apart(detector: Detector) -> None:
    astronaut_, again, cup = (detector.embed(p) for p in (bgr(astronaut()), bgr(astronaut()[2:]), bgr(coffee())))
    assert astronaut_.shape == (1280,)

    def alike(a: np.ndarray, b: np.ndarray) -> float:
        return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))

    assert alike(astronaut_, again) > 0.95 > alike(astronaut_, cup)


def test_a_second_set_up_finds_it_there(models_dir: Path) -> None:
    lines: list[str] = []
    assert ensure(models_dir, lines.append) == find(models_dir)
    assert len(lines) == 1
    assert "is there" in lines[0]


async def test_built_by_name_it_judges(models_dir: Path) -> None:
    classifier = inference.build(models_dir=models_dir)
    assert classifier.name == "coco-ssd"
    assert classifier.version.startswith("1.0.6+")
    await classifier.close()
