"""Int8 networks of random weights, which together have all kinds of layers."""

import numpy as np

from sw.int8 import floating, layer
from sw.int8.network import Int8Network
from sw.int8.rounding import multiplier_of


SCALE = 0.05


def _weighted(rng, shape, scale=SCALE, zero=0, low=-128):
    """Return the facts of a weighted layer of random weights, neurons first."""
    fan_in = np.prod(shape[1:])
    factors = [multiplier_of(rng.uniform(0.5, 2) / (60 * fan_in**0.5)) for _ in range(shape[0])]
    multiplier, shift = np.array(factors, dtype=np.int32).T
    return {"weights": rng.integers(-127, 128, shape).astype(np.int8),
            "bias": rng.integers(-3000, 3000, shape[0]).astype(np.int32),
            "multiplier": multiplier.copy(), "shift": shift.copy(), "input_zero": zero,
            "low": low, "high": 127}


def _dense(rng, name, before, inputs, neurons, zero):
    return layer.FullyConnected(name, (before,), SCALE, 3, **_weighted(
        rng, (neurons, inputs), zero=zero))


def _conv(rng, name, before, shape, zero, low=-128, **facts):
    facts = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), **facts}
    return layer.Convolution(name, (before,), SCALE, -7, **_weighted(
        rng, shape, zero=zero, low=low), **facts)


def maps(rng):
    """Return a network with each kind of layer over maps."""
    factors = [multiplier_of(factor) for factor in (0.5, 0.43, 2**-20 / 0.9)]
    multipliers, shifts = zip(*factors, strict=True)
    return Int8Network((
        layer.Input("input", (), 1 / 255, -128, (9, 11, 3)),
        _conv(rng, "one", "input", (5, 3, 3, 3), -128, low=-7, padding=(1, 1)),
        _conv(rng, "two", "one", (5, 3, 3, 5), -7, padding=(2, 2), dilation=(2, 2)),
        layer.Add("sum", ("one", "two"), SCALE, 4, (-7, -7), multipliers, shifts, -100, 127),
        layer.MaxPool("most", ("sum",), SCALE, 4, (3, 2), (2, 2), (1, 0)),
        _conv(rng, "three.wide", "most", (6, 2, 3, 5), 4, stride=(1, 2)),
        layer.Relu("cut", ("three.wide",), SCALE, -7),
        layer.AveragePool("mean", ("cut",), SCALE, -7, (2, 2), (2, 1), (0, 0)),
        layer.Reshape("flat", ("mean",), SCALE, -7, (12,)),
        _dense(rng, "scores", "flat", 12, 4, -7),
    ), "abcd", (9, 11, 3))


def vector(rng):
    """Return a network of two fully connected layers over pictures."""
    return Int8Network((
        layer.Input("input", (), 1 / 255, -128, (6, 7, 1)),
        _dense(rng, "one", "input", 42, 17, -128),
        _dense(rng, "scores", "one", 17, 3, 3),
    ), "abc", (6, 7))


def sequence(rng):
    """Return a network with an LSTM and a softmax."""
    units, features = 5, 8
    return Int8Network((
        layer.Input("input", (), 1 / 255, -128, (6, features, 1)),
        layer.Reshape("rows", ("input",), 1 / 255, -128, (6, features)),
        floating.Lstm("lstm", ("rows",), 1 / 127, 0,
                      rng.normal(0, 0.8, (4 * units, features)).astype(np.float32),
                      rng.normal(0, 0.8, (4 * units, units)).astype(np.float32),
                      rng.normal(0, 0.5, 4 * units).astype(np.float32), 1 / 255, -128),
        floating.LastStep("last", ("lstm",), 1 / 127, 0),
        _dense(rng, "scores", "last", units, 3, 0),
    ), "abc", (6, features), softmax=True)


def networks():
    """Return all networks by name."""
    return {make.__name__: make(np.random.default_rng(place))
            for place, make in enumerate((maps, vector, sequence))}


def images(network, count, seed=1):
    """Return random images of a network's shape; the first is black, the second white."""
    found = np.random.default_rng(seed).integers(0, 256, (count, *network.input_shape))
    found[:1], found[1:2] = 0, 255
    return found.astype(np.uint8)
