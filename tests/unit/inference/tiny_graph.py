"""A TensorFlow.js graph model of a few nodes with every operation that the converter knows, and what it computes.

The reference is written in plain numpy over NHWC, straight from the definitions, so that a wrong layout, padding or
kernel order in the conversion shows.
"""

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
SAME = [83, 65, 77, 69]
NHWC = [78, 72, 87, 67]


@dataclass
class TinyGraph:
    """Collects nodes and weights; ``files`` gives model.json and its shards as a package has them."""

    nodes: list[dict[str, Any]] = field(default_factory=list)
    weights: dict[str, Array] = field(default_factory=dict)

    def node(self, name: str, op: str, *inputs: str, **attributes: Any) -> str:
        self.nodes.append({"name": name, "op": op, "input": list(inputs), "attr": attributes})
        return name

    def const(self, name: str, value: Any, dtype: str = "float32") -> str:
        self.weights[name] = np.asarray(value, dtype)
        return self.node(name, "Const")

    def conv(self, name: str, op: str, picture: str, kernel: str, stride: int = 1) -> str:
        ones = {"list": {"i": ["1", "1", "1", "1"]}}
        strides = {"list": {"i": ["1", str(stride), str(stride), "1"]}}
        return self.node(
            name, op, picture, kernel, strides=strides, dilations=ones, padding={"s": SAME}, data_format={"s": NHWC}
        )

    def files(self, shard_bytes: int = 64) -> dict[str, bytes]:
        data = b"".join(value.tobytes() for value in self.weights.values())
        shards = {f"shard{i}": data[at : at + shard_bytes] for i, at in enumerate(range(0, len(data), shard_bytes))}
        manifest = [
            {"name": name, "shape": list(value.shape), "dtype": str(value.dtype)}
            for name, value in self.weights.items()
        ]
        model = {
            "modelTopology": {"node": self.nodes},
            "weightsManifest": [{"paths": list(shards), "weights": manifest}],
        }
        return {"model.json": json.dumps(model).encode(), **shards}


def conv2d(picture: Array, kernel: Array, stride: int = 1) -> Array:
    """TensorFlow's SAME convolution: N x H x W x C by kh x kw x C x M."""
    height, width = kernel.shape[:2]
    padded, out_h, out_w = _padded(picture, height, width, stride)
    out = np.zeros((picture.shape[0], out_h, out_w, kernel.shape[3]))
    for y in range(out_h):
        for x in range(out_w):
            window = padded[:, y * stride : y * stride + height, x * stride : x * stride + width]
            out[:, y, x] = np.einsum("nhwc,hwcm->nm", window, kernel)
    return out


def depthwise(picture: Array, kernel: Array, stride: int = 1) -> Array:
    """Each channel by its own filters: kh x kw x C x M gives C*M channels, M fastest."""
    parts = [
        conv2d(picture[..., c : c + 1], kernel[:, :, c : c + 1], stride) for c in range(picture.shape[3])
    ]  # fmt: skip
    return np.concatenate(parts, axis=3)


def _padded(picture: Array, height: int, width: int, stride: int) -> tuple[Array, int, int]:
    pads, sizes = [(0, 0)], []
    for size, kernel in zip(picture.shape[1:3], (height, width), strict=True):
        out = -(-size // stride)
        total = max(0, (out - 1) * stride + kernel - size)
        pads.append((total // 2, total - total // 2))
        sizes.append(out)
    return np.pad(picture, [*pads, (0, 0)]), sizes[0], sizes[1]
