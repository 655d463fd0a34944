"""Layers of a convolutional network as a text: ``depth 2, conv 48 3x3, pool, scores``."""

import re
from dataclasses import dataclass, replace
from math import prod


NEURONS_LIMIT = 2**16
KERNEL_LIMIT = 7
FORM = ("'depth N', 'conv NEURONS [RxC] [stride N] [valid] [integer] [synapses N]', 'pool [N]', "
        "'dense NEURONS [synapses N]' or 'scores [summed] [synapses N]'")
OPTION = re.compile(r"(?P<rows>\d+)x(?P<columns>\d+)|stride (?P<stride>\d+)"
                    r"|synapses (?P<synapses>\d+)|(?P<valid>valid)|(?P<integer>integer)"
                    r"|(?P<summed>summed)")


class Layer:
    """Base of all layers.

    Attributes
    ----------
    stem : str
        Beginning of the layer's name.
    convolves, scores : bool
        Whether the layer is a convolution, which a pool may follow; or the last layer.
    integer : bool
        Whether the layer takes pixels as they are.
    pool : int
        Rows and columns of the squares whose greatest sum counts; 0 for none.
    """

    stem = ""
    convolves = scores = integer = False
    pool = 0


@dataclass(frozen=True)
class Depth(Layer):
    """Squares of ``block`` x ``block`` positions become positions of more channels."""

    block: int = 2

    stem = "depth"
    neurons = 0
    synapses = 0

    def made(self, shape):
        """Return the shape that follows ``shape``."""
        rows, columns, channels = shape
        return rows // self.block, columns // self.block, channels * self.block**2

    def fan_in(self, shape):
        """Return the inputs of a neuron; there is none."""
        return 0

    def check(self, name, shape):
        if not 2 <= self.block <= 4:
            raise ValueError(f"Block of layer {name!r} must be in 2..4: {self.block}")
        if len(shape) != 3:
            raise ValueError(f"Layer {name!r} must follow a feature map: a vector of {shape[0]} "
                             f"comes before it (move it to the front)")
        if shape[0] % self.block or shape[1] % self.block:
            raise ValueError(f"Block of layer {name!r} must divide its feature map, "
                             f"{shape[0]} x {shape[1]}: {self.block}")


class Weighted(Layer):
    """Base of layers with weights: ``neurons``, and ``synapses`` of a neuron or None for all."""

    def count(self, shape):
        """Return the synapses of a neuron at the end of training."""
        return self.synapses or self.fan_in(shape)

    def check_synapses(self, name, shape):
        if not 1 <= self.neurons <= NEURONS_LIMIT:
            raise ValueError(f"Neurons of layer {name!r} must be in 1..{NEURONS_LIMIT}: "
                             f"{self.neurons}")
        if self.synapses is not None and not 1 <= self.synapses <= self.fan_in(shape):
            raise ValueError(f"Synapses of layer {name!r} must be in 1..{self.fan_in(shape)}, the "
                             f"inputs of a neuron: {self.synapses}")


@dataclass(frozen=True)
class Conv(Weighted):
    """Convolution, with the pool of its sums if ``pool`` is more than 0.

    Attributes
    ----------
    neurons, rows, columns, stride : int
        Channels made; extents of the kernel; positions from one window to the next.
    valid : bool
        Whether the map is not padded. Otherwise the map keeps its size at stride 1.
    integer : bool
        Whether the layer takes pixels as they are.
    synapses : int or None
        Synapses of a neuron; None for all.
    pool : int
        Rows and columns of the squares whose greatest sum counts; 0 for none.
    """

    neurons: int
    rows: int = 3
    columns: int = 3
    stride: int = 1
    valid: bool = False
    integer: bool = False
    synapses: int | None = None
    pool: int = 0

    stem = "conv"
    convolves = True

    @property
    def padding(self):
        return 0 if self.valid else (self.rows - 1) // 2

    def positions(self, shape):
        """Return rows and columns of the map before the pool."""
        return tuple((side + 2 * self.padding - kernel) // self.stride + 1
                     for side, kernel in zip(shape, (self.rows, self.columns), strict=False))

    def made(self, shape):
        return (*(side // (self.pool or 1) for side in self.positions(shape)), self.neurons)

    def fan_in(self, shape):
        return self.rows * self.columns * shape[2]

    def check(self, name, shape):
        if len(shape) != 3:
            raise ValueError(f"Layer {name!r} must follow a feature map: a vector of {shape[0]} "
                             f"comes before it (dense layers are last)")
        if not 1 <= min(self.rows, self.columns) <= max(self.rows, self.columns) <= KERNEL_LIMIT:
            raise ValueError(f"Kernel of layer {name!r} must have 1 to {KERNEL_LIMIT} rows and "
                             f"columns: {self.rows}x{self.columns}")
        if self.stride not in (1, 2):
            raise ValueError(f"Stride of layer {name!r} must be 1 or 2: {self.stride}")
        if not self.valid and (self.rows != self.columns or self.rows % 2 == 0):
            raise ValueError(f"Kernel of layer {name!r} must be odd and square where the map is "
                             f"padded: {self.rows}x{self.columns} (add 'valid')")
        if min(self.positions(shape)) < 1:
            raise ValueError(f"Kernel of layer {name!r} must fit into its feature map, "
                             f"{shape[0]} x {shape[1]}: {self.rows}x{self.columns}")
        if self.pool and not 2 <= self.pool <= min(7, *self.positions(shape)):
            sides = " x ".join(map(str, self.positions(shape)))
            raise ValueError(f"Pool of layer {name!r} must be in 2..7 and fit into its map, "
                             f"{sides}: {self.pool}")
        self.check_synapses(name, shape)


@dataclass(frozen=True)
class Dense(Weighted):
    """Dense hidden layer; a map before it becomes a vector, position by position."""

    neurons: int
    synapses: int | None = None

    stem = "fc"

    def made(self, shape):
        return (self.neurons,)

    def fan_in(self, shape):
        return prod(shape)

    def check(self, name, shape):
        self.check_synapses(name, shape)


@dataclass(frozen=True)
class Scores(Weighted):
    """Last layer. If ``summed`` every position has the same weights, and scores are summed."""

    neurons: int
    synapses: int | None = None
    summed: bool = False

    stem = "scores"
    scores = True

    def made(self, shape):
        return (self.neurons,)

    def fan_in(self, shape):
        return shape[-1] if self.summed else prod(shape)

    def check(self, name, shape):
        if self.summed and len(shape) != 3:
            raise ValueError(f"Layer {name!r} must follow a feature map to be summed over its "
                             f"positions: a vector of {shape[0]} comes before it (leave 'summed' "
                             f"out)")
        self.check_synapses(name, shape)


def parse(text, classes):
    """Return the layers that a text gives, the scores included."""
    layers = []
    for part in text.split(","):
        words = part.split()
        layer = _layer(words, part.strip(), classes)
        if layer is None:
            if not layers or not layers[-1].convolves or layers[-1].pool:
                raise ValueError(f"Pool must follow a conv: {text.strip()!r}")
            layers[-1] = replace(layers[-1], pool=int(words[1]) if words[1:] else 2)
        else:
            layers.append(layer)
    if [layer.scores for layer in layers] != [False] * (len(layers) - 1) + [True]:
        raise ValueError(f"Layers must end with scores, and have them once: {text.strip()!r}")
    if not any(layer.convolves for layer in layers):
        raise ValueError(f"Layers must have a conv: {text.strip()!r} (dense networks are given "
                         f"with --hidden)")
    if any(layer.integer for layer in layers[1:]):
        raise ValueError(f"Integer conv must be the first layer, as it takes pixels: "
                         f"{text.strip()!r}")
    return tuple(layers)


def _layer(words, part, classes):
    """Return the layer of one part; None for a pool, which belongs to the layer before."""
    kind, *rest = words or [""]
    if kind == "pool" and len(rest) <= 1 and all(word.isdecimal() for word in rest):
        return None
    numbers, options = {
        "depth": (1, ()), "dense": (1, ("synapses",)), "scores": (0, ("summed", "synapses")),
        "conv": (1, ("rows", "stride", "valid", "integer", "synapses")),
    }.get(kind, (len(rest) + 1, ()))
    given = _options(" ".join(rest[numbers:]))
    if given is None or not set(given) <= {*options, *(("columns",) if "rows" in options else ())} \
            or not all(word.isdecimal() for word in rest[:numbers]) or len(rest) < numbers:
        raise ValueError(f"Layer must be given as {FORM}: {part!r}")
    if kind == "scores":
        return Scores(classes, **given)
    return {"depth": Depth, "dense": Dense, "conv": Conv}[kind](int(rest[0]), **given)


def _options(rest):
    """Return the options of a layer by name, in any order; None for words that are none."""
    given = {}
    while rest:
        found = OPTION.match(rest)
        if not found or rest[found.end():found.end() + 1] not in ("", " "):
            return None
        for name, value in found.groupdict().items():
            if value is not None:
                if name in given:
                    return None
                given[name] = int(value) if value.isdecimal() else True
        rest = rest[found.end():].strip()
    return given
