"""Walks along a graph and makes the layers of a folded network of it."""

from dataclasses import dataclass
from math import prod

import numpy as np

from ..layer.scores import Scores
from . import arrange, emit
from .op import kind
from .signal import Bits, Padded, Pixels, Signal
from .sums import Sums, Window, order
from .weigh import CLOSE, grid_of_bits, grid_of_pixels, ternary


# Exceptions of operators whose inputs or attributes are missing or of another type.
UNFIT = (IndexError, KeyError, TypeError, AttributeError, ZeroDivisionError, OverflowError)


@dataclass(frozen=True)
class Row:
    """What became of a node.

    Attributes
    ----------
    node : sw.exchange.graph.Node
        The node.
    text : str
        What it became.
    place : int
        Index of the layer that it is part of; -1 for none.
    """

    node: object
    text: str
    place: int


class Walk:
    """Follows an image's values through a graph.

    Parameters
    ----------
    graph : sw.exchange.graph.Graph
        The graph.
    scaled : callable
        Takes the signal of the pixels; returns the signal that the graph's input is.

    Attributes
    ----------
    values : dict
        Array or :class:`sw.exchange.signal.Signal` of each tensor.
    layers : list of sw.layer.kind.Layer
        Layers made so far.
    range : tuple of float
        Pixels that become 0 and the greatest input of the network.
    rows : list of Row
        What each node became, in the graph's order.
    scores : tuple of (str, Signal)
        Name of the tensor that is the scores, and its signal.
    bias : ndarray of int64
        Added to the sums of the classes.
    """

    def __init__(self, graph, scaled):
        self.graph, self.batch = graph, graph.batch
        self.layers, self.rows, self.range = [], [], (0.0, 255.0)
        self.ended = None
        pixels = Signal(Pixels(prod(graph.shape)), arrange.of_input(graph.shape))
        self.tip = pixels.root
        self.values = {**graph.constants, graph.input: scaled(pixels), "": None}
        for node in graph.nodes:
            self._visit(node)
        self.scores = self._scores()
        self._last(*self.scores)

    def signal(self, node, values, place):
        """Return an input that must depend on the image."""
        value = values[place] if place < len(values) else None
        if isinstance(value, Padded):
            raise ValueError(f"{node} must not take a padded map: only a convolution can")
        if not isinstance(value, Signal):
            raise ValueError(f"{node} must take what depends on the image as input {place + 1}: "
                             f"{'it is missing' if value is None else 'it is constant'}")
        return value

    def quantize(self, node, signal, op, values):
        """Return what a quantizer makes of a signal; of sums and pixels it makes a layer."""
        most, constants = op.most(node, values), op.constants(node, values)
        code = signal.step(node, op.code(node, values), constants)
        level = signal.step(node, op.level(node, values), constants)
        make = emit.MAKERS.get(type(signal.root))
        if make is None or (signal.root.wide and most > emit.LEVELS):
            return signal.then(node, op.both(node, values), constants)
        self._only(node, signal)
        made, layers = make(node, signal, code, level, most, self.name)
        self._add(*layers)
        self.tip = made.root
        return made

    def dense(self, node, signal, weights):
        """Return the sums of a matrix of weights, (neurons, inputs)."""
        if signal.source.size != signal.shape[-1] or weights.shape[1] != signal.shape[-1] \
                or not weights.size:
            raise ValueError(f"{node} must multiply a row of values by as many weights: shape "
                             f"{signal.shape}, weights {weights.T.shape}")
        weights = weights.astype(np.float64)
        places = signal.source.ravel()
        grid, most, bits = self._grid(node, signal)
        low, step = (np.broadcast_to(each, signal.root.units)[places]
                     for each in (grid.low, grid.step))
        half = 0 if bits else most / 2
        signs, scale = ternary(node, weights * step * (1 if bits else 0.5))
        offset = weights @ (low + step * half)
        ours = np.zeros((len(weights), signal.root.units), np.int32)
        np.add.at(ours, (slice(None), places), signs)
        if np.abs(ours).max() > 1:
            raise ValueError(f"{node} must take each value once: some are there several times")
        ours = np.repeat(ours, 1 if bits else most, axis=1).astype(np.int8)
        sums = Sums(ours, offset, scale, None, pixel_bits=bits)
        return self._sums(node, signal, sums, np.arange(len(weights))[None].reshape(
            *signal.shape[:-1], -1))

    def conv(self, node, signal, kernel, form, value):
        """Return the sums of a kernel, (neurons, rows, columns, channels), over windows.

        ``form`` has strides and pads; ``value`` is that of the padding.
        """
        map_ = arrange.map_of(signal.source)
        if map_ is None or prod(map_) != signal.root.units:
            raise ValueError(f"{node} must take a whole map in its order: shape {signal.shape} is "
                             f"none (a flat input of several channels must be a map in the graph's "
                             f"input)")
        if len(set(form.strides)) > 1:
            raise ValueError(f"{node} must have one stride for rows and columns: {form.strides}")
        kernel, pad = _grown(kernel, form.pads)
        grid, most, bits = self._grid(node, signal)
        low, step = (self._of_channels(node, np.broadcast_to(each, signal.root.units), map_)
                     for each in (grid.low, grid.step))
        kernel = kernel.astype(np.float64)
        signs, scale = ternary(node, kernel * step * (1 if bits else 0.5))
        offset = (kernel * (low + step * (0 if bits else most / 2))).sum(axis=(1, 2, 3))
        signs = np.repeat(signs, 1 if bits else most, axis=3)
        around = self._padding(node, low, step, most, bits, value) if pad else 0
        window = Window(*map_[:2], form.strides[0], pad, around)
        rows, columns = ((side + 2 * pad - extent) // window.stride + 1
                         for side, extent in zip(map_[:2], kernel.shape[1:3], strict=True))
        made = rows, columns, len(kernel)
        if not pad and kernel.shape[1:3] == map_[:2]:
            window, signs = None, signs.reshape(len(signs), -1)
        sums = Sums(signs, offset, scale, made, window, bits)
        return self._sums(node, signal, sums, arrange.places(made))

    def pool(self, node, signal, size):
        """Return the greatest values of squares."""
        map_ = arrange.map_of(signal.source)
        if map_ is None:
            raise ValueError(f"{node} must take a whole map in its order: shape {signal.shape}")
        self._only(node, signal)
        made, layers = emit.pooled(node, signal, size, map_, self.name)
        self._add(*layers)
        self.tip = made.root
        return made

    def end(self, node, signal):
        """Note that a node chooses the answer, or does not change the order of the scores."""
        if self.ended is None:
            self.ended = node.inputs[0], signal

    def name(self, stem):
        """Return a free name of a layer."""
        used = {layer.name for layer in self.layers}
        number = next(number for number in range(1, len(used) + 2)
                      if f"{stem}{number}" not in used)
        return f"{stem}{number}"

    def _visit(self, node):
        values = [self.values[name] for name in node.inputs]
        op = kind.of(node)
        live = next((value for value in values if isinstance(value, Signal | Padded)), None)
        if self.ended is not None and live is not None and not getattr(op, "is_ending", False):
            raise ValueError(f"{node} must not follow the choice of the class")
        try:
            with np.errstate(all="ignore"):
                made = (op.compute(node, values, False) if live is None
                        else op.trace(node, values, self))
        except UNFIT as error:
            raise ValueError(f"{node} must have inputs and attributes that fit its operator: "
                             f"{type(error).__name__}: {error}") from None
        except ValueError as error:
            raise error if str(node) in str(error) else ValueError(f"{node}: {error}") from None
        self.values.update(zip(filter(None, node.outputs), made, strict=False))
        for name in filter(None, node.outputs[len(made):]):
            self.values[name] = None
        self.rows.append(Row(node, *self._words(op, live, made)))

    def _words(self, op, live, made):
        """Return what a node became, and the index of the layer that it is part of."""
        if live is None:
            return "constant", -1
        before = live.signal.root if isinstance(live, Padded) else live.root
        after = made[0].root if isinstance(made[0], Signal) else before
        if after is not before and self.layers and not isinstance(after, Sums):
            layer = self.layers[-1]
            return f"{layer.kind} layer {layer.name!r}: thresholds", len(self.layers) - 1
        place = len(self.layers)
        if after is not before:
            return f"weights of layer {place}", place
        return f"{getattr(op, 'role', 'part')} of {before.words}", place

    def _grid(self, node, signal):
        """Return the grid of a signal's values, its greatest integer, and the bits of a pixel."""
        self._only(node, signal)
        if isinstance(signal.root, Bits):
            grid = grid_of_bits(node, signal)
            return grid, grid.most, 0
        if isinstance(signal.root, Pixels):
            grid, self.range = grid_of_pixels(node, signal)
            return grid, grid.most, signal.root.bits
        raise ValueError(f"{node} must take quantized values: sums reach it (put a quantizer of 1 "
                         f"to 4 bits in front of it)")

    def _only(self, node, signal):
        if signal.root is not self.tip:
            raise ValueError(f"{node} must take what the layer before gives: the graph has two "
                             f"branches (a network here is a list of layers)")

    def _sums(self, node, signal, sums, source):
        self.tip = sums
        return Signal(sums, source)

    def _add(self, *layers):
        self.layers.extend(layers)

    @staticmethod
    def _of_channels(node, values, map_):
        """Return values of places as one a channel."""
        rows = values.reshape(-1, map_[2])
        if (rows != rows[0]).any():
            raise ValueError(f"{node} must take values that mean the same at all positions of a "
                             f"channel")
        return rows[0]

    @staticmethod
    def _padding(node, low, step, most, bits, value):
        """Return the integer that stands for the value of the padding: a bit, or a pixel."""
        for found in range(2**bits) if bits else (0, most):
            if (np.abs(low + step * found - value) <= CLOSE * np.abs(step).max()).all():
                return found if bits else int(found > 0)
        ends = ", ".join(sorted({f"{each:g}" for each in (*low, *(low + step * most))})[:4])
        raise ValueError(f"{node} must pad by a value that its inputs can have: it pads by "
                         f"{value:g}, they have {ends} (±1 has no 0: pad by -1 or +1 with a Pad "
                         f"node, or use inputs of 0 and 1)")

    def _scores(self):
        """Return name and signal of the scores."""
        names = [name for name in self.graph.outputs]
        found = [self.values.get(name) for name in names]
        if self.ended is None and len(names) != 1:
            raise ValueError(f"Graph must have one output, the scores: {len(names)}")
        name, signal = self.ended or (names[0], found[0])
        if not isinstance(signal, Signal):
            raise ValueError(f"Output {name!r} must depend on the image: it does not")
        return name, signal

    def _last(self, name, signal):
        """Add the layer that gives the scores."""
        sums = signal.root
        if not isinstance(sums, Sums) or sums is not self.tip or sums.window or sums.pool:
            raise ValueError(f"Output {name!r} must be sums of a last layer, one a class: it is "
                             f"{sums.words}")
        if sums.pixel_bits:
            raise ValueError(f"Graph must have a layer between the image and the scores: output "
                             f"{name!r} sums pixels (quantize the input to 1 to 4 bits)")
        chosen = sums.unit(signal.source.ravel())
        if sorted(chosen.tolist()) != list(range(sums.units)):
            raise ValueError(f"Output {name!r} must have each class once: {len(chosen)} values of "
                             f"{sums.units} classes")
        try:
            self.bias = order(signal)
        except ValueError as error:
            raise ValueError(f"Output {name!r}: {error}") from None
        self.layers.append(Scores("scores", sums.rows[chosen], self.bias[chosen].astype(np.int32)))

    def expected(self, scores):
        """Return the graph's scores where the golden model's are ``scores``, (n, classes)."""
        signal = self.scores[1]
        sums = signal.root
        chosen = sums.unit(signal.source.ravel())
        values = signal.table(np.arange(sums.units))
        index = (scores - self.bias[chosen] - sums.low[chosen]) // sums.unit_step
        return values[chosen, index]


def _grown(kernel, pads):
    """Return a kernel and one padding for all sides that do what a kernel and four pads do.

    Where a side is padded less, the kernel grows by weights of 0.
    """
    most = max(max(each) for each in pads)
    more = [(most - less, most - behind) for less, behind in pads]
    return np.pad(kernel, ((0, 0), *more, (0, 0))), most
