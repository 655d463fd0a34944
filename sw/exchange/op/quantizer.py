"""Quantizers: operators that give few values, on a grid. A quantizer ends a layer."""

import numpy as np

from ..graph import QUANTIZED
from .kind import Op, check_size, constant, register


BITS_LIMIT = 16  # widest integers of a quantizer


def rounded(mode, node):
    """Return the function of a rounding mode of QONNX."""
    functions = {
        "ROUND": np.rint, "HALF_EVEN": np.rint, "CEIL": np.ceil, "FLOOR": np.floor,
        "DOWN": np.trunc, "UP": lambda x: np.sign(x) * np.ceil(np.abs(x)),
        "HALF_UP": lambda x: np.sign(x) * np.floor(np.abs(x) + np.float32(0.5)),
        "HALF_DOWN": lambda x: np.sign(x) * np.ceil(np.abs(x) - np.float32(0.5)),
    }
    if str(mode).upper() not in functions:
        raise ValueError(f"{node} must round in one of {', '.join(functions)}: {mode!r}")
    return functions[str(mode).upper()]


class Quantizer(Op):
    """An operator whose output is ``level(code(x))``, where the code is an integer in ``0..most``.

    The code never falls where x rises, so it is the number of thresholds that x reaches.
    """

    role = "thresholds"

    def constants(self, node, values):
        """Return the arrays that code and level take, which extend to the tensor."""
        raise NotImplementedError

    def most(self, node, values):
        """Return the greatest code."""
        raise NotImplementedError

    def code(self, node, values):
        """Return a function of x and the constants: the code, as float."""
        raise NotImplementedError

    def level(self, node, values):
        """Return a function of a code and the constants: the value."""
        raise NotImplementedError

    def compute(self, node, values, live):
        constants = self.constants(node, values)
        if not live and np.isnan(values[0]).any():
            raise ValueError(f"{node} must quantize numbers: NaN is among them (check the "
                             f"training)")
        check_size(node, values[0].shape, *(each.shape for each in constants))
        return [self.both(node, values)(values[0], *constants)]

    def both(self, node, values):
        """Return a function of x and the constants: the value of the code of x."""
        code, level = self.code(node, values), self.level(node, values)
        return lambda x, *constants: level(code(x, *constants), *constants)

    def trace(self, node, values, walk):
        signal = walk.signal(node, values, 0)
        for place in range(1, len(values)):
            if values[place] is not None:
                constant(node, values, place, f"input {place + 1}")
        return [walk.quantize(node, signal, self, values)]


def positive(node, scale):
    """Return a scale that must be finite and above 0."""
    if scale.dtype.kind != "f" or not np.isfinite(scale).all() or not (scale > 0).all():
        raise ValueError(f"{node} must have a scale above 0: {scale.ravel()[:3]} (check the "
                         f"export)")
    return scale


@register("BipolarQuant", domain=QUANTIZED)
class BipolarQuant(Quantizer):
    """``x >= 0`` gives the scale, everything else its opposite."""

    def constants(self, node, values):
        return [positive(node, constant(node, values, 1, "scale"))]

    def most(self, node, values):
        return 1

    def code(self, node, values):
        return lambda x, scale: (x >= 0).astype(np.float32)

    def level(self, node, values):
        return lambda code, scale: np.where(code > 0, scale, -scale)


@register("Sign")
class Sign(Quantizer):
    """-1, 0 or +1. Where no sum gives 0, the middle code never appears."""

    def constants(self, node, values):
        return []

    def most(self, node, values):
        return 2

    def code(self, node, values):
        return lambda x: np.sign(x) + np.float32(1)

    def level(self, node, values):
        return lambda code: code - np.float32(1)


@register("Quant", "IntQuant", domain=QUANTIZED)
class IntQuant(Quantizer):
    """Integers of some bits: clamped, then rounded, then scaled back."""

    def constants(self, node, values):
        zero = constant(node, values, 2, "zero point")
        if not np.isfinite(zero).all() or (zero != np.rint(zero)).any():
            raise ValueError(f"{node} must have a zero point of integers: {zero.ravel()[:3]}")
        return [positive(node, constant(node, values, 1, "scale")), zero]

    def limits(self, node, values):
        """Return least and greatest integer, and whether there are but two: -1 and +1."""
        width = constant(node, values, 3, "bit width")
        if width.size != 1 or not np.isfinite(width).all() \
                or float(width.ravel()[0]) not in range(1, BITS_LIMIT + 1):
            raise ValueError(f"{node} must have one bit width in 1..{BITS_LIMIT}: "
                             f"{width.ravel()[:3]}")
        bits, signed, narrow = int(width.ravel()[0]), node.get("signed", 1), node.get("narrow", 0)
        if signed and bits == 1:
            return -1, 1, True
        if signed:
            return -2**(bits - 1) + bool(narrow), 2**(bits - 1) - 1, False
        return 0, 2**bits - 1 - bool(narrow), False

    def most(self, node, values):
        low, high, bipolar = self.limits(node, values)
        if high == low:
            raise ValueError(f"{node} must give more than one value: its bits and narrow range "
                             f"leave {low} only")
        return 1 if bipolar else high - low

    def code(self, node, values):
        low, high, bipolar = self.limits(node, values)
        rounding = rounded(node.get("rounding_mode", "ROUND"), node)

        def code(x, scale, zero):
            y = x / scale + zero
            if bipolar:
                return (y >= 0).astype(np.float32)
            return rounding(np.minimum(np.maximum(y, np.float32(low)), np.float32(high))) \
                - np.float32(low)

        return code

    def level(self, node, values):
        low, _, bipolar = self.limits(node, values)
        step = np.float32(2 if bipolar else 1)
        return lambda code, scale, zero: (code * step + np.float32(low) - zero) * scale


@register("MultiThreshold", domain=QUANTIZED)
class MultiThreshold(Quantizer):
    """The number of thresholds of a channel that x reaches, scaled and shifted."""

    def constants(self, node, values):
        rows = self.rows(node, values)
        axis = 1 if self.first(node) else -1
        extents = [1, 1, 1, 1]
        dimensions = getattr(values[0], "ndim", None) or len(values[0].shape)
        extents = [1] * dimensions
        if len(rows) > 1:
            extents[axis] = len(rows)
        return [column.reshape(extents) for column in rows.T]

    def rows(self, node, values):
        rows = constant(node, values, 1, "array of thresholds")
        if rows.ndim != 2 or not rows.size or np.isnan(rows).any() \
                or (np.diff(rows, axis=1) < 0).any():
            raise ValueError(f"{node} must have a row of rising thresholds a channel: shape "
                             f"{rows.shape}")
        if rows.shape[1] >= 2**BITS_LIMIT:
            raise ValueError(f"{node} must have less than {2**BITS_LIMIT} thresholds: "
                             f"{rows.shape[1]}")
        return rows

    @staticmethod
    def first(node):
        """Whether channels are the second extent, and not the last."""
        layout = node.get("data_layout", "NCHW")
        if layout not in ("NCHW", "NC", "NHWC", "NHC", "NCW", "NWC"):
            raise ValueError(f"{node} must have the layout NCHW or NHWC: {layout!r}")
        return layout[1] == "C"

    def most(self, node, values):
        return self.rows(node, values).shape[1]

    def code(self, node, values):
        def code(x, *thresholds):
            return sum((x >= each).astype(np.float32) for each in thresholds)
        return code

    def level(self, node, values):
        scale, bias = (np.float32(node.get(name, default))
                       for name, default in (("out_scale", 1.0), ("out_bias", 0.0)))
        if not (np.isfinite(scale) and np.isfinite(bias)) or scale == 0:
            raise ValueError(f"{node} must have a finite out_scale, not 0, and out_bias: {scale}, "
                             f"{bias}")
        return lambda code, *thresholds: code * scale + bias
