"""Draws a trace: the outputs of every layer as maps, side by side, differences marked in red."""

import textwrap
from math import prod

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from sw import picture
from sw.show.show import SHOWN


WIDTH = 4.2        # inches of a column
MARKS = 2000       # most differences that are marked in one map
BITS = ListedColormap(["#20304f", "#f2d388"]).with_extremes(bad="#cccccc")  # 0, 1, missing


def draw(path, trace, start=None):
    """Draw a :class:`sim.trace.Trace` as PNG, layers from ``start`` on."""
    names = [layer.name for layer in trace.network.layers]
    shown = range(names.index(start) if start else 0, len(names))
    shapes = {place: map_shape(trace.network, place) for place in shown}
    who = list(trace.outputs)
    heights = [1.7, *(max(0.8, WIDTH * 0.9 * rows / columns + 0.45)
                      for rows, columns in shapes.values())]
    title = textwrap.fill("\n".join(trace.verdicts()), 50 * len(who), break_on_hyphens=False,
                          replace_whitespace=False)
    figure = Figure(figsize=(WIDTH * len(who), sum(heights) + 0.25 * (title.count("\n") + 2)),
                    layout="constrained")
    figure.suptitle(title, fontsize=10, color="black" if trace.equal else "firebrick")
    axes = figure.subplots(len(heights), len(who), squeeze=False,
                           gridspec_kw={"height_ratios": heights})
    _draw_image(axes[0, 0], trace)
    for rest in axes[0, 1:]:
        rest.set_axis_off()
    for row, (place, shape) in zip(axes[1:], shapes.items(), strict=True):
        for cell, name in zip(row, who, strict=True):
            _draw_layer(cell, trace, place, shape, name)
    picture.save(figure, path, dpi=110, metadata={"Software": None})


def map_shape(network, place):
    """Return rows and columns of the map of a layer's outputs."""
    layer = network.layers[place]
    return SHOWN.of(layer).map_shape(layer, network.input_shape)


def layout(network, place, outputs, shape):
    """Return a layer's outputs as floats in a map of a shape, NaN where there are none."""
    layer, size = network.layers[place], prod(shape)
    padded = np.full(max(size, layer.outputs), np.nan)
    padded[:len(outputs)] = outputs
    return SHOWN.of(layer).arrange(layer, padded, shape, network.input_shape)


def _draw_image(axes, trace):
    pixels, shape = trace.pixels, trace.network.input_shape
    if len(shape) == 3 and shape[2] in (3, 4):
        axes.imshow(pixels, interpolation="nearest")
    else:
        axes.imshow(pixels.reshape(shape[0] if len(shape) > 1 else 1, -1), cmap="gray", vmin=0,
                    aspect="auto" if len(shape) == 1 else "equal", interpolation="nearest")
    labels = [picture.shortened(label) for label in trace.network.labels]
    label = "nothing" if trace.label is None else labels[trace.label]
    axes.set_title(f"image {trace.image}; label: golden "
                   f"{labels[trace.expected_label]!r}, RTL {label!r}", fontsize=8)
    axes.set(xticks=[], yticks=[])


def _draw_layer(axes, trace, place, shape, who):
    """Draw what one of them computed in one layer."""
    layer = trace.network.layers[place]
    want, got = (layout(trace.network, place, trace.outputs[name][place], shape)
                 for name in ("golden", who))
    there = layout(trace.network, place, np.ones(layer.outputs), shape) == 1
    differ = np.argwhere(there & (want != got))  # NaN, an output that is missing, is not equal
    if layer.gives_scores:
        axes.imshow(np.where(got == np.nanmax(got, initial=-np.inf), 1.0, 0.6), cmap="gray",
                    vmin=0, vmax=1, aspect="auto")
        if layer.outputs <= 20:
            for column, score in enumerate(got[0]):
                axes.text(column, 0, "–" if np.isnan(score) else f"{score:.0f}", ha="center",
                          va="center", fontsize=8)
        axes.set_xticks(range(layer.outputs), trace.network.labels, fontsize=6)
        if layer.outputs > 20 or max(map(len, trace.network.labels)) > 4:
            axes.set_xticks([])
    else:
        axes.imshow(got, cmap=BITS, vmin=0, vmax=1, interpolation="nearest")
        axes.set_xticks([])
        _part_channels(axes, layer, shape)
    axes.set_yticks([])
    for row, column in differ[:MARKS]:
        axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor="red",
                                 linewidth=1.2))
    verdict = "" if who == "golden" else (f": {len(differ)} of {layer.outputs} differ"
                                          if len(differ) else ": equal")
    axes.set_title(f"{layer.name}, {who}{verdict}", fontsize=8,
                   color="firebrick" if len(differ) else "black")


def _part_channels(axes, layer, shape):
    """Draw lines between the channels of a feature map."""
    if not layer.gives.is_map:
        return
    rows, columns, _ = layer.gives.extents
    for row in range(rows, shape[0], rows):
        axes.axhline(row - 0.5, color="white", linewidth=1.2)
    for column in range(columns, shape[1], columns):
        axes.axvline(column - 0.5, color="white", linewidth=1.2)
