import re

import pytest

from train.conv.recipe import ConvRecipe
from train.conv.text import FORM, Conv, Dense, Depth, Scores, parse


def test_a_text_gives_layers_in_order():
    assert parse("depth 2, conv 48 synapses 16, pool, conv 64 5x5 stride 2 valid, pool 3, "
                 "dense 30 synapses 9, scores synapses 20", 10) == (
        Depth(2), Conv(48, synapses=16, pool=2), Conv(64, 5, 5, 2, valid=True, pool=3),
        Dense(30, synapses=9), Scores(10, synapses=20))


def test_options_come_in_any_order():
    assert parse("conv 8 synapses 5 valid integer 3x2, scores synapses 7 summed", 4) == (
        Conv(8, 3, 2, valid=True, integer=True, synapses=5), Scores(4, synapses=7, summed=True))


@pytest.mark.parametrize("part", [
    "conv", "conv x", "conv 8 8", "conv 8 3x", "conv 8 valid valid", "conv 8 stride", "depth",
    "depth 2 valid", "dense", "dense 8 3x3", "scores 10", "scores integer", "pool x", "", "relu",
    "conv 8 3x3x3", "conv -8"])
def test_layers_of_another_form_are_refused(part):
    with pytest.raises(ValueError, match=f"^Layer must be given as {re.escape(FORM)}: "
                       f"{part.strip()!r}$"):
        parse(f"conv 8, {part}, scores", 10)


@pytest.mark.parametrize(("text", "message"), [
    ("pool, conv 8, scores", "Pool must follow a conv: 'pool, conv 8, scores'"),
    ("conv 8, pool, pool, scores", "Pool must follow a conv: 'conv 8, pool, pool, scores'"),
    ("conv 8, dense 9, pool, scores", "Pool must follow a conv: 'conv 8, dense 9, pool, scores'"),
    ("conv 8, dense 9", "Layers must end with scores, and have them once: 'conv 8, dense 9'"),
    ("conv 8, scores, scores", "Layers must end with scores, and have them once: "
     "'conv 8, scores, scores'"),
    ("dense 8, scores", "Layers must have a conv: 'dense 8, scores' (dense networks are given with "
     "--hidden)"),
    ("conv 8, conv 8 integer, scores", "Integer conv must be the first layer, as it takes pixels: "
     "'conv 8, conv 8 integer, scores'"),
])
def test_orders_without_a_meaning_are_refused(text, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse(text, 10)


@pytest.mark.parametrize(("layers", "message"), [
    ("depth 5, conv 8, scores", "Block of layer 'depth' must be in 2..4: 5"),
    ("depth 3, conv 8, scores", "Block of layer 'depth' must divide its feature map, 28 x 28: 3"),
    ("conv 8, dense 9, depth 2, scores", "Layer 'depth' must follow a feature map: a vector of 9 "
     "comes before it (move it to the front)"),
    ("conv 8, dense 9, conv 8, scores", "Layer 'conv2' must follow a feature map: a vector of 9 "
     "comes before it (dense layers are last)"),
    ("conv 8, dense 9, scores summed", "Layer 'scores' must follow a feature map to be summed over "
     "its positions: a vector of 9 comes before it (leave 'summed' out)"),
    ("conv 8 9x9, scores", "Kernel of layer 'conv1' must have 1 to 7 rows and columns: 9x9"),
    ("conv 8 0x3, scores", "Kernel of layer 'conv1' must have 1 to 7 rows and columns: 0x3"),
    ("conv 8 stride 3, scores", "Stride of layer 'conv1' must be 1 or 2: 3"),
    ("conv 8 2x2, scores", "Kernel of layer 'conv1' must be odd and square where the map is "
     "padded: 2x2 (add 'valid')"),
    ("conv 8, pool 7, pool 7, scores", None),
    ("conv 8, pool 7, conv 8 5x5 valid, scores", "Kernel of layer 'conv2' must fit into its "
     "feature map, 4 x 4: 5x5"),
    ("conv 8, pool 1, scores", "Pool of layer 'conv1' must be in 2..7 and fit into its map, "
     "28 x 28: 1"),
    ("conv 8, pool 7, conv 8, pool 5, scores", "Pool of layer 'conv2' must be in 2..7 and fit into "
     "its map, 4 x 4: 5"),
    ("conv 0, scores", "Neurons of layer 'conv1' must be in 1..65536: 0"),
    ("conv 8 synapses 10, scores", "Synapses of layer 'conv1' must be in 1..9, the inputs of a "
     "neuron: 10"),
    ("conv 8, scores synapses 0", "Synapses of layer 'scores' must be in 1..6272, the inputs of a "
     "neuron: 0"),
])
def test_layers_that_do_not_fit_are_refused(layers, message):
    if message is None:
        message = f"Pool must follow a conv: {layers!r}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        ConvRecipe.of("x", layers).check(784, 10)
