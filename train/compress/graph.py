"""A traced network as a module that can be trained, changed and saved."""

import torch
from torch import nn

from .layers import Add, Conv2d, Linear, MaxPool, Relu, Reshape
from .network import FloatNetwork
from .trace import trace


class Graph(nn.Module):
    """Layers of a traced network, BatchNorm merged; their learnables are the parameters.

    Parameters
    ----------
    traced : Traced
        Its layers are taken over and get parameters of their own.
    """

    def __init__(self, traced):
        super().__init__()
        self.traced = traced
        self.held = nn.ModuleDict()
        for layer in traced.layers:
            if layer.learnables:
                held = nn.ParameterDict({name: nn.Parameter(value.detach().clone())
                                         for name, value in layer.learnables.items()})
                self.held[layer.name.replace(".", "/")] = held
                layer.learnables = held

    def forward(self, x):
        return self.traced.forward(x)


def graph(network, input_shape):
    """Return a copy of a network as a :class:`Graph`, with BatchNorm merged."""
    return Graph(trace(network, input_shape))


def plain(traced, input_shape):
    """Return traced layers as a network that a checkpoint can hold, if its text can say them.

    Layers in a row are said as text (:mod:`train.compress.text`), so the result is a
    :class:`.FloatNetwork`; any others are a :class:`Graph`.
    """
    text = text_of(traced)
    if text is None:
        return Graph(traced)
    network = FloatNetwork(text, input_shape, traced.weighted[-1].weight.shape[0])
    own = [module for module in network.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    with torch.no_grad():
        for module, layer in zip(own, traced.weighted, strict=True):
            module.weight.copy_(layer.weight)
            if layer.bias is not None:
                module.bias.copy_(layer.bias)
    return network.eval()


def merged(network, shape):
    """Return a network of layers in a row, BatchNorm merged, that a coded file can hold."""
    made = plain(trace(network, shape), shape)
    if not isinstance(made, FloatNetwork):
        raise ValueError(f"Network must be layers in a row, which the text of layers can say, to "
                         f"be coded: {type(network).__name__} is not (use prune, fixed or int8)")
    return made


def text_of(traced):
    """Return the layers as text, or None of what the text has no words for."""
    parts, before = [], traced.layers[0].name
    layers = traced.layers[1:]
    for place, layer in enumerate(layers):
        if layer.inputs != (before,) or type(layer) not in _WORDS:
            return None
        behind = layers[place + 1] if place + 1 < len(layers) else None
        said = _WORDS[type(layer)](layer, behind)
        if said is None:
            return None
        parts.append(said)
        before = layer.name
    said = [part for part in parts if part]
    return None if not said or not _is_last(layers[-1]) else ", ".join([*said[:-1], "scores"])


def _is_last(layer):
    return layer.kind == Linear.kind and layer.bias is not None


def _flags(layer, behind):
    return (" linear" if not isinstance(behind, Relu) else "") + (
        " nobias" if layer.bias is None else "")


def _conv(layer, behind):
    kernel = layer.weight.shape[2:]
    same = tuple((side - 1) // 2 for side in kernel)
    if (layer.dilation != (1, 1) or layer.groups != 1 or layer.stride[0] != layer.stride[1]
            or layer.padding not in ((0, 0), same)):
        return None
    valid = " valid" if layer.padding == (0, 0) != same else ""
    stride = f" stride {layer.stride[0]}" if layer.stride[0] > 1 else ""
    return (f"conv {layer.weight.shape[0]} {kernel[0]}x{kernel[1]}{stride}{valid}"
            f"{_flags(layer, behind)}")


def _pool(layer, behind):
    size = layer.kernel[0]
    square = layer.kernel == layer.stride == (size, size) and layer.padding == (0, 0)
    return f"pool {size}" if square and 2 <= size <= 8 else None


_WORDS = {Conv2d: _conv, MaxPool: _pool, Relu: lambda layer, behind: "",
          Reshape: lambda layer, behind: "" if len(layer.shape) == 1 else None,
          Linear: lambda layer, behind: f"dense {layer.weight.shape[0]}{_flags(layer, behind)}",
          Add: lambda layer, behind: None}
