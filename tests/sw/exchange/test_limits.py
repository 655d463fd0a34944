"""Graphs that are large, odd in their names or order, or beyond exact arithmetic."""

import resource

import numpy as np
import pytest
from onnx import helper

from sw.exchange import incoming
from sw.exchange.graph import read
from sw.exchange.scaling import Scaling

from .graphs import Sketch, fc
from .test_refused import RNG, strip


def growing(add):
    """Return the sketch of a network that takes a constant, which ``add`` makes large."""
    g = Sketch((1, 16))
    add(g)
    g.aside("MatMul", "x", g.nodes[-1].output[0])
    return g


def doubled(g):
    name = g.constant(np.ones((1, 16), np.float32))
    for _ in range(60):
        name = g.aside("Concat", name, name, axis=0, move=False)


def outer(g):
    g.aside("Add", np.ones((2**14, 1), np.float32), np.ones((1, 2**14), np.float32), move=False)


def squared(g):
    g.aside("MatMul", np.ones((2**14, 1), np.float32), np.ones((1, 2**14), np.float32), move=False)


def padded(g):
    g.aside("Pad", np.ones((4, 4, 4, 4), np.float32), np.array([1000] * 8), move=False)


def many(g):
    name = g.constant(np.ones((2**12, 2**12), np.float32))
    for _ in range(90):
        name = g.aside("Neg", name, move=False)


@pytest.mark.parametrize(("add", "reason"), [
    (doubled, "Constants of the graph must take at most 512 MiB: Concat 'n' makes more"),
    (outer, "Add 'n' must give at most 134,217,728 numbers: 268,435,456"),
    (squared, "MatMul 'n' must multiply matrices that fit: (16384, 1) by (1, 16384)"),
    (padded, "Pad 'n' must give at most 134,217,728 numbers: 16,128,384,512,256"),
    (many, "Constants of the graph must take at most 512 MiB: Neg 'n' makes more")])
def test_small_files_that_make_large_constants_take_no_memory(tmp_path, add, reason):
    path = growing(add).save(tmp_path / "x.onnx")
    resource.setrlimit(resource.RLIMIT_AS, (2**33, resource.RLIM_INFINITY))
    try:
        with pytest.raises(ValueError, match="must") as caught:
            incoming.load(path)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert strip(str(caught.value)).startswith(reason)


def test_a_few_of_many_pixels_take_no_memory(tmp_path):
    g = Sketch((1, 2**20))
    g.add("Sub", np.float32([0.5]))
    g.sign()
    g.add("Gather", np.arange(3), axis=1)
    g.add("MatMul", np.ones((3, 5000), np.float32))
    with pytest.raises(ValueError, match="must") as caught:
        incoming.load(g.save(tmp_path / "x.onnx"))
    assert strip(str(caught.value)) == ("MatMul 'n' must have at most 134,217,728 weights, one for "
                                        "each bit: 5,242,880,000")


@pytest.mark.parametrize("shape", [(1, 16), (1, 1, 4, 4)])
def test_pixels_in_another_range_than_the_graphs_are_noticed(tmp_path, shape):
    g = Sketch(shape)
    g.add("Mul", np.float32([2 / 255]))  # of pixels 0..255, as in some of FINN's graphs
    g.add("Sub", np.float32([1]))
    if len(shape) == 2:
        g.sign()
        g.add("MatMul", RNG(1).choice([-1, 1], (16, 8)).astype(np.float32))
    else:
        g.add("Conv", np.ones((8, 1, 4, 4), np.float32))
    g.sign()
    g.add("Flatten")
    g.add("MatMul", RNG(2).choice([-1, 1], (8, 4)).astype(np.float32))
    path = g.save(tmp_path / "x.onnx")
    with pytest.raises(ValueError, match="must") as caught:
        incoming.load(path)
    assert strip(str(caught.value)) == (
        "BipolarQuant 'n' must give something that depends on the image: it is constant for all "
        "pixels (is the graph's input in another range? see --pixels, --mean and --std)")
    assert incoming.load(path, scaling=Scaling(1.0)).network.inputs == 16


def test_sums_beyond_float32_are_refused(tmp_path):
    g = Sketch((1, 70000))
    g.add("MatMul", np.ones((70000, 3), np.float32))
    g.sign()
    g.add("MatMul", np.ones((3, 3), np.float32))
    with pytest.raises(ValueError, match="must") as caught:
        incoming.load(g.save(tmp_path / "x.onnx"))
    assert strip(str(caught.value)) == (
        "BipolarQuant 'n': the values must be sums below 2**24, as far as float32 has all "
        "integers: they reach 17,850,001")


def test_names_may_be_any_text(tmp_path):
    model = fc(RNG(1), (784, 8, 4)).model(4)
    for index, node in enumerate(model.graph.node):
        node.name = "カ\n\x1b[31m" * 300 + str(index)
    (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
    assert len(incoming.load(tmp_path / "x.onnx").network.layers) == 3
    model.graph.node[2].op_type = "Erf\n"
    (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ValueError, match="must be an operator that fits a layer"):
        incoming.load(tmp_path / "x.onnx")


def test_subgraphs_and_unknown_functions_are_refused(tmp_path):
    model = fc(RNG(1), (784, 8, 4)).model(4)
    model.graph.node[1].domain = "mine"
    (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ValueError, match=r"^Mul 'n4' of domain 'mine' must be an operator"):
        incoming.load(tmp_path / "x.onnx")
    branch = helper.make_graph([], "b", [], [])
    model.graph.node[1].CopyFrom(helper.make_node("If", ["t2"], ["t4"], then_branch=branch))
    (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ValueError, match=r"^If 't4' must be an operator that fits a layer"):
        incoming.load(tmp_path / "x.onnx")


def test_nodes_of_any_order_are_sorted(tmp_path):
    model = fc(RNG(1), (784, 8, 4)).model(4)
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(reversed(nodes))
    (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
    graph = read(tmp_path / "x.onnx")
    assert [node.op for node in graph.nodes].count("Gemm") == 2
    assert len(incoming.load(tmp_path / "x.onnx").network.layers) == 3
