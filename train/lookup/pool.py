"""Inputs that the wires of a layer may come from: near ones, or all that vary."""

import torch

from ..augment import encode
from ..places import nearest, of_inputs, of_neurons


RARE = 0.003  # share of images; an input that differs in fewer is no candidate
ROWS = 256    # neurons whose inputs are drawn at once, because of the memory


class Pool:
    """Candidates of the wires of each neuron of a layer.

    Parameters
    ----------
    inputs : Tensor of int64, shape (neurons, candidates) or (candidates,)
        Inputs of each neuron's wires, or of all neurons'.
    """

    def __init__(self, inputs):
        self.inputs = inputs

    @property
    def size(self):
        return self.inputs.shape[-1]

    def draw(self, neurons, wires, count, generator):
        """Return different candidates for each wire, int32 (neurons, wires, at most count)."""
        count = min(count, self.size)
        parts = [torch.zeros((0, wires, count), dtype=torch.int32)]
        for first in range(0, neurons, ROWS):
            rows = min(ROWS, neurons - first)
            chosen = torch.rand((rows, wires, self.size), generator=generator).topk(count).indices
            own = (self.inputs[first:first + rows, None].expand(-1, wires, -1)
                   if self.inputs.ndim == 2 else self.inputs.expand(rows, wires, -1))
            parts.append(own.gather(2, chosen).int())
        return torch.cat(parts)


def pools(recipe, encoder, images, share=1.0):
    """Return the pool of each layer.

    Parameters
    ----------
    recipe : LookupRecipe
        Layers.
    encoder : Encoder
        Integers to bits, the first layer's inputs.
    images : Tensor of uint8, shape (n, ``*input_shape``)
        Training images, which tell the inputs that vary.
    share : float
        Factor on the number of near inputs.
    """
    varying = varying_inputs(encoder, images)
    made, places = [], None
    if recipe.has_places():
        places = of_inputs(images.shape[1:], encoder.levels)[varying]
    for layer in recipe.layers:
        here = of_neurons(layer.neurons)
        if layer.near is None:
            made.append(Pool(varying))
        else:
            reach = min(round(share * layer.near), len(varying))
            made.append(Pool(varying[nearest(places, here, reach)]))
        varying, places = torch.arange(layer.neurons), here
    return made


def varying_inputs(encoder, images):
    """Return the numbers of the encoder's bits that differ from image to image, int64."""
    thresholds = torch.tensor(encoder.thresholds, dtype=torch.float32)
    ones = sum((encode(part.flatten(1).float(), thresholds) > 0).sum(0)
               for part in images.split(2500))
    share = ones / len(images)
    for least in (RARE, 0):
        varying = ((share > least) & (share < 1 - least)).nonzero()[:, 0]
        if len(varying):
            return varying
    raise ValueError("Inputs must vary: every bit is the same in all training images (more "
                     "--levels)")
