"""Recipes of look-up networks, and the text that gives their layers."""

import re
from dataclasses import dataclass, replace
from math import sqrt

from sw.layer.lookup import WIRES_LIMIT
from sw.layer.parts import worded

from .. import area
from ..plan import Plan, listed


NEURONS_LIMIT = 2**16
STEEPNESS = 3.9  # root of a class's bits over the temperature of its votes
PARTS = range(1, 64 * 64)  # 64ths of the given sizes that a budget is tried with
FORM = re.compile(r"lookup\s+(\d+)(?:\s+inputs\s+(\d+))?(?:\s+near\s+(\d+))?")


@dataclass(frozen=True)
class Tables:
    """A layer of learnt truth tables.

    Attributes
    ----------
    neurons : int
        Tables.
    inputs : int
        Inputs of a table.
    near : int or None
        Inputs of the layer, those nearest to the neuron's place, that its wires are chosen from;
        None for all. Rounds of descent try 1.6 times as many.
    """

    neurons: int
    inputs: int = 4
    near: int | None = None

    kind = "lookup"


@dataclass(frozen=True)
class LookupRecipe(Plan):
    """A look-up network and its training: epochs of gradients, then rounds of descent.

    Attributes
    ----------
    name, levels, dataset, batch, augment, elastic, smoothing, distill, temperature, heard
        As in :class:`train.recipes.Recipe`.
    layers : tuple of Tables
        All layers. The last one's bits are the votes, equally many a class, class by class.
    epochs : int
        Passes over the training images with gradients.
    rate : float
        Adam's greatest learning rate: after 2 % of the steps it falls to 0 as a cosine.
    rounds : int
        Rounds of descent that follow, each over newly distorted images.
    copies : int
        Distorted copies of the training images in a round.
    """

    what = "look-up layers"
    wired = True

    name: str
    layers: tuple
    levels: int | None = None
    dataset: str = "mnist"
    epochs: int = 12
    batch: int = 128
    rate: float = 0.04
    augment: float = 0.4
    elastic: float = 0.0
    smoothing: float = 0.0
    distill: float = 0.0
    temperature: float = 1.0
    heard: bool = False
    rounds: int = 20
    copies: int = 5

    @classmethod
    def of(cls, name, text, **fields):
        """Return the recipe of layers that a text gives; no name stands for the layers' sizes."""
        layers = parse(text)
        return cls(name or f"lookup-{listed((layer.neurons for layer in layers), '-')}", layers,
                   **fields)

    @property
    def passes(self):
        return self.epochs + self.rounds

    def group(self, classes):
        """Return the bits of a class."""
        return self.layers[-1].neurons // classes

    def softness(self, classes):
        """Return the number that votes are divided by before softmax."""
        return sqrt(self.group(classes)) / STEEPNESS

    def sizes(self, inputs, classes):
        """Return the values between the layers, the network's inputs and scores included."""
        return inputs, *(layer.neurons for layer in self.layers), classes

    def listing(self, inputs, classes):
        """Return wires of a neuron by layer, what is there in all, and LUT4, as texts."""
        counts = [*(layer.inputs for layer in self.layers), self.group(classes)]
        lut4 = self._planned(self.layers, classes, "ecp5")
        return listed(counts, "/"), self.contents(inputs, classes), f"{lut4:,}"

    def planned(self, classes, family):
        return self._planned(self.layers, classes, family)

    def contents(self, inputs, classes):
        """Return what the network will consist of, as text."""
        return worded({"tables": sum(layer.neurons for layer in self.layers),
                       "votes": self.layers[-1].neurons})

    def synapse_total(self, inputs, classes):
        """Return the wires of all tables, and the votes."""
        return sum(layer.neurons * layer.inputs for layer in self.layers) + self.layers[-1].neurons

    def without_places(self):
        """Return a copy for inputs that are no pictures: the first layer reads any input."""
        return replace(self, layers=(replace(self.layers[0], near=None), *self.layers[1:]))

    def has_places(self):
        """Return whether the first layer's neurons read what is near."""
        return self.layers[0].near is not None

    def within(self, budget, classes, family):
        """Return a copy whose layers are as wide as ``budget`` LUT4 allow, in proportion."""
        fitting = [layers for layers in (self._scaled(parts, classes) for parts in PARTS)
                   if self._planned(layers, classes, family) <= budget]
        if not fitting:
            least = self._planned(self._scaled(PARTS[0], classes), classes, family)
            raise ValueError(f"Budget must have room for {self.name} with the fewest tables, "
                             f"{least} LUT4: {budget} LUT4 (give --layers)")
        return replace(self, layers=fitting[-1])

    def _scaled(self, parts, classes):
        """Return the layers with ``parts`` 64ths of their neurons, equally many for each class."""
        last = max(1, round(self.layers[-1].neurons * parts / (64 * classes))) * classes
        return (*(replace(layer, neurons=max(1, layer.neurons * parts // 64))
                  for layer in self.layers[:-1]), replace(self.layers[-1], neurons=last))

    @staticmethod
    def _planned(layers, classes, family):
        """Return the LUT4 of a network of such layers."""
        return area.planned([layer.neurons for layer in layers],
                            [*(layer.inputs for layer in layers), layers[-1].neurons // classes],
                            classes, family, votes=True)

    def check(self, inputs, classes):
        """Raise ValueError unless the recipe can be trained for such encoded inputs and classes."""
        for index, layer in enumerate(self.layers, 1):
            if not 1 <= layer.neurons <= NEURONS_LIMIT:
                raise ValueError(f"Layer 'lut{index}' must have 1 to {NEURONS_LIMIT} neurons: "
                                 f"{layer.neurons}")
            if not 1 <= layer.inputs <= WIRES_LIMIT:
                raise ValueError(f"Tables of layer 'lut{index}' must have 1 to {WIRES_LIMIT} "
                                 f"inputs: {layer.inputs}")
            if layer.near == 0:
                raise ValueError(f"Near of layer 'lut{index}' must be 1 or more: 0")
        votes = self.layers[-1].neurons
        if votes % classes:
            near = sorted({votes // classes * classes, -(-votes // classes) * classes} - {0})
            raise ValueError(f"Neurons of the last layer must be equally many for each of the "
                             f"{classes} classes: {votes} (nearest: {listed(near, ', ')}; give "
                             f"--layers)")
        self.check_ranges(
            ("epochs", 1, 100_000), ("batch", 2, 100_000), ("rate", 1e-9, 10), ("augment", 0, 5),
            ("elastic", 0, 1), ("smoothing", 0, 0.9), ("distill", 0, 1), ("temperature", 0.1, 100),
            ("rounds", 0, 100_000), ("copies", 1, 100))


def parse(text):
    """Return the layers of a text: ``lookup 1000 near 30, lookup 600 inputs 6``."""
    layers = []
    for part in text.split(","):
        found = FORM.fullmatch(part.strip())
        if not found:
            raise ValueError(f"Layer must be given as 'lookup NEURONS [inputs K] [near N]': "
                             f"{part.strip()!r}")
        neurons, inputs, near = found.groups()
        layers.append(Tables(int(neurons), int(inputs or Tables.inputs),
                             None if near is None else int(near)))
    return tuple(layers)
