"""Collects the range of every weight and activation: ``python -m train.compress.calibrate``."""

import csv
import io
import json
import sys
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from sw import picture
from sw.command import Parser, run
from sw.data import datasets
from sw.data import options as choices
from sw.data.known import KNOWN
from sw.store.files import replacing, write_text

from . import checkpoint, data, ranges
from .ranges import POWERS
from .trace import trace


MODEL = ("NAME.float.npz from python -m train.bnn_mnist --float, or module:function that returns "
         "an nn.Module")


def main(argv=None):
    options = parse(argv)
    model = checkpoint.of_model(options.model)
    dataset = load_dataset(model, options)
    parts = split(model, dataset, options)
    traced = trace(model.network, data.input_shape(dataset.input_shape))
    rows = calibrate(traced, parts.calibration)
    folder = Path(options.output or Path("build") / model.name)
    paths = {kind: folder / f"{model.name}.ranges.{kind}" for kind in ("json", "csv", "png")}
    title = f"{model.name}: {len(parts.calibration)} images of {dataset.name}"
    with ExitStack() as together:  # all files, or none
        new = {kind: together.enter_context(replacing(path)) for kind, path in paths.items()}
        write_text(new["json"], json.dumps(
            {"model": options.model, "dataset": dataset.name, "seed": options.seed,
             "images": len(parts.calibration), "ranges": [row.to_json() for row in rows]},
            indent=1) + "\n")
        write_text(new["csv"], table(rows))
        draw(new["png"], rows, title)
    print(*lines(rows), sep="\n")
    print(f"wrote {', '.join(map(str, paths.values()))} ({title}, seed {options.seed})")


def calibrate(traced, part):
    """Return a :class:`train.compress.ranges.Range` for each learnable and each activation.

    Parameters
    ----------
    traced : train.compress.trace.Traced
        The network.
    part : train.compress.data.Part
        Calibration images.
    """
    activations = {row.name: row for row in ranges.of_activations(traced, part)}
    learnables, rows = ranges.of_learnables(traced), []
    for layer in traced.layers:
        rows += [row for row in learnables if row.name == layer.name]
        rows.append(activations[layer.name])
    return rows


def load_dataset(model, options):
    """Return the dataset of a command line; that of the training if none is given."""
    name = options.data or model.provenance.get("dataset")
    if not name:
        raise ValueError(f"Dataset must be given with --data: {options.model} does not say what it "
                         f"was trained on")
    dataset = datasets.load(name, choices.from_arguments(options))
    if model.image_shape and model.image_shape != tuple(dataset.input_shape):
        raise ValueError(f"Images of {name} must have the network's shape {model.image_shape}: "
                         f"{tuple(dataset.input_shape)} (convert them with --size, --grey or "
                         f"--colour)")
    if model.labels and model.labels != dataset.labels:
        raise ValueError(f"Classes of {name} must be the network's: "
                         f"{', '.join(dataset.labels[:4])} …, not {', '.join(model.labels[:4])} …")
    return dataset


def split(model, dataset, options, validation=None):
    """Return the parts of a dataset: those of the network's own training, where it is known.

    So the images of calibration and validation are none that the network was trained with. The
    options get the seed.
    """
    own = model.provenance
    if options.seed is None:
        options.seed = own.get("seed", 1)
    return data.split(dataset, options.seed, calibration=options.calibration,
                      validation=validation, limit=own.get("limit"))


def table(rows):
    """Return rows as CSV, the powers of two in columns."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["optimized layer", "given layer", "what", "min", "max", "zeros",
                     *(f"2^{power}" for power in POWERS)])
    for row in rows:
        writer.writerow([row.name, row.given, row.what, repr(row.low), repr(row.high), row.zeros,
                         *row.powers.tolist()])
    return text.getvalue()


def lines(rows):
    """Return rows as lines of a table for a terminal."""
    cells = [("optimized layer", "given layer", "what", "min", "max")]
    cells += [(row.name, row.given, row.what, f"{row.low:.5g}", f"{row.high:.5g}") for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [f"{one:<{a}}  {two:<{b}}  {what:<{c}}  {low:>{d}}  {high:>{e}}"
            for (one, two, what, low, high), (a, b, c, d, e) in
            ((cell, widths) for cell in cells)]


def draw(path, rows, title):
    """Draw the histogram of each range as PNG: a row each, dark where many values have that power.

    The frame of a row shows what 8 bits of fixed point would cover: the greatest power, its sign
    and six powers below.
    """
    figure = Figure(figsize=(11, 1.6 + 0.26 * len(rows)), layout="constrained")
    axes = figure.subplots()
    shares = np.array([row.powers / max(1, row.powers.sum()) for row in rows])
    axes.imshow(np.sqrt(shares), cmap="Blues", aspect="auto", vmin=0, vmax=np.sqrt(shares.max()),
                extent=(POWERS[0], POWERS[-1] + 1, len(rows) - 0.5, -0.5), interpolation="nearest")
    for place, row in enumerate(rows):
        if row.powers.any():
            top = POWERS[int(np.flatnonzero(row.powers)[-1])] + 1
            axes.add_patch(_frame(top - 7, place))
    axes.set_yticks(range(len(rows)),
                    [picture.shortened(f"{row.name} {row.what}") for row in rows], fontsize=7)
    axes.set_xticks([power + 0.5 for power in POWERS[::2]], POWERS[::2], fontsize=8)
    axes.set(title=title, xlabel="power of two of the magnitude; frame: what 8 bits cover below "
             "the largest")
    axes.grid(axis="x", alpha=0.2)
    picture.save(figure, path, dpi=110, metadata={"Software": None})


def _frame(left, place):
    return Rectangle((left, place - 0.42), 7, 0.84, fill=False, edgecolor="tab:orange")


def add_arguments(made):
    """Add the arguments that say which network and which images."""
    made.add_argument("model", metavar="MODEL", help=MODEL)
    made.add_argument("--data", metavar="D", help=f"{', '.join(KNOWN)}, or a path (default: what "
                      f"the checkpoint was trained on)")
    made.add_argument("--calibration", type=int, metavar="N",
                      help=f"calibration images (default: {data.CALIBRATION:,})")
    made.add_argument("--seed", type=int, choices=range(2**16), metavar="N", help="seed of the "
                      "parts: training, calibration, validation (default: that of the training)")
    made.add_argument("--output", metavar="DIR", help="folder for the results (default: "
                      "build/NAME)")
    choices.add_arguments(made, mapped=False)


def parse(argv):
    made = Parser(prog="python -m train.compress.calibrate", description=__doc__)
    add_arguments(made)
    return made.parse_args(argv)


if __name__ == "__main__":
    run(main, sys.argv[1:])
