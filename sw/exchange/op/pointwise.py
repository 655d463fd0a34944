"""Operators that treat each value of a tensor on its own: arithmetic, BatchNorm, clips, casts.

Every function computes in the type of its tensors, float32 in practice, and rounds after each
operation, as PyTorch and onnxruntime do.
"""

import numpy as np

from ..root import Addresses
from .kind import Op, check_size, constant, register


class Pointwise(Op):
    """An operator of one tensor and constants.

    Attributes
    ----------
    channels : bool
        Whether constants are one a channel, the second extent. Otherwise their shapes extend as
        NumPy's do.
    """

    channels = False
    role = "arithmetic"

    def function(self, node, swapped=False):
        """Return a function of values and of arrays that extend to them.

        ``swapped``: the live tensor is the second input.
        """
        raise NotImplementedError

    def constants(self, node, values):
        """Return the constants of a node, arrays; the tensor that is not constant is left out."""
        return [value for value in values[1:] if value is not None]

    def compute(self, node, values, live):
        constants = self.constants(node, values)
        if self.channels:
            extents = (1, -1, *[1] * (values[0].ndim - 2))
            constants = [value.reshape(extents) for value in constants]
        check_size(node, values[0].shape, *(value.shape for value in constants))
        return [self.function(node)(values[0], *constants)]

    def trace(self, node, values, walk):
        signal, constants = walk.signal(node, values, 0), self.constants(node, values)
        for place, value in enumerate(constants):
            constant(node, constants, place, f"input {place + 1}")
            if self.channels and value.shape != signal.shape[1:2]:
                raise ValueError(f"{node} must have one constant a channel: {value.shape}, not "
                                 f"{signal.shape[1:2]}")
        if self.channels:
            constants = [value.reshape(1, -1, *[1] * (len(signal.shape) - 2))
                         for value in constants]
        return [signal.then(node, self.function(node), constants)]


class Binary(Pointwise):
    """An operator of two tensors, one of which must be constant."""

    ufunc = None

    def function(self, node, swapped=False):
        ufunc = type(self).ufunc
        return (lambda x, y: ufunc(y, x)) if swapped else ufunc

    def compute(self, node, values, live):
        check_size(node, *(value.shape for value in values))
        return [type(self).ufunc(*values)]

    def trace(self, node, values, walk):
        live = [place for place, value in enumerate(values) if not isinstance(value, np.ndarray)]
        if len(live) != 1 or len(values) != 2:
            raise ValueError(f"{node} must have a constant as one of its inputs: both depend on "
                             f"the image (two branches fit no layer)")
        place, = live
        return [walk.signal(node, values, place).then(
            node, self.function(node, swapped=place == 1), [values[1 - place]])]


@register("Add")
class Add(Binary):
    ufunc = np.add


@register("Sub")
class Sub(Binary):
    ufunc = np.subtract


@register("Mul")
class Mul(Binary):
    ufunc = np.multiply


@register("Div")
class Div(Binary):
    @staticmethod
    def ufunc(x, y):
        """Divide; integers, as ONNX says, are cut towards zero."""
        if x.dtype.kind in "iu" and y.dtype.kind in "iu":
            if not np.all(y):
                raise ValueError("Divisor of an integer must not be 0: it is")
            return np.trunc(x / y).astype(x.dtype)
        return np.divide(x, y)


@register("Neg")
class Neg(Pointwise):
    def function(self, node, swapped=False):
        return np.negative


@register("Relu")
class Relu(Pointwise):
    def function(self, node, swapped=False):
        return lambda x: np.maximum(x, x.dtype.type(0))


@register("Tanh")
class Tanh(Pointwise):
    def function(self, node, swapped=False):
        return np.tanh


@register("Clip")
class Clip(Pointwise):
    def function(self, node, swapped=False):
        low, high = node.get("min"), node.get("max")  # before opset 11
        given = [len(node.inputs) > place and bool(node.inputs[place]) for place in (1, 2)]

        def clip(x, *bounds):
            bounds = list(bounds)
            least = bounds.pop(0) if given[0] else low
            most = bounds.pop(0) if given[1] else high
            if least is not None:
                x = np.maximum(x, np.asarray(least, x.dtype))
            if most is not None:
                x = np.minimum(x, np.asarray(most, x.dtype))
            return x

        return clip


@register("BatchNormalization")
class BatchNormalization(Pointwise):
    """BatchNorm of evaluation, each operation rounded in PyTorch's order."""

    channels = True

    def function(self, node, swapped=False):
        eps = np.float32(node.get("epsilon", 1e-5))
        if node.get("training_mode", 0):
            raise ValueError(f"{node} must be in evaluation mode: training_mode is "
                             f"{node.get('training_mode')} (call model.eval() before the export)")
        if len([name for name in node.inputs if name]) != 5:
            raise ValueError(f"{node} must have five inputs: {len(node.inputs)}")

        def normalize(x, scale, bias, mean, variance):
            return (x - mean) * (scale / np.sqrt(variance + eps)) + bias

        return normalize

    def trace(self, node, values, walk):
        for place, what in enumerate(("scale", "bias", "mean", "variance"), 1):
            value = constant(node, values, place, what)
            if not np.isfinite(value).all():
                raise ValueError(f"{node} must have a finite {what}: NaN or infinity is among it")
        if (values[4] + np.float32(node.get("epsilon", 1e-5)) <= 0).any():
            raise ValueError(f"{node} must have a variance above 0: {values[4].min()}")
        return super().trace(node, values, walk)


FLOATS = (1, 11)  # ONNX's float32 and float64
TYPES = {1: np.float32, 2: np.uint8, 3: np.int8, 6: np.int32, 7: np.int64, 9: np.bool_,
         11: np.float64}


@register("Cast")
class Cast(Pointwise):
    def function(self, node, swapped=False):
        return lambda x: x.astype(TYPES[node.get("to")])

    def compute(self, node, values, live):
        if node.get("to") not in TYPES:
            raise ValueError(f"{node} must be a cast to a common type: {node.get('to')}")
        return super().compute(node, values, live)

    def trace(self, node, values, walk):
        whole = isinstance(walk.signal(node, values, 0).root, Addresses)
        if node.get("to") not in FLOATS and not (whole and node.get("to") in (6, 7)):
            raise ValueError(f"{node} must be a cast to float: to ONNX's type {node.get('to')}")
        function = self.function(node) if whole else lambda x: x
        return [walk.signal(node, values, 0).then(node, function, [])]


@register("Identity", "Dropout")
class Identity(Pointwise):
    def constants(self, node, values):
        return []

    def function(self, node, swapped=False):
        return lambda x: x


@register("Constant")
class Constant(Op):
    def compute(self, node, values, live):
        found = [value for name, value in node.attributes.items() if name.startswith("value")]
        if len(found) != 1 or isinstance(found[0], str):
            raise ValueError(f"{node} must have one value of numbers: {len(found)}")
        whole = any(name.startswith("value_int") for name in node.attributes)
        value = found[0]
        return [value if isinstance(value, np.ndarray)
                else np.array(value, np.int64 if whole else np.float32)]
