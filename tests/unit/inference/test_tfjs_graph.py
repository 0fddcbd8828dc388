import json

import numpy as np
import pytest
from tests.unit.inference.tiny_graph import TinyGraph

from inference.models.tfjs_graph import BadGraph, read


def two_weights() -> TinyGraph:
    graph = TinyGraph()
    graph.const("a", np.arange(12).reshape(3, 4))
    graph.const("b", [7, -8], "int32")
    graph.node("sum", "Add", "a", "b:0", "^control")
    return graph


def test_weights_are_sliced_out_of_shards_that_end_anywhere() -> None:
    for shard_bytes in (1, 5, 64):
        graph = read(two_weights().files(shard_bytes))
        np.testing.assert_array_equal(graph.constant("a"), np.arange(12, dtype=np.float32).reshape(3, 4))
        assert graph.constant("b").tolist() == [7, -8]


def test_inputs_lose_output_numbers_and_control_edges() -> None:
    assert read(two_weights().files()).node("sum").inputs == ("a", "b")


def test_needed_for_puts_inputs_first_and_stops_at_the_cut() -> None:
    graph = TinyGraph()
    graph.node("start", "Placeholder")
    graph.node("cut", "Sub", "start")
    graph.node("left", "Relu6", "cut")
    graph.node("right", "Relu6", "cut")
    graph.node("both", "Add", "left", "right")
    graph.node("unused", "Relu6", "both")
    graph.const("c", [1.0])
    order = [node.name for node in read(graph.files()).needed_for(("both",), "cut")]
    assert order == ["left", "right", "both"]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda files: files.pop("model.json"), "not a TensorFlow.js"),
        (lambda files: files.update({"model.json": b"<html>"}), "not a TensorFlow.js"),
        (lambda files: files.update({"model.json": b"[]"}), "not a TensorFlow.js"),
        (lambda files: files.pop("shard0"), "missing: shard0"),
        (lambda files: files.update({"shard0": files["shard0"][:-4]}), "inside 'b'"),
        (lambda files: files.update({"shard0": files["shard0"] + b"1234"}), "4 bytes of weights are left over"),
    ],
)
def test_what_is_no_whole_model_is_named(spoil, words) -> None:  # type: ignore[no-untyped-def]
    files = two_weights().files()
    spoil(files)
    with pytest.raises(BadGraph, match=words):
        read(files)


def test_quantised_weights_are_refused_rather_than_misread() -> None:
    files = two_weights().files()
    model = json.loads(files["model.json"])
    model["weightsManifest"][0]["weights"][0]["quantization"] = {"dtype": "uint8", "scale": 1, "min": 0}
    with pytest.raises(BadGraph, match="'a'"):
        read({**files, "model.json": json.dumps(model).encode()})


def test_an_unknown_name_is_an_error_with_that_name() -> None:
    graph = read(two_weights().files())
    with pytest.raises(BadGraph, match="'nowhere'"):
        graph.node("nowhere")
    with pytest.raises(BadGraph, match="'sum'"):
        graph.constant("sum")
