"""TensorFlow.js graph -> ONNX, for the feed-forward operations that SSDLite-MobileNetV2 uses; onnx and numpy only.

The source computes in NHWC, ONNX in NCHW. Pictures stay NCHW from the input on; a Reshape goes back to NHWC first,
so that what is flattened comes out in the source's order. The batch dimension stays free.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from inference.models.source import Cut
from inference.models.tfjs_graph import BadGraph, Node, Tensor, TfjsGraph

OPSET = 17
IR_VERSION = 8  # read by every onnxruntime since 1.13
COPY_DIMENSION = 0  # in an ONNX Reshape target: keep the input's dimension (here always the batch)


class Converter:
    """Emits one ONNX node per source node; shapes and constants are folded on the way."""

    def __init__(self, graph: TfjsGraph, cut: Cut) -> None:
        self._graph = graph
        self._cut = cut
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: dict[str, onnx.TensorProto] = {}
        self._flat: set[str] = set()  # tensors that are no picture any more, so in source order
        self._emitters: Mapping[str, Callable[[Node], None]] = {
            "Conv2D": self._conv,
            "DepthwiseConv2dNative": self._conv,
            "FusedBatchNorm": self._batch_norm,
            "BiasAdd": self._binary("Add"),
            "Add": self._binary("Add"),
            "AddN": self._binary("Sum"),
            "Sub": self._binary("Sub"),
            "Mul": self._binary("Mul"),
            "Relu6": self._relu6,
            "Reshape": self._reshape,
            "ConcatV2": self._concat,
        }

    def convert(self) -> onnx.ModelProto:
        """The checked model. Raises BadGraph on an operation or form that it does not know."""
        wanted = (*self._cut.outputs.values(), *self._cut.means.values())
        shape_only = {"Const", "Shape", "StridedSlice", "Pack"}  # folded by whoever reads them
        for node in self._graph.needed_for(wanted, self._cut.input_node):
            if node.op in shape_only:
                continue
            emit = self._emitters.get(node.op)
            if emit is None:
                raise BadGraph(f"{node.name}: operation {node.op} is not converted")
            emit(node)
        self._name_outputs()
        return self._model()

    def _emit(self, op: str, inputs: list[str], output: str, **attributes: Any) -> None:
        self._nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))

    def _constant(self, name: str, value: Tensor) -> str:
        if name not in self._initializers:
            self._initializers[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def _conv(self, node: Node) -> None:
        picture, kernel_name = node.inputs
        strides, dilations = _pictorial(node, "strides"), _pictorial(node, "dilations")
        if node.text("data_format") != "NHWC" or node.text("padding") not in ("SAME", "VALID"):
            raise BadGraph(f"{node.name}: only NHWC with SAME or VALID padding is converted")
        kernel = self._graph.constant(kernel_name)
        height, width, channels, multiplier = kernel.shape
        if node.op == "DepthwiseConv2dNative":
            weights, group = kernel.reshape(height, width, 1, channels * multiplier).transpose(3, 2, 0, 1), channels
        else:
            weights, group = kernel.transpose(3, 2, 0, 1), 1
        # TensorFlow's SAME puts the odd pixel at the end: that is SAME_UPPER
        padding = {"SAME": "SAME_UPPER", "VALID": "VALID"}[node.text("padding")]
        inputs = [picture, self._constant(f"{node.name}/kernel", weights)]
        self._emit(
            "Conv", inputs, node.name, strides=strides, dilations=dilations, group=group, auto_pad=padding,
            kernel_shape=[height, width],
        )  # fmt: skip

    def _batch_norm(self, node: Node) -> None:
        if node.attributes["is_training"]["b"]:
            raise BadGraph(f"{node.name}: a batch normalisation that still trains")
        parameters = [self._constant(name, self._graph.constant(name)) for name in node.inputs[1:]]
        epsilon = float(node.attributes["epsilon"]["f"])
        self._emit("BatchNormalization", [node.inputs[0], *parameters], node.name, epsilon=epsilon)

    def _binary(self, op: str) -> Callable[[Node], None]:
        def emit(node: Node) -> None:
            self._emit(op, [self._operand(name) for name in node.inputs], node.name)

        return emit

    def _operand(self, name: str) -> str:
        """A tensor, or a constant shaped so that a per-channel vector meets the channels of NCHW."""
        if self._graph.node(name).op != "Const" or name == self._cut.input_node:
            return name
        value = self._graph.constant(name)
        if value.ndim > 1:
            raise BadGraph(f"{name}: only scalars and per-channel vectors are added or multiplied")
        return self._constant(f"{name}/per-channel", value.reshape(-1, 1, 1))

    def _relu6(self, node: Node) -> None:
        limits = [self._constant(f"relu6/{limit}", np.array(limit, np.float32)) for limit in (0, 6)]
        self._emit("Clip", [node.inputs[0], *limits], node.name)

    def _reshape(self, node: Node) -> None:
        source, shape_name = node.inputs
        if source not in self._flat:
            self._emit("Transpose", [source], f"{node.name}/nhwc", perm=[0, 2, 3, 1])
            source = f"{node.name}/nhwc"
        shape = np.array(self._shape(shape_name), np.int64)
        self._emit("Reshape", [source, self._constant(f"{node.name}/shape", shape)], node.name)
        self._flat.add(node.name)

    def _shape(self, name: str) -> list[int]:
        """A Reshape target: a constant, or a Pack of constants and the batch size."""
        node = self._graph.node(name)
        if node.op == "Const":
            return [int(value) for value in self._graph.constant(name).reshape(-1)]
        if node.op != "Pack":
            raise BadGraph(f"{name}: a shape made by {node.op} is not converted")
        return [self._dimension(part, position) for position, part in enumerate(node.inputs)]

    def _dimension(self, name: str, position: int) -> int:
        node = self._graph.node(name)
        if node.op == "Const":
            return int(self._graph.constant(name))
        if node.op == "StridedSlice" and self._graph.node(node.inputs[0]).op == "Shape" and position == 0:
            return COPY_DIMENSION
        raise BadGraph(f"{name}: only the batch size may be taken from a shape")

    def _concat(self, node: Node) -> None:
        *parts, axis_name = node.inputs
        if not self._flat.issuperset(parts):
            raise BadGraph(f"{node.name}: only flattened tensors are joined")
        self._emit("Concat", parts, node.name, axis=int(self._graph.constant(axis_name)))
        self._flat.add(node.name)

    def _name_outputs(self) -> None:
        for name, source in self._cut.outputs.items():
            self._emit("Identity", [source], name)
        for name, source in self._cut.means.items():
            self._emit("ReduceMean", [source], name, axes=[2, 3], keepdims=0)
        for name, source in self._cut.constants.items():
            self._emit("Identity", [self._constant(source, self._graph.constant(source))], name)

    def _model(self) -> onnx.ModelProto:
        size = self._cut.input_size
        picture = helper.make_tensor_value_info(self._cut.input_node, TensorProto.FLOAT, ["batch", 3, size, size])
        names = (*self._cut.outputs, *self._cut.means, *self._cut.constants)
        outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names]
        graph = helper.make_graph(self._nodes, "converted", [picture], outputs, list(self._initializers.values()))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        model = onnx.shape_inference.infer_shapes(model)
        onnx.checker.check_model(model)
        return model


def _pictorial(node: Node, attribute: str) -> list[int]:
    """Height and width of an NHWC attribute (batch and channel must be 1)."""
    batch, height, width, channel = node.integers(attribute)
    if batch != 1 or channel != 1:
        raise BadGraph(f"{node.name}: {attribute} over batch or channels")
    return [height, width]


def convert(graph: TfjsGraph, cut: Cut) -> onnx.ModelProto:
    """Convert the part of ``graph`` that ``cut`` names."""
    return Converter(graph, cut).convert()
