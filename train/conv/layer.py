"""Layers of a convolutional network in training; maps are channels first, weights channels last."""

from math import log

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from sw.layer.spacetodepth import SpaceToDepth
from sw.trained.conv2d import TrainedConv2d
from sw.trained.hidden import Hidden
from sw.trained.integer import TrainedIntegerConv2d
from sw.trained.last import Last
from sw.trained.scores2d import TrainedScores2d

from ..binarize import Normalize, SignActivation, bipolar


class Bit(torch.autograd.Function):
    """:class:`train.binarize.SignActivation` whose gradient keeps the type of its input."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return bipolar(x).to(x.dtype)

    @staticmethod
    def backward(ctx, gradient):
        x, = ctx.saved_tensors
        return x.abs().mul_(-1 / SignActivation.width).add_(1).clamp_(min=0).mul_(gradient)


class Sign(torch.autograd.Function):
    """:class:`train.binarize.SignWeight` in a type that is given."""

    @staticmethod
    def forward(ctx, weight, mask, dtype):
        signs = bipolar(weight)
        if mask is not None:
            signs = signs.mul_(mask)
        return signs.to(dtype)

    @staticmethod
    def backward(ctx, gradient):
        return gradient.float(), None, None


class Weights(nn.Module):
    """Latent weights of a layer, and the mask of its synapses.

    Parameters
    ----------
    name : str
        Name of the layer.
    layer : Conv, Dense or Scores
        Sizes.
    takes : tuple of int
        Shape of the map or vector that the layer takes.
    extents : tuple of int
        Shape of a neuron's weights; channels are last.
    limit : float
        Bound of the latent weights.
    generator : torch.Generator
        Source of the first weights.
    """

    def __init__(self, name, layer, takes, extents, *, limit, generator):
        super().__init__()
        self.name = name
        self.layer = layer
        self.takes = takes
        self.limit = limit
        self.fan_in, self.count = layer.fan_in(takes), layer.count(takes)
        shape = (layer.neurons, *extents)
        self.weight = nn.Parameter((torch.rand(shape, generator=generator) * 2 - 1) * 0.1)
        sparse = self.count < self.fan_in
        self.register_buffer("mask", torch.ones(shape, dtype=torch.uint8) if sparse else None)

    @property
    def synapses(self):
        """Present number of synapses."""
        return self.weight.numel() if self.mask is None else int(self.mask.sum())

    @torch.no_grad()
    def choose(self, part):
        """Choose the synapses of each neuron anew: those whose latent weights are largest.

        ``part`` of the inputs that are no synapses at the end of training still are.
        """
        if self.mask is None:
            return
        count = self.count + round((self.fan_in - self.count) * part)
        size = self.weight.detach().flatten(1).abs()
        chosen = torch.topk(size, count, dim=1, sorted=False).indices
        self.mask = torch.zeros_like(size, dtype=torch.uint8).scatter_(1, chosen, 1).view(
            self.mask.shape)

    def signs(self, dtype):
        """Return -1, +1, and 0 for no synapse."""
        return Sign.apply(self.weight, self.mask, dtype)

    def clamp(self):
        """Keep the latent weights within their limit."""
        self.weight.data.clamp_(-self.limit, self.limit)

    def arrays(self):
        """Return latent weights and mask as arrays."""
        mask = np.ones(self.weight.shape, np.uint8) if self.mask is None else \
            self.mask.cpu().numpy().copy()
        return self.weight.detach().cpu().numpy().copy(), mask


class Hiding(Weights):
    """A hidden layer: weights, BatchNorm and sign."""

    def __init__(self, name, layer, *given, **options):
        super().__init__(name, layer, *given, **options)
        self.normal = Normalize(layer.neurons)

    def forward(self, x):
        sums = self.sums(x)
        if self.training:
            return Bit.apply(self.normal(sums))
        # Sums are integers. A GPU may compute them with fractions, as Winograd's transform has.
        return bipolar(channels_first(self.normal(channels_last(sums.round()))))

    def normalization(self):
        return [getattr(self.normal, what).detach().cpu().numpy().copy()
                for what in ("gamma", "beta", "mean", "variance")]


class BinaryConv(Hiding):
    """Convolution of ±1, padded by -1, with the pool of its sums; maps are channels last."""

    pad = -1.0

    def __init__(self, name, layer, takes, **options):
        super().__init__(name, layer, takes, (layer.rows, layer.columns, takes[2]), **options)

    def sums(self, x):
        padding = self.layer.padding
        if padding:
            x = functional.pad(x, (padding,) * 4, value=self.pad)
        kernel = self.signs(x.dtype).permute(0, 3, 1, 2)
        sums = functional.conv2d(x, kernel, stride=self.layer.stride)
        return functional.max_pool2d(sums, self.layer.pool) if self.layer.pool else sums

    def trained(self):
        return TrainedConv2d(self.name, *self.arrays(), *self.normalization(),
                             height=self.takes[0], width=self.takes[1], stride=self.layer.stride,
                             padding=self.layer.padding, pad_bit=0, pool=self.layer.pool,
                             eps=self.normal.eps)


class PixelConv(BinaryConv):
    """First convolution, of pixels 0..255, padded by a grey pixel."""

    pad = 128.0

    def trained(self):
        return TrainedIntegerConv2d(self.name, *self.arrays(), *self.normalization(),
                                    height=self.takes[0], width=self.takes[1],
                                    stride=self.layer.stride, padding=self.layer.padding,
                                    pad_value=int(self.pad), input_bits=8, pool=self.layer.pool,
                                    eps=self.normal.eps)


class BinaryDense(Hiding):
    """Dense layer of ±1; a map is taken position by position."""

    def __init__(self, name, layer, takes, **options):
        super().__init__(name, layer, takes, (layer.fan_in(takes),), **options)

    def sums(self, x):
        return functional.linear(vector(x), self.signs(x.dtype))

    def trained(self):
        return Hidden(self.name, *self.arrays(), *self.normalization(), eps=self.normal.eps)


class LastDense(Weights):
    """Scores of a vector; a map is taken position by position."""

    def __init__(self, name, layer, takes, **options):
        super().__init__(name, layer, takes, (layer.fan_in(takes),), **options)
        self.log_scale = nn.Parameter(torch.tensor(-log(self.terms) / 2))

    @property
    def terms(self):
        """Number of ±1 that a score sums."""
        return self.count

    def forward(self, x):
        return functional.linear(vector(x), self.signs(x.dtype)).float()

    @property
    def ending(self):
        """Bias and scale."""
        return np.zeros(self.layer.neurons, np.int32), float(np.exp(self.log_scale.item()))

    def trained(self):
        return Last(self.name, *self.arrays(), *self.ending)


class LastSummed(LastDense):
    """Scores of every position with the same weights, summed over the positions."""

    @property
    def terms(self):
        return self.count * self.takes[0] * self.takes[1]

    def forward(self, x):
        return functional.linear(channels_last(x), self.signs(x.dtype)).float().sum((1, 2))

    def trained(self):
        weight, mask = self.arrays()
        bias, scale = self.ending
        return TrainedScores2d(self.name, weight, mask, bias, height=self.takes[0],
                               width=self.takes[1], scale=scale)


class ToDepth(nn.Module):
    """Squares of positions become channels: row, column, channel of the square."""

    synapses = 0

    def __init__(self, name, layer, takes, **_):
        super().__init__()
        self.name = name
        self.takes = takes
        self.block = layer.block

    def forward(self, x):
        count, channels, rows, columns = x.shape
        block = self.block
        x = channels_last(x).reshape(count, rows // block, block, columns // block, block, channels)
        return channels_first(x.transpose(2, 3).flatten(3))

    def choose(self, part):
        """Do nothing: a layer without weights has no synapses."""

    def clamp(self):
        """Do nothing: a layer without weights has no limit."""

    def trained(self):
        return SpaceToDepth(self.name, *self.takes, self.block)


def channels_last(x):
    """Return a map (n, channels, rows, columns) as (n, rows, columns, channels); vectors stay."""
    return x.permute(0, 2, 3, 1) if x.ndim == 4 else x


def channels_first(x):
    """Return a map (n, rows, columns, channels) as (n, channels, rows, columns); vectors stay."""
    return x.permute(0, 3, 1, 2) if x.ndim == 4 else x


def vector(x):
    """Return a map as vectors, position by position in raster order."""
    return channels_last(x).flatten(1)
