"""Report on each node of a graph and the layer that it became, as text."""

from ..layer.parts import worded


def lines(imported):
    """Yield the report of an imported network, line by line."""
    walk, network = imported.walk, imported.network
    yield f"input: {imported.scaling.text()}"
    low, high = walk.range
    if (low, high) != (0.0, 255.0):
        yield f"the network's conversion quantizes pixels: {low:g} to {high:g} become 0 to 255"
    nodes = [(str(row.node), words(imported, row)) for row in walk.rows]
    width = max(len(name) for name, _ in nodes)
    for name, text in nodes:
        yield f"{name:<{width}}  {text}"
    yield from layers(network)
    if (walk.classes[1:] < walk.classes[:-1]).any():
        yield (f"classes in the network's order, so that ties fall as the graph's biases decide: "
               f"{', '.join(network.labels)}")
    yield f"thresholds that another rounding would move: {walk.ties}"


def layers(network):
    """Yield a line for each layer."""
    for layer in network.layers:
        parts = worded(layer.parts)
        yield (f"layer {layer.name}: {layer.kind}, {_shape(layer.takes)} to "
               f"{_shape(layer.gives)}{f', {parts}' if parts else ''}")


def words(imported, row):
    """Return what a node became: a part of a layer, by the layer's name."""
    layers = imported.network.layers
    if row.place < 0:
        return row.text
    return f"{layers[min(row.place, len(layers) - 1)].name}: {row.text}"


def _shape(shape):
    text = " x ".join(map(str, shape.extents))
    return text if shape.bits == 1 else f"{text} of {shape.bits} bits"
