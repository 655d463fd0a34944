"""Convolutional networks in training; made into checkpoints."""

import torch
from torch import nn

from sw.checkpoint import Checkpoint

from ..binarize import has_bfloat16
from . import text
from .layer import (
    BinaryConv,
    BinaryDense,
    LastDense,
    LastSummed,
    PixelConv,
    ToDepth,
    channels_first,
)


INTERVAL = 10  # steps between two choices of synapses

BUILT = {
    text.Depth: lambda layer: ToDepth,
    text.Conv: lambda layer: PixelConv if layer.integer else BinaryConv,
    text.Dense: lambda layer: BinaryDense,
    text.Scores: lambda layer: LastSummed if layer.summed else LastDense,
}


class ConvNetwork(nn.Module):
    """A convolutional network of pictures, in training and in evaluation.

    Parameters
    ----------
    recipe : ConvRecipe
        Layers.
    encoder : sw.layer.encoder.Encoder or None
        Pixels to bits; None if the first layer takes pixels.
    classes : int
        Number of classes.
    generator : torch.Generator
        Source of the first weights.
    """

    def __init__(self, recipe, encoder, classes, *, generator):
        super().__init__()
        self.shape = recipe.shape
        self.encoder = encoder
        thresholds = None if encoder is None else torch.tensor(
            encoder.thresholds, dtype=torch.int16).view(*recipe.shape, -1)
        self.register_buffer("thresholds", thresholds, persistent=False)
        self.layers = nn.ModuleList(
            BUILT[type(layer)](layer)(name, layer, shape, limit=recipe.limit, generator=generator)
            for name, layer, shape in recipe.stages(classes))

    @property
    def synapses(self):
        """Present number of synapses; those of a kernel are counted once."""
        return sum(layer.synapses for layer in self.layers)

    def encoded(self, images):
        """Return the map that the first layer takes, for pictures, uint8 (n, ...)."""
        images = images.view(len(images), *self.shape)
        half = self.training and (images.is_cuda or has_bfloat16())
        dtype = torch.bfloat16 if half else torch.float32
        if self.thresholds is None:
            return channels_first(images.to(dtype))
        bits = images[..., None].to(torch.int16) >= self.thresholds
        return channels_first(bits.flatten(3).to(dtype).mul_(2).sub_(1))

    def forward(self, images):
        """Return scores, float32 (n, classes), of pictures, uint8 (n, ...)."""
        x = self.encoded(images)
        for layer in self.layers:
            x = layer(x if self.training else x.float())
        return x

    def logits(self, images):
        """Return the scores times the learnt scale, for softmax in training."""
        return self(images) * torch.exp(self.layers[-1].log_scale)

    def clamp(self):
        """Keep all latent weights within their limit."""
        for layer in self.layers:
            layer.clamp()

    def choose(self, part):
        """Choose all synapses anew; ``part`` of those to be dropped still stay."""
        for layer in self.layers:
            layer.choose(part)

    def checkpoint(self, **facts):
        """Return the network as a checkpoint; ``facts`` are the checkpoint's other fields."""
        layers = [layer.trained() for layer in self.layers]
        if self.encoder is not None:
            layers.insert(0, self.encoder)
        return Checkpoint(layers[0], layers[1:-1], layers[-1], **facts)
