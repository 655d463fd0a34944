"""Targets of compression: int8 networks and float checkpoints."""

import numpy as np
import torch
from hypothesis import strategies as st

from sw.golden.int8 import Int8Model
from sw.int8 import network as int8
from tests.int8 import images, networks
from train.compress import checkpoint
from train.compress.network import build

from .arrays import written
from .mutate import arrays_of, changed_arrays, damaged
from .target import Target


def int8_seeds():
    return [written(int8.save, network) for network in networks().values()]


def sign(arrays):
    """Give a file the identity of its content, as somebody could who means harm."""
    try:
        return {**arrays, "identity": np.array(int8.parse(arrays).identity)}
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return arrays


def int8_inputs(kept):
    seeds = int8_seeds()
    arrays = [arrays_of(seed) for seed in seeds]
    return st.one_of(changed_arrays(arrays, sign), changed_arrays(arrays),
                     damaged([*seeds, *kept]))


def int8_holds(read, path):
    """It is what was saved, and its scores are int8."""
    again = path.with_name("again.npz")
    int8.save(again, read)
    assert int8.load(again).identity == read.identity
    scores = Int8Model(read).scores(images(read, 2))
    assert scores.shape == (2, read.classes)
    assert -128 <= scores.min() <= scores.max() <= 127


def float_seeds():
    texts = {"conv 2 norm, pool, dense 3 nobias, scores": (1, 4, 4), "dense 3 linear, scores": (5,)}
    return [written(checkpoint.save, checkpoint.FloatCheckpoint(
        build(text, shape, 3), ("a", "b", "c"), shape[-2:])) for text, shape in texts.items()]


def float_inputs(kept):
    seeds = float_seeds()
    return st.one_of(changed_arrays([arrays_of(seed) for seed in seeds]),
                     damaged([*seeds, *kept]))


def float_holds(read, path):
    """It is what was saved, and gives a number for each class."""
    again = path.with_name("again.npz")
    checkpoint.save(again, read)
    own, other = read.network.state_dict(), checkpoint.load(again).network.state_dict()
    assert all(torch.equal(value, other[name]) for name, value in own.items())
    with torch.no_grad():
        assert read.network(torch.zeros(1, *read.network.input_shape)).shape == (
            1, len(read.labels))


TARGETS = (
    Target("int8", "x.int8.npz", int8.load, int8_inputs, int8_holds),
    Target("float", "x.float.npz", checkpoint.load, float_inputs, float_holds),
)
