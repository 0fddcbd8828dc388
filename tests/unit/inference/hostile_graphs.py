"""ONNX files that would hurt whoever loads them without care."""

from typing import Any, Literal

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HostileFlaw = Literal["for ever", "memory", "huge input", "external", "no input", "texts", "sequence"]
CELLS = 52 * 52 + 26 * 26 + 13 * 13
SHAPE = [1, CELLS, 85]


def hostile_graph(flaw: HostileFlaw) -> bytes:
    """The bytes of a model that looks like one of the YOLOX family from outside."""
    nodes: list[Any] = [helper.make_node("Identity", ["nothing"], ["output"])]
    constants = [numpy_helper.from_array(np.zeros(SHAPE, np.float32), "nothing")]
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, SHAPE)
    size = [40_000, 40_000] if flaw == "huge input" else [416, 416]
    inputs = [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, *size])]
    if flaw == "for ever":
        nodes = [*_loop(constants), helper.make_node("Add", ["nothing", "last"], ["output"])]
    elif flaw == "memory":
        constants.append(numpy_helper.from_array(np.array([100_000, 100_000]), "shape"))
        nodes = [
            helper.make_node("ConstantOfShape", ["shape"], ["forty gigabytes"]),
            helper.make_node("ReduceSum", ["forty gigabytes"], ["sum"], keepdims=0),
            helper.make_node("Add", ["nothing", "sum"], ["output"]),
        ]
    elif flaw == "external":
        constants[0] = _elsewhere("weights.bin")
    elif flaw == "no input":
        inputs = []
    elif flaw == "texts":
        constants.append(numpy_helper.from_array(np.array(["text"], dtype=object), "words"))
        nodes, output = [helper.make_node("Identity", ["words"], ["output"])], _info(TensorProto.STRING, [1])
    elif flaw == "sequence":
        nodes = [helper.make_node("SequenceConstruct", ["nothing", "nothing"], ["output"])]
        tensor = helper.make_tensor_type_proto(TensorProto.FLOAT, SHAPE)
        output = helper.make_value_info("output", helper.make_sequence_type_proto(tensor))
    return _model(nodes, inputs, output, constants)


def halved(model: bytes) -> bytes:
    """The same graph in half precision, as exporters make it: weights, input and output."""
    made = onnx.load_model_from_string(model)
    for info in (*made.graph.input, *made.graph.output):
        info.type.tensor_type.elem_type = TensorProto.FLOAT16
    for constant in made.graph.initializer:
        if constant.data_type == TensorProto.FLOAT:
            value = numpy_helper.to_array(constant).astype(np.float16)
            constant.CopyFrom(numpy_helper.from_array(value, constant.name))
    for attribute in (each for node in made.graph.node if node.op_type == "Cast" for each in node.attribute):
        attribute.i = TensorProto.FLOAT16
    return bytes(made.SerializeToString())


def _loop(constants: list[Any]) -> list[Any]:
    """2^62 rounds."""
    constants += [
        numpy_helper.from_array(np.array(2**62), "rounds"), numpy_helper.from_array(np.array(True), "go on"),
        numpy_helper.from_array(np.zeros(1, np.float32), "first"),
    ]  # fmt: skip
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["still go"]), helper.make_node("Add", ["value", "value"], ["next"])],
        "body",
        [
            helper.make_tensor_value_info("round", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("value", TensorProto.FLOAT, [1]),
        ],
        [
            helper.make_tensor_value_info("still go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.FLOAT, [1]),
        ],
    )
    return [helper.make_node("Loop", ["rounds", "go on", "first"], ["last"], body=body)]


def _elsewhere(file: str) -> Any:
    """Weights that are not in the file, and so have not its hash."""
    tensor = onnx.TensorProto(name="nothing", data_type=TensorProto.FLOAT, dims=SHAPE)
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", file), ("offset", "0"), ("length", str(4 * CELLS * 85))):
        tensor.external_data.add(key=key, value=value)
    return tensor


def _info(kind: int, shape: list[int]) -> Any:
    return helper.make_tensor_value_info("output", kind, shape)


def _model(nodes: list[Any], inputs: list[Any], output: Any, constants: list[Any]) -> bytes:
    graph = helper.make_graph(nodes, "hostile", inputs, [output], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())
