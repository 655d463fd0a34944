"""Geometry of a window: which taps a layer reads, and which of them lie outside of the map."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np


__all__ = ["Geometry"]


@dataclass(frozen=True)
class Geometry:
    """A kernel over a feature map, without the outer taps that no neuron reads.

    The window of output position (y, x) has its centre at row ``y * stride`` and at column
    ``x * stride`` of the map.

    Attributes
    ----------
    height, width : int
        Rows and columns of the map.
    rows, columns : int
        Rows and columns of the output.
    stride : int
        Positions from one window to the next.
    up, down, left, right : int
        Rows and columns that a window reaches beyond its centre. No tap reaches ``width`` columns
        or ``height`` rows beyond it.
    """

    height: int
    width: int
    rows: int
    columns: int
    stride: int
    up: int
    down: int
    left: int
    right: int

    @classmethod
    def of(cls, layer):
        """Return the geometry of a :class:`sw.layer.window.Windowed` layer with ``weights``."""
        read = layer.weights.any(axis=(0, 3))
        up, down = _reach(read.any(axis=1), layer.height, layer.positions[0], layer)
        left, right = _reach(read.any(axis=0), layer.width, layer.positions[1], layer)
        return cls(layer.height, layer.width, *layer.positions, layer.stride, up, down, left,
                   right)

    @property
    def kernel(self):
        """Rows and columns of a window, two int."""
        return self.up + self.down + 1, self.left + self.right + 1

    @property
    def spare(self):
        """Rows of memory beyond those of a window. With one column the writer is a row ahead."""
        return int(self.width == 1)

    @property
    def memories(self):
        """Memories of a row each."""
        return self.kernel[0] + self.spare

    @property
    def ahead(self):
        """Rows of the map that may be there below the centre of the first windows."""
        return self.down + 1 + self.spare

    @property
    def interval(self):
        """Cycles of a map: one a position that is taken, and at least one a position given."""
        return self.height * self.width

    @property
    def edges(self):
        """Columns right of the map that windows reach. They take no cycle of their own."""
        return max(0, (self.columns - 1) * self.stride + self.right - (self.width - 1))

    def centre(self, column):
        """Whether a window is whole when a column comes that may lie right of the map."""
        place, rest = divmod(column - self.right, self.stride)
        return rest == 0 and 0 <= place < self.columns

    def lowest(self, row):
        """Return the lowest row of the map that the windows of an output row reach."""
        return min(self.height - 1, row * self.stride + self.down)

    def is_inside(self, row, tap):
        """Whether a window's row ``tap``, from the top, is in the map for an output row."""
        return 0 <= row * self.stride - self.up + tap < self.height

    @cached_property
    def lowest_steps(self):
        """Rows that :meth:`lowest` moves on after each output row; after the last, to a new map."""
        after = [*(self.lowest(row) for row in range(1, self.rows)), self.height + self.lowest(0)]
        return [later - self.lowest(row) for row, later in enumerate(after)]

    @cached_property
    def centre_steps(self):
        """Rows from the centres of an output row to those of the next one, which may be new."""
        return [*[self.stride] * (self.rows - 1),
                self.height - (self.rows - 1) * self.stride]


def _reach(read, side, made, layer):
    """Return how far the taps that are read reach before and behind the centre of a window."""
    taps = np.arange(len(read))
    first = taps - layer.padding  # position of each tap in the first window
    last = first + (made - 1) * layer.stride
    # A tap sees the map if some window has it inside: it comes in from the left, or stays right.
    sees = (first < side) & (last >= 0)
    used = taps[read & sees]
    if not len(used):
        return 0, 0
    return (max(0, layer.padding - int(used[0])), max(0, int(used[-1]) - layer.padding))
