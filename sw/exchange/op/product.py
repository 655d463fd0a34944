"""Operators that sum products of a live tensor and constant weights: the layers of a network."""

import numpy as np

from .. import weighted
from ..signal import Padded
from ..tensor import ELEMENTS, short
from .kind import Op, check_size, constant, register


DENOMINATOR = 2**12  # values that are multiples of its inverse can be summed exactly in float32
TOGETHER = 128  # channels of a window that are multiplied at once


def multiplied(x, weights, step=None):
    """Return ``x @ weights``, each sum rounded once to the type of x.

    Sums are exact in float64 for values on common grids, and in float32 where all are small.
    Where x is in units of a step, the sums are multiplied by it and rounded once to float32.
    """
    if x.dtype == np.float32 and _exact(x, weights):
        return _rounded(x @ weights, x.dtype, step)
    return _rounded(x.astype(np.float64) @ weights.astype(np.float64), x.dtype, step)


def _rounded(sums, kind, step):
    if step is None:
        return sums.astype(kind, copy=False)
    return (sums.astype(np.float64) * step).astype(np.float32)


def _exact(x, weights):
    """Whether float32 holds every sum of products of the values exactly, in any order."""
    reach = float(np.abs(x).max(initial=0)) * float(np.abs(weights).sum(axis=0).max(initial=0))
    if not reach < 2**10:
        return False
    scaled = x * np.float32(DENOMINATOR)
    return bool((weights == np.rint(weights)).all() and (scaled == np.rint(scaled)).all())


def _windows(x, kernel, rows, columns, strides, step):
    """Return the sums of a kernel over the windows of maps, (images, rows, columns, neurons).

    Parameters
    ----------
    x : ndarray, shape (images, rows, columns, channels)
        Maps with their padding.
    kernel : ndarray, shape (neurons, rows, columns, channels)
        Weights.
    rows, columns : int
        Extents of the result.
    strides : tuple of int
        Of rows and columns.
    step : float or None
        Unit of the maps' values, as for :func:`multiplied`.
    """
    taps = [(row, column) for row in range(kernel.shape[1]) for column in range(kernel.shape[2])
            if kernel[:, row, column].any()]
    wide = x.dtype
    if not (x.dtype == np.float32 and _exact(x, kernel.reshape(len(kernel), -1).T)):
        wide = np.dtype(np.float64)
    total = np.zeros((len(x), rows, columns, len(kernel)), wide)
    together = max(1, TOGETHER // kernel.shape[3])  # products of few channels are slow
    for start in range(0, len(taps), together):
        some = taps[start:start + together]
        views = [x[:, row:row + strides[0] * (rows - 1) + 1:strides[0],
                   column:column + strides[1] * (columns - 1) + 1:strides[1]]
                 for row, column in some]
        inputs = np.concatenate(views, axis=3).astype(wide, copy=False)
        weights = np.concatenate([kernel[:, row, column] for row, column in some], axis=1)
        total += inputs @ weights.T.astype(wide)
    return _rounded(total, x.dtype, step)


@register("MatMul")
class MatMul(Op):
    role = "weights"

    def compute(self, node, values, live, step=None):
        x, weights = values
        if weights.ndim != 2 or x.ndim < 2 or x.shape[-1] != weights.shape[0] \
                or x.size // max(1, x.shape[-1]) * weights.shape[1] > ELEMENTS:
            raise ValueError(f"{node} must multiply matrices that fit: {short(x.shape)} by "
                             f"{short(weights.shape)}")
        return [multiplied(x, weights, step)]

    def trace(self, node, values, walk):
        weights = constant(node, values, 1, "matrix of weights")
        if weights.ndim != 2:
            raise ValueError(f"{node} must have a matrix of weights: shape {weights.shape}")
        signal = walk.signal(node, values, 0)
        if signal.source.size > signal.shape[-1]:
            return [weighted.address(walk, node, signal, weights)]
        return [weighted.dense(walk, node, signal, weights.T)]


@register("Gemm")
class Gemm(Op):
    """``alpha * A' * B' + beta * C``."""

    role = "weights"

    def compute(self, node, values, live, step=None):
        x, weights, bias = self._parts(node, values)
        if x.ndim != 2 or x.shape[1] != weights.shape[1] \
                or len(x) * len(weights) > ELEMENTS:
            raise ValueError(f"{node} must multiply matrices that fit: {short(x.shape)} by "
                             f"{short(weights.T.shape)}")
        made = multiplied(x, weights.T, step)
        return [made if bias is None else made + bias]

    def trace(self, node, values, walk):
        constant(node, values, 1, "matrix of weights")
        signal, weights, bias = self._parts(node, [walk.signal(node, values, 0), *values[1:]])
        made = weighted.dense(walk, node, signal, weights)
        return [made if bias is None else made.then(node, np.add, [bias])]

    @staticmethod
    def _parts(node, values):
        """Return the first matrix, the weights (neurons, inputs) with alpha, the bias with beta."""
        x, weights = values[:2]
        if weights.ndim != 2 or node.get("transA", 0):
            raise ValueError(f"{node} must multiply rows by a matrix of weights: shape "
                             f"{weights.shape}, transA {node.get('transA', 0)}")
        if not node.get("transB", 0):
            weights = weights.T
        alpha, beta = (weights.dtype.type(node.get(name, 1.0)) for name in ("alpha", "beta"))
        bias = constant(node, values, 2, "bias") if len(values) > 2 and values[2] is not None \
            else None
        return x, weights * alpha, None if bias is None else bias * beta


@register("Conv")
class Conv(Op):
    role = "weights"

    def compute(self, node, values, live, step=None):
        x, weights = values[:2]
        form = ConvForm(node, x.shape, weights)
        kernel = form.kernel()
        check_size(node, (*x.shape[:2], *(side + sum(pads) for side, pads
                                          in zip(x.shape[2:], form.pads, strict=True))))
        x = np.ascontiguousarray(np.pad(x, ((0, 0), (0, 0), *form.pads)).transpose(0, 2, 3, 1))
        rows, columns = ((side - extent) // stride + 1 for side, extent, stride
                         in zip(x.shape[1:3], kernel.shape[1:3], form.strides, strict=True))
        check_size(node, (len(x), rows, columns, len(kernel)))
        made = _windows(x, kernel, rows, columns, form.strides, step).transpose(0, 3, 1, 2)
        return [made if len(values) < 3 or values[2] is None
                else made + values[2].reshape(1, -1, 1, 1)]

    def trace(self, node, values, walk):
        weights = constant(node, values, 1, "kernel")
        padded = values[0] if isinstance(values[0], Padded) else None
        signal = padded.signal if padded else walk.signal(node, values, 0)
        form = ConvForm(node, signal.shape, weights)
        value = 0.0
        if padded:
            if any(map(any, form.pads)) and padded.value:
                raise ValueError(f"{node} must have one kind of padding: it pads by 0 what is "
                                 f"padded by {padded.value:g} already")
            value = padded.value
            form.pads = [tuple(np.add(ours, more).tolist())
                         for ours, more in zip(form.pads, padded.amounts, strict=True)]
        made = weighted.conv(walk, node, signal, form.kernel(), form, value)
        if len(values) > 2 and values[2] is not None:
            bias = constant(node, values, 2, "bias")
            made = made.then(node, np.add, [bias.reshape(1, -1, 1, 1)])
        return [made]


class ConvForm:
    """Attributes of a convolution, checked.

    Attributes
    ----------
    pads : list of tuple of int
        Rows above and below, columns on the left and on the right.
    strides, dilations : tuple of int
        Of rows and columns.
    group : int
        Groups of channels.
    """

    def __init__(self, node, shape, weights):
        if len(shape) != 4 or weights.ndim != 4 or weights.size == 0:
            raise ValueError(f"{node} must take a map of rows and columns: shape {short(shape)}, "
                             f"kernel {short(weights.shape)}")
        self.node, self.weights = node, weights
        extents = weights.shape[2:]
        if tuple(node.get("kernel_shape", extents)) != extents:
            raise ValueError(f"{node} must have a kernel of its kernel_shape: {extents}")
        self.strides = self._pair(node, "strides", (1, 1))
        self.dilations = self._pair(node, "dilations", (1, 1))
        self.group = node.get("group", 1)
        if not isinstance(self.group, int) or self.group < 1 or weights.shape[0] % self.group \
                or weights.shape[1] * self.group != shape[1]:
            raise ValueError(f"{node} must have a kernel for the channels of its map: "
                             f"{short(weights.shape)} in {self.group} groups, {shape[1]} channels")
        reach = [dilation * (extent - 1) + 1
                 for dilation, extent in zip(self.dilations, extents, strict=True)]
        self.pads = self._pads(node, shape[2:], reach)
        if any(kernel > side + sum(pads) for kernel, side, pads
               in zip(reach, shape[2:], self.pads, strict=True)):
            raise ValueError(f"{node} must have a kernel within the map: {reach} of "
                             f"{tuple(shape[2:])} padded by {self.pads}")

    @staticmethod
    def _pair(node, name, default):
        value = node.get(name, default)
        if not isinstance(value, tuple) or len(value) != 2 or min(value) < 1 or max(value) > 64:
            raise ValueError(f"{node} must have two {name} in 1..64: {short(value)}")
        return value

    def _pads(self, node, sides, reach):
        auto, pads = node.get("auto_pad", "NOTSET"), node.get("pads", (0, 0, 0, 0))
        if auto == "VALID":
            return [(0, 0), (0, 0)]
        if auto in ("SAME_UPPER", "SAME_LOWER"):
            made = []
            for side, kernel, stride in zip(sides, reach, self.strides, strict=True):
                total = max(0, (-(-side // stride) - 1) * stride + kernel - side)
                less, more = total // 2, total - total // 2
                made.append((less, more) if auto == "SAME_UPPER" else (more, less))
            return made
        if auto != "NOTSET" or len(pads) != 4 or min(pads) < 0 or max(pads) > 1024:
            raise ValueError(f"{node} must have four pads in 0..1024: {short(pads)}, auto_pad "
                             f"{auto!r}")
        return [(pads[0], pads[2]), (pads[1], pads[3])]

    def kernel(self):
        """Return the kernel (neurons, rows, columns, channels) without groups and dilations.

        Where a group or the dilation leaves something out, the weight is 0.
        """
        count, per, rows, columns = self.weights.shape
        check_size(self.node, (count, self.dilations[0] * rows, self.dilations[1] * columns,
                               per * self.group))
        full = np.zeros((count, self.dilations[0] * (rows - 1) + 1,
                         self.dilations[1] * (columns - 1) + 1, per * self.group),
                        self.weights.dtype)
        of = count // self.group
        for group in range(self.group):
            some = slice(group * of, (group + 1) * of)
            full[some, ::self.dilations[0], ::self.dilations[1],
                 group * per:(group + 1) * per] = self.weights[some].transpose(0, 2, 3, 1)
        return full
