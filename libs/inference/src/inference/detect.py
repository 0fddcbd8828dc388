"""SSDLite-MobileNetV2 on onnxruntime: pictures in, labelled boxes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from inference import coco

Picture = NDArray[np.uint8]  # H x W x 3, BGR
Array = NDArray[np.float32]
Box = tuple[float, float, float, float]

INPUT_SIZE = 300
CODE_SCALES = np.array([10, 10, 5, 5], np.float32)  # box coder of the TensorFlow Object Detection API
NMS_IOU = 0.5
LEAST_SCORE = 0.25


@dataclass(frozen=True, slots=True)
class Detection:
    """``box`` is (x1, y1, x2, y2), relative to the picture, clipped to it."""

    label: str
    score: float
    box: Box


class Detector:
    """One session, one thread unless told otherwise. ``detect`` may be called from several threads at once."""

    def __init__(self, model: Path | bytes, threads: int = 1) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # spinning workers would burn the cores that the other services share
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        source = model if isinstance(model, bytes) else str(model)
        self._session = ort.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        self._input: str = self._session.get_inputs()[0].name
        self._anchors = self._read_anchors()

    def detect(self, bgr: Picture, least_score: float = LEAST_SCORE) -> list[Detection]:
        """What is in one picture, best first."""
        return self.detect_all([bgr], least_score)[0]

    def detect_all(self, pictures: Sequence[Picture], least_score: float = LEAST_SCORE) -> list[list[Detection]]:
        """Several pictures in one run of the model, answered in their order."""
        if not pictures:
            return []
        codes, logits = self._run(["box_codes", "class_logits"], np.stack([to_input(p) for p in pictures]))
        return [
            read_out(code, logit, self._anchors, least_score)
            for code, logit in zip(codes[:, :, 0], logits, strict=True)
        ]

    def embed(self, bgr: Picture) -> Array:
        """The 1280 numbers that the network makes of a picture on the way."""
        (embedding,) = self._run(["embedding"], to_input(bgr)[None])
        return np.asarray(embedding[0], np.float32)

    def _run(self, outputs: list[str], batch: Array) -> list[Any]:
        results: list[Any] = self._session.run(outputs, {self._input: batch})
        return results

    def _read_anchors(self) -> Array:
        """(y1, x1, y2, x2) rows; they ride in the model file as a constant output."""
        (anchors,) = self._run(["anchors"], np.zeros((1, 3, INPUT_SIZE, INPUT_SIZE), np.float32))
        return np.asarray(anchors[0], np.float32)


def to_input(bgr: Picture) -> Array:
    """3 x 300 x 300 RGB in -1..1. Area averaging when shrinking: it keeps small people that sampling would lose."""
    shrinks = bgr.shape[0] > INPUT_SIZE and bgr.shape[1] > INPUT_SIZE
    resized = cv2.resize(bgr, (INPUT_SIZE, INPUT_SIZE), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    scaled = resized[:, :, ::-1].astype(np.float32) / 127.5 - 1.0
    return np.ascontiguousarray(scaled.transpose(2, 0, 1))


def read_out(codes: Array, logits: Array, anchors: Array, least_score: float) -> list[Detection]:
    """Box codes (N x 4) and class logits (N x 91) of one picture -> detections, best first, after NMS per class."""
    least_logit = np.log(least_score / (1 - least_score))
    rows, classes = np.nonzero(logits[:, 1:] > least_logit)
    if not len(rows):
        return []
    classes = classes + 1
    scores = 1 / (1 + np.exp(-logits[rows, classes]))
    boxes = np.clip(decode(codes[rows], anchors[rows]), 0, 1)
    kept = suppress(boxes, scores, classes)
    return [
        Detection(coco.NAMES[int(classes[i])], float(scores[i]), (*map(float, boxes[i]),))  # type: ignore[arg-type]
        for i in kept
        if int(classes[i]) in coco.NAMES
    ]


def decode(codes: Array, anchors: Array) -> Array:
    """Codes (ty, tx, th, tw) about anchors (y1, x1, y2, x2) -> boxes (x1, y1, x2, y2); N x 4 each."""
    height, width = anchors[:, 2] - anchors[:, 0], anchors[:, 3] - anchors[:, 1]
    ty, tx, th, tw = (codes / CODE_SCALES).T
    cy = ty * height + (anchors[:, 0] + anchors[:, 2]) / 2
    cx = tx * width + (anchors[:, 1] + anchors[:, 3]) / 2
    half_h, half_w = np.exp(th) * height / 2, np.exp(tw) * width / 2
    return np.stack([cx - half_w, cy - half_h, cx + half_w, cy + half_h], axis=1)


def suppress(boxes: Array, scores: NDArray[Any], classes: NDArray[Any], iou: float = NMS_IOU) -> list[int]:
    """Greedy non-maximum suppression within each class; indices kept, best score first."""
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    for index in order:
        rivals = [k for k in kept if classes[k] == classes[index]]
        if not rivals or overlap(boxes[index], boxes[rivals]).max() <= iou:
            kept.append(int(index))
    return kept


def overlap(box: Array, others: Array) -> Array:
    """Intersection over union of one box with N others."""
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    inside = np.prod(np.clip(high - low, 0, None), axis=1)
    area = np.prod(box[2:] - box[:2]) + np.prod(others[:, 2:] - others[:, :2], axis=1) - inside
    return np.asarray(inside / np.maximum(area, 1e-9), np.float32)
