"""Reading a TensorFlow.js graph model: the JSON topology and the raw weight shards beside it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Tensor = NDArray[Any]
DTYPES = {"float32": np.dtype("<f4"), "int32": np.dtype("<i4"), "bool": np.dtype("?")}


class BadGraph(Exception):
    """The files are not the graph that we know how to read or convert; the message names the place."""


@dataclass(frozen=True, slots=True)
class Node:
    """One operation. ``inputs`` are node names (output 0; control inputs left out)."""

    name: str
    op: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    def text(self, attribute: str) -> str:
        """A string attribute; this writer stores strings as lists of character codes."""
        value = self.attributes[attribute]["s"]
        return value if isinstance(value, str) else "".join(map(chr, value))

    def integers(self, attribute: str) -> list[int]:
        return [int(value) for value in self.attributes[attribute]["list"]["i"]]


@dataclass(frozen=True, slots=True)
class TfjsGraph:
    """Nodes by name in file order, and the value of every Const that has weights."""

    nodes: Mapping[str, Node]
    weights: Mapping[str, Tensor]

    def node(self, name: str) -> Node:
        if name not in self.nodes:
            raise BadGraph(f"no node {name!r} in the graph")
        return self.nodes[name]

    def constant(self, name: str) -> Tensor:
        if name not in self.weights:
            raise BadGraph(f"{name!r} has no weights")
        return self.weights[name]

    def needed_for(self, outputs: tuple[str, ...], cut: str) -> list[Node]:
        """The nodes between ``cut`` (left out) and ``outputs``, each after what it reads."""
        order: list[Node] = []
        done = {cut}
        pending = [(name, False) for name in reversed(outputs)]
        while pending:
            name, inputs_done = pending.pop()
            if name in done:
                continue
            node = self.node(name)
            if inputs_done:
                done.add(name)
                order.append(node)
            else:
                pending.append((name, True))
                pending.extend((parent, False) for parent in reversed(node.inputs))
        return order


def read(files: Mapping[str, bytes]) -> TfjsGraph:
    """Parse ``model.json`` and the shards that it names out of ``files`` (name -> content)."""
    try:
        model = json.loads(files["model.json"])
        nodes = [_node(raw) for raw in model["modelTopology"]["node"]]
        groups = model["weightsManifest"]
    except (KeyError, TypeError, ValueError) as error:
        raise BadGraph(f"model.json is not a TensorFlow.js graph model: {error!r}") from error
    weights: dict[str, Tensor] = {}
    for group in groups:
        weights.update(_weights(group, _shards(group, files)))
    return TfjsGraph({node.name: node for node in nodes}, weights)


def _node(raw: Mapping[str, Any]) -> Node:
    inputs = tuple(name.split(":")[0] for name in raw.get("input", []) if not name.startswith("^"))
    return Node(raw["name"], raw["op"], inputs, raw.get("attr", {}))


def _shards(group: Mapping[str, Any], files: Mapping[str, bytes]) -> bytes:
    missing = [path for path in group["paths"] if path not in files]
    if missing:
        raise BadGraph(f"weight files are missing: {', '.join(missing)}")
    return b"".join(files[path] for path in group["paths"])


def _weights(group: Mapping[str, Any], data: bytes) -> dict[str, Tensor]:
    """Slice one group's bytes into tensors: they stand in manifest order with nothing between."""
    tensors: dict[str, Tensor] = {}
    offset = 0
    for entry in group["weights"]:
        if "quantization" in entry or entry["dtype"] not in DTYPES:
            raise BadGraph(f"weight {entry['name']!r}: only plain {', '.join(DTYPES)} are read")
        dtype, count = DTYPES[entry["dtype"]], math.prod(entry["shape"])
        end = offset + dtype.itemsize * count
        if end > len(data):
            raise BadGraph(f"weights end at byte {len(data)} inside {entry['name']!r}")
        tensors[entry["name"]] = np.frombuffer(data, dtype, count, offset).reshape(entry["shape"])
        offset = end
    if offset != len(data):
        raise BadGraph(f"{len(data) - offset} bytes of weights are left over")
    return tensors
