"""Detectors that a site brings: read from their file, tried, refused with a code, chosen by site and camera."""

import asyncio
import hashlib
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from threading import Event

import cv2
import numpy as np
import pytest
from tests.unit.inference.hostile_graphs import HostileFlaw, halved, hostile_graph
from tests.unit.inference.small_graphs import Flaw, small_graph

import inference
from inference.__main__ import main
from inference.chosen import AskedClassifier, ChosenClassifier, WithFallback
from inference.detect import LookFailed
from inference.detectors import open_detector
from inference.entries import open_entry, read_entries
from inference.errors import DetectorRefused
from inference.geometry import rectangle
from inference.protocol import FrameRequest, Judgement, Region, Unreadable
from inference.selftest import PERSON_BOX, portrait, try_out


@pytest.fixture
def apart() -> None:
    """Files are tried in a process of their own, as they are in service: half a second each."""


@pytest.fixture(autouse=True)
def _tried_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "apart" not in request.fixturenames:
        monkeypatch.setattr("inference.entries.try_apart", lambda model, spec: try_out(open_detector(model, spec)))


FAMILIES = ["yolox", "nanodet", "ssd", "dfine", "dfine raw"]


def brought(folder: Path, family: str, flaw: Flaw | None = None, *, more: str = "", free: bool = False) -> Path:
    """A folder with a small graph and its entry, named "ours"; the file of entries."""
    model = small_graph(family, flaw, free=free)
    (folder / "ours.onnx").write_bytes(model)
    path = folder / "detectors.toml"
    path.write_text(
        f'[ours]\nfile = "ours.onnx"\nsha256 = "{hashlib.sha256(model).hexdigest()}"\n'
        f'decoder = "{family.split()[0]}"\n{more}\n'
    )
    return path


def code_of(path: Path) -> str:
    """Why the one entry is refused."""
    with pytest.raises(DetectorRefused) as refused:
        open_entry(read_entries(path).detectors["ours"])
    assert str(refused.value).startswith(f"{refused.value.code}: ")
    return refused.value.code


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_finds_the_person_in_the_known_picture(tmp_path: Path, family: str) -> None:
    detector, score = open_entry(read_entries(brought(tmp_path, family)).detectors["ours"])
    assert score == pytest.approx(0.9, abs=1e-4)
    (person,) = detector.detect(portrait(), 0.3)
    assert person.label == "person"
    assert person.box == pytest.approx(PERSON_BOX, abs=1e-3)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("flaw", "code"),
    [
        ("nan", "detector_boxes_wrong"),
        ("elsewhere", "detector_boxes_wrong"),
        ("ghosts", "detector_finds_ghosts"),
        ("blind", "detector_finds_nothing"),
    ],
)
def test_a_detector_that_makes_no_sense_is_refused(tmp_path: Path, family: str, flaw: Flaw, code: str) -> None:
    assert code_of(brought(tmp_path, family, flaw)) == code


@pytest.mark.parametrize("family", ["yolox", "ssd", "dfine", "dfine raw"])  # nanodet's boxes are never far from a cell
def test_boxes_far_outside_are_refused(tmp_path: Path, family: str) -> None:
    assert code_of(brought(tmp_path, family, "outside")) == "detector_boxes_wrong"


@pytest.mark.parametrize("family", ["ssd", "dfine", "dfine raw"])
def test_boxes_without_an_area_are_refused(tmp_path: Path, family: str) -> None:
    assert code_of(brought(tmp_path, family, "no area")) == "detector_boxes_wrong"


@pytest.mark.parametrize("family", ["yolox", "nanodet", "dfine"])
def test_scores_above_one_are_refused(tmp_path: Path, family: str) -> None:
    assert code_of(brought(tmp_path, family, "too sure")) == "detector_boxes_wrong"


@pytest.mark.parametrize("family", ["yolox", "nanodet"])
def test_outputs_of_another_shape_are_refused(tmp_path: Path, family: str) -> None:
    assert code_of(brought(tmp_path, family, "transposed")) == "detector_outputs_wrong"


@pytest.mark.parametrize(
    ("family", "decoder"), [("yolox", "nanodet"), ("yolox", "dfine"), ("nanodet", "yolox"), ("dfine", "yolox"),
                            ("dfine", "ssd"), ("ssd", "dfine"), ("dfine raw", "nanodet")]
)  # fmt: skip
def test_the_decoder_of_another_family_is_refused(tmp_path: Path, family: str, decoder: str) -> None:
    path = brought(tmp_path, family)
    path.write_text(path.read_text().replace(f'decoder = "{family.split()[0]}"', f'decoder = "{decoder}"'))
    assert code_of(path) in ("detector_outputs_wrong", "detector_not_loadable")


def test_a_file_of_garbage_is_refused(tmp_path: Path) -> None:
    path = brought(tmp_path, "yolox")
    (tmp_path / "ours.onnx").write_bytes(b"no graph")
    assert code_of(path) == "detector_hash_differs"
    digest = hashlib.sha256(b"no graph").hexdigest()
    path.write_text(f'[ours]\nfile = "ours.onnx"\nsha256 = "{digest}"\ndecoder = "yolox"\n')
    assert code_of(path) == "detector_not_loadable"
    (tmp_path / "ours.onnx").unlink()
    assert code_of(path) == "detector_file_missing"


def test_the_size_must_be_the_graphs_own_and_be_said_where_it_is_free(tmp_path: Path) -> None:
    assert code_of(brought(tmp_path, "dfine", more="input_size = 640")) == "detector_size_wrong"
    assert code_of(brought(tmp_path, "dfine", free=True)) == "detector_size_wrong"
    open_entry(read_entries(brought(tmp_path, "dfine", more="input_size = 416", free=True)).detectors["ours"])


@pytest.mark.parametrize("text", [
    'ours = "text"', "[ours]", '[ours]\nfile = ""\nsha256 = "0"\ndecoder = "yolox"',
    '[ours]\nfile = "x"\nsha256 = "0"\ndecoder = "yolox"', '[ours]\nfile = "x"\nsha256 = "{h}"\ndecoder = "yolov8"',
    '[ours]\nfile = "x"\nsha256 = "{h}"\ndecoder = "yolox"\ninput_size = 10',
    '[ours]\nfile = "x"\nsha256 = "{h}"\ndecoder = "yolox"\ninput_size = true',
    '[ours]\nfile = "x"\nsha256 = "{h}"\ndecoder = "yolox"\nclasses = "voc"',
    '[ours]\nfile = "x"\nsha256 = "{h}"\ndecoder = "yolox"\nclasses = ["cat"]',
    '[ours]\nfile = "x"\nsha256 = "{h}"\ndecoder = "yolox"\ncertain_score = 2.0',
    '[ours]\nfile = "x"\nsha256 = "{h}"\ndecoder = "yolox"\ncertain_score = "0.3"',
    '[ours]\nfile = "x"\nsha256 = "{h}"\ndecoder = "yolox"\nfaint_score = 0.4',
    '[ours]\nfile = "x"\nsha256 = "{h}"\ndecoder = "yolox"\nsize = 640',
    *(f'[ours]\nfile = "x"\nsha256 = "{{h}}"\ndecoder = "yolox"\nzoned = {zoned}' for zoned in ('"false"', "0", "[]")),
    *(f'[{name}]\nfile = "x"\nsha256 = "{{h}}"\ndecoder = "yolox"' for name in ("yolox-nano", "coco-ssd")),
    *(f'[ours]\nfile = "{file}"\nsha256 = "{{h}}"\ndecoder = "yolox"' for file in (
        "/etc/passwd", "../x.onnx", "a/../../x.onnx", "a\\u0000b", "a\\nb",
    )),
])  # fmt: skip
def test_an_entry_that_cannot_be_used_is_refused_and_no_other(tmp_path: Path, text: str) -> None:
    path = brought(tmp_path, "yolox")
    other = path.read_text().replace("[ours]", "[other]")
    path.write_text(f"{text.replace('{h}', '0' * 64)}\n{other}\n")
    entries = read_entries(path)
    ((name, refused),) = entries.refused.items()
    assert (refused.code, refused.detector) == ("detector_entry_wrong", name)
    assert list(entries.detectors) == ["other"]


@pytest.mark.parametrize("text", [
    "no toml at all [", "a = 1\na = 2", '[use]\nsite = { site_1 = "coco-ssd" }', "[use]\nsites = 3", "use = 3",
    "[use]\ncameras = { cam_1 = 5 }",
])  # fmt: skip
def test_a_file_of_which_nothing_can_be_used_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "detectors.toml").write_text(text)
    with pytest.raises(DetectorRefused) as refused:
        read_entries(tmp_path / "detectors.toml")
    assert refused.value.code == "detector_entry_wrong"


def test_a_missing_file_of_entries_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DetectorRefused, match=r"detector_entry_wrong.*nothing\.toml"):
        read_entries(tmp_path / "nothing.toml")


def ask(site: str, camera: str | None) -> FrameRequest:
    jpeg = cv2.imencode(".png", portrait())[1].tobytes()
    regions = (Region("t", rectangle((0.2, 0.1, 0.7, 0.9))), Region("far", rectangle((0.0, 0.0, 0.1, 0.2))))
    return FrameRequest("f", site, jpeg, regions, camera_id=camera)


async def test_it_judges_and_names_itself(tmp_path: Path) -> None:
    path = brought(tmp_path, "dfine")
    options = inference.ClassifierOptions(models_dir=tmp_path, model="ours", entries=path)
    classifier = inference.build(options)
    judgement = await classifier.classify(ask("site_1", None))
    assert [verdict.label for verdict in judgement.verdicts] == ["occupied", "free"]
    assert (judgement.model, judgement.version) == ("ours", read_entries(path).detectors["ours"].sha256[:12])
    await classifier.close()


async def test_site_and_camera_choose(tmp_path: Path, models_dir: Path) -> None:
    use = '[use]\nsites = { site_1 = "ours" }\ncameras = { cam_2 = "coco-ssd" }'
    path = brought(tmp_path, "yolox", more=f"\n{use}")
    classifier = inference.build(inference.ClassifierOptions(models_dir=models_dir, entries=path))
    used = [
        (await classifier.classify(ask(site, camera))).model
        for site, camera in (("site_0", "cam_1"), ("site_1", "cam_1"), ("site_1", None), ("site_1", "cam_2"))
    ]
    assert used == ["yolox-nano", "ours", "ours", "coco-ssd"]
    assert classifier.name == "yolox-nano"
    await classifier.close()


def test_a_choice_of_a_model_that_nobody_knows_is_refused(tmp_path: Path, models_dir: Path) -> None:
    path = brought(tmp_path, "yolox", more='\n[use]\nsites = { site_1 = "other" }')
    with pytest.raises(DetectorRefused, match=r"'other'.*ours"):
        inference.build(inference.ClassifierOptions(models_dir=models_dir, entries=path))


async def test_each_chosen_classifier_is_closed_once() -> None:
    class Counting:
        name, version, closed = "counting", "1", 0

        async def classify(self, request: FrameRequest) -> Judgement:
            raise NotImplementedError

        async def close(self) -> None:
            self.closed += 1

    default, other = Counting(), Counting()
    await ChosenClassifier(default, {"a": other, "b": other}, {"c": default}).close()
    assert (default.closed, other.closed) == (1, 1)


@pytest.mark.usefixtures("apart")
def test_trying_them_prints_what_came_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(brought(tmp_path, "dfine"))]) == 0
    assert "ours: ok, the portrait is a person (0.90)" in capsys.readouterr().out
    assert main([str(brought(tmp_path, "dfine", "ghosts"))]) == 1
    assert "ours: REFUSED detector_finds_ghosts" in capsys.readouterr().out
    (tmp_path / "detectors.toml").write_text("[ours]")
    assert main([str(tmp_path / "detectors.toml")]) == 1
    assert "ours: REFUSED detector_entry_wrong" in capsys.readouterr().out
    (tmp_path / "detectors.toml").write_text("[ours")
    assert main([str(tmp_path / "detectors.toml")]) == 1
    assert "detector_entry_wrong" in capsys.readouterr().err


def test_threads_may_share_a_brought_detector(tmp_path: Path) -> None:
    detector, _ = open_entry(read_entries(brought(tmp_path, "yolox")).detectors["ours"])
    grey = np.full((300, 400, 3), 99, np.uint8)

    async def both() -> list[int]:
        found = await asyncio.gather(*(asyncio.to_thread(detector.detect, each) for each in (portrait(), grey) * 4))
        return [len(each) for each in found]

    assert asyncio.run(both()) == [1, 0] * 4


def entry_of(folder: Path, model: bytes) -> Path:
    (folder / "ours.onnx").write_bytes(model)
    path = folder / "detectors.toml"
    path.write_text(f'[ours]\nfile = "ours.onnx"\nsha256 = "{hashlib.sha256(model).hexdigest()}"\ndecoder = "yolox"\n')
    return path


@pytest.mark.usefixtures("apart")
@pytest.mark.parametrize(("flaw", "code"), [
    ("for ever", "detector_too_slow"),
    ("memory", "detector_too_large"),
    ("huge input", "detector_too_large"),
    ("external", "detector_not_loadable"),
    ("no input", "detector_not_loadable"),
    ("texts", "detector_outputs_wrong"),
    ("sequence", "detector_outputs_wrong"),
])  # fmt: skip
def test_a_file_that_would_hurt_the_service_is_refused(tmp_path: Path, flaw: HostileFlaw, code: str) -> None:
    """It is tried in a process of its own, which may take only so much time and memory."""
    assert code_of(entry_of(tmp_path, hostile_graph(flaw))) == code


@pytest.mark.usefixtures("apart")
@pytest.mark.parametrize(("status", "code"), [
    (-signal.SIGXCPU, "detector_too_slow"),
    (-signal.SIGKILL, "detector_too_large"),
    (-signal.SIGSEGV, "detector_not_loadable"),
    (1, "detector_not_loadable"),
])  # fmt: skip
def test_a_trial_that_ends_without_an_answer_is_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, code: str
) -> None:
    script = tmp_path / "python"
    script.write_text(f"#!/bin/sh\ncat > /dev/null\nulimit -c 0\n{f'kill {status}' if status < 0 else 'exit 1'} $$\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    assert code_of(brought(tmp_path, "yolox")) == code


def test_a_graph_of_half_precision_is_given_and_read_as_such(tmp_path: Path) -> None:
    detector, score = open_entry(read_entries(entry_of(tmp_path, halved(small_graph("yolox")))).detectors["ours"])
    assert score == pytest.approx(0.9, abs=1e-2)
    (person,) = detector.detect(portrait(), 0.3)
    assert person.box == pytest.approx(PERSON_BOX, abs=1e-2)


def test_what_is_no_file_or_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe has no end, and a file of any size would be read into memory."""
    path = brought(tmp_path, "yolox")
    monkeypatch.setattr("inference.entries.MOST_BYTES", 100)
    assert code_of(path) == "detector_too_large"
    (tmp_path / "ours.onnx").unlink()
    os.mkfifo(tmp_path / "ours.onnx")
    assert code_of(path) == "detector_not_loadable"


class Answering:
    """A classifier whose answers are told before: a judgement by `name`, or an error."""

    version = "1"

    def __init__(self, name: str, *errors: Exception | None) -> None:
        self.name, self.errors, self.asked, self.closed = name, list(errors), 0, 0

    async def classify(self, request: FrameRequest) -> Judgement:
        self.asked += 1
        if self.errors and (error := self.errors.pop(0)) is not None:
            raise error
        return Judgement((), (), self.name, "1", "rule", 0, 0)

    async def close(self) -> None:
        self.closed += 1


async def test_another_model_judges_the_frames_at_which_a_brought_one_fails() -> None:
    """Three in a row are enough; one that it answered begins anew. What is wrong with the picture is its answer too."""
    slow = LookFailed("slow", slow=True)
    brought_one = Answering("ours", slow, slow, None, Unreadable("no picture"), slow, ValueError("odd"), slow)
    other, told = Answering("usual"), []
    both = WithFallback(brought_one, lambda: other, lambda failures, error, used: told.append((failures, used.name)))
    judged = [(await both.classify(ask("s", None))).model for _ in range(3)]
    with pytest.raises(Unreadable):
        await both.classify(ask("s", None))
    judged += [(await both.classify(ask("s", None))).model for _ in range(5)]
    assert judged == ["usual", "usual", "ours", *["usual"] * 5]
    assert told == [(1, "usual"), (2, "usual"), (1, "usual"), (2, "usual"), (3, "usual")]
    assert brought_one.asked == 7, "after the third failure in a row it is asked no more"
    await both.close()
    assert (brought_one.closed, other.closed) == (1, 0)


async def test_live_frames_do_not_wait_for_a_file_that_is_being_tried() -> None:
    release, opened = Event(), Answering("ours")

    def open_named(name: str) -> Answering:
        release.wait(10)
        return opened

    classifier = AskedClassifier(Answering("usual"), lambda request: "ours", open_named)
    live, of_a_run = replace(ask("s", None), live=True), ask("s", None)
    assert (await classifier.classify(live)).model == "usual"
    waiting = asyncio.create_task(classifier.classify(of_a_run))
    assert (await classifier.classify(live)).model == "usual"
    release.set()
    assert (await waiting).model == "ours"
    assert (await classifier.classify(live)).model == "ours"
    await classifier.close()
