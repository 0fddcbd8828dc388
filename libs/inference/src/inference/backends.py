"""Choosing a backend by name."""

from __future__ import annotations

from pathlib import Path

from inference.detect import Detector
from inference.embedded import EmbeddedClassifier
from inference.models.source import COCO_SSD
from inference.models.store import find
from inference.protocol import Classifier

BACKENDS = ("embedded",)


def build(backend: str = "embedded", *, models_dir: Path, threads: int = 1) -> Classifier:
    """The classifier named ``backend``. Raises ValueError on an unknown one, ModelMissing before set-up."""
    if backend != "embedded":
        raise ValueError(f"unknown classifier backend {backend!r}; there is: {', '.join(BACKENDS)}")
    return build_embedded(models_dir, threads)


def build_embedded(models_dir: Path, threads: int = 1) -> EmbeddedClassifier:
    version = f"{COCO_SSD.version}+{COCO_SSD.key}"
    return EmbeddedClassifier(build_detector(models_dir), name=COCO_SSD.name, version=version, threads=threads)


def build_detector(models_dir: Path) -> Detector:
    """The detector alone (people to mask, things to name). Raises ModelMissing before set-up."""
    return Detector(find(models_dir))
