"""Layers of an int8 network: frozen, checked, with the arguments that CMSIS-NN's functions take.

A value is int8 with one scale and zero point: it stands for ``scale * (value - zero)``. Maps are
(rows, columns, channels), position by position.
"""

from dataclasses import dataclass
from math import isfinite, prod
from typing import ClassVar

import numpy as np

from ..layer.check import freeze
from .rounding import SHIFTS


LOW, HIGH = -128, 127
SIZE_LIMIT = 2**24  # values of a layer's output
KINDS = {}  # name of a kind to its class


def kind(name):
    """Return a decorator that names a kind of layer."""
    def decorate(cls):
        cls.kind = name
        KINDS[name] = cls
        return cls
    return decorate


@dataclass(frozen=True, eq=False)
class Layer:
    """Base of all layers.

    Attributes
    ----------
    name : str
        Name of the layer, which is not empty and the network's only such one.
    inputs : tuple of str
        Names of the layers whose values it takes.
    scale : float
        Value of a step of its output.
    zero : int
        Zero point of its output.
    """

    name: str
    inputs: tuple
    scale: float
    zero: int

    kind = ""
    integer = True  # whether it computes with integers alone
    arrays: ClassVar[dict] = {}  # name of an array to its dtype and number of axes
    takes = 1  # values that it takes

    def __post_init__(self):
        object.__setattr__(self, "inputs", tuple(self.inputs))
        for name, (dtype, axes) in self.arrays.items():
            value = getattr(self, name)
            if not isinstance(value, np.ndarray) or value.dtype != dtype or value.ndim != axes \
                    or 0 in value.shape:
                raise ValueError(f"Array {name!r} of layer {self.name!r} must be {dtype} with "
                                 f"{axes} axes, not empty")
        freeze(self, *self.arrays)
        if len(self.inputs) != self.takes:
            raise ValueError(f"Layer {self.name!r} must take {self.takes} values: "
                             f"{', '.join(self.inputs)}")
        if not (isfinite(self.scale) and self.scale > 0):
            raise ValueError(f"Scale of layer {self.name!r} must be above 0: {self.scale}")
        self._within("zero", LOW, HIGH)

    def _within(self, name, low, high):
        value = getattr(self, name)
        values = value if isinstance(value, tuple) else (value,)
        if not all(type(item) is int and low <= item <= high for item in values):
            raise ValueError(f"{name.capitalize()} of layer {self.name!r} must be in {low}..{high}:"
                             f" {value}")

    def made(self, *shapes):
        """Return the shape of the output for inputs of shapes; raise ValueError if none fits."""
        raise NotImplementedError

    @property
    def learnable_bytes(self):
        """Octets of weights, biases and factors."""
        return sum(getattr(self, name).nbytes for name in self.arrays)

    def macs(self, shape):
        """Products of an image, for an output of a shape."""
        return 0


@kind("input")
@dataclass(frozen=True, eq=False)
class Input(Layer):
    """Pixels: 128 is subtracted, so that scale 1/255 and zero point -128 stand for pixel / 255."""

    shape: tuple

    takes = 0

    def made(self):
        return self.shape


@dataclass(frozen=True, eq=False)
class Weighted(Layer):
    """Base of layers of products: per neuron a bias, a multiplier and a shift.

    Attributes
    ----------
    weights : ndarray of int8
        Neurons first.
    bias, multiplier, shift : ndarray of int32, shape (neurons,)
        Added to the products; factor of the sum, see :mod:`sw.int8.rounding`.
    input_zero : int
        Zero point of its input.
    low, high : int
        Bounds of its output: a ReLU is ``low = zero``.
    """

    weights: np.ndarray
    bias: np.ndarray
    multiplier: np.ndarray
    shift: np.ndarray
    input_zero: int
    low: int
    high: int

    arrays: ClassVar[dict] = {"bias": ("int32", 1), "multiplier": ("int32", 1),
                              "shift": ("int32", 1)}

    def __post_init__(self):
        super().__post_init__()
        self._within("input_zero", LOW, HIGH)
        self._within("low", LOW, HIGH)
        self._within("high", self.low, HIGH)
        neurons = len(self.weights)
        for name in ("bias", "multiplier", "shift"):
            if len(getattr(self, name)) != neurons:
                raise ValueError(f"Array {name!r} of layer {self.name!r} must have a value for "
                                 f"each of {neurons} neurons: {len(getattr(self, name))}")
        if self.multiplier.min() < 0 or not SHIFTS[0] <= self.shift.min() <= self.shift.max() \
                <= SHIFTS[1]:
            raise ValueError(f"Factors of layer {self.name!r} must have multipliers from 0 up and "
                             f"shifts in {SHIFTS[0]}..{SHIFTS[1]}")
        self._check_sums()

    def _check_sums(self):
        """Refuse sums that 32 bits do not hold: C would wrap around."""
        far = max(HIGH - self.input_zero, self.input_zero - LOW)
        flat = self.weights.reshape(len(self.weights), -1).astype(np.int64)
        most = np.abs(self.bias.astype(np.int64)) + far * np.abs(flat).sum(1)
        over = most >= np.int64(2**31) >> np.maximum(self.shift, 0).astype(np.int64)
        if over.any():
            raise ValueError(f"Sums of layer {self.name!r} must fit into 32 bits: those of neuron "
                             f"{int(over.argmax())} do not (its inputs are too many, or its scale "
                             f"too small)")


@kind("fully_connected")
@dataclass(frozen=True, eq=False)
class FullyConnected(Weighted):
    """Products with all inputs; a map is taken flat, channels of a position together."""

    arrays: ClassVar[dict] = {"weights": ("int8", 2), **Weighted.arrays}

    def made(self, shape):
        if prod(shape) != self.weights.shape[1]:
            raise ValueError(f"Layer {self.name!r} must take {self.weights.shape[1]} values: "
                             f"{prod(shape)}")
        return (len(self.weights),)

    def macs(self, shape):
        return self.weights.size


@kind("convolution")
@dataclass(frozen=True, eq=False)
class Convolution(Weighted):
    """Products with windows. Positions outside of the map are zero points.

    Attributes
    ----------
    weights : ndarray of int8, shape (neurons, rows, columns, channels)
    stride, padding, dilation : tuple of int
        Of rows and columns. Both sides are padded alike.
    """

    stride: tuple
    padding: tuple
    dilation: tuple

    arrays: ClassVar[dict] = {"weights": ("int8", 4), **Weighted.arrays}

    def __post_init__(self):
        super().__post_init__()
        self._within("stride", 1, 255)
        self._within("padding", 0, 255)
        self._within("dilation", 1, 255)

    def made(self, shape):
        _check_map(self, shape, self.weights.shape[3])
        kernel = [1 + (size - 1) * step for size, step in
                  zip(self.weights.shape[1:3], self.dilation, strict=True)]
        return *_positions(self, shape, kernel), len(self.weights)

    def macs(self, shape):
        return self.weights.size * prod(shape[:2])


@dataclass(frozen=True, eq=False)
class Pool(Layer):
    """Base of pools.

    Attributes
    ----------
    kernel, stride, padding : tuple of int
        Of rows and columns.
    """

    kernel: tuple
    stride: tuple
    padding: tuple

    def __post_init__(self):
        super().__post_init__()
        self._within("kernel", 1, 255)
        self._within("stride", 1, 255)
        for pad, size in zip(self.padding, self.kernel, strict=True):
            if not (isinstance(pad, int) and 0 <= 2 * pad <= size):
                raise ValueError(f"Padding of layer {self.name!r} must be at most half of its "
                                 f"kernel: {self.padding}")

    def made(self, shape):
        _check_map(self, shape)
        return *_positions(self, shape, self.kernel), shape[2]


@kind("max_pool")
@dataclass(frozen=True, eq=False)
class MaxPool(Pool):
    """Greatest value of squares; positions outside of the map do not count."""


@kind("average_pool")
@dataclass(frozen=True, eq=False)
class AveragePool(Pool):
    """Mean value of squares, rounded to the nearest, half away from zero."""

    def __post_init__(self):
        super().__post_init__()
        if any(self.padding):
            raise ValueError(f"Layer {self.name!r} must have no padding: {self.padding}")


@kind("relu")
@dataclass(frozen=True, eq=False)
class Relu(Layer):
    """Values below the zero point become the zero point."""

    def made(self, shape):
        return shape


@kind("add")
@dataclass(frozen=True, eq=False)
class Add(Layer):
    """Sum of two values, each brought to a common scale.

    Attributes
    ----------
    input_zeros : tuple of int
        Zero points of both inputs.
    multipliers, shifts : tuple of int
        Factors of the first and the second input, times ``2**SHIFT``, and of the sum.
    low, high : int
        Bounds of the output.
    """

    input_zeros: tuple
    multipliers: tuple
    shifts: tuple
    low: int
    high: int

    takes = 2
    SHIFT = 20  # bits that both inputs are shifted left, as TensorFlow Lite has it

    def __post_init__(self):
        super().__post_init__()
        self._within("input_zeros", LOW, HIGH)
        self._within("multipliers", 0, 2**31 - 1)
        self._within("shifts", -31, 0)
        self._within("low", LOW, HIGH)
        self._within("high", self.low, HIGH)
        if (len(self.input_zeros), len(self.multipliers), len(self.shifts)) != (2, 3, 3):
            raise ValueError(f"Layer {self.name!r} must have two zero points and three factors")

    def made(self, first, second):
        if first != second:
            raise ValueError(f"Layer {self.name!r} must add values of one shape: {first}, {second}")
        return first


@kind("reshape")
@dataclass(frozen=True, eq=False)
class Reshape(Layer):
    """The same values in another shape, in the order of this project's maps."""

    shape: tuple

    def made(self, shape):
        if prod(shape) != prod(self.shape):
            raise ValueError(f"Layer {self.name!r} must keep its values: {shape} to {self.shape}")
        return self.shape


def _check_map(layer, shape, channels=None):
    if len(shape) != 3 or channels not in (None, shape[2]):
        raise ValueError(f"Layer {layer.name!r} must take a map of {channels or 'any'} channels: "
                         f"{shape}")


def _positions(layer, shape, kernel):
    """Return rows and columns of windows over a map."""
    if any(len(value) != 2 for value in (layer.stride, layer.padding, kernel)):
        raise ValueError(f"Layer {layer.name!r} must have two strides, paddings and sides")
    sides = tuple((side + 2 * pad - size) // step + 1 for side, pad, size, step in
                  zip(shape, layer.padding, kernel, layer.stride, strict=False))
    if min(sides) < 1:
        raise ValueError(f"Layer {layer.name!r} must have a window that fits into {shape[0]} x "
                         f"{shape[1]}: {kernel[0]} x {kernel[1]}")
    return sides
