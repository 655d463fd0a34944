"""Writes layers of weights: matrix products and convolutions, thresholds, scores."""

import numpy as np

from ...layer.conv2d import Conv2d
from ...layer.dense import Dense
from ...layer.integer import IntegerConv2d, IntegerDense
from ...layer.scores import Scores
from ...layer.scores2d import Scores2d
from .sheet import WRITERS


@WRITERS.register(Dense)
def write_dense(layer, sheet):
    sheet.as_vector()
    sheet.node("MatMul", sheet.weights(layer.weights.T))
    sheet.fire(2 * layer.thresholds - layer.fan_in)


@WRITERS.register(IntegerDense)
def write_integer_dense(layer, sheet):
    sheet.exactly(layer, int(np.abs(layer.bounds).max()) + 1)
    sheet.as_vector()
    sheet.node("MatMul", sheet.weights(layer.weights.T))
    sheet.fire(layer.thresholds)


@WRITERS.register(Conv2d)
def write_conv(layer, sheet):
    _convolve(layer, sheet, 2 * layer.pad_bit - 1)
    _fire_map(sheet, 2 * layer.thresholds - layer.fan_in)


@WRITERS.register(IntegerConv2d)
def write_integer_conv(layer, sheet):
    sheet.exactly(layer, int(np.abs(layer.bounds).max()) + 1)
    _convolve(layer, sheet, layer.pad_value)
    _fire_map(sheet, layer.thresholds)


@WRITERS.register(Scores)
def write_scores(layer, sheet):
    sheet.exactly(layer, max(map(abs, layer.bounds)))
    sheet.as_vector()
    sheet.node("MatMul", sheet.weights(layer.weights.T))
    sheet.node("Add", sheet.constant(layer.bias.astype(np.float32), "bias"))


@WRITERS.register(Scores2d)
def write_scores2d(layer, sheet):
    sheet.exactly(layer, max(map(abs, layer.bounds)))
    sheet.as_map(layer.takes.extents)
    sheet.node("Conv", sheet.weights(layer.weights[:, :, None, None]), kernel_shape=[1, 1])
    sheet.node("ReduceSum", sheet.constant(np.array([2, 3]), "axes"), keepdims=0)
    sheet.map = None
    sheet.node("Add", sheet.constant(layer.bias.astype(np.float32), "bias"))


def _convolve(layer, sheet, around):
    """Write padding by a value, and the convolution."""
    sheet.as_map(layer.takes.extents)
    if layer.padding:
        amounts = [0, 0, layer.padding, layer.padding] * 2
        sheet.node("Pad", sheet.constant(np.array(amounts), "pads"),
                   sheet.constant(np.float32(around), "around"), mode="constant")
    kernel = sheet.weights(layer.weights.transpose(0, 3, 1, 2))
    sheet.node("Conv", kernel, kernel_shape=list(layer.kernel), strides=[layer.stride] * 2,
               pads=[0, 0, 0, 0])
    sheet.map = layer.gives.extents


def _fire_map(sheet, thresholds):
    sheet.fire(thresholds[:, None, None])
