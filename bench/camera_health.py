"""Faults made of real footage, found or not: python -m bench.camera_health FOLDER

FOLDER holds clips (*.mp4) and, in folders of their own, stills (*.jpg) of one fixed camera each, in their order. Every
sequence is looked at as a camera with a cadence of ten seconds is, over and over: as it is, with other light, and with
each fault from its sixth picture on. Figures: docs/measurements/camera-health.md.
"""

import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.media.scene import Reference, SceneMeter
from extractor.model.camera_health import Health, Trouble, next_health

Luma = NDArray[np.uint8]
Change = Callable[[Luma], Luma]
CADENCE_S, FAULT_AT, WIDTH = 10.0, 6, 1920
PICTURES = 40
"""Of a sequence; shorter ones begin anew."""
RNG = np.random.default_rng(1)


def bounded(luma: NDArray[np.floating]) -> Luma:
    return np.asarray(luma.clip(0, 255), np.uint8)


def scaled(factor: float, noise: float = 0.0) -> Change:
    return lambda luma: bounded(luma * factor + (RNG.normal(noise, noise, luma.shape) if noise else 0))


def gamma(power: float) -> Change:
    return lambda luma: bounded(255 * (luma / 255.0) ** power)


def from_the_side(luma: Luma) -> Luma:
    return bounded(luma * np.linspace(0.4, 1.2, luma.shape[1]))


def moved(right: float = 0.0, turn: float = 0.0, zoom: float = 1.0) -> Change:
    """Pixels at 1080p, degrees."""

    def change(luma: Luma) -> Luma:
        height, width = luma.shape
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), turn, zoom)
        matrix[:, 2] += np.array([right, right * 0.4]) * width / WIDTH
        return np.asarray(cv2.warpAffine(luma, matrix, (width, height), borderMode=cv2.BORDER_REFLECT), np.uint8)

    return change


def covered(share: float) -> Change:
    """By something even, from the left."""
    return lambda luma: np.where(np.arange(luma.shape[1])[None] < share * luma.shape[1], np.uint8(120), luma)


def smeared(sigma: float) -> Change:
    return lambda luma: np.asarray(cv2.GaussianBlur(luma, (0, 0), sigma), np.uint8)


def cloth(luma: Luma) -> Luma:
    return bounded(smeared(60)(luma) * 0.3 + 90 + RNG.normal(0, 4, luma.shape))


def frozen(qualities: tuple[int, ...] = ()) -> Callable[[], Change]:
    """The first picture that it sees, as it is or as a JPEG of these qualities in turn."""

    def begin() -> Change:
        kept: list[Luma] = []

        def change(luma: Luma) -> Luma:
            kept.append(luma)
            if not qualities:
                return kept[0]
            quality = [cv2.IMWRITE_JPEG_QUALITY, qualities[len(kept) % len(qualities)]]
            coded = np.frombuffer(cv2.imencode(".jpg", kept[0], quality)[1].data, np.uint8)
            return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)

        return change

    return begin


WELL: dict[str, Change] = {
    "as it is": lambda luma: luma,
    "half the light": scaled(0.5),
    "a quarter": scaled(0.25),
    "1.4 times": scaled(1.4),
    "gamma 1.6": gamma(1.6),
    "light from the side": from_the_side,
}
FAULTS: dict[str, tuple[Trouble, Callable[[], Change]]] = {
    "the same picture": ("same_picture", frozen()),
    "the same, encoded anew (quality 88 to 92)": ("same_picture", frozen((88, 90, 92))),
    "8 % of the light, noise 3": ("dark", lambda: scaled(0.08, 3)),
    "3 % of the light, noise 3": ("dark", lambda: scaled(0.03, 3)),
    "lens smeared (sigma 40)": ("blocked", lambda: smeared(40)),
    "cloth before the lens": ("blocked", lambda: cloth),
    "70 % covered": ("blocked", lambda: covered(0.7)),
    **{f"moved by {right} px": ("moved", partial(moved, right)) for right in (6, 9, 12, 18, 40, 160, 600)},
    **{f"turned by {turn} degrees": ("moved", partial(moved, 0, turn)) for turn in (0.5, 1, 5)},
    "5 % nearer": ("moved", lambda: moved(zoom=1.05)),
}


def sequences(folder: Path) -> Iterator[tuple[str, list[Luma]]]:
    """Grey pictures, 640 wide: what they are measured on is half of that."""
    for path in sorted(folder.rglob("*.mp4")):
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            due, found = 0.0, []
            for frame in container.decode(stream):
                if float((frame.pts or 0) * (stream.time_base or 0)) >= due:
                    due += 1
                    found.append(small(np.asarray(frame.to_ndarray(format="gray"), np.uint8)))
        yield path.name, found[:PICTURES]
    for inner in sorted({path.parent for path in folder.rglob("*.jpg")}):
        stills = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in sorted(inner.glob("*.jpg"))]
        yield inner.name, [small(np.asarray(each, np.uint8)) for each in stills if each is not None][:PICTURES]


def small(luma: Luma) -> Luma:
    height = round(luma.shape[0] * 640 / luma.shape[1])
    return np.asarray(cv2.resize(luma, (640, height), interpolation=cv2.INTER_AREA), np.uint8)


def watch(pictures: list[Luma], change: Change, from_picture: int, count: int) -> list[Trouble | None]:
    """What is certain after each picture; the first, as it is, is the snapshot."""
    reference, health, told = Reference(), Health(), []
    reference.jpeg = bytes(cv2.imencode(".jpg", pictures[0])[1].data)
    meter = SceneMeter(reference)
    for number in range(count):
        luma = pictures[number % len(pictures)]
        now = number * CADENCE_S
        health = next_health(health, meter.measure(change(luma) if number >= from_picture else luma, now), now)
        told.append(health.trouble)
    return told


def main() -> None:
    cv2.setNumThreads(1)
    found = [(name, pictures) for name, pictures in sequences(Path(sys.argv[1])) if len(pictures) > 1]
    hours = len(found) * 4 * PICTURES * CADENCE_S / 3600
    print(f"{len(found)} sequences: {', '.join(name for name, _ in found)}")
    print("| well | hours | false alarms |\n| --- | --- | --- |")
    for name, change in WELL.items():
        alarms = [(which, set(watch(each, change, FAULT_AT, 4 * PICTURES)) - {None}) for which, each in found]
        told = "; ".join(f"{which}: {', '.join(map(str, kinds))}" for which, kinds in alarms if kinds)
        print(f"| {name} | {hours:.1f} | {sum(bool(kinds) for _, kinds in alarms)} {told} |")
    print("| fault | found | as something else | pictures until then, most |\n| --- | --- | --- | --- |")
    for name, (trouble, begin) in FAULTS.items():
        seen = [watch(each, begin(), FAULT_AT, FAULT_AT + 12) for _, each in found]
        right = [each for each in seen if trouble in each]
        other = sum(bool(set(each) - {None, trouble}) for each in seen)
        late = max((each.index(trouble) - FAULT_AT + 1 for each in right), default=0)
        print(f"| {name} | {len(right)} of {len(seen)} | {other} | {late} |")
    meter, luma = SceneMeter(), found[0][1][0]
    alone = cost_ms(meter, luma)
    meter._reference.jpeg = bytes(cv2.imencode(".jpg", luma)[1].data)
    print(f"cost: {alone:.2f} ms a picture, {cost_ms(meter, luma):.2f} with a snapshot to compare with")


def cost_ms(meter: SceneMeter, luma: Luma) -> float:
    """Processor time."""
    meter.measure(luma, 0.0)
    began = time.thread_time()
    for number in range(100):
        meter.measure(luma, float(number))
    return (time.thread_time() - began) * 10


if __name__ == "__main__":
    main()
