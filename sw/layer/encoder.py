"""Encoder: integers to bits, by a thermometer code."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .check import LEVELS_LIMIT, check_range
from .kind import Array, Layer, kind
from .shape import Shape


@kind
@dataclass(frozen=True, eq=False)
class Encoder(Layer):
    """Thermometer code: bit ``l`` of input ``i`` is ``input[i] >= thresholds[i, l]``.

    Encoded bit ``i * levels + l`` is level ``l`` of input ``i``.

    Attributes
    ----------
    name : str
        Name in reports and error messages.
    thresholds : ndarray of int32, shape (inputs, levels)
        In ``0..2**input_bits``, not decreasing along a row. Read-only.
    input_bits : int
        Width of an unsigned input, 1 to 16.
    """

    kind = "encoder"
    arrays = (
        Array("thresholds", "int32", ("input", "level"),
              "in `0..2**input_bits`, not decreasing along a row; at most 256 levels",
              compared=True),
        Array("input_bits", "int32", (), "width of an input, 1 to 16; images have 8", 1, 16),
    )
    takes_pixels = True
    keeps_places = True

    name: str
    thresholds: np.ndarray
    input_bits: int = 8

    def check(self):
        check_range(self, "thresholds", 0, 2**self.input_bits)
        if self.levels > LEVELS_LIMIT:
            raise ValueError(f"Levels of layer {self.name!r} must be in 1..{LEVELS_LIMIT}: "
                             f"{self.levels}")
        if (np.diff(self.thresholds, axis=1) < 0).any():
            raise ValueError(f"Thresholds of layer {self.name!r} must not decrease from level to "
                             f"level (sort each row)")

    @classmethod
    def uniform(cls, inputs, thresholds=(128,), input_bits=8, name="encoder"):
        """Return an encoder with the same thresholds for every input.

        Inputs are integers, so a threshold of 127.5 equals one of 128, which the encoder holds.
        """
        row = np.asarray(thresholds)
        if row.size and row.dtype.kind == "f" and ((row > 0) & (row < 1)).all():
            raise ValueError(f"Thresholds of layer {name!r} must be in the unit of the inputs, "
                             f"0..{2**input_bits}: {', '.join(map(str, row.ravel().tolist()))} "
                             f"(multiply thresholds of inputs in 0..1 by {2**input_bits - 1})")
        return cls(name, np.tile(row, (inputs, 1)), input_bits)

    @cached_property
    def takes(self):
        return Shape((self.thresholds.shape[0],), self.input_bits)

    @cached_property
    def gives(self):
        return Shape((self.thresholds.size,))

    @property
    def levels(self):
        return self.thresholds.shape[1]

    @cached_property
    def shift(self):
        """Number of low bits of an input that no threshold depends on."""
        joined = int(np.bitwise_or.reduce(self.thresholds, axis=None))
        zeros = (joined & -joined).bit_length() - 1 if joined else self.input_bits
        return min(zeros, self.input_bits - 1)

    @property
    def pixel_bits(self):
        """Bits of an input that the hardware takes: ``input >> shift``."""
        return self.input_bits - self.shift
