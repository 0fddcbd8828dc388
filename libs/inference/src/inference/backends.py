"""Choosing a backend, and a model by name: those that are shipped, and those that a site brings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import RLock

from inference.chosen import ENOUGH, AskedClassifier, ChosenClassifier, WithFallback
from inference.closer import FrameAndDoubt
from inference.detect import Detector, OnnxDetector
from inference.detectors import COCO_SSD_SPEC, YOLOX_NANO_SPEC, DetectorSpec, closer_detector, open_detector
from inference.embedded import EmbeddedClassifier
from inference.entries import Entries, Entry, open_entry, read_entries
from inference.errors import DetectorEntryWrong, DetectorFails, DetectorRefused
from inference.looks import FrameAndZones, Look, WholeFrame
from inference.models.source import COCO_SSD, YOLOX_NANO, ModelSource
from inference.models.store import ModelMissing, find
from inference.protocol import Classifier, FrameRequest, Unavailable

BACKENDS = ("embedded",)
DEFAULT_MODEL = YOLOX_NANO.name
FALLBACK_MODEL = COCO_SSD.name
MODELS: Mapping[str, tuple[ModelSource, DetectorSpec]] = {
    YOLOX_NANO.name: (YOLOX_NANO, YOLOX_NANO_SPEC),
    COCO_SSD.name: (COCO_SSD, COCO_SSD_SPEC),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierOptions:
    """``entries``: the file that names a site's own detectors. ``look_px``: longer side, in pixels, of what a model of
    the YOLOX family gets. ``threads`` of each model."""

    models_dir: Path
    model: str = DEFAULT_MODEL
    entries: Path | None = None
    look_px: int | None = None
    threads: int = 1


Replaced = Callable[[str, ModelMissing, Classifier], None]
"""Called with the name of a shipped model whose file is missing, once FALLBACK_MODEL stands in for it."""


Refused = Callable[[str, DetectorRefused | ModelMissing, Classifier], None]
"""Called with the name of what cannot be used, why, and who judges instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Models that are asked for while the service runs, before the choices of ``entries``.

    ``name_of``: the name that goes with a frame, or None. ``opened`` hears of each model that is chosen, once it is
    open: those of options and ``entries`` at once, others later and on another thread; ``refused`` of each that cannot
    be used, or not any more, and ``failed`` of the first of several failures in a row.
    """

    name_of: Callable[[FrameRequest], str | None]
    opened: Callable[[str, Classifier], None]
    refused: Refused
    failed: Callable[[str, Exception], None] = lambda name, error: None


def build(
    options: ClassifierOptions, backend: str = "embedded", *, replaced: Replaced | None = None,
    asked: Asked | None = None,
) -> Classifier:  # fmt: skip
    """The classifier named ``backend``. With ``replaced``, FALLBACK_MODEL judges what a missing model was chosen for.

    With ``asked`` a detector that cannot be used leaves its frames to the next choice, in the end to DEFAULT_MODEL.
    Raises ValueError on an unknown backend, ModelMissing before set-up; without ``asked`` DetectorRefused.
    """
    if backend != "embedded":
        raise ValueError(f"unknown classifier backend {backend!r}; there is: {', '.join(BACKENDS)}")
    entries, unreadable = _entries(options, asked)
    models = _Models(entries, options, replaced, asked)
    default = models.get_or(options.model, lambda: models.get(DEFAULT_MODEL))
    if asked is not None and unreadable is not None:
        asked.refused(str(options.entries), unreadable, default)
    usual = _usual(models, entries, default)
    if asked is None:
        return usual
    return AskedClassifier(usual, asked.name_of, partial(_asked_for, models, asked, usual))


def build_embedded(
    models_dir: Path, model: str = DEFAULT_MODEL, *, look_px: int | None = None, threads: int = 1
) -> EmbeddedClassifier:
    """The classifier with one of the shipped models. Raises ModelMissing before set-up, DetectorRefused."""
    options = ClassifierOptions(models_dir=models_dir, model=model, look_px=look_px, threads=threads)
    return _embedded(model, Entries(), options)


def build_detector(models_dir: Path) -> Detector:
    """The detector alone (people to mask, things to name). Raises ModelMissing before set-up."""
    return open_detector(find(models_dir, COCO_SSD), COCO_SSD_SPEC)


class _Models:
    """Models by name, each opened once; those that FALLBACK_MODEL stands in for share one. Thread-safe; one that takes
    long to open holds up no other."""

    def __init__(
        self, entries: Entries, options: ClassifierOptions, replaced: Replaced | None, asked: Asked | None
    ) -> None:
        self._entries, self._options, self._replaced, self._asked = entries, options, replaced, asked
        self._opened: dict[str, Classifier] = {}
        self._locks: dict[str, RLock] = {}

    def get(self, name: str) -> Classifier:
        """Raises ModelMissing, DetectorRefused."""
        with self._locks.setdefault(name, RLock()):
            if name not in self._opened:
                self._opened[name] = self._open(name)
            return self._opened[name]

    def get_or(self, name: str, other: Callable[[], Classifier]) -> Classifier:
        """Of a name that is chosen before a frame comes: the model, or where it cannot be used the other one.

        Raises ModelMissing, DetectorRefused where nobody is to be told, or the other one cannot be had either.
        """
        try:
            model = self.get(name)
        except DetectorRefused as error:
            if self._asked is None:
                raise
            try:
                model = other()
            except ModelMissing:
                raise error from None
            self._asked.refused(name, error, model)
        else:
            if self._asked is not None:
                self._asked.opened(name, model)
        return model

    def _open(self, name: str) -> Classifier:
        try:
            return self._embedded(name)
        except ModelMissing as error:
            if self._replaced is None or name == FALLBACK_MODEL:
                raise
            fallback = self.get(FALLBACK_MODEL)
            self._replaced(name, error, fallback)
            return fallback

    def _embedded(self, name: str) -> Classifier:
        model = _embedded(name, self._entries, self._options)
        if name not in self._entries.detectors or self._asked is None:
            return model
        return WithFallback(model, self._shipped, partial(_failed, self._asked, name))

    def _shipped(self) -> Classifier:
        try:
            return self.get(DEFAULT_MODEL)
        except ModelMissing as error:
            raise Unavailable(str(error)) from error


def _entries(options: ClassifierOptions, asked: Asked | None) -> tuple[Entries, DetectorEntryWrong | None]:
    """The entries, none where nothing of the file can be used, and why."""
    try:
        return (read_entries(options.entries) if options.entries else Entries()), None
    except DetectorEntryWrong as error:
        if asked is None:
            raise
        return Entries(), error


def _usual(models: _Models, entries: Entries, default: Classifier) -> Classifier:
    if not entries.sites and not entries.cameras:
        return default
    sites = {each: models.get_or(name, lambda: default) for each, name in entries.sites.items()}
    cameras = {each: models.get_or(name, lambda: default) for each, name in entries.cameras.items()}
    return ChosenClassifier(default, sites, cameras)


def _asked_for(models: _Models, asked: Asked, usual: Classifier, name: str) -> Classifier | None:
    try:
        model = models.get(name)
    except (DetectorRefused, ModelMissing) as error:
        asked.refused(name, error, usual)
        return None
    asked.opened(name, model)
    return model


def _failed(asked: Asked, name: str, failures: int, error: Exception, fallback: Classifier) -> None:
    if failures == 1:
        asked.failed(name, error)
    if failures == ENOUGH:
        asked.refused(name, DetectorFails(f"{failures} frames in a row, the last with: {error}"), fallback)


def look_of(detector: Detector, closer: Detector | None, spec: DetectorSpec) -> Look:
    """How a model of that kind looks at a frame. ``closer``: the same model for closer looks."""
    if spec.zoned:
        return FrameAndZones(detector, spec.scores)
    if closer is None or not spec.closer_size or not spec.input_size:
        return WholeFrame(detector, spec.scores)
    return FrameAndDoubt(detector, closer, spec.scores, smaller=spec.closer_size / spec.input_size)


def _embedded(model: str, entries: Entries, options: ClassifierOptions) -> EmbeddedClassifier:
    if entry := entries.detectors.get(model):
        return _brought(entry, options.threads)
    if refused := entries.refused.get(model):
        raise refused
    if model not in MODELS:
        known = ", ".join([*MODELS, *entries.detectors])
        raise DetectorEntryWrong(f"Nothing is known of a model {model!r}; there is: {known}.")
    source, spec = MODELS[model]
    if options.look_px is not None and spec.family == "yolox":
        spec = replace(spec, input_size=options.look_px)
    detector = open_detector(find(options.models_dir, source), spec)
    return _classifier(detector, spec, f"{source.version}+{source.key}", options.threads)


def _brought(entry: Entry, threads: int) -> EmbeddedClassifier:
    detector, _ = open_entry(entry)
    return _classifier(detector, entry.spec, entry.version, threads)


def _classifier(detector: OnnxDetector, spec: DetectorSpec, version: str, threads: int) -> EmbeddedClassifier:
    look = look_of(detector, closer_detector(detector, spec), spec)
    return EmbeddedClassifier(look, name=spec.name, version=version, scores=spec.scores, threads=threads)
