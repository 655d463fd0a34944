"""Windows: the views that a kernel has of a feature map, one a position of its output."""

from functools import cached_property

from .shape import Shape


KERNEL_LIMIT = 7  # most rows and columns of a kernel
STRIDE_LIMIT = 2
SIDE_LIMIT = 1024  # most rows and columns of a feature map


class Windowed:
    """Base of layers that see a feature map through windows, position by position.

    A layer of this base has ``height`` and ``width``, the extents of the map it takes; ``stride``,
    the positions from one window to the next; ``padding``, the rows and columns added on each of
    the four sides; and :attr:`kernel` and :attr:`channels`.

    The window of output position (y, x) begins at row ``y * stride - padding`` and at column
    ``x * stride - padding`` of the map.
    """

    @property
    def kernel(self):
        """Rows and columns of a window, two int."""
        raise NotImplementedError

    @property
    def channels(self):
        """Values of a position of the map that the layer takes."""
        raise NotImplementedError

    @property
    def pad(self):
        """Value of everything that is added around the map, an int."""
        raise NotImplementedError

    @property
    def made(self):
        """Values of a position of the map that the layer gives."""
        raise NotImplementedError

    @cached_property
    def positions(self):
        """Rows and columns of the map that the layer gives, two int."""
        return tuple((side + 2 * self.padding - kernel) // self.stride + 1
                     for side, kernel in zip((self.height, self.width), self.kernel, strict=True))

    @property
    def vectors(self):
        rows, columns = self.positions
        return rows * columns

    @cached_property
    def takes(self):
        return Shape((self.height, self.width, self.channels), self.taken_bits)

    @cached_property
    def gives(self):
        return Shape((*self.positions, self.made))

    taken_bits = 1  # bits of a value of the map that the layer takes

    def check_windows(self):
        """Raise ValueError if a kernel or its padding cannot be, or the map vanishes."""
        for what, kernel, side, of in zip(("rows", "columns"), self.kernel,
                                          (self.height, self.width), ("height", "width"),
                                          strict=True):
            if kernel > KERNEL_LIMIT:
                raise ValueError(f"Kernel of layer {self.name!r} must have at most {KERNEL_LIMIT} "
                                 f"{what}: {kernel}")
            if self.padding > (kernel - 1) // 2:
                raise ValueError(f"Padding of layer {self.name!r} must be at most "
                                 f"{(kernel - 1) // 2}, half of what a kernel of {kernel} {what} "
                                 f"reaches beyond its middle: {self.padding}")
            if kernel > side + 2 * self.padding:
                raise ValueError(f"Kernel of layer {self.name!r} must fit into the map and its "
                                 f"padding: {kernel} {what}, {of} {side} + {2 * self.padding}")
