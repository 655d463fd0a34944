"""Topology and first weights of a binarized network, taken from a float network."""

import torch

from ..conv.recipe import ConvRecipe
from ..recipes import Recipe


SPREAD = 0.058  # standard deviation of the first latent weights, that of +-0.1 uniform ones
SURE = 4.0  # latent weight of the strongest input of a wire, beside random ones around 0


def recipe_of(traced, parts, epochs):
    """Return the recipe of the binarized network with the topology of traced layers."""
    weighted = traced.weighted
    if weighted[0].kind == "fully connected":
        hidden = tuple(layer.weight.shape[0] for layer in weighted[:-1])
        if not hidden or any(layer.kind != "fully connected" for layer in weighted):
            raise ValueError("Network must have hidden dense layers to be binarized, and no other "
                             "layers with weights behind the first (train a larger one)")
        return Recipe("binarized", hidden, epochs=epochs, batch=100, rate=5e-3, augment=0)
    said, shape = [], parts.train.images.shape[1:]
    for layer in traced.layers[1:]:
        words = _words(layer, first=not said, last=layer is weighted[-1])
        said += [words] if words else []
    shape = shape if len(shape) == 3 else (*shape, 1)
    return ConvRecipe.of("binarized", ", ".join(said), shape=shape, epochs=epochs, batch=128,
                         augment=0)


def _words(layer, first, last):
    """Return a layer in the text of train.conv.text, or '' for one that it has by itself."""
    if last:
        return "scores"
    if layer.kind == "convolution" and layer.groups == 1 and layer.stride[0] == layer.stride[1]:
        rows, columns = layer.weight.shape[2:]
        stride = f" stride {layer.stride[0]}" if layer.stride[0] > 1 else ""
        valid = " valid" if layer.padding == (0, 0) and (rows, columns) != (1, 1) else ""
        integer = " integer" if first else ""
        return f"conv {layer.weight.shape[0]} {rows}x{columns}{stride}{valid}{integer}"
    if layer.kind == "fully connected":
        return f"dense {layer.weight.shape[0]}"
    if layer.kind == "max pool":
        return "pool" if layer.kernel == (2, 2) else f"pool {layer.kernel[0]}"
    if layer.kind in ("ReLU", "reshape"):
        return ""
    raise ValueError(f"Layer {layer.name!r} must have a binarized form: {layer.kind} has none "
                     f"(convolutions, max pools, dense layers in a row)")


@torch.no_grad()
def start_weights(network, traced):
    """Give the latent weights of a binarized network the float weights, scaled, in its order."""
    own = (network.linear if hasattr(network, "linear") else
           [layer for layer in network.layers if hasattr(layer, "weight")])
    shape = None
    for layer, module in zip(traced.weighted, own, strict=True):
        weight = layer.weight.detach()
        if weight.ndim == 4:
            weight = weight.permute(0, 2, 3, 1)
        elif shape is not None and len(shape) == 3:  # a map is taken position by position
            weight = weight.unflatten(1, shape).permute(0, 2, 3, 1).flatten(1)
        weight = weight * (SPREAD / weight.std().clamp_min(1e-12))
        module.weight.copy_(weight.reshape(module.weight.shape).clamp(-module.limit, module.limit))
        shape = _behind(traced, layer)


def _behind(traced, layer):
    """Return the shape of the map that the next weighted layer takes, in front of a reshape."""
    shape, name = layer.shape, layer.name
    for other in traced.layers:
        if name in other.inputs:
            if other.weighted or other.kind == "reshape":
                return shape
            shape, name = other.shape, other.name
    return shape


@torch.no_grad()
def start_tables(network, traced):
    """Begin a look-up network: each table is the float neuron of its strongest inputs alone."""
    for layer, tables in zip(traced.weighted, network.layers, strict=False):
        weight = layer.weight.detach()
        neurons, wires, _ = tables.candidates.shape
        allowed = torch.zeros(weight.shape[1], dtype=torch.bool)
        allowed[tables.candidates.unique().long()] = True
        size = weight.abs() * allowed
        strongest = size.topk(wires, 1).indices[torch.arange(neurons) % len(weight)]
        tables.candidates[:, :, 0] = strongest.int()
        tables.weight[:, :, 0] = SURE
        chosen = weight[torch.arange(neurons) % len(weight)].gather(1, strongest)
        rows = torch.arange(2**wires)[:, None] >> torch.arange(wires) & 1
        logits = chosen @ (2.0 * rows.T - 1)
        logits = logits / logits.std(1, keepdim=True).clamp_min(1e-12)
        tables.spectrum.copy_(logits @ tables.matrix / 2**wires)
