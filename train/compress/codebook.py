"""Values that the weights of a layer share, found by k-means and trained."""

import numpy as np
import torch
from sklearn.cluster import KMeans
from torch import nn


def codebook(values, size):
    """Return the values that weights share, and which each weight takes.

    Parameters
    ----------
    values : ndarray of float32, shape (n,)
        Weights of a layer that are not pruned.
    size : int
        Number of shared values, at most.

    Returns
    -------
    tuple of ndarray
        float32 (size,), rising; int64 (n,).

    Han, Mao and Dally, Deep Compression, 2016: equation 2; linear initialization of section 3.2,
    which keeps the few large weights.
    """
    size = min(size, len(np.unique(values)))
    if size <= 1:
        return values[:size].copy(), np.zeros(len(values), np.int64)
    first = np.linspace(values.min(), values.max(), size)[:, None]
    made = KMeans(size, init=first, n_init=1, max_iter=100).fit(values[:, None].astype(np.float64))
    order = np.argsort(made.cluster_centers_[:, 0], kind="stable")
    return (made.cluster_centers_[order, 0].astype(np.float32),
            np.argsort(order)[made.labels_].astype(np.int64))


class Shared(nn.Module):
    """Weights that are values of a codebook; a gradient is summed over equal ones (equation 3)."""

    def __init__(self, indices, values):
        super().__init__()
        self.register_buffer("indices", indices)
        self.values = values

    def forward(self, values):
        return torch.cat([values.new_zeros(1), values])[self.indices]

    def right_inverse(self, weight):
        return self.values
