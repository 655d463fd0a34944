"""The registry of PyTorch's evaluation, by class of trained layer."""

from sw.layer.registry import Registry


# An entry is a function of a trained layer and its inputs, a tensor of shape (n, inputs): pixels,
# or -1 and +1. It returns a tensor of shape (n, outputs): -1 and +1, or scores. Of a layer that
# folds to several layers it returns a tuple of their outputs; the last ones are those of the layer.
FORWARD = Registry("PyTorch form", ("train.forward",))


def outputs(layer, x):
    """Return the outputs of a trained layer as a tuple, a tensor for each of its folded layers."""
    made = FORWARD.of(layer)(layer, x)
    return made if isinstance(made, tuple) else (made,)
