"""Detectors that a site brings: entries of a TOML file, each a file beside it with its hash and how it is read.

[d-fine-s]
file = "dfine_s_coco.onnx"
sha256 = "…"
decoder = "dfine"      # yolox, ssd, nanodet or dfine
input_size = 640       # longer side, pixels; may be left out where the graph fixes it
classes = "coco80"     # coco80, coco91, or a list of names

[use]                  # which model judges what; everything else gets the one that the settings name
sites = { site_… = "d-fine-s" }
cameras = { cam_… = "d-fine-s" }
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from stat import S_ISREG
from typing import Any

from inference import coco
from inference.detect import OnnxDetector
from inference.detectors import COCO_SSD_SPEC, FAMILIES, MOST_SIDE, YOLOX_NANO_SPEC, DetectorSpec, open_detector
from inference.errors import (
    DetectorEntryWrong,
    DetectorFileMissing,
    DetectorHashDiffers,
    DetectorNotLoadable,
    DetectorRefused,
    DetectorTooLarge,
)
from inference.seating import DEFAULT_SCORES, Scores
from inference.trial import LOOK_LIMIT_S, try_apart

USE = "use"
CHOOSERS = ("sites", "cameras")
SHIPPED = (YOLOX_NANO_SPEC.name, COCO_SSD_SPEC.name)
CLASSES: Mapping[str, tuple[str, ...]] = {"coco80": coco.CLASSES_80, "coco91": coco.CLASSES_91}
MOST_BYTES = 1024**3
KNOWN = {"file", "sha256", "decoder", "input_size", "classes", "certain_score", "faint_score", "zoned"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One detector: its file, the hash that the file must have, how it is read."""

    path: Path
    sha256: str
    spec: DetectorSpec

    @property
    def version(self) -> str:
        return self.sha256[:12]


@dataclass(frozen=True, slots=True)
class Entries:
    """The detectors by name, and the names of those that certain sites and cameras get. ``refused``: what is wrong with
    the entries that cannot be used, by name; it concerns no other."""

    detectors: Mapping[str, Entry] = field(default_factory=dict)
    sites: Mapping[str, str] = field(default_factory=dict)
    cameras: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, DetectorEntryWrong] = field(default_factory=dict)


def read_entries(path: Path) -> Entries:
    """The entries of a file. Raises DetectorEntryWrong where nothing of it can be used."""
    try:
        document = tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:  # a TOMLDecodeError and a UnicodeDecodeError are ValueErrors
        raise DetectorEntryWrong(f"{path}: {error}.") from error
    use = _table(document.pop(USE, {}), USE)
    _check_known(USE, use, CHOOSERS)
    sites, cameras = (_names(use, key) for key in CHOOSERS)
    detectors: dict[str, Entry] = {}
    refused: dict[str, DetectorEntryWrong] = {}
    for name, raw in document.items():
        try:
            detectors[name] = _entry(name, _table(raw, name), path.parent)
        except DetectorEntryWrong as error:
            error.detector, refused[name] = name, error
    return Entries(detectors, sites, cameras, refused)


def open_entry(entry: Entry) -> tuple[OnnxDetector, float]:
    """The detector and its score on the known picture, once it was tried out apart. Raises DetectorRefused."""
    try:
        content = _content(entry)
        score = try_apart(content, entry.spec)
        return open_detector(content, entry.spec, LOOK_LIMIT_S), score
    except DetectorRefused as error:
        error.detector = entry.spec.name
        raise


def _content(entry: Entry) -> bytes:
    """The file, if it is one (a pipe or a device has no end) and the one that is named."""
    try:
        found = entry.path.stat()
        if not S_ISREG(found.st_mode):
            raise DetectorNotLoadable(f"{entry.path} is no file.")
        if found.st_size > MOST_BYTES:
            raise DetectorTooLarge(f"{entry.path} has {found.st_size} bytes, the most is {MOST_BYTES}.")
        content = entry.path.read_bytes()
    except OSError as error:
        raise DetectorFileMissing(f"{entry.path}: {error.strerror}.") from error
    actual = hashlib.sha256(content).hexdigest()
    if actual != entry.sha256:
        raise DetectorHashDiffers(f"{entry.path} has sha256 {actual}, the entry {entry.spec.name} says {entry.sha256}.")
    return content


def _entry(name: str, raw: Mapping[str, Any], folder: Path) -> Entry:
    if name in SHIPPED:
        raise DetectorEntryWrong(f"[{name}] is the name of a shipped model: give yours another one.")
    _check_known(name, raw, KNOWN)
    decoder, sha256 = _text(name, raw, "decoder"), _text(name, raw, "sha256").lower()
    family = next((each for each in FAMILIES if each == decoder), None)
    if family is None:
        raise DetectorEntryWrong(f"[{name}] decoder is {decoder!r}; there is: {', '.join(FAMILIES)}.")
    if len(sha256) != 64 or set(sha256) - set("0123456789abcdef"):
        raise DetectorEntryWrong(f"[{name}] sha256 must be 64 hexadecimal digits.")
    spec = DetectorSpec(name, family, _classes(name, raw), _size(name, raw), _zoned(name, raw), _scores(name, raw))
    return Entry(folder / _file(name, raw), sha256, spec)


def _file(name: str, raw: Mapping[str, Any]) -> PurePath:
    """Below the folder of the entries, so that what is brought is one folder that can be looked at and mounted."""
    text = _text(name, raw, "file")
    path = PurePath(text)
    if path.is_absolute() or ".." in path.parts or not text.isprintable():
        raise DetectorEntryWrong(f"[{name}] file must be a path below the folder of detectors.toml.")
    return path


def _check_known(name: str, raw: Mapping[str, Any], known: Collection[str]) -> None:
    unknown = sorted(raw.keys() - set(known))
    if unknown:
        raise DetectorEntryWrong(f"[{name}] has {', '.join(unknown)}; there is: {', '.join(sorted(known))}.")


def _classes(name: str, raw: Mapping[str, Any]) -> tuple[str, ...]:
    given = raw.get("classes", "coco91" if raw.get("decoder") == "ssd" else "coco80")
    if isinstance(given, str) and given in CLASSES:
        return CLASSES[given]
    if isinstance(given, list) and given and all(isinstance(each, str) for each in given):
        if coco.PERSON not in given:
            raise DetectorEntryWrong(f"[{name}] classes have no {coco.PERSON!r}.")
        return tuple(given)
    raise DetectorEntryWrong(f"[{name}] classes must be {', '.join(CLASSES)}, or a list of names.")


def _size(name: str, raw: Mapping[str, Any]) -> int | None:
    size = raw.get("input_size")
    if size is not None and (not isinstance(size, int) or isinstance(size, bool) or not 64 <= size <= MOST_SIDE):
        raise DetectorEntryWrong(f"[{name}] input_size must be between 64 and {MOST_SIDE} pixels.")
    return size


def _zoned(name: str, raw: Mapping[str, Any]) -> bool:
    zoned = raw.get("zoned", False)
    if not isinstance(zoned, bool):
        raise DetectorEntryWrong(f"[{name}] zoned must be true or false, without quotes.")
    return zoned


def _scores(name: str, raw: Mapping[str, Any]) -> Scores:
    certain = raw.get("certain_score", DEFAULT_SCORES.certain)
    faint = raw.get("faint_score", min(DEFAULT_SCORES.faint, certain) if _is_score(certain) else None)
    if not _is_score(certain) or not _is_score(faint) or faint > certain:
        raise DetectorEntryWrong(f"[{name}] needs 0 < faint_score <= certain_score < 1.")
    return Scores(certain, faint)


def _is_score(value: Any) -> bool:
    return isinstance(value, float) and 0 < value < 1


def _text(name: str, raw: Mapping[str, Any], key: str) -> str:
    value = raw.get(key)
    if not isinstance(value, str) or not value:
        raise DetectorEntryWrong(f"[{name}] needs {key}.")
    return value


def _table(raw: Any, name: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise DetectorEntryWrong(f"{name} must be a table, [{name}].")
    return raw


def _names(use: Mapping[str, Any], key: str) -> dict[str, str]:
    names = _table(use.get(key, {}), f"{USE}.{key}")
    if not all(isinstance(name, str) for name in names.values()):
        raise DetectorEntryWrong(f"[{USE}] {key} must name a model for each id.")
    return names
