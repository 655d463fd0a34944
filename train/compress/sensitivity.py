"""Sensitivity of layers to pruning: accuracy against kept share, one layer at a time; a picture."""

from dataclasses import dataclass

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn

from sw import picture
from sw.progress import progress

from .fit import accuracy


SHARES = (0.5, 0.3, 0.2, 0.12, 0.08, 0.05, 0.03, 0.02, 0.01)  # of a layer's weights

DROP = 2.0  # points
SMALL = 0.05  # of all weights


def prunable(network):
    """Return the modules whose weights are pruned, by name: convolutions and dense layers."""
    found = {name: module for name, module in network.named_modules()
             if isinstance(module, nn.Conv2d | nn.Linear)}
    if not found:
        raise ValueError("Network must have convolutions or fully connected layers as nn.Conv2d "
                         "and nn.Linear: there are none")
    return found


def check_share(share, what="Kept share"):
    """Raise ValueError unless a share is above 0 and at most 1."""
    if not 0 < share <= 1:
        raise ValueError(f"{what} must be above 0 and at most 1: {share}")


def largest(ranks, share):
    """Return a mask of the ``share`` of entries with the highest ranks, at least one entry."""
    count = max(1, round(share * ranks.numel()))
    chosen = torch.topk(ranks.flatten(), count).indices
    return torch.zeros(ranks.numel()).scatter_(0, chosen, 1).view_as(ranks)


@dataclass(frozen=True)
class Scan:
    """Accuracy of a network after one of its layers has been pruned.

    Attributes
    ----------
    full : float
        Accuracy without pruning, in percent.
    sizes : dict of str to int
        Weights of each layer.
    accuracies : dict of str to dict of float to float
        Layer to kept share to accuracy.
    """

    full: float
    sizes: dict
    accuracies: dict

    def kept(self, drop):
        """Return the least share of each layer that costs at most ``drop`` points by itself.

        Between two shares of the scan the logarithm of the share is interpolated.
        """
        found = {}
        for layer, curve in self.accuracies.items():
            shares = [1.0, *sorted(curve, reverse=True)]
            drops = np.maximum.accumulate([0.0, *(self.full - curve[share]
                                                  for share in shares[1:])])
            drops = drops + 1e-9 * np.arange(len(drops))  # rising, for the interpolation
            found[layer] = float(np.exp(np.interp(drop + 1e-7, drops, np.log(shares))))
        return found

    def shares(self, factor):
        """Return the kept share of each layer for ``factor`` times fewer weights in all.

        The same drop of accuracy is allowed in each layer: Han et al. 2015, section 3.1, choose
        the thresholds of layers by their sensitivity. Beyond a drop of ``DROP`` points a scan
        without retraining says little: from there the shares of large layers shrink alike, and
        small layers, which hold less than ``SMALL`` of all weights, keep theirs.
        """
        if factor < 1:
            raise ValueError(f"Factor must be 1 or more: {factor} (how many times fewer "
                             f"parameters)")
        low, high = 0.0, DROP
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (low, middle) if self._left(self.kept(middle)) * factor <= 1 else (
                middle, high)
        found = self.kept(high)
        total = sum(self.sizes.values())
        large = [layer for layer, size in self.sizes.items() if size >= SMALL * total]
        held = self._left({layer: found[layer] for layer in large})
        part = min(1.0, max(1e-3, 1 / factor - self._left(found) + held) / held)
        return {layer: share * part if layer in large else share
                for layer, share in found.items()}

    def _left(self, shares):
        """Return the share of all weights that stays with such shares of the layers."""
        return sum(share * self.sizes[layer] for layer, share in shares.items()) / sum(
            self.sizes.values())


@torch.no_grad()
def scan(network, part, shares=SHARES, ranks=None):
    """Prune each layer alone to each share and return the accuracies, a :class:`Scan`.

    Parameters
    ----------
    network : nn.Module
        Unchanged afterwards.
    part : Part
        Validation images.
    shares : sequence of float
        Kept shares.
    ranks : dict of str to Tensor, or None
        Rank of each weight by layer; by default its size.
    """
    for share in shares:
        check_share(share)
    full = accuracy(network, part)
    layers, found = prunable(network), {}
    with progress(total=len(layers) * len(shares), what="sensitivity", unit="accuracies",
                  delay=1.0) as bar:
        for name, module in layers.items():
            weight, found[name] = module.weight.clone(), {}
            rank = weight.abs() if ranks is None else ranks[name]
            for share in shares:
                module.weight.copy_(weight * largest(rank, share))
                found[name][share] = accuracy(network, part)
                bar.update()
            module.weight.copy_(weight)
    return Scan(full, {name: module.weight.numel() for name, module in layers.items()}, found)


def draw(path, found, title):
    """Draw a scan as a picture: accuracy against kept share, a line for each layer."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for layer, curve in found.accuracies.items():
        shares = sorted(curve)
        axes.plot([100 * share for share in shares], [curve[share] for share in shares],
                  marker="o", label=f"{layer}, {found.sizes[layer]:,} weights")
    axes.axhline(found.full, color="grey", linestyle=":", label="all weights")
    axes.set(xscale="log", xlabel="weights kept in this layer (%)",
             ylabel="validation accuracy (%)", title=title)
    axes.grid(alpha=0.3)
    axes.legend()
    picture.save(figure, path, dpi=110, metadata={"Software": None})
