"""The embedded classifier with a detector of the test, and before set-up."""

import asyncio
import os
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

import inference
from inference.decoders.fit import Picture
from inference.detect import Detection
from inference.embedded import GIVES_WAY, EmbeddedClassifier, read_picture
from inference.geometry import rectangle
from inference.looks import FrameAndZones, WholeFrame
from inference.protocol import FrameRequest, Region, Unavailable, Unreadable
from inference.seating import DEFAULT_SCORES

REGION = Region("t", rectangle((0.3, 0.2, 0.7, 0.8)), rectangle((0.35, 0.5, 0.65, 0.7)))


class Seeing:
    """A detector that finds people in the red of a picture, cups in its blue."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []
        self.threads: set[str] = set()

    def detect(self, bgr: Picture, min_score: float = 0.25) -> list[Detection]:
        self.shapes.append(bgr.shape)
        self.threads.add(threading.current_thread().name)
        found = []
        for label, channel in (("person", 2), ("cup", 0)):
            ys, xs = np.nonzero(bgr[:, :, channel] > 128)
            if len(xs):
                height, width = bgr.shape[:2]
                box = (xs.min() / width, ys.min() / height, (xs.max() + 1) / width, (ys.max() + 1) / height)
                found.append(Detection(label, 0.9, box))
        return found


def classifier(detector: Seeing, look: type[WholeFrame] | type[FrameAndZones] = WholeFrame) -> EmbeddedClassifier:
    return EmbeddedClassifier(look(detector, DEFAULT_SCORES), name="seeing", version="1")


def frame(*marks: tuple[int, slice, slice]) -> bytes:
    """A 400 x 300 picture with rectangles of one channel each."""
    bgr = np.zeros((300, 400, 3), np.uint8)
    for channel, ys, xs in marks:
        bgr[ys, xs, channel] = 255
    return cv2.imencode(".png", bgr)[1].tobytes()


PERSON = (2, slice(90, 180), slice(180, 220))
CUP = (0, slice(160, 180), slice(190, 210))


def ask(jpeg: bytes, *regions: Region) -> FrameRequest:
    return FrameRequest("f", "site", jpeg, regions, {})


async def test_a_person_behind_the_table_occupies_it() -> None:
    detector = Seeing()
    judgement = await classifier(detector).classify(ask(frame(PERSON), REGION))
    (verdict,) = judgement.verdicts
    assert (verdict.label, verdict.people, verdict.things) == ("occupied", 1, 0)
    assert (judgement.model, judgement.version) == ("seeing", "1")
    assert (judgement.width, judgement.height, len(judgement.seen)) == (400, 300, 1)
    assert detector.shapes == [(300, 400, 3)]


async def test_with_zones_a_person_is_looked_for_in_the_zones_square_too() -> None:
    detector = Seeing()
    judgement = await classifier(detector, FrameAndZones).classify(ask(frame(PERSON), REGION))
    assert [verdict.label for verdict in judgement.verdicts] == ["occupied"]
    assert len(judgement.seen) == 1
    assert detector.shapes == [(300, 400, 3), (180, 180, 3)]  # the frame and the zone's square, no look at the top


async def test_only_the_tops_of_free_tables_are_looked_at_for_things() -> None:
    detector = Seeing()
    (verdict,) = (await classifier(detector, FrameAndZones).classify(ask(frame(CUP), REGION))).verdicts
    assert (verdict.label, verdict.things) == ("free", 1)
    assert len(detector.shapes) == 3


async def test_work_is_done_beside_the_event_loop() -> None:
    detector = Seeing()
    embedded = classifier(detector)
    await asyncio.gather(*(embedded.classify(ask(frame(PERSON), REGION)) for _ in range(3)))
    assert all(name.startswith("embedded") for name in detector.threads)


async def test_no_tables_no_work() -> None:
    detector = Seeing()
    assert (await classifier(detector).classify(ask(b"not looked at"))).verdicts == ()
    assert detector.shapes == []


@pytest.mark.parametrize("jpeg", [b"", b"no picture at all", b"\xff\xd8\xff\xe0 cut off"])
async def test_what_is_no_picture_is_unreadable(jpeg: bytes) -> None:
    with pytest.raises(Unreadable):
        await classifier(Seeing()).classify(ask(jpeg, REGION))


async def test_after_close_it_is_unavailable() -> None:
    embedded = classifier(Seeing())
    await embedded.close()
    with pytest.raises(Unavailable):
        await embedded.classify(ask(frame(PERSON), REGION))


async def test_a_region_outside_the_picture_is_no_crash() -> None:
    outside = Region("out", rectangle((1.0, 1.0, 1.2, 1.2)))
    (verdict,) = (await classifier(Seeing()).classify(ask(frame(), outside))).verdicts
    assert verdict.table_id == "out"


def test_grey_and_transparent_pictures_are_read_as_colour() -> None:
    for shape in ((20, 30), (20, 30, 4)):
        png = cv2.imencode(".png", np.zeros(shape, np.uint8))[1].tobytes()
        assert read_picture(png).shape == (20, 30, 3)


def test_an_unknown_backend_is_refused_and_the_known_ones_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"'oip'.*embedded"):
        inference.build(inference.ClassifierOptions(models_dir=tmp_path), "oip")


def test_before_set_up_the_error_names_the_command_that_installs_the_model(tmp_path: Path) -> None:
    with pytest.raises(inference.ModelMissing, match=r"python -m inference\.models"):
        inference.build_detector(tmp_path)


async def test_looks_give_way_to_the_event_loop() -> None:
    class Weighed(Seeing):
        def detect(self, bgr: Picture, min_score: float = 0.25) -> list[Detection]:
            self.niceness = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
            return super().detect(bgr, min_score)

    seeing = Weighed()
    looking = classifier(seeing)
    await looking.classify(ask(frame(PERSON), REGION))
    await looking.close()
    assert seeing.niceness == min(19, os.getpriority(os.PRIO_PROCESS, 0) + GIVES_WAY)


async def test_everything_is_looked_for_where_it_is_asked_for_without_tables() -> None:
    seeing = Seeing()
    asked = FrameRequest("frame_1", "site_1", frame(PERSON), (), everything=True)
    judgement = await classifier(seeing).classify(asked)
    assert [each.label for each in judgement.seen] == ["person"] and judgement.verdicts == ()
    assert (judgement.width, judgement.height, len(seeing.shapes)) == (400, 300, 1)
