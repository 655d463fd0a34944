"""Small networks and data for tests of compression."""

import numpy as np
import torch
from torch import nn

from train.compress.data import Part, Parts
from train.compress.fit import fit
from train.compress.network import build
from train.compress.retrain import Retrain


LABELS = ("a", "b", "c")
SIDE = 8
RETRAIN = Retrain(epochs=2, rate=2e-3, seed=1)
CONV = "conv 8, pool, conv 12, pool, dense 24, scores"
DENSE = "dense 32, dense 20, scores"


def part(count, seed):
    """Return pictures of three kinds: a bright row, a bright column, a bright diagonal."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, count)
    images = random.integers(0, 60, (count, SIDE, SIDE))
    place = random.integers(0, SIDE, count)
    for image, label, where in zip(images, labels, place, strict=True):
        if label == 0:
            image[where] += 150
        elif label == 1:
            image[:, where] += 150
        else:
            image[np.arange(SIDE), (np.arange(SIDE) + where) % SIDE] += 150
    return Part(images.astype(np.uint8), labels.astype(np.int64))


def parts():
    """Return training, calibration and validation parts."""
    return Parts(part(1200, 0), part(200, 1), part(300, 2))


def trained(text, found, epochs=6):
    """Return a trained network of layers."""
    network = build(text, (1, SIDE, SIDE), 3, seed=1)
    fit(network, found.train, epochs=epochs, rate=5e-3, batch=64, seed=1)
    return network


class Residual(nn.Module):
    """Network whose two branches are added."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 6, 3, padding=1)
        self.second = nn.Conv2d(6, 8, 3, padding=1)
        self.third = nn.Conv2d(8, 6, 3, padding=1)
        self.last = nn.Linear(6 * 16, 3)

    def forward(self, x):
        x = torch.relu(self.first(x))
        x = x + self.third(torch.relu(self.second(x)))
        return self.last(torch.nn.functional.max_pool2d(x, 2).flatten(1))
