"""Measures what Huffman codes save on weights in flash: ``python -m train.compress.flash``."""

import sys
from pathlib import Path

import numpy as np

from sw import network
from sw.command import Parser, run

from . import huffman


FOLDER = Path("data") / "networks"
PRESETS = ("tfc", "sfc", "lfc", "cnv")
WORTH = 15.0  # percent that coded weights must save to be kept
LAYOUTS = {"inputs of a neuron": 1, "eight neurons": 8}


def weight_octets(weights, neurons):
    """Return ±1 weights as octets of weight words, flat.

    Parameters
    ----------
    weights : ndarray of int8, shape (neurons, inputs)
        -1 and +1.
    neurons : int
        Lanes that a word serves: 1 packs eight inputs of a neuron into an octet, 8 packs the same
        input of eight neurons.
    """
    bits = (weights.reshape(len(weights), -1) > 0).astype(np.uint8)
    if neurons > 1:
        bits = np.pad(bits, ((0, -len(bits) % neurons), (0, 0)))
        bits = bits.reshape(-1, neurons, bits.shape[1]).transpose(0, 2, 1)
    return np.packbits(bits.reshape(len(bits), -1), axis=1, bitorder="little").ravel()


def saved(octets):
    """Return the percent that a Huffman code of octets saves, its table of 256 lengths included.

    Negative if the coded weights are larger.
    """
    coded = huffman.bits(octets.astype(np.int64), 256) / 8 + 256
    return 100 * (1 - coded / len(octets))


def measure(found):
    """Yield name, octets and percent saved in each layout, for each dense layer and for all."""
    whole = {layout: [] for layout in LAYOUTS}
    for layer in found.layers:
        weights = getattr(layer, "weights", None)
        if weights is None or not np.all(weights != 0):
            continue
        packed = {layout: weight_octets(weights, lanes) for layout, lanes in LAYOUTS.items()}
        for layout, octets in packed.items():
            whole[layout].append(octets)
        size = len(packed["inputs of a neuron"])
        yield layer.name, size, {layout: saved(octets) for layout, octets in packed.items()}
    joined = {layout: np.concatenate(parts) for layout, parts in whole.items() if parts}
    if joined:
        yield ("all", len(joined["inputs of a neuron"]),
               {layout: saved(octets) for layout, octets in joined.items()})


def main(argv=None):
    parser = Parser(prog="python -m train.compress.flash", description=__doc__)
    parser.add_argument("networks", nargs="*", default=PRESETS, metavar="NETWORK",
                        help=f"name in {FOLDER}, or NAME.net.npz (default: {' '.join(PRESETS)})")
    args = parser.parse_args(argv)
    print(f"| network | layer | bytes | {' | '.join(f'{name}, saved (%)' for name in LAYOUTS)} |")
    print(f"|---|---|---|{'---|' * len(LAYOUTS)}")
    best = []
    for name in args.networks:
        path = Path(name) if name.endswith(".npz") else FOLDER / f"{name}.net.npz"
        for layer, size, percents in measure(network.load(path)):
            numbers = " | ".join(f"{percents[layout]:.1f}" for layout in LAYOUTS)
            print(f"| {name} | {layer} | {size:,} | {numbers} |")
            if layer == "all":
                best.append(max(percents.values()))
    if best:
        print(f"at most {max(best):.1f} % is saved; {WORTH:g} % would be worth a decoder")


if __name__ == "__main__":
    run(main, sys.argv[1:])
