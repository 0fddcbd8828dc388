"""An ONNX graph for pictures of one size -> the same for any multiple of its largest stride."""

from __future__ import annotations

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]


class BadModel(Exception):
    """The file is not the graph that we know how to change."""


def free_size(model: bytes) -> bytes:
    """Height and width of its only input, and the rows of its only output, become free.

    The shapes stored for what lies between are dropped: they are those of one size.
    """
    try:
        proto = onnx.load_model_from_string(model)
        graph = proto.graph
        (picture,), (rows,) = graph.input, graph.output
        _, _, height, width = picture.type.tensor_type.shape.dim
        _, cells, _ = rows.type.tensor_type.shape.dim
    except (DecodeError, ValueError) as error:
        raise BadModel(f"not a graph of one picture and one list of rows: {error}") from error
    height.dim_param, width.dim_param, cells.dim_param = "height", "width", "cells"
    del graph.value_info[:]
    onnx.checker.check_model(proto)
    return bytes(proto.SerializeToString(deterministic=True))
