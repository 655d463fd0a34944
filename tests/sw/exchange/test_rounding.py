"""Values that float32 rounds: sums are exact, and thresholds that rounding moves are counted."""

import numpy as np
import pytest
from onnx import numpy_helper

from sw.exchange import check, incoming, run

from .graphs import Sketch, reference
from .test_incoming import assert_equal, images, in_graph, layered, quant


def learned(bits):
    """Return what adds activations of a learned scale, whose multiples float32 rounds."""
    def activate(g, place):
        quant(bits, 0, scale=0.06666667 if place == "input" else 0.75326973)(g, place)
    return activate


@pytest.mark.parametrize("scale", [0.1, 0.2024478])
@pytest.mark.parametrize("bits", [2, 3, 4])
def test_sums_of_values_that_float32_rounds_are_exact(tmp_path, bits, scale):
    sketch = layered(learned(bits))
    weights = sketch.constants[-1]
    latent = np.random.default_rng(9).choice([-1, 1], (12, 4)).astype(np.float32)
    weights.CopyFrom(numpy_helper.from_array(latent * np.float32(scale), weights.name))
    made = incoming.load(sketch.save(tmp_path / "x.onnx"))
    pixels = images(made, 400)
    assert_equal(made, pixels, reference(sketch.model(4), in_graph(made, pixels)), exact=False)
    assert (made.walk.expected(np.zeros((1, 4), np.int32)) == 0).all()


def test_sums_of_pixels_that_float32_rounds_are_exact(tmp_path):
    rng, g = np.random.default_rng(4), Sketch((1, 784))
    g.add("MatMul", rng.choice([-0.1, 0.1], (784, 40)).astype(np.float32))
    g.normalize(rng, 40, 1)
    g.sign()
    g.add("MatMul", rng.choice([-0.3, 0.3], (40, 4)).astype(np.float32))
    made = incoming.load(g.save(tmp_path / "x.onnx"))
    assert [layer.kind for layer in made.network.layers] == ["integer_dense", "scores"]
    found = check.compare(made, check.Images(images(made, 1000), None, "test"))
    assert (found.labels_differ, found.scores_differ) == (0, 0)
    assert found.shared > 50


@pytest.mark.parametrize(("scale", "ties"), [(0.1, 8), (0.125, 0)])
def test_thresholds_that_additions_move_are_counted(tmp_path, scale, ties):
    g = Sketch((1, 16))
    g.add("Sub", np.float32([0.5]))
    g.sign()
    weights = np.random.default_rng(2).choice([-scale, scale], (16, 8)).astype(np.float32)
    g.add("MatMul", weights)
    g.add("Sub", np.float32([2e-9]))  # a mean of about 0
    g.sign()
    g.add("MatMul", np.ones((8, 4), np.float32))
    assert incoming.load(g.save(tmp_path / "x.onnx")).walk.ties == ties


def test_thresholds_that_rounding_moves_are_counted(tmp_path):
    rng, g = np.random.default_rng(2), Sketch((1, 16))
    g.add("Sub", np.float32([0.5]))
    g.sign()
    g.add("MatMul", rng.choice([-1, 1], (16, 8)).astype(np.float32))
    g.add("Mul", np.float32([0.1]))
    g.add("Sub", np.float32([0.6]))  # 6 * 0.1 is 0.6 in float32, and more in float64
    g.sign()
    g.add("MatMul", rng.choice([-1, 1], (8, 4)).astype(np.float32))
    made = incoming.load(g.save(tmp_path / "x.onnx"))
    assert (np.float32(6) * np.float32(0.1) >= np.float32(0.6),
            6 * float(np.float32(0.1)) >= float(np.float32(0.6))) == (True, False)
    assert made.walk.ties == 8
    assert_equal(made, pixels := images(made), run.run(made.walk, made.scaling, pixels))
