"""Walks along a graph and makes the layers of a folded network of it."""

from dataclasses import dataclass
from math import prod

import numpy as np

from ..layer.scores import Scores
from ..layer.scores2d import Scores2d
from . import arrange, emit
from .op import kind
from .ranking import order
from .root import Addresses, Pixels
from .signal import Padded, Signal
from .sums import Sums, Totals


# Exceptions of operators whose inputs or attributes are missing or of another type.
UNFIT = (IndexError, KeyError, TypeError, AttributeError, ZeroDivisionError, OverflowError)

ROOM = 2**29  # octets of all constants that nodes compute


@dataclass(frozen=True)
class Row:
    """Fate of a node: the layer or the values that it became.

    Attributes
    ----------
    node : sw.exchange.graph.Node
        The node.
    text : str
        What it became: a part of a layer.
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
    bits : int
        Width of a pixel.

    Attributes
    ----------
    values : dict
        Array or :class:`sw.exchange.signal.Signal` of each tensor.
    layers : list of sw.layer.kind.Layer
        Layers made so far.
    grids : dict
        Form of the values that a node sums, :class:`sw.exchange.weigh.Even`, or None.
    range : tuple of float
        Pixels that become 0 and the greatest input of the network.
    rows : list of Row
        What each node became, in the graph's order.
    scores : tuple of (str, Signal)
        Name of the tensor that is the scores, and its signal.
    bias : ndarray of int64
        Added to the sums of the classes.
    classes : ndarray of int64
        Place among the graph's scores of each class of the network.
    ties : int
        Thresholds that depend on how a runtime rounds BatchNorm.
    """

    def __init__(self, graph, scaled, bits=8):
        self.graph, self.batch = graph, graph.batch
        self.layers, self.rows, self.range = [], [], (0.0, 2.0**bits - 1)
        self.grids = {}
        self.ended, self.ties, self.room = None, 0, ROOM
        pixels = Signal(Pixels(prod(graph.shape), bits), arrange.of_input(graph.shape))
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
        signal = signal.ready(node, constants)
        code = signal.step(node, op.code(node, values), constants)
        level = signal.step(node, op.level(node, values), constants)
        make = emit.MAKERS.get(type(signal.root))
        if make is None or (signal.root.wide and most > emit.LEVELS):
            return signal.then(node, op.both(node, values), constants)
        self.only(node, signal)
        made, layers, ties = make(node, signal, code, level, most, self.name)
        self.layers.extend(layers)
        self.ties += ties
        self.tip = made.root
        return made

    def pool(self, node, signal, size):
        """Return the greatest values of squares."""
        return self._of_map(node, signal, emit.pooled, size)

    def deepen(self, node, signal, block):
        """Return squares of positions as channels of one position."""
        return self._of_map(node, signal, emit.space_to_depth, block)

    def choose(self, node, signal, tables):
        """Return what numbers choose from constant tables, a look-up layer."""
        self.only(node, signal)
        if not isinstance(signal.root, Addresses) or tables.ndim != 1:
            raise ValueError(f"{node} must choose from one list of values by numbers that bits "
                             f"form: it has {signal.root.words} and shape {tables.shape}")

        def chosen(numbers):
            if numbers.dtype.kind != "i" or numbers.min() < 0 or numbers.max() >= len(tables):
                raise ValueError(f"{node} must choose by integers from what there is: "
                                 f"{numbers.dtype} {numbers.min():g}..{numbers.max():g} of "
                                 f"{len(tables)} (put a Cast in front of it)")
            return tables[numbers]

        made, layer = emit.tables(node, signal.then(node, chosen, []), self.layers[-1].outputs,
                                  self.name)
        self.layers.append(layer)
        self.tip = made.root
        return made

    def _of_map(self, node, signal, make, size):
        map_ = arrange.map_of(signal.source)
        if map_ is None:
            raise ValueError(f"{node} must take a whole map in its order: shape {signal.shape}")
        self.only(node, signal)
        made, layers = make(node, signal, size, map_, self.name)
        self.layers.extend(layers)
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
        op, place = kind.of(node), len(self.layers)
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
        self.room -= sum(getattr(each, "nbytes", 0) for each in made)
        if self.room < 0:
            raise ValueError(f"Constants of the graph must take at most {ROOM >> 20} MiB: {node} "
                             f"makes more")
        self.values.update(zip(filter(None, node.outputs), made, strict=False))
        for name in filter(None, node.outputs[len(made):]):
            self.values[name] = None
        self.rows.append(Row(node, *(("constant", -1) if live is None else (op.role, place))))

    def only(self, node, signal):
        if signal.root.whole is not self.tip:
            raise ValueError(f"{node} must take what the layer before gives: the graph has two "
                             f"branches (a network here is a list of layers)")

    def _scores(self):
        """Return name and signal of the scores."""
        names = self.graph.outputs
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
            self.bias, self.classes = order(signal, np.argsort(chosen))
        except ValueError as error:
            raise ValueError(f"Output {name!r}: {error}") from None
        chosen = chosen[self.classes]
        weights, bias = sums.rows[chosen], self.bias[chosen].astype(np.int32)
        self.layers.append(Scores2d("scores", weights, bias, *sums.map[:2])
                           if isinstance(sums, Totals) else Scores("scores", weights, bias))

    def expected(self, scores):
        """Return the graph's scores where the golden model's are ``scores``, (n, classes).

        Both have the order of the network's classes.
        """
        signal = self.scores[1]
        sums = signal.root
        chosen = sums.unit(signal.source.ravel())[self.classes]
        values = signal.table(np.arange(sums.units))
        index = (scores - self.bias[chosen] - sums.low[chosen]) // sums.unit_step
        return values[chosen, index]
