"""Operators that move values to other places or shapes, and compute nothing."""

import numpy as np

from ..signal import Padded
from ..tensor import ELEMENTS, short
from .kind import Op, constant, integers, register


class Movement(Op):
    """An operator that gives the values of its first input in another order or shape."""

    role = "order of values"

    def move(self, node, array, values):
        """Return the moved array. The other inputs are ``values[1:]``."""
        raise NotImplementedError

    def compute(self, node, values, live):
        x = values[0]
        if not live:
            return [_sized(node, self.move(node, x, values))]
        # A file states shapes for one image. Moving the places of one image's values is the same
        # for each image.
        places = self.move(node, np.arange(x[0].size).reshape(1, *x.shape[1:]), values)
        return [x.reshape(len(x), -1)[:, places.ravel()].reshape(len(x), *places.shape[1:])]

    def trace(self, node, values, walk):
        for place in range(1, len(values)):
            if values[place] is not None:
                constant(node, values, place, f"input {place + 1}")
        signal = walk.signal(node, values, 0)
        moved = self.move(node, signal.source, values)
        if moved.shape[:1] != (1,) or moved.size != signal.source.size:
            raise ValueError(f"{node} must leave the first extent to the images: one image of "
                             f"shape {signal.shape} becomes {moved.shape}")
        return [signal.moved(moved)]


def _sized(node, array):
    if array.size > ELEMENTS:
        raise ValueError(f"{node} must give at most {ELEMENTS:,} numbers: {array.size:,}")
    return array


@register("Reshape")
class Reshape(Movement):
    def move(self, node, array, values):
        shape = list(integers(node, constant(node, values, 1, "shape"), "shape"))
        if not node.get("allowzero", 0):
            if len(shape) > array.ndim and 0 in shape[array.ndim:]:
                raise ValueError(f"{node} must copy extents that there are: {short(shape)} of "
                                 f"shape {array.shape}")
            shape = [array.shape[place] if extent == 0 else extent
                     for place, extent in enumerate(shape)]
        known = int(np.prod([float(extent) for extent in shape if extent != -1]))
        if min(shape, default=1) < -1 or shape.count(-1) > 1 \
                or known > ELEMENTS or (-1 not in shape and known != array.size) \
                or (-1 in shape and (known == 0 or array.size % known)):
            raise ValueError(f"{node} must keep the number of values: shape {short(array.shape)} "
                             f"becomes {short(tuple(shape))}")
        return array.reshape(shape)

    def compute(self, node, values, live):
        return super().compute(node, self._single(node, values) if live else values, live)

    def trace(self, node, values, walk):
        constant(node, values, 1, "shape")
        return super().trace(node, self._single(node, values, walk.batch), walk)

    @staticmethod
    def _single(node, values, batch=None):
        """Return the inputs with a shape for one image, where the file states several."""
        shape = np.array(integers(node, values[1], "shape"))
        if batch and len(shape) and shape[0] == batch:
            shape[0] = 1
        if batch is None and len(shape) and shape[0] > 1:
            shape[0] = 1
        if len(shape) > 1 and shape[0] == -1 and (shape[1:] > 0).all():
            shape[0] = 1
        return [values[0], shape, *values[2:]]


@register("Flatten")
class Flatten(Movement):
    def move(self, node, array, values):
        axis = node.get("axis", 1)
        if not isinstance(axis, int) or not -array.ndim <= axis <= array.ndim:
            raise ValueError(f"{node} must have an axis of its tensor: {axis}")
        axis = axis % array.ndim if axis < 0 else axis
        return array.reshape(int(np.prod(array.shape[:axis], dtype=np.int64)), -1)


@register("Transpose")
class Transpose(Movement):
    def move(self, node, array, values):
        order = node.get("perm", tuple(range(array.ndim))[::-1])
        if not isinstance(order, tuple) or sorted(order) != list(range(array.ndim)):
            raise ValueError(f"{node} must permute the {array.ndim} extents of its tensor: "
                             f"{short(order)}")
        return array.transpose(order)


class Axes(Movement):
    """Base of operators with axes: an attribute before opset 13, then an input."""

    def axes(self, node, values, dimensions):
        if len(values) > 1 and values[1] is not None:
            given = integers(node, constant(node, values, 1, "list of axes"), "axes")
        else:
            given = integers(node, np.array(node.get("axes", ()), np.int64), "axes")
        if any(not -dimensions <= axis < dimensions for axis in given):
            raise ValueError(f"{node} must have axes of its tensor: {given}")
        return tuple(axis % dimensions for axis in given)


@register("Squeeze")
class Squeeze(Axes):
    def move(self, node, array, values):
        axes = self.axes(node, values, array.ndim) or tuple(
            place for place, extent in enumerate(array.shape) if extent == 1 and place)
        if any(array.shape[axis] != 1 for axis in axes) or len(set(axes)) < len(axes):
            raise ValueError(f"{node} must leave out extents of 1: axes {axes} of shape "
                             f"{array.shape}")
        return array.squeeze(axes)


@register("Unsqueeze")
class Unsqueeze(Axes):
    def move(self, node, array, values):
        count = values[1].size if len(values) > 1 and values[1] is not None \
            else len(node.get("axes", ()))
        axes = self.axes(node, values, array.ndim + count)
        if len(set(axes)) < len(axes):
            raise ValueError(f"{node} must have axes that differ: {axes}")
        return np.expand_dims(array, axes)


@register("Shape")
class Shape(Op):
    """The shape for one image, a constant."""

    def compute(self, node, values, live):
        shape = values[0].shape
        return [np.array((1, *shape[1:]) if live else shape, np.int64)]

    def trace(self, node, values, walk):
        return [np.array(walk.signal(node, values, 0).shape, np.int64)]


@register("Gather")
class Gather(Op):
    """Elements of a tensor by constant indices, or of constant tables by numbers of an image."""

    role = "wires or tables"

    def compute(self, node, values, live):
        array, places = values
        axis = node.get("axis", 0)
        if places.dtype.kind not in "iu" or not -array.ndim <= axis < array.ndim:
            raise ValueError(f"{node} must gather by integers along an axis: {axis}")
        extent = array.shape[axis]
        if places.size and (places.min() < -extent or places.max() >= extent):
            raise ValueError(f"{node} must gather what there is: index {places.max()} of {extent}")
        if array.size // max(1, extent) * places.size > ELEMENTS:
            raise ValueError(f"{node} must give at most {ELEMENTS:,} numbers")
        return [np.asarray(np.take(array, places, axis=axis))]

    def trace(self, node, values, walk):
        if isinstance(values[0], np.ndarray):
            if node.get("axis", 0) not in (0, -1):
                raise ValueError(f"{node} must choose along the first axis: {node.get('axis')}")
            return [walk.choose(node, walk.signal(node, values, 1), values[0])]
        signal, places = walk.signal(node, values, 0), constant(node, values, 1, "list of indices")
        if node.get("axis", 0) % len(signal.shape) == 0:
            raise ValueError(f"{node} must leave the first extent to the images")
        return [signal.moved(self.compute(node, [signal.source, places], True)[0])]


@register("Concat")
class Concat(Op):
    """Constants one behind the other, as graphs have them that compute shapes."""

    def compute(self, node, values, live):
        if sum(value.size for value in values) > ELEMENTS:
            raise ValueError(f"{node} must give at most {ELEMENTS:,} numbers")
        return [np.concatenate(values, axis=node.get("axis", 0))]


@register("Pad")
class Pad(Op):
    """Rows and columns around a map. The convolution behind takes them as its padding."""

    role = "padding"

    def amounts(self, node, values):
        """Return the amounts, one list before and one behind each extent, and the value."""
        if node.get("mode", "constant") != "constant":
            raise ValueError(f"{node} must pad by a constant: mode {node.get('mode')!r}")
        if len(values) > 3 and values[3] is not None:
            raise ValueError(f"{node} must pad all extents: it has axes")
        pads = integers(node, constant(node, values, 1, "list of pads") if len(values) > 1
                        else np.array(node.get("pads", ()), np.int64), "pads")
        value = constant(node, values, 2, "value") if len(values) > 2 and values[2] is not None \
            else np.float32(node.get("value", 0.0))
        half = len(pads) // 2
        if half != len(values[0].shape) or len(pads) % 2 or min(pads) < 0 or max(pads) > 1024 \
                or np.size(value) != 1:
            raise ValueError(f"{node} must have two amounts in 0..1024 an extent, and one value: "
                             f"{short(pads)}")
        return list(zip(pads[:half], pads[half:], strict=True)), float(np.ravel(value)[0])

    def compute(self, node, values, live):
        amounts, value = self.amounts(node, values)
        x = values[0]
        total = np.prod([extent + sum(more) for extent, more in zip(x.shape, amounts, strict=True)],
                        dtype=np.float64)
        if total > ELEMENTS:
            raise ValueError(f"{node} must give at most {ELEMENTS:,} numbers: {total:,.0f}")
        return [np.pad(x, amounts, constant_values=x.dtype.type(value))]

    def trace(self, node, values, walk):
        signal = walk.signal(node, values, 0)
        amounts, value = self.amounts(node, values)
        if not any(sum(each) for each in amounts):
            return [signal]
        if len(amounts) != 4 or any(sum(each) for each in amounts[:2]):
            raise ValueError(f"{node} must pad rows and columns of a map only: {amounts}")
        return [Padded(signal, amounts[2:], value)]


@register("SpaceToDepth")
class SpaceToDepth(Op):
    """Squares of positions as channels of one position."""

    role = "squares as channels"

    def block(self, node, shape):
        block = node.get("blocksize", 0)
        if len(shape) != 4 or not 1 < block <= 4 or shape[2] % block or shape[3] % block:
            raise ValueError(f"{node} must have a block of 2 to 4 that divides the map: {block} of "
                             f"shape {short(shape)}")
        return block

    def compute(self, node, values, live):
        x, block = values[0], self.block(node, values[0].shape)
        images, channels, rows, columns = x.shape
        x = x.reshape(images, channels, rows // block, block, columns // block, block)
        return [x.transpose(0, 3, 5, 1, 2, 4).reshape(
            images, channels * block**2, rows // block, columns // block)]

    def trace(self, node, values, walk):
        signal = walk.signal(node, values, 0)
        return [walk.deepen(node, signal, self.block(node, signal.shape))]
