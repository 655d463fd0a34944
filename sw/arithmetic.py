"""Golden model against plain ±1 arithmetic: ``python -m sw.arithmetic NETWORK``."""

import json
from pathlib import Path

import numpy as np

from . import golden
from .artefact import HELP, network_file
from .command import Parser, run
from .data import options as choices
from .data.testset import load_test_set
from .network import load
from .plain.plain import PLAIN
from .progress import progress as shown_progress
from .store.files import write_text


BLOCK = 500  # images at once
VALUES = 2**23  # most values of a layer at once


def compare(network, images, *, progress=True):
    """Compare golden with plain arithmetic: popcounts of every neuron, or outputs without them.

    Returns
    -------
    int, str or None
        Number of values compared, without those of an encoder, and a description of the first one
        that differs.
    """
    compared = 0
    widest = max(max(layer.inputs, layer.outputs) for layer in network.layers)
    block = max(1, min(BLOCK, VALUES // widest))
    starts = range(0, len(images), block)
    for start in shown_progress(starts, what="comparing", unit="images", scale=block,
                                show=progress):
        inputs = images[start:start + block].reshape(-1, network.inputs)
        for layer in network.layers:
            have, want = PLAIN.of(layer)(layer, inputs)
            compared += want.size * (layer is not network.first or layer.synapses > 0)
            if (have != want).any():
                image, neuron = np.argwhere(have != want)[0]
                return compared, (f"image {start + image}, layer {layer.name!r}, neuron {neuron}: "
                                  f"{have[image, neuron]}, not {want[image, neuron]}")
            inputs = golden.outputs(layer, inputs)
    return compared, None


def main(argv=None):
    parser = Parser(prog="python -m sw.arithmetic", description=__doc__)
    parser.add_argument("network", type=network_file, metavar="NETWORK", help=HELP)
    parser.add_argument("--dataset", metavar="D", help="default: the one it was trained on")
    choices.add_arguments(parser)
    parser.add_argument("--record", type=Path, metavar="JSON", help="write what came out here")
    args = parser.parse_args(argv)

    network = load(args.network)
    images = load_test_set(network, args.dataset, choices.from_arguments(args)).images
    compared, first = compare(network, images)
    if first:
        raise ValueError(f"Golden must equal plain arithmetic: {first}")
    print(f"golden equals plain arithmetic: {compared:,} popcounts and outputs of "
          f"{len(images):,} images")
    if args.record:
        write_text(args.record, json.dumps({"network": network.identity, "images": len(images),
                                            "popcounts": compared}, indent=1) + "\n")


if __name__ == "__main__":
    run(main)
