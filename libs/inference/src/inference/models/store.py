"""DIR/models: one converted file per model, with a stamp beside it (JSON) that names its source and its hash."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from inference.models.source import COCO_SSD, ModelSource


class ModelMissing(Exception):
    """The converted model is missing or damaged; the message names the command that sets it up."""


def find(models_dir: Path, source: ModelSource = COCO_SSD) -> Path:
    """The converted file, checked against its stamp. Raises ModelMissing."""
    path = models_dir / source.filename
    stamp = _read_stamp(path)
    if stamp is None or not path.is_file():
        raise ModelMissing(f"{path} is missing: run `python -m inference.models --home {models_dir.parent}`")
    if hashlib.sha256(path.read_bytes()).hexdigest() != stamp.get("sha256"):
        raise ModelMissing(f"{path} is damaged: run `python -m inference.models --home {models_dir.parent}`")
    return path


def save(path: Path, model: bytes, stamp: dict[str, Any]) -> None:
    """Model, then stamp, each by rename: a file with a matching stamp is always complete."""
    write_atomically(path, model)
    text = json.dumps({**stamp, "sha256": hashlib.sha256(model).hexdigest()}, indent=2)
    write_atomically(_stamp_path(path), text.encode())


def write_atomically(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with io.open(descriptor, "wb") as file:  # noqa: UP020
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _stamp_path(path: Path) -> Path:
    return path.with_suffix(".json")


def _read_stamp(path: Path) -> dict[str, Any] | None:
    try:
        stamp = json.loads(_stamp_path(path).read_bytes())
    except (OSError, ValueError):
        return None
    return stamp if isinstance(stamp, dict) else None
