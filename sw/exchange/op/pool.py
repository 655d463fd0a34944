"""Pools: the greatest value of each square of a map."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .. import weighted
from ..tensor import short
from .kind import Op, constant, integers, register


@register("MaxPool")
class MaxPool(Op):
    role = "pool"

    def compute(self, node, values, live):
        x = values[0]
        size = self.size(node, x.shape)
        rows, columns = x.shape[2] // size, x.shape[3] // size
        x = x[:, :, :rows * size, :columns * size]
        windows = sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::size, ::size]
        return [np.ascontiguousarray(windows.max(axis=(4, 5)))]

    def trace(self, node, values, walk):
        signal = walk.signal(node, values, 0)
        return [walk.pool(node, signal, self.size(node, signal.shape))] * len(node.outputs)

    @staticmethod
    def size(node, shape):
        """Return rows and columns of a square, one int."""
        kernel = node.get("kernel_shape", ())
        strides = node.get("strides", (1,) * len(kernel))
        if len(shape) != 4 or len(kernel) != 2 or kernel[0] != kernel[1] or kernel != strides \
                or not 2 <= kernel[0] <= 7:
            raise ValueError(f"{node} must pool squares of 2 to 7 that lie side by side: kernel "
                             f"{short(kernel)}, strides {short(strides)}")
        size = kernel[0]
        auto = node.get("auto_pad", "NOTSET")
        if any(node.get("pads", ())) or set(node.get("dilations", (1,))) != {1} \
                or auto not in ("NOTSET", "VALID") \
                or (node.get("ceil_mode", 0) and any(side % size for side in shape[2:])):
            raise ValueError(f"{node} must pool without padding, dilation and ceil_mode")
        if size > min(shape[2:]):
            raise ValueError(f"{node} must pool squares within the map: {size} of {shape[2:]}")
        return size


class Summary(Op):
    """Base of sums and means over all positions of a map."""

    role = "sum over positions"

    def axes(self, node, values):
        """Return the axes, and whether they stay as extents of 1."""
        raise NotImplementedError

    def reduced(self, x, axes, keep):
        raise NotImplementedError

    def divisor(self):
        """Return what the sum is divided by; None for the number of positions."""

    def compute(self, node, values, live, step=None):
        axes, keep = self.axes(node, values)
        made = self.reduced(values[0].astype(np.float64), axes, keep)
        return [made.astype(values[0].dtype) if step is None
                else (made * step).astype(np.float32)]

    def trace(self, node, values, walk):
        signal = walk.signal(node, values, 0)
        axes, keep = self.axes(node, values)
        if len(signal.shape) != 4 or sorted(axis % 4 for axis in axes) != [2, 3]:
            raise ValueError(f"{node} must sum over the rows and columns of a map: axes {axes} of "
                             f"shape {signal.shape}")
        made = weighted.means(walk, node, signal, self.divisor())
        return [made if keep else made.moved(made.source[:, :, 0, 0])]


@register("GlobalAveragePool")
class GlobalAveragePool(Summary):
    def axes(self, node, values):
        return (2, 3), True

    def reduced(self, x, axes, keep):
        return x.mean(axis=axes, keepdims=keep)


@register("ReduceMean")
class ReduceMean(Summary):
    def axes(self, node, values):
        given = constant(node, values, 1, "list of axes") if len(values) > 1 \
            else np.array(node.get("axes", ()), np.int64)
        axes = integers(node, given, "axes")
        if any(not -4 <= axis < 4 for axis in axes):
            raise ValueError(f"{node} must have axes of a map: {axes}")
        return axes, bool(node.get("keepdims", 1))

    def reduced(self, x, axes, keep):
        return x.mean(axis=axes, keepdims=keep)


@register("ReduceSum")
class ReduceSum(ReduceMean):
    def reduced(self, x, axes, keep):
        return x.sum(axis=axes, keepdims=keep)

    def divisor(self):
        return 1
