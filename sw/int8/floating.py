"""Layers of an int8 network that stay float: LSTM; and the float arithmetic that all models share.

Every operation is one of float32, rounded once, in the order given here. So numpy, PyTorch and C
give the same bits without one library's exponential.
"""

from dataclasses import dataclass
from math import isfinite
from typing import ClassVar

import numpy as np

from .layer import HIGH, KINDS, LOW, Layer, kind


__all__ = ["KINDS", "LastStep", "Lstm"]


# exp(x) = 2**n * p(x - n * ln 2): ln 2 in two parts, and the Taylor coefficients from the highest.
LOG2E, LN2_HIGH, LN2_LOW = 1.44269502, 0.693359375, -2.12194442e-4
COEFFICIENTS = (1 / 720, 1 / 120, 1 / 24, 1 / 6, 0.5, 1.0, 1.0)
REACH = 80.0  # greater magnitudes are cut: neither overflow nor subnormal numbers


@kind("lstm")
@dataclass(frozen=True, eq=False)
class Lstm(Layer):
    """LSTM over the rows of (steps, features), float32; its inputs and outputs are int8.

    Attributes
    ----------
    weights : ndarray of float32, shape (4 * units, features)
        Of input, forget, cell and output gate, as PyTorch has them.
    recurrent : ndarray of float32, shape (4 * units, units)
        Weights of the units' last values.
    bias : ndarray of float32, shape (4 * units,)
        Sum of both biases.
    input_scale : float
        Scale of its input.
    input_zero : int
        Zero point of its input.
    """

    weights: np.ndarray
    recurrent: np.ndarray
    bias: np.ndarray
    input_scale: float
    input_zero: int

    integer = False
    arrays: ClassVar[dict] = {"weights": ("float32", 2), "recurrent": ("float32", 2),
                              "bias": ("float32", 1)}

    def __post_init__(self):
        super().__post_init__()
        self._within("input_zero", LOW, HIGH)
        units = self.units
        if self.recurrent.shape != (4 * units, units) or len(self.weights) != 4 * units \
                or self.bias.shape != (4 * units,):
            raise ValueError(f"Layer {self.name!r} must have weights of four gates of each unit")
        if not all(np.isfinite(getattr(self, name)).all() for name in self.arrays) \
                or not (isfinite(self.input_scale) and self.input_scale > 0):
            raise ValueError(f"Weights of layer {self.name!r} must be finite")

    @property
    def units(self):
        return self.recurrent.shape[1]

    def made(self, shape):
        if len(shape) != 2 or shape[1] != self.weights.shape[1]:
            raise ValueError(f"Layer {self.name!r} must take rows of {self.weights.shape[1]} "
                             f"features: {shape}")
        return shape[0], self.units

    def macs(self, shape):
        return shape[0] * (self.weights.size + self.recurrent.size)


@kind("last_step")
@dataclass(frozen=True, eq=False)
class LastStep(Layer):
    """Last row of (steps, units)."""

    def made(self, shape):
        if len(shape) != 2:
            raise ValueError(f"Layer {self.name!r} must take a sequence: {shape}")
        return (shape[1],)
