"""Ternary weights in training: two learnt scales, or the one of plain ternary weights.

Equations are those of Zhu, Han, Mao and Dally, Trained Ternary Quantization, 2017.
"""

import torch
from torch import nn


SHARE = 0.05  # threshold as a share of the largest weight
PLAIN = 0.7  # threshold of plain ternary weights, as a share of the mean size


class Ternary(torch.autograd.Function):
    """Weights ``positive``, 0 and ``-negative`` of latent ones (Zhu et al. 2017, equation 6)."""

    @staticmethod
    def forward(ctx, weight, positive, negative, threshold):
        above, below = weight > threshold, weight < -threshold
        ctx.save_for_backward(above, below, positive, negative)
        return above * positive - below * negative

    @staticmethod
    def backward(ctx, gradient):
        above, below, positive, negative = ctx.saved_tensors
        latent = torch.where(above, positive, torch.where(below, negative, 1.0)) * gradient
        return latent, (gradient * above).sum(), -(gradient * below).sum(), None  # equations 8, 7


class Plain(torch.autograd.Function):
    """Weights of one scale, the mean of those above the threshold; gradients pass unchanged."""

    @staticmethod
    def forward(ctx, weight, threshold):
        chosen = weight.abs() > threshold
        scale = (weight.abs() * chosen).sum() / chosen.sum().clamp_min(1)
        return torch.sign(weight) * chosen * scale

    @staticmethod
    def backward(ctx, gradient):
        return gradient, None


class TwoScales(nn.Module):
    """Parametrization of a weight with two learnt scales."""

    def __init__(self, weight, share):
        super().__init__()
        self.share = share
        chosen = weight.abs() > self.threshold(weight)
        for name, kept in (("positive", weight > 0), ("negative", weight < 0)):
            count = (chosen & kept).sum().clamp_min(1)
            scale = (weight.abs() * (chosen & kept)).sum() / count
            setattr(self, name, nn.Parameter(scale))

    def threshold(self, weight):
        """Return the threshold, a share of the largest weight (equation 9)."""
        return self.share * weight.detach().abs().max()

    def forward(self, weight):
        return Ternary.apply(weight, self.positive, self.negative, self.threshold(weight))


class OneScale(nn.Module):
    """Parametrization of a weight with the one scale of plain ternary weights.

    Li and Liu, Ternary Weight Networks, 2016.
    """

    def forward(self, weight):
        return Plain.apply(weight, PLAIN * weight.detach().abs().mean())
