"""Recipes of convolutional networks."""

from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

from sw.data.thresholds import map_encoder
from sw.layer.parts import worded

from ..plan import Plan, listed
from . import text


@dataclass(frozen=True)
class ConvRecipe(Plan):
    """A convolutional network and its training.

    Attributes
    ----------
    name, levels, dataset, epochs, batch, rate, limit, ramp, freeze, smoothing, distill
        As in :class:`train.recipes.Recipe`.
    temperature, heard
        As in :class:`train.recipes.Recipe`.
    layers : str
        The layers as :func:`train.conv.text.parse` reads them.
    shape : tuple of int
        Rows, columns and colours of a picture.
    augment : float
        Factor on the distortion of grey pictures and on the shift of coloured ones; 0 for none.
    elastic : float
        Elastic part of the distortion of grey pictures, in part of their size.
    flip : bool
        Whether half of the pictures are mirrored.
    cutout : int
        Rows and columns of a grey square that hides a part of each picture; 0 for none.
    """

    what = "convolutions"

    name: str
    layers: str
    shape: tuple = (28, 28, 1)
    levels: int | None = None
    dataset: str = "mnist"
    epochs: int = 40
    batch: int = 128
    rate: float = 5e-3
    limit: float = 4.0
    augment: float = 1.0
    elastic: float = 0.0
    flip: bool = False
    cutout: int = 0
    ramp: float = 0.4
    freeze: float = 0.7
    smoothing: float = 0.0
    distill: float = 0.0
    temperature: float = 1.0
    heard: bool = False

    @property
    def passes(self):
        return self.epochs

    @classmethod
    def of(cls, name, layers, **fields):
        """Return the recipe of layers that a text gives; no name stands for the channels."""
        neurons = (layer.neurons for layer in text.parse(layers, 0)[:-1] if layer.neurons)
        return cls(name or f"conv-{listed(neurons, '-')}", layers, **fields)

    @property
    def elsewhere(self):
        """Factor on ``augment`` for pictures of another dataset."""
        return 1.0 if self.shape[2] == 3 else super().elsewhere

    @cached_property
    def integer(self):
        """Whether the first layer takes pixels as they are, without an encoder."""
        return self.parts(10)[0].integer

    @property
    def usual_levels(self):
        return None if self.integer else 1

    @property
    def seen(self):
        return "8-bit pixels" if self.integer else super().seen

    def seeing(self, shape):
        """Return a copy for pictures of a shape: rows, columns, and 3 colours or none."""
        if len(shape) == 1:
            raise ValueError(f"Convolution must be for pictures, whose pixels have places: the "
                             f"dataset is a table of {shape[0]} columns (use --hidden)")
        return replace(self, shape=(*shape, 1)[:3])

    def encoder(self, images):
        return None if self.integer else map_encoder(images, self._levels)

    def parts(self, classes):
        """Return the layers, see :mod:`train.conv.text`."""
        return text.parse(self.layers, classes)

    def stages(self, classes):
        """Yield name, layer and the shape that the layer takes, from first to last."""
        shape, numbers = (*self.shape[:2], self.shape[2] * self._levels), {}
        for layer in self.parts(classes):
            numbers[layer.stem] = numbers.get(layer.stem, 0) + 1
            alone = layer.stem in ("scores", "depth") and numbers[layer.stem] == 1
            name = layer.stem if alone else f"{layer.stem}{numbers[layer.stem]}"
            yield name, layer, shape
            shape = layer.made(shape)

    @property
    def _levels(self):
        return self.levels or 1

    def sizes(self, inputs, classes):
        """Return the values between the layers, the network's inputs and scores included."""
        made = [prod(layer.made(shape)) for _, layer, shape in self.stages(classes)
                if layer.neurons]
        return prod(self.shape) * self._levels, *made

    def layout(self, inputs, classes):
        """Return the shape of a picture and the channels or neurons of the layers, as text."""
        neurons = (layer.neurons for layer in self.parts(classes) if layer.neurons)
        return listed((listed(self.shape, "x"), *neurons), "-")

    def listing(self, inputs, classes):
        """Return synapses of a neuron by layer, what is there in all, and LUT4, as texts."""
        counts = [layer.synapses or "all" for layer in self.parts(classes) if layer.neurons]
        counts = counts if set(counts) != {"all"} else ["all"]
        return listed(counts, "/"), self.contents(inputs, classes), ""

    def contents(self, inputs, classes):
        """Return what the network will consist of, as text."""
        return worded({"synapses": self.synapse_total(inputs, classes)})

    def synapse_total(self, inputs, classes):
        """Return the synapses of the whole network; those of a kernel are counted once."""
        return sum(layer.neurons * layer.count(shape)
                   for _, layer, shape in self.stages(classes) if layer.neurons)

    def without_places(self):
        """Return the recipe; :meth:`seeing` has refused tables."""
        return self

    def has_places(self):
        return True

    def within(self, budget, classes, family):
        """Refuse a budget, which is for dense threshold layers."""
        raise ValueError(f"Budget must be for dense threshold layers: {self.name} has {self.what} "
                         f"(give --layers of other sizes)")

    def check(self, inputs, classes):
        """Raise ValueError unless the recipe can be trained for its pictures and such classes."""
        if self.integer and self.levels:
            raise ValueError(f"Levels must be for a first layer of bits: layer 'conv1' takes "
                             f"integers, levels {self.levels} (leave 'integer' or --levels out)")
        if self.distill:
            raise ValueError(f"Distillation must be for dense layers: {self.name} has {self.what} "
                             f"(use --distill 0)")
        for name, layer, shape in self.stages(classes):
            layer.check(name, shape)
        self.check_ranges(
            ("epochs", 1, 100_000), ("batch", 2, 100_000), ("rate", 1e-9, 10), ("limit", 1e-3, 1e3),
            ("augment", 0, 5), ("elastic", 0, 1), ("ramp", 0.01, 1), ("freeze", self.ramp, 1),
            ("smoothing", 0, 0.9), ("distill", 0, 1), ("temperature", 0.1, 100),
            ("cutout", 0, min(self.shape[:2])))
