"""Rules of convolutions, pools, space to depth, integer first layers and scores of maps."""

import re

import numpy as np
import pytest

from sw.layer.conv2d import Conv2d
from sw.layer.integer import IntegerConv2d, IntegerDense
from sw.layer.pool2d import Pool2d
from sw.layer.scores2d import Scores2d
from sw.layer.spacetodepth import SpaceToDepth
from sw.network import Encoder, Network, Scores, load, save

from ...networks import conv_network, random_conv2d, random_integer_conv2d, random_pool2d


KERNELS = np.ones((2, 3, 3, 4), np.int8)
RNG = np.random.default_rng(1)


def conv(weights=KERNELS, thresholds=(0, 1), height=6, width=5, *others, **named):
    return Conv2d("conv0", weights, thresholds, height, width, *others, **named)


def integers(weights=KERNELS, thresholds=(0, 1), height=6, width=5, *others, **named):
    return IntegerConv2d("conv0", weights, thresholds, height, width, *others, **named)


@pytest.mark.parametrize(("make", "message"), [
    (lambda: conv(np.ones((2, 8, 3, 4)), height=20),
     "Kernel of layer 'conv0' must have at most 7 rows: 8"),
    (lambda: conv(np.ones((2, 3, 9, 4)), width=20),
     "Kernel of layer 'conv0' must have at most 7 columns: 9"),
    (lambda: conv(height=2),
     "Kernel of layer 'conv0' must fit into the map and its padding: 3 rows, height 2 + 0"),
    (lambda: conv(np.ones((2, 5, 5, 4)), height=5, width=2, padding=1),
     "Kernel of layer 'conv0' must fit into the map and its padding: 5 columns, width 2 + 2"),
    (lambda: conv(padding=2), "Padding of layer 'conv0' must be at most 1, half of what a kernel "
     "of 3 rows reaches beyond its middle: 2"),
    (lambda: conv(padding=4), "Padding of layer 'conv0' must be in 0..3: 4"),
    (lambda: conv(padding="same"), "Padding of layer 'conv0' must be in 0..3: same"),
    (lambda: conv(pad_bit=-1), "Pad bit of layer 'conv0' must be 0, which stands for -1, or 1: -1 "
     "(±1 has no zero to pad with)"),
    (lambda: conv(pad_bit="zero"), "Pad bit of layer 'conv0' must be 0, which stands for -1, or 1: "
     "zero (±1 has no zero to pad with)"),
    (lambda: conv(stride=3), "Stride of layer 'conv0' must be in 1..2: 3"),
    (lambda: conv(stride=0), "Stride of layer 'conv0' must be in 1..2: 0"),
    (lambda: conv(height=0), "Height of layer 'conv0' must be in 1..1024: 0"),
    (lambda: conv(height=1.5), "Height of layer 'conv0' must be in 1..1024: 1.5"),
    (lambda: conv(np.ones((2, 36))),
     "Weights of layer 'conv0' must be int8 with 4 dimensions: float64 of shape (2, 36)"),
    (lambda: conv(2 * KERNELS), "Weights of layer 'conv0' must be in -1..1: 2..2"),
    (lambda: conv(thresholds=(0, 38)), "Thresholds of layer 'conv0' must be in 0..fan-in + 1: "
     "neuron 1 has 38 at fan-in 36"),
    (lambda: conv(thresholds=(0, 1, 2)),
     "Thresholds of layer 'conv0' must be one per neuron: 3, not 2"),
    (lambda: integers(thresholds=(-1, 0)), "Thresholds of layer 'conv0' must be in least "
     "sum..greatest sum + 1: neuron 0 has -1 at 0..9180"),
    (lambda: integers(-KERNELS, (-9180, 2)), "Thresholds of layer 'conv0' must be in least "
     "sum..greatest sum + 1: neuron 1 has 2 at -9180..0"),
    (lambda: integers(pad_value=256), "Pad value of layer 'conv0' must be below 256: 256"),
    (lambda: integers(pad_value=16, input_bits=4),
     "Pad value of layer 'conv0' must be below 16: 16"),
    (lambda: integers(input_bits=17), "Input bits of layer 'conv0' must be in 1..16: 17"),
    (lambda: integers(height=2),
     "Kernel of layer 'conv0' must fit into the map and its padding: 3 rows, height 2 + 0"),
    (lambda: IntegerDense("fc0", [[1, -1]], [257]), "Thresholds of layer 'fc0' must be in least "
     "sum..greatest sum + 1: neuron 0 has 257 at -255..255"),
    (lambda: Pool2d("pool0", [0, 1], 6, 5, 6), "Size of layer 'pool0' must be at most that of its "
     "feature map, 6 x 5: 6"),
    (lambda: Pool2d("pool0", [0, 2], 6, 5), "All of of layer 'pool0' must be in 0..1: 0..2"),
    (lambda: Pool2d("pool0", [0, 1], 6, 5, 1), "Size of layer 'pool0' must be in 2..7: 1"),
    (lambda: SpaceToDepth("squares", 6, 5, 3, 2), "Block of layer 'squares' must divide height and "
     "width of its feature map, 6 x 5: 2"),
    (lambda: SpaceToDepth("squares", 10, 10, 3, 5), "Block of layer 'squares' must be in 2..4: 5"),
    (lambda: Scores2d("scores", KERNELS[0, 0], [0, 0, 2**25], 2, 2),
     "Bias of layer 'scores' must be in -16777216..16777216: 0..33554432"),
])
def test_a_broken_rule_is_named(make, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        make()


def network(*layers, image=(6, 5, 4)):
    """Return a network of an encoder, layers, and scores that fit them."""
    width = layers[-1].outputs
    return Network([Encoder.uniform(int(np.prod(image))), *layers,
                    Scores("scores", np.tile([1, -1], (2, width))[:, :width], [0, 0])], "ab", image,
                   positive=True)


@pytest.mark.parametrize(("make", "message"), [
    (lambda: network(conv(), conv(height=4, width=3)), "Names of layers must differ: encoder, "
     "conv0, conv0, scores"),
    (lambda: network(conv(), random_conv2d(RNG, 3, (4, 3, 4), name="conv1")), "Layer 'conv1' must "
     "take the feature map that 'conv0' gives: 4 x 3 x 4, not 4 x 3 x 2"),
    (lambda: network(conv(), random_conv2d(RNG, 3, (3, 4, 2), name="conv1")), "Layer 'conv1' must "
     "take the feature map that 'conv0' gives: 3 x 4 x 2, not 4 x 3 x 2"),
    (lambda: network(conv(), random_pool2d(RNG, (2, 3, 4))), "Layer 'pool0' must take the feature "
     "map that 'conv0' gives: 2 x 3 x 4, not 4 x 3 x 2"),
    (lambda: network(random_conv2d(RNG, 3, (6, 5, 3))), "Layer 'conv0' must have as many inputs as "
     "'encoder' has outputs: 90, not 120"),
    (lambda: network(conv(), image=(4, 6, 5)), "Layer 'conv0' must take the rows and columns of an "
     "image, 4 x 6 x 5: 6 x 5 (images and weights have the channels last)"),
    (lambda: network(conv(), image=(5, 6, 4)), "Layer 'conv0' must take the rows and columns of an "
     "image, 5 x 6 x 4: 6 x 5 (images and weights have the channels last)"),
    (lambda: network(random_integer_conv2d(RNG, 3, (6, 5, 4))), "First layer must take pixels, the "
     "last one give scores, and no other do either: encoder, integer_conv2d, scores (such as "
     "encoder, dense, scores)"),
    (lambda: Network([random_integer_conv2d(RNG, 4, (6, 5, 3)),
                      Scores("scores", np.tile([1, -1], (2, 24)), [0, 0])], "ab", (3, 6, 5)),
     "Layer 'conv0' must take the rows and columns of an image, 3 x 6 x 5: 6 x 5 (images and "
     "weights have the channels last)"),
    (lambda: Network([random_integer_conv2d(RNG, 4, (6, 5, 3)),
                      Scores("scores", np.tile([1, -1], (2, 24)), [0, 0])], "ab", (6, 5)),
     "Input shape must have as many elements as layer 'conv0' has inputs: (6, 5), not 90"),
])
def test_layers_that_do_not_fit_are_refused(make, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        make()


def test_kernels_of_bits_are_refused():
    kernels = KERNELS.copy()
    kernels[0, 0, 0, 0] = 0
    scores = Scores("scores", np.tile([1, -1], (2, 12)), [0, 0])
    with pytest.raises(ValueError, match=r"^Weights of layer 'conv0' must be -1 and \+1, where 0 "
                                         r'means "no synapse": they are 0 and \+1 only '
                                         r"\(weights of bits are 2 \* bits - 1; if 0 does mean no "
                                         r"synapse, give the network positive=True\)$"):
        Network([Encoder.uniform(120), conv(kernels), scores], "ab", (6, 5, 4))


def test_an_image_may_be_a_vector_or_lack_its_one_channel():
    kernel = random_conv2d(RNG, 3, (6, 5, 1))
    for image in ((30,), (6, 5), (6, 5, 1)):
        assert network(kernel, image=image).input_shape == image


@pytest.mark.parametrize("steps", [
    [("integer_conv2d", 3, {"padding": 1, "pad_value": 7, "stride": 2}), ("pool2d", 2, {})],
    [("space_to_depth", 2, {}), ("conv2d", 3, {"padding": 1, "pad_bit": 1})],
    [("integer_dense", 9, {"input_bits": 5})]])
def test_networks_are_saved_and_loaded_with_their_identity(steps, tmp_path):
    last = "scores" if "dense" in steps[0][0] else "scores2d"
    saved = conv_network(RNG, (8, 6, 1), steps, last=last)
    save(tmp_path / "a.net.npz", saved)
    again = load(tmp_path / "a.net.npz")
    assert again.identity == saved.identity
    for layer, same in zip(saved.layers, again.layers, strict=True):
        assert type(layer) is type(same)
        for array in layer.arrays:
            np.testing.assert_array_equal(getattr(layer, array.name), getattr(same, array.name))
    assert again.input_bits == steps[0][2].get("input_bits", 8)
    assert (again.shift, again.pixel_bits) == (saved.shift, saved.pixel_bits)


def test_shapes_and_counts():
    layer = conv(stride=2, padding=1)
    assert (layer.takes.extents, layer.gives.extents, layer.vectors) == ((6, 5, 4), (3, 3, 2), 9)
    assert (layer.synapses, layer.parts, layer.fan_in.tolist()) == (72, {"synapses": 72}, [36, 36])
    assert random_pool2d(RNG, (7, 5, 3), 3).gives.extents == (2, 1, 3)
    assert SpaceToDepth("squares", 8, 4, 3, 4).gives.extents == (2, 1, 48)
    first = integers(-KERNELS, (-9180, 1))
    assert (first.input_bits, first.shift, first.pixel_bits, first.takes.bits) == (8, 0, 8, 8)
    scores = Scores2d("scores", [[1, -1, 0], [1, 1, 1]], [5, -5], 4, 2)
    assert (scores.bounds, scores.score_bits, scores.inputs) == ((-29, 21), 6, 24)
