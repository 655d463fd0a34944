"""Golden model against plain ±1 arithmetic: ``python -m sw.arithmetic NETWORK``."""

import argparse
import json
from pathlib import Path

import numpy as np
from tqdm import tqdm

from . import golden
from .artefact import HELP, network_file
from .command import run
from .evaluate import dataset_name, load_test_set
from .network import load
from .store.files import write_text


BLOCK = 500  # images at once


def plain_popcounts(layer, bits):
    """Return how many synapses agree with their inputs, as sums of products of ±1.

    The float32 sums are exact: they stay below 2**24.

    Parameters
    ----------
    layer : sw.network.Dense or sw.network.Scores
        The layer.
    bits : ndarray of uint8, shape (n, inputs)
        Its inputs.

    Returns
    -------
    ndarray of int64, shape (n, neurons)
    """
    signs = 2.0 * bits.astype(np.float32) - 1
    sums = signs @ layer.weights.T.astype(np.float32)
    return (sums.astype(np.int64) + layer.fan_in) // 2


def compare(network, images, *, progress=True):
    """Compare every popcount of every neuron for images.

    Returns
    -------
    int, str or None
        Popcounts compared, and the first that differs.
    """
    compared, model = 0, golden.Model(network)
    starts = range(0, len(images), BLOCK)
    for start in tqdm(starts, unit_scale=BLOCK, unit=" images", disable=not progress):
        bits = model.encode(images[start:start + BLOCK])
        for layer in network.layers[1:]:
            want, have = plain_popcounts(layer, bits), golden.popcounts(layer, bits)
            compared += want.size
            if (have != want).any():
                image, neuron = np.argwhere(have != want)[0]
                return compared, (f"image {start + image}, layer {layer.name!r}, neuron {neuron}: "
                                  f"{have[image, neuron]}, not {want[image, neuron]}")
            bits = golden.outputs(layer, bits)
    return compared, None


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m sw.arithmetic", description=__doc__)
    parser.add_argument("network", type=network_file, metavar="NETWORK", help=HELP)
    parser.add_argument("--dataset", metavar="D", help="default: the one it was trained on")
    parser.add_argument("--record", type=Path, metavar="JSON", help="write what came out here")
    args = parser.parse_args(argv)

    network = load(args.network)
    images, _ = load_test_set(network, dataset_name(network, args.dataset))
    compared, first = compare(network, images)
    if first:
        raise ValueError(f"Popcounts must be those of plain arithmetic: {first}")
    print(f"golden's popcounts are those of plain arithmetic: {compared:,}, of {len(images):,} "
          f"images")
    if args.record:
        write_text(args.record, json.dumps({"network": network.identity, "images": len(images),
                                            "popcounts": compared}, indent=1) + "\n")


if __name__ == "__main__":
    run(main)
