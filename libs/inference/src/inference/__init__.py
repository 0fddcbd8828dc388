"""tablewatch's eyes: detectors and classifier backends. ``build`` and ``build_detector`` are the way in."""

from inference.backends import build, build_detector, build_embedded
from inference.detect import Detection, Detector
from inference.models.store import ModelMissing
from inference.protocol import Classifier, FrameRequest, Region, TableVerdict, Unavailable, Unreadable

__all__ = [
    "Classifier",
    "Detection",
    "Detector",
    "FrameRequest",
    "ModelMissing",
    "Region",
    "TableVerdict",
    "Unavailable",
    "Unreadable",
    "build",
    "build_detector",
    "build_embedded",
]
