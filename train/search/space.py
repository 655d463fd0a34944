"""Choices of a search: what may vary in each family of networks, as options of the training."""

from dataclasses import dataclass
from math import prod
from typing import ClassVar

from ..conv.recipe import ConvRecipe
from ..lookup.recipe import LookupRecipe
from ..recipes import RECIPES, Recipe


SEEDS = 2  # published recipes of a family that are tried first
LEVELS = {"picture": (1, 4), "sound": (2, 16), "row": (4, 24)}  # thresholds an input: least, most
USUAL = {"picture": 1, "sound": 8, "row": 8}  # where a recipe does not say
NEAR = 200  # inputs that a look-up neuron of a later layer chooses among, at most
CONV_SIDE = 8  # rows and columns of a picture that has room for convolutions


@dataclass(frozen=True)
class Facts:
    """Facts on which the choices depend.

    Attributes
    ----------
    shape : tuple of int
        Shape of an input.
    classes : int
        Number of classes.
    lut4 : int
        LUT4 that a network may take on the device.
    family : str
        The device's, ``"ecp5"`` or ``"ice40"``.
    flips : bool
        Whether mirrored pictures make sense.
    heard : bool
        Whether the inputs are recordings.
    """

    shape: tuple
    classes: int
    lut4: int
    family: str
    flips: bool = False
    heard: bool = False

    @property
    def pictured(self):
        return len(self.shape) > 1

    @property
    def inputs(self):
        return prod(self.shape)

    @property
    def examples(self):
        """Kind of the inputs: a key of :data:`LEVELS`."""
        return "sound" if self.heard else "picture" if self.pictured else "row"


class Family:
    """Base of the families of networks.

    Attributes
    ----------
    name : str
        Name on the command line, and beginning of the names of choices.
    recipe : type
        Kind of recipes.
    passes : dict
        Options of a full training that are counted: epochs, and rounds of descent.
    """

    name = ""
    recipe = None
    passes: ClassVar[dict] = {"epochs": 80}

    def suits(self, facts):
        """Return whether such networks can be trained on the data."""
        return True

    def words(self, draw, facts):
        """Return the options of the training; ``draw`` makes the choices."""
        raise NotImplementedError

    def choices(self, recipe, facts):
        """Return the choices that stand for a published recipe."""
        raise NotImplementedError

    def owns(self, recipe):
        return isinstance(recipe, self.recipe)

    def common(self, draw, facts):
        """Return the options that all families have."""
        low, high = LEVELS[facts.examples]
        words = ["--levels", draw.whole("levels", low, high)]
        if facts.pictured:
            words += ["--augment", draw.part("augment", 0.0, 1.2)]
        return words

    def seeds(self, facts):
        """Return names and choices of the published recipes that are tried first."""
        fitting = []
        for recipe in RECIPES.values():
            if not self.owns(recipe) or (recipe.levels is not None and not facts.pictured):
                continue
            size = recipe.synapse_total(facts.inputs, facts.classes)
            planned = recipe.planned(facts.classes, facts.family)
            if planned is not None and planned > facts.lut4:
                continue
            fitting.append((size, recipe.name, recipe))
        found = []
        for _, name, recipe in sorted(fitting, key=lambda each: each[:2], reverse=True):
            choices = self.choices(recipe, facts)
            if choices is not None:
                found.append((name, {"family": self.name, **choices,
                                     **self._common_choices(recipe, facts)}))
        return found[:SEEDS]

    def _common_choices(self, recipe, facts):
        low, high = LEVELS[facts.examples]
        choices = {f"{self.name}.levels": min(max(recipe.levels or USUAL[facts.examples], low),
                                              high)}
        if facts.pictured:
            choices[f"{self.name}.augment"] = round(min(recipe.augment, 1.2), 1)
        return choices


class Draw:
    """Makes the choices of a trial for one family."""

    def __init__(self, trial, family):
        self.trial = trial
        self.family = family

    def whole(self, name, low, high):
        """Return an integer, small ones as likely as large ones."""
        high = max(low, high)
        return self.trial.suggest_int(f"{self.family}.{name}", low, high, log=True)

    def part(self, name, low, high):
        return round(self.trial.suggest_float(f"{self.family}.{name}", low, high, step=0.1), 1)

    def one(self, name, values):
        return self.trial.suggest_categorical(f"{self.family}.{name}", values)


class Lookup(Family):
    """Look-up networks: one to three layers, of which the last one votes."""

    name = "lookup"
    recipe = LookupRecipe
    passes: ClassVar[dict] = {"epochs": 40, "rounds": 24}

    def words(self, draw, facts):
        layers = draw.whole("layers", 1, 3)
        inputs = draw.one("inputs", (4, 5, 6)) if facts.family == "ecp5" else 4
        widths = [draw.whole(f"width{place}", 32, min(2**15, facts.lut4)) for place in
                  range(1, layers)]
        votes = draw.whole("votes", 4, max(8, facts.lut4 // (2 * facts.classes)))
        near = [draw.whole("near", 8, min(128, facts.inputs))] if facts.pictured else [None]
        near += [draw.whole(f"near{place}", 16, NEAR) for place in range(2, layers + 1)]
        text = ", ".join(
            f"lookup {neurons}" + (f" inputs {inputs}" if inputs != 4 else "")
            + (f" near {some}" if some else "")
            for neurons, some in zip((*widths, votes * facts.classes), near, strict=True))
        return ["--layers", text, *self.common(draw, facts)]

    def choices(self, recipe, facts):
        layers = recipe.layers
        if len(layers) > 3:
            return None
        made = {f"width{place}": layer.neurons for place, layer in enumerate(layers[:-1], 1)}
        made |= {f"near{place}": min(layer.near or NEAR, NEAR)
                 for place, layer in enumerate(layers[1:], 2)}
        if facts.pictured:
            made["near"] = min(layers[0].near or 128, 128, facts.inputs)
        if facts.family == "ecp5":
            made["inputs"] = layers[0].inputs
        made |= {"layers": len(layers), "votes": max(4, layers[-1].neurons // 10)}
        return {f"{self.name}.{name}": value for name, value in made.items()}


class Sparse(Family):
    """Threshold networks of few synapses a neuron, two or three hidden layers."""

    name = "sparse"
    recipe = Recipe

    def owns(self, recipe):
        return super().owns(recipe) and recipe.synapses is not None

    def words(self, draw, facts):
        layers = draw.whole("layers", 2, 3)
        widths = [draw.whole(f"width{place}", 32, 1024) for place in range(1, layers + 1)]
        fans = [draw.whole("synapses1", 4, 48), *[draw.whole("synapses", 4, 48)] * (layers - 1),
                draw.whole("votes", 16, 256)]
        local = facts.pictured and draw.one("local", (True, False))
        before = (facts.inputs, *widths)
        fans = [min(fan, count) for fan, count in zip(fans, before, strict=True)]
        words = ["--hidden", _listed(widths), "--synapses", _listed(fans)]
        if local:
            reach = [min(max(16 * fan, 49), count) for fan, count in
                     zip(fans[:-1], before, strict=False)]
            words += ["--local", "--reach", _listed([*reach, before[-1]])]
        return [*words, *self.common(draw, facts)]

    def choices(self, recipe, facts):
        if not 2 <= len(recipe.hidden) <= 3 or max(recipe.hidden) > 1024:
            return None
        made = {f"width{place}": width for place, width in enumerate(recipe.hidden, 1)}
        made |= {"layers": len(recipe.hidden), "synapses1": min(recipe.synapses[0], 48),
                 "synapses": min(recipe.synapses[1], 48), "votes": recipe.synapses[-1]}
        if facts.pictured:
            made["local"] = recipe.local
        return {f"{self.name}.{name}": value for name, value in made.items()}


class Dense(Family):
    """Threshold networks with all synapses, one to three hidden layers."""

    name = "dense"
    recipe = Recipe
    passes: ClassVar[dict] = {"epochs": 100}

    def owns(self, recipe):
        return super().owns(recipe) and recipe.synapses is None

    def words(self, draw, facts):
        layers = draw.whole("layers", 1, 3)
        widths = [draw.whole(f"width{place}", 16, 512) for place in range(1, layers + 1)]
        return ["--hidden", _listed(widths), *self.common(draw, facts)]

    def choices(self, recipe, facts):
        if not 1 <= len(recipe.hidden) <= 3 or not 16 <= min(recipe.hidden) <= max(
                recipe.hidden) <= 512:
            return None
        made = {f"width{place}": width for place, width in enumerate(recipe.hidden, 1)}
        return {f"{self.name}.{name}": value
                for name, value in {"layers": len(recipe.hidden), **made}.items()}


class Conv(Family):
    """Convolutional networks: two or three convolutions, each in front of a pool or not."""

    name = "conv"
    recipe = ConvRecipe
    passes: ClassVar[dict] = {"epochs": 60}

    def suits(self, facts):
        return facts.pictured and min(facts.shape[:2]) >= CONV_SIDE

    def words(self, draw, facts):
        depth = ("depth 2, " if facts.shape[0] % 2 == facts.shape[1] % 2 == 0
                 and min(facts.shape[:2]) >= 2 * CONV_SIDE else "")
        first = f"conv {draw.whole('channels1', 8, 96)}"
        if draw.one("two", (True, False)):  # convolutions in front of the first pool
            first += f", conv {draw.whole('channels2', 8, 128)}"
        text = f"{depth}{first}, pool, conv {draw.whole('channels3', 16, 192)}, pool, scores"
        words = ["--layers", text, *self.common(draw, facts)]
        return [*words, "--flip"] if facts.flips and draw.one("flip", (True, False)) else words

    def choices(self, recipe, facts):
        made = [layer for layer in recipe.parts(facts.classes) if layer.convolves]
        if len(made) != 3 or made[0].integer or made[0].valid:
            return None
        names = ("channels1", "channels2", "channels3")
        choices = {f"{self.name}.two": True}
        choices |= {f"{self.name}.{name}": layer.neurons
                    for name, layer in zip(names, made, strict=True)}
        return choices | ({f"{self.name}.flip": recipe.flip} if facts.flips else {})


FAMILIES = {family.name: family for family in (Lookup(), Sparse(), Dense(), Conv())}


def chosen(names, facts):
    """Return the families of names, or all that suit the data."""
    if names is None:
        return [family for family in FAMILIES.values() if family.suits(facts)]
    for name in names:
        if name not in FAMILIES:
            raise ValueError(f"Families must be some of {', '.join(FAMILIES)}: {name!r}")
        if not FAMILIES[name].suits(facts):
            raise ValueError(f"Family {name!r} must be for pictures of at least {CONV_SIDE} x "
                             f"{CONV_SIDE} pixels: the dataset has inputs of "
                             f"{' x '.join(map(str, facts.shape))} (leave it out)")
    return [FAMILIES[name] for name in dict.fromkeys(names)]


def suggested(trial, families, facts):
    """Return the family that a trial draws, and the options of its training as text."""
    name = trial.suggest_categorical("family", [family.name for family in families])
    family = FAMILIES[name]
    return family, [str(word) for word in family.words(Draw(trial, name), facts)]


def _listed(numbers):
    return ",".join(map(str, numbers))
