"""Graphs become networks that compute what ONNX's reference, PyTorch and the graphs compute."""

from pathlib import Path

import numpy as np
import pytest

from sw import golden
from sw.data import datasets
from sw.exchange import check, incoming, run
from sw.exchange.scaling import Scaling

from .graphs import Sketch, cnv, fc, reference


FILES = Path(__file__).parent / "files"


def images(made, count=40, seed=1):
    """Return random pixels for an imported network: noise, and some pictures of few levels."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (count, *made.network.input_shape), dtype=np.uint8)
    pixels[::3] = np.where(pixels[::3] < 100, 0, 255)
    return pixels


def assert_equal(made, pixels, expected, *, exact=True):
    """The graph's scores by ours and by another runtime are equal, and golden's order is theirs."""
    ours = run.run(made.walk, made.scaling, pixels)
    if exact:
        np.testing.assert_array_equal(ours, expected)
    else:
        np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-5)
    found = check.compare(made, check.Images(pixels, None, "test"))
    assert (found.labels_differ, found.scores_differ) == (0, 0)
    assert len(np.unique(found.golden)) > 3


def in_graph(made, pixels):
    """Return pixels as float32 in the graph's shape."""
    x = pixels.astype(np.float32) / np.float32(made.scaling.divisor)
    if x.ndim == 4:
        return x.transpose(0, 3, 1, 2)
    return x.reshape(len(x), *made.walk.graph.shape[1:])


@pytest.mark.parametrize("gemm", [True, False])
@pytest.mark.parametrize(("domain", "opset"), [
    ("onnx.brevitas", 9), ("finn.custom_op.general", 12), ("qonnx.custom_op.general", 20)])
def test_dense_networks_of_any_domain_are_read(tmp_path, gemm, domain, opset):
    sketch = fc(np.random.default_rng(opset), gemm=gemm, domain=domain, opset=opset)
    made = incoming.load(sketch.save(tmp_path / "x.onnx"))
    assert [layer.kind for layer in made.network.layers] == ["encoder", "dense", "dense", "scores"]
    assert made.network.input_shape == (28, 28)
    assert made.network.first.thresholds.tolist() == [[128]] * 784
    pixels = images(made)
    twin = fc(np.random.default_rng(opset), gemm=gemm, opset=15)  # opset 9's BatchNorm trains
    assert_equal(made, pixels, reference(twin.model(10), in_graph(made, pixels)))


@pytest.mark.parametrize("pool_first", [True, False])
@pytest.mark.parametrize("channels", [1, 3])
def test_convolutions_are_read_with_pools_on_both_sides_of_a_sign(tmp_path, channels, pool_first):
    sketch = cnv(np.random.default_rng(channels), channels=channels, pool_first=pool_first)
    made = incoming.load(sketch.save(tmp_path / "x.onnx"))
    assert [layer.kind for layer in made.network.layers] == [
        "integer_conv2d", "conv2d", "pool2d", "conv2d", "dense", "scores"]
    assert made.network.input_shape == ((12, 12) if channels == 1 else (12, 12, 3))
    pool = made.network.layers[2]
    assert pool.all_of.sum() in (range(1, 12) if pool_first else [0])
    pixels = images(made)
    assert_equal(made, pixels, reference(sketch.model(4), in_graph(made, pixels)))


def test_the_conversion_is_the_quantization_of_pixels(tmp_path):
    made = incoming.load(cnv(np.random.default_rng(1)).save(tmp_path / "x.onnx"))
    conversion = made.network.conversion
    assert (conversion.low, conversion.high) == (0.0, 254.004)
    pixels = np.arange(256, dtype=np.float32)
    x = pixels / np.float32(255) * np.float32(2) - np.float32(1)
    codes = np.rint(np.clip(x * 128, -128, 127)) + 128
    np.testing.assert_array_equal(made.inputs(pixels.astype(np.uint8)), codes)
    assert codes[128] == 129  # so pixels as they are would be wrong


@pytest.mark.parametrize(("name", "kinds"), [
    ("fc", ["encoder", "dense", "dense", "scores"]),
    ("fc-2bits", ["encoder", "dense", "dense", "scores"]),
    ("conv", ["integer_conv2d", "conv2d", "pool2d", "conv2d", "pool2d", "dense", "scores"])])
def test_exports_of_brevitas_compute_what_pytorch_computed(name, kinds):
    expected = np.load(FILES / f"{name}.scores.npz")["scores"]
    made = incoming.load(FILES / f"{name}.onnx", shape=(28, 28))
    assert [layer.kind for layer in made.network.layers] == kinds
    pixels = datasets.load("mnist", download=False).test_images[:len(expected)]
    assert_equal(made, pixels, expected, exact=False)
    scores = golden.Model(made.network).scores(made.inputs(pixels))
    np.testing.assert_array_equal(golden.labels(scores), expected.argmax(axis=1))


def layered(activate, shape=(1, 20), seed=5):
    """Return the sketch of a network whose activations ``activate`` adds, and its pixels' shape."""
    rng, g = np.random.default_rng(seed), Sketch(shape)
    activate(g, "input")
    g.add("MatMul", rng.choice([-1, 1], (shape[1], 12)).astype(np.float32))
    g.normalize(rng, 12, 2)
    activate(g, "hidden")
    g.add("MatMul", rng.choice([-1, 0, 1], (12, 4)).astype(np.float32))
    return g


def quant(bits, signed, narrow=0, scale=0.25, zero=0.0):
    def activate(g, place):
        g.add("Quant", np.float32(scale), np.float32(zero), np.float32(bits), domain=g.domain,
              signed=signed, narrow=narrow, rounding_mode="ROUND")
    return activate


@pytest.mark.parametrize(("bits", "signed", "narrow", "levels"), [
    (1, 0, 0, 1), (2, 1, 1, 2), (2, 1, 0, 3), (2, 0, 0, 3), (3, 0, 0, 7), (4, 0, 0, 15),
    (4, 1, 1, 14)])
def test_activations_of_few_bits_become_thresholds(tmp_path, bits, signed, narrow, levels):
    sketch = layered(quant(bits, signed, narrow))
    made = incoming.load(sketch.save(tmp_path / "x.onnx"))
    assert made.network.layers[1].outputs == 12 * levels
    pixels = images(made)
    assert_equal(made, pixels, reference(sketch.model(4), in_graph(made, pixels)))


@pytest.mark.parametrize("channels", [1, 12])
def test_multithreshold_counts_the_thresholds_of_a_channel(tmp_path, channels):
    def activate(g, place):
        rows = np.sort(np.random.default_rng(7).normal(size=(channels, 3)), axis=1)
        if place == "input":
            g.add("MultiThreshold", np.float32([[0.2, 0.5, 0.7]]), domain=g.domain,
                  out_dtype="INT2", out_bias=-2.0)
        else:
            g.add("MultiThreshold", rows.astype(np.float32), domain=g.domain, out_dtype="UINT2")
    made = incoming.load(layered(activate).save(tmp_path / "x.onnx"))
    assert made.network.first.thresholds.tolist() == [[51, 128, 179]] * 20  # 51 / 255 is 0.2
    assert made.network.layers[1].outputs == 36
    assert_equal(made, pixels := images(made), run.run(made.walk, made.scaling, pixels))


def test_a_sign_without_zero_is_a_bit(tmp_path):
    def activate(g, place):
        g.add("Sub", np.float32([0.301]))
        g.add("Sign")
    made = incoming.load(layered(activate).save(tmp_path / "x.onnx"))
    assert made.network.first.levels == 1
    assert made.network.layers[1].outputs == 12
    assert_equal(made, pixels := images(made), run.run(made.walk, made.scaling, pixels))


def test_channels_last_tensors_and_groups_and_dilations(tmp_path):
    rng, g = np.random.default_rng(3), Sketch((1, 2, 9, 8))
    g.add("Sub", np.float32([[[[0.4]], [[0.6]]]]))
    g.sign()
    g.add("Conv", g.weights(rng.uniform(-1, 1, (6, 1, 2, 2))), rng.normal(size=6)
          .astype(np.float32), group=2, dilations=[2, 1])
    g.sign()
    g.add("Transpose", perm=[0, 2, 3, 1])
    g.add("Flatten")
    g.add("MatMul", rng.choice([-1, 1], (6 * 7 * 7, 4)).astype(np.float32))
    made = incoming.load(g.save(tmp_path / "x.onnx"), shape=(9, 8, 2))
    conv = made.network.layers[1]
    assert conv.weights.shape == (6, 3, 2, 2)
    assert conv.fan_in.tolist() == [4] * 6
    pixels = images(made)
    assert_equal(made, pixels, reference(g.model(4), in_graph(made, pixels)))


@pytest.mark.parametrize(("pads", "stride", "kernel"), [
    ([1, 1, 1, 1], 1, 3), ([0, 0, 1, 1], 2, 2), ([0, 1, 2, 1], 1, 4), ([2, 2, 2, 2], 2, 5)])
def test_padding_of_any_side_grows_the_kernel(tmp_path, pads, stride, kernel):
    rng, g = np.random.default_rng(kernel), Sketch((1, 1, 8, 9))
    quant(1, 0, scale=1.0)(g, "input")
    g.add("Conv", g.weights(rng.uniform(-1, 1, (7, 1, kernel, kernel))), pads=pads,
          strides=[stride, stride])
    g.add("Add", np.float32([[[0.5]]]))
    g.sign()
    g.add("Pad", np.array([0, 0, 1, 0, 0, 0, 0, 1]), np.float32(1), mode="constant")
    g.add("Conv", g.weights(rng.uniform(-1, 1, (5, 7, 2, 2))))
    g.add("Sub", np.float32([1.0]))
    g.sign()
    g.add("Flatten")
    flat = reference(g.model(4), np.zeros((1, 1, 8, 9), np.float32)).size
    g.add("MatMul", rng.choice([-1, 1], (flat, 4)).astype(np.float32))
    made = incoming.load(g.save(tmp_path / "x.onnx"))
    assert made.network.layers[2].pad_bit == 1
    pixels = images(made)
    assert_equal(made, pixels, reference(g.model(4), in_graph(made, pixels)))


@pytest.mark.parametrize("before", [True, False])
def test_means_of_a_map_are_scores_summed_over_positions(tmp_path, before):
    rng, g = np.random.default_rng(8), Sketch((1, 3, 6, 6))
    g.add("Sub", np.float32([0.5]))
    g.sign()
    g.add("Conv", g.weights(rng.uniform(-1, 1, (9, 3, 3, 3))))
    g.add("Add", np.float32([0.5]))
    g.sign()
    weights = rng.choice([-1, 1], (4, 9)).astype(np.float32)
    if before:
        g.add("Conv", weights[:, :, None, None])
        g.add("GlobalAveragePool")
        g.add("Flatten")
    else:
        g.add("ReduceMean", axes=[2, 3], keepdims=0)
        g.add("Gemm", weights, transB=1)
    made = incoming.load(g.save(tmp_path / "x.onnx"))
    assert made.network.last.kind == "scores2d"
    pixels = images(made)
    assert_equal(made, pixels, reference(g.model(4), in_graph(made, pixels)), exact=False)


def test_what_follows_the_scores_may_choose_the_first_maximum(tmp_path):
    sketch = fc(np.random.default_rng(4))
    sketch.add("Softmax", axis=1)
    sketch.add("ArgMax", axis=1, keepdims=0)
    made = incoming.load(sketch.save(tmp_path / "x.onnx"))
    labels = reference(sketch.model(10), in_graph(made, pixels := images(made)))
    np.testing.assert_array_equal(
        golden.labels(golden.Model(made.network).scores(pixels)), labels.ravel())


def test_biases_of_the_classes_stay_if_they_are_multiples_of_the_gain(tmp_path):
    sketch = fc(np.random.default_rng(6), tail=False)
    sketch.add("Mul", np.float32([0.5]))
    sketch.add("Add", (np.arange(10) * 1.5 - 4).astype(np.float32))
    made = incoming.load(sketch.save(tmp_path / "x.onnx"))
    assert made.network.last.bias.tolist() == (3 * np.arange(10)).tolist()
    pixels = images(made)
    assert_equal(made, pixels, reference(sketch.model(10), in_graph(made, pixels)))


def test_normalization_outside_the_graph_is_part_of_the_encoder(tmp_path):
    rng, g = np.random.default_rng(2), Sketch((1, 3, 4, 4))
    g.sign()
    g.add("Flatten")
    g.add("MatMul", rng.choice([-1, 1], (48, 4)).astype(np.float32))
    scaling = Scaling(255.0, (0.25, 0.5, 0.75), (0.2, 0.3, 0.4))
    made = incoming.load(g.save(tmp_path / "x.onnx"), scaling=scaling)
    thresholds = made.network.first.thresholds.reshape(4, 4, 3)
    assert thresholds[0, 0].tolist() == [64, 128, 192]
    assert (thresholds == thresholds[0, 0]).all()
    pixels = images(made)
    x = in_graph(made, pixels)
    mean, deviation = (np.float32(each).reshape(1, 3, 1, 1)
                       for each in ((0.25, 0.5, 0.75), (0.2, 0.3, 0.4)))
    assert_equal(made, pixels, reference(g.model(4), (x - mean) / deviation))


def test_a_graph_that_divides_by_255_takes_pixels_as_they_are(tmp_path):
    rng, g = np.random.default_rng(2), Sketch((1, 16))
    g.add("Div", np.float32(255))
    g.add("Sub", np.float32([0.3]))
    g.sign()
    g.add("MatMul", rng.choice([-1, 1], (16, 4)).astype(np.float32))
    made = incoming.load(g.save(tmp_path / "x.onnx"))
    assert made.scaling.text() == "pixels as they are, 0 to 255"
    assert made.network.first.thresholds.tolist() == [[77]] * 16
