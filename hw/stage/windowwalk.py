"""The walk over the words of a feature map that gives one window after the other, as numbers."""

from dataclasses import dataclass
from math import gcd


__all__ = ["RowWalk", "WindowWalk", "row_walk_of", "walk_of"]


@dataclass(frozen=True)
class WindowWalk:
    """Extents of a feature map in memory, and how windows walk over it.

    A word of memory holds a part of a position, a position, or positions beside each other. Where
    it holds several, these count as one position here, so that the columns, the kernel, stride and
    padding in this direction are as many times smaller.

    Attributes
    ----------
    height, width : int
        Rows and columns of the map.
    chunks : int
        Words of a position.
    kernel, stride, padding : tuple of int
        Rows and columns of the window, from one window to the next, and added on each side.
    fill : int
        Words of zeros behind a window.
    """

    height: int
    width: int
    chunks: int
    kernel: tuple
    stride: tuple
    padding: tuple
    fill: int = 0

    @property
    def positions(self):
        """Rows and columns of windows, two int."""
        return tuple((side + 2 * padding - kernel) // stride + 1 for side, padding, kernel, stride
                     in zip((self.height, self.width), self.padding, self.kernel, self.stride,
                            strict=True))

    @property
    def row_words(self):
        """Words of a row of the map."""
        return self.width * self.chunks

    @property
    def reads(self):
        """Words of a window, those of zeros included."""
        rows, columns = self.kernel
        return rows * columns * self.chunks + self.fill

    @property
    def start(self):
        """Address of the first window's first word, from that of the map's first word."""
        rows, columns = self.padding
        return -(rows * self.width + columns) * self.chunks

    @property
    def strides(self):
        """Moves of the address from one word to the next, a dict of int.

        ``"word"`` and ``"kernel_row"`` lead on in a window; ``"window"``, ``"row"`` and ``"image"``
        lead from the last word of a window to the first one of the next.
        """
        rows, columns = self.kernel
        down, right = self.stride[0] * self.row_words, self.stride[1] * self.chunks
        many_down, many_right = self.positions
        back = (1 - rows) * self.row_words - columns * self.chunks + 1
        row = back - (many_right - 1) * right
        return {"word": 1, "kernel_row": self.row_words - columns * self.chunks + 1,
                "window": back + right, "row": row + down,
                "image": row - (many_down - 1) * down + self.height * self.row_words}

    def outside(self, axis):
        """Return what is padding, along rows (0) or columns (1).

        Returns
        -------
        dict of int to list of int
            By the window's number in this direction: the kernel's rows or columns that lie beside
            the map. Windows that lie in the map have no entry.
        """
        side, reach = (self.height, self.width)[axis], range(self.kernel[axis])
        result = {}
        for window in range(self.positions[axis]):
            first = window * self.stride[axis] - self.padding[axis]
            beside = [place for place in reach if not 0 <= first + place < side]
            if beside:
                result[window] = beside
        return result

    @property
    def needs(self):
        """Rows of the map that must have come before each row of windows begins, a list of int."""
        return [min(row * self.stride[0] - self.padding[0] + self.kernel[0], self.height)
                for row in range(self.positions[0])]

    @property
    def more_needs(self):
        """Rows that the next row of windows needs beyond those of each row, a list of int.

        Behind the last row of windows the next image begins.
        """
        needs = self.needs
        return [after - before for before, after
                in zip(needs, [*needs[1:], self.height + needs[0]], strict=True)]

    @property
    def frees(self):
        """Rows of the map that nothing reads after each row of windows, a list of int."""
        ends = [min(max(0, (row + 1) * self.stride[0] - self.padding[0]), self.height)
                for row in range(self.positions[0])]
        ends[-1] = self.height
        return [after - before for before, after in zip([0, *ends], ends, strict=False)]


@dataclass(frozen=True)
class RowWalk(WindowWalk):
    """A walk over words that hold the bits of some channels at all positions of a row.

    A row of windows is one window here, which is walked through once a pass.

    Attributes
    ----------
    passes : int
        Times that a row of windows is read.
    """

    passes: int = 1

    @property
    def positions(self):
        rows = (self.height + 2 * self.padding[0] - self.kernel[0]) // self.stride[0] + 1
        return rows, self.passes


def row_walk_of(layer, channels, passes):
    """Return the walk over the rows of windows of a layer, ``channels`` channels a word."""
    return RowWalk(layer.height, 1, layer.channels // channels, (layer.kernel[0], 1),
                   (layer.stride, 0), (layer.padding, 0), passes=passes)


def walk_of(layer, simd):
    """Return the walk that gives a layer's windows in words of ``simd`` values, and its words.

    A word of memory is as wide as divides ``simd`` and a position, or some positions beside each
    other where windows begin and end at multiples of so many.

    Parameters
    ----------
    layer : :class:`sw.layer.window.Windowed`
        The layer.
    simd : int
        Values of an output word.

    Returns
    -------
    WindowWalk, int
        The walk, and the values of a word of memory.
    """
    rows, columns = layer.kernel
    word, beside = max((gcd(layer.channels * beside, simd), -beside)
                       for beside in range(1, columns + 1)
                       if all(length % beside == 0 for length in
                              (columns, layer.stride, layer.padding, layer.width)))
    beside = -beside
    values = rows * columns * layer.channels
    return WindowWalk(layer.height, layer.width // beside, layer.channels * beside // word,
                      (rows, columns // beside), (layer.stride, layer.stride // beside),
                      (layer.padding, layer.padding // beside),
                      -values % simd // word), word
