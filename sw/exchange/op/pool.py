"""Pools: the greatest value of each square of a map."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..tensor import short
from .kind import Op, register


@register("MaxPool")
class MaxPool(Op):
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
