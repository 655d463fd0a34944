"""Named networks and their training, chosen by accuracy on validation images."""

import json
from dataclasses import dataclass, replace
from operator import sub

from sw.layer.parts import worded

from . import area
from .conv.recipe import ConvRecipe
from .lookup.recipe import LookupRecipe
from .plan import Plan, listed


@dataclass(frozen=True)
class Recipe(Plan):
    """A network of threshold layers and its training.

    Attributes
    ----------
    name : str
        Name on the command line and of the files.
    hidden : tuple of int
        Neurons of each hidden layer.
    synapses : tuple of int or None
        Synapses of a neuron in each layer, the last included; None for all inputs.
    reach : tuple of int or None
        Candidate inputs of a neuron in each layer, among which it finds its synapses; None for all.
    local : bool
        Whether the candidates are the inputs nearest to the neuron's place instead of random ones.
        Only for pictures.
    levels : int or None
        Thresholds an input; None for 1 on pictures and 8 on tables.
    dataset : str
        Dataset that the recipe was made for.
    epochs : int
        Passes over the training images.
    batch : int
        Images a step.
    rate : float
        Adam's first learning rate; it falls to 0 as a cosine.
    limit : float
        Bound of the latent weights.
    augment : float
        Factor on the distortion of training pictures; 0 for none.
    elastic : float
        Elastic part of the distortion, in part of the image's size.
    ramp : float
        Part of training in which the number of synapses falls to its final value.
    freeze : float
        Part of training after which a neuron's synapses are no longer exchanged.
    smoothing : float
        Label smoothing of the cross-entropy.
    distill : float
        Weight of a float teacher's answers in the loss, 0..1; the labels have the rest.
    temperature : float
        Divisor of both networks' logits when they are compared.
    heard : bool
        Whether the examples are recordings, which :class:`train.voice.Voice` changes.
    """

    what = "threshold layers"

    name: str
    hidden: tuple
    synapses: tuple | None = None
    reach: tuple | None = None
    local: bool = False
    levels: int | None = None
    dataset: str = "mnist"
    epochs: int = 100
    batch: int = 500
    rate: float = 1e-2
    limit: float = 1.0
    augment: float = 1.0
    elastic: float = 0.0
    ramp: float = 0.4
    freeze: float = 0.7
    smoothing: float = 0.0
    distill: float = 0.0
    temperature: float = 1.0
    heard: bool = False

    @property
    def passes(self):
        return self.epochs

    @property
    def wired(self):
        return self.synapses is not None

    def sizes(self, inputs, classes):
        """Return the values between the layers, the network's inputs and scores included."""
        return inputs, *self.hidden, classes

    def listing(self, inputs, classes):
        """Return synapses of a neuron by layer, what is there in all, and LUT4, as texts."""
        lut4 = f"{area.planned(self.hidden, self.synapses, classes):,}" if self.wired else ""
        return listed(self.synapses or ("all",), "/"), self.contents(inputs, classes), lut4

    def planned(self, classes, family):
        if not self.wired:
            return None
        return area.planned(self.hidden, self.synapses, classes, family)

    def contents(self, inputs, classes):
        """Return what the network will consist of, as text."""
        return worded({"synapses": self.synapse_total(inputs, classes)})

    def without_places(self):
        """Return a copy for inputs that are no pictures."""
        return replace(self, local=False)

    def has_places(self):
        """Return whether neurons read what is near."""
        return self.local

    def counts(self, inputs):
        """Return the synapses of a neuron in each layer, for a number of encoded inputs."""
        fan_ins = (inputs, *self.hidden)
        return fan_ins if self.synapses is None else self.synapses

    def reaches(self, inputs):
        """Return the candidates of a neuron in each layer, for a number of encoded inputs."""
        fan_ins = (inputs, *self.hidden)
        return fan_ins if self.reach is None else tuple(map(min, self.reach, fan_ins))

    def synapse_total(self, inputs=784, classes=10):
        """Return the synapses of the whole network."""
        return sum(count * neurons for count, neurons
                   in zip(self.counts(inputs), (*self.hidden, classes), strict=True))

    def within(self, budget, classes, family):
        """Return a copy whose hidden layers are as wide as ``budget`` LUT4 allow, in proportion."""
        if self.synapses is None:
            raise ValueError(f"Budget must be for a network with few synapses a neuron: "
                             f"{self.name} has all (give --synapses)")

        def scaled(parts):  # ``parts`` 64ths of each layer
            return tuple(max(1, width * parts // 64) for width in self.hidden)

        fitting = [parts for parts in range(1, 64 * 64)
                   if area.planned(scaled(parts), self.synapses, classes, family) <= budget]
        if not fitting or min(map(sub, scaled(fitting[-1]), self.synapses[1:])) < 0:
            raise ValueError(f"Budget must have room for the synapses of {self.name}, "
                             f"{listed(self.synapses)} a neuron: {budget} LUT4")
        hidden, reach = scaled(fitting[-1]), self.reach
        if reach is not None and reach[-1] == self.hidden[-1]:  # it was all inputs: keep it so
            reach = (*reach[:-1], hidden[-1])
        return replace(self, hidden=hidden, reach=reach)

    def check(self, inputs, classes):
        """Raise ValueError unless the recipe can be trained for such encoded inputs and classes."""
        if not self.hidden or min(self.hidden) < 1 or max(self.hidden) > 2**16:
            raise ValueError(f"Hidden layers must be one or more, of 1 to 65536 neurons: "
                             f"{listed(self.hidden)}")
        if self.local and self.reach is None:
            raise ValueError("Local must have a reach: of how many inputs near it does a neuron "
                             "find its synapses (give --reach)")
        if self.synapses is not None:
            self._check_synapses((inputs, *self.hidden))
        elif self.reach is not None:
            raise ValueError(f"Reach must be for a network with few synapses a neuron: {self.name} "
                             f"has all (give --synapses)")
        self.check_ranges(
            ("epochs", 1, 100_000), ("batch", 2, 100_000), ("rate", 1e-9, 10), ("limit", 1e-3, 1e3),
            ("augment", 0, 5), ("elastic", 0, 1), ("ramp", 0.01, 1), ("freeze", self.ramp, 1),
            ("smoothing", 0, 0.9), ("distill", 0, 1), ("temperature", 0.1, 100))

    def _check_synapses(self, fan_ins):
        if len(self.synapses) != len(fan_ins):
            raise ValueError(f"Synapses must be one number for each of the {len(fan_ins)} layers, "
                             f"the last included: {listed(self.synapses)}")
        for index, (count, inputs) in enumerate(zip(self.synapses, fan_ins, strict=True), 1):
            if not 1 <= count <= inputs:
                raise ValueError(f"Synapses of layer 'fc{index}' must be in 1..{inputs}, its "
                                 f"inputs: {count}")
        if self.reach is not None and (len(self.reach) != len(fan_ins)
                                       or min(map(sub, self.reach, self.synapses)) < 0):
            raise ValueError(f"Reach must be one number for each of the {len(fan_ins)} layers, "
                             f"none below its synapses: {listed(self.reach)}")
        if self.local and self.reach[-1] < fan_ins[-1]:
            raise ValueError(f"Reach of the last layer must be all its {fan_ins[-1]} inputs, as "
                             f"classes have no place: {self.reach[-1]}")


CIFAR = (32, 32, 3)  # shape of CIFAR's pictures
RECIPES = {recipe.name: recipe for recipe in (
    Recipe("tiny", (16,), epochs=2, batch=100, augment=0),
    Recipe("tfc", (64, 64, 64), epochs=200, augment=0.2),
    Recipe("sfc", (256, 256, 256), epochs=120, augment=0.7),
    Recipe("lfc", (1024, 1024, 1024), epochs=180, batch=1000, augment=0.8, elastic=0.02),
    Recipe("sparse", (256, 256, 128), (48, 48, 48, 64), epochs=150, limit=4, augment=0.6),
    # The number of synapses falls soon. They are exchanged nearly to the end, while the rate falls.
    Recipe("wired-small", (1024, 512, 256), (6, 6, 6, 128), epochs=30, limit=4, augment=0.4,
           ramp=0.25, freeze=0.95),
    Recipe("ulx3s-25f", (288, 256, 128), (24, 16, 16, 96), epochs=80, limit=4, augment=0.5,
           ramp=0.25, freeze=0.95),
    Recipe("ulx3s-85f-fast", (448, 384, 192), (24, 16, 16, 96), epochs=80, limit=4, augment=0.6,
           ramp=0.25, freeze=0.95),
    # Neurons of one LUT4. So many epochs need a higher limit, because many latent weights would
    # reach a lower one and the choice of synapses would be among equals.
    Recipe("icebreaker", (768, 512, 384), (4, 4, 4, 56), (49, 64, 64, 384), local=True,
           epochs=150, rate=5e-3, limit=16, augment=0, ramp=0.25, freeze=0.95),
    # Neurons read near inputs, because so many random wires cannot be routed.
    Recipe("ulx3s-85f-accurate", (960, 640, 256), (28, 16, 16, 128), (196, 192, 192, 256),
           local=True, epochs=80, limit=4, augment=0.6, ramp=0.25, freeze=0.95),
    Recipe("ulx3s-85f-fashion", (768, 512, 256), (24, 16, 16, 128), (392, 128, 128, 256),
           local=True, levels=3, dataset="fashion-mnist", epochs=150, limit=16, augment=0.3,
           ramp=0.25, freeze=0.95),
    # Second layers read from what is near, because nextpnr finds no routes if they read from
    # anywhere (docs/decisions/027-spread.md).
    LookupRecipe.of("lookup-icebreaker", "lookup 1150 near 30, lookup 600 near 60", epochs=40,
                    rounds=24, augment=0.5),
    LookupRecipe.of("lookup-small", "lookup 1250 near 30, lookup 640 near 100", epochs=40,
                    rounds=24, augment=0.5),
    LookupRecipe.of("lookup-25f", "lookup 3000 near 30, lookup 1400 near 100", epochs=30,
                    rounds=14, augment=0.6),
    LookupRecipe.of("lookup-85f", "lookup 9000 near 30, lookup 4000 near 100", epochs=60,
                    rounds=26, augment=0.8, elastic=0.02),
    LookupRecipe.of("lookup-fashion", "lookup 9000 near 60, lookup 4000 near 300", levels=3,
                    dataset="fashion-mnist", epochs=40, rounds=8, augment=0.3),
    # Epochs are those of the published networks (docs/training.md, "Convolutional networks").
    ConvRecipe.of("mnist-conv", "depth 2, conv 48 synapses 16, conv 64 synapses 32, pool, "
                  "conv 128 synapses 48, pool, scores synapses 400", levels=2, epochs=209,
                  batch=200, augment=0.7, elastic=0.02),
    ConvRecipe.of("mnist-conv-icebreaker", "depth 2, conv 48, conv 64, pool, conv 96, pool, "
                  "scores", epochs=211, batch=200, augment=0.7, elastic=0.02),
    ConvRecipe.of("fashion-conv", "depth 2, conv 64 synapses 32, conv 96 synapses 64, pool, "
                  "conv 128, conv 128, scores", levels=6, dataset="fashion-mnist", epochs=89,
                  batch=500, augment=0.3, flip=True, smoothing=0.1),
    ConvRecipe.of("cifar-fast", "depth 2, conv 64 synapses 48, conv 96 synapses 96, pool, "
                  "conv 128, conv 128, pool, conv 192, scores", shape=CIFAR, levels=4,
                  dataset="cifar10-jpeg", epochs=445, batch=500, augment=0.75, flip=True),
    ConvRecipe.of("cifar-accurate", "depth 2, conv 128, conv 192, pool, conv 256, conv 256, pool, "
                  "conv 384, scores", shape=CIFAR, levels=8, dataset="cifar10-jpeg", epochs=404,
                  batch=500, flip=True, smoothing=0.1),
    ConvRecipe.of("cifar-icebreaker", "depth 2, conv 64, pool, conv 128, pool, conv 192, scores",
                  shape=CIFAR, levels=4, dataset="cifar10-jpeg", epochs=655, batch=500,
                  augment=0.5, flip=True),
    # FINN's CNV: Umuroglu et al., FINN, 2017, section 3.
    ConvRecipe.of("cnv", "conv 64 valid integer, conv 64 valid, pool, conv 128 valid, "
                  "conv 128 valid, pool, conv 256 valid, conv 256 valid, dense 512, dense 512, "
                  "scores", shape=CIFAR, dataset="cifar10-jpeg", epochs=346, batch=500, flip=True),
    # The layers of pocket-bnn (https://github.com/marph91/pocket-bnn), playground/05.
    ConvRecipe.of("pocket", "conv 8 valid integer, conv 16 valid, pool, conv 32 valid, pool, "
                  "conv 64 1x1, conv 128 1x1, scores summed", epochs=60, batch=200,
                  rate=1.5e-3, augment=0),
)}


if __name__ == "__main__":  # for programs that cannot wait for PyTorch
    print(json.dumps({name: recipe.to_json() for name, recipe in RECIPES.items()}))
