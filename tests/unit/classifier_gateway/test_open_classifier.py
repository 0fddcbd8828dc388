"""Which model judges: the one that the settings name, or the one that stands in for it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import pytest
import structlog
from tests.unit.inference.real_model import models_dir
from tests.unit.inference.small_graphs import Flaw
from tests.unit.inference.test_entries import brought

from chassis.records import Record
from chassis.service import Service
from classifier_gateway.classifier import open_classifier, open_or_end
from classifier_gateway.dispatch.choices import DetectorChoices
from classifier_gateway.settings import Settings
from inference import DetectorRefused, FrameRequest, ModelMissing, Region, Unavailable
from inference.detect import LookFailed, OnnxDetector
from inference.geometry import rectangle
from inference.models.source import COCO_SSD
from inference.selftest import portrait
from tablewatch_schemas import CameraConfig, CameraConfigSource, SiteConfig, encode

__all__ = ["models_dir"]

NOW = datetime(2026, 11, 28, tzinfo=UTC)


def camera(camera_id: str, version: int, detector: str | None) -> CameraConfig:
    return CameraConfig(
        camera_id=camera_id, site_id="site_1", version=version, name="door", enabled=True,
        source=CameraConfigSource(type="none", address=None, secret_ref=None), cadence_ms=1000, max_age_ms=10_000,
        layout_key=None, layout_version=None, detector=detector, updated_at=NOW,
    )  # fmt: skip


def site(site_id: str, version: int, detector: str | None) -> SiteConfig:
    return SiteConfig(
        site_id=site_id, version=version, original_bytes=None, picture_bytes=None, detector=detector, updated_at=NOW
    )


def opened(folder: Path, model: str, detectors: Path | None = None) -> tuple[Service, str, list[dict[str, object]]]:
    """The process, the model in use, and the log."""
    settings = Settings(models_dir=folder, classifier_gateway_model=model, classifier_gateway_detectors=detectors)
    service = Service("classifier-gateway", settings)
    with structlog.testing.capture_logs() as lines:
        return service, open_classifier(service, settings, DetectorChoices()).name, lines


@pytest.mark.parametrize("model", ["yolox-nano", "coco-ssd"])
def test_the_model_of_the_settings_judges(models_dir: Path, model: str) -> None:
    service, used, lines = opened(models_dir, model)
    assert used == model
    assert lines == []
    assert f'classifier_model{{model="{model}",version="' in service.metrics.exposition().decode()


def copy_fallback(models_dir: Path, folder: Path) -> None:
    for path in (models_dir / COCO_SSD.filename, (models_dir / COCO_SSD.filename).with_suffix(".json")):
        (folder / path.name).write_bytes(path.read_bytes())


def test_without_its_file_the_second_choice_judges_and_one_line_says_so(models_dir: Path, tmp_path: Path) -> None:
    copy_fallback(models_dir, tmp_path)
    service, used, lines = opened(tmp_path, "yolox-nano")
    assert used == "coco-ssd"
    assert [(line["event"], line["log_level"], line["wanted"], line["used"]) for line in lines] == [
        ("model_missing", "warning", "yolox-nano", "coco-ssd")
    ]
    assert 'model="coco-ssd"' in service.metrics.exposition().decode()
    assert 'wanted="yolox-nano"' in service.metrics.exposition().decode()


@pytest.mark.parametrize("model", ["yolox-nano", "coco-ssd"])
@pytest.mark.parametrize("use", ["sites = { site_1 = 'yolox-nano' }", "cameras = { cam_1 = 'yolox-nano' }"])
def test_the_second_choice_stands_in_for_the_model_of_a_site_or_camera_too(
    models_dir: Path, tmp_path: Path, use: str, model: str
) -> None:
    copy_fallback(models_dir, tmp_path)
    (tmp_path / "detectors.toml").write_text(f"[use]\n{use}\n")
    service, used, lines = opened(tmp_path, model, tmp_path / "detectors.toml")
    assert used == "coco-ssd"
    assert [(line["event"], line["wanted"], line["used"]) for line in lines] == [
        ("model_missing", "yolox-nano", "coco-ssd")
    ]
    text = service.metrics.exposition().decode()
    assert f'wanted="{model}"' in text
    assert 'wanted="yolox-nano"' in text, "check says so for a site or camera too"


def test_without_the_second_choice_either_it_does_not_start_for_a_site(models_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "detectors.toml").write_text("[use]\nsites = { site_1 = 'yolox-nano' }\n")
    with pytest.raises(ModelMissing):
        opened(tmp_path, "yolox-nano", tmp_path / "detectors.toml")


def test_without_any_file_it_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"python -m inference\.models"):
        opened(tmp_path, "yolox-nano")


def test_a_model_that_nobody_knows_is_refused_and_the_known_ones_named(tmp_path: Path) -> None:
    with pytest.raises(DetectorRefused, match=r"'resnet'.*yolox-nano, coco-ssd"):
        opened(tmp_path, "resnet")


def refusals(lines: list[dict[str, object]]) -> list[tuple[object, ...]]:
    return [(line["event"], line["wanted"], line["used"], line["code"]) for line in lines]


def test_a_detector_of_the_settings_that_cannot_be_used_leaves_it_to_the_shipped_one(
    models_dir: Path, tmp_path: Path
) -> None:
    """Whoever changes a file by night has a weaker model in the morning, and no restaurant without states."""
    entries = brought(tmp_path, "yolox", "ghosts")
    entries.write_text(entries.read_text() + "[broken]\n")
    for model, code in (("ours", "detector_finds_ghosts"), ("broken", "detector_entry_wrong"),
                        ("nobody", "detector_entry_wrong")):  # fmt: skip
        service, used, lines = opened(models_dir, model, entries)
        assert used == "yolox-nano"
        assert refusals(lines) == [("detector_refused", model, "yolox-nano", code)]
        assert service.metrics.value("detector_refused", detector=model, code=code) == 1


async def test_a_detector_of_one_site_that_cannot_be_used_hurts_no_other(models_dir: Path, tmp_path: Path) -> None:
    use = '[use]\nsites = { site_1 = "ours", site_2 = "gone", site_3 = "coco-ssd" }\ncameras = { cam_1 = "broken" }\n'
    entries = brought(tmp_path, "yolox", more=f'[gone]\nfile = "gone.onnx"\nsha256 = "{"0" * 64}"\ndecoder = "yolox"\n'
                      f"[broken]\n{use}")  # fmt: skip
    settings = Settings(models_dir=models_dir, classifier_gateway_detectors=entries)
    service = Service("classifier-gateway", settings)
    with structlog.testing.capture_logs() as lines:
        classifier = open_classifier(service, settings, DetectorChoices())
    places = [("site_1", "cam_1"), ("site_1", None), ("site_2", None), ("site_3", None)]
    used = [(await classifier.classify(ask(each, place))).model for place, each in places]
    assert used == ["yolox-nano", "ours", "yolox-nano", "coco-ssd"]
    assert refusals(lines) == [
        ("detector_refused", "gone", "yolox-nano", "detector_file_missing"),
        ("detector_refused", "broken", "yolox-nano", "detector_entry_wrong"),
    ]
    await classifier.close()


def test_a_file_of_entries_that_cannot_be_read_is_told_and_the_shipped_model_judges(
    models_dir: Path, tmp_path: Path
) -> None:
    path = tmp_path / "detectors.toml"
    path.write_text("[ours\n")
    service, used, lines = opened(models_dir, "yolox-nano", path)
    assert used == "yolox-nano"
    assert refusals(lines) == [("detector_refused", str(path), "yolox-nano", "detector_entry_wrong")]
    assert service.metrics.value("detector_refused", detector=str(path), code="detector_entry_wrong") == 1


async def test_a_detector_that_answers_no_more_is_told_once_and_not_asked_again(
    models_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(
        models_dir=models_dir, classifier_gateway_model="ours",
        classifier_gateway_detectors=brought(tmp_path, "yolox"),
    )  # fmt: skip
    service = Service("classifier-gateway", settings)
    with structlog.testing.capture_logs() as lines:
        classifier = open_classifier(service, settings, DetectorChoices())
        assert (await classifier.classify(ask(None))).model == "ours"
        monkeypatch.setattr(OnnxDetector, "_run", failing_for(OnnxDetector._run, "416"))
        assert [(await classifier.classify(ask(None))).model for _ in range(5)] == ["yolox-nano"] * 5
    assert [line["event"] for line in lines] == ["detector_failed", "detector_refused"]
    assert refusals(lines[1:]) == [("detector_refused", "ours", "yolox-nano", "detector_fails")]
    text = service.metrics.exposition().decode()
    assert re.search(r'classifier_model{model="ours",version="\w+",wanted="ours"} 0.0', text)
    assert re.search(r'classifier_model{model="yolox-nano",version="[^"]+",wanted="ours"} 1.0', text)
    await classifier.close()


def failing_for(run: Callable[..., Any], side: str) -> Callable[..., Any]:
    """What a graph does that fails for pictures of that size."""

    def fails(self: OnnxDetector, feeds: Any) -> Any:
        if any(str(each.shape[-1]) == side for each in feeds.values()):
            raise LookFailed("no answer")
        return run(self, feeds)

    return fails


def ask(camera: str | None, site: str = "site_1") -> FrameRequest:
    jpeg = cv2.imencode(".png", portrait())[1].tobytes()
    return FrameRequest("f", site, jpeg, (Region("t", rectangle((0.2, 0.1, 0.7, 0.9))),), camera_id=camera)


async def test_what_is_asked_for_over_rest_wins_over_the_file_and_what_cannot_be_used_is_told(
    models_dir: Path, tmp_path: Path
) -> None:
    """Opened at the first frame, refused once; nothing that was not asked for is opened, however broken it is."""
    entries = brought(tmp_path, "yolox")
    broken = "".join(
        f'[{name}]\nfile = "{file}"\nsha256 = "{"0" * 64}"\ndecoder = "yolox"\n'
        for name, file in (("hash", "ours.onnx"), ("gone", "gone.onnx"), ("never", "never.onnx"))
    )
    use = '[use]\nsites = { site_2 = "coco-ssd" }\ncameras = { cam_6 = "coco-ssd" }\n'
    entries.write_text(entries.read_text() + broken + use)
    settings = Settings(models_dir=models_dir, classifier_gateway_detectors=entries)
    service, choices = Service("classifier-gateway", settings), DetectorChoices()
    for key, name in {"cam_1": "ours", "cam_2": "hash", "cam_3": "gone", "cam_4": "nobody", "cam_5": None}.items():
        choices.apply(camera(key, 2, name))
    choices.apply(site("site_1", 3, "ours"))
    choices.apply(site("site_1", 2, "hash"))  # older
    with structlog.testing.capture_logs() as lines:
        classifier = open_classifier(service, settings, choices)
        used = {
            (place, each): (await classifier.classify(ask(each, place))).model
            for place in ("site_0", "site_1", "site_2")
            for each in ("cam_1", "cam_2", "cam_3", "cam_4", "cam_5", "cam_6", None)
        }
    usual = {"site_0": "yolox-nano", "site_1": "yolox-nano", "site_2": "coco-ssd"}
    for place, model in usual.items():
        assert used[place, "cam_1"] == "ours"
        assert [used[place, each] for each in ("cam_2", "cam_3", "cam_4")] == [model] * 3, "what it has without it"
    assert [used["site_1", each] for each in ("cam_5", "cam_6", None)] == ["ours"] * 3
    assert [used["site_0", each] for each in ("cam_5", "cam_6", None)] == ["yolox-nano", "coco-ssd", "yolox-nano"]
    assert [(line["event"], line["wanted"], line["code"]) for line in lines] == [
        ("detector_refused", "hash", "detector_hash_differs"),
        ("detector_refused", "gone", "detector_file_missing"),
        ("detector_refused", "nobody", "detector_entry_wrong"),
    ]
    text = service.metrics.exposition().decode()
    for model, wanted in (
        ("ours", "ours"),
        ("yolox-nano", "hash"),
        ("yolox-nano", "yolox-nano"),
        ("coco-ssd", "coco-ssd"),
    ):
        assert re.search(f'model="{model}",version="[^"]+",wanted="{wanted}"}} 1.0', text)
    refusal = re.compile(r'wanted="hash"} (\S+)')
    choices.apply(camera("cam_2", 3, "ours"))
    assert refusal.findall(service.metrics.exposition().decode()) == ["0.0"], "nobody asks for it any more"
    choices.apply(camera("cam_2", 4, "hash"))
    assert (await classifier.classify(ask("cam_2", "site_2"))).model == "coco-ssd"
    assert refusal.findall(service.metrics.exposition().decode()) == ["1.0"]
    choices.apply(camera("cam_1", 3, None))
    assert (await classifier.classify(ask("cam_1", "site_2"))).model == "coco-ssd"
    await classifier.close()
    with pytest.raises(Unavailable):
        await classifier.classify(ask(None))


async def test_a_shipped_model_that_is_asked_for_and_missing_has_its_stand_in(models_dir: Path, tmp_path: Path) -> None:
    copy_fallback(models_dir, tmp_path)
    settings = Settings(models_dir=tmp_path, classifier_gateway_model="coco-ssd")
    service, choices = Service("classifier-gateway", settings), DetectorChoices()
    choices.apply(camera("cam_1", 1, "yolox-nano"))
    with structlog.testing.capture_logs() as lines:
        classifier = open_classifier(service, settings, choices)
        assert (await classifier.classify(ask("cam_1"))).model == "coco-ssd"
    assert [(line["event"], line["wanted"]) for line in lines] == [("model_missing", "yolox-nano")]
    await classifier.close()


def test_choices_are_read_from_records_and_anything_else_is_ignored() -> None:
    choices = DetectorChoices()
    for event in (camera("cam_1", 1, "ours"), camera("cam_gone", 1, "gone"), site("site_2", 1, "theirs")):
        encoded = encode(event, source="tablewatch/api", time=event.updated_at)
        for value in (encoded.value, b"{"):
            choices.apply_record(Record(encoded.topic, 0, 0, 0, encoded.key, value, encoded.headers))
    choices.apply_record(Record("camera.config", 0, 1, 0, b"cam_gone", None, ()))
    assert choices.names() == {"ours", "theirs"}
    of = [choices.name_of(ask(each, place)) for each, place in (("cam_1", "site_2"), (None, "site_2"), (None, "s"))]
    assert of == ["ours", "theirs", None]


@pytest.mark.parametrize(("flaw", "told"), [
    ("ghosts", {"event": "detector_refused", "code": "detector_finds_ghosts", "wanted": "ours"}),
    (None, {"event": "model_missing", "wanted": "yolox-nano"}),
])  # fmt: skip
def test_where_nothing_may_judge_the_log_says_why_in_one_line(tmp_path: Path, flaw: Flaw | None, told: dict) -> None:
    entries = None if flaw is None else brought(tmp_path, "yolox", flaw)
    model = "yolox-nano" if flaw is None else "ours"
    settings = Settings(models_dir=tmp_path, classifier_gateway_model=model, classifier_gateway_detectors=entries)
    with structlog.testing.capture_logs() as lines, pytest.raises(SystemExit) as ended:
        open_or_end(Service("classifier-gateway", settings), settings, DetectorChoices())
    assert ended.value.code == 1
    (line,) = lines
    assert line.items() >= (told | {"log_level": "error"}).items()
