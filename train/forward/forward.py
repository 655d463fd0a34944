"""The registry of PyTorch's evaluation, by class of trained layer."""

from sw.layer.registry import Registry


# An entry is a function of a trained layer and its inputs, a tensor of shape (n, inputs): pixels,
# or -1 and +1. It returns a tensor of shape (n, outputs): -1 and +1, or scores.
FORWARD = Registry("PyTorch form", ("train.forward",))
