"""PyTorch's pool of bits, space to depth, and scores of feature maps."""

import torch
from torch.nn import functional

from sw.layer.pool2d import Pool2d
from sw.layer.spacetodepth import SpaceToDepth
from sw.trained.scores2d import TrainedScores2d

from .forward import FORWARD
from .weighted import signs


@FORWARD.register(Pool2d)
def forward_pool2d(layer, x):
    """Return the largest of each square, the smallest in channels of AND."""
    direction = 1 - 2 * torch.tensor(layer.all_of).float()[:, None, None]
    maps = x.float().unflatten(1, (layer.height, layer.width, -1)).permute(0, 3, 1, 2)
    pooled = functional.max_pool2d(maps * direction, layer.size) * direction
    return pooled.permute(0, 2, 3, 1).flatten(1)


@FORWARD.register(SpaceToDepth)
def forward_space_to_depth(layer, x):
    """Return the values of each square as the channels of a position: row, column, channel."""
    maps = x.unflatten(1, (layer.height, layer.width, -1))
    squares = maps.unfold(1, layer.block, layer.block).unfold(2, layer.block, layer.block)
    return squares.permute(0, 1, 2, 4, 5, 3).flatten(1)


@FORWARD.register(TrainedScores2d)
def forward_scores2d(layer, x):
    """Return the scores, in float64 so that they are exact for any bias."""
    maps = x.float().unflatten(1, (layer.height * layer.width, -1))
    scores = functional.linear(maps, signs(layer)).double().sum(dim=1)
    return scores + torch.tensor(layer.bias, dtype=torch.float64)
