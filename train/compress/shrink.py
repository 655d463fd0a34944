"""Removes channels of layers, with what reads them, so that a smaller network is left."""

from math import prod

import torch

from .layers import Conv2d, Linear


def consumers(traced, layer):
    """Return the weighted layers that read a layer's channels, or None if others read them too.

    An addition, an LSTM, a softmax or the network's output needs all channels.
    """
    found, names = [], {layer.name}
    for other in traced.layers:
        if not names.intersection(other.inputs):
            continue
        if other.weighted:
            found.append(other)
        elif len(other.inputs) == 1 and not other.learnables and other.kind != "softmax":
            names.add(other.name)  # ReLU, pools and reshapes keep channels apart
        else:
            return None
    return None if traced.layers[-1].name in names or not found else found


def separate(traced, layer):
    """Whether groups of channels mix in no reader."""
    readers = [layer, *consumers(traced, layer)]
    return all(reader.kind == Linear.kind or (reader.kind == Conv2d.kind and reader.groups == 1)
               for reader in readers)


@torch.no_grad()
def shrink(traced, kept):
    """Keep only some channels of layers, in place.

    Parameters
    ----------
    traced : Traced
        Its layers get smaller tensors.
    kept : dict of str to Tensor
        Layer to the indices of its channels that stay.
    """
    for name, rows in kept.items():
        layer = traced[name]
        readers, channels = consumers(traced, layer), layer.weight.shape[0]
        for what in layer.learnables:
            layer.learnables[what] = layer.learnables[what].detach()[rows].clone()
        for reader in readers:
            weight = reader.weight.detach()
            inputs = weight.unflatten(1, (channels, -1))[:, rows].flatten(1, 2)
            reader.learnables["weight"] = inputs.clone()
        _reshape(traced, layer, len(rows))


def _reshape(traced, layer, channels):
    """Set the shapes of a layer's outputs and of those behind it that have no weights."""
    names, before = {layer.name}, layer.shape[0]
    layer.shape = (channels, *layer.shape[1:])
    for other in traced.layers:
        if names.intersection(other.inputs) and not other.weighted:
            size = prod(other.shape) // before * channels
            other.shape = (size,) if len(other.shape) == 1 else (channels, *other.shape[1:])
            names.add(other.name)
