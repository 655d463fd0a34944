"""Scaling: how the pixels of a dataset become the input of a graph, as its training did it."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Scaling:
    """``(pixel / divisor - mean) / deviation``, each operation rounded to float32.

    Attributes
    ----------
    divisor : float
        255, as torchvision's ToTensor, or 1 for graphs that take pixels as they are.
    mean, deviation : tuple of float
        As torchvision's Normalize: one number, or one a channel. Empty for none.
    """

    divisor: float = 255.0
    mean: tuple = ()
    deviation: tuple = ()

    def __post_init__(self):
        for what, values in (("Mean", self.mean), ("Deviation", self.deviation)):
            if not np.isfinite(values).all() or (what == "Deviation" and not np.all(values)):
                raise ValueError(f"{what} of the input must be finite numbers, and no deviation "
                                 f"0: {values}")

    def text(self):
        """Return the scaling in words."""
        if self.divisor == 1 and not self.mean and not self.deviation:
            return "pixels as they are, 0 to 255"
        parts = ["pixels" if self.divisor == 1 else "pixels / 255, 0 to 1"]
        for word, values in (("minus", self.mean), ("divided by", self.deviation)):
            if values:
                parts.append(f"{word} {', '.join(f'{value:g}' for value in values)}")
        return ", ".join(parts)

    def of(self, images):
        """Return the graph's input for pixels in its shape, float32."""
        x = images.astype(np.float32)
        for function, constant in self._steps(x.ndim, self._channels(x.shape)):
            x = function(x, constant)
        return x

    def signal(self, node, pixels):
        """Return the signal of the graph's input for that of the pixels."""
        for function, constant in self._steps(len(pixels.shape), self._channels(pixels.shape)):
            pixels = pixels.then(node, function, [constant])
        return pixels

    def check(self, shape):
        """Check that mean and deviation are one number, or one a channel of the graph's input."""
        channels = shape[self._channels(shape)]
        for what, values in (("Mean", self.mean), ("Deviation", self.deviation)):
            if len(values) not in (0, 1, channels):
                raise ValueError(f"{what} of the input must be one number, or one a channel: "
                                 f"{len(values)} for {channels}")

    @staticmethod
    def _channels(shape):
        """Return the axis of the channels."""
        return len(shape) - 1 if len(shape) == 4 and shape[-1] == 3 and shape[1] != 3 else 1

    def _steps(self, dimensions, axis):
        """Yield functions and their constants, arrays that extend to the input."""
        if self.divisor != 1:
            yield np.divide, np.array([self.divisor], np.float32)
        for function, values in ((np.subtract, self.mean), (np.divide, self.deviation)):
            if values:
                extents = [1] * dimensions
                extents[axis] = len(values)
                yield function, np.array(values, np.float32).reshape(
                    extents if len(values) > 1 else 1)


def guessed(graph):
    """Return the scaling that a graph leaves to whoever feeds it.

    A graph that takes uint8, or divides its input by 255, takes pixels as they are.
    """
    for node in graph.nodes:
        if graph.input in node.inputs[:1] and node.op in ("Div", "Mul") and len(node.inputs) == 2:
            value = graph.constants.get(node.inputs[1])
            if value is not None and value.size == 1:
                factor = float(value.ravel()[0])
                factor = 1 / factor if node.op == "Div" and factor else factor
                if 0.99 < 255 * factor < 1.01 or 0.99 < 256 * factor < 1.01:
                    return Scaling(1.0)
    return Scaling(1.0) if graph.octets else Scaling()
