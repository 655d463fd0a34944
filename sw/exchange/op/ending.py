"""Operators behind the scores: they change no order of classes, or choose the first maximum."""

import numpy as np

from ..signal import Padded, Signal
from .kind import Op, integers, register


class Ending(Op):
    """An operator whose input is the scores. It must be the graph's last but for others of these.

    The comparison with the graph reads the tensor in front of the first ending.
    """

    is_ending = True
    role = "order of the scores"

    def axis(self, node, dimensions):
        return node.get("axis", -1)

    def trace(self, node, values, walk):
        signal = values[0]
        if isinstance(signal, Padded) or not isinstance(signal, Signal):
            raise ValueError(f"{node} must take the scores")
        axis, last = self.axis(node, len(signal.shape)), len(signal.shape) - 1
        if axis not in (-1, last) or signal.source.size != signal.shape[-1]:
            raise ValueError(f"{node} must choose among the classes, the last extent: axis {axis} "
                             f"of shape {signal.shape}")
        self.check(node, values, signal)
        walk.end(node, signal)
        return [signal] * len(node.outputs)

    def check(self, node, values, signal):
        """Raise ValueError where the operator is no first maximum."""


@register("Softmax", "LogSoftmax")
class Softmax(Ending):
    def axis(self, node, dimensions):
        return node.get("axis", 1 if node.version < 13 else -1)


@register("ArgMax")
class ArgMax(Ending):
    def axis(self, node, dimensions):
        return node.get("axis", 0)

    def check(self, node, values, signal):
        if node.get("select_last_index", 0):
            raise ValueError(f"{node} must choose the first maximum: select_last_index is 1")


@register("TopK")
class TopK(Ending):
    def check(self, node, values, signal):
        count = integers(node, values[1] if len(values) > 1 else np.array(node.get("k", 0)), "k")
        if len(count) != 1 or not 1 <= count[0] <= signal.shape[-1]:
            raise ValueError(f"{node} must choose 1 to {signal.shape[-1]} classes: {count}")
        if not node.get("largest", 1):
            raise ValueError(f"{node} must choose the greatest scores: largest is 0")
