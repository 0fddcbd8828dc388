"""ONNX graphs of a few nodes that answer as each family of detectors does.

They "find" one person, where the person in the known picture is, when the middle of the input is not of one colour; so
a grey picture is empty. `flaw` makes them wrong in one way.
"""

from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from inference.selftest import PERSON_BOX

Flaw = Literal["nan", "outside", "elsewhere", "no area", "too sure", "ghosts", "blind", "transposed"]
SIZE = 416
PICTURE = (416, 234)  # of the known picture, 640 x 360, where its aspect is kept
STRIDE, CELL = 32, (5, 3)  # the cell that answers: column and row of the coarsest grid of 13 x 13


def small_graph(family: str, flaw: Flaw | None = None, *, free: bool = False) -> bytes:
    """The bytes of a model; `free`: height and width of its input are not fixed."""
    box = _flawed(PERSON_BOX, flaw)
    nodes, constants = _gate(flaw)
    make = {"yolox": _yolox, "nanodet": _nanodet, "ssd": _ssd, "dfine": _dfine, "dfine raw": _dfine_raw}[family]
    outputs = make(box, nodes, constants, 3.0 if flaw == "too sure" else 0.9)
    if flaw == "transposed":
        nodes.append(helper.make_node("Transpose", [outputs[0]], ["turned"], perm=[0, 2, 1]))
        outputs = ["turned", *outputs[1:]]
    size: list[Any] = ["height", "width"] if free else [SIZE, SIZE]
    inputs = [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, *size])]
    if family == "dfine":
        inputs.append(helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, [1, 2]))
    kinds = {"labels": TensorProto.INT64}
    ranks = {"labels": 2, "scores": 2, "box_codes": 4}
    infos = [
        helper.make_tensor_value_info(name, kinds.get(name, TensorProto.FLOAT), list("abcd")[: ranks.get(name, 3)])
        for name in outputs
    ]
    graph = helper.make_graph(nodes, family, inputs, infos, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _flawed(box: tuple[float, ...], flaw: Flaw | None) -> tuple[float, ...]:
    x1, y1, x2, y2 = box
    if flaw == "outside":
        return (x1 + 3, y1, x2 + 3, y2)
    if flaw == "elsewhere":
        return (0.0, 0.0, 0.2, 0.3)
    if flaw == "no area":
        return (x1, y1, x1, y2)
    return (float("nan"), y1, float("nan"), y2) if flaw == "nan" else box


def _gate(flaw: Flaw | None) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """Nodes that make `gate`, 1 x 1 x 1: 1 when the middle of the input is not of one colour, else 0."""
    limit = {"ghosts": -1.0, "blind": 1e9}.get(flaw or "", 0.05)
    constants = [
        _constant("starts", np.array([60, 150])), _constant("ends", np.array([170, 260])),
        _constant("axes", np.array([2, 3])), _constant("limit", np.array(limit, np.float32)),
        _constant("one by one", np.array([1, 1, 1])),
    ]  # fmt: skip
    nodes = [
        helper.make_node("Slice", ["images", "starts", "ends", "axes"], ["middle"]),
        helper.make_node("ReduceMax", ["middle"], ["brightest"], axes=[2, 3]),
        helper.make_node("ReduceMin", ["middle"], ["darkest"], axes=[2, 3]),
        helper.make_node("Sub", ["brightest", "darkest"], ["contrasts"]),
        helper.make_node("ReduceMax", ["contrasts"], ["contrast"], keepdims=0),
        helper.make_node("Greater", ["contrast", "limit"], ["is seen"]),
        helper.make_node("Cast", ["is seen"], ["seen"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["seen", "one by one"], ["gate"]),
    ]
    return nodes, constants


def _gated(name: str, fixed: NDArray[Any], gated: NDArray[Any], nodes: list[Any], constants: list[Any]) -> str:
    """`fixed` + gate * `gated`."""
    constants += [_constant(f"{name} fixed", fixed), _constant(f"{name} gated", gated)]
    nodes.append(helper.make_node("Mul", [f"{name} gated", "gate"], [f"{name} if seen"]))
    nodes.append(helper.make_node("Add", [f"{name} fixed", f"{name} if seen"], [name]))
    return name


def _yolox(box: tuple[float, ...], nodes: list[Any], constants: list[Any], score: float) -> list[str]:
    x1, y1, x2, y2 = (edge * side for edge, side in zip(box, PICTURE * 2, strict=True))
    fixed, gated = np.zeros((1, 52 * 52 + 26 * 26 + 13 * 13, 85), np.float32), None
    row = 52 * 52 + 26 * 26 + CELL[1] * 13 + CELL[0]
    fixed[0, row, :4] = [
        (x1 + x2) / 2 / STRIDE - CELL[0], (y1 + y2) / 2 / STRIDE - CELL[1],
        np.log(max((x2 - x1) / STRIDE, 0.0) + 1e-30) if x2 == x2 else x2, np.log((y2 - y1) / STRIDE),
    ]  # fmt: skip
    fixed[0, row, 5] = 1.0
    gated = np.zeros_like(fixed)
    gated[0, row, 4] = score
    return [_gated("output", fixed, gated, nodes, constants)]


def _nanodet(box: tuple[float, ...], nodes: list[Any], constants: list[Any], score: float) -> list[str]:
    x1, y1, x2, y2 = (edge * side for edge, side in zip(box, PICTURE * 2, strict=True))
    x, y = (CELL[0] + 0.5) * STRIDE, (CELL[1] + 0.5) * STRIDE
    fixed = np.zeros((1, 52 * 52 + 26 * 26 + 13 * 13, 80 + 4 * 8), np.float32)
    row = 52 * 52 + 26 * 26 + CELL[1] * 13 + CELL[0]
    fixed[0, row, 80:] = np.concatenate([_bins(side / STRIDE) for side in (x - x1, y - y1, x2 - x, y2 - y)])
    gated = np.zeros_like(fixed)
    gated[0, row, 0] = score
    return [_gated("output", fixed, gated, nodes, constants)]


def _bins(value: float) -> NDArray[np.float32]:
    """Logits of eight bins whose mean is `value`."""
    if value != value:
        return np.full(8, np.nan, np.float32)
    weights = np.full(8, 1e-12, np.float32)
    low = min(max(int(value), 0), 6)
    weights[low], weights[low + 1] = max(1 - (value - low), 1e-12), max(value - low, 1e-12)
    return np.log(weights)


def _ssd(box: tuple[float, ...], nodes: list[Any], constants: list[Any], score: float) -> list[str]:
    x1, y1, x2, y2 = box
    anchors = np.array([[[y1, x1, y2, x2], [0, 0, 0.1, 0.1]]], np.float32)
    fixed, gated = np.full((1, 2, 91), -20, np.float32), np.zeros((1, 2, 91), np.float32)
    gated[0, 0, 1] = 20 + np.log(0.9 / 0.1)
    constants.append(_constant("codes", np.zeros((1, 2, 1, 4), np.float32)))
    nodes.append(helper.make_node("Identity", ["codes"], ["box_codes"]))
    constants.append(_constant("kept anchors", anchors))
    nodes.append(helper.make_node("Identity", ["kept anchors"], ["anchors"]))
    return [_gated("class_logits", fixed, gated, nodes, constants), "box_codes", "anchors"]


def _dfine(box: tuple[float, ...], nodes: list[Any], constants: list[Any], score: float) -> list[str]:
    constants += [
        _constant("kept labels", np.array([[0, 7]], np.int64)),
        _constant("relative", np.array([[box, (0, 0, 0.1, 0.1)]], np.float32)),
        _constant("flat", np.array([1, 2])),
    ]
    nodes += [
        helper.make_node("Identity", ["kept labels"], ["labels"]),
        helper.make_node("Concat", ["orig_target_sizes", "orig_target_sizes"], ["sizes"], axis=1),
        helper.make_node("Cast", ["sizes"], ["lengths"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["relative", "lengths"], ["boxes"]),
    ]
    _gated("scored", np.zeros((1, 1, 2), np.float32), np.array([[[score, 0.0]]], np.float32), nodes, constants)
    nodes.append(helper.make_node("Reshape", ["scored", "flat"], ["scores"]))
    return ["labels", "boxes", "scores"]


def _dfine_raw(box: tuple[float, ...], nodes: list[Any], constants: list[Any], score: float) -> list[str]:
    x1, y1, x2, y2 = box
    fixed, gated = np.full((1, 2, 80), -20, np.float32), np.zeros((1, 2, 80), np.float32)
    gated[0, 0, 0] = 20 + np.log(0.9 / 0.1)
    centre = [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1]
    constants.append(_constant("kept boxes", np.array([[centre, [0.5, 0.5, 0.1, 0.1]]], np.float32)))
    _gated("logits", fixed, gated, nodes, constants)
    nodes.append(helper.make_node("Identity", ["kept boxes"], ["pred_boxes"]))
    return ["logits", "pred_boxes"]


def _constant(name: str, value: NDArray[Any]) -> onnx.TensorProto:
    return numpy_helper.from_array(np.ascontiguousarray(value), name)
