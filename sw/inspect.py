"""Shows what is in a folded network: layers, memory, identity, where it comes from, pictures."""

import argparse
from math import ceil, sqrt
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

from . import network
from .artefact import HELP, network_file
from .command import run
from .fold import beside
from .store.files import replacing


NEURONS_SHOWN = 256


def describe(folded):
    """Return the description of a folded network as lines of text."""
    encoder = folded.encoder
    shape = " x ".join(map(str, folded.input_shape))
    yield f"identity    {folded.identity}"
    yield (f"inputs      {shape}, {encoder.input_bits} bits, of which the hardware takes "
           f"{encoder.pixel_bits}")
    yield f"classes     {folded.classes}: {' '.join(folded.labels)}"
    yield ""
    yield (f"{'layer':12}{'kind':8}{'inputs':>8}{'outputs':>8}{'synapses':>10}"
           f"{'fan-in min':>12}{'mean':>8}{'max':>6}{'constant':>10}{'bits':>11}")
    yield (f"{encoder.name:12}{encoder.kind:8}{encoder.inputs:8}{encoder.outputs:8}"
           f"{'':10}{'':12}{'':8}{'':6}{'':10}{'':11}")
    for layer in folded.layers[1:]:
        fan_in = layer.fan_in
        yield (f"{layer.name:12}{layer.kind:8}{layer.inputs:8}{layer.outputs:8}"
               f"{layer.synapses:10}{fan_in.min():12}{fan_in.mean():8.1f}{fan_in.max():6}"
               f"{constant(layer) if layer.kind == 'dense' else '':>10}{memory_bits(layer):11}")
    total = sum(memory_bits(layer) for layer in folded.layers[1:])
    yield f"{'in all':12}{'':24}{folded.synapses:10}{'':36}{total:11}"
    yield ""
    yield "bits: one per synapse, and one threshold or bias per neuron as wide as its layer needs"
    for key, value in sorted(folded.provenance.items()):
        yield f"{key}: {value}"


def constant(layer):
    """Return how many neurons of a dense layer always fire or never do."""
    return int(((layer.thresholds == 0) | (layer.thresholds > layer.fan_in)).sum())


def memory_bits(layer):
    """Return the bits that a layer's synapses and its thresholds or biases take."""
    if layer.kind == "dense":
        width = (int(layer.fan_in.max()) + 1).bit_length()
    else:
        low, high = int(layer.bias.min()), int(layer.bias.max())
        width = max(high.bit_length() + (low < 0), (-low - 1).bit_length() + 1 if low < 0 else 0)
    return layer.synapses + layer.outputs * width


def draw_weights(path, folded):
    """Draw the first layer's weights, one tile a neuron: white +1, black -1, grey no synapse.

    Inputs are laid out as in an image; several levels of a pixel show as their mean.
    """
    layer = folded.layers[1]
    tiles = layer.weights[:NEURONS_SHOWN].astype(np.float32)
    tiles = tiles.reshape(len(tiles), -1, folded.encoder.levels).mean(axis=2)
    shape = folded.input_shape
    if len(shape) == 3:
        tiles = tiles.reshape(-1, *shape).mean(axis=3)
    else:
        tiles = tiles.reshape(-1, *(shape if len(shape) == 2 else (1, tiles.shape[1])))
    grid = _grid(tiles)
    figure = Figure(figsize=(8, 8 * grid.shape[0] / grid.shape[1] + 0.4), layout="constrained")
    axes = figure.subplots()
    colours = colormaps["gray"].with_extremes(bad="steelblue")  # between the tiles
    axes.imshow(grid, cmap=colours, vmin=-1, vmax=1, interpolation="nearest")
    axes.set_axis_off()
    axes.set_title(f"weights of {len(tiles)} of {layer.outputs} neurons of layer {layer.name!r}")
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=150)


def draw_thresholds(path, folded):
    """Draw how thresholds lie between 0 (always fires) and fan-in + 1 (never), layer by layer."""
    figure = Figure(figsize=(8, 2.2 * len(folded.hidden)), layout="constrained")
    for axes, layer in zip(figure.subplots(len(folded.hidden), squeeze=False)[:, 0],
                           folded.hidden, strict=True):
        axes.hist(layer.thresholds / (layer.fan_in + 1), bins=np.linspace(0, 1, 51))
        axes.set_title(layer.name)
        axes.set_ylabel("neurons")
    axes.set_xlabel("threshold / (fan-in + 1)")
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=150)


def _grid(tiles):
    """Return tiles, shape (n, rows, columns), side by side in one near-square image."""
    count, rows, columns = tiles.shape
    across = min(count, max(1, ceil(sqrt(count * rows / columns))))
    down = ceil(count / across)
    grid = np.full((down * across, rows + 1, columns + 1), np.nan, np.float32)
    grid[:count, :rows, :columns] = tiles
    grid = grid.reshape(down, across, rows + 1, columns + 1).transpose(0, 2, 1, 3)
    return grid.reshape(down * (rows + 1), across * (columns + 1))[:-1, :-1]


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m sw.inspect", description=__doc__)
    parser.add_argument("network", type=network_file, metavar="NETWORK", help=HELP)
    parser.add_argument("--pictures", type=Path, metavar="DIR",
                        help="write pictures of weights and thresholds there")
    args = parser.parse_args(argv)

    folded = network.load(args.network)
    print(f"{args.network}")
    for line in describe(folded):
        print(line.rstrip())
    if args.pictures:
        drawings = [(".weights.png", draw_weights)]
        if folded.hidden:
            drawings.append((".thresholds.png", draw_thresholds))
        for suffix, draw in drawings:
            output = args.pictures / beside(args.network, suffix).name
            draw(output, folded)
            print(f"wrote {output}")


if __name__ == "__main__":
    run(main)
