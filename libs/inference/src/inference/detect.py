"""A detector: a picture in, labelled boxes out, by a model on onnxruntime and the decoder of its family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any, Protocol

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from inference.boxes import suppress
from inference.decoders import BadOutputs, Decoder, Found
from inference.decoders.fit import Picture
from inference.protocol import Box

MIN_SCORE = 0.25
MOST_FOUND, MOST_COMPARED = 500, 3000
"""Of one picture: what is told, and what is compared with each other before. More is only "found" by a bad model."""
HALF = "tensor(float16)"
NUMBERS = "fiu"  # kinds of numpy's types
RUN_ERRORS = (
    ort_errors.Fail, ort_errors.InvalidGraph, ort_errors.InvalidProtobuf, ort_errors.InvalidArgument,
    ort_errors.NoSuchFile, ort_errors.NotImplemented, ort_errors.RuntimeException, ort_errors.EPFail, RuntimeError,
    MemoryError,
)  # fmt: skip
"""What onnxruntime raises where it cannot load or run a model."""


@dataclass(frozen=True, slots=True)
class Detection:
    """``box`` is (x1, y1, x2, y2), relative to the picture, clipped to it."""

    label: str
    score: float
    box: Box


class LookFailed(Exception):
    """The model gave no answer; ``slow``: it was stopped after the time that a look may take."""

    def __init__(self, message: str, *, slow: bool = False) -> None:
        super().__init__(message)
        self.slow = slow


class Detector(Protocol):
    """``detect`` may be called from several threads at once."""

    def detect(self, bgr: Picture, min_score: float = MIN_SCORE) -> list[Detection]:
        """What is in one picture, best first."""


class OnnxDetector:
    """A session and the decoder of its model. ``classes``: the names of the class indices, "" for unused.

    ``limit_s``: how long the model may take for one picture; None: as long as it likes.
    """

    def __init__(
        self, session: ort.InferenceSession, decoder: Decoder, classes: Sequence[str], limit_s: float | None = None
    ) -> None:
        self._session, self._decoder, self._classes, self._limit_s = session, decoder, tuple(classes), limit_s
        self._first_input: str = session.get_inputs()[0].name
        self._halves = frozenset(each.name for each in session.get_inputs() if each.type == HALF)
        self._outputs = list(decoder.outputs) if decoder.outputs else None

    def with_decoder(self, decoder: Decoder) -> OnnxDetector:
        """The same session for pictures of another size."""
        return OnnxDetector(self._session, decoder, self._classes, self._limit_s)

    def detect(self, bgr: Picture, min_score: float = MIN_SCORE) -> list[Detection]:
        """What is in one picture, best first.

        Raises BadOutputs where the model is not what its decoder reads, LookFailed where it does not answer.
        """
        return self._detections(self.raw(bgr, min_score))

    def raw(self, bgr: Picture, min_score: float) -> Found:
        """What the model says, before boxes are clipped, the worse of two that are the same left out, and named."""
        feeds, fit = self._decoder.feeds(bgr)
        named = {name or self._first_input: tensor for name, tensor in feeds.items()}
        outputs = self._run({name: self._as_wanted(name, tensor) for name, tensor in named.items()})
        return self._decoder.read([_as_read(each) for each in outputs], fit, min_score)

    def _as_wanted(self, name: str, tensor: NDArray[Any]) -> NDArray[Any]:
        """A graph of half precision wants pictures of half precision."""
        return tensor.astype(np.float16) if name in self._halves else tensor

    def _run(self, feeds: Mapping[str, NDArray[Any]]) -> list[Any]:
        options = ort.RunOptions()
        stop = None if self._limit_s is None else Timer(self._limit_s, setattr, (options, "terminate", True))
        try:
            if stop is not None:
                stop.start()
            found: list[Any] = self._session.run(self._outputs, feeds, options)
        except RUN_ERRORS as error:
            if options.terminate:
                raise LookFailed(f"It takes longer than {self._limit_s:g} s for one picture.", slow=True) from error
            raise LookFailed(f"{first_line(error)}.") from error
        finally:
            if stop is not None:
                stop.cancel()
        return found

    def _detections(self, found: Found) -> list[Detection]:
        found = _best(self._named(found), MOST_COMPARED)
        boxes = found.boxes
        iou = self._decoder.nms_iou
        if iou is None:
            order: Sequence[int] = np.argsort(-found.scores, kind="stable").tolist()
        else:
            order = suppress(boxes, found.scores, found.classes, iou)
        return [
            Detection(label, float(found.scores[index]), (*map(float, boxes[index]),))  # type: ignore[arg-type]
            for index in order[:MOST_FOUND]
            if (label := self._classes[found.classes[index]])
        ]

    def _named(self, found: Found) -> Found:
        """Those of classes that have a name, of numbers (a graph of half precision may overflow), and with an area in
        the picture; clipped to it."""
        known = (found.classes >= 0) & (found.classes < len(self._classes))
        numbers = np.isfinite(found.boxes).all(axis=1) & np.isfinite(found.scores)
        boxes = np.clip(np.nan_to_num(found.boxes), 0, 1)
        kept = known & numbers & (boxes[:, :2] < boxes[:, 2:]).all(axis=1)
        return Found(boxes[kept], np.clip(found.scores[kept], 0, 1), found.classes[kept])


def _best(found: Found, most: int) -> Found:
    if len(found.scores) <= most:
        return found
    best = np.argsort(-found.scores, kind="stable")[:most]
    return Found(found.boxes[best], found.scores[best], found.classes[best])


def _as_read(output: Any) -> NDArray[Any]:
    """Raises BadOutputs."""
    if not isinstance(output, np.ndarray) or output.dtype.kind not in NUMBERS:
        raise BadOutputs("an output is no tensor of numbers")
    return output.astype(np.float32) if output.dtype == np.float16 else output


def first_line(error: BaseException) -> str:
    """What onnxruntime says goes on for many lines."""
    return (str(error).splitlines() or [repr(error)])[0].rstrip(".")


def open_session(model: Path | bytes, threads: int = 1) -> ort.InferenceSession:
    """A session on the CPU. Raises what onnxruntime raises where the file is no model that it runs."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # spinning workers would burn the cores that the other services share
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    source = model if isinstance(model, bytes) else str(model)
    return ort.InferenceSession(source, options, providers=["CPUExecutionProvider"])
