"""Graphs that fit no network, and damaged files, are refused in one line that says why."""

import os
import re
import time

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from sw.exchange import incoming
from sw.exchange.tensor import short

from .graphs import Sketch, fc


RNG = np.random.default_rng


def refused(path, message):
    """The file is refused with this whole message."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        incoming.load(path)


def sketch(*, shape=(1, 16), weights=None, between=lambda g: None):
    """Return the sketch of a network of one hidden layer."""
    g = Sketch(shape)
    g.add("Sub", np.float32([0.5]))
    g.sign()
    between(g)
    g.add("MatMul", RNG(1).choice([-1, 1], (16, 8)).astype(np.float32) if weights is None
          else weights)
    g.sign()
    g.add("MatMul", RNG(2).choice([-1, 1], (8, 4)).astype(np.float32))
    return g


def uneven():
    """Return the sketch of a network of inputs -1, 0, 1 and 2, of which Relu cuts the first."""
    g = Sketch((1, 16))
    g.add("MultiThreshold", np.float32([[0.2, 0.4, 0.6]]), domain=g.domain, out_bias=-1.0)
    g.add("Relu")
    g.add("MatMul", np.ones((16, 4), np.float32))
    return g


def changed(tmp_path, change):
    """Return the file of a network whose ModelProto was changed."""
    model = fc(RNG(1), (784, 8, 4)).model(4)
    change(model)
    path = tmp_path / "x.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def initializer(model, index):
    return model.graph.initializer[index]


@pytest.mark.parametrize(("octets", "reason"), [
    (b"", "{path} must be an ONNX model: it has no nodes (check the download)"),
    (b"\x00\xff" * 50, "{path} must be an ONNX model: its octets are none (check the download)"),
    (b"PK\x03\x04" * 9, "{path} must be an ONNX model: its octets are none (check the download)")])
def test_other_files_are_refused(tmp_path, octets, reason):
    path = tmp_path / "x.onnx"
    path.write_bytes(octets)
    refused(path, reason.format(path=path))


@pytest.mark.parametrize(("change", "reason"), [
    (lambda m: m.opset_import[0].__setattr__("version", 8),
     "Opset of the model must be in 9..20: 8 (export it with opset_version=20)"),
    (lambda m: m.opset_import.pop(0),
     "Opset of the model must be in 9..20: None (export it with opset_version=20)"),
    (lambda m: m.graph.node[2].__setattr__("op_type", "Erf"), None),
    (lambda m: m.graph.node[0].input.__setitem__(0, "nobody"),
     "Input 'nobody' of Reshape 'n2' must be a tensor of the graph: no node makes it"),
    (lambda m: m.graph.node[1].input.__setitem__(0, m.graph.node[3].output[0]),
     "Graph must have no cycle: Mul 'n4' waits for its own output"),
    (lambda m: m.graph.node[1].output.__setitem__(0, "t2"),
     "Names of tensors must differ: 't2' is made twice"),
    (lambda m: m.graph.initializer.append(m.graph.initializer[0]),
     "Names of tensors must differ: 'c1' is there twice"),
    (lambda m: m.graph.output[0].__setattr__("name", "x"),
     "Output 'x' must be made by a node: there is none"),
    (lambda m: m.graph.input.pop(), "Graph must have one input: 0 (none)"),
    (lambda m: m.graph.input[0].type.tensor_type.__setattr__("elem_type", 7),
     "Input 'x' must be float32 or uint8: it has ONNX's type 7"),
    (lambda m: m.graph.input[0].type.tensor_type.ClearField("shape"),
     "Input 'x' must have a shape with a first extent for the images: it has none"),
    (lambda m: m.graph.input[0].type.tensor_type.shape.dim[2].__setattr__("dim_value", 2**40),
     "Input 'x' must have one to three known extents beside the images, and at most 1,048,576 "
     "values: (1, 1099511627776, 28)"),
    (lambda m: initializer(m, 1).dims.append(2**40),
     "Tensor 'c3' must have at most 134,217,728 numbers: its shape is (1099511627776,)"),
    (lambda m: initializer(m, 2).__setattr__("raw_data", b"123"),
     "Tensor 'c5' must have 4 octets for its shape (1,): 3"),
    (lambda m: initializer(m, 2).__setattr__("data_type", 16),
     "Tensor 'c5' must hold numbers of a common type: it has ONNX's type 16 (convert it to "
     "float32)"),
    (lambda m: initializer(m, 2).dims.__setitem__(0, -1),
     "Tensor 'c5' must have at most 134,217,728 numbers: its shape is (-1,)")])
def test_damaged_models_are_refused(tmp_path, change, reason):
    path = changed(tmp_path, change)
    if reason is None:
        with pytest.raises(ValueError, match=r"^Erf 'n6' must be an operator that fits a layer: "
                                             r"none does \(known: Add, ArgMax, .*Unsqueeze\)$"):
            incoming.load(path)
        return
    refused(path, reason)


def test_a_small_file_that_declares_a_huge_tensor_takes_no_memory(tmp_path):
    def grow(model):
        tensor = initializer(model, 3)
        tensor.ClearField("raw_data")
        tensor.dims[:] = [2**20, 2**20]
    start = time.monotonic()
    refused(changed(tmp_path, grow), "Tensor 'c7' must have at most 134,217,728 numbers: its shape "
                                     "is (1048576, 1048576)")
    assert time.monotonic() - start < 2


@pytest.mark.parametrize(("constants", "reason"), [
    ({"scale": np.float32([0])}, "BipolarQuant 'n6' must have a scale above 0: [0.] (check the "
                                 "export)"),
    ({"scale": np.float32([np.nan])}, "BipolarQuant 'n6' must have a scale above 0: [nan] (check "
                                      "the export)"),
    ({"scale": np.float32([1, 2, 3])}, "BipolarQuant 'n6' must have constants that extend to its "
                                       "tensor: shape (3,), not (1, 784)")])
def test_scales_that_cannot_be(tmp_path, constants, reason):
    def change(model):
        name = model.graph.node[3].input[1]
        tensor, = (each for each in model.graph.initializer if each.name == name)
        tensor.CopyFrom(onnx.numpy_helper.from_array(constants["scale"], name))
    path = changed(tmp_path, change)
    message = reason.replace("'n6'", repr(onnx.load(path).graph.node[3].name))
    refused(path, message)


def test_weights_that_are_no_numbers_have_no_sign(tmp_path):
    def change(model):
        tensor = next(each for each in model.graph.initializer if len(each.dims) == 2)
        latent = onnx.numpy_helper.to_array(tensor).copy()
        latent[2, 3] = np.nan
        tensor.CopyFrom(onnx.numpy_helper.from_array(latent, tensor.name))
    path = changed(tmp_path, change)
    refused(path, f"{onnx.load(path).graph.node[4].op_type} "
                  f"{onnx.load(path).graph.node[4].name!r} must quantize numbers: NaN is among "
                  f"them (check the training)")


def test_external_data_must_lie_beside_the_model(tmp_path):
    outside = tmp_path / "secret"
    outside.write_bytes(bytes(784 * 8 * 4))
    inner = tmp_path / "inner"
    inner.mkdir()

    def external(location, **more):
        def change(model):
            tensor = next(each for each in model.graph.initializer if len(each.dims) == 2)
            tensor.ClearField("raw_data")
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in {"location": location, **more}.items():
                tensor.external_data.add(key=key, value=value)
        return changed(inner, change)

    for location in ("../secret", str(outside), "", "..", "a/b", "a\0b"):
        path = external(location)
        refused(path, f"External data of tensor {name_of(inner)!r} must be a file beside the "
                      f"model: {short(location)!r}")
    os.symlink(outside, inner / "link")
    refused(external("link"), f"External data of tensor '{name_of(inner)}' must be a file beside "
                              f"the model: 'link'")
    refused(external("gone"), f"External data of tensor '{name_of(inner)}' must lie beside the "
                              f"model: there is no 'gone' (copy it there; it belongs to the .onnx "
                              f"file)")
    refused(external("gone", offset="-4"), f"External data of tensor '{name_of(inner)}' must have "
                                           f"an offset and a length in octets: '-4', '25088'")
    (inner / "data").write_bytes(bytes(16) + RNG(1).normal(size=784 * 8).astype("<f4").tobytes())
    made = incoming.load(external("data", offset="16", length="25088"))
    assert made.network.layers[1].weights.shape == (8, 784)
    refused(external("data", offset="20"), f"Tensor '{name_of(inner)}' must have 25,088 octets for "
                                           f"its shape (8, 784): 25,084")


def name_of(folder):
    model = onnx.load(folder / "x.onnx", load_external_data=False)
    return next(each.name for each in model.graph.initializer if len(each.dims) == 2)


@pytest.mark.parametrize(("make", "reason"), [
    (lambda: sketch(weights=RNG(1).normal(size=(16, 8)).astype(np.float32).round(1)),
     "MatMul 'n5' must have weights of one size, or 0, for each neuron: neuron"),
    (lambda: sketch(weights=np.array([[1e9] + [1] * 7] * 16, np.float32).T.reshape(16, 8)),
     "MatMul 'n5' must have weights of one size, or 0, for each neuron: neuron 0 has 2 values, 1, "
     "1e+09 (quantize weights to 1 bit, or 2 bits narrow)"),
    (lambda: sketch(weights=np.full((16, 8), np.nan, np.float32)),
     "MatMul 'n5' must have finite weights: NaN or infinity is among them"),
    (lambda: sketch(weights=np.ones((15, 8), np.float32)),
     "MatMul 'n5' must multiply a row of values by as many weights: shape (1, 16), weights "
     "(15, 8)"),
    (lambda: sketch(between=lambda g: g.add("Add", "x")),
     "Add 'n5' must have a constant as one of its inputs: both depend on the image (two branches "
     "fit no layer)"),
    (lambda: sketch(between=lambda g: g.add("MatMul", np.ones((16, 16), np.float32))),
     "must take quantized values: sums reach it (put a quantizer of 1 to 4 bits in front of it)"),
    (lambda: sketch(between=lambda g: g.add("Mul", np.ones((1, 1, 1), np.float32))),
     "Mul 'n5' must have constants that leave the first extent to the images: shape (1, 1, 1) "
     "beside (1, 16)"),
    (lambda: sketch(between=lambda g: g.add("Mul", np.ones((2, 16), np.float32))),
     "Mul 'n5' must have constants that leave the first extent to the images: shape (2, 16) beside "
     "(1, 16)"),
    (lambda: uneven(),
     "MatMul 'n7' must take values at equal distances: they are 0, 0, 1, 2")])
def test_graphs_that_fit_no_layer(tmp_path, make, reason):
    path = make().save(tmp_path / "x.onnx")
    with pytest.raises(ValueError, match="must") as caught:
        incoming.load(path)
    assert strip(reason) in strip(str(caught.value))
    assert "\n" not in str(caught.value)


def strip(text):
    """Return a message without the numbers of nodes."""
    return re.sub(r"'n\d+'", "'n'", text)


def conv(**attributes):
    """Return a network of a convolution with some attributes, of bits -1 and +1."""
    g = Sketch((1, 2, 6, 6))
    g.add("Sub", np.float32([0.5]))
    g.sign()
    g.add("Conv", g.weights(RNG(1).uniform(-1, 1, (5, 2, 3, 3))), **attributes)
    g.sign()
    g.add("Flatten")
    return g


@pytest.mark.parametrize(("attributes", "reason"), [
    ({"pads": [1, 1, 1, 1]}, "Conv 'n' must pad by a value that its inputs can have: it pads by 0, "
     "they have -1, 1 (±1 has no 0: pad by -1 or +1 with a Pad node, or use inputs of 0 and 1)"),
    ({"strides": [1, 2]}, "Conv 'n' must have one stride for rows and columns: (1, 2)"),
    ({"pads": [-1, 0, 0, 0]}, "Conv 'n' must have four pads in 0..1024: (-1, 0, 0, 0), auto_pad "
     "'NOTSET'"),
    ({"group": 3}, "Conv 'n' must have a kernel for the channels of its map: (5, 2, 3, 3) in 3 "
     "groups, 2 channels"),
    ({"dilations": [3, 1]}, "Conv 'n' must have a kernel within the map: [7, 3] of (6, 6) padded "
     "by [(0, 0), (0, 0)]"),
    ({"strides": [4, 4]}, "BipolarQuant 'n': Stride of layer 'conv1' must be in 1..2: 4")])
def test_convolutions_that_fit_no_layer(tmp_path, attributes, reason):
    with pytest.raises(ValueError, match="must") as caught:
        incoming.load(conv(**attributes).save(tmp_path / "x.onnx"))
    assert strip(str(caught.value)) == reason


def test_outputs_that_are_no_scores(tmp_path):
    g = sketch()
    g.sign()
    refused(g.save(tmp_path / "x.onnx"), f"Output {g.last!r} must be sums of a last layer, one a "
                                         f"class: it is the activations")
    g = Sketch((1, 16))
    g.add("MatMul", np.ones((16, 4), np.float32))
    refused(g.save(tmp_path / "x.onnx"), f"Graph must have a layer between the image and the "
                                         f"scores: output {g.last!r} sums pixels (quantize the "
                                         f"input to 1 to 4 bits)")
