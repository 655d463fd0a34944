# amaranth: UnusedElaboratable=no
"""hw.stage.window, hw.wired.conv2d: every window once and in order, and no cycle for padding."""

from itertools import product

import numpy as np
import pytest

from hw.plan.schedule import Wired
from hw.stage.geometry import Geometry
from hw.stage.windowmodel import WindowModel, last_window
from hw.wired.conv2d import WiredConv2d
from sim.model.vectors import to_bits
from sw import golden
from sw.layer.conv2d import Conv2d

from ...networks import random_conv2d, random_integer_conv2d
from .maps import PACES, random_maps, ref_map, rtl_map


# Extents of a map, kernel, and options.
SHAPES = {
    "same": ((6, 5, 3), (3, 3), {"padding": 1}),
    "valid": ((6, 5, 3), (3, 3), {}),
    "pad bit": ((4, 6, 2), (3, 3), {"padding": 1, "pad_bit": 1}),
    "wide kernel": ((7, 9, 2), (5, 5), {"padding": 2, "pad_bit": 1}),
    "widest kernel": ((8, 7, 1), (7, 7), {"padding": 3}),
    "kernel as wide as padding and map": ((3, 3, 2), (7, 7), {"padding": 3, "pad_bit": 1}),
    "not square": ((5, 8, 2), (2, 3), {}),
    "one row of a kernel": ((5, 8, 2), (1, 3), {}),
    "pointwise": ((5, 4, 4), (1, 1), {}),
    "stride": ((8, 9, 2), (3, 3), {"stride": 2, "padding": 1, "pad_bit": 1}),
    "stride without padding": ((7, 8, 2), (3, 2), {"stride": 2}),
    "stride over rows that none reads": ((8, 8, 2), (1, 1), {"stride": 2}),
    "one row": ((1, 9, 2), (3, 3), {"padding": 1, "pad_bit": 1}),
    "one column": ((9, 1, 2), (3, 3), {"padding": 1, "pad_bit": 1}),
    "one column, stride": ((9, 1, 2), (3, 3), {"padding": 1, "stride": 2}),
    "one position": ((1, 1, 3), (3, 3), {"padding": 1, "pad_bit": 1}),
}


def create(name, synapses=None, neurons=3):
    takes, kernel, options = SHAPES[name]
    rng = np.random.default_rng(len(name))
    return random_conv2d(rng, neurons, takes, kernel, synapses, **options)


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("synapses", [None, 3])
def test_windows_are_golden_at_every_pace(name, synapses):
    layer = create(name, synapses)
    maps = random_maps(layer, 4)
    for seed, (idle, stall) in enumerate(PACES):
        seen = rtl_map(WiredConv2d(layer, Wired(2, hops=seed % 2)), layer, maps, idle=idle,
                       stall=stall, seed=seed)
        assert seen.words == ref_map(layer, maps), (idle, stall)


@pytest.mark.parametrize("name", SHAPES)
def test_a_map_takes_a_cycle_a_position_and_its_last_window_waits_for_nothing(name):
    layer = create(name)
    stage = WiredConv2d(layer, Wired(2))
    seen = rtl_map(stage, layer, random_maps(layer, 5))
    positions = layer.height * layer.width
    assert seen.taken == list(range(5 * positions))
    assert set(seen.steady(layer.vectors, 2)) == {Geometry.of(layer).interval}
    alone = rtl_map(stage, layer, random_maps(layer, 1))
    last = alone.given[-1] - alone.taken[-1]
    assert max(1, last) == stage.latency
    assert last == last_window(Geometry.of(layer)) + stage.pipeline_latency


@pytest.mark.parametrize(("takes", "options"), [
    ((4, 5, 3), {"padding": 1, "pad_value": 90}),
    ((5, 6, 2), {"kernel": (3, 2), "stride": 2, "synapses": 7, "input_bits": 4})])
def test_windows_of_integers_are_golden_at_every_pace(takes, options):
    layer = random_integer_conv2d(np.random.default_rng(1), 4, takes, **options)
    images = np.random.default_rng(2).integers(2**layer.input_bits, size=(4, layer.inputs),
                                               dtype=np.uint16)
    bits = to_bits(images, layer.input_bits)
    for seed, (idle, stall) in enumerate(PACES):
        seen = rtl_map(WiredConv2d(layer, Wired(2, hops=seed % 2)), layer, bits,
                       width=takes[2] * layer.input_bits, idle=idle, stall=stall, seed=seed)
        assert seen.words == ref_map(layer, images), (idle, stall)


def test_no_small_map_waits_and_every_window_comes_once():
    """All kernels, strides and paddings over small maps, in the model that the RTL equals."""
    sides, kernels = range(1, 7), range(1, 8)
    for height, width, rows, columns, stride, padding in product(
            sides, sides, kernels, kernels, (1, 2), range(4)):
        weights = np.ones((1, rows, columns, 1), np.int8)
        try:
            layer = Conv2d("conv", weights, np.ones(1, np.int32), height, width, stride, padding)
        except ValueError:  # the kernel does not fit
            continue
        model, windows = WindowModel(Geometry.of(layer)), 0
        for _ in range(3 * height * width):
            assert model.ready, (height, width, rows, columns, stride, padding)
            windows += model.tick(True, True)
        for _ in range((rows + 1) * (columns + 1) * width):
            windows += model.tick(False, True)
        assert windows == 3 * layer.vectors, (height, width, rows, columns, stride, padding)


def test_taps_that_no_neuron_reads_take_no_memory():
    weights = np.zeros((2, 5, 5, 3), np.int8)
    weights[:, 1:3, 2:4] = 1
    layer = Conv2d("conv", weights, np.array([5, 7], np.int32), 6, 8, 1, 2, 1)
    view = Geometry.of(layer)
    assert (view.up, view.down, view.left, view.right) == (1, 0, 0, 1)
    assert view.memories == 2
    maps = random_maps(layer, 3)
    assert rtl_map(WiredConv2d(layer, Wired(2)), layer, maps).words == ref_map(layer, maps)


def test_a_wrong_pad_bit_would_be_seen():
    layer = create("same")
    other = Conv2d(layer.name, layer.weights, layer.thresholds, layer.height, layer.width,
                   padding=1, pad_bit=1)
    maps = random_maps(layer, 3)
    assert (golden.outputs(layer, maps) != golden.outputs(other, maps)).any()
    assert rtl_map(WiredConv2d(other, Wired(2)), other, maps).words != ref_map(layer, maps)
