"""Responses of a layer, and the low-rank product that reconstructs them behind a ReLU.

Sections are those of Zhang, Zou, Ming, He and Sun, Efficient and Accurate Approximations of
Nonlinear Convolutional Networks, 2015.
"""

import torch


SAMPLES = 30  # positions of an image whose responses are reconstructed
WEIGHTS = [0.01] * 25 + [1.0] * 25  # lambda of each iteration, section 2.2
DAMPING = 1e-6


def responses(made, name, images, places=None):
    """Return a layer's outputs as vectors, float64 (samples, channels), at some places.

    ``places`` are indices of positions (images, ``SAMPLES``), the same for two networks.
    """
    found = {}
    made.traced.run(images, lambda layer, value: found.setdefault(layer.name, value))
    value = found[name].flatten(2)
    chosen = places[:, None].expand(-1, value.shape[1], -1)
    return value.gather(2, chosen).permute(0, 2, 1).flatten(0, 1).double()


def energies(y):
    """Return the eigenvalues of responses' covariance, falling (section 2.1)."""
    centred = y - y.mean(0)
    return torch.linalg.eigvalsh(centred.T @ centred).flip(0).clamp_min(0)


def low_rank(y, wanted, rank):
    """Return (P, Q, b) with rank columns that minimize |wanted - (P Q' y + b)|²: section 2.2, (i).

    A reduced-rank regression, whose generalized SVD is that of the regression's prediction.
    """
    mean, target = y.mean(0), wanted.mean(0)
    centred, behind = y - mean, wanted - target
    gram = centred.T @ centred
    gram += DAMPING * gram.diagonal().mean() * torch.eye(len(gram), dtype=y.dtype)
    whole = torch.linalg.solve(gram, centred.T @ behind).T
    vectors = torch.linalg.eigh(whole @ gram @ whole.T)[1][:, -rank:]
    inner = whole.T @ vectors
    return vectors, inner, target - vectors @ (inner.T @ mean)


def reconstruct(y, wanted, rank, relu=True):
    """Return P, Q, b so that r(P Q' y + b) is near r(wanted), for r a ReLU (section 2.2).

    ``y`` are responses behind approximated layers and ``wanted`` those of the given network: the
    asymmetric error of section 2.3.
    """
    found = low_rank(y, wanted, rank)
    if not relu:
        return found
    target = wanted.relu()
    for weight in WEIGHTS:
        outer, inner, bias = found
        given = y @ inner @ outer.T + bias
        below = given.clamp_max(0)  # (ii), z <= 0
        above = ((weight * given + target) / (weight + 1)).clamp_min(0)  # (ii), z >= 0
        cost = [(target - z.relu()).square() + weight * (z - given).square()
                for z in (below, above)]
        found = low_rank(y, torch.where(cost[0] <= cost[1], below, above), rank)
    return found
