"""Networks written as ONNX: run by ONNX's reference through their functions, and read back."""

import numpy as np
import onnx
import pytest

from sw import golden, network
from sw.artefact import artefact, names
from sw.data.testset import load_test_set
from sw.exchange import check, incoming, outgoing
from sw.layer.kind import kinds
from sw.network import Encoder, Network, Scores
from tests.networks import (
    conv_network,
    lookup_network,
    random_images,
    random_network,
    random_weights,
)

from .graphs import reference


RNG = np.random.default_rng


def networks():
    """Return networks that have every kind of layer, by name."""
    return {
        "dense": random_network(RNG(1), (30, 20, 9, 4), (5, None, 7), (50, 128, 200)),
        "picture": random_network(RNG(2), (30, 20, 4), input_shape=(5, 6)),
        "lookup": lookup_network(RNG(3), 12, [(60, 4), (50, 6), (60, 1)], levels=(90, 128)),
        "conv": conv_network(RNG(4), (9, 8, 1), [
            ("conv2d", 6, {"kernel": (3, 3), "padding": 1, "pad_bit": 1}), ("pool2d", 2, {}),
            ("conv2d", 7, {"kernel": (2, 3), "synapses": 9}), ("dense", 11, {})],
            levels=(60, 128, 190)),
        "depth": conv_network(RNG(5), (8, 12, 3), [
            ("space_to_depth", 2, {}), ("conv2d", 9, {"stride": 2, "padding": 1, "pad_bit": 0})],
            levels=(100, 170), last="scores2d"),
        "integers": conv_network(RNG(6), (8, 9, 3), [
            ("integer_conv2d", 9, {"padding": 1, "pad_value": 130, "synapses": 12}),
            ("pool2d", 3, {})]),
        "integer dense": conv_network(RNG(7), (4, 5, 1), [("integer_dense", 13, {})]),
    }


NETWORKS = networks()


def test_the_networks_have_every_kind_of_layer():
    found = {layer.kind for net in NETWORKS.values() for layer in net.layers}
    assert found == set(kinds())


def as_input(net, images):
    """Return images as the graph's input."""
    x = images.astype(np.float32)
    map_ = outgoing.picture_of(net.input_shape)
    return x.reshape(len(x), *map_).transpose(0, 3, 1, 2) if map_ else x.reshape(len(x), -1)


@pytest.mark.parametrize("bipolar", [True, False])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_written_network_computes_the_same_in_onnx_and_read_back(tmp_path, name, bipolar):
    net = NETWORKS[name]
    outgoing.write(tmp_path / "x.onnx", net, bipolar=bipolar)
    model = onnx.load(tmp_path / "x.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert ("BipolarQuant" in {node.op_type for node in model.graph.node}) == bipolar
    images = random_images(RNG(8), 30, net)
    images[::2] = np.where(images[::2] < 128, 0, 255)
    expected = golden.Model(net).scores(images)
    assert len(np.unique(expected)) > 5
    np.testing.assert_array_equal(reference(model, as_input(net, images)), expected)
    back = incoming.load(tmp_path / "x.onnx")
    assert [layer.kind for layer in back.network.layers] == [layer.kind for layer in net.layers]
    assert [layer.name for layer in back.network.layers] == [layer.name for layer in net.layers]
    assert (back.network.labels, back.network.input_shape) == (net.labels, net.input_shape)
    assert back.network.conversion == net.conversion
    np.testing.assert_array_equal(golden.Model(back.network).scores(images), expected)
    found = check.compare(back, check.Images(images, None, "test"))
    assert (found.labels_differ, found.scores_differ) == (0, 0)


@pytest.mark.parametrize("name", names())
def test_published_networks_go_out_and_in_again(tmp_path, name):
    net = network.load(artefact(name))
    outgoing.write(tmp_path / "x.onnx", net)
    back = incoming.load(tmp_path / "x.onnx")
    images = load_test_set(net, download=False).images[:3000]
    np.testing.assert_array_equal(golden.Model(back.network).scores(images),
                                  golden.Model(net).scores(images))
    # Tables come back without inputs that do not matter, and a pad value that nothing reads as 0.
    plain = not any(layer.kind in ("lookup", "integer_conv2d") for layer in net.layers)
    assert (back.network.identity == net.identity) or not plain


@pytest.mark.parametrize("bipolar", [True, False])
@pytest.mark.parametrize("name", ["tfc", "lookup-small", "mnist-conv"])
def test_onnxruntime_computes_the_scores(tmp_path, name, bipolar):
    onnxruntime = pytest.importorskip("onnxruntime")
    net = network.load(artefact(name))
    outgoing.write(tmp_path / "x.onnx", net, bipolar=bipolar)
    images = load_test_set(net, download=False).images[:1000]
    session = onnxruntime.InferenceSession(tmp_path / "x.onnx", providers=["CPUExecutionProvider"])
    found = session.run(None, {session.get_inputs()[0].name: as_input(net, images)})[0]
    np.testing.assert_array_equal(found, golden.Model(net).scores(images))


@pytest.mark.parametrize("bipolar", [True, False])
def test_qonnx_computes_the_scores(tmp_path, bipolar):
    pytest.importorskip("qonnx")
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.core.onnx_exec import execute_onnx
    from qonnx.transformation.infer_shapes import InferShapes
    net = network.load(artefact("tfc"))
    outgoing.write(tmp_path / "x.onnx", net, bipolar=bipolar)
    model = ModelWrapper(str(tmp_path / "x.onnx"))
    (source,), (sink,) = model.graph.input, model.graph.output
    images = load_test_set(net, download=False).images[:1000]
    x = as_input(net, images)
    model.set_tensor_shape(source.name, list(x.shape))
    model.set_tensor_shape(sink.name, [len(x), net.classes])
    found = execute_onnx(model.transform(InferShapes()), {source.name: x})[sink.name]
    np.testing.assert_array_equal(found, golden.Model(net).scores(images))


def test_equal_thresholds_of_a_pixel_stay_levels(tmp_path):
    thresholds = [[10, 10, 90], [0, 256, 256], [256, 256, 256], [0, 0, 0], [7, 70, 70]]
    net = Network([Encoder("encoder", np.array(thresholds)),
                   Scores("scores", random_weights(RNG(1), 3, 15), np.zeros(3, np.int32))],
                  "abc", (5,))
    outgoing.write(tmp_path / "x.onnx", net)
    assert incoming.load(tmp_path / "x.onnx").network.identity == net.identity


def test_inputs_of_16_bits_are_kept(tmp_path):
    encoder = Encoder("encoder", RNG(1).integers(0, 65537, (6, 1)), 16)
    net = Network([encoder, Scores("scores", random_weights(RNG(1), 3, 6), [1, -2, 3])], "abc",
                  (6,))
    outgoing.write(tmp_path / "x.onnx", net)
    assert incoming.load(tmp_path / "x.onnx").network.identity == net.identity


def test_sums_that_float32_cannot_hold_are_refused():
    bias = np.array([0, 2**24], np.int32)
    net = Network([Encoder.uniform(4), Scores("scores", random_weights(RNG(1), 2, 4), bias)],
                  "ab", (4,))
    with pytest.raises(ValueError, match=r"^Sums of layer 'scores' must be below 2\*\*24 in ONNX, "
                                         r"whose float32 has no more integers: 16,777,220$"):
        outgoing.model(net)
