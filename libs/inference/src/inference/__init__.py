"""Detectors and classifier backends, used by classifier-gateway and hazard. It knows no topic, service or setting.

`protocol` is the interface of a classifier; `backends` builds one by name (`build`, `build_detector`). `embedded` is
the default: `looks` shows the frame to a detector, `seating` and `verdicts` (pure) decide who sits at which table.
`detect` runs a model on onnxruntime, `decoders` know what its family wants and says, `detectors` open a file and
`selftest` tries it. `models` sets up those that are fetched, `entries` reads of those that a site brings, and `trial`
tries these in a process of their own.

Coordinates are relative, 0..1, x right, y down, boxes (x1, y1, x2, y2). Pictures: BGR, height x width x 3, uint8.
"""

from inference.backends import FALLBACK_MODEL, Asked, ClassifierOptions, build, build_detector, build_embedded
from inference.detect import Detection, Detector
from inference.errors import DetectorRefused
from inference.models.store import ModelMissing
from inference.protocol import (
    Classifier,
    FrameRequest,
    Judgement,
    Region,
    Seen,
    TableVerdict,
    Unavailable,
    Unreadable,
)

__all__ = [
    "FALLBACK_MODEL",
    "Asked",
    "Classifier",
    "ClassifierOptions",
    "Detection",
    "Detector",
    "DetectorRefused",
    "FrameRequest",
    "Judgement",
    "ModelMissing",
    "Region",
    "Seen",
    "TableVerdict",
    "Unavailable",
    "Unreadable",
    "build",
    "build_detector",
    "build_embedded",
]
