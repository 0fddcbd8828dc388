"""Filming the story: clip.mp4 with its truth.json and layout.json, made once and again only when this code changes."""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from restaurant import cast, story
from restaurant.cast import Picture
from restaurant.room import Room

FPS = 10
GOP = 20
NOISE = 2.0  # grey levels, standard deviation
DRIFT = 0.025  # the light's slow wandering, as a share of the brightness
DRIFT_MS = 90_000
FILES = ("clip.mp4", "truth.json", "layout.json")

Report = Callable[[str], None]


def ensure(folder: Path, report: Report) -> Path:
    """Make ``folder``/clip.mp4, truth.json, layout.json unless they are there as this code would make them."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # two stacks that start together share one clip
            report("the demo clip is being filmed already; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        return _ensured(folder, report)


def _ensured(folder: Path, report: Report) -> Path:
    stamp = folder / "stamp.json"
    if _read(stamp).get("recipe") == recipe() and _intact(folder, _read(stamp)):
        report(f"the demo clip is there: {folder / 'clip.mp4'}")
        return folder
    stamp.unlink(missing_ok=True)
    report(f"filming {story.DURATION_MS // 1000} s of the demo restaurant")
    film(folder / "clip.mp4", report)
    _write(folder / "truth.json", story.truth())
    _write(folder / "layout.json", story.layout())
    _write(stamp, {"recipe": recipe(), **{name: _hash(folder / name) for name in FILES}})
    report(f"made {folder / 'clip.mp4'} ({(folder / 'clip.mp4').stat().st_size / 1e6:.1f} MB)")
    return folder


def recipe() -> str:
    """Changes with any source file of this package."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def film(path: Path, report: Report) -> None:
    """Encode every frame; the file appears under its name only when it is whole."""
    partial = path.with_name(f".{path.name}")
    with av.open(str(partial), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "23", "threads": "2"})
        stream.width, stream.height, stream.pix_fmt = story.WIDTH, story.HEIGHT, "yuv420p"
        stream.codec_context.gop_size = GOP
        for number, picture in enumerate(frames()):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
            if number % (FPS * 30) == 0:
                report(f"filming: {number // FPS} of {story.DURATION_MS // 1000} s")
        container.mux(stream.encode(None))
    partial.replace(path)


def frames() -> Iterator[Picture]:
    """Every frame as the camera sees it."""
    camera = Camera(Room(cast.load()))
    for number in range(story.DURATION_MS * FPS // 1000):
        yield camera.take(number)


class Camera:
    """Looks at the room: adds the light's drift and the sensor's noise. Frame ``number`` is always the same."""

    def __init__(self, room: Room) -> None:
        self._room = room
        random = np.random.default_rng(7)
        size = (story.HEIGHT, story.WIDTH, 3)
        self._noise = [random.normal(0, NOISE, size).round().astype(np.int16) for _ in range(4)]

    def take(self, number: int) -> Picture:
        at_ms = number * 1000 // FPS
        light = 1 + DRIFT * np.sin(2 * np.pi * at_ms / DRIFT_MS)
        # the same noise moved about: making it anew for every frame would take longer than all the rest
        grain = np.roll(self._noise[number % len(self._noise)], number * 37, axis=1)
        lit = cv2.convertScaleAbs(self._room.at(at_ms), alpha=light)
        return np.asarray(cv2.add(lit, grain, dtype=cv2.CV_8U), np.uint8)


def _intact(folder: Path, stamp: dict[str, Any]) -> bool:
    return all((folder / name).is_file() and _hash(folder / name) == stamp.get(name) for name in FILES)


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _write(path: Path, content: dict[str, Any]) -> None:
    partial = path.with_name(f".{path.name}")
    partial.write_text(json.dumps(content, indent=1) + "\n")
    partial.replace(path)
