"""Shows what is in a folded network: layers, memory, identity, where it comes from, pictures."""

from math import ceil, sqrt
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

from . import network, picture
from .artefact import HELP, network_file
from .command import Parser, run
from .conversion import unwritten
from .fold import beside
from .layer.parts import worded
from .show.show import SHOWN


NEURONS_SHOWN = 256


def describe(folded):
    """Return the description of a folded network as lines of text."""
    shape = " x ".join(map(str, folded.input_shape))
    yield f"identity    {folded.identity}"
    yield (f"inputs      {shape}, {folded.input_bits} bits, of which the hardware takes "
           f"{folded.pixel_bits}")
    yield f"classes     {folded.classes}: {' '.join(folded.labels)}"
    yield f"conversion  {'; '.join(folded.conversion.words())}"
    if unwritten(folded.conversion, folded.input_shape):
        yield "            (the file stores none: this is the meaning of files without one)"
    yield ""
    wide = max(8, *(len(layer.kind) + 1 for layer in folded.layers))
    yield (f"{'layer':12}{'kind':{wide}}{'inputs':>8}{'outputs':>8}{'consists of':>20}"
           f"{'fan-in min':>12}{'mean':>8}{'max':>6}{'constant':>10}{'bits':>11}")
    total = 0
    for layer in folded.layers:
        row = SHOWN.of(layer).row(layer)
        total += row.bits or 0
        yield (f"{layer.name:12}{layer.kind:{wide}}{layer.inputs:8}{layer.outputs:8}"
               f"{worded(layer.parts):>20}{_fan_in(row.fan_in):26}"
               f"{'' if row.constant is None else row.constant:10}"
               f"{'' if row.bits is None else row.bits:11}")
    yield f"{'in all':12}{'':{wide}}{worded(folded.parts):>36}{'':36}{total:11}"
    yield ""
    if maps := [f"{layer.name:12}{words}" for layer in folded.layers
                if (words := SHOWN.of(layer).words(layer))]:
        yield from (*maps, "")
    yield ("bits: one per synapse or row of a table, and one threshold or bias per neuron as wide "
           "as its layer needs")
    for key, value in sorted(folded.provenance.items()):
        yield f"{key}: {value}"


def _fan_in(fan_in):
    """Return least, mean and greatest fan-in as columns."""
    if fan_in is None:
        return ""
    return f"{fan_in.min():12}{fan_in.mean():8.1f}{fan_in.max():6}"


def with_weights(folded):
    """Return the first layer whose neurons see the inputs of an image, and their shades; or None.

    The shade of an input is the mean over its levels.
    """
    for place, layer in enumerate(folded.layers[:2]):
        shades = _spread(folded.layers[:place], SHOWN.of(layer).tiles(layer))
        if shades is not None:
            return layer, shades
    return None


def _spread(before, shades):
    """Return shades of an image's inputs from those of the outputs of the layers before, or None.

    Shades of a kernel become those of the part of an image that the kernel sees.
    """
    for layer in reversed(before):
        shades = None if shades is None else SHOWN.of(layer).spread(layer, shades)
    return shades


def draw_weights(path, folded):
    """Draw the shades of the first layer that sees an image, a tile a neuron: white +1, black -1.

    Inputs lie as in an image. Of colours, the mean is drawn.
    """
    layer, tiles = with_weights(folded)
    tiles, shape = tiles[:NEURONS_SHOWN], folded.input_shape
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
    axes.set_title(f"{SHOWN.of(layer).shade} of {len(tiles)} of {layer.outputs} neurons of layer "
                   f"{layer.name!r}")
    picture.save(figure, path, dpi=150)


def with_kernels(folded):
    """Return the layers that have kernels, each with its kernels.

    Kernels that see an image through layers which only move its bits are those of the image.
    """
    found = []
    for place, layer in enumerate(folded.layers):
        kernels = SHOWN.of(layer).kernels(layer)
        if kernels is not None:
            seen = _spread(folded.layers[:place], kernels)
            found.append((layer, kernels if seen is None else seen))
    return found


def draw_kernels(path, folded):
    """Draw the kernels of each convolution, a tile a neuron: white +1, black -1, grey for none.

    Kernels of three channels, such as those that see colours, are drawn in red, green and blue. Of
    other channels, the mean is drawn, as bright as the layer's largest.
    """
    layers, grids = with_kernels(folded), []
    for _, kernels in layers:
        tiles = kernels[:NEURONS_SHOWN]
        if tiles.shape[3] != 3:
            tiles = tiles.mean(axis=3)
        tiles = tiles / max(np.abs(tiles).max(), 1e-9)
        grids.append(_grid((tiles + 1) / 2))
    heights = [8 * grid.shape[0] / grid.shape[1] + 0.4 for grid in grids]
    figure = Figure(figsize=(8, sum(heights)), layout="constrained")
    colours = colormaps["gray"].with_extremes(bad="steelblue")  # between the tiles
    cells = figure.subplots(len(layers), squeeze=False, gridspec_kw={"height_ratios": heights})
    for axes, (layer, kernels), grid in zip(cells[:, 0], layers, grids, strict=True):
        if grid.ndim == 3:
            axes.set_facecolor("steelblue")
            grid = np.concatenate([np.nan_to_num(grid), ~np.isnan(grid[..., :1])], axis=2)
        axes.imshow(grid, cmap=colours, vmin=0, vmax=1, interpolation="nearest")
        axes.set(xticks=[], yticks=[])
        channels = kernels.shape[3]
        seen = {1: "", 3: ", in colour"}.get(channels, f", mean of {channels} channels")
        axes.set_title(f"kernels of {min(len(kernels), NEURONS_SHOWN)} of {len(kernels)} neurons "
                       f"of layer {layer.name!r}{seen}")
    picture.save(figure, path, dpi=150)


def draw_tables(path, folded):
    """Draw the truth tables of each layer that has them, a tile a neuron: white 1, black 0.

    Inputs 0 and 1 choose the column of a tile, the other inputs its row.
    """
    layers = with_tables(folded)
    figure = Figure(figsize=(8, 8 * len(layers)), layout="constrained")
    colours = colormaps["gray"].with_extremes(bad="steelblue")
    for axes, (layer, tables) in zip(figure.subplots(len(layers), squeeze=False)[:, 0], layers,
                                     strict=True):
        shown = tables[:NEURONS_SHOWN].astype(np.float32)
        grid = _grid(shown.reshape(len(shown), -1, min(4, shown.shape[1])))
        axes.imshow(grid, cmap=colours, vmin=0, vmax=1, interpolation="nearest")
        axes.set_axis_off()
        axes.set_title(f"tables of {len(shown)} of {layer.outputs} neurons of layer {layer.name!r}")
    picture.save(figure, path, dpi=150)


def with_tables(folded):
    """Return the layers whose neurons are truth tables, each with its tables."""
    return [(layer, tables) for layer in folded.layers
            if (tables := SHOWN.of(layer).tables(layer)) is not None]


def with_reads(folded):
    """Return how many neurons behind the first layer read each input, its levels together; or None.

    None too if outputs of the first layer depend on several inputs.
    """
    first, layer = folded.layers[:2]
    reads = SHOWN.of(layer).reads(layer)
    means = None if reads is None else SHOWN.of(first).spread(first, reads[None])
    return None if means is None else np.rint(means[0] * (first.outputs // first.inputs))


def draw_reads(path, folded):
    """Draw how many neurons behind the first layer look at each pixel, all its levels together."""
    layer, counts = folded.layers[1], with_reads(folded)
    shape = folded.input_shape
    if len(shape) == 3:
        counts = counts.reshape(shape).sum(axis=2)
    else:
        counts = counts.reshape(shape if len(shape) == 2 else (1, -1))
    figure = Figure(figsize=(8, 7), layout="constrained")
    axes = figure.subplots()
    figure.colorbar(axes.imshow(counts, interpolation="nearest"), label="neurons")
    axes.set_title(f"neurons of layer {layer.name!r} that look at a pixel: "
                   f"{np.count_nonzero(counts)} of {counts.size} pixels are looked at")
    picture.save(figure, path, dpi=150)


def with_thresholds(folded):
    """Return the layers whose neurons have thresholds, each with its thresholds from 0 to 1."""
    return [(layer, firing) for layer in folded.layers
            if (firing := SHOWN.of(layer).firing(layer)) is not None]


def draw_thresholds(path, folded):
    """Draw each layer's thresholds between 0 (always fires) and fan-in + 1 (never fires)."""
    layers = with_thresholds(folded)
    figure = Figure(figsize=(8, 2.2 * len(layers)), layout="constrained")
    for axes, (layer, firing) in zip(figure.subplots(len(layers), squeeze=False)[:, 0],
                                     layers, strict=True):
        axes.hist(firing, bins=np.linspace(0, 1, 51))
        axes.set_title(layer.name)
        axes.set_ylabel("neurons")
    axes.set_xlabel("threshold / (fan-in + 1)")
    picture.save(figure, path, dpi=150)


def _grid(tiles):
    """Return tiles, shape (n, rows, columns, ...), side by side in one near-square image."""
    count, rows, columns, *colours = tiles.shape
    across = min(count, max(1, ceil(sqrt(count * rows / columns))))
    down = ceil(count / across)
    grid = np.full((down * across, rows + 1, columns + 1, *colours), np.nan, np.float32)
    grid[:count, :rows, :columns] = tiles
    grid = grid.reshape(down, across, rows + 1, columns + 1, *colours).swapaxes(1, 2)
    return grid.reshape(down * (rows + 1), across * (columns + 1), *colours)[:-1, :-1]


def main(argv=None):
    parser = Parser(prog="python -m sw.inspect", description=__doc__)
    parser.add_argument("network", type=network_file, metavar="NETWORK", help=HELP)
    parser.add_argument("--pictures", type=Path, metavar="DIR",
                        help="write pictures of weights, kernels, tables and thresholds there")
    args = parser.parse_args(argv)

    folded = network.load(args.network)
    print(f"{args.network}")
    for line in describe(folded):
        print(line.rstrip())
    if args.pictures:
        drawings = []
        if with_weights(folded):
            drawings.append((".weights.png", draw_weights))
        if with_kernels(folded):
            drawings.append((".kernels.png", draw_kernels))
        if with_reads(folded) is not None:
            drawings.append((".inputs.png", draw_reads))
        if with_tables(folded):
            drawings.append((".tables.png", draw_tables))
        if with_thresholds(folded):
            drawings.append((".thresholds.png", draw_thresholds))
        for suffix, draw in drawings:
            output = args.pictures / beside(args.network, suffix).name
            draw(output, folded)
            print(f"wrote {output}")


if __name__ == "__main__":
    run(main)
