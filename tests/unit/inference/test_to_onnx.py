from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from tests.unit.inference.tiny_graph import TinyGraph, conv2d, depthwise

from inference.models.source import Cut
from inference.models.tfjs_graph import BadGraph, read
from inference.models.to_onnx import convert

SIZE = 7  # odd, so that a stride of 2 pads unevenly
random = np.random.default_rng(3)
FULL = random.normal(size=(3, 3, 3, 4)).astype(np.float32)
DEEP = random.normal(size=(3, 3, 4, 2)).astype(np.float32)
BIAS = random.normal(size=8).astype(np.float32)
SCALE = random.normal(size=8).astype(np.float32)
NORM = [np.abs(random.normal(size=8)).astype(np.float32) + 0.1 for _ in range(4)]  # gamma, beta, mean, variance


def graph() -> TinyGraph:
    """conv (stride 2), relu6, depthwise x 2, bias, scale, batch norm, plus itself, flattened and joined."""
    tiny = TinyGraph()
    tiny.node("picture", "Sub")
    tiny.const("full", FULL)
    tiny.conv("conv", "Conv2D", "picture", "full", stride=2)
    tiny.node("relu", "Relu6", "conv")
    tiny.const("deep", DEEP)
    tiny.conv("depth", "DepthwiseConv2dNative", "relu", "deep")
    tiny.const("bias", BIAS)
    tiny.node("biased", "BiasAdd", "depth", "bias")
    tiny.const("scale", SCALE)
    tiny.node("scaled", "Mul", "biased", "scale")
    for name, value in zip(("gamma", "beta", "mean", "variance"), NORM, strict=True):
        tiny.const(name, value)
    tiny.node(
        "normal", "FusedBatchNorm", "scaled", "gamma", "beta", "mean", "variance",
        epsilon={"f": 0.001}, is_training={"b": False},
    )  # fmt: skip
    tiny.node("twice", "AddN", "normal", "scaled")
    _flattened(tiny)
    return tiny


def _flattened(tiny: TinyGraph) -> None:
    """Reshape to (batch, -1, 4) as the detector's heads do, the batch taken from a Shape."""
    tiny.node("shape", "Shape", "twice")
    tiny.const("zero", [0], "int32")
    tiny.node("batch", "StridedSlice", "shape", "zero", "zero", "zero")
    tiny.const("rest", -1, "int32")
    tiny.const("four", 4, "int32")
    tiny.node("target", "Pack", "batch", "rest", "four")
    tiny.node("flat", "Reshape", "twice", "target")
    tiny.const("one", 1, "int32")
    tiny.node("joined", "ConcatV2", "flat", "flat", "one")
    tiny.const("anchors", np.arange(8).reshape(1, 2, 4))


CUT = Cut("picture", SIZE, {"out": "joined"}, {"mean_out": "relu"}, {"anchors_out": "anchors"})


def reference(pictures: Any) -> Any:
    relu = np.clip(conv2d(pictures, FULL, 2), 0, 6)
    scaled = (depthwise(relu, DEEP) + BIAS) * SCALE
    gamma, beta, mean, variance = NORM
    twice = (scaled - mean) / np.sqrt(variance + 0.001) * gamma + beta + scaled
    flat = twice.reshape(len(pictures), -1, 4)
    return np.concatenate([flat, flat], axis=1), relu.mean(axis=(1, 2))


@pytest.mark.parametrize("batch", [1, 3])
def test_the_converted_graph_computes_what_the_source_does(batch: int) -> None:
    model = convert(read(graph().files()), CUT)
    pictures = random.normal(size=(batch, SIZE, SIZE, 3)).astype(np.float32)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    out, mean, anchors = session.run(None, {"picture": pictures.transpose(0, 3, 1, 2)})
    expected_out, expected_mean = reference(pictures)
    np.testing.assert_allclose(out, expected_out, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(mean, expected_mean, rtol=1e-4, atol=1e-4)
    assert anchors.tolist() == [[[0, 1, 2, 3], [4, 5, 6, 7]]]


def test_converting_twice_gives_the_same_bytes() -> None:
    once, again = (convert(read(graph().files()), CUT).SerializeToString(deterministic=True) for _ in range(2))
    assert once == again


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        ({"op": "Softmax"}, "Softmax"),
        ({"attr": {"padding": {"s": "EXPLICIT"}}}, "SAME or VALID"),
        ({"attr": {"data_format": {"s": "NCHW"}}}, "NHWC"),
        ({"attr": {"strides": {"list": {"i": ["2", "1", "1", "1"]}}}}, "over batch"),
    ],
)
def test_what_is_not_known_is_refused_by_name(spoil: dict[str, Any], words: str) -> None:
    tiny = graph()
    node = next(node for node in tiny.nodes if node["name"] == "conv")
    node["op"] = spoil.get("op", node["op"])
    node["attr"] = {**node["attr"], **spoil.get("attr", {})}
    with pytest.raises(BadGraph, match=words):
        convert(read(tiny.files()), CUT)


def test_a_batch_normalisation_that_trains_is_refused() -> None:
    tiny = graph()
    node = next(node for node in tiny.nodes if node["op"] == "FusedBatchNorm")
    node["attr"]["is_training"] = {"b": True}
    with pytest.raises(BadGraph, match="trains"):
        convert(read(tiny.files()), CUT)


def test_only_the_batch_may_come_from_a_shape() -> None:
    tiny = graph()
    pack = next(node for node in tiny.nodes if node["op"] == "Pack")
    pack["input"] = ["rest", "batch", "four"]
    with pytest.raises(BadGraph, match="batch size"):
        convert(read(tiny.files()), CUT)
