"""Modules as users write them, and pictures of random pixels, for tests of compression."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from train.compress.data import Part


class Residual(nn.Module):
    """Convolutions of all shapes, BatchNorm, an add, pools and a softmax, as functions."""

    shape = (3, 16, 18)

    def __init__(self):
        super().__init__()
        self.one = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.two = nn.Conv2d(8, 8, 3, padding=2, dilation=2)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.three = nn.Conv2d(8, 12, (3, 1), stride=2, padding="valid")
        self.drop = nn.Dropout(0.5)
        self.last = nn.Linear(12, 5)

    def forward(self, x):
        y = functional.relu(self.norm(self.one(x)))
        z = self.pool(functional.relu(self.two(y) + y))
        z = functional.relu(functional.avg_pool2d(self.three(functional.avg_pool2d(z, 2)), 1))
        return functional.softmax(self.last(self.drop(z).mean((2, 3))), dim=-1)


class Sequence(nn.Module):
    """An LSTM over the rows of a picture."""

    shape = (1, 9, 11)

    def __init__(self):
        super().__init__()
        self.rows = nn.LSTM(11, 7, batch_first=True)
        self.last = nn.Linear(7, 4)

    def forward(self, x):
        found, _ = self.rows(x.squeeze(1))
        return torch.softmax(self.last(found[:, -1]), 1)


class Flat(nn.Module):
    """A map that is flattened by ``view``, in PyTorch's order; ReLU behind the pool."""

    shape = (2, 7, 6)

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 5, 3)
        self.one = nn.Linear(5 * 2 * 2, 12, bias=False)
        self.norm = nn.BatchNorm1d(12)
        self.last = nn.Linear(12, 3)

    def forward(self, x):
        x = functional.relu(functional.max_pool2d(self.conv(x), 2))
        return self.last(torch.relu(self.norm(self.one(x.view(x.shape[0], -1)))))


def made(kind, seed=0):
    """Return a module of random weights whose BatchNorm has seen something."""
    with torch.random.fork_rng([]):
        torch.default_generator.manual_seed(seed)
        network = kind()
        for layer in network.modules():
            if isinstance(layer, nn.modules.batchnorm._BatchNorm):
                layer.running_mean.normal_(0, 0.1)
                layer.running_var.uniform_(0.5, 2)
                nn.init.normal_(layer.weight)
    return network.eval()


def pixels(kind, count, seed=0):
    """Return random pictures for a module, a Part of labels 0."""
    channels, *sides = kind.shape
    shape = (count, *sides) if channels == 1 else (count, *sides, channels)
    images = np.random.default_rng(seed).integers(0, 256, shape)
    return Part(images.astype(np.uint8), np.zeros(count, np.int64))
