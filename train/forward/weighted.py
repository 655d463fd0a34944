"""PyTorch's hidden and last layers: products with a full matrix, BatchNorm and sign.

Masked weights are 0, so layers evaluate alike whether they were trained dense or sparse.
"""

import torch
from torch.nn import functional

from sw.trained.hidden import Hidden
from sw.trained.last import Last

from ..binarize import Normalize, bipolar
from .forward import FORWARD


@FORWARD.register(Hidden)
def forward_hidden(layer, x):
    """Return -1 or +1 for each neuron."""
    return bipolar(normal(layer)(_sums(layer, x)))


@FORWARD.register(Last)
def forward_last(layer, x):
    """Return the scores, in float64 so that they are exact for any bias."""
    return _sums(layer, x).double() + torch.tensor(layer.bias, dtype=torch.float64)


def _sums(layer, x):
    """Return the sums of ±1 over the synapses: float32, exact below 2**24."""
    return functional.linear(x.float(), signs(layer))


def signs(layer):
    """Return the weights of a layer, -1, 0 and +1: float32, in the shape of ``weight``."""
    return bipolar(torch.tensor(layer.weight)).float() * torch.tensor(layer.mask)


def normal(layer):
    """Return the BatchNorm of a layer in evaluation mode."""
    made = Normalize(len(layer.weight)).eval()
    made.load_state_dict({what: torch.tensor(getattr(layer, what))
                          for what in ("gamma", "beta", "mean", "variance")})
    made.eps = layer.eps
    return made
