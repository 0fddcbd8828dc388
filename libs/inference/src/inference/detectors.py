"""What a detector's file is, and a detector of it: tried on pictures before anything is judged with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import onnxruntime as ort

from inference import coco
from inference.decoders import Decoder, DfineDecoder, NanodetDecoder, SsdDecoder, YoloxDecoder
from inference.decoders.dfine import SIZES
from inference.detect import RUN_ERRORS, OnnxDetector, first_line, open_session
from inference.errors import DetectorNotLoadable, DetectorSizeWrong, DetectorTooLarge
from inference.seating import DEFAULT_SCORES, Scores

Family = Literal["yolox", "ssd", "nanodet", "dfine"]
FAMILIES: tuple[Family, ...] = ("yolox", "ssd", "nanodet", "dfine")
Size = tuple[int, int]
MOST_SIDE = 2048  # pixels of a model's input


@dataclass(frozen=True, slots=True)
class DetectorSpec:
    """How a file is to be read.

    ``input_size``: the longer side of what the model gets, in pixels; where the graph fixes its input, None or that.
    ``classes``: names of its class indices, "" for those that mean nothing. ``zoned``: look at each seat zone as well,
    for models of a small input. ``scores``: where its scores begin to mean something. ``closer_size``: the longer side
    of what it gets when it looks at one zone more closely (of the YOLOX family, with a graph whose input is free);
    None: it does not.
    """

    name: str
    family: Family
    classes: tuple[str, ...]
    input_size: int | None = None
    zoned: bool = False
    scores: Scores = DEFAULT_SCORES
    closer_size: int | None = None


COCO_SSD_SPEC = DetectorSpec("coco-ssd", "ssd", coco.CLASSES_91, 300, zoned=True, scores=Scores(0.4, 0.2))
YOLOX_NANO_SPEC = DetectorSpec("yolox-nano", "yolox", coco.CLASSES_80, 832, closer_size=320)


def open_detector(model: Path | bytes, spec: DetectorSpec, limit_s: float | None = None) -> OnnxDetector:
    """A detector of that file. ``limit_s``: how long it may take for one picture. Raises DetectorRefused."""
    try:
        session = open_session(model)
    except RUN_ERRORS as error:
        raise DetectorNotLoadable(f"{first_line(error)}.") from error
    return OnnxDetector(session, decoder_of(session, spec), spec.classes, limit_s)


def closer_detector(detector: OnnxDetector, spec: DetectorSpec) -> OnnxDetector | None:
    """The same model for closer looks; None where it makes none."""
    if spec.closer_size is None:
        return None
    return detector.with_decoder(YoloxDecoder(len(spec.classes), spec.closer_size))


def decoder_of(session: ort.InferenceSession, spec: DetectorSpec) -> Decoder:
    """The decoder of its family, for the input that the graph fixes or the spec names. Raises DetectorSizeWrong."""
    _check_inputs(session, spec.family)
    fixed = _fixed_size(session)
    if fixed and spec.input_size not in (None, max(fixed)):
        raise DetectorSizeWrong(f"the graph fixes {fixed[0]} x {fixed[1]}, the entry says {spec.input_size}")
    if not fixed and spec.input_size is None:
        raise DetectorSizeWrong("the graph leaves it free, so the entry must say it")
    longer = spec.input_size or max(fixed or (0,))
    if fixed and (min(fixed) < 1 or longer > MOST_SIDE):
        raise DetectorTooLarge(f"The graph's input is {fixed[0]} x {fixed[1]}; a side has 1 to {MOST_SIDE} pixels.")
    if spec.family == "yolox":
        return YoloxDecoder(len(spec.classes), longer, fixed)
    size = fixed or (longer, longer)
    if spec.family == "ssd":
        return SsdDecoder(size)
    if spec.family == "nanodet":
        return NanodetDecoder(size, len(spec.classes))
    return DfineDecoder(size, any(each.name == SIZES for each in session.get_inputs()))


def _check_inputs(session: ort.InferenceSession, family: Family) -> None:
    names = [each.name for each in session.get_inputs()]
    if not names:
        raise DetectorNotLoadable("It has no input: a picture is N x 3 x height x width.")
    others = [name for name in names[1:] if not (family == "dfine" and name == SIZES)]
    if others:
        raise DetectorNotLoadable(f"It wants {', '.join(others)} beside the picture, which {family} does not give.")


def _fixed_size(session: ort.InferenceSession) -> Size | None:
    """Width and height of the graph's first input; None where it leaves them free."""
    shape = session.get_inputs()[0].shape
    if len(shape) != 4 or shape[1] not in (3, None, "channels"):
        raise DetectorNotLoadable(f"its first input is {shape}, and a picture is N x 3 x height x width")
    height, width = shape[2:]
    return (width, height) if isinstance(height, int) and isinstance(width, int) else None
