"""Draws what became of each node: the graph on the left, the network's layers on the right."""

from matplotlib.figure import Figure

from .. import picture


ROW = 0.28   # inches of a node
MOST = 400   # nodes that are drawn
COLOURS = ("#dbe9f6", "#fde6cc", "#dcf0d8", "#f6d9de", "#e6def2")


def draw(path, imported):
    """Write the picture of an imported network's report."""
    rows = [row for row in imported.walk.rows if row.place >= 0][:MOST]
    layers = imported.network.layers
    figure = Figure(figsize=(11, 1 + ROW * max(len(rows), 2 * len(layers))), layout="constrained")
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set_xlim(0, 10)
    axes.set_ylim(-max(len(rows), 2) - 0.5, 1.5)
    axes.text(4, 0.8, "ONNX", ha="right", weight="bold")
    axes.text(6, 0.8, "network", ha="left", weight="bold")
    places = {}
    for index, row in enumerate(rows):
        _box(axes, 4, -index, str(row.node), min(row.place, len(layers) - 1), "right")
        places.setdefault(min(row.place, len(layers) - 1), []).append(-index)
    for place, layer in enumerate(layers):
        own = places.get(place, [])
        height = sum(own) / len(own) if own else -place * max(1, len(rows) / len(layers))
        text = f"{layer.name}: {layer.kind}, {layer.inputs:,} to {layer.outputs:,}"
        _box(axes, 6, height, text, place, "left")
        for each in own:
            axes.plot([4.05, 5.95], [each, height], color="0.7", linewidth=0.8, zorder=0)
    picture.save(figure, path, dpi=110)


def _box(axes, x, y, text, place, side):
    axes.text(x, y, text if len(text) < 60 else f"{text[:58]}…", ha=side, va="center",
              fontsize=8, clip_on=True,
              bbox={"boxstyle": "round,pad=0.2", "facecolor": COLOURS[place % len(COLOURS)],
                    "edgecolor": "0.6"})
