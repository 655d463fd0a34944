"""The networks: encoder, binarized dense layers with BatchNorm, scores; made into checkpoints."""

from itertools import pairwise
from math import log

import numpy as np
import torch
from torch import nn

from sw.checkpoint import Checkpoint, Hidden, Last

from .augment import encode
from .binarize import BinaryLinear, Normalize, SignActivation


class Network(nn.Module):
    """Binarized fully connected network.

    Parameters
    ----------
    inputs : int
        Bits from the encoder.
    neurons : sequence of int
        Neurons of each layer. Those of the last layer are the classes.
    counts : sequence of int
        Synapses that a neuron of each layer has at the end of training.
    limit : float
        Bound of the latent weights.
    generator : torch.Generator
        Source of the first weights.
    """

    def __init__(self, inputs, neurons, counts, *, limit, generator):
        super().__init__()
        self.counts = tuple(counts)
        self.linear, self.normal = map(nn.ModuleList, self._layers((inputs, *neurons), limit,
                                                                   generator))
        self.log_scale = nn.Parameter(torch.tensor(log(4 / self.counts[-1]**0.5)))

    def _layers(self, sizes, limit, generator):
        linear = (BinaryLinear(*size, limit=limit, generator=generator)
                  for size in pairwise(sizes))
        return linear, map(Normalize, sizes[1:-1])

    @property
    def synapses(self):
        """Present number of synapses of all layers."""
        return sum(linear.synapses for linear in self.linear)

    def forward(self, x):
        """Return scores of ±1 bits, shape (n, inputs); float32, exact integers in evaluation."""
        for linear, normal in zip(self.linear[:-1], self.normal, strict=True):
            x = normal(linear(x))
            x = SignActivation.apply(x)
        return self.linear[-1](x)

    def logits(self, x):
        """Return the scores times the learnt scale, for softmax in training."""
        return self(x) * torch.exp(self.log_scale)

    def clamp(self):
        """Keep all latent weights within their limit."""
        for linear in self.linear:
            linear.clamp()


@torch.no_grad()
def scores(network, images, encoder, batch=2500):
    """Return PyTorch's scores in evaluation mode.

    Parameters
    ----------
    network : Network
        The network, whose mode is restored.
    images : Tensor of uint8, shape (n, ``*input_shape``)
        Grey levels or features.
    encoder : Encoder
        Encoder of the network.
    batch : int
        Images at once, which does not change the result.

    Returns
    -------
    Tensor of float32, shape (n, classes)
        Integers.
    """
    training, thresholds = network.training, torch.tensor(encoder.thresholds, dtype=torch.float32)
    network.eval()
    parts = [network(encode(part.flatten(1).float(), thresholds)) for part in images.split(batch)]
    network.train(training)
    return torch.cat(parts)


def to_checkpoint(network, encoder, **facts):
    """Return a network as a checkpoint; ``facts`` are the checkpoint's fields besides layers."""
    spread = [[part.numpy().copy() for part in linear.spread()] for linear in network.linear]
    hidden = tuple(
        Hidden(f"fc{index}", *parts, *(getattr(normal, what).detach().numpy().copy()
                                       for what in ("gamma", "beta", "mean", "variance")),
               eps=normal.eps)
        for index, (parts, normal) in enumerate(zip(spread[:-1], network.normal, strict=True), 1))
    last = Last(f"fc{len(spread)}", *spread[-1],
                np.zeros(network.linear[-1].neurons, dtype=np.int32),
                float(np.exp(network.log_scale.detach().numpy())))
    return Checkpoint(encoder, hidden, last, **facts)
