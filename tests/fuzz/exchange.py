"""Target of ONNX files: damaged octets, and models whose fields were changed."""

import numpy as np
import onnx
from hypothesis import strategies as st

from sw import golden
from sw.exchange import check, incoming, outgoing
from tests.networks import conv_network, lookup_network, random_network
from tests.sw.exchange.graphs import Sketch, cnv, fc

from .mutate import NUMBERS, TEXTS, damaged
from .target import Target


def rng():
    return np.random.default_rng(1)


def seeds():
    """Return small models of all kinds of layers: exports of others, and ours."""
    small = fc(rng(), (16, 6, 5, 3), shape=(1, 1, 4, 4))
    maps = cnv(rng(), channels=1, size=10)
    quantized = Sketch((1, 6))
    quantized.add("Quant", np.float32(0.3), np.float32(0), np.float32(2), domain=quantized.domain,
                  signed=0, narrow=0)
    quantized.add("MatMul", np.ones((6, 4), np.float32))
    quantized.add("MultiThreshold", np.float32([[0.5, 1.5]]), domain=quantized.domain)
    quantized.add("MatMul", np.ones((4, 3), np.float32))
    ours = [random_network(rng(), (6, 4, 3), None, (10, 100)), lookup_network(rng(), 5, [(6, 3)]),
            conv_network(rng(), (4, 4, 1), [("space_to_depth", 2, {}), ("conv2d", 3, {
                "kernel": (1, 1)})], last="scores2d")]
    models = [small.model(3), maps.model(4), quantized.model(3), *map(outgoing.model, ours)]
    return [model.SerializeToString() for model in models]


@st.composite
def changed_models(draw, octets):
    """Models with other numbers, texts, shapes and edges: their protobuf is intact."""
    model = onnx.load_from_string(draw(st.sampled_from(octets)))
    for _ in range(draw(st.integers(1, 3))):
        graph = model.graph
        kind = draw(st.sampled_from(["edge", "op", "attribute", "dims", "raw", "type", "input",
                                     "drop", "opset", "constant", "metadata"]))
        node = graph.node[draw(st.integers(0, len(graph.node) - 1))] if graph.node else None
        tensor = (graph.initializer[draw(st.integers(0, len(graph.initializer) - 1))]
                  if graph.initializer else None)
        text = draw(st.sampled_from([each for each in TEXTS if each != "\ud800"]))
        number = draw(st.sampled_from([each for each in NUMBERS if each == each
                                       and abs(each) < 2**62]))
        if kind == "edge" and node and node.input:
            names = [*(name for each in graph.node for name in each.output), "x", text]
            node.input[draw(st.integers(0, len(node.input) - 1))] = draw(st.sampled_from(names))
        elif kind == "op" and node:
            node.op_type = draw(st.sampled_from([*(each.op_type for each in graph.node), "Pad",
                                                 "TopK", "Sign", "Gather", "Squeeze", "Cast"]))
        elif kind == "attribute" and node and node.attribute:
            attribute = node.attribute[draw(st.integers(0, len(node.attribute) - 1))]
            attribute.i, attribute.s = int(number), text.encode()
            del attribute.ints[draw(st.integers(0, 4)):]
            attribute.ints.extend([int(number)] * draw(st.integers(0, 2)))
            attribute.type = draw(st.sampled_from([attribute.type, 2, 3, 7]))
        elif kind == "dims" and tensor:
            if draw(st.booleans()):
                tensor.dims.append(int(number))
            elif tensor.dims:
                tensor.dims[draw(st.integers(0, len(tensor.dims) - 1))] = int(number)
        elif kind == "raw" and tensor:
            size = len(tensor.raw_data) // 4
            tensor.raw_data = np.full(size, draw(st.sampled_from(
                [0, 1, -1, 2, np.nan, np.inf, 1e38, 1e-40])), np.float32).tobytes()
        elif kind == "type" and tensor:
            tensor.data_type = draw(st.sampled_from([0, 1, 2, 6, 7, 10, 11, 16, 99]))
        elif kind == "input" and graph.input:
            extents = graph.input[0].type.tensor_type.shape.dim
            if extents:
                extents[draw(st.integers(0, len(extents) - 1))].dim_value = int(number)
        elif kind == "drop" and graph.node:
            del graph.node[draw(st.integers(0, len(graph.node) - 1))]
        elif kind == "opset" and model.opset_import:
            model.opset_import[0].version = int(number)
        elif kind == "constant" and tensor and graph.node:
            tensor.name = draw(st.sampled_from([graph.node[0].output[0], "x", text]))
        elif kind == "metadata" and model.metadata_props:
            value = model.metadata_props[0].value
            model.metadata_props[0].value = draw(st.sampled_from(
                [text, value.replace("8", str(number), 1), value.replace("[", "", 1),
                 value.replace("4", text, 1), "[" * 3000]))
    return model.SerializeToString()


def inputs(kept):
    octets = seeds()
    return st.one_of(changed_models(octets), damaged([*octets, *kept]))


def holds(made, path):
    """The golden model computes what the graph computes, and the network can be written again."""
    images = check.random_images(made)
    pixels = images.pixels[:20]
    found = check.compare(made, check.Images(pixels, None, ""))
    assert (found.labels_differ, found.scores_differ) == (0, 0)
    again = path.with_name("again.onnx")
    outgoing.write(again, made.network)
    back = incoming.load(again).network
    np.testing.assert_array_equal(golden.Model(back).scores(made.inputs(pixels)), found.golden)


TARGETS = [Target("exchange", "x.onnx", incoming.load, inputs, holds)]
