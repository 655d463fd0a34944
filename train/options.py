"""Options of the command line of training, and the recipe that they give."""

import argparse

from sw.command import Parser
from sw.data import options as choices
from sw.data.known import KNOWN

from . import area
from .conv.recipe import ConvRecipe
from .lookup.recipe import LookupRecipe
from .recipes import RECIPES, Recipe


def recipe_of(options):
    """Return the recipe of the options, without the fields that depend on the dataset."""
    ways = {way: getattr(options, way) for way in ("network", "hidden", "layers")}
    given = [f"--{way} {','.join(map(str, value)) if way == 'hidden' else value}"
             for way, value in ways.items() if value is not None]
    if len(given) > 1:
        raise ValueError(f"Network must be a named one or given by its layers, not both: "
                         f"{' '.join(given)}")
    name = options.network or "sfc"
    if options.hidden is not None:
        recipe = Recipe("-".join(map(str, options.hidden)), options.hidden,
                        limit=4.0 if options.synapses else 1.0)
    elif options.layers is not None:
        recipe = (LookupRecipe.of if "lookup" in options.layers else ConvRecipe.of)(
            "", options.layers)
    elif name in RECIPES:
        recipe = RECIPES[name]
    else:
        raise ValueError(f"Network must be one of {', '.join(RECIPES)}: {name} (or give the "
                         f"layers with --hidden or --layers)")
    return recipe.changed(**{what: getattr(options, what) for what in (
        "synapses", "reach", "local", "levels", "epochs", "rounds", "batch", "rate", "augment",
        "elastic", "distill", "temperature", "flip", "cutout", "smoothing", "ramp", "freeze")})


def listing():
    """Yield lines of a table of the named networks."""
    rows = [("network", "layers", "inputs a neuron", "in all", "LUT4", "epochs", "dataset")]
    for recipe in RECIPES.values():
        inputs = 784 * (recipe.levels or 1)
        rows.append((recipe.name, recipe.layout(inputs, 10), *recipe.listing(inputs, 10),
                     str(recipe.passes), recipe.dataset))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.rjust(width) if title in ("LUT4", "epochs") else cell.ljust(width)
                 for title, cell, width in zip(rows[0], row, widths, strict=True)]
        yield "  ".join(cells).rstrip()


def _numbers(text):
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be integers with commas between them: "
                                         f"{text!r}") from None


def _positive(kind):
    def parse(text):
        try:
            value = kind(text)
        except ValueError:
            value = 0
        if not 0 < value < 2**32:
            raise argparse.ArgumentTypeError(f"must be a positive number: {text!r}")
        return value
    return parse


def _count(text):
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be a whole number from 0 up: {text!r}")
    return int(text)


def parser():
    made = Parser(
        prog="python -m train.bnn_mnist", description="Train a network for an FPGA.")
    add = made.add_argument
    add("--network", metavar="NAME", help=f"{', '.join(RECIPES)} (default: sfc)")
    add("--list", action="store_true", help="print the named networks and leave")
    add("--float", action="store_true", help="train a float network for train.compress; "
        "--float --help says with which options")
    add("--hidden", type=_numbers, metavar="N,N,…", help="neurons of each hidden layer instead")
    add("--layers", metavar="TEXT", help="look-up layers instead: "
        "\"lookup NEURONS [inputs K] [near N], …\", the last one's bits are the votes; or "
        "convolutions: \"[depth N,] conv NEURONS [RxC] [stride N] [valid] [integer] [synapses N], "
        "pool, dense NEURONS [synapses N], …, scores [summed] [synapses N]\"")
    add("--synapses", type=_numbers, metavar="N,N,…",
        help="synapses of a neuron in each layer, the last included: sparse connectivity, learnt")
    add("--reach", type=_numbers, metavar="N,N,…",
        help="inputs that a neuron of each layer finds its synapses among (default: all)")
    add("--local", action=argparse.BooleanOptionalAction, default=None,
        help="these are the inputs nearest to the neuron's place, instead of random ones: the "
             "wires are shorter")
    add("--budget", type=_positive(int), metavar="LUT4",
        help="make layers wider or narrower until the network is planned to take so many")
    add("--family", choices=area.FAMILIES, default="ecp5",
        help="FPGAs that LUT4 are counted for (default: ecp5)")
    add("--dataset", help=f"{', '.join(KNOWN)}, or the path of pictures, an archive, arrays or a "
        "table (default: what the network is for, most for mnist); python -m sw.data shows one")
    add("--levels", type=_positive(int), metavar="N",
        help="thresholds an input (default: 1 for pictures, 8 for tables)")
    add("--epochs", type=_positive(int), metavar="N", help="passes over the training images")
    add("--rounds", type=_count, metavar="N",
        help="rounds of descent after the epochs, of look-up layers")
    add("--batch", type=_positive(int), metavar="N", help="images a step")
    add("--rate", type=_positive(float), metavar="X", help="first learning rate")
    add("--augment", type=float, metavar="X", help="factor on the distortion of pictures; 0: none")
    add("--elastic", type=float, metavar="X",
        help="elastic part of the distortion, in part of a grey picture's size, times --augment")
    add("--distill", type=float, metavar="X", help="weight of a float teacher's answers in the "
        "loss, 0..1; the teacher is trained first, once for each dataset and augmentation")
    add("--teacher", metavar="MODEL", help="teacher of your choice for --distill instead: a float "
        "checkpoint (NAME.float.npz), or module:function that returns an nn.Module")
    add("--temperature", type=float, metavar="X",
        help="what logits are divided by where network and teacher are compared")
    add("--flip", action=argparse.BooleanOptionalAction, default=None,
        help="mirror half of the training pictures, of convolutional networks; not for digits")
    add("--cutout", type=_count, metavar="N", help="hide a square of N x N pixels of each training "
        "picture, of convolutional networks")
    add("--smoothing", type=float, metavar="X", help="label smoothing, 0..0.9")
    add("--ramp", type=_positive(float), metavar="X", help="part of the training in which the "
        "number of synapses falls")
    add("--freeze", type=_positive(float), metavar="X", help="part of the training after which "
        "synapses are no longer exchanged")
    add("--device", choices=("cpu", "cuda"), default="cpu", help="where to train; cuda is for "
        "convolutional networks alone (default: cpu). Equal seeds give equal bits on cpu only")
    add("--limit", type=_positive(int), metavar="N", help="use only N training images")
    add("--seed", type=_count, default=1, help="seed of all that is random (default: 1)")
    add("--time-limit", type=_positive(float), metavar="SECONDS",
        help="train only as many epochs as fit")
    add("--output", metavar="DIR", help="folder for the results (default: build/NAME)")
    add("--errors", metavar="PNG", help="write validation images that the latest epoch takes for "
        "another class there, a row a class, 12 in a row")
    add("--name", help="name of the files (default: the network's, after the dataset's)")
    add("--resume", action="store_true", help="go on with a training that was interrupted")
    choices.add_arguments(made, mapped=False)
    return made
